"""What Karpenter calls an instance type, and which types a list of requirements leaves.

NodePools and NodeOverlays choose machines by labels that Karpenter derives from EC2's own description of each type.
Source: Karpenter v1.14, "NodePools" (well-known labels), and how its AWS provider fills them in; read 2026-11.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, InstanceType

INSTANCE_TYPE = "node.kubernetes.io/instance-type"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
NODE_POOL = "karpenter.sh/nodepool"
RESERVATION_TYPE = "karpenter.k8s.aws/capacity-reservation-type"
_OF_AWS = "karpenter.k8s.aws/instance-"
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_NAMED_BY_EC2 = {"RTX PRO 6000": "RTX PRO Server 6000"}  # the others as in the catalog
_JUDGED = frozenset(
    {INSTANCE_TYPE, "kubernetes.io/arch"}
    | {f"{_OF_AWS}{name}" for name in ("category", "family", "generation", "size", "cpu", "memory", "local-nvme")}
    | {f"{_OF_AWS}gpu-{name}" for name in ("name", "manufacturer", "count", "memory")}
    | {f"{_OF_AWS}accelerator-{name}" for name in ("name", "manufacturer", "count")}
)


@cache
def instance_labels(name: str) -> Mapping[str, str]:
    """The labels of an instance type of the catalog; one that does not apply is left out."""
    machine = INSTANCE_TYPES[name]
    family, _, size = name.partition(".")
    found = {
        INSTANCE_TYPE: name,
        "kubernetes.io/arch": _ARCHITECTURES[machine.arch],
        f"{_OF_AWS}family": family,
        f"{_OF_AWS}size": size,
        f"{_OF_AWS}cpu": str(machine.vcpus),
        f"{_OF_AWS}memory": str(machine.memory_mib),
    }
    if series := re.match(r"([a-z]+)(?:-\d+tb)?(\d+)", family):
        found |= {f"{_OF_AWS}category": series[1], f"{_OF_AWS}generation": series[2]}
    if machine.local_nvme_gb:
        found[f"{_OF_AWS}local-nvme"] = str(int(machine.local_nvme_gb))
    return {**found, **_accelerator_labels(machine)}


def _accelerator_labels(machine: InstanceType) -> Mapping[str, str]:
    accelerator = machine.accelerator
    if accelerator is None:
        return {}
    start = f"{_OF_AWS}{'gpu' if accelerator.kind == 'gpu' else 'accelerator'}-"
    found = {
        f"{start}name": _NAMED_BY_EC2.get(accelerator.name, accelerator.name).lower().replace(" ", "-"),
        f"{start}manufacturer": accelerator.manufacturer.lower(),
        f"{start}count": str(0 if accelerator.fractional else accelerator.count),  # EC2 counts whole GPUs
    }
    if accelerator.kind == "gpu" and accelerator.memory_mib is not None:
        found[f"{start}memory"] = str(accelerator.memory_mib)
    return found


def machines_for(requirements: Sequence[Mapping[str, Any]]) -> tuple[InstanceType, ...]:
    """The instance types of the catalog that the requirements leave; keys that say nothing of a type leave all."""
    about_types = [each for each in requirements if each.get("key") in _JUDGED]
    return tuple(
        machine
        for name, machine in INSTANCE_TYPES.items()
        if all(fits(each, instance_labels(name).get(each["key"])) for each in about_types)
    )


def names_machines(requirements: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any requirement says which instance types, beyond their architecture."""
    return any(each.get("key") in _JUDGED - {"kubernetes.io/arch"} for each in requirements)


def fits(requirement: Mapping[str, Any], value: str | None) -> bool:
    """Whether a node with this value of the requirement's label is wanted; None: a node without the label."""
    operator, values = requirement.get("operator"), requirement.get("values") or ()
    if operator in ("NotIn", "DoesNotExist"):
        return value not in values if operator == "NotIn" else value is None
    if value is None or operator == "Exists":
        return value is not None
    if operator == "In":
        return value in values
    return _compared(str(operator), value, values)


def _compared(operator: str, value: str, values: Sequence[Any]) -> bool:
    if not value.isdecimal() or not values or not str(values[0]).isdecimal():
        return False
    number, bound = int(value), int(values[0])
    return {"Gt": number > bound, "Lt": number < bound, "Gte": number >= bound, "Lte": number <= bound}.get(
        operator, False
    )


def exclude_each_other(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    """Whether no node can meet both lists: they want different values of a label, or no instance type meets both."""
    both = [*one, *other]
    for key in {each.get("key") for each in both}:
        wanted = [each for each in both if each.get("key") == key]
        values = [set(each.get("values") or ()) for each in wanted if each.get("operator") == "In"]
        candidates = set.intersection(*values) if values else {"any other value", None}
        if not any(all(fits(each, value) for each in wanted if not _is_number(each)) for value in candidates):
            return True
    return not machines_for(both)


def _is_number(requirement: Mapping[str, Any]) -> bool:
    return requirement.get("operator") in ("Gt", "Lt", "Gte", "Lte")
