"""No node asks for a public address."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, View, every, flag
from policies.samples import node_class

INSTANCE = "aws:ec2/instance:Instance"
REASON = "asks for a public address"


def _interface(interface: View) -> Iterator[tuple[str, str]]:
    if flag(interface, "associatePublicIpAddress"):
        yield interface.under("associatePublicIpAddress"), REASON


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    whole = "spec.associatePublicIPAddress" if resource.type == NODE_CLASS else "associatePublicIpAddress"
    if flag(resource, whole):
        yield whole, REASON
    yield from every(resource, "networkInterfaces", _interface)


RULE = Rule(
    id="node-no-public-ip",
    applies_to=(LAUNCH_TEMPLATE, INSTANCE, NODE_CLASS),
    severity="high",
    standards=("FSBP EC2.9", "FSBP EC2.25", "CKV_AWS_88"),
    why="A node with a public address can be reached, and scanned, from anywhere; one behind NAT cannot.",
    fix="Leave associate_public_ip_address out, and put nodes into private subnets (net-nodes-private looks at those).",
    check=check,
    good={
        "nothing said, so the private subnet decides": {},
        "refused": {"networkInterfaces": [{"associatePublicIpAddress": "false"}]},
        "instance": Case({"associatePublicIpAddress": False}, type=INSTANCE),
        "EC2NodeClass": Case(node_class(associatePublicIPAddress=False), type=NODE_CLASS),
    },
    bad={
        'the text "true", as launch templates keep it': Case(
            {"networkInterfaces": [{}, {"associatePublicIpAddress": "true"}]},
            at="networkInterfaces[1].associatePublicIpAddress",
        ),
        "instance": Case({"associatePublicIpAddress": True}, type=INSTANCE, at="associatePublicIpAddress"),
        "EC2NodeClass": Case(
            node_class(associatePublicIPAddress=True), type=NODE_CLASS, at="spec.associatePublicIPAddress"
        ),
    },
)
