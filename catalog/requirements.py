"""The labels that Karpenter gives an instance type, and which types meet a list of requirements.

NodePools and NodeOverlays choose instance types by labels that Karpenter derives from EC2's description of each type.
Source: Karpenter v1.14, "NodePools" (well-known labels), and how its AWS provider sets them; read 2026-11.
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
_AWS_PREFIX = "karpenter.k8s.aws/instance-"
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_EC2_NAMES = {"RTX PRO 6000": "RTX PRO Server 6000"}  # the others as in the catalog
_TYPE_LABELS = frozenset(
    {INSTANCE_TYPE, "kubernetes.io/arch"}
    | {f"{_AWS_PREFIX}{name}" for name in ("category", "family", "generation", "size", "cpu", "memory", "local-nvme")}
    | {f"{_AWS_PREFIX}gpu-{name}" for name in ("name", "manufacturer", "count", "memory")}
    | {f"{_AWS_PREFIX}accelerator-{name}" for name in ("name", "manufacturer", "count")}
)


@cache
def instance_labels(name: str) -> Mapping[str, str]:
    """Returns the labels of an instance type of the catalog, without those that do not apply to it."""
    machine = INSTANCE_TYPES[name]
    family, _, size = name.partition(".")
    labels = {
        INSTANCE_TYPE: name,
        "kubernetes.io/arch": _ARCHITECTURES[machine.arch],
        f"{_AWS_PREFIX}family": family,
        f"{_AWS_PREFIX}size": size,
        f"{_AWS_PREFIX}cpu": str(machine.vcpus),
        f"{_AWS_PREFIX}memory": str(machine.memory_mib),
    }
    if series := re.match(r"([a-z]+)(?:-\d+tb)?(\d+)", family):
        labels |= {f"{_AWS_PREFIX}category": series[1], f"{_AWS_PREFIX}generation": series[2]}
    if machine.local_nvme_gb:
        labels[f"{_AWS_PREFIX}local-nvme"] = str(int(machine.local_nvme_gb))
    return {**labels, **_accelerator_labels(machine)}


def _accelerator_labels(machine: InstanceType) -> Mapping[str, str]:
    accelerator = machine.accelerator
    if accelerator is None:
        return {}
    prefix = f"{_AWS_PREFIX}{'gpu' if accelerator.kind == 'gpu' else 'accelerator'}-"
    labels = {
        f"{prefix}name": _EC2_NAMES.get(accelerator.name, accelerator.name).lower().replace(" ", "-"),
        f"{prefix}manufacturer": accelerator.manufacturer.lower(),
        f"{prefix}count": str(0 if accelerator.fractional else accelerator.count),  # EC2 counts whole GPUs
    }
    if accelerator.kind == "gpu" and accelerator.memory_mib is not None:
        labels[f"{prefix}memory"] = str(accelerator.memory_mib)
    return labels


def machines_for(requirements: Sequence[Mapping[str, Any]]) -> tuple[InstanceType, ...]:
    """Returns the instance types of the catalog that meet the requirements, ignoring keys that are not about types."""
    about_types = [each for each in requirements if each.get("key") in _TYPE_LABELS]
    return tuple(
        machine
        for name, machine in INSTANCE_TYPES.items()
        if all(fits(each, instance_labels(name).get(each["key"])) for each in about_types)
    )


def names_machines(requirements: Iterable[Mapping[str, Any]]) -> bool:
    """Returns whether any requirement restricts the instance types, other than by architecture."""
    return any(each.get("key") in _TYPE_LABELS - {"kubernetes.io/arch"} for each in requirements)


def fits(requirement: Mapping[str, Any], value: str | None) -> bool:
    """Returns whether a node meets the requirement. value: of the requirement's label; None if the node lacks it."""
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
    """Returns whether no node can meet both lists: a label's values differ, or no instance type meets both."""
    both = [*one, *other]
    for key in {each.get("key") for each in both}:
        of_key = [each for each in both if each.get("key") == key]
        values = [set(each.get("values") or ()) for each in of_key if each.get("operator") == "In"]
        candidates = set.intersection(*values) if values else {"any other value", None}
        if not any(all(fits(each, value) for each in of_key if not _is_number(each)) for value in candidates):
            return True
    return not machines_for(both)


def _is_number(requirement: Mapping[str, Any]) -> bool:
    return requirement.get("operator") in ("Gt", "Lt", "Gte", "Lte")
