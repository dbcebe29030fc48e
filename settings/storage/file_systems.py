"""`storage.file_systems.<name>`: one EFS file system."""

import hashlib
from typing import Literal

from pydantic import Field, model_validator

from settings.core.problems import raise_if
from settings.storage.storage_entry import StorageEntry

Days = Literal[1, 7, 14, 30, 60, 90, 180, 270, 365]
# Above the group ids that the driver assigns itself (50000 to 7000000), and below the largest signed 32-bit number.
FIRST_ID, NUMBER_OF_IDS = 100_000_000, 2_000_000_000


def posix_id(namespace: str) -> int:
    """Returns the user and group id that owns the files of a namespace. The id depends only on the namespace.

    Two namespaces get the same id about once in a billion pairs; the checks refuse that.
    """
    digest = hashlib.sha256(namespace.encode()).digest()
    return FIRST_ID + int.from_bytes(digest[:8], "big") % NUMBER_OF_IDS


class FileSystemSettings(StorageEntry):
    """An EFS file system: shared folders, with a mount target in each zone.

    Each namespace that writes has a folder of its own; a namespace that reads sees all of these folders.
    Rules: https://docs.aws.amazon.com/efs/latest/ug/performance.html, and lifecycle-management-efs.html beside it,
    read 2026-11.
    """

    access: Literal["iam", "both", "network"] = Field(
        default="iam",
        description=(
            "iam: only the driver on the nodes of the clusters mounts, by its IAM role. network: everybody who "
            "reaches it. both: volumes ask by IAM, and others still mount; the step "
            "between for a file system that is in use."
        ),
    )
    throughput: Literal["elastic", "provisioned"] = Field(
        default="elastic",
        description="elastic: billed by reads and writes. provisioned: a fixed throughput that is always billed.",
    )
    provisioned_mibps: int | None = Field(
        default=None, ge=1, le=3414, description="With provisioned: throughput in MiB/s."
    )
    infrequent_after_days: Days | None = Field(
        default=30, description="Days without access until a file moves to the Infrequent Access class; null: never."
    )
    archive_after_days: Days | None = Field(
        default=None,
        description="Days without access until a file moves to the Archive class; more than infrequent_after_days.",
    )
    replicate_to: str | None = Field(
        default=None,
        description=(
            "Second region, which gets a read-only copy; the copy stays when the entry or the stack is removed."
        ),
    )
    expected_gib: int | None = Field(
        default=None,
        ge=0,
        le=10**9,
        description="Expected size in GiB, for the cost estimate; an assumption when not given.",
    )
    monthly_growth_gib: int | None = Field(
        default=None, ge=0, le=10**9, description="Expected growth in GiB a month, for the cost estimate of a year."
    )

    @model_validator(mode="after")
    def provisioned_throughput_has_a_rate_and_elastic_has_none(self) -> "FileSystemSettings":
        if self.throughput == "provisioned" and self.provisioned_mibps is None:
            raise ValueError(
                "throughput is provisioned, but provisioned_mibps is missing. Write for example provisioned_mibps: "
                "128, or throughput: elastic."
            )
        if self.throughput == "elastic" and self.provisioned_mibps is not None:
            raise ValueError(
                f"provisioned_mibps is {self.provisioned_mibps}, but elastic throughput has no fixed rate. Drop it, "
                "or write throughput: provisioned."
            )
        return self

    @model_validator(mode="after")
    def files_are_archived_after_they_are_infrequent(self) -> "FileSystemSettings":
        archive, infrequent = self.archive_after_days, self.infrequent_after_days
        mistakes = []
        if archive is not None and self.throughput != "elastic":
            mistakes.append(
                "archive_after_days is given, but only file systems with elastic throughput have the Archive class. "
                "Drop it, or write throughput: elastic."
            )
        if archive is not None and infrequent is not None and archive <= infrequent:
            mistakes.append(
                f"archive_after_days is {archive}, but files move to the Infrequent Access class only after "
                f"{infrequent} days. Write more days for archive_after_days, or fewer for infrequent_after_days."
            )
        raise_if(mistakes)
        return self
