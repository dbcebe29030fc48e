"""`storage`: everything that holds data; each entry has a name."""

from collections.abc import Iterator, Mapping

from pydantic import Field

from settings.core.base import Settings
from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.lustre import LustreSettings
from settings.storage.recovery import RecoverySettings
from settings.storage.storage_entry import StorageEntry, StorageName


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

    def entries(self) -> Iterator[tuple[str, str, StorageEntry]]:
        """Yields every entry: its map, such as `buckets`, its name, and its settings."""
        for kind in ("buckets", "file_systems", "lustre"):
            for name, entry in getattr(self, kind).items():
                yield kind, name, entry

    def mounted(self) -> Iterator[StorageEntry]:
        """Yields the entries that pods mount. Each needs its users' namespaces, which it makes."""
        yield from (bucket for bucket in self.buckets.values() if bucket.mount)
        yield from self.file_systems.values()
        yield from self.lustre.values()

    @property
    def copy_regions(self) -> list[str]:
        """The other regions that get copies, in alphabetical order."""
        regions = {self.recovery.copy_to}
        regions |= {bucket.replicate_to for bucket in self.buckets.values()}
        regions |= {file_system.replicate_to for file_system in self.file_systems.values()}
        return sorted(region for region in regions if region)
