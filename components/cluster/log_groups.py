"""The log groups of control planes. By their tags a stack knows at preview whether the names that it will use are free.

Two stacks of one `name` and `environment` in an account and region want the same names, and an `up` of the second one
would fail half-way. EKS itself may write logs once more after a cluster and its log group are deleted; its
service-linked role then makes a log group of the same name, without tags, retention and key, which no IAM policy
prevents. The next `up` imports it. Source: terraform-aws-modules/terraform-aws-eks issues 2446, 2763, read 2026-11.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.cloudwatch import GetLogGroupResult

from components.core.stage import Stage

STACK_TAG = "ml-platform:stack"
NAMES_TAG = "ml-platform:names"
"""Its value `older` marks a cluster whose names in AWS are those of the first releases."""


def log_group_name(stage: Stage, cluster: str) -> str:
    """Returns the name that EKS gives the log group of `clusters.<cluster>`."""
    return eks_log_group(stage.cluster_name(cluster))


def eks_log_group(physical_name: str) -> str:
    """Returns the name that EKS gives the log group of a cluster."""
    return f"/aws/eks/{physical_name}/cluster"


def this_stack() -> str:
    """Returns the value of the tag that names the stack which owns a log group, and with it all names of the stage."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def stack_tags(stage: Stage, cluster: str) -> dict[str, str]:
    """Returns the tags of the log group of `clusters.<cluster>`: its stack, and which names the cluster has."""
    return {STACK_TAG: this_stack(), **({NAMES_TAG: "older"} if cluster in stage.older_names else {})}


def has_older_names(tags: Mapping[str, str]) -> bool:
    """Returns whether a cluster of this stack was made before the role of Karpenter's nodes had a region in it.

    Another name would replace the role, and the nodes that run with the old one would be cut off at once.
    """
    return tags.get(NAMES_TAG) == "older" or ("managed-by" in tags and STACK_TAG not in tags)


@dataclass(frozen=True)
class Found:
    """What the log groups of a stage's names tell. older: clusters that exist with the names of the first releases.

    left_by_eks: clusters whose log group EKS has made again after their deletion. running: clusters that exist.
    """

    older: frozenset[str] = frozenset()
    left_by_eks: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Names:
    """The names of a stack. stack: the value of its tag."""

    stage: Stage
    stack: str

    def another(self, name: str, tags: Mapping[str, str], *, exact: bool) -> str | None:
        """Returns why a log group is of another stack with the names of this one; None when it is not.

        exact: a cluster of this stack will have this log group.
        """
        owner = tags.get(STACK_TAG)
        ours = exact or self.stage.own_tags.items() <= tags.items()
        if owner is None or owner == self.stack or not ours:
            return None
        return (
            f"stack {owner} has the names of this one ({self.stage.prefix}) in {self.stage.region} already: its log "
            f"group {name} exists. Give this stack another `name`. If this stack was only renamed, set the tag: "
            f"`{self._tag_it(name)}`."
        )

    def taken(self, cluster: str, group: GetLogGroupResult | None, *, running: bool) -> str | None:
        """Returns why the name of a cluster that is not in the outputs is taken; None when it is free or this stack's.

        group: its log group. running: EKS has a cluster of this name.
        """
        if group is not None and group.tags.get(STACK_TAG) == self.stack:
            return None  # of an `up` that did not end
        name = self.stage.cluster_name(cluster)
        if running:
            return (
                f"cluster {name} exists in {self.stage.region}, and this stack has not made it. "
                "Give this stack another `name`."
            )
        if group is not None and not _by_eks(group):
            shown = ", ".join(f"{key}: {value}" for key, value in sorted(group.tags.items())) or "none"
            return (
                f"log group {group.name} exists, and this stack has not made it (tags: {shown}; retention: "
                f"{group.retention_in_days or 'no end'}). Give this stack another `name`. If this stack made it, set "
                f"its tag: `{self._tag_it(group.name)}`. If nobody needs its events, delete it: `aws logs "
                f"delete-log-group --region {self.stage.region} --log-group-name {group.name}`."
            )
        return None

    def _tag_it(self, name: str) -> str:
        arn = self.stage.arn("logs", f"log-group:{name}")
        return f"aws logs tag-resource --resource-arn {arn} --tags {STACK_TAG}={self.stack}"


def find(stage: Stage, clusters: Collection[str], live: Collection[str], opts: pulumi.InvokeOptions) -> Found:
    """Reads the log groups of this stage's names. clusters: their keys. live: keys of those that the stack has made.

    Raises RunError when another stack or somebody else has one of the names.
    """
    names = Names(stage, this_stack())
    found = aws.cloudwatch.get_log_groups(log_group_name_prefix=f"/aws/eks/{stage.prefix}-", opts=opts)
    groups = {name: aws.cloudwatch.get_log_group(name=name, opts=opts) for name in found.log_group_names}
    of_cluster = {key: groups.get(log_group_name(stage, key)) for key in clusters}
    every = set(aws.eks.get_clusters(opts=opts).names)
    running = frozenset(key for key in clusters if stage.cluster_name(key) in every)
    exact = {log_group_name(stage, key) for key in clusters}
    reasons = [names.another(name, group.tags, exact=name in exact) for name, group in groups.items()]
    reasons += [names.taken(key, group, running=key in running) for key, group in of_cluster.items() if key not in live]
    if wrong := [reason for reason in reasons if reason]:
        raise pulumi.RunError("\n".join(wrong))
    present = {key: group for key, group in of_cluster.items() if group is not None}
    left = frozenset(key for key, group in present.items() if key not in live and _by_eks(group))
    own = {key for key, group in present.items() if key in live or group.tags.get(STACK_TAG) == names.stack}
    for key in left:
        pulumi.log.warn(
            f"EKS left the log group {present[key].name} of a cluster that was deleted. `up` takes it over, and "
            "CloudWatch then deletes its events that are older than `logs.retention_days`. Export first what is needed."
        )
    return Found(frozenset(key for key in own if has_older_names(present[key].tags)), left, running)


def _by_eks(group: GetLogGroupResult) -> bool:
    return not (group.tags or group.retention_in_days or group.kms_key_id)
