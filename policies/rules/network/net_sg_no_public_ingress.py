"""No security group allows traffic from the internet."""

import ipaddress
from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, View, check_each, number, text, texts

RULE_TYPE, OLD_RULE_TYPE = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
)
GROUP, DEFAULT_GROUP = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
KEYS = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
SHORTEST_PREFIX = {4: 9, 6: 24}  # a range with a shorter prefix is a part of the internet, not one network
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "fc00::/7")))  # private ranges with shorter prefixes


def _is_internet(cidr: str) -> bool:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False  # AWS refuses it
    wide = network.prefixlen < SHORTEST_PREFIX[network.version]
    return wide and not any(
        network.network_address in private and network.prefixlen >= private.prefixlen for private in PRIVATE
    )


def _ranges(rule: View, key: str) -> list[str]:
    return texts(rule, key) if key.endswith("Blocks") else [text(rule, key)]


def _open(rule: View, public_ports: Sequence[str]) -> Iterator[tuple[str, str]]:
    first, last = number(rule, "fromPort"), number(rule, "toPort")
    if first is not None and first == last and f"{first:g}" in public_ports:
        return
    for key in KEYS:
        if any(_is_internet(cidr) for cidr in _ranges(rule, key)):
            yield rule.under(key), "allows traffic from the internet"


def check(resource: Resource, *, public_ports: Sequence[str]) -> Iterator[tuple[str, str]]:
    if resource.type in (GROUP, DEFAULT_GROUP):
        yield from check_each(resource, "ingress", lambda rule: _open(rule, public_ports))
    elif resource.type == RULE_TYPE or text(resource, "type") == "ingress":
        yield from _open(resource, public_ports)


RULE = Rule(
    id="net-sg-no-public-ingress",
    applies_to=(RULE_TYPE, OLD_RULE_TYPE, GROUP, DEFAULT_GROUP),
    severity="critical",
    standards=("FSBP EC2.13", "FSBP EC2.14", "FSBP EC2.18", "FSBP EC2.19", "CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260"),
    why="Only load balancers face the internet, and their controller creates their rules.",
    fix="Name the range or the security group that may connect.",
    options={"public_ports": Option("Ports that may be open to the internet, each with a rule of its own.", [])},
    check=check,
    good={
        "nothing set, so no source is allowed": {},
        "the VPC's range": {"cidrIpv4": "10.0.0.0/16", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443},
        "the widest private range": {"cidrIpv4": "10.0.0.0/8"},
        "an allowed port": Case(
            {"cidrIpv4": "0.0.0.0/0", "fromPort": 443, "toPort": 443}, options={"public_ports": ["443"]}
        ),
        "a private IPv6 range": {"cidrIpv6": "fc00::/7"},
        "a security group": {"referencedSecurityGroupId": "sg-1"},
        "an office": {"cidrIpv4": "203.0.113.0/24"},
        "egress in the old form": Case({"type": "egress", "cidrBlocks": ["0.0.0.0/0"]}, type=OLD_RULE_TYPE),
        "group without rules": Case({"egress": [{"cidrBlocks": ["0.0.0.0/0"]}]}, type=GROUP),
    },
    bad={
        "everything": Case({"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}, at="cidrIpv4"),
        "one port": Case({"cidrIpv4": "0.0.0.0/0", "fromPort": 443, "toPort": 443}, at="cidrIpv4"),
        "everything, written with an address": Case({"cidrIpv4": "198.51.100.7/0"}, at="cidrIpv4"),
        "a range of ports with an allowed one": Case(
            {"cidrIpv4": "0.0.0.0/0", "fromPort": 443, "toPort": 444}, options={"public_ports": ["443"]}, at="cidrIpv4"
        ),
        "a port that is not allowed": Case(
            {"cidrIpv4": "0.0.0.0/0", "fromPort": 22, "toPort": 22}, options={"public_ports": ["443"]}, at="cidrIpv4"
        ),
        "IPv6": Case({"cidrIpv6": "::/0", "ipProtocol": "-1"}, at="cidrIpv6"),
        "a private range and its neighbour": Case({"cidrIpv4": "10.0.0.0/7"}, at="cidrIpv4"),
        "a part of IPv6": Case({"cidrIpv6": "2600::/12"}, at="cidrIpv6"),
        "half of the internet": Case({"cidrIpv4": "128.0.0.0/1"}, at="cidrIpv4"),
        "a range of 16 million public addresses": Case({"cidrIpv4": "64.0.0.0/8"}, at="cidrIpv4"),
        "old form": Case(
            {"type": "ingress", "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}, type=OLD_RULE_TYPE, at="cidrBlocks"
        ),
        "in the group itself": Case(
            {"ingress": [{"self": True}, {"ipv6CidrBlocks": ["::/0"]}]}, type=GROUP, at="ingress[1].ipv6CidrBlocks"
        ),
        "default group": Case(
            {"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]}, type=DEFAULT_GROUP, at="ingress[0].cidrBlocks"
        ),
    },
)
