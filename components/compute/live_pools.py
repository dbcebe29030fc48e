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

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_aws.eks import GetNodeGroupResult

from catalog.regions import REGIONS
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
    key: str, cluster: str, before: Mapping[str, Any], pools: Iterable[NodePoolSettings], opts: pulumi.InvokeOptions
) -> LivePools:
    """Returns what is up in a cluster that exists. A pool that keeps its sizes has none to set.

    key: of the cluster in the stack file. cluster: its name in AWS. before: pool -> what was `recorded`; a stack of an
    earlier release, or one whose first run did not end, has none, and its groups are asked for it.
    Raises RunError when a node group has failed, or its image would go back.
    """
    present = set(aws.eks.get_node_groups(cluster_name=cluster, opts=opts).names)

    @cache
    def group(name: str) -> GetNodeGroupResult:
        return aws.eks.get_node_group(cluster_name=cluster, node_group_name=name, opts=opts)

    recorded_names = {name for was in before.values() for name in was["node_groups"].values()}
    unknown = [group(name) for name in sorted(present - recorded_names)]
    reasons = [*_failed(cluster, unknown)]
    names: set[str] = set(before)
    sizes: dict[str, dict[str, int]] = {}
    for pool in pools:
        # A zone whose group is new since the last complete run has one that nobody has recorded.
        new = list(_recorded_by_eks(key, pool, unknown))
        was = before.get(pool.name, {"node_groups": {}, "sizes": _sizes(pool)})
        live = [(zone, name, was["sizes"]) for zone, name in was["node_groups"].items() if name in present] + new
        if new:
            names.add(pool.name)
        reasons += _older_image(pool, was.get("image"), (group(name) for _, name, _ in live))
        of_zone: dict[str, int] = {}
        for zone, name, earlier in live:
            if earlier != _sizes(pool):
                size = _size(pool, earlier, int(group(name).scaling_configs[0].desired_size))
                of_zone[zone] = max(size, of_zone.get(zone, 0))  # of a replacement that failed, both may be there
        if of_zone:
            sizes[pool.name] = of_zone
    if reasons:
        raise pulumi.RunError("\n".join(reasons))
    return LivePools(names, sizes)


def _recorded_by_eks(
    key: str, pool: NodePoolSettings, groups: Iterable[GetNodeGroupResult]
) -> Iterator[tuple[str, str, list[int | None]]]:
    """Yields zone, name and sizes of each group of a pool. Pulumi adds digits to the name of a group."""
    name = re.compile(rf"{re.escape(f'{key}-{pool.name}')}-((?:{'|'.join(REGIONS)})[a-z])-[0-9a-f]+")
    for group in groups:
        if match := name.fullmatch(group.node_group_name):
            scaling = group.scaling_configs[0]
            yield match[1], match[0], [int(scaling.min_size), int(scaling.max_size), pool.desired_per_zone]


def _failed(cluster: str, unknown: Iterable[GetNodeGroupResult]) -> Iterator[str]:
    """Yields what to do about groups that the last run did not record: it made them, and did not end."""
    for group in unknown:
        if group.status == FAILED:
            name = group.node_group_name
            yield (
                f"node group {name} of cluster {cluster} is {FAILED}: its nodes did not start. `up` would leave it so, "
                "and delete the one that it replaces. Delete it: `aws eks delete-nodegroup --region "
                f"{group.region} --cluster-name {cluster} --nodegroup-name {name}`, then `pulumi refresh`. Then run "
                "`up` again, or take the change back: docs/runbooks/cluster/failed-node-group.md."
            )


def _older_image(
    pool: NodePoolSettings, image: Sequence[str | None] | None, groups: Iterable[GetNodeGroupResult]
) -> Iterator[str]:
    """Yields why an image cannot go back. image: operating system and release of before; without one, EKS is asked."""
    system, release = image or (pool.operating_system, None)
    if pool.image_release is None or system != pool.operating_system:
        return
    releases = [release] if release else [_release_of(group.release_version, pool) for group in groups]
    newest = max(filter(None, releases), key=_numbers, default=pool.image_release)
    if _numbers(pool.image_release) < _numbers(newest):
        yield (
            f"pool {pool.name}: image_release {pool.image_release} is older than {newest}, which its nodes have, "
            "and EKS takes no node group back. Write the newer one, or make another pool and drop this one."
        )


def _release_of(name: str, pool: NodePoolSettings) -> str | None:
    """Returns the release in EKS's name of an image: `1.35.2-20261012`, or of Bottlerocket `1.67.0-8f1c2a3b`."""
    version, _, rest = name.partition("-")
    release = version if pool.operating_system == "bottlerocket" else rest
    return release if re.fullmatch(r"[\d.]+", release) else None


def _numbers(release: str) -> list[int]:
    return [int(part) for part in release.split(".")]


def _sizes(pool: NodePoolSettings) -> list[int | None]:
    return [pool.min_per_zone, pool.max_per_zone, pool.desired_per_zone]


def _size(pool: NodePoolSettings, before: list[int | None], present: int) -> int:
    """Returns the present size, or the nearest that the pool allows; a desired size that is new in the stack file."""
    wanted = pool.desired_per_zone
    if wanted is None or wanted == before[2]:
        wanted = present
    return min(max(wanted, pool.min_per_zone), pool.max_per_zone)
