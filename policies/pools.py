"""Pools of nodes as rules see them: EKS node groups and Karpenter's NodePools, read in one way.

Where no requirement of a NodePool names a label, Karpenter takes any value of it. So a NodePool may start each instance
type of the catalog that its requirements admit. Source: Karpenter, concepts, NodePools; read 2026-08.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.mig import mig_gpu
from catalog.requirements import CAPACITY_TYPE, INSTANCE_TYPE, fits, machines_for
from catalog.sharing import NEURON_DEVICE, SHARING_LABEL, WHOLE_GPU, Sharing
from policies.views import Path, Resource, Stack, View, at, each, number, present, text, texts

NODE_GROUP, LAUNCH_TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
POOLS = (NODE_GROUP, NODE_POOL)

MIG_CONFIG_LABEL = "nvidia.com/mig.config"
NO_MIG = "all-disabled"
DEVICE_PLUGIN_LABEL = "nvidia.com/device-plugin.config"

_EKS_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
_EKS_CAPACITY = {"ON_DEMAND": "on-demand", "SPOT": "spot", "CAPACITY_BLOCK": "reserved"}
_RESERVATION = "capacityReservationSpecification.capacityReservationTarget"
_TEMPLATE = "spec.template.spec"
_REQUIREMENTS = f"{_TEMPLATE}.requirements"


@dataclass(frozen=True)
class Taint:
    """One taint, in Kubernetes spelling, whoever wrote it down."""

    key: str
    value: str
    effect: str

    @property
    def keeps_pods_off(self) -> bool:
        """Whether pods that do not tolerate it stay away; PreferNoSchedule only asks them to."""
        return self.effect in ("NoSchedule", "NoExecute")

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True)
class Pool:
    """One node group or NodePool. Each property reads what it needs alone; all raise NotKnownError, WrongTypeError.

    template: the launch template of a node group, where the stack shows it; it may name the instance type instead.
    """

    resource: Resource
    template: Resource | None = None

    @property
    def name(self) -> str:
        """The name to show: that of the Kubernetes object, or of the resource."""
        return (text(self.resource, "metadata.name") if self.karpenter else "") or self.resource.name

    @property
    def karpenter(self) -> bool:
        return self.resource.type == NODE_POOL

    @property
    def size_path(self) -> str:
        """Where the pool says how many nodes it may have."""
        return "spec.limits" if self.karpenter else "scalingConfig.maxSize"

    @property
    def types_path(self) -> str:
        """Where the pool says what its nodes are."""
        return _REQUIREMENTS if self.karpenter else "instanceTypes"

    @property
    def labels_path(self) -> str:
        return "spec.template.metadata.labels" if self.karpenter else "labels"

    @property
    def taints_path(self) -> str:
        return f"{_TEMPLATE}.taints" if self.karpenter else "taints"

    def label_path(self, key: str) -> Path:
        """Where the label stands, for the accessors and for findings."""
        return (*self.labels_path.split("."), key)

    def label(self, key: str) -> str:
        """The value of a label of its nodes, "" where they have none."""
        return text(self.resource, self.label_path(key))

    @property
    def taints(self) -> list[Taint]:
        return [
            Taint(text(taint, "key"), text(taint, "value"), _EKS_EFFECTS.get(effect := text(taint, "effect"), effect))
            for taint in each(self.resource, self.taints_path)
        ]

    @property
    def requirements(self) -> list[dict[str, Any]]:
        """The requirements of a NodePool."""
        return [
            {"key": text(item, "key"), "operator": text(item, "operator"), "values": texts(item, "values")}
            for item in each(self.resource, _REQUIREMENTS)
        ]

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        """The instance types that it may start, known to the catalog or not."""
        if self.karpenter:
            asked = self.requirements
            named = [item["values"] for item in asked if (item["key"], item["operator"]) == (INSTANCE_TYPE, "In")]
            unknown = [name for names in named for name in names if name not in INSTANCE_TYPES]
            return tuple([machine.name for machine in machines_for(asked)] + unknown)
        named = texts(self.resource, "instanceTypes")
        if not named and self.template is not None:
            named = [name] if (name := text(self.template, "instanceType")) else []
        return tuple(named)

    @property
    def machines(self) -> tuple[InstanceType, ...]:
        """Those of them that the catalog knows."""
        return tuple(INSTANCE_TYPES[name] for name in self.type_names if name in INSTANCE_TYPES)

    @property
    def accelerated(self) -> tuple[InstanceType, ...]:
        """Those of them that carry GPUs or Neuron devices."""
        return tuple(machine for machine in self.machines if machine.accelerator is not None)

    @property
    def capacity_types(self) -> frozenset[str]:
        """How its nodes may be bought: reserved, spot, on-demand."""
        if not self.karpenter:
            written = text(self.resource, "capacityType", "ON_DEMAND")
            return frozenset({_EKS_CAPACITY.get(written, written)})
        asked = [item for item in self.requirements if item["key"] == CAPACITY_TYPE]
        offered = ("reserved", "spot", "on-demand")
        return frozenset(kind for kind in offered if all(fits(item, kind) for item in asked))

    @property
    def paid_for(self) -> bool:
        """Whether its nodes start in a capacity reservation alone, which is billed used or not."""
        if self.template is not None and present(self.template, _RESERVATION):
            return True
        return self.capacity_types == {"reserved"}

    @property
    def sharing(self) -> Sharing:
        """How its GPUs are shared, by the platform's own label or by those of NVIDIA's operator."""
        for label in (
            self.label(SHARING_LABEL),
            self.label(DEVICE_PLUGIN_LABEL),
            f"mig-{self.label(MIG_CONFIG_LABEL)}",
        ):
            if found := Sharing.of_label(label):
                return found
        return Sharing()

    def most_of(self, resource: str) -> float:
        """How many of an accelerator resource a node may offer; infinite where a label names a layout of a file."""
        config, sharing = self.label(MIG_CONFIG_LABEL), self.sharing
        if resource.startswith("nvidia.com/mig-") and config and sharing.strategy != "mig" and self.accelerated:
            layout = mig_layout(config)
            return math.inf if layout is None else max(_cut(layout, resource, each) for each in self.accelerated)
        offers = [_offer(sharing, resource, machine.accelerator) for machine in self.accelerated if machine.accelerator]
        return max(offers, default=0)

    @property
    def most_accelerated_nodes(self) -> float | None:
        """Most nodes with accelerators at once; None without a bound."""
        if not self.accelerated:
            return 0
        if not self.karpenter:
            return number(self.resource, "scalingConfig.maxSize", 0)
        bounds = [self._limit("nodes"), number(self.resource, "spec.replicas")]
        if (cpus := self._limit("cpu")) is not None:
            bounds.append(cpus // min(machine.vcpus for machine in self.accelerated))
        for resource in (WHOLE_GPU, NEURON_DEVICE):
            if (devices := self._limit(resource)) is not None:
                bounds.append(devices // min(map(_devices, self.accelerated)))
        return min((bound for bound in bounds if bound is not None), default=None)

    @property
    def most_devices(self) -> float | None:
        """Most GPUs and Neuron devices at once; None without a bound."""
        nodes = self.most_accelerated_nodes
        if not nodes:
            return nodes
        limits = [limit for name in (WHOLE_GPU, NEURON_DEVICE) if (limit := self._limit(name)) is not None]
        return min(nodes * max(map(_devices, self.accelerated)), *limits, math.inf)

    def _limit(self, name: str) -> float | None:
        """A limit of a NodePool, in whole units."""
        return quantity(self.resource, ("spec", "limits", name)) if self.karpenter else None


def pools(stack: Stack) -> Iterator[Pool]:
    """Every pool of the stack, node groups with their launch templates."""
    for resource in stack.of(*POOLS):
        templates = stack.linked(resource, "launchTemplate", (LAUNCH_TEMPLATE,))
        yield Pool(resource, templates[0] if templates else None)


def quantity(view: View, path: Path) -> float | None:
    """The Kubernetes quantity at `path`, in whole units; None where absent. Raises as `number` does."""
    written = at(view, path)
    if isinstance(written, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?)(m|k|M|G)", written)):
        return float(found[1]) * {"m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]]
    return number(view, path)


def mig_layout(config: str) -> Mapping[str, int] | None:
    """The profiles that the name of a MIG configuration spells; a count of 0 stands for as many as fit.

    None where it spells none: mig-parted's `all-balanced`, or a name from a file. Nothing is cut by `all-disabled`.
    """
    if config == NO_MIG:
        return {}
    if profile := re.fullmatch(r"all-(\d+g\.\d+gb)(\.me)?", config):
        return {profile[1] + ("+me" if profile[2] else ""): 0}
    sharing = Sharing.of_label(f"mig-{config}")
    return dict(sharing.layout) if sharing else None


def _cut(layout: Mapping[str, int], resource: str, machine: InstanceType) -> int:
    gpu = mig_gpu(machine.accelerator) if machine.accelerator else None
    if gpu is None:
        return 0
    for name, count in layout.items():
        profile = gpu.profiles.get(name)
        if profile is not None and profile.resource == resource:
            return (count or profile.max_instances) * _devices(machine)
    return 0


def _offer(sharing: Sharing, resource: str, accelerator: Accelerator) -> float:
    if accelerator.kind == "neuron" and resource.startswith(NEURON_DEVICE):
        return accelerator.count if resource == NEURON_DEVICE else math.inf  # cores and the like, by the plugin
    return sharing.resources(accelerator).get(resource, 0) * accelerator.count


def types_in_words(machines: Sequence[InstanceType]) -> str:
    """Some of the types, with what they carry."""
    shown = [
        f"{m.name} ({m.accelerator.count} x {m.accelerator.name})" if m.accelerator else m.name for m in machines[:3]
    ]
    more = len(machines) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _devices(machine: InstanceType) -> int:
    return machine.accelerator.count if machine.accelerator else 0
