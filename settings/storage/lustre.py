"""`storage.lustre.<name>`: one FSx for Lustre file system. Which values go together: `lustre_rules.py`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if
from settings.storage.lustre_rules import DEFAULT_MIBPS_PER_TIB, RULES, events_are_named_once
from settings.storage.storage_entry import StorageEntry

Events = Annotated[tuple[Literal["NEW", "CHANGED", "DELETED"], ...], AfterValidator(events_are_named_once)]


class LinkSettings(Settings):
    """A folder of the file system that shows a bucket."""

    bucket: str = Field(description="Name of an entry of storage.buckets.")
    path: str = Field(
        default="/",
        pattern=r"^/([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)?$",
        description="Folder in the file system, without a slash at its end.",
        examples=["/datasets"],
    )
    prefix: str = Field(
        default="",
        pattern=r"^([^/].*)?$",
        description="Only objects whose keys begin with this.",
        examples=["imagenet/"],
    )
    imports: Events = Field(
        default=("NEW", "CHANGED", "DELETED"), description="Which changes in the bucket appear in the folder."
    )
    exports: Events = Field(
        default=(), description="Which changes in the folder are written to the bucket, with some delay."
    )


class LustreSettings(StorageEntry):
    """An FSx for Lustre file system: fast, in one zone, beside the GPUs that use it."""

    model_config = ConfigDict(validate_default=True)  # rules also check the defaults

    zone: str = Field(description="Zone of the network; GPU pools that use the file system must be in it.")
    deployment: Literal["scratch-2", "persistent-2"] = Field(
        default="persistent-2",
        description="scratch-2: cheap, one copy of the data. persistent-2: replicated in its zone.",
    )
    capacity_gib: int = Field(
        default=1200, description="1200, 2400, or a multiple of 2400 GiB; it can grow, but never shrink."
    )
    throughput_mibps_per_tib: int | None = Field(
        default=None, description="With persistent-2: 125, 250, 500 or 1000 MB/s for each TiB; 250 when not given."
    )
    compression: bool = Field(default=True, description="LZ4 compression: less data to read, and often faster.")
    root_squash: bool | None = Field(
        default=None,
        description=(
            "Whether root in a pod has no rights on the file system. When not given: on if no pod writes; otherwise "
            "off, since an empty file system belongs to root and only root can make the first folder."
        ),
    )
    efa: bool = Field(
        default=False,
        description="Whether nodes with EFA reach the file system by EFA. Changing it replaces the file system.",
    )
    links: tuple[LinkSettings, ...] = Field(default=(), description="Folders that show buckets; persistent-2 only.")
    maintenance: str = Field(
        default="7:09:00",
        pattern=r"^[1-7]:([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="Weekly window, d:HH:MM in UTC, 1 is Monday.",
        examples=["7:09:00"],
    )
    backup_days: int = Field(
        default=0,
        ge=0,
        le=90,
        description="Days that FSx keeps its own daily backups, in addition to those of storage.recovery; 0: none.",
    )

    @property
    def mibps_per_tib(self) -> int | None:
        """Throughput in force, in MB/s for each TiB; None when the deployment has a fixed one."""
        if self.deployment == "scratch-2":
            return None
        return self.throughput_mibps_per_tib or DEFAULT_MIBPS_PER_TIB

    @property
    def squashes_root(self) -> bool:
        """Whether root in a pod has no rights: as set, or when no pod writes."""
        if self.root_squash is not None:
            return self.root_squash
        return all(user.mode == "read" for user in self.used_by)

    @property
    def can_be_backed_up(self) -> bool:
        """Source: FSx for Lustre user guide, "Working with backups"; read 2026-11."""
        return self.deployment == "persistent-2" and not self.links

    @field_validator("zone", mode="before")
    @classmethod
    def it_is_in_one_zone(cls, zone: Any) -> Any:
        if isinstance(zone, list) and zone:
            raise ValueError(
                f"names {listed(zone)}, but a Lustre file system is in one zone. Write the zone of the GPU pools that "
                f"use it, for example zone: {zone[0]}; another zone needs another file system."
            )
        return zone

    @field_validator("*")
    @classmethod
    def every_rule_of_a_file_system_is_kept(cls, value: Any, info: ValidationInfo) -> Any:
        rules = RULES.get(info.field_name or "", ())
        raise_if(sentence for rule in rules for sentence in rule(value, info.data))
        return value
