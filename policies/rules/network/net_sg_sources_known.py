"""What may reach a security group is known and narrow, over all rules and prefix lists of the stack."""

from collections.abc import Iterator, Sequence

from policies.ranges import is_wide
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule, at_if_known, each, present, text, texts
from policies.rules.network.net_sg_no_public_ingress import (
    GROUP,
    KEYS,
    OLD_RULE_TYPE,
    RULE_TYPE,
    is_public_port,
    ranges_of,
)

LIST, ENTRY = "aws:ec2/managedPrefixList:ManagedPrefixList", "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"


def _ranges_of_list(stack: Stack, prefix_list: Resource) -> list[str]:
    apart = [entry for entry in stack.of(ENTRY) if prefix_list in stack.linked(entry, "prefixListId", (LIST,))]
    return [text(entry, "cidr") for entry in (*each(prefix_list, "entries"), *apart)]


def _group_of(rule: Resource) -> str:
    """Returns what tells rules of one group from those of another."""
    linked = rule.links.get("securityGroupId")
    return linked[0].urn if linked else str(at_if_known(rule, "securityGroupId") or rule.urn)


def check(
    stack: Stack, *, public_ports: Sequence[str], known_prefix_lists: Sequence[str]
) -> Iterator[tuple[Resource, str, str]]:
    by_group: dict[str, list[tuple[Resource, list[str]]]] = {}
    for rule in stack.of(RULE_TYPE, OLD_RULE_TYPE):
        if (rule.type == OLD_RULE_TYPE and text(rule, "type") != "ingress") or is_public_port(rule, public_ports):
            continue
        ranges = [cidr for key in KEYS for cidr in ranges_of(rule, key)]
        for key in ("prefixListId", "prefixListIds"):
            if not present(rule, key):
                continue
            lists = stack.linked(rule, key, (LIST,))
            of_lists = [cidr for each_list in lists for cidr in _ranges_of_list(stack, each_list)]
            if is_wide(of_lists):
                yield rule, key, f"is {lists[0].name}, which allows traffic from the internet"
            elif not lists and not set(_ids(rule, key)) <= set(known_prefix_lists):
                yield rule, key, "is not made by this stack, so nobody here knows what it lets in"
            ranges += of_lists
        by_group.setdefault(_group_of(rule), []).append((rule, ranges))
    for rules in by_group.values():
        together = [cidr for _, ranges in rules for cidr in ranges]
        if is_wide(together) and not any(is_wide(ranges) for _, ranges in rules):
            yield rules[0][0], "securityGroupId", "allows traffic from the internet, with the group's other rules"


def _ids(rule: Resource, key: str) -> list[str]:
    return texts(rule, key) if key == "prefixListIds" else [text(rule, key)]


def _stack(*entries: str, apart: Sequence[str] = (), port: int = 22, **rule: object) -> StackCase:
    resources = {
        "group": Sample(GROUP),
        "list": Sample(LIST, {"entries": [{"cidr": each} for each in entries]}),
        "rule": Sample(
            RULE_TYPE,
            {"fromPort": port, "toPort": port, "prefixListId": "pl-1", **rule},
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


HALF, OTHER = "64.0.0.0/16", "64.1.0.0/16"

RULE = StackRule(
    id="net-sg-sources-known",
    applies_to=(RULE_TYPE, OLD_RULE_TYPE, GROUP, LIST, ENTRY),
    severity="high",
    standards=("FSBP EC2.18",),
    why="A range may be cut into pieces, or stand in a list that somebody else changes.",
    fix="Name the range or the security group that may connect; make the prefix list in this stack.",
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
        "an allowed port": StackCase(_stack("0.0.0.0/0", port=443).resources, options={"public_ports": ["443"]}),
    },
    bad={
        "nothing set but a list of elsewhere": _foreign(),
        "lists of elsewhere": _foreign("prefixListIds"),
        "a wide list": _stack("0.0.0.0/1", "128.0.0.0/1"),
        "a list that entries make wide": _stack("203.0.113.0/24", apart=["0.0.0.0/0"]),
        "pieces in rules of one group": _rules(HALF, OTHER),
        "pieces in rules of the old form": _rules(HALF, OTHER, kind=OLD_RULE_TYPE),
    },
)
