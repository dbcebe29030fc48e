"""`storage.file_systems.<name>`: one EFS file system."""

from typing import Literal

from pydantic import Field

from settings.held_data import HeldData


class FileSystemSettings(HeldData):
    """An EFS file system: shared folders, a mount target in each zone."""

    throughput: Literal["elastic", "provisioned"] = Field(
        default="elastic",
        description="elastic: paid by what is read and written. provisioned: a set rate, paid always.",
    )
    provisioned_mibps: int | None = Field(
        default=None, ge=1, le=3414, description="With provisioned: throughput in MiB/s."
    )
    infrequent_after_days: Literal[1, 7, 14, 30, 60, 90, 180, 270, 365] | None = Field(
        default=30, description="Days without access until a file moves to the Infrequent Access class."
    )
    archive_after_days: Literal[1, 7, 14, 30, 60, 90, 180, 270, 365] | None = Field(
        default=None,
        description="Days without access until a file moves to the Archive class; more than for infrequent.",
    )
    replicate_to: str | None = Field(default=None, description="Second region that holds a read-only copy.")
