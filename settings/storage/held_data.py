"""What every place for data says: what it is for, who uses it, and how soon it has to be back."""

import re
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.naming import DNS_LABEL

Purpose = Literal["datasets", "checkpoints", "models", "artifacts", "scratch", "shared", "logs", "backups"]
Tier = Literal["production-inference", "agents", "training", "platform-metadata", "experiments"]
NAME = re.compile(r"[a-z][a-z0-9-]{0,20}")


def storage_name_can_name_resources(name: str) -> str:
    """The name as it is. Raises ValueError when names of resources and claims could not hold it."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name of storage: up to 21 lower-case letters, digits and '-', a letter first. Rename it."
        )
    return name


StorageName = Annotated[str, AfterValidator(storage_name_can_name_resources)]


def namespace_is_a_dns_label(name: str) -> str:
    """The name as it is. Raises ValueError when Kubernetes would refuse it."""
    if not DNS_LABEL.fullmatch(name):
        raise ValueError(
            f"{name!r} is no namespace: up to 63 lower-case letters, digits and '-', a letter or digit first and last. "
            "Rename it."
        )
    return name


def service_account_is_a_dns_name(name: str) -> str:
    """The name as it is. Raises ValueError when Kubernetes would refuse it."""
    if len(name) > 253 or not all(DNS_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(
            f"{name!r} is no service account: lower-case letters, digits, '-' and '.', a letter or digit first and "
            "last. Rename it."
        )
    return name


class VolumeUserSettings(Settings):
    """Pods that may mount it: those of one namespace, since a claim belongs to all of it."""

    namespace: Annotated[str, AfterValidator(namespace_is_a_dns_label)] = Field(
        description="Kubernetes namespace of the pods; made when it is not there.", examples=["research"]
    )
    cluster: str | None = Field(
        default=None, description="Name of the cluster; may be left out where there is only one."
    )
    mode: Literal["read", "write"] = Field(default="read", description="write: reading, writing and deleting.")

    def cluster_among(self, clusters: Collection[str]) -> str:
        """The cluster it says, or the only one there is. The checks have refused anything else."""
        return self.cluster if self.cluster is not None else next(iter(clusters))


class StorageUserSettings(VolumeUserSettings):
    """Pods that may use it: those of one service account in one namespace."""

    service_account: Annotated[str, AfterValidator(service_account_is_a_dns_name)] = Field(
        default="default", description="Kubernetes service account of the pods."
    )


class HeldData(Settings):
    """What every place for data says."""

    purpose: Purpose = Field(description="What it is for; picks defaults that are safe and cheap for that.")
    used_by: tuple[VolumeUserSettings, ...] = Field(default=(), description="Who may use it; nobody else can.")
    tier: Tier = Field(
        default="experiments", description="How soon it has to be back, and how much of it may be lost: see recovery."
    )
