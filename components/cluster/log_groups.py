"""The log groups of control planes. By their tags a stack knows at preview whether the names that it will use are free.

Two stacks of one `name` and `environment` in an account and region want the same names, and an `up` of the second one
would fail half-way. EKS itself may write logs once more after a cluster and its log group are deleted; its
service-linked role then makes a log group of the same name, which no IAM policy prevents. The next `up` imports it.
Source: terraform-aws-modules/terraform-aws-eks issues 2446 and 2763, read 2026-11.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage

STACK_TAG = "ml-platform:stack"
NAMES_TAG = "ml-platform:names"
"""Its value `older` marks a cluster whose names in AWS are those of the first releases."""


def log_group_name(stage: Stage, cluster: str) -> str:
    """Returns the name that EKS gives the log group of `clusters.<cluster>`."""
    return f"/aws/eks/{stage.cluster_name(cluster)}/cluster"


def this_stack() -> str:
    """Returns the value of the tag that names the stack which owns a log group, and with it all names of the stage."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def stack_tags(stage: Stage, cluster: str) -> dict[str, str]:
    """Returns the tags of the log group of `clusters.<cluster>`: its stack, and which names the cluster has."""
    return {STACK_TAG: this_stack(), **({NAMES_TAG: "older"} if cluster in stage.older_names else {})}


def has_older_names(tags: Mapping[str, str]) -> bool:
    """Returns whether the cluster of a log group was made before the role of Karpenter's nodes had a region in it.

    Another name would replace the role, and the nodes that run with the old one would be cut off at once.
    """
    return tags.get(NAMES_TAG) == "older" or ("managed-by" in tags and STACK_TAG not in tags)


def mistake(stage: Stage, name: str, tags: Mapping[str, str], stack: str) -> str | None:
    """Returns why a log group that exists prevents this stack; None when it is its own, or belongs to other names.

    A group that a stack made before it had the tag counts as its own. stack: the value of its tag.
    """
    if stage.own_tags.items() <= tags.items():
        owner = tags.get(STACK_TAG, stack)
        if owner == stack:
            return None
        return (
            f"stack {owner} has the names of this one ({stage.prefix}) in {stage.region} already: its log group {name} "
            "exists. Give this stack another `name`. If this stack was only renamed, set the tag: `aws logs "
            f"tag-resource --resource-arn {stage.arn('logs', f'log-group:{name}')} --tags {STACK_TAG}={stack}`."
        )
    return None


@dataclass(frozen=True)
class Found:
    """What the log groups of a stage's names tell. older: clusters that exist with the names of the first releases.

    left_by_eks: clusters whose log group EKS has made again after their deletion.
    """

    older: frozenset[str] = frozenset()
    left_by_eks: frozenset[str] = frozenset()


def find(stage: Stage, clusters: Collection[str], live: Collection[str], opts: pulumi.InvokeOptions) -> Found:
    """Reads the log groups of this stage's names. clusters: their keys. live: keys of those that the stack has made.

    Raises RunError when another stack has one of them, or a cluster that this stack has not made.
    """
    found = aws.cloudwatch.get_log_groups(log_group_name_prefix=f"/aws/eks/{stage.prefix}-", opts=opts)
    cluster_of = {log_group_name(stage, key): key for key in clusters}
    older, untagged = set(), set()
    for name in found.log_group_names:
        tags = aws.cloudwatch.get_log_group(name=name, opts=opts).tags
        if reason := mistake(stage, name, tags, this_stack()):
            raise pulumi.RunError(reason)
        if (key := cluster_of.get(name)) is not None:
            older |= {key} if has_older_names(tags) else set()
            untagged |= {key} if "managed-by" not in tags else set()
    # Without its cluster it is what EKS left. With it, it is of somebody else, or of this stack and only lost its tags.
    running = set(aws.eks.get_clusters(opts=opts).names) if untagged else set()
    left_by_eks = {key for key in untagged if stage.cluster_name(key) not in running}
    if foreign := sorted(untagged - left_by_eks - set(live)):
        names = ", ".join(stage.cluster_name(key) for key in foreign)
        raise pulumi.RunError(
            f"cluster {names} exists in {stage.region}, and this stack has not made it. Give this stack another `name`."
        )
    return Found(frozenset(older), frozenset(left_by_eks))
