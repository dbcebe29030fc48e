"""`clusters.<name>.pools[]`: the machines of a cluster."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from settings.base import Settings


class DiskSettings(Settings):
    """Root volume of each node: gp3, always encrypted."""

    size_gib: int = Field(default=100, ge=20, le=16384)
    iops: int = Field(default=3000, ge=3000, le=16000)
    throughput_mibps: int = Field(default=125, ge=125, le=1000)


class TaintSettings(Settings):
    """One Kubernetes taint, in Kubernetes spelling."""

    key: str
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class NodePoolSettings(Settings):
    """One pool of equal nodes: an EKS managed node group."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    instance_types: tuple[str, ...] = Field(min_length=1)
    capacity_type: Literal["on-demand", "spot"] = "on-demand"
    min_size: int = Field(default=1, ge=0)
    max_size: int = Field(default=3, ge=1)
    desired_size: int | None = Field(default=None, ge=0, description="Nodes at creation; the minimum when not given.")
    operating_system: Literal["al2023", "bottlerocket"] = "al2023"
    disk: DiskSettings = DiskSettings()
    labels: Mapping[str, str] = Field(default_factory=dict)
    taints: tuple[TaintSettings, ...] = ()
    zones: tuple[str, ...] | None = Field(default=None, description="Zones of the network to use; all when not given.")
    max_unavailable_percentage: int = Field(default=33, ge=1, le=100)
    node_repair: bool = True
