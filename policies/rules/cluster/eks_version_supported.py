"""Clusters run a Kubernetes version that AWS supports."""

from collections.abc import Iterator

from catalog.kubernetes import VERSIONS
from policies.rule import Case, Resource, Rule, text

CLUSTER, NODE_GROUP = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
NEWEST = max(VERSIONS, key=lambda version: VERSIONS[version].release)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    version = text(resource, "version")
    if not version:
        if resource.type == CLUSTER:  # a node group without one follows its cluster
            yield "version", "is not said, so AWS picks one, and another at the next cluster"
    elif version not in VERSIONS:
        yield "version", f"is {version}, of which nothing is known here; known are {', '.join(VERSIONS)}"
    elif resource.setting.today > VERSIONS[version].end_standard:
        yield "version", f"is {version}, whose standard support ended on {VERSIONS[version].end_standard}"


RULE = Rule(
    id="eks-version-supported",
    applies_to=(CLUSTER, NODE_GROUP),
    severity="high",
    standards=("FSBP EKS.2", "CKV_AWS_339"),
    why="After standard support a version costs six times the price in extended support, or is upgraded by AWS.",
    fix="Set clusters.<name>.version to a supported one, one minor version at a time.",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "the newest": {"version": NEWEST},
        "node group": Case({"version": NEWEST}, type=NODE_GROUP),
        "node group that follows its cluster": Case({}, type=NODE_GROUP),
    },
    bad={
        "nothing said": Case({}, at="version"),
        "support is over": Case({"version": "1.31"}, at="version"),
        "no such version": Case({"version": "1.99"}, at="version"),
        "node group left behind": Case({"version": "1.31"}, type=NODE_GROUP, at="version"),
    },
)
