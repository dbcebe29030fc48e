"""The EKS add-ons that a cluster gets."""

from collections.abc import Collection

from catalog.eks_addons import ADDONS, GUARDDUTY_AGENT
from settings.cluster.parts import ClusterParts


def eks_addons(cluster: ClusterParts, storage_drivers: Collection[str] = ()) -> set[str]:
    """Returns names of EKS add-ons: those of every cluster, those that settings need, and those that they name.

    storage_drivers: those that mount the storage of the cluster's pods.
    """
    names = {name for name, addon in ADDONS.items() if addon.every_cluster}
    names.update(storage_drivers, cluster.managed_addons or ())
    if any(pool.accelerator for pool in cluster.pools.values()):
        names.add("eks-node-monitoring-agent")  # nothing else detects GPU faults, which node repair relies on
    if cluster.snapshots:
        names.add("snapshot-controller")
    if cluster.guardduty:
        names.add(GUARDDUTY_AGENT)
    return names
