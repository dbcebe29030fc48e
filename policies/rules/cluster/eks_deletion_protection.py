"""A cluster cannot be deleted by accident."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not flag(resource, "deletionProtection"):
        yield "deletionProtection", "is not true, so one call deletes the cluster and all that runs in it"


RULE = Rule(
    id="eks-deletion-protection",
    applies_to="aws:eks/cluster:Cluster",
    severity="high",
    standards=("Prowler eks_cluster_deletion_protection_enabled",),
    why="What runs only in the cluster is gone with it, and coming back takes hours.",
    fix="Set deletion_protection: true. Retiring the stack begins with setting it to false, without this pack.",
    on_unknown="fail",
    dev="disabled",
    staging="advisory",
    check=check,
    good={"protected": {"deletionProtection": True}},
    bad={
        "nothing said": Case({}, at="deletionProtection"),
        "turned off": Case({"deletionProtection": False}, at="deletionProtection"),
    },
)
