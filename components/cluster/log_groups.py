"""The log groups of control planes. By their tags a stack knows at preview whether the names that it will use are free.

Two stacks of one `name` and `environment` in an account and region want the same names, and an `up` of the second one
would fail half-way. EKS itself may write logs once more after a cluster and its log group are deleted; its
service-linked role then makes a log group of the same name, and the next `up` would fail. No IAM policy prevents that.
Source: terraform-aws-modules/terraform-aws-eks issues 2446 and 2763, read 2026-11.
"""

from collections.abc import Collection, Mapping

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


def mistake(stage: Stage, clusters: Collection[str], name: str, tags: Mapping[str, str], stack: str) -> str | None:
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
    if "managed-by" not in tags and name in {log_group_name(stage, cluster) for cluster in clusters}:
        return (
            f"log group {name} exists, and no stack made it: EKS writes logs once more after a cluster is deleted. "
            f"Read what you need of it, and delete it: `aws logs delete-log-group --region {stage.region} "
            f"--log-group-name {name}`."
        )
    return None


def older_names(stage: Stage, clusters: Collection[str], opts: pulumi.InvokeOptions) -> frozenset[str]:
    """Returns the clusters that exist with the names of the first releases. clusters: their keys.

    Raises RunError when another stack, or EKS, has a log group of this stage's names.
    """
    found = aws.cloudwatch.get_log_groups(log_group_name_prefix=f"/aws/eks/{stage.prefix}-", opts=opts)
    older = set()
    for name in found.log_group_names:
        tags = aws.cloudwatch.get_log_group(name=name, opts=opts).tags
        if reason := mistake(stage, clusters, name, tags, this_stack()):
            raise pulumi.RunError(reason)
        older |= {key for key in clusters if log_group_name(stage, key) == name and has_older_names(tags)}
    return frozenset(older)
