"""`storage`: everything that holds data, each entry under a name of its own."""

from collections.abc import Iterator, Mapping

from pydantic import Field

from settings.core.base import Settings
from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.held_data import HeldData, StorageName
from settings.storage.lustre import LustreSettings
from settings.storage.recovery import RecoverySettings


class StorageSettings(Settings):
    """Everything that holds data."""

    buckets: Mapping[StorageName, BucketSettings] = Field(default_factory=dict, description="S3 buckets by name.")
    file_systems: Mapping[StorageName, FileSystemSettings] = Field(
        default_factory=dict, description="EFS file systems by name."
    )
    lustre: Mapping[StorageName, LustreSettings] = Field(
        default_factory=dict, description="FSx for Lustre file systems by name."
    )
    recovery: RecoverySettings = Field(default=RecoverySettings(), description="Backups and recovery targets.")

    def entries(self) -> Iterator[tuple[str, str, HeldData]]:
        """Every place for data: the map it stands in, its name, and what it says."""
        for kind in ("buckets", "file_systems", "lustre"):
            for name, held in getattr(self, kind).items():
                yield kind, name, held
