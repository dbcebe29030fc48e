"""No node requests a public address."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, each, flag
from policies.samples import node_class

INSTANCE = "aws:ec2/instance:Instance"
SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
MESSAGE = "requests a public address"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    path = "spec.associatePublicIPAddress" if resource.type == NODE_CLASS else "associatePublicIpAddress"
    if flag(resource, path):
        yield path, MESSAGE
    for interface in each(resource, "networkInterfaces"):
        if flag(interface, "associatePublicIpAddress"):
            yield interface.under("associatePublicIpAddress"), MESSAGE


RULE = Rule(
    id="node-no-public-ip",
    applies_to=(LAUNCH_TEMPLATE, INSTANCE, SPOT, NODE_CLASS),
    severity="high",
    standards=("FSBP EC2.9", "FSBP EC2.25", "CKV_AWS_88"),
    why="Anyone can reach and scan a node with a public address; a node behind NAT is out of reach.",
    fix="Remove associate_public_ip_address, and put nodes into private subnets, which net-nodes-private checks.",
    mend={
        "networkInterfaces[].associatePublicIpAddress": "false",
        "associatePublicIpAddress": False,
        "associatePublicIPAddress": False,
    },
    check=check,
    good={
        "nothing set, so the private subnet decides": {},
        "turned off": {"networkInterfaces": [{"associatePublicIpAddress": "false"}]},
        "instance": Case({"associatePublicIpAddress": False}, type=INSTANCE),
        "EC2NodeClass": Case(node_class(associatePublicIPAddress=False), type=NODE_CLASS),
    },
    bad={
        'the string "true", as launch templates store it': Case(
            {"networkInterfaces": [{}, {"associatePublicIpAddress": "true"}]},
            at="networkInterfaces[1].associatePublicIpAddress",
        ),
        "instance": Case({"associatePublicIpAddress": True}, type=INSTANCE, at="associatePublicIpAddress"),
        "EC2NodeClass": Case(
            node_class(associatePublicIPAddress=True), type=NODE_CLASS, at="spec.associatePublicIPAddress"
        ),
    },
)
