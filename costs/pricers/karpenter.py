"""Karpenter: a NodePool costs nothing while nobody asks for nodes, and at most what its limits allow.

Source: Karpenter v1.14, "NodePools" (limits, requirements, static capacity), "NodeClasses"; read 2026-08.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.requirements import CAPACITY_TYPE, INSTANCE_TYPE, RESERVATION_TYPE, fits, machines_for, names_machines
from catalog.sharing import NEURON_DEVICE, SHARING_LABEL, WHOLE_GPU, Sharing
from common.values import UNKNOWN
from costs.line import LineItem, Unpriced
from costs.nodes import CAPACITY_BLOCK, Bought, most_nodes, node_lines
from costs.pricers.ebs import volume_lines
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, read, read_list, read_number, read_text
from costs.usage import Amount

NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_OF_NODES = "spec.template"
_WAYS: Sequence[Bought] = ("reserved", "spot", "on-demand")  # Karpenter tries them in this order
_BINARY = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SUFFIXES = {**_BINARY, **_DECIMAL}


def node_pool(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """From no node, or the replicas of a static pool, to as many as the limits allow of the dearest type."""
    requirements = _requirements(resource)
    machines, missing = _machines(requirements, context.region_of(resource))
    for name in missing:
        yield Unpriced(resource.urn, resource.type, f"{name}: not in the catalog, so it has no price")
    labels = _labels(resource)
    types = [machine.name for machine in machines]
    least = read_number(resource.inputs, "spec.replicas", 0)
    static = read(resource.inputs, "spec.replicas") is not None
    bounds = [dict.fromkeys(types, least)] if static else _bounds(machines, _limits(resource), labels)
    if open_ended := [name for name in types if not any(name in bound for bound in bounds)]:
        why = f"{', '.join(open_ended)}: no limit of the pool bounds them. Set spec.limits.nodes"
        yield Unpriced(resource.urn, resource.type, why)
        types = [name for name in types if name not in open_ended]
    if types and not any(set(types) <= bound.keys() for bound in bounds):
        raise NoPriceError("no limit of the pool bounds all of its types, so their sum is open. Set spec.limits.nodes")
    bought = _bought(requirements)
    if "reserved" in bought and _wants(requirements, RESERVATION_TYPE, "capacity-block"):
        bought = [way for way in bought if way != "reserved"]
        yield Unpriced(resource.urn, resource.type, CAPACITY_BLOCK)
    if bought:
        yield from node_lines(resource, context, types, bought, least, bounds, labels)
    try:
        yield from _disks(resource, context, Amount(least, most_nodes(types, bounds)))
    except NoPriceError as error:
        yield Unpriced(resource.urn, resource.type, f"disks of the nodes: {error}")


def _labels(pool: Resource) -> Any:
    try:
        return read(pool.inputs, f"{_OF_NODES}.metadata.labels", {})
    except NoPriceError:
        return UNKNOWN  # the nodes have their price all the same


def _requirements(pool: Resource) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for each in read_list(pool.inputs, f"{_OF_NODES}.spec.requirements"):
        key, values = (each.get("key"), each.get("values")) if isinstance(each, Mapping) else (None, None)
        values = [] if values is None else values
        if not isinstance(key, str) or not isinstance(values, list) or UNKNOWN in values:
            raise NoPriceError(f"{_OF_NODES}.spec.requirements is not known before the update")
        found.append({**each, "values": [str(value) for value in values]})
    return found


def _machines(requirements: Sequence[Mapping[str, Any]], region: str) -> tuple[list[InstanceType], list[str]]:
    """The instance types that the pool may have, and those it names that the catalog does not know."""
    if not names_machines(requirements):
        raise NoPriceError("its requirements leave every instance type open, so what a node costs is open")
    asked = [each["values"] for each in requirements if (each["key"], each.get("operator")) == (INSTANCE_TYPE, "In")]
    missing = [name for name in dict.fromkeys(name for names in asked for name in names) if name not in INSTANCE_TYPES]
    machines = [machine for machine in machines_for(requirements) if asked or region in machine.regions]
    if not machines and not missing:
        raise NoPriceError("no instance type of the catalog meets its requirements")
    return machines, missing


def _bought(requirements: Sequence[Mapping[str, Any]]) -> list[Bought]:
    ways = [way for way in _WAYS if _wants(requirements, CAPACITY_TYPE, way)]
    if not any(each["key"] == CAPACITY_TYPE for each in requirements):
        ways.remove("reserved")
    if not ways:
        raise NoPriceError(f"no capacity type meets its requirement {CAPACITY_TYPE}")
    return ways


def _wants(requirements: Sequence[Mapping[str, Any]], key: str, value: str) -> bool:
    wanted = [each for each in requirements if each["key"] == key]
    return all(fits(each, value) for each in wanted) and (bool(wanted) or key == CAPACITY_TYPE)


def _limits(pool: Resource) -> Mapping[str, float]:
    limits = read(pool.inputs, "spec.limits", {})
    if not isinstance(limits, Mapping):
        raise NoPriceError("spec.limits is no list of resources")
    return {name: _quantity(value, f"spec.limits.{name}") for name, value in limits.items() if value is not None}


def _bounds(machines: Sequence[InstanceType], limits: Mapping[str, float], labels: Any) -> list[Mapping[str, float]]:
    """For each limit: instance type -> nodes of it that use the limit up; without the types that use none of it."""
    uses = {machine.name: _uses(machine, labels) for machine in machines}
    return [
        {name: limit / used[resource] for name, used in uses.items() if used.get(resource)}
        for resource, limit in limits.items()
    ]


def _uses(machine: InstanceType, labels: Any) -> Mapping[str, float]:
    """What one node takes of each limit; of a shared GPU, both as the GPU that EC2 sees and as its parts."""
    uses: dict[str, float] = {"nodes": 1, "cpu": machine.vcpus, "memory": machine.memory_mib * 1024**2}
    accelerator = machine.accelerator
    if accelerator is not None:
        uses[NEURON_DEVICE if accelerator.kind == "neuron" else WHOLE_GPU] = accelerator.count
        label = labels.get(SHARING_LABEL) if isinstance(labels, Mapping) else None
        sharing = Sharing.of_label(label) if isinstance(label, str) else None
        for resource, count in (sharing.resources(accelerator) if sharing else {}).items():
            uses[resource] = accelerator.count * count
    return uses


def _disks(pool: Resource, context: Context, nodes: Amount) -> Iterator[LineItem | Unpriced]:
    node_class = _node_class(pool, context)
    mappings = read_list(node_class.inputs, "spec.blockDeviceMappings")
    if not mappings:
        raise NoPriceError(f"EC2NodeClass {node_class.name} sets no volume, so the machine image decides the size")
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise NoPriceError(f"blockDeviceMappings of {node_class.name} is not known before the update")
        ebs = read(mapping, "ebs")
        if isinstance(ebs, Mapping):
            size = read(ebs, "volumeSize")
            size_gib = None if size is None else _quantity(size, "volumeSize") / 1024**3
            yield from volume_lines(pool, context, {**ebs, "volumeSize": size_gib}, nodes, "node disks")


def _node_class(pool: Resource, context: Context) -> Resource:
    """The class that the pool names; of several clusters' classes of that name, the one beside the pool."""
    name = read_text(pool.inputs, f"{_OF_NODES}.spec.nodeClassRef.name")
    named = [each for each in context.resources.values() if each.type == NODE_CLASS and _called(each) == name]
    beside = [each for each in named if pool.parent and each.parent == pool.parent]
    for candidates in (beside, named):
        if len(candidates) == 1:
            return candidates[0]
    raise NoPriceError(
        f"{len(named)} of these resources are an EC2NodeClass {name}, so the size is not known"
        if named
        else f"EC2NodeClass {name} is not among these resources, so the size is not known"
    )


def _called(resource: Resource) -> str:
    try:
        return read_text(resource.inputs, "metadata.name")
    except NoPriceError:
        return ""


def _quantity(value: Any, path: str) -> float:
    """An amount as Kubernetes writes it, e.g. `8`, `100Gi`. Raises NoPriceError for anything else."""
    if value is UNKNOWN:
        raise NoPriceError(f"{path} is not known before the update")
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)([A-Za-z]{0,2})", value if isinstance(value, str) else f"{value}")
    if isinstance(value, bool) or found is None or found[2] not in _SUFFIXES:
        raise NoPriceError(f"{path} is no amount that can be read")
    return float(found[1]) * _SUFFIXES[found[2]]


PRICERS: Mapping[str, Pricer] = {"kubernetes:karpenter.sh/v1:NodePool": node_pool}
