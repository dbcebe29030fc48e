"""Karpenter: a NodePool costs nothing while no pod needs nodes, and at most what its limits allow.

Source: Karpenter v1.14, "NodePools" (limits, requirements, static capacity), "NodeClasses"; read 2026-08.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.requirements import CAPACITY_TYPE, INSTANCE_TYPE, RESERVATION_TYPE, fits, machines_for, names_machines
from catalog.sharing import NEURON_DEVICE, SHARING_LABEL, WHOLE_GPU, Sharing
from common.values import UNKNOWN
from costs.line import LineItem, Unpriced
from costs.nodes import CAPACITY_BLOCK, CapacityType, most_nodes, node_lines
from costs.pricers.ebs import volume_lines
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, quantity, read, read_list, read_number, read_text, text_if_known
from costs.usage import Amount

NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_TEMPLATE = "spec.template"
_CAPACITY_TYPES: Sequence[CapacityType] = ("reserved", "spot", "on-demand")  # Karpenter tries them in this order


def node_pool(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """From no nodes, or the replicas of a static pool, to the most expensive nodes that the limits allow."""
    requirements = _requirements(resource)
    machines, missing = _machines(requirements, context.region_of(resource))
    for name in missing:
        yield Unpriced(resource.urn, resource.type, f"{name}: not in the catalog, so it has no price")
    labels = _labels(resource)
    types = [machine.name for machine in machines]
    minimum = read_number(resource.inputs, "spec.replicas", 0)
    static = read(resource.inputs, "spec.replicas") is not None
    bounds = [dict.fromkeys(types, minimum)] if static else _bounds(machines, _limits(resource), labels)
    if unlimited := [name for name in types if not any(name in bound for bound in bounds)]:
        why = f"{', '.join(unlimited)}: no limit of the pool applies to these types. Set spec.limits.nodes"
        yield Unpriced(resource.urn, resource.type, why)
        types = [name for name in types if name not in unlimited]
    if types and not any(set(types) <= bound.keys() for bound in bounds):
        raise NoPriceError(
            "no limit of the pool applies to all of its types, so the sum is open. Set spec.limits.nodes"
        )
    capacity_types = _capacity_types(requirements)
    if "reserved" in capacity_types and _allows(requirements, RESERVATION_TYPE, "capacity-block"):
        capacity_types = [capacity_type for capacity_type in capacity_types if capacity_type != "reserved"]
        yield Unpriced(resource.urn, resource.type, CAPACITY_BLOCK)
    if capacity_types:
        yield from node_lines(resource, context, types, capacity_types, minimum, bounds, labels)
    try:
        yield from _disks(resource, context, Amount(minimum, most_nodes(types, bounds)))
    except NoPriceError as error:
        yield Unpriced(resource.urn, resource.type, f"disks of the nodes: {error}")


def _labels(pool: Resource) -> Any:
    try:
        return read(pool.inputs, f"{_TEMPLATE}.metadata.labels", {})
    except NoPriceError:
        return UNKNOWN  # the nodes have a price even when their labels are unknown


def _requirements(pool: Resource) -> list[Mapping[str, Any]]:
    requirements: list[Mapping[str, Any]] = []
    for item in read_list(pool.inputs, f"{_TEMPLATE}.spec.requirements"):
        key, values = (item.get("key"), item.get("values")) if isinstance(item, Mapping) else (None, None)
        values = [] if values is None else values
        if not isinstance(key, str) or not isinstance(values, list) or UNKNOWN in values:
            raise NoPriceError(f"{_TEMPLATE}.spec.requirements is not known before the update")
        requirements.append({**item, "values": [str(value) for value in values]})
    return requirements


def _machines(requirements: Sequence[Mapping[str, Any]], region: str) -> tuple[list[InstanceType], list[str]]:
    """Returns the instance types that the pool may use, and the names that are not in the catalog."""
    if not names_machines(requirements):
        raise NoPriceError("its requirements allow every instance type, so the price of a node is not known")
    lists = [item["values"] for item in requirements if (item["key"], item.get("operator")) == (INSTANCE_TYPE, "In")]
    missing = [name for name in dict.fromkeys(name for names in lists for name in names) if name not in INSTANCE_TYPES]
    machines = [machine for machine in machines_for(requirements) if lists or region in machine.regions]
    if not machines and not missing:
        raise NoPriceError("no instance type of the catalog meets its requirements")
    return machines, missing


def _capacity_types(requirements: Sequence[Mapping[str, Any]]) -> list[CapacityType]:
    allowed = [name for name in _CAPACITY_TYPES if _allows(requirements, CAPACITY_TYPE, name)]
    if not any(item["key"] == CAPACITY_TYPE for item in requirements):
        allowed.remove("reserved")
    if not allowed:
        raise NoPriceError(f"no capacity type meets its requirement {CAPACITY_TYPE}")
    return allowed


def _allows(requirements: Sequence[Mapping[str, Any]], key: str, value: str) -> bool:
    """Tells whether the requirements of `key` allow the value. Without any, only capacity types are allowed."""
    of_key = [item for item in requirements if item["key"] == key]
    return all(fits(item, value) for item in of_key) and (bool(of_key) or key == CAPACITY_TYPE)


def _limits(pool: Resource) -> Mapping[str, float]:
    limits = read(pool.inputs, "spec.limits", {})
    if not isinstance(limits, Mapping):
        raise NoPriceError("spec.limits is not a map of resources")
    return {name: quantity(value, f"spec.limits.{name}") for name, value in limits.items() if value is not None}


def _bounds(machines: Sequence[InstanceType], limits: Mapping[str, float], labels: Any) -> list[Mapping[str, float]]:
    """Returns, for each limit: instance type -> number of its nodes that reach the limit.

    A type that uses nothing of a limit is not in the map of that limit.
    """
    resources = {machine.name: _resources(machine, labels) for machine in machines}
    return [
        {name: limit / per_node[resource] for name, per_node in resources.items() if per_node.get(resource)}
        for resource, limit in limits.items()
    ]


def _resources(machine: InstanceType, labels: Any) -> Mapping[str, float]:
    """Returns what one node counts towards each limit; a shared GPU counts as a whole GPU and as its slices."""
    resources: dict[str, float] = {"nodes": 1, "cpu": machine.vcpus, "memory": machine.memory_mib * 1024**2}
    accelerator = machine.accelerator
    if accelerator is not None:
        resources[NEURON_DEVICE if accelerator.kind == "neuron" else WHOLE_GPU] = accelerator.count
        label = labels.get(SHARING_LABEL) if isinstance(labels, Mapping) else None
        sharing = Sharing.of_label(label) if isinstance(label, str) else None
        for resource, count in (sharing.resources(accelerator) if sharing else {}).items():
            resources[resource] = accelerator.count * count
    return resources


def _disks(pool: Resource, context: Context, nodes: Amount) -> Iterator[LineItem | Unpriced]:
    node_class = _node_class(pool, context)
    mappings = read_list(node_class.inputs, "spec.blockDeviceMappings")
    if not mappings:
        raise NoPriceError(f"EC2NodeClass {node_class.name} sets no volume, so the size depends on the machine image")
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise NoPriceError(f"blockDeviceMappings of {node_class.name} is not known before the update")
        ebs = read(mapping, "ebs")
        if isinstance(ebs, Mapping):
            size = read(ebs, "volumeSize")
            size_gib = None if size is None else quantity(size, "volumeSize") / 1024**3
            yield from volume_lines(pool, context, {**ebs, "volumeSize": size_gib}, nodes, "node disks")


def _node_class(pool: Resource, context: Context) -> Resource:
    """Returns the EC2NodeClass that the pool names. When several clusters have one, the one with the pool's parent."""
    name = read_text(pool.inputs, f"{_TEMPLATE}.spec.nodeClassRef.name")
    same_name = [
        other
        for other in context.resources.values()
        if other.type == NODE_CLASS and text_if_known(other.inputs, "metadata.name") == name
    ]
    siblings = [node_class for node_class in same_name if pool.parent and node_class.parent == pool.parent]
    for candidates in (siblings, same_name):
        if len(candidates) == 1:
            return candidates[0]
    raise NoPriceError(
        f"there are {len(same_name)} resources EC2NodeClass {name}, so the size is not known"
        if same_name
        else f"there is no resource EC2NodeClass {name}, so the size is not known"
    )


PRICERS: Mapping[str, Pricer] = {"kubernetes:karpenter.sh/v1:NodePool": node_pool}
