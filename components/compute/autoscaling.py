"""What cluster-autoscaler reads of a managed pool: tags of its node groups and of their Auto Scaling groups.

EKS tags every Auto Scaling group of a cluster for the autoscaler, also those of pools with a fixed size. So it finds
its groups by a tag of our own, and may change no others. Of a group without nodes it knows CPU, memory and GPUs from
the instance type, labels and taints from EKS, and the rest from tags of the node group.
Sources: kubernetes/autoscaler, cluster-autoscaler 1.31.5 to 1.36.1, aws_manager.go (buildNodeFromTemplate),
aws_wrapper.go, eligibility.go, utils/gpu, simulator/utilization/info.go; EKS user guide, "Managed node groups"; read
2026-11.
"""

from collections.abc import Mapping

from catalog.efa import EFA, efa_interfaces
from catalog.sharing import WHOLE_GPU
from settings.compute.node_pool import NodePoolSettings

AUTOSCALED_TAG = "ml-platform/autoscaled-in"
"""Tag of the Auto Scaling groups that the autoscaler may change. Its value is the name of the cluster."""

TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
EFA_HUGE_PAGES = "5120Mi"
"""The installer of EFA reserves a little more. Source: EKS user guide, "Run ML training with EFA", read 2026-11."""
USABLE_DISK = 0.85  # the kubelet keeps 10 %, and the file system needs some
ALMOST_IDLE = "0.001"
"""The share of a node in use below which it may end. With the default, 0.5, a node with running pods may end."""

UNREADY_TIME = "8h0m0s"
"""How long a node of whole GPUs may be there without them.

The autoscaler takes it for unready and unused, whatever its pods do: after its default, 20 minutes without a device
plugin, it would end nodes with running pods. EKS replaces nodes that are really broken: `node_repair`.
"""


def node_group_tags(pool: NodePoolSettings) -> dict[str, str]:
    """Returns tags with the resources of a node that its instance type does not show. Shared GPUs are not whole ones.

    They are those of the preferred type, of which the autoscaler takes CPU and memory too.
    """
    if not pool.autoscaled:
        return {}
    return {f"{TEMPLATE}/resources/{resource}": amount for resource, amount in _resources(pool).items()}


def scaling_group_tags(pool: NodePoolSettings, cluster_name: str) -> dict[str, str]:
    """Returns the tags of the Auto Scaling groups of a pool.

    A node with accelerators goes when nothing on it has requests: its pods are dear to start again. The autoscaler sees
    whether whole GPUs are used; where GPUs are shared, and with Neuron, it sees only CPU and memory. A taint that EKS
    reports without a value is none to the autoscaler.
    """
    if not pool.autoscaled:
        return {}
    tags = {AUTOSCALED_TAG: cluster_name}
    if pool.accelerator is not None:
        tags[f"{TEMPLATE}/autoscaling-options/scaledownutilizationthreshold"] = ALMOST_IDLE
        if WHOLE_GPU in pool.shared.resources(pool.accelerator):
            tags[f"{TEMPLATE}/autoscaling-options/scaledownunreadytime"] = UNREADY_TIME
    return tags | {f"{TEMPLATE}/taint/{taint.key}": f":{taint.effect}" for taint in pool.taints if not taint.value}


def _resources(pool: NodePoolSettings) -> Mapping[str, str]:
    machine = pool.machines[0]
    disk = f"{int(pool.disk.size_gib * USABLE_DISK)}Gi"
    if pool.local_nvme == "raid0" and machine.local_nvme_gb:
        disk = f"{int(machine.local_nvme_gb * USABLE_DISK)}G"
    resources = {"ephemeral-storage": disk}
    if accelerator := machine.accelerator:
        per_gpu = pool.shared.resources(accelerator)
        per_gpu = {WHOLE_GPU: 0, **per_gpu} if accelerator.kind == "gpu" else per_gpu
        resources |= {name: str(count * accelerator.count) for name, count in per_gpu.items()}
    if pool.efa:
        efas = sum(interface.kind == "efa-only" for interface in efa_interfaces(machine))
        resources |= {EFA: str(efas), "hugepages-2Mi": EFA_HUGE_PAGES}
    return resources
