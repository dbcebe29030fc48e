"""Which add-ons a cluster cannot do without, for its pools and its storage: on by themselves, and else idle."""

from collections.abc import Collection, Iterable, Mapping

from settings.buckets import BucketSettings
from settings.node_pool import NodePoolSettings
from settings.storage import StorageSettings

# Add-ons that exist for pools alone -> what to write in a pool that shall do without.
FOR_POOLS: Mapping[str, str] = {
    "karpenter": "provisioner: managed",
    "karpenter-crd": "provisioner: managed",
    "gpu-operator": "operating_system: bottlerocket, which brings driver and device plugin",
    "dra-driver-nvidia-gpu": "gpu_allocation: device-plugin in the cluster",
    "aws-efa-k8s-device-plugin": "efa: false",
    "neuron-helm-chart": "instance types with NVIDIA GPUs, or with none",
}

FOR_STORAGE: Mapping[str, str] = {  # map under storage -> the driver, by EKS
    "buckets": "aws-mountpoint-s3-csi-driver",
    "file_systems": "aws-efs-csi-driver",
    "lustre": "aws-fsx-csi-driver",
}


def needed_addons(pools: Iterable[NodePoolSettings], gpu_allocation: str) -> Mapping[str, str]:
    """Name of a Helm add-on -> the name of a pool that needs it."""
    needed: dict[str, str] = {}
    for pool in pools:
        if pool.provisioner == "karpenter":
            needed.setdefault("karpenter-crd", pool.name)
            needed.setdefault("karpenter", pool.name)
        accelerator = pool.accelerator
        if accelerator is not None and accelerator.manufacturer == "NVIDIA" and pool.operating_system == "al2023":
            needed.setdefault("gpu-operator", pool.name)  # Bottlerocket brings driver, plugin and MIG by itself
            if gpu_allocation == "dra":
                needed.setdefault("dra-driver-nvidia-gpu", pool.name)
        if accelerator is not None and accelerator.kind == "neuron":
            needed.setdefault("neuron-helm-chart", pool.name)
        if pool.efa:
            needed.setdefault("aws-efa-k8s-device-plugin", pool.name)
    return needed


def needed_managed_addons(pools: Iterable[NodePoolSettings], snapshots: bool = False) -> tuple[str, ...]:
    """Names of EKS add-ons. GPU faults are seen, and GPU nodes repaired, by the node monitoring agent alone."""
    agent = ("eks-node-monitoring-agent",) if any(pool.accelerator for pool in pools) else ()
    return (*agent, "snapshot-controller") if snapshots else agent


def needed_for_storage(storage: StorageSettings, cluster: str, clusters: Collection[str]) -> tuple[str, ...]:
    """Names of EKS add-ons: the drivers that mount what the cluster uses. clusters: all there are."""
    used = {
        FOR_STORAGE[kind]
        for kind, _, held in storage.entries()
        if not (isinstance(held, BucketSettings) and not held.mount)
        and any(user.cluster_among(clusters) == cluster for user in held.used_by)
    }
    return tuple(sorted(used))
