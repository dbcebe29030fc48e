"""The log group of each control plane belongs to the stack."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at, text

CLUSTER, LOG_GROUP = "aws:eks/cluster:Cluster", "aws:cloudwatch/logGroup:LogGroup"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for cluster in stack.of(CLUSTER):
        if not at(cluster, "enabledClusterLogTypes"):
            continue
        wanted = f"/aws/eks/{text(cluster, 'name', default=cluster.name)}/cluster"
        if wanted not in [text(group, "name") for group in stack.of(LOG_GROUP)]:
            yield cluster, "enabledClusterLogTypes", f"writes to {wanted}, which is no log group of this stack"


def _stack(group: str | None, types: list[str]) -> StackCase:
    resources = {"main": Sample(CLUSTER, {"name": "ml-prod", "enabledClusterLogTypes": types})}
    if group:
        resources["logs"] = Sample(LOG_GROUP, {"name": group})
    return StackCase(resources, at=("main", "enabledClusterLogTypes"))


RULE = StackRule(
    id="eks-log-group-owned",
    applies_to=(CLUSTER, LOG_GROUP),
    severity="medium",
    why="EKS makes a missing log group itself: kept for good, unencrypted, and left behind when the stack goes.",
    fix='Add aws.cloudwatch.LogGroup(name=f"/aws/eks/{cluster}/cluster", retention_in_days=...) before the cluster.',
    dev="advisory",
    check=check,
    good={"owned": _stack("/aws/eks/ml-prod/cluster", ["audit"]), "no logs": _stack(None, [])},
    bad={"nothing said": _stack(None, ["audit"]), "of another cluster": _stack("/aws/eks/ml-dev/cluster", ["audit"])},
)
