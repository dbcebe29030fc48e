"""A cluster cannot be deleted by accident."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not flag(resource, "deletionProtection"):
        yield "deletionProtection", "is not true, so one API call deletes the cluster and everything in it"


RULE = Rule(
    id="eks-deletion-protection",
    applies_to="aws:eks/cluster:Cluster",
    severity="high",
    standards=("Prowler eks_cluster_deletion_protection_enabled",),
    why="Everything that exists only in the cluster would be lost, and a new cluster takes hours.",
    fix="Protect the cluster. To retire the stack, first end the protection in an update without this pack.",
    mend={"deletionProtection": True},
    stack_file={"deletion_protection": True},
    on_unknown="fail",
    dev="disabled",
    staging="advisory",
    check=check,
    good={"protected": {"deletionProtection": True}},
    bad={
        "nothing set": Case({}, at="deletionProtection"),
        "turned off": Case({"deletionProtection": False}, at="deletionProtection"),
    },
)
