"""What may reach a security group is known and narrow, over all rules and prefix lists of the stack."""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.ranges import is_wide
from policies.rule import (
    NotKnownError,
    Option,
    Resource,
    Sample,
    Stack,
    StackCase,
    StackRule,
    View,
    at_if_known,
    each,
    present,
    text,
    texts,
)
from policies.rules.network.net_sg_no_public_ingress import (
    DEFAULT_GROUP,
    GROUP,
    KEYS,
    OLD_RULE_TYPE,
    RULE_TYPE,
    is_public_port,
    ranges_of,
    rules_in,
)

GROUPS = (GROUP, DEFAULT_GROUP)
LIST, ENTRY = "aws:ec2/managedPrefixList:ManagedPrefixList", "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"


def _ranges_of_list(stack: Stack, prefix_list: Resource) -> list[str]:
    apart = [entry for entry in stack.of(ENTRY) if prefix_list in stack.linked(entry, "prefixListId", (LIST,))]
    return [text(entry, "cidr") for entry in (*each(prefix_list, "entries"), *apart)]


def _group_of(stack: Stack, holder: Resource) -> str:
    """Returns what tells rules of one group from those of another."""
    if holder.type in GROUPS:
        return holder.urn
    linked = stack.linked(holder, "securityGroupId", GROUPS) or holder.links.get("securityGroupId")
    return linked[0].urn if linked else str(at_if_known(holder, "securityGroupId") or holder.urn)


def check(
    stack: Stack, *, public_ports: Sequence[str], known_prefix_lists: Sequence[str]
) -> Iterator[tuple[Resource, str, str]]:
    by_group: dict[str, dict[str, tuple[Resource, list[str]]]] = {}
    of_groups = [
        group for group in stack.of(*GROUPS) if present(group.inputs_of, "ingress")
    ]  # else AWS lists what stands apart
    for holder in (*stack.of(RULE_TYPE, OLD_RULE_TYPE), *of_groups):
        for rule in rules_in(holder):
            if is_public_port(rule, public_ports):
                continue
            ranges = [cidr for key in KEYS for cidr in ranges_of(rule, key)]
            for key in ("prefixListId", "prefixListIds"):
                if not present(rule, key):
                    continue
                lists, foreign = _lists(stack, rule, key)
                of_lists = [cidr for each_list in lists for cidr in _ranges_of_list(stack, each_list)]
                if is_wide(of_lists):
                    yield holder, rule.under(key), f"is {lists[0].name}, which allows traffic from the internet"
                elif not foreign <= set(known_prefix_lists):
                    yield holder, rule.under(key), "is not made by this stack, so nobody here knows what it lets in"
                ranges += of_lists
            group = by_group.setdefault(_group_of(stack, holder), {})
            group.setdefault(holder.urn, (holder, []))[1].extend(ranges)
    for group in by_group.values():
        parts = [*group.values()]
        together = [cidr for _, ranges in parts for cidr in ranges]
        if is_wide(together) and not any(is_wide(ranges) for _, ranges in parts):
            yield parts[0][0], "securityGroupId", "allows traffic from the internet, with the group's other rules"


def _lists(stack: Stack, rule: View, key: str) -> tuple[list[Resource], set[str]]:
    """Returns the prefix lists of this stack that a rule names, and the ids of others. Raises NotKnownError."""
    holder = rule.resource
    linked = [each for each in holder.links.get(key if rule is holder else "ingress", ()) if each.type == LIST]
    try:
        ids = set(texts(rule, key) if key == "prefixListIds" else [text(rule, key)])
    except NotKnownError:
        if not linked:
            raise
        return linked, set()
    own = [each for each in stack.of(LIST) if each.id in ids]
    return own, ids - {each.id for each in own}


def _stack(*entries: str, apart: Sequence[str] = (), port: int = 22, **rule: object) -> StackCase:
    resources = {
        "group": Sample(GROUP),
        "list": Sample(LIST, {"entries": [{"cidr": each} for each in entries]}),
        "rule": Sample(
            RULE_TYPE,
            {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "prefixListId": UNKNOWN, **rule},
            links={"securityGroupId": "group", "prefixListId": "list"},
        ),
        **{
            f"entry-{index}": Sample(ENTRY, {"cidr": cidr}, links={"prefixListId": "list"})
            for index, cidr in enumerate(apart)
        },
    }
    return StackCase(resources, at=("rule", "prefixListId"))


def _rules(*ranges: str, groups: Sequence[str] = ("group",), kind: str = RULE_TYPE, way: str = "ingress") -> StackCase:
    rules = {
        f"rule-{index}": Sample(
            kind,
            {"cidrIpv4": cidr} if kind == RULE_TYPE else {"type": way, "cidrBlocks": [cidr]},
            links={"securityGroupId": groups[index % len(groups)]},
        )
        for index, cidr in enumerate(ranges)
    }
    return StackCase({**{name: Sample(GROUP) for name in groups}, **rules}, at=("rule-0", "securityGroupId"))


