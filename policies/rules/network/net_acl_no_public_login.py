"""No network ACL of the stack lets the internet reach SSH or RDP."""

from collections.abc import Iterator

from policies.ranges import is_wide
from policies.rule import Case, Resource, Rule, View, each, flag, number, text

LISTS = ("aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")
ENTRY = "aws:ec2/networkAclRule:NetworkAclRule"
PORTS = (22, 3389)
_EVERYTHING = ("-1", "all")


def _entry(entry: View, action: str) -> Iterator[tuple[str, str]]:
    if text(entry, action).lower() != "allow" or not _reaches_logins(entry):
        return
    for key in ("cidrBlock", "ipv6CidrBlock"):
        if is_wide([text(entry, key)]):
            yield entry.under(key), f"lets the internet reach port {' or '.join(map(str, PORTS))}"


def _reaches_logins(entry: View) -> bool:
    first, last = number(entry, "fromPort", 0) or 0, number(entry, "toPort", 0) or 0
    return text(entry, "protocol") in _EVERYTHING or any(first <= port <= last for port in PORTS)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type != ENTRY:
        for entry in each(resource, "ingress"):
            yield from _entry(entry, "action")
    elif not flag(resource, "egress"):
        yield from _entry(resource, "ruleAction")


def _of(cidr: str, first: int = 0, last: int = 65535, protocol: str = "6", **more: object) -> dict[str, object]:
    return {"cidrBlock": cidr, "fromPort": first, "toPort": last, "protocol": protocol, "action": "allow", **more}


def _list(entry: dict[str, object]) -> dict[str, object]:
    return {"ingress": [entry]}


def _apart(**more: object) -> Case:
    entry = {key: value for key, value in _of("0.0.0.0/0").items() if key != "action"}
    return Case({**entry, "ruleAction": "allow", **more}, type=ENTRY, at="cidrBlock")


AT = "ingress[0].cidrBlock"

RULE = Rule(
    id="net-acl-no-public-login",
    applies_to=(*LISTS, ENTRY),
    severity="medium",
    standards=("FSBP EC2.21", "CKV_AWS_231", "CKV_AWS_232"),
    why="Where a security group is opened by mistake, the list is the last that stands before a login.",
    fix="Deny ports 22 and 3389 from 0.0.0.0/0 and ::/0; Session Manager needs neither.",
    dev="advisory",
    check=check,
    good={
        "nothing set, which allows nothing": {},
        "our networks": _list(_of("10.0.0.0/8")),
        "the internet, for HTTPS": _list(_of("0.0.0.0/0", 443, 443)),
        "the internet, denied": _list(_of("0.0.0.0/0", action="deny")),
        "a way out": _apart(egress=True),
    },
    bad={
        "all ports": Case(_list(_of("0.0.0.0/0")), at=AT),
        "SSH": Case(_list(_of("0.0.0.0/0", 22, 22)), at=AT),
        "RDP": Case(_list(_of("0.0.0.0/0", 3389, 3389)), at=AT),
        "all protocols": Case(_list(_of("0.0.0.0/0", 0, 0, "-1")), type=LISTS[1], at=AT),
        "all protocols, by a word": Case(_list(_of("0.0.0.0/0", 0, 0, "all")), type=LISTS[1], at=AT),
        "IPv6": Case(_list(_of("", ipv6CidrBlock="::/0")), at="ingress[0].ipv6CidrBlock"),
        "an entry of its own": _apart(),
    },
)
