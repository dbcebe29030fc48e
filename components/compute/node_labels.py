"""Labels of the nodes of a pool, for schedulers, prices and the NVIDIA GPU operator.

Sources: NVIDIA GPU operator v26.7, controllers/state_manager.go (`gpu.deploy.*`); NVIDIA device plugin, README
(`device-plugin.config`); read 2026-11.
"""

from datetime import UTC

from catalog.sharing import (
    ACCELERATOR_LABEL,
    POOL_LABEL,
    SHARING_LABEL,
    WHOLE_GPU,
    WHOLE_GPUS_LABEL,
    accelerator_label,
)
from settings.compute.node_pool import NodePoolSettings

NO_OPERANDS = {"nvidia.com/gpu.deploy.operands": "false"}  # the GPU operator leaves these nodes alone
RESERVED_UNTIL_LABEL = "ml-platform/reserved-until"  # the end of a Capacity Block, when its nodes stop


def labels_of(pool: NodePoolSettings, gpu_allocation: str = "device-plugin") -> dict[str, str]:
    """Returns every label that a node of the pool starts with. Labels in the pool's settings override the others.

    gpu_allocation: that of the cluster.
    """
    labels = {POOL_LABEL: pool.name}
    if pool.accelerator is not None:
        labels[ACCELERATOR_LABEL] = accelerator_label(pool.accelerator)
        labels[SHARING_LABEL] = pool.shared.label
        whole_gpus = WHOLE_GPU in pool.shared.resources(pool.accelerator) and gpu_allocation != "dra"
        if pool.autoscaled and whole_gpus:
            labels[WHOLE_GPUS_LABEL] = accelerator_label(pool.accelerator)
        if pool.accelerator.manufacturer == "NVIDIA":
            labels |= {"nvidia.com/gpu.present": "true", **_operator_labels(pool)}
    if pool.reservation is not None and pool.reservation.ends is not None:
        labels[RESERVED_UNTIL_LABEL] = pool.reservation.ends.astimezone(UTC).strftime("%Y-%m-%dT%H.%MZ")
    return {**labels, **pool.labels}


def _operator_labels(pool: NodePoolSettings) -> dict[str, str]:
    if pool.operating_system == "bottlerocket":
        return NO_OPERANDS  # it has a device plugin of its own, and two would conflict
    if pool.shared.strategy in ("time-slicing", "mps"):
        return {"nvidia.com/device-plugin.config": pool.shared.label}
    return {}