def _foreign(key: str = "prefixListId", **options: object) -> StackCase:
    given = "pl-1" if key == "prefixListId" else ["pl-1"]
    kind = RULE_TYPE if key == "prefixListId" else OLD_RULE_TYPE
    way = {"type": "ingress"} if kind == OLD_RULE_TYPE else {}
    rule = Sample(kind, {**way, "securityGroupId": "sg-1", key: given})
    return StackCase({"rule": rule}, at=("rule", key), options=options)


def _inline(*of_list: str, apart: str = "10.0.0.0/16", at: tuple[str, str]) -> StackCase:
    """Returns a group whose rule names a prefix list. apart: the range of a rule apart."""
    return StackCase(
        {
            "rule": Sample(RULE_TYPE, {"cidrIpv4": apart}, links={GROUP_ID: "group"}),
            "list": Sample(LIST, {"entries": [{"cidr": cidr} for cidr in of_list]}),
            "group": Sample(DEFAULT_GROUP, {"ingress": [{"prefixListIds": [UNKNOWN]}]}, links={"ingress": "list"}),
        },
        at=at,
    )


GROUP_ID, LIST_AT = "securityGroupId", ("group", "ingress[0].prefixListIds")
HALF, OTHER = "64.0.0.0/16", "64.1.0.0/16"

RULE = StackRule(
    id="net-sg-sources-known",
    applies_to=(RULE_TYPE, OLD_RULE_TYPE, *GROUPS, LIST, ENTRY),
    severity="high",
    standards=("FSBP EC2.18",),
    why="A range may be cut into pieces, or stand in a list that somebody else changes.",
    fix="Name range or group; make the list here, or add one of AWS (CloudFront's) to policies.net-sg-sources-known."
    "known_prefix_lists, a port to its public_ports.",
    options={
        "public_ports": Option(
            "Ports that may be open to the internet, each with a rule of its own.", [], stricter="fewer"
        ),
        "known_prefix_lists": Option("Ids of prefix lists of elsewhere that may be used.", [], stricter="fewer"),
    },
    check=check,
    good={
        "no rules": StackCase({}),
        "a narrow list": _stack("203.0.113.0/24", apart=["198.51.100.0/24"]),
        "pieces in two groups": _rules(HALF, OTHER, groups=("group", "other")),
        "pieces of a company": _rules("64.0.0.0/17", "64.0.128.0/17"),
        "ways out": _rules(HALF, OTHER, kind=OLD_RULE_TYPE, way="egress"),
        "a list of elsewhere that is known": _foreign(known_prefix_lists=["pl-1"]),
        "a list in the group itself, and no other": StackCase(
            {
                "list": Sample(LIST, {"id": "pl-1", "entries": [{"cidr": "10.0.0.0/16"}]}),
                "group": Sample(GROUP, {"ingress": [{"prefixListIds": ["pl-1"]}]}),
            }
        ),
        "a narrow list of the stack beside a wide one": StackCase(
            {
                "list": Sample(LIST, {"id": "pl-1", "entries": [{"cidr": "10.0.0.0/16"}]}),
                "wide": Sample(LIST, {"id": "pl-2", "entries": [{"cidr": "0.0.0.0/0"}]}),
                "rule": Sample(OLD_RULE_TYPE, {"type": "ingress", "prefixListIds": ["pl-1"]}),
            }
        ),
        "an allowed port": StackCase(_stack("0.0.0.0/0", port=443).resources, options={"public_ports": ["443"]}),
    },
    bad={
        "nothing set but a list of elsewhere": _foreign(),
        "lists of elsewhere": _foreign("prefixListIds"),
        "a wide list": _stack("0.0.0.0/1", "128.0.0.0/1"),
        "a list that entries make wide": _stack("203.0.113.0/24", apart=["0.0.0.0/0"]),
        "a list of elsewhere beside one of the stack": StackCase(
            {
                "list": Sample(LIST, {"id": "pl-1", "entries": [{"cidr": "10.0.0.0/16"}]}),
                "rule": Sample(OLD_RULE_TYPE, {"type": "ingress", "prefixListIds": ["pl-1", "pl-2"]}),
            },
            at=("rule", "prefixListIds"),
        ),
        "a list of elsewhere in the group itself": StackCase(
            {"group": Sample(GROUP, {"ingress": [{"self": True}, {"prefixListIds": ["pl-1"]}]})},
            at=("group", "ingress[1].prefixListIds"),
        ),
        "a wide list in the group itself": _inline("0.0.0.0/0", at=LIST_AT),
        "a piece in the group and one in a rule": _inline(HALF, apart=OTHER, at=("rule", GROUP_ID)),
        "pieces in rules of one group": _rules(HALF, OTHER),
        "pieces in rules of the old form": _rules(HALF, OTHER, kind=OLD_RULE_TYPE),
    },
)
