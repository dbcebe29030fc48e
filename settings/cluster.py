"""`clusters.<name>`: one EKS cluster."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from settings.base import Settings
from settings.node_pool import NodePoolSettings

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]


class ApiEndpointSettings(Settings):
    """Who may reach the Kubernetes API. The private endpoint is always on."""

    public: bool = False
    public_cidrs: tuple[str, ...] = ()


class ControlPlaneLogSettings(Settings):
    """Control-plane logs, in a CloudWatch log group that the stack owns."""

    types: tuple[LogType, ...] = ("api", "audit", "authenticator", "controllerManager", "scheduler")
    retention_days: int = 365


class AccessSettings(Settings):
    """One access entry: an IAM principal and what it may do."""

    principal_arn: str
    policy: Literal["cluster-admin", "admin", "edit", "view"] = "view"
    namespaces: tuple[str, ...] = Field(default=(), description="Empty: the whole cluster.")
    groups: tuple[str, ...] = ()


class ManagedAddonSettings(Settings):
    """One EKS managed add-on. The catalog's pinned version when none is given."""

    version: str | None = None
    configuration: Mapping[str, Any] = Field(default_factory=dict)


class AddonSettings(Settings):
    """One Helm add-on: on or off, and values laid over ours."""

    enabled: bool = True
    values: Mapping[str, Any] = Field(default_factory=dict)


class StorageClassSettings(Settings):
    """EBS storage classes: gp3 is the default class; io2 is for databases."""

    gp3: bool = True
    io2: bool = False
    io2_iops: int = Field(default=4000, ge=100, le=64000)


class ClusterSettings(Settings):
    """One EKS cluster with its pools and add-ons."""

    version: str
    endpoint: ApiEndpointSettings = ApiEndpointSettings()
    access: Mapping[str, AccessSettings] = Field(default_factory=dict)
    logs: ControlPlaneLogSettings = ControlPlaneLogSettings()
    support_type: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    managed_addons: Mapping[str, ManagedAddonSettings] = Field(default_factory=dict)
    addons: Mapping[str, AddonSettings] = Field(default_factory=dict)
    storage_classes: StorageClassSettings = StorageClassSettings()
    pools: tuple[NodePoolSettings, ...] = Field(min_length=1)
