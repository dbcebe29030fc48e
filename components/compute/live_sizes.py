"""The managed pools that are up: their sizes, where these change in the stack file, failed groups, older images.

People, schedules and autoscalers scale a pool, so the program leaves its desired size alone. But EKS refuses a minimum
above it and a maximum below it. And with a new minimum or maximum the provider sends a desired size too: the one that
the state has, which would end nodes that somebody added since. So for such an update the present size is asked for.

A node group whose first nodes did not start is CREATE_FAILED, and is in the state all the same. The next `up` has
nothing to change in it, so it ends well, and deletes the group that this one replaces: no node is left. So every
preview stops at such a group. Sources: EKS API, UpdateNodegroupConfig, NodegroupScalingConfig, Nodegroup (status);
terraform-provider-aws, internal/service/eks/node_group.go; pulumi-terraform-bridge, pkg/tfbridge/provider.go (Create
keeps what has an id, Update without a difference calls nothing); read 2026-11.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from settings.compute.node_pool import NodePoolSettings

FAILED = "CREATE_FAILED"


@dataclass(frozen=True)
class LivePools:
    """What is up. names: the pools. sizes: pool -> zone -> desired size to set in its node group."""

    names: Set[str] = frozenset()
    sizes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def recorded(settings: NodePoolSettings, node_group_names: Mapping[str, pulumi.Output[str]]) -> Mapping[str, Any]:
    """Returns what the next run needs to know of a pool, for the stack's outputs."""
    return {
        "sizes": _sizes(settings),
        "node_groups": dict(node_group_names),
        "image": [settings.operating_system, settings.image_release],
    }


def live_pools(
    cluster: str, before: Mapping[str, Any], pools: Iterable[NodePoolSettings], opts: pulumi.InvokeOptions
) -> LivePools:
    """Returns what is up in a cluster that exists. A pool that keeps its sizes has none to set.

    cluster: its name in AWS. before: pool -> what was `recorded`. Raises RunError when a node group has failed, or its
    image would go back.
    """
    pools = tuple(pools)
    present = set(aws.eks.get_node_groups(cluster_name=cluster, opts=opts).names)
    known = {name for was in before.values() for name in was["node_groups"].values()}
    if reasons := [*_failed(cluster, sorted(present - known), opts), *_older_images(before, pools)]:
        raise pulumi.RunError("\n".join(reasons))
    changed = [(pool, was) for pool in pools if (was := before.get(pool.name)) and was["sizes"] != _sizes(pool)]
    sizes = {
        pool.name: {
            zone: _size(pool, was["sizes"], _desired(cluster, name, opts))
            for zone, name in was["node_groups"].items()
            if name in present
        }
        for pool, was in changed
    }
    return LivePools(before.keys(), sizes)


def _failed(cluster: str, unknown: Iterable[str], opts: pulumi.InvokeOptions) -> Iterator[str]:
    """Yields what to do about groups that the last run did not record: it made them, and did not end."""
    for name in unknown:
        group = aws.eks.get_node_group(cluster_name=cluster, node_group_name=name, opts=opts)
        if group.status == FAILED:
            yield (
                f"node group {name} of cluster {cluster} is {FAILED}: its nodes did not start. `up` would leave it so, "
                "and delete the one that it replaces. Delete it: `aws eks delete-nodegroup --region "
                f"{group.region} --cluster-name {cluster} --nodegroup-name {name}`, then `pulumi refresh`. Then run "
                "`up` again, or take the change back: docs/runbooks/cluster/failed-node-group.md."
            )


def _older_images(before: Mapping[str, Any], pools: Iterable[NodePoolSettings]) -> Iterator[str]:
    for pool in pools:
        system, release = before.get(pool.name, {}).get("image", (None, None))
        if pool.image_release is None or release is None or system != pool.operating_system:
            continue
        if _numbers(pool.image_release) < _numbers(release):
            yield (
                f"pool {pool.name}: image_release {pool.image_release} is older than {release}, which its nodes have, "
                "and EKS takes no node group back. Write the newer one, or make another pool and drop this one."
            )


def _numbers(release: str) -> list[int]:
    return [int(part) for part in release.split(".")]


def _sizes(pool: NodePoolSettings) -> list[int | None]:
    return [pool.min_per_zone, pool.max_per_zone, pool.desired_per_zone]


def _desired(cluster: str, name: str, opts: pulumi.InvokeOptions) -> int:
    group = aws.eks.get_node_group(cluster_name=cluster, node_group_name=name, opts=opts)
    return int(group.scaling_configs[0].desired_size)


def _size(pool: NodePoolSettings, before: list[int | None], present: int) -> int:
    """Returns the present size, or the nearest that the pool allows; a desired size that is new in the stack file."""
    wanted = pool.desired_per_zone
    if wanted is None or wanted == before[2]:
        wanted = present
    return min(max(wanted, pool.min_per_zone), pool.max_per_zone)
