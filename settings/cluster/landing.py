"""Where a cluster's own add-ons land: CoreDNS, CSI controllers, Karpenter."""

from collections.abc import Iterable, Sequence

from settings.compute.node_pool import NodePoolSettings


def landing_pools(pools: Iterable[NodePoolSettings]) -> list[NodePoolSettings]:
    """Pools where add-ons can run at any hour, from the start. Karpenter's own pods may not run on its nodes."""
    return [
        pool
        for pool in pools
        if pool.provisioner == "managed"
        and pool.start_per_zone > 0
        and pool.off_peak is None
        and all(taint.effect == "PreferNoSchedule" for taint in pool.taints)
    ]


def landing_pool(pools: Sequence[NodePoolSettings]) -> NodePoolSettings:
    """The first of them. If there is none, the first pool; add-ons then wait for a node that takes them."""
    managed = [pool for pool in pools if pool.provisioner == "managed"]
    return [*landing_pools(pools), *managed, *pools][0]
