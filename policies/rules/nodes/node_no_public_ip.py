"""No node requests a public address."""

from collections.abc import Iterator

from policies.machines import INSTANCES, SPOT_FLEET, STARTS, launches
from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, each, flag
from policies.samples import node_class

INSTANCE = INSTANCES[0]
MESSAGE = "requests a public address"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    path = "spec.associatePublicIPAddress" if resource.type == NODE_CLASS else "associatePublicIpAddress"
    for launch in launches(resource):
        if flag(launch, path):
            yield launch.under(path), MESSAGE
        for interface in each(launch, "networkInterfaces"):
            if flag(interface, "associatePublicIpAddress"):
                yield interface.under("associatePublicIpAddress"), MESSAGE


RULE = Rule(
    id="node-no-public-ip",
    applies_to=(*STARTS, NODE_CLASS),
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
        "a spot fleet": Case(
            {"launchSpecifications": [{"associatePublicIpAddress": True}]},
            type=SPOT_FLEET,
            at="launchSpecifications[0].associatePublicIpAddress",
        ),
        "instance": Case({"associatePublicIpAddress": True}, type=INSTANCE, at="associatePublicIpAddress"),
        "EC2NodeClass": Case(
            node_class(associatePublicIPAddress=True), type=NODE_CLASS, at="spec.associatePublicIPAddress"
        ),
    },
)
