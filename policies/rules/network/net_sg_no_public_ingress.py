"""No security group allows traffic from the internet, in one range or in many."""

from collections.abc import Iterator, Sequence
from itertools import chain

from common.values import UNKNOWN
from policies.ranges import is_wide
from policies.rule import Case, Option, Resource, Rule, View, each, number, text, texts

RULE_TYPE, OLD_RULE_TYPE = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
)
GROUP, DEFAULT_GROUP = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
KEYS = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
WITH_PORTS = ("tcp", "udp", "6", "17")
FOUND = "allows traffic from the internet"


def ranges_of(rule: View, key: str) -> list[str]:
    """Returns the ranges of a rule at one of KEYS."""
    return texts(rule, key) if key.endswith("Blocks") else [text(rule, key)]


def rules_in(resource: Resource) -> Iterator[View]:
    """Yields the rules that let traffic in: those of a group, or the resource where it is one."""
    if resource.type in (GROUP, DEFAULT_GROUP):
        yield from each(resource, "ingress")
    elif resource.type == RULE_TYPE or text(resource, "type") == "ingress":
        yield resource


def is_public_port(rule: View, public_ports: Sequence[str]) -> bool:
    """Tells whether a rule is for one port that may be open to the internet. Only TCP and UDP have ports for AWS."""
    if not public_ports or text(rule, "ipProtocol", text(rule, "protocol")).lower() not in WITH_PORTS:
        return False
    first, last = number(rule, "fromPort"), number(rule, "toPort")
    return first is not None and first == last and f"{first:g}" in public_ports


def _open(rule: View, public_ports: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not is_public_port(rule, public_ports):
        for key in KEYS:
            if is_wide(ranges_of(rule, key)):
                yield rule.under(key), FOUND


def _together(rules: Sequence[View], public_ports: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields the group when only all its rules together are wide."""
    closed = [rule for rule in rules if not is_public_port(rule, public_ports)]
    by_rule = [[cidr for key in KEYS for cidr in ranges_of(rule, key)] for rule in closed]
    if is_wide(chain.from_iterable(by_rule)) and not any(map(is_wide, by_rule)):
        yield "ingress", f"{FOUND}, with all its rules together"


def check(resource: Resource, *, public_ports: Sequence[str]) -> Iterator[tuple[str, str]]:
    rules = list(rules_in(resource))
    for rule in rules:
        yield from _open(rule, public_ports)
    yield from _together(rules, public_ports)


HALVES = [{"cidrBlocks": [f"64.{each}.0.0/16"]} for each in range(2)]

RULE = Rule(
    id="net-sg-no-public-ingress",
    applies_to=(RULE_TYPE, OLD_RULE_TYPE, GROUP, DEFAULT_GROUP),
    severity="critical",
    standards=(
        "Security Hub EC2.13",
        "Security Hub EC2.14",
        "FSBP EC2.18",
        "FSBP EC2.19",
        "CKV_AWS_24",
        "CKV_AWS_25",
        "CKV_AWS_260",
    ),
    why="Only load balancers face the internet, and their controller creates their rules.",
    fix="Name the range or the security group that may connect; or add the port, alone in a rule of TCP or UDP, to "
    "policies.net-sg-no-public-ingress.public_ports.",
    options={
        "public_ports": Option(
            "Ports that may be open to the internet, each with a rule of its own.", [], stricter="fewer"
        )
    },
    check=check,
    good={
        "nothing set, so no source is allowed": {},
        "the VPC's range": {"cidrIpv4": "10.0.0.0/16", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443},
        "the widest private range": {"cidrIpv4": "10.0.0.0/8"},
        "an allowed port": Case(
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443},
            options={"public_ports": ["443"]},
        ),
        "an allowed port of UDP, by number": Case(
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "17", "fromPort": 443, "toPort": 443},
            options={"public_ports": ["443"]},
        ),
        "an allowed port, beside others": Case(
            {
                "ingress": [
                    {"cidrBlocks": ["0.0.0.0/0"], "protocol": "TCP", "fromPort": 443, "toPort": 443},
                    HALVES[0],
                ]
            },
            type=GROUP,
            options={"public_ports": ["443"]},
        ),
        "a private IPv6 range": {"cidrIpv6": "fc00::/7"},
        "a security group": {"referencedSecurityGroupId": "sg-1"},
        "an office": {"cidrIpv4": "203.0.113.0/24"},
        "the widest of a company": {"cidrIpv4": "64.0.0.0/16"},
        "the widest IPv6 of a company": {"cidrIpv6": "2600::/32"},
        "egress in the old form": Case({"type": "egress", "cidrBlocks": ["0.0.0.0/0"]}, type=OLD_RULE_TYPE),
        "group without rules": Case({"egress": [{"cidrBlocks": ["0.0.0.0/0"]}]}, type=GROUP),
    },
    bad={
        "everything": Case({"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}, at="cidrIpv4"),
        "one port": Case({"cidrIpv4": "0.0.0.0/0", "fromPort": 443, "toPort": 443}, at="cidrIpv4"),
        "everything, written with an address": Case({"cidrIpv4": "198.51.100.7/0"}, at="cidrIpv4"),
        "every protocol, for which AWS ignores ports": Case(
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1", "fromPort": 443, "toPort": 443},
            options={"public_ports": ["443"]},
            at="cidrIpv4",
        ),
        "a range of ports with an allowed one": Case(
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 443, "toPort": 444},
            options={"public_ports": ["443"]},
            at="cidrIpv4",
        ),
        "a port that is not allowed": Case(
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22},
            options={"public_ports": ["443"]},
            at="cidrIpv4",
        ),
        "what is no range": Case({"cidrIpv4": "everywhere"}, at="cidrIpv4"),
        "IPv6": Case({"cidrIpv6": "::/0", "ipProtocol": "-1"}, at="cidrIpv6"),
        "a private range and its neighbour": Case({"cidrIpv4": "10.0.0.0/7"}, at="cidrIpv4"),
        "a part of IPv6": Case({"cidrIpv6": "2000::/24"}, at="cidrIpv6"),
        "twice the widest of a company": Case({"cidrIpv4": "64.0.0.0/15"}, at="cidrIpv4"),
        "in many pieces": Case(
            {"type": "ingress", "cidrBlocks": [f"64.{each}.0.0/17" for each in range(3)]},
            type=OLD_RULE_TYPE,
            at="cidrBlocks",
        ),
        "beside a range that is known later": Case(
            {"type": "ingress", "cidrBlocks": [UNKNOWN, "0.0.0.0/0"]}, type=OLD_RULE_TYPE, at="cidrBlocks"
        ),
        "old form": Case(
            {"type": "ingress", "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}, type=OLD_RULE_TYPE, at="cidrBlocks"
        ),
        "in the group itself": Case(
            {"ingress": [{"self": True}, {"ipv6CidrBlocks": ["::/0"]}]}, type=GROUP, at="ingress[1].ipv6CidrBlocks"
        ),
        "all rules of a group together": Case({"ingress": HALVES}, type=GROUP, at="ingress"),
        "default group": Case(
            {"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]}, type=DEFAULT_GROUP, at="ingress[0].cidrBlocks"
        ),
    },
)
