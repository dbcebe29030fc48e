"""EKS managed node groups: instances from the smallest to the largest size, and their disks."""

from collections.abc import Iterator, Mapping
from typing import Any

from costs.line import LineItem, Unpriced
from costs.nodes import CAPACITY_BLOCK, Bought, node_lines
from costs.pricers.ebs import volume_lines
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, read, read_list, read_number, read_text
from costs.usage import Amount

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
DEFAULT_TYPE = "t3.medium"  # EKS's own choice: docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
DEFAULT_DISK_GIB = 20  # likewise, for Linux


def node_group(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """From min_size nodes of the cheapest instance type to max_size nodes of the dearest one.

    Schedules that take a group to zero at night are not reckoned with: the figure is what it costs to run on.
    """
    size = Amount(
        read_number(resource.inputs, "scalingConfig.minSize", 0),
        read_number(resource.inputs, "scalingConfig.maxSize", 0),
    )
    template, why = _launch_template(resource, context)
    if read_text(resource.inputs, "capacityType", "ON_DEMAND") == "CAPACITY_BLOCK":
        yield Unpriced(resource.urn, resource.type, CAPACITY_BLOCK)
    else:
        types, bought = _instance_types(resource, template), _bought(resource, template)
        most = [dict.fromkeys(types, size.high)]
        yield from node_lines(resource, context, types, [bought], size.low, most, resource.inputs.get("labels"))
    try:
        yield from _disks(resource, context, size, template, why)
    except NoPriceError as error:
        yield Unpriced(resource.urn, resource.type, f"disks of the nodes: {error}")


def _instance_types(group: Resource, template: Resource | None) -> list[str]:
    types = read_list(group.inputs, "instanceTypes")
    if not types and template is not None:
        types = [read_text(template.inputs, "instanceType", DEFAULT_TYPE)]
    known = [name for name in types or [DEFAULT_TYPE] if isinstance(name, str)]
    if len(known) < len(types):
        raise NoPriceError("instanceTypes is not known before the update")
    return known


def _bought(group: Resource, template: Resource | None) -> Bought:
    if read_text(group.inputs, "capacityType", "ON_DEMAND") == "SPOT":
        return "spot"
    specification = template.inputs.get("capacityReservationSpecification") if template else None
    target = specification.get("capacityReservationTarget") if isinstance(specification, Mapping) else None
    return "on-demand" if target is None else "reserved"


def _launch_template(group: Resource, context: Context) -> tuple[Resource | None, str]:
    """The launch template of a node group, and why there is none when there is not.

    Its id is unknown at preview, so the link is the property dependency; where the source has no dependencies (the
    event log), the one template registered under the same component is meant.
    """
    if group.inputs.get("launchTemplate") is None:
        return None, ""
    templates = {urn: found for urn, found in context.resources.items() if found.type == LAUNCH_TEMPLATE}
    for wanted in ("id", "name"):
        try:
            value = read(group.inputs, f"launchTemplate.{wanted}")
        except NoPriceError:
            continue
        for template in templates.values():
            if value and value in (template.id, template.inputs.get("name")):
                return template, ""
    linked = [templates[urn] for urn in group.property_dependencies.get("launchTemplate", ()) if urn in templates]
    beside = (
        [found for found in context.children.get(group.parent, ()) if found.urn in templates] if group.parent else []
    )
    for candidates in (linked, beside):
        if len(candidates) == 1:
            return candidates[0], ""
    return None, "the launch template is not among these resources, so the size is not known"


def _disks(
    group: Resource, context: Context, size: Amount, template: Resource | None, why: str
) -> Iterator[LineItem | Unpriced]:
    if why:
        raise NoPriceError(why)
    if template is None:
        disk: Mapping[str, Any] = {"volumeSize": read_number(group.inputs, "diskSize", DEFAULT_DISK_GIB)}
        yield from volume_lines(group, context, disk, size, "node disks")
        return
    mappings = read_list(template.inputs, "blockDeviceMappings")
    if not mappings:
        raise NoPriceError(f"{template.name} sets no volume, so the machine image decides the size")
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise NoPriceError(f"blockDeviceMappings of {template.name} is not known before the update")
        ebs = read(mapping, "ebs")
        if isinstance(ebs, Mapping):
            yield from volume_lines(group, context, ebs, size, "node disks")


PRICERS: Mapping[str, Pricer] = {"aws:eks/nodeGroup:NodeGroup": node_group}
