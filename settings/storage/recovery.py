"""`storage.recovery`: backups, and what they have to be good enough for."""

from collections.abc import Mapping

from pydantic import Field

from settings.core.base import Settings
from settings.storage.held_data import Tier


class TargetSettings(Settings):
    """What a tier is promised."""

    rpo_minutes: int = Field(ge=0, description="Recovery point objective: how many minutes of changes may be lost.")
    rto_minutes: int = Field(ge=1, description="Recovery time objective: after how many minutes it works again.")


class RecoverySettings(Settings):
    """Backups, and what they have to be good enough for."""

    enabled: bool = Field(default=True, description="Whether AWS Backup takes backups at all.")
    copy_to: str | None = Field(default=None, description="Second region that holds a copy of every backup.")
    lock_days: int = Field(
        default=7,
        ge=0,
        le=35,
        description="Days in which nobody deletes a backup; in production not even AWS does. 0: no lock.",
    )
    clusters: bool = Field(
        default=True,
        description="Whether Kubernetes objects and volumes are backed up too, in the tier platform-metadata.",
    )
    targets: Mapping[Tier, TargetSettings] = Field(
        default_factory=dict, description="Laid over what each tier is promised by default."
    )
