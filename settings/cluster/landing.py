"""Landing pools: the pools that a cluster's own add-ons run on, such as CoreDNS, CSI controllers and Karpenter."""

from collections.abc import Iterable, Sequence

from settings.compute.node_pool import NodePoolSettings


def landing_pools(pools: Iterable[NodePoolSettings]) -> list[NodePoolSettings]:
    """Returns the pools where add-ons can run at any hour, from the start.

    These are managed pools, since the pods of Karpenter must not run on nodes that Karpenter may remove.
    """
    return [
        pool
        for pool in pools
        if pool.provisioner == "managed"
        and pool.kept_per_zone > 0
        and pool.off_peak is None
        and all(taint.effect == "PreferNoSchedule" for taint in pool.taints)
    ]


def landing_pool(pools: Sequence[NodePoolSettings]) -> NodePoolSettings:
    """Returns the first landing pool, or else the first pool; add-ons then wait for a node that accepts them."""
    managed = [pool for pool in pools if pool.provisioner == "managed"]
    return [*landing_pools(pools), *managed, *pools][0]
