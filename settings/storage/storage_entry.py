"""The settings that all entries of `storage` share: purpose, users, and recovery tier."""

import re
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.naming import namespace_is_a_dns_label, rename, service_account_is_one_of_its_own

Purpose = Literal["datasets", "checkpoints", "models", "artifacts", "scratch", "shared", "logs", "backups"]
Tier = Literal["production-inference", "agents", "training", "platform-metadata", "experiments"]
NAME = re.compile(r"[a-z][a-z0-9-]{0,20}")


def storage_name_can_name_resources(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when names of resources and claims cannot contain it."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot name an entry of storage: use up to 21 lower-case letters, digits and '-', and begin "
            f"with a letter. {rename(name, 21)}"
        )
    return name


StorageName = Annotated[str, AfterValidator(storage_name_can_name_resources)]


class VolumeUserSettings(Settings):
    """Pods that may mount the volume: all pods of one namespace, since a claim belongs to the whole namespace."""

    namespace: Annotated[str, AfterValidator(namespace_is_a_dns_label)] = Field(
        description=(
            "Kubernetes namespace of the pods; created when it does not exist. It stays when no entry names it."
        ),
        examples=["research"],
    )
    cluster: str | None = Field(default=None, description="Name of the cluster; not needed when there is only one.")
    mode: Literal["read", "write"] = Field(
        default="read", description="read, or write, which includes reading and deleting."
    )

    def cluster_among(self, clusters: Collection[str]) -> str:
        """Returns the cluster that is named, or the only cluster. The checks refuse everything else before."""
        return self.cluster if self.cluster is not None else next(iter(clusters))


class StorageUserSettings(VolumeUserSettings):
    """Pods that may use the bucket: the pods of one service account in one namespace."""

    namespace: Annotated[str, AfterValidator(namespace_is_a_dns_label)] = Field(
        description=(
            "Kubernetes namespace of the pods; created when it does not exist and the bucket is mounted. Otherwise a "
            "team makes it, with the service account."
        ),
        examples=["research"],
    )
    service_account: Annotated[str, AfterValidator(service_account_is_one_of_its_own)] = Field(
        description="Kubernetes service account of the pods, which name it; not default, which every pod has.",
        examples=["trainer"],
    )


class StorageEntry(Settings):
    """Settings of every entry of `storage`."""

    purpose: Purpose = Field(description="What the data is for; selects defaults that are safe and cheap for it.")
    used_by: tuple[VolumeUserSettings, ...] = Field(default=(), description="Who may use the entry; nobody else can.")
    tier: Tier = Field(
        default="experiments",
        description="How soon the data must be available again, and how much of it may be lost; see recovery.",
    )
