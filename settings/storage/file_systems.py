"""`storage.file_systems.<name>`: one EFS file system."""

import hashlib
from typing import Literal

from pydantic import Field, model_validator

from settings.core.problems import raise_if
from settings.storage.held_data import HeldData

Days = Literal[1, 7, 14, 30, 60, 90, 180, 270, 365]
# Above the groups that the driver hands out by itself (50000 to 7000000), below the largest signed 32-bit number.
FIRST_ID, IDS = 100_000_000, 2_000_000_000


def posix_id(namespace: str) -> int:
    """User and group that the files of a namespace belong to: always the same, whoever else uses the file system.

    Two namespaces share one about once in a billion pairs; the checks refuse that.
    """
    digest = hashlib.sha256(namespace.encode()).digest()
    return FIRST_ID + int.from_bytes(digest[:8], "big") % IDS


class FileSystemSettings(HeldData):
    """An EFS file system: shared folders, a mount target in each zone.

    Each namespace that writes has a folder of its own; one that reads sees the folders of all of them.
    Rules: https://docs.aws.amazon.com/efs/latest/ug/performance.html, and lifecycle-management-efs.html beside it,
    read 2026-11.
    """

    throughput: Literal["elastic", "provisioned"] = Field(
        default="elastic",
        description="elastic: paid by what is read and written. provisioned: a set rate, paid always.",
    )
    provisioned_mibps: int | None = Field(
        default=None, ge=1, le=3414, description="With provisioned: throughput in MiB/s."
    )
    infrequent_after_days: Days | None = Field(
        default=30, description="Days without access until a file moves to the Infrequent Access class; null: never."
    )
    archive_after_days: Days | None = Field(
        default=None,
        description="Days without access until a file moves to the Archive class; more than for infrequent.",
    )
    replicate_to: str | None = Field(
        default=None, description="Second region that holds a read-only copy, which outlives entry and stack."
    )
    expected_gib: int | None = Field(
        default=None, ge=0, le=10**9, description="What it holds, for the cost estimate; assumed if not given."
    )
    monthly_growth_gib: int | None = Field(
        default=None, ge=0, le=10**9, description="What comes on top each month, for the cost estimate of a year."
    )

    @model_validator(mode="after")
    def a_rate_is_given_exactly_when_it_is_paid_for(self) -> "FileSystemSettings":
        if self.throughput == "provisioned" and self.provisioned_mibps is None:
            raise ValueError(
                "throughput is provisioned, and no rate is given. Write provisioned_mibps: 128 for example, or "
                "throughput: elastic."
            )
        if self.throughput == "elastic" and self.provisioned_mibps is not None:
            raise ValueError(
                f"provisioned_mibps is {self.provisioned_mibps}, which elastic throughput does not take. Drop it, or "
                "write throughput: provisioned."
            )
        return self

    @model_validator(mode="after")
    def files_are_archived_after_they_are_infrequent(self) -> "FileSystemSettings":
        archive, infrequent = self.archive_after_days, self.infrequent_after_days
        mistakes = []
        if archive is not None and self.throughput != "elastic":
            mistakes.append(
                "archive_after_days is given, and only file systems of elastic throughput have the Archive class. "
                "Drop it, or write throughput: elastic."
            )
        if archive is not None and infrequent is not None and archive <= infrequent:
            mistakes.append(
                f"archive_after_days is {archive}, and files become infrequent only after {infrequent} days. Write "
                "more days for archive_after_days, or fewer for infrequent_after_days."
            )
        raise_if(mistakes)
        return self
