"""Machines that are in no pool: instances, groups of Auto Scaling, fleets, reservations and SageMaker's.

Without these a limit on GPUs counts only what a pool may start.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from policies.pools import LAUNCH_TEMPLATE, is_of_accelerators
from policies.views import Resource, Stack, View, each, number, text

INSTANCES = ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
GROUP, FLEET = "aws:autoscaling/group:Group", "aws:ec2/fleet:Fleet"
SPOT_FLEET = "aws:ec2/spotFleetRequest:SpotFleetRequest"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
ENDPOINT, NOTEBOOK = (
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "aws:sagemaker/notebookInstance:NotebookInstance",
)
MACHINES = (*INSTANCES, GROUP, FLEET, SPOT_FLEET, RESERVATION, ENDPOINT, NOTEBOOK, LAUNCH_TEMPLATE)


@dataclass(frozen=True)
class Machines:
    """Machines of one type. path: where the type is set. most: how many there may be."""

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


def _ones(_: Stack, resource: Resource) -> Iterator[Machines]:
    yield Machines(resource, "instanceType", text(resource, "instanceType"), 1)


def _reserved(_: Stack, resource: Resource) -> Iterator[Machines]:
    count = number(resource, "instanceCount", 1) or 1
    yield Machines(resource, "instanceType", text(resource, "instanceType"), count)


def _of_templates(stack: Stack, resource: Resource, most: float, lists: tuple[str, ...]) -> Iterator[Machines]:
    """Yields what a group or fleet may start: the types that it names itself, and else those of its templates."""
    named = [override for path in lists for override in each(resource, path)]
    for item in named:
        if name := text(item, "instanceType"):
            yield Machines(resource, item.under("instanceType"), name, most)
    linked = {
        template.urn: template for key in resource.links for template in stack.linked(resource, key, (LAUNCH_TEMPLATE,))
    }
    for template in linked.values():
        if not named and (name := text(template, "instanceType")):
            yield Machines(resource, "launchTemplate", name, most)


def _group(stack: Stack, resource: Resource) -> Iterator[Machines]:
    overrides = ("mixedInstancesPolicy.launchTemplate.overrides",)
    return _of_templates(stack, resource, number(resource, "maxSize", 0) or 0, overrides)


def _fleet(stack: Stack, resource: Resource) -> Iterator[Machines]:
    most = number(resource, "targetCapacitySpecification.totalTargetCapacity", 0) or 0
    configs = [
        f"launchTemplateConfigs[{index}].overrides" for index, _ in enumerate(each(resource, "launchTemplateConfigs"))
    ]
    return _of_templates(stack, resource, most, tuple(configs))


def _spot_fleet(stack: Stack, resource: Resource) -> Iterator[Machines]:
    most = number(resource, "targetCapacity", 0) or 0
    return _of_templates(stack, resource, most, ("launchSpecifications",))


def _endpoint(_: Stack, resource: Resource) -> Iterator[Machines]:
    for path in ("productionVariants", "shadowProductionVariants"):
        for variant in each(resource, path):
            yield Machines(resource, variant.under("instanceType"), text(variant, "instanceType"), _count(variant))


def _count(variant: View) -> float:
    return number(variant, "managedInstanceScaling.maxInstanceCount") or number(variant, "initialInstanceCount", 1) or 1


_READERS: Mapping[str, Callable[[Stack, Resource], Iterator[Machines]]] = {
    **dict.fromkeys((*INSTANCES, NOTEBOOK), _ones),
    RESERVATION: _reserved,
    GROUP: _group,
    FLEET: _fleet,
    SPOT_FLEET: _spot_fleet,
    ENDPOINT: _endpoint,
}


def machines(stack: Stack) -> Iterator[Machines]:
    """Yields all machines of the stack that are in no pool. Raises NotKnownError, WrongTypeError."""
    for kind, read in _READERS.items():
        for resource in stack.of(kind):
            yield from read(stack, resource)
