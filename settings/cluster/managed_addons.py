"""Which EKS add-ons a cluster cannot do without, for its pools and its snapshots."""

from collections.abc import Iterable

from settings.compute.node_pool import NodePoolSettings


def needed_managed_addons(pools: Iterable[NodePoolSettings], snapshots: bool = False) -> tuple[str, ...]:
    """Names of EKS add-ons. GPU faults are seen, and GPU nodes repaired, by the node monitoring agent alone."""
    agent = ("eks-node-monitoring-agent",) if any(pool.accelerator for pool in pools) else ()
    return (*agent, "snapshot-controller") if snapshots else agent
