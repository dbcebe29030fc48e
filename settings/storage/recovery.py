"""`storage.recovery`: backups, and the recovery targets that they must meet."""

from collections.abc import Mapping

from pydantic import Field

from settings.core.base import Settings
from settings.storage.storage_entry import Tier


class TargetSettings(Settings):
    """The recovery target of a tier."""

    rpo_minutes: int = Field(ge=0, description="Recovery point objective (RPO): minutes of changes that may be lost.")
    rto_minutes: int = Field(
        ge=1, description="Recovery time objective (RTO): minutes until the data is available again."
    )


class RecoverySettings(Settings):
    """Backups, and the recovery targets that they must meet."""

    enabled: bool = Field(default=True, description="Whether AWS Backup takes backups at all.")
    copy_to: str | None = Field(default=None, description="Second region, which gets a copy of every backup.")
    lock_days: int = Field(
        default=7,
        ge=0,
        le=35,
        description="Days during which nobody can delete a backup; in production not even AWS can. 0: no lock.",
    )
    clusters: bool = Field(
        default=True,
        description="Whether Kubernetes objects and volumes are backed up too, with the tier platform-metadata.",
    )
    targets: Mapping[Tier, TargetSettings] = Field(
        default_factory=dict, description="Tier -> target that replaces the default target of the tier."
    )
