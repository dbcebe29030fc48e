"""The sizes of node groups that are up, for pools whose sizes change in the stack file.

People, schedules and autoscalers scale a pool, so the program leaves its desired size alone. But EKS refuses a minimum
above it and a maximum below it. And with a new minimum or maximum the provider sends a desired size too: the one that
the state has, which would end nodes that somebody added since. So for such an update the present size is asked for.
Sources: EKS API, UpdateNodegroupConfig and NodegroupScalingConfig; terraform-provider-aws,
internal/service/eks/node_group.go; read 2026-11.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from settings.compute.node_pool import NodePoolSettings

Sizes = Mapping[str, Mapping[str, int]]
"""Pool -> zone -> desired size of its node group."""


def recorded(settings: NodePoolSettings, node_group_names: Mapping[str, pulumi.Output[str]]) -> Mapping[str, Any]:
    """Returns what the next run needs to know of a pool, for the stack's outputs."""
    return {"sizes": _sizes(settings), "node_groups": dict(node_group_names)}


def live_sizes(
    cluster: str, before: Mapping[str, Any], pools: Iterable[NodePoolSettings], opts: pulumi.InvokeOptions
) -> Sizes:
    """Returns the sizes to set. A pool that keeps its sizes has none, so that nothing is asked for it.

    cluster: its name in AWS. before: pool -> what was `recorded`.
    """
    changed = [(pool, was) for pool in pools if (was := before.get(pool.name)) and was["sizes"] != _sizes(pool)]
    if not changed:
        return {}
    present = set(aws.eks.get_node_groups(cluster_name=cluster, opts=opts).names)
    return {
        pool.name: {
            zone: _size(pool, was["sizes"], _desired(cluster, name, opts))
            for zone, name in was["node_groups"].items()
            if name in present
        }
        for pool, was in changed
    }


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
