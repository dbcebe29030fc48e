"""One view of node pools for the rules: EKS node groups and Karpenter's NodePools have the same properties here.

When no requirement of a NodePool names a label, Karpenter allows any value of it. A NodePool may therefore start every
instance type of the catalog that its requirements allow. Source: Karpenter, concepts, NodePools; read 2026-08.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.mig import mig_gpu
from catalog.requirements import CAPACITY_TYPE, INSTANCE_TYPE, fits, machines_for
from catalog.sharing import NEURON_DEVICE, SHARING_LABEL, WHOLE_GPU, Sharing
from common.quantities import parsed
from policies.views import Path, Resource, Stack, View, at, each, keys, number, present, text, texts

NODE_GROUP, LAUNCH_TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
SUBNET, SUBNET_TERMS = "aws:ec2/subnet:Subnet", "spec.subnetSelectorTerms"
POOLS = (NODE_GROUP, NODE_POOL)

MIG_CONFIG_LABEL = "nvidia.com/mig.config"
NO_MIG = "all-disabled"
DEVICE_PLUGIN_LABEL = "nvidia.com/device-plugin.config"

_EKS_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_EKS_CAPACITY = {"ON_DEMAND": "on-demand", "SPOT": "spot", "CAPACITY_BLOCK": "reserved"}
_RESERVATION = "capacityReservationSpecification.capacityReservationTarget"
_TEMPLATE = "spec.template.spec"
_REQUIREMENTS = f"{_TEMPLATE}.requirements"
_INSTANCE = "karpenter.k8s.aws/instance-"


def is_of_accelerators(name: str) -> bool:
    """Tells whether the name of a type, family or category is one of machines with GPUs or Neuron devices."""
    return re.match(r"(gr?|p|trn|inf)(\d|$)", name) is not None


def _of_accelerators(requirement: Mapping[str, Any]) -> bool:
    """Tells whether a requirement of a NodePool asks for GPUs or Neuron devices."""
    of_accelerators = requirement["key"].startswith((f"{_INSTANCE}gpu-", f"{_INSTANCE}accelerator-"))
    return of_accelerators and requirement["operator"] not in ("NotIn", "DoesNotExist")


@dataclass(frozen=True)
class Taint:
    """One taint, in the spelling of Kubernetes. EKS spells the effects in another way."""

    key: str
    value: str
    effect: str

    @property
    def keeps_pods_off(self) -> bool:
        """Tells whether pods without a toleration stay away. PreferNoSchedule only makes the node less preferred."""
        return self.effect in ("NoSchedule", "NoExecute")

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True)
class Pool:
    """One node group or NodePool. Every property may raise NotKnownError and WrongTypeError for the values it reads.

    template: the launch template of a node group, if it is in the stack. The instance type may be set there.
    """

    resource: Resource
    template: Resource | None = None

    @property
    def name(self) -> str:
        """The name for messages: the name of the Kubernetes object, or of the resource."""
        return (text(self.resource, "metadata.name") if self.karpenter else "") or self.resource.name

    @property
    def karpenter(self) -> bool:
        return self.resource.type == NODE_POOL

    @property
    def size_path(self) -> str:
        """The path of the property that limits the number of nodes."""
        return "spec.limits" if self.karpenter else "scalingConfig.maxSize"

    @property
    def types_path(self) -> str:
        """The path of the property that sets the instance types."""
        return _REQUIREMENTS if self.karpenter else "instanceTypes"

    @property
    def labels_path(self) -> str:
        return "spec.template.metadata.labels" if self.karpenter else "labels"

    @property
    def taints_path(self) -> str:
        return f"{_TEMPLATE}.taints" if self.karpenter else "taints"

    def label_path(self, key: str) -> Path:
        """Returns the path of a node label, for accessors and findings."""
        return (*self.labels_path.split("."), key)

    def label(self, key: str) -> str:
        """Returns the value of a node label, "" where it is absent; of several, the first."""
        return next(iter(self.label_values(key)), "")

    def label_values(self, key: str) -> list[str]:
        """Returns the values that a node label may have. Karpenter also takes one of the values of a requirement."""
        if value := text(self.resource, self.label_path(key)):
            return [value]
        requirements = self.requirements if self.karpenter else ()
        return [
            value for item in requirements if (item["key"], item["operator"]) == (key, "In") for value in item["values"]
        ]

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
        """The instance types that the pool may start, also those that are not in the catalog."""
        if self.karpenter:
            requirements = self.requirements
            lists = [
                item["values"] for item in requirements if (item["key"], item["operator"]) == (INSTANCE_TYPE, "In")
            ]
            not_in_catalog = [name for names in lists for name in names if name not in INSTANCE_TYPES]
            return tuple([machine.name for machine in machines_for(requirements)] + not_in_catalog)
        # First the template: EKS refuses a type in both, and at preview a node group without types has unknown ones.
        if self.template is not None and (name := text(self.template, "instanceType")):
            return (name,)
        return tuple(texts(self.resource, "instanceTypes"))

    @property
    def machines(self) -> tuple[InstanceType, ...]:
        """The instance types of the pool that are in the catalog."""
        return tuple(INSTANCE_TYPES[name] for name in self.type_names if name in INSTANCE_TYPES)

    @property
    def accelerated(self) -> tuple[InstanceType, ...]:
        """The instance types of the pool that have GPUs or Neuron devices."""
        return tuple(machine for machine in self.machines if machine.accelerator is not None)

    @property
    def unlisted(self) -> list[str]:
        """What the pool may start that looks like a type with accelerators and is not in the catalog.

        A rule that reads `accelerated` does not see these.
        """
        names = [name for name in self.type_names if name not in INSTANCE_TYPES]
        for item in self.requirements if self.karpenter else ():
            key, values = item["key"], item["values"] if item["operator"] == "In" else []
            if key == f"{_INSTANCE}family":
                families = {machine.family for machine in INSTANCE_TYPES.values()}
                names += [value for value in values if value not in families]
            elif key == f"{_INSTANCE}category" and not self.machines:
                names += values
        unlisted = list(filter(is_of_accelerators, names))
        if self.karpenter and not self.machines:
            unlisted += [item["key"] for item in self.requirements if _of_accelerators(item)]
        return unlisted

    @property
    def capacity_types(self) -> frozenset[str]:
        """The capacity types that the pool may use: reserved, spot, on-demand."""
        if not self.karpenter:
            eks_name = text(self.resource, "capacityType", "ON_DEMAND")
            return frozenset({_EKS_CAPACITY.get(eks_name, eks_name)})
        requirements = [item for item in self.requirements if item["key"] == CAPACITY_TYPE]
        all_types = ("reserved", "spot", "on-demand")
        return frozenset(name for name in all_types if all(fits(item, name) for item in requirements))

    @property
    def only_reserved(self) -> bool:
        """Tells whether all nodes run in a capacity reservation, which is billed whether it is used or not."""
        if self.template is not None and present(self.template, _RESERVATION):
            return True
        return self.capacity_types == {"reserved"}

    @property
    def sharing(self) -> Sharing:
        """How the pool's GPUs are shared, by the platform's label or by the labels of NVIDIA's GPU operator."""
        for label in (
            self.label(SHARING_LABEL),
            self.label(DEVICE_PLUGIN_LABEL),
            f"mig-{self.label(MIG_CONFIG_LABEL)}",
        ):
            if sharing := Sharing.of_label(label):
                return sharing
        return Sharing()

    @property
    def may_share(self) -> bool:
        """Tells whether any label may share the GPUs. The content of a named configuration is not known here."""
        ways = [*self.label_values(SHARING_LABEL), *self.label_values(DEVICE_PLUGIN_LABEL)]
        mig = self.label_values(MIG_CONFIG_LABEL)
        return any(Sharing.of_label(way) != Sharing() for way in ways) or any(name != NO_MIG for name in mig)

    def most_per_node(self, resource: str) -> float:
        """Returns the most units of an accelerator resource that one node may offer.

        Infinite when a label names a MIG configuration whose layout is in a file, so that it is not known here.
        """
        config, sharing = self.label(MIG_CONFIG_LABEL), self.sharing
        if resource.startswith("nvidia.com/mig-") and config and sharing.strategy != "mig" and self.accelerated:
            layout = mig_layout(config)
            if layout is None:
                return math.inf
            return max(_slices_per_node(layout, resource, machine) for machine in self.accelerated)
        units = [
            _units_per_node(sharing, resource, machine.accelerator)
            for machine in self.accelerated
            if machine.accelerator
        ]
        return max(units, default=0)

    @property
    def most_accelerated_nodes(self) -> float | None:
        """The most nodes with accelerators at once; None without a limit."""
        if not self.accelerated:
            return 0
        if not self.karpenter:
            return number(self.resource, "scalingConfig.maxSize", 0)
        limits = [self._limit("nodes"), number(self.resource, "spec.replicas")]
        if (cpus := self._limit("cpu")) is not None:
            limits.append(cpus // min(machine.vcpus for machine in self.accelerated))
        for resource in (WHOLE_GPU, NEURON_DEVICE):
            if (devices := self._limit(resource)) is not None:
                limits.append(devices // min(map(_devices, self.accelerated)))
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def most_devices(self) -> float | None:
        """The most GPUs and Neuron devices at once; None without a limit."""
        nodes = self.most_accelerated_nodes
        if not nodes:
            return nodes
        limits = [limit for name in (WHOLE_GPU, NEURON_DEVICE) if (limit := self._limit(name)) is not None]
        return min(nodes * max(map(_devices, self.accelerated)), *limits, math.inf)

    def _limit(self, name: str) -> float | None:
        """Returns a limit of a NodePool in whole units, None where it is absent."""
        return quantity(self.resource, ("spec", "limits", name)) if self.karpenter else None


def pools(stack: Stack) -> Iterator[Pool]:
    """Yields every pool of the stack, node groups with their launch templates."""
    for resource in stack.of(*POOLS):
        templates = stack.linked(resource, "launchTemplate", (LAUNCH_TEMPLATE,))
        yield Pool(resource, templates[0] if templates else None)


def _selects(term: View, subnet: Resource) -> bool:
    """Tells whether a Karpenter selector term selects the subnet: by id, or by all its tags (* is any value)."""
    if subnet_id := text(term, "id"):
        return subnet.id == subnet_id
    return all(
        fnmatchcase(text(subnet, ("tags", name)), text(term, ("tags", name)).replace("*", "?*"))
        for name in keys(term, "tags")
    )


def subnets_of(stack: Stack, nodes: Resource) -> list[Resource]:
    """Returns the subnets of this stack that a node group or an EC2NodeClass uses."""
    if nodes.type == NODE_GROUP:
        return stack.linked(nodes, "subnetIds", (SUBNET,))
    terms = list(each(nodes, SUBNET_TERMS))
    return [subnet for subnet in stack.of(SUBNET) if any(_selects(term, subnet) for term in terms)]


def quantity(view: View, path: Path) -> float | None:
    """Returns the Kubernetes quantity at `path` in whole units; None where absent. Raises as `number` does."""
    amount = parsed(at(view, path))
    return number(view, path) if amount is None else float(amount)


def mig_layout(config: str) -> Mapping[str, int] | None:
    """Returns the layout in the name of a MIG configuration: profile -> count, where 0 means as many as fit.

    Returns None when the name holds no layout: mig-parted's `all-balanced`, or a name from a file. The layout of
    `all-disabled` is empty.
    """
    if config == NO_MIG:
        return {}
    if profile := re.fullmatch(r"all-(\d+g\.\d+gb)(\.me)?", config):
        return {profile[1] + ("+me" if profile[2] else ""): 0}
    sharing = Sharing.of_label(f"mig-{config}")
    return dict(sharing.layout) if sharing else None


def _slices_per_node(layout: Mapping[str, int], resource: str, machine: InstanceType) -> int:
    gpu = mig_gpu(machine.accelerator) if machine.accelerator else None
    if gpu is None:
        return 0
    for name, count in layout.items():
        profile = gpu.profiles.get(name)
        if profile is not None and profile.resource == resource:
            return (count or profile.max_instances) * _devices(machine)
    return 0


def _units_per_node(sharing: Sharing, resource: str, accelerator: Accelerator) -> float:
    if accelerator.kind == "neuron" and resource.startswith(NEURON_DEVICE):
        return accelerator.count if resource == NEURON_DEVICE else math.inf  # the plugin decides how many cores
    return sharing.resources(accelerator).get(resource, 0) * accelerator.count


def types_in_words(machines: Sequence[InstanceType]) -> str:
    """Returns the first three types with their accelerators, and how many more there are."""
    first = [
        f"{m.name} ({m.accelerator.count} x {m.accelerator.name})" if m.accelerator else m.name for m in machines[:3]
    ]
    more = len(machines) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def _devices(machine: InstanceType) -> int:
    return machine.accelerator.count if machine.accelerator else 0
