"""Where an interruption costs nothing, nodes are spot instances."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "capacityType", default="ON_DEMAND") != "SPOT":
        yield "capacityType", "is not SPOT, at about three times the price"


RULE = Rule(
    id="cost-spot-in-dev",
    applies_to="aws:eks/nodeGroup:NodeGroup",
    severity="medium",
    standards=("EKS best practices: cost optimization, compute",),
    why="A development cluster may lose a node at any time, and nobody should notice but the bill.",
    fix="Set capacity_type: spot, with several instance types so that one of them has capacity.",
    on_unknown="fail",
    staging="disabled",
    prod="disabled",
    check=check,
    good={"spot": Case({"capacityType": "SPOT"}, environment="dev")},
    bad={
        "nothing said": Case({}, environment="dev", at="capacityType"),
        "on demand": Case({"capacityType": "ON_DEMAND"}, environment="dev", at="capacityType"),
    },
)
