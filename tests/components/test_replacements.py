"""A replacement whose new id is that of the old resource is created, then deleted: in the end there is none.

The provider deletes first where a name is given that it would make up itself. Elsewhere the program has to say so.
"""

from collections.abc import Iterator

import pytest

from simulator.aws.model import ResourceType
from simulator.aws.registry import kinds
from simulator.aws.templates import fields
from tests.components.whole_stacks import STACKS, built
from tests.in_process.providers import Registered

# No setting changes these values, and deleted first, an entry with a new principal that EKS refuses would leave nobody.
CONSTANTS = {("aws:eks/accessEntry:AccessEntry", "type")}
ID_FUNCTIONS = {  # ids that functions make, as templates
    "aws:ec2/route:Route": "{routeTableId}{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "{vpcId}",
    "aws:cloudwatch/eventRule:EventRule": "{eventBusName}{name}",
    "aws:cloudwatch/eventTarget:EventTarget": "{eventBusName}{rule}{targetId}",
}


def keeps_its_id(kind: ResourceType, resource: Registered) -> Iterator[str]:
    """Yields the inputs given by the program whose change replaces the resource, and leaves its id as it is."""
    of_a_bucket = "{bucket}" if kind.type.startswith("aws:s3/") else ""
    in_the_id = set(fields(kind.id if isinstance(kind.id, str) else of_a_bucket or ID_FUNCTIONS[kind.type]))
    for path in (*kind.replace_on.split(), *kind.replace_if):
        name = path.split(".")[0]
        given = resource.inputs.get(name) is not None
        if given and not {path, name} & in_the_id and (kind.type, name) not in CONSTANTS:
            yield name


def deletes_first(kind: ResourceType, resource: Registered) -> bool:
    return kind.delete_before_replace or resource.delete_before_replace or kind.autoname is not None


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_replaced_under_its_own_id_is_deleted_first(stack: str) -> None:
    seen = set()
    for each in built(stack).custom():
        kind = kinds().get(each.type)
        if kind is None or kind.generated_id:
            continue
        for path in keeps_its_id(kind, each):
            seen.add(each.type)
            assert deletes_first(kind, each), f"{each.name}: a new {path} would delete it. Write delete_before_replace."
    lost = {"aws:backup/vaultLockConfiguration:VaultLockConfiguration"}
    lost |= {"aws:eks/accessPolicyAssociation:AccessPolicyAssociation"} if stack == "prod" else set()
    assert lost <= seen, "without such types, the test says nothing"
