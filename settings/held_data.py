"""What every place for data says: what it is for, who uses it, and how soon it has to be back."""

from typing import Annotated, Literal

from pydantic import Field

from settings.base import Settings

Purpose = Literal["datasets", "checkpoints", "models", "artifacts", "scratch", "shared", "logs", "backups"]
Tier = Literal["production-inference", "agents", "training", "platform-metadata", "experiments"]
StorageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,20}$")]


class StorageUserSettings(Settings):
    """Pods that may use it: those of one service account in one namespace."""

    namespace: str = Field(description="Kubernetes namespace of the pods; made when it is not there.")
    cluster: str | None = Field(
        default=None, description="Name of the cluster; may be left out where there is only one."
    )
    service_account: str = Field(default="default", description="Kubernetes service account of the pods.")
    mode: Literal["read", "write"] = Field(default="read", description="write: reading, writing and deleting.")


class HeldData(Settings):
    """What every place for data says."""

    purpose: Purpose = Field(description="What it is for; picks defaults that are safe and cheap for that.")
    used_by: tuple[StorageUserSettings, ...] = Field(default=(), description="Who may use it; nobody else can.")
    tier: Tier = Field(
        default="experiments", description="How soon it has to be back, and how much of it may be lost: see recovery."
    )
