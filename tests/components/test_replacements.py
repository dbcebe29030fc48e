"""A replacement is created before the old resource is deleted. Some of them cannot be.

If the new id is that of the old resource, there is none in the end. If AWS refuses two of them, `up` fails each time,
after a green preview. The provider deletes first where a name is given that it would make up itself. Elsewhere the
program has to say so.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator.aws.model import ResourceType
from simulator.aws.registry import kinds
from simulator.aws.templates import fields
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.components.conftest import PlatformCloud
from tests.components.whole_stacks import STACKS, built
from tests.in_process.engine import PROJECT, STACK
from tests.in_process.providers import Registered

# No setting changes these values of a resource: the zone is in the name of a subnet, and the service in that of an
# endpoint. Deleted first, an access entry with a new principal that EKS refuses would leave nobody.
CONSTANTS = {
    ("aws:ec2/subnet:Subnet", "availabilityZone"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType"),
    ("aws:eks/accessEntry:AccessEntry", "type"),
}
ID_FUNCTIONS = {  # ids that functions make, as templates
    "aws:route53/record:Record": "{zoneId}{name}{type}{setIdentifier}",
    "aws:ec2/route:Route": "{routeTableId}{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "{vpcId}",
    "aws:cloudwatch/eventRule:EventRule": "{eventBusName}{name}",
    "aws:cloudwatch/eventTarget:EventTarget": "{eventBusName}{rule}{targetId}",
    "aws:sns/topicPolicy:TopicPolicy": "{arn}",
}


def replacing(kind: ResourceType, resource: Registered) -> Iterator[str]:
    """Yields the paths given by the program whose change replaces the resource."""
    for path in (*kind.replace_on.split(), *kind.replace_if):
        name = path.split(".")[0]
        if resource.inputs.get(name) is not None and (kind.type, name) not in CONSTANTS:
            yield path


def keeps_its_id(kind: ResourceType, resource: Registered) -> Iterator[str]:
    """Yields the inputs given by the program whose change replaces the resource, and leaves its id as it is."""
    of_a_bucket = "{bucket}" if kind.type.startswith("aws:s3/") else ""
    in_the_id = set(fields(kind.id if isinstance(kind.id, str) else of_a_bucket or ID_FUNCTIONS[kind.type]))
    for path in replacing(kind, resource):
        name = path.split(".")[0]
        if not {path, name} & in_the_id:
            yield name


def refusal_of_a_second_one(cloud: PlatformCloud, resource: Registered, path: str) -> str:
    """Returns how AWS refuses another resource that shares all but one value with this one; "" when it does not.

    The value is unknown. So what is refused is refused whatever the new value is.
    """
    inputs = {**resource.inputs, path.split(".")[0]: UNKNOWN}
    second = replace(resource, urn=f"urn:pulumi:{STACK}::{PROJECT}::{resource.type}::second", inputs=inputs)
    provider = cloud.registered.get(resource.provider.rpartition("::")[0])
    try:
        cloud.providers.create(second, provider.inputs if provider else None, preview=True)
    except Refusal as refusal:
        return str(refusal)
    return ""


def deletes_first(kind: ResourceType, resource: Registered) -> bool:
    named = kind.autoname is not None and resource.inputs.get(kind.autoname.property) is not None
    return kind.delete_before_replace or resource.delete_before_replace or named


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_replaced_under_its_own_id_is_deleted_first(stack: str) -> None:
    seen = set()
    for each in built(stack).custom():
        kind = kinds().get(each.type)
        if kind is None or kind.generated_id:
            continue
        for path in keeps_its_id(kind, each):
            seen.add(each.type)
            made_up = kind.autoname is not None and kind.autoname.property not in each.inputs  # with it, the id is new
            assert made_up or deletes_first(kind, each), (
                f"{each.name}: a new {path} would delete it. Write delete_before_replace."
            )
    lost = {"aws:backup/vaultLockConfiguration:VaultLockConfiguration"}
    lost |= {"aws:eks/accessPolicyAssociation:AccessPolicyAssociation"} if stack == "prod" else set()
    assert lost <= seen, "without such types, the test says nothing"


@pytest.mark.parametrize("stack", STACKS)
def test_what_aws_refuses_beside_the_old_one_is_deleted_first(stack: str) -> None:
    cloud, refused = built(stack), set[str]()
    for each in cloud.custom():
        kind = kinds().get(each.type)
        for path in replacing(kind, each) if kind else ():
            if kind and (refusal := refusal_of_a_second_one(cloud, each, path)):
                refused.add(each.type)
                assert deletes_first(kind, each), (
                    f"{each.name}: {path} replaces it. Write delete_before_replace: {refusal}"
                )
    assert {"aws:ec2/flowLog:FlowLog", "aws:ec2/natGateway:NatGateway"} <= refused, "the test says nothing"
