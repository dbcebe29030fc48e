"""Clusters do not move to extended support, and its price, by themselves."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text

PATH = "upgradePolicy.supportType"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, PATH, default="EXTENDED") != "STANDARD":  # AWS's own default
        yield PATH, "is not STANDARD, so an old version moves to extended support, at six times the price"


RULE = Rule(
    id="eks-standard-support",
    applies_to="aws:eks/cluster:Cluster",
    severity="medium",
    standards=("EKS UpgradePolicyRequest",),
    why="A cluster should pay for extended support only when somebody decided so.",
    fix="Stay in standard support, and upgrade before its end.",
    mend={"supportType": "STANDARD"},
    stack_file={"clusters.<name>.support_type": "STANDARD"},
    on_unknown="fail",
    prod="advisory",
    check=check,
    good={"standard": {"upgradePolicy": {"supportType": "STANDARD"}}},
    bad={
        "nothing set, so AWS extends the support": Case({}, at=PATH),
        "extended": Case({"upgradePolicy": {"supportType": "EXTENDED"}}, at=PATH),
    },
)
