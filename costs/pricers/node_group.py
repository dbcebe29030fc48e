"""EKS managed node groups: nodes from the minimum to the maximum size, and their disks."""

from collections.abc import Iterator, Mapping
from typing import Any

from costs.line import LineItem, Unpriced
from costs.nodes import CAPACITY_BLOCK, CapacityType, node_lines
from costs.pricers.ebs import volume_lines
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, read, read_list, read_number, read_text
from costs.usage import Amount

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
DEFAULT_TYPE = "t3.medium"  # EKS's default: docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
DEFAULT_DISK_GIB = 20  # EKS's default for Linux, same source


def node_group(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """From min_size nodes of the cheapest instance type to max_size nodes of the most expensive one.

    The estimate ignores schedules that scale the group to zero at night: it is the cost of running all the time.
    """
    size = Amount(
        read_number(resource.inputs, "scalingConfig.minSize", 0),
        read_number(resource.inputs, "scalingConfig.maxSize", 0),
    )
    template, problem = _launch_template(resource, context)
    if read_text(resource.inputs, "capacityType", "ON_DEMAND") == "CAPACITY_BLOCK":
        yield Unpriced(resource.urn, resource.type, CAPACITY_BLOCK)
    else:
        types, capacity_type = _instance_types(resource, template), _capacity_type(resource, template)
        bounds, labels = [dict.fromkeys(types, size.high)], resource.inputs.get("labels")
        yield from node_lines(resource, context, types, [capacity_type], size.low, bounds, labels)
    try:
        yield from _disks(resource, context, size, template, problem)
    except NoPriceError as error:
        yield Unpriced(resource.urn, resource.type, f"disks of the nodes: {error}")


def _instance_types(group: Resource, template: Resource | None) -> list[str]:
    types = read_list(group.inputs, "instanceTypes")
    if not types and template is not None:
        types = [read_text(template.inputs, "instanceType", DEFAULT_TYPE)]
    names = [name for name in types or [DEFAULT_TYPE] if isinstance(name, str)]
    if len(names) < len(types):
        raise NoPriceError("instanceTypes is not known before the update")
    return names


def _capacity_type(group: Resource, template: Resource | None) -> CapacityType:
    if read_text(group.inputs, "capacityType", "ON_DEMAND") == "SPOT":
        return "spot"
    specification = template.inputs.get("capacityReservationSpecification") if template else None
    target = specification.get("capacityReservationTarget") if isinstance(specification, Mapping) else None
    return "on-demand" if target is None else "reserved"


def _launch_template(group: Resource, context: Context) -> tuple[Resource | None, str]:
    """Returns the launch template of a node group, or None and the problem when it cannot be found.

    Its id is unknown at preview, so the property dependency links it. The event log has no dependencies; there the
    node group uses the only template under the same parent.
    """
    if group.inputs.get("launchTemplate") is None:
        return None, ""
    templates = {urn: other for urn, other in context.resources.items() if other.type == LAUNCH_TEMPLATE}
    for key in ("id", "name"):
        try:
            value = read(group.inputs, f"launchTemplate.{key}")
        except NoPriceError:
            continue
        for template in templates.values():
            if value and value in (template.id, template.inputs.get("name")):
                return template, ""
    linked = [templates[urn] for urn in group.property_dependencies.get("launchTemplate", ()) if urn in templates]
    siblings = (
        [child for child in context.children.get(group.parent, ()) if child.urn in templates] if group.parent else []
    )
    for candidates in (linked, siblings):
        if len(candidates) == 1:
            return candidates[0], ""
    return None, "the launch template cannot be found, so the size is not known"


def _disks(
    group: Resource, context: Context, size: Amount, template: Resource | None, problem: str
) -> Iterator[LineItem | Unpriced]:
    if problem:
        raise NoPriceError(problem)
    if template is None:
        disk: Mapping[str, Any] = {"volumeSize": read_number(group.inputs, "diskSize", DEFAULT_DISK_GIB)}
        yield from volume_lines(group, context, disk, size, "node disks")
        return
    mappings = read_list(template.inputs, "blockDeviceMappings")
    if not mappings:
        raise NoPriceError(f"{template.name} sets no volume, so the size depends on the machine image")
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise NoPriceError(f"blockDeviceMappings of {template.name} is not known before the update")
        ebs = read(mapping, "ebs")
        if isinstance(ebs, Mapping):
            yield from volume_lines(group, context, ebs, size, "node disks")


PRICERS: Mapping[str, Pricer] = {"aws:eks/nodeGroup:NodeGroup": node_group}
