"""The stack creates the log group of each control plane."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at, text

CLUSTER, LOG_GROUP = "aws:eks/cluster:Cluster", "aws:cloudwatch/logGroup:LogGroup"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for cluster in stack.of(CLUSTER):
        if not at(cluster, "enabledClusterLogTypes"):
            continue
        group_name = f"/aws/eks/{text(cluster, 'name', default=cluster.name)}/cluster"
        if group_name not in [text(group, "name") for group in stack.of(LOG_GROUP)]:
            yield cluster, "enabledClusterLogTypes", f"are written to {group_name}, which is not in this stack"


def _stack(group: str | None, types: list[str]) -> StackCase:
    resources = {"main": Sample(CLUSTER, {"name": "ml-prod", "enabledClusterLogTypes": types})}
    if group:
        resources["logs"] = Sample(LOG_GROUP, {"name": group})
    return StackCase(resources, at=("main", "enabledClusterLogTypes"))


RULE = StackRule(
    id="eks-log-group-owned",
    applies_to=(CLUSTER, LOG_GROUP),
    severity="medium",
    why="EKS creates a missing log group itself: without retention or encryption, and it stays after the stack.",
    fix='Add aws.cloudwatch.LogGroup(name=f"/aws/eks/{cluster}/cluster", retention_in_days=...) before the cluster.',
    no_mend="the log group is missing",
    dev="advisory",
    check=check,
    good={"in the stack": _stack("/aws/eks/ml-prod/cluster", ["audit"]), "no logs": _stack(None, [])},
    bad={
        "nothing set": _stack(None, ["audit"]),
        "log group of another cluster": _stack("/aws/eks/ml-dev/cluster", ["audit"]),
    },
)
