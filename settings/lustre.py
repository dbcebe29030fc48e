"""`storage.lustre.<name>`: one FSx for Lustre file system."""

from typing import Literal

from pydantic import Field

from settings.base import Settings
from settings.held_data import HeldData


class LinkSettings(Settings):
    """A folder of the file system that shows a bucket."""

    bucket: str = Field(description="Name of an entry of storage.buckets.")
    path: str = Field(default="/", pattern=r"^/[A-Za-z0-9_./-]*$", description="Folder in the file system.")
    prefix: str = Field(default="", description="Only objects whose keys begin so.")
    imports: tuple[Literal["NEW", "CHANGED", "DELETED"], ...] = Field(
        default=("NEW", "CHANGED", "DELETED"), description="Which changes in the bucket appear in the folder."
    )
    exports: tuple[Literal["NEW", "CHANGED", "DELETED"], ...] = Field(
        default=(), description="Which changes in the folder are written to the bucket, some time later."
    )


class LustreSettings(HeldData):
    """An FSx for Lustre file system: fast, in one zone, beside the GPUs that use it."""

    zone: str = Field(description="Zone of the network; GPU pools that use it should stand there.")
    deployment: Literal["scratch-2", "persistent-2"] = Field(
        default="persistent-2",
        description="scratch-2: cheap, one copy of the data. persistent-2: replicated in its zone.",
    )
    capacity_gib: int = Field(default=1200, description="1200, 2400, or a multiple of 2400 GiB.")
    throughput_mibps_per_tib: int | None = Field(
        default=None, description="With persistent-2: 125, 250, 500 or 1000 MiB/s for each TiB; 250 when not given."
    )
    compression: bool = Field(default=True, description="LZ4 compression: less to pay for, and often faster.")
    root_squash: bool = Field(default=True, description="Whether root in a pod is nobody on the file system.")
    efa: bool = Field(default=False, description="Whether clients with EFA read by it, straight into GPU memory.")
    links: tuple[LinkSettings, ...] = Field(default=(), description="Folders that show buckets; persistent-2 only.")
    maintenance: str = Field(
        default="7:09:00",
        pattern=r"^[1-7]:([01]\d|2[0-3]):[0-5]\d$",
        description="Weekly window, d:HH:MM in UTC, 1 is Monday.",
    )
    backup_days: int | None = Field(
        default=None, ge=0, le=90, description="Days that automatic backups are kept; by tier when not given, 0: none."
    )
