"""The pools of a stack, as its resources say: nodes, GPUs and vCPUs of each quota."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.quotas import quota_for
from common.urns import name_of
from costs.resource import Resource
from report.dangers.danger import at, every
from report.tables import counted

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
NODE_POOL, NODE_CLASS = "kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_CAPACITY = {"ON_DEMAND": "on-demand", "SPOT": "spot"}
_LIMIT = "spec.limits"


@dataclass
class Pool:
    """One pool: the node groups, or the NodePool, of one component. vcpus: quota -> the most that it counts against."""

    key: str
    types: set[str] = field(default_factory=set)
    groups: list[str] = field(default_factory=list)
    fewest: int = 0
    most: int = 0
    gpus: int = 0
    vcpus: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """The name of its component."""
        return name_of(self.key)


def pools(resources: Mapping[str, Resource]) -> Mapping[str, Pool]:
    """Returns the pools by the URN of their component."""
    found: dict[str, Pool] = {}
    for resource in resources.values():
        if resource.type in (NODE_GROUP, NODE_POOL):
            pool = found.setdefault(resource.parent or resource.urn, Pool(resource.parent or resource.urn))
            pool.groups.append(resource.urn)
            (_managed if resource.type == NODE_GROUP else _karpenter)(pool, resource.inputs)
    return found


def totals(some: Iterable[Pool]) -> str:
    """Returns nodes and GPUs of pools in words, e.g. `3 to 24 nodes, up to 48 GPUs`."""
    each = list(some)
    low, high = sum(pool.fewest for pool in each), sum(pool.most for pool in each)
    gpus = sum(pool.gpus for pool in each)
    nodes = f"{'' if low == high else f'{low} to '}{counted(high, 'node')}"
    return f"{nodes}, up to {counted(gpus, 'GPU')}" if gpus else nodes


def _managed(pool: Pool, inputs: Mapping[str, Any]) -> None:
    scaling = inputs.get("scalingConfig")
    most = _number(at(scaling, "maxSize"))
    pool.fewest += _number(at(scaling, "minSize"))
    pool.most += most
    machines = _machines(pool, every(inputs, "instanceTypes"))
    pool.gpus += most * max((_gpus(machine) for machine in machines), default=0)
    _count(pool, machines, _CAPACITY.get(str(inputs.get("capacityType")), ""), most)


def _karpenter(pool: Pool, inputs: Mapping[str, Any]) -> None:
    limits = at(inputs, _LIMIT)
    limits = limits if isinstance(limits, Mapping) else {}
    wanted = {
        each.get("key"): every(each, "values")
        for each in every(inputs, "spec.template.spec.requirements")
        if isinstance(each, Mapping)
    }
    machines = _machines(pool, wanted.get("node.kubernetes.io/instance-type", []))
    pool.most += _number(limits.get("nodes"))
    pool.gpus += _number(limits.get("nvidia.com/gpu"))
    for capacity in wanted.get("karpenter.sh/capacity-type", []):
        for quota in {found.name for machine in machines if (found := quota_for(machine, capacity))}:
            pool.vcpus[quota] += _number(limits.get("cpu"))


def _count(pool: Pool, machines: list[InstanceType], capacity: str, nodes: int) -> None:
    by_quota: Counter[str] = Counter()
    for machine in machines:
        quota = quota_for(machine, capacity)
        if quota is not None:
            by_quota[quota.name] = max(by_quota[quota.name], nodes * machine.vcpus)
    pool.vcpus.update(by_quota)


def _machines(pool: Pool, names: Iterable[Any]) -> list[InstanceType]:
    texts = [name for name in names if isinstance(name, str)]
    pool.types.update(texts)
    return [INSTANCE_TYPES[name] for name in texts if name in INSTANCE_TYPES]


def _gpus(machine: InstanceType) -> int:
    return machine.accelerator.count if machine.accelerator and machine.accelerator.kind == "gpu" else 0


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
