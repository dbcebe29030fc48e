"""The EKS add-ons that a cluster needs for its pools and its snapshots."""

from collections.abc import Iterable

from settings.compute.node_pool import NodePoolSettings


def needed_managed_addons(pools: Iterable[NodePoolSettings], snapshots: bool = False) -> tuple[str, ...]:
    """Returns names of EKS add-ons. Only the node monitoring agent detects GPU faults, which node repair relies on."""
    agent = ("eks-node-monitoring-agent",) if any(pool.accelerator for pool in pools) else ()
    return (*agent, "snapshot-controller") if snapshots else agent
