"""The whole stack file."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from settings.base import Settings
from settings.cluster import ClusterSettings
from settings.network import NetworkSettings

Environment = Literal["dev", "staging", "prod"]


class KeySettings(Settings):
    """`keys`: the customer-managed KMS keys."""

    deletion_window_days: int = Field(default=30, ge=7, le=30)
    rotation_days: int = Field(default=365, ge=90, le=2560)


class StackSettings(Settings):
    """What a stack file may say under `ml-platform:`."""

    environment: Environment
    region: str
    account_id: str | None = Field(default=None, pattern=r"^\d{12}$")
    name: str = Field(default="ml-platform", pattern=r"^[a-z][a-z0-9-]{0,20}$")
    owner: str
    cost_center: str
    tags: Mapping[str, str] = Field(default_factory=dict)
    deletion_protection: bool = Field(
        default=True,
        description="Protects what holds data, and the clusters, from deletion. Off is the first step of retiring a stack.",
    )
    keys: KeySettings = KeySettings()
    network: NetworkSettings = NetworkSettings()
    clusters: Mapping[str, ClusterSettings] = Field(min_length=1)
