"""Clusters run a Kubernetes version that AWS supports."""

from collections.abc import Iterator

from catalog.kubernetes import VERSIONS
from policies.rule import Case, Resource, Rule, text

CLUSTER, NODE_GROUP = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
NEWEST = max(VERSIONS, key=lambda version: VERSIONS[version].release)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    version = text(resource, "version")
    if not version:
        if resource.type == CLUSTER:  # a node group without a version follows its cluster
            yield "version", "is not set, so AWS chooses one, and perhaps another for the next cluster"
    elif version not in VERSIONS:
        yield "version", f"is {version}, which is not in the catalog; the catalog has {', '.join(VERSIONS)}"
    elif resource.context.today > VERSIONS[version].end_standard:
        yield "version", f"is {version}, whose standard support ended on {VERSIONS[version].end_standard}"


RULE = Rule(
    id="eks-version-supported",
    applies_to=(CLUSTER, NODE_GROUP),
    severity="high",
    standards=("FSBP EKS.2", "CKV_AWS_339"),
    why="After standard support, a cluster costs six times as much in extended support, or AWS upgrades it.",
    fix="Set clusters.<name>.version to a supported version; upgrade one minor version at a time.",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "the newest": {"version": NEWEST},
        "node group": Case({"version": NEWEST}, type=NODE_GROUP),
        "node group that follows its cluster": Case({}, type=NODE_GROUP),
    },
    bad={
        "nothing set": Case({}, at="version"),
        "support has ended": Case({"version": "1.31"}, at="version"),
        "no such version": Case({"version": "1.99"}, at="version"),
        "node group with an old version": Case({"version": "1.31"}, type=NODE_GROUP, at="version"),
    },
)
