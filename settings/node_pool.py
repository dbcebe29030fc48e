"""`clusters.<name>.pools[]`: the machines of a cluster."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.limits import EKS_LABELS_PER_NODE_GROUP, EKS_TAINTS_PER_NODE_GROUP
from settings.base import Settings
from settings.problems import did_you_mean, listed, raise_if, repeated
from settings.rules import label_key_mistakes, label_value_mistakes


class DiskSettings(Settings):
    """Root volume of each node: gp3, always encrypted."""

    size_gib: int = Field(
        default=100, ge=20, le=16384, description="Size in GiB; images and pods' local data live here."
    )
    iops: int = Field(
        default=3000, ge=3000, le=16000, description="I/O operations per second; 3000 cost nothing extra."
    )
    throughput_mibps: int = Field(
        default=125, ge=125, le=1000, description="Throughput in MiB/s; 125 cost nothing extra."
    )

    @model_validator(mode="after")
    def gp3_performance_follows_from_size(self) -> Self:
        """Source: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"""
        mistakes = []
        if self.iops > 500 * self.size_gib:
            mistakes.append(
                f"iops {self.iops} is more than gp3 gives a volume of {self.size_gib} GiB (500 per GiB). "
                f"Raise size_gib to {-(-self.iops // 500)}, or lower iops."
            )
        if self.throughput_mibps * 4 > self.iops:
            mistakes.append(
                f"throughput_mibps {self.throughput_mibps} is more than gp3 gives with {self.iops} IOPS "
                f"(a quarter MiB/s each). Raise iops to {self.throughput_mibps * 4}, or lower throughput_mibps."
            )
        raise_if(mistakes)
        return self


class TaintSettings(Settings):
    """One Kubernetes taint, in Kubernetes spelling."""

    key: str = Field(description="Taint key; a bare name or <your domain>/<name>.")
    value: str = Field(default="", description="Taint value; may be empty.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        default="NoSchedule", description="What happens to pods that do not tolerate it."
    )

    @model_validator(mode="after")
    def taint_is_one_that_kubernetes_takes(self) -> Self:
        raise_if([*label_key_mistakes(self.key), *label_value_mistakes(self.key, self.value)])
        return self


class NodePoolSettings(Settings):
    """One pool of equal nodes: an EKS managed node group."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Name of the pool, unique in its cluster.")
    instance_types: tuple[str, ...] = Field(
        min_length=1, description="EC2 instance types, most wanted first. Spot pools want several."
    )
    capacity_type: Literal["on-demand", "spot"] = Field(
        default="on-demand",
        description="How the nodes are bought. Spot is cheaper and may go with two minutes' notice.",
    )
    min_size: int = Field(default=1, ge=0, le=1000, description="Fewest nodes.")
    max_size: int = Field(default=3, ge=1, le=1000, description="Most nodes; address plan and cost maximum follow it.")
    desired_size: int | None = Field(
        default=None, ge=0, le=1000, description="Nodes at creation; the minimum when not given."
    )
    operating_system: Literal["al2023", "bottlerocket"] = Field(
        default="al2023", description="Amazon Linux 2023, or Bottlerocket (read-only root, no package manager)."
    )
    disk: DiskSettings = Field(default=DiskSettings(), description="Root volume of each node.")
    labels: Mapping[str, str] = Field(default_factory=dict, description="Kubernetes labels of the nodes.")
    taints: tuple[TaintSettings, ...] = Field(default=(), description="Kubernetes taints of the nodes.")
    zones: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Zones of the network to use; all of them when not given."
    )
    max_unavailable_percentage: int = Field(
        default=33, ge=1, le=100, description="Share of the nodes that an update may replace at the same time."
    )
    node_repair: bool = Field(default=True, description="Whether EKS replaces nodes that stay unhealthy.")

    @property
    def start_size(self) -> int:
        """Nodes at creation."""
        return self.min_size if self.desired_size is None else self.desired_size

    @field_validator("instance_types")
    @classmethod
    def instance_types_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{name} is no instance type that the catalog knows.{did_you_mean(name, INSTANCE_TYPES)} "
            "A new type is one row of catalog/data/instance_types.json."
            for name in names
            if name not in INSTANCE_TYPES
        ]
        if twice := repeated(names):
            mistakes.append(f"{listed(twice)} named twice. Name each type once.")
        raise_if(mistakes)
        return names

    @field_validator("zones")
    @classmethod
    def zones_are_named_once(cls, zones: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = repeated(zones or ())
        raise_if([f"{listed(twice)} named twice. Name each zone once."] if twice else [])
        return zones

    @field_validator("labels")
    @classmethod
    def labels_are_ones_that_kubernetes_takes(cls, labels: Mapping[str, str]) -> Mapping[str, str]:
        mistakes = [m for k, v in labels.items() for m in (*label_key_mistakes(k), *label_value_mistakes(k, v))]
        if len(labels) > EKS_LABELS_PER_NODE_GROUP:
            mistakes.append(
                f"{len(labels)} labels are given, and EKS takes {EKS_LABELS_PER_NODE_GROUP} a group. Drop some."
            )
        raise_if(mistakes)
        return labels

    @field_validator("taints")
    @classmethod
    def taints_are_not_repeated(cls, taints: tuple[TaintSettings, ...]) -> tuple[TaintSettings, ...]:
        twice = repeated([f"{taint.key}:{taint.effect}" for taint in taints])
        mistakes = (
            [f"{listed(twice)} given twice, and a node has one taint of a key and effect. Drop one."] if twice else []
        )
        if len(taints) > EKS_TAINTS_PER_NODE_GROUP:
            mistakes.append(
                f"{len(taints)} taints are given, and EKS takes {EKS_TAINTS_PER_NODE_GROUP} a group. Drop some."
            )
        raise_if(mistakes)
        return taints

    @model_validator(mode="after")
    def sizes_are_in_order(self) -> Self:
        mistakes = []
        if self.min_size > self.max_size:
            mistakes.append(
                f"min_size {self.min_size} is over max_size {self.max_size}, so no number of nodes would do. "
                "Lower min_size or raise max_size."
            )
        elif self.desired_size is not None and not self.min_size <= self.desired_size <= self.max_size:
            mistakes.append(
                f"desired_size {self.desired_size} is not within min_size {self.min_size} and max_size {self.max_size}: "
                "EKS would refuse it. Move it between them, or leave it out to begin with the minimum."
            )
        raise_if([*mistakes, *self._machine_mistakes()])
        return self

    def _machine_mistakes(self) -> list[str]:
        types = [INSTANCE_TYPES[name] for name in self.instance_types]
        mistakes = []
        if len({t.arch for t in types}) > 1:
            mistakes.append(
                f"instance_types mix architectures ({listed(f'{t.name} is {t.arch}' for t in types)}), but the nodes "
                "of a pool share one machine image. Make a pool for each architecture."
            )
        if accelerated := [t for t in types if t.accelerator]:
            mistakes.append(_accelerated(accelerated))
        unsold = [t.name for t in types if t.usage_classes and self.capacity_type not in t.usage_classes]
        if unsold:
            mistakes.append(
                f"capacity_type is {self.capacity_type}, but AWS does not sell {listed(unsold)} that way. "
                "Change capacity_type, or take other types."
            )
        return mistakes


def _accelerated(types: list[InstanceType]) -> str:
    named = listed(f"{t.name} ({t.accelerator.count} x {t.accelerator.name})" for t in types if t.accelerator)
    return (
        f"{named} carries accelerators, but pools run the standard machine image, which has no driver for them: the "
        "accelerators would be paid for and never scheduled. Take types without accelerators, for example m7i.2xlarge."
    )
