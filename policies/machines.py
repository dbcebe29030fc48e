"""Machines that are in no pool: instances, groups of Auto Scaling, fleets, reservations and SageMaker's.

Without these a limit on GPUs counts only what a pool may start.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, is_of_accelerators
from policies.views import Resource, Stack, View, each, number, present, text

INSTANCES = ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
GROUP, FLEET = "aws:autoscaling/group:Group", "aws:ec2/fleet:Fleet"
SPOT_FLEET = "aws:ec2/spotFleetRequest:SpotFleetRequest"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
ENDPOINT, NOTEBOOK = (
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "aws:sagemaker/notebookInstance:NotebookInstance",
)
SCHEDULE, SCHEDULED = "aws:autoscaling/schedule:Schedule", "autoscalingGroupName"
STARTS = (LAUNCH_TEMPLATE, *INSTANCES, SPOT_FLEET)
"""What says how machines start: rules about nodes read it."""
MACHINES = (*INSTANCES, GROUP, SCHEDULE, FLEET, SPOT_FLEET, RESERVATION, ENDPOINT, NOTEBOOK, LAUNCH_TEMPLATE)


@dataclass(frozen=True)
class Machines:
    """Machines of one type. path: where the type is set. most: how many there may be.

    type_name: "" where neither the resource nor a launch template of this stack names a type.
    """

    resource: Resource
    path: str
    type_name: str
    most: float

    @property
    def machine(self) -> InstanceType | None:
        """Its row in the catalog, without SageMaker's beginning; None for a type that the catalog does not have."""
        return INSTANCE_TYPES.get(self.type_name.removeprefix("ml."))

    @property
    def devices(self) -> float:
        """The most GPUs and Neuron devices of all of them."""
        accelerator = self.machine.accelerator if self.machine else None
        return self.most * accelerator.count if accelerator else 0

    @property
    def is_unlisted(self) -> bool:
        """Tells whether its name is one of machines with accelerators, and the catalog does not have it."""
        return self.machine is None and is_of_accelerators(self.type_name.removeprefix("ml."))


def launches(resource: Resource) -> Iterator[View]:
    """Yields what says how machines start: each specification of a request for a spot fleet, else the resource."""
    if resource.type == SPOT_FLEET:
        yield from each(resource, "launchSpecifications")
    else:
        yield resource


def _ones(stack: Stack, resource: Resource) -> Iterator[Machines]:
    if name := text(resource, "instanceType"):
        yield Machines(resource, "instanceType", name, 1)
    else:
        yield from _of_templates(stack, resource, 1)


def _reserved(_: Stack, resource: Resource) -> Iterator[Machines]:
    count = number(resource, "instanceCount", 1) or 1
    yield Machines(resource, "instanceType", text(resource, "instanceType"), count)


def _of_templates(stack: Stack, resource: Resource, most: float, *lists: str) -> Iterator[Machines]:
    """Yields what a group or fleet may start: the types that it names itself, and else those of its templates."""
    overrides = [override for path in lists for override in each(resource, path)]
    named = [override for override in overrides if not _is_bare(override)]
    for item in named:
        weight = number(item, "weightedCapacity", 1) or 1
        yield Machines(resource, item.under("instanceType"), text(item, "instanceType"), most / weight)
    if not most or (named and len(named) == len(overrides)):
        return
    keys = ("launchTemplate", *resource.links)
    linked = {found.urn: found for key in keys for found in stack.linked(resource, key, (LAUNCH_TEMPLATE,))}
    named_here = set(_texts(resource.value))
    linked |= {found.urn: found for found in stack.of(LAUNCH_TEMPLATE) if found.id and found.id in named_here}
    for name in dict.fromkeys(text(template, "instanceType") for template in linked.values()) or ("",):
        yield Machines(resource, "launchTemplate", name, most)


def _texts(value: Any) -> Iterator[str]:
    """Yields each text in a value: an imported stack has only ids, at any depth."""
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _is_bare(override: View) -> bool:
    """Tells whether an override leaves the type to the launch template."""
    return not any(present(override, key) for key in ("instanceType", "instanceRequirements"))


def _group(stack: Stack, resource: Resource) -> Iterator[Machines]:
    schedules = [one for one in stack.of(SCHEDULE) if resource in stack.linked(one, SCHEDULED, (GROUP,))]
    most = max(number(holder, "maxSize", 0) or 0 for holder in (resource, *schedules))
    return _of_templates(stack, resource, most, "mixedInstancesPolicy.launchTemplate.overrides")


def _of_schedule(stack: Stack, schedule: Resource) -> Iterator[Machines]:
    """Yields what a schedule lets a group grow to that is not in this stack, or a node group beyond its own size."""
    most = number(schedule, "maxSize", 0) or 0
    nodes = stack.linked(schedule, SCHEDULED, (NODE_GROUP,))
    counted = max((number(each, "scalingConfig.maxSize", 0) or 0 for each in nodes), default=0)
    if most > counted and not stack.linked(schedule, SCHEDULED, (GROUP,)):
        yield Machines(schedule, "maxSize", "", most)


def _fleet(stack: Stack, resource: Resource) -> Iterator[Machines]:
    most = number(resource, "targetCapacitySpecification.totalTargetCapacity", 0) or 0
    return _of_templates(stack, resource, most, *_of_configs(resource))


def _of_configs(resource: Resource) -> list[str]:
    return [config.under("overrides") for config in each(resource, "launchTemplateConfigs")]


def _spot_fleet(stack: Stack, resource: Resource) -> Iterator[Machines]:
    most = number(resource, "targetCapacity", 0) or 0
    return _of_templates(stack, resource, most, "launchSpecifications", *_of_configs(resource))


def _endpoint(_: Stack, resource: Resource) -> Iterator[Machines]:
    for path in ("productionVariants", "shadowProductionVariants"):
        for variant in each(resource, path):
            if present(variant, "serverlessConfig"):
                continue
            yield Machines(resource, variant.under("instanceType"), text(variant, "instanceType"), _count(variant))


def _count(variant: View) -> float:
    return number(variant, "managedInstanceScaling.maxInstanceCount") or number(variant, "initialInstanceCount", 1) or 1


_READERS: Mapping[str, Callable[[Stack, Resource], Iterator[Machines]]] = {
    **dict.fromkeys((*INSTANCES, NOTEBOOK), _ones),
    RESERVATION: _reserved,
    GROUP: _group,
    SCHEDULE: _of_schedule,
    FLEET: _fleet,
    SPOT_FLEET: _spot_fleet,
    ENDPOINT: _endpoint,
}


def machines(stack: Stack) -> Iterator[Machines]:
    """Yields all machines of the stack that are in no pool. Raises NotKnownError, WrongTypeError."""
    for kind, read in _READERS.items():
        for resource in stack.of(kind):
            yield from read(stack, resource)
