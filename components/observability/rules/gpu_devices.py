"""GPUs and slices that nodes offer as extended resources. With DRA they are devices of ResourceSlices instead."""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import READY, promql
from components.observability.rules.gpu_usage import OF_GPU_POOLS, has_gpus
from settings.cluster.parts import ClusterParts


def has_device_plugins(cluster: ClusterParts) -> bool:
    return has_gpus(cluster) and cluster.gpu_allocation != "dra"


GROUP = RuleGroup(
    name="gpu-devices",
    when=has_device_plugins,
    rules=(
        Alert(
            name="GPUDeviceUnhealthy",
            expr=promql(
                f"""sum by (node) (kube_node_status_capacity{{KSM,GPUS}})
                - on (node) sum by (node) (kube_node_status_allocatable{{KSM,GPUS}}) > 0 and on (node) {READY}"""
            ),
            minutes=10,
            severity="warning",
            summary="The device plugin of {{ $labels.node }} has taken {{ $value }} GPUs or slices out of use.",
        ),
        Alert(
            name="GPUNodeWithoutGPUs",
            expr=promql(
                f"""({OF_GPU_POOLS} and on (node) {READY})
                unless on (node) (sum by (node) (kube_node_status_allocatable{{KSM,GPUS}}) > 0)"""
            ),
            minutes=30,
            severity="warning",
            summary="Node {{ $labels.node }} of a GPU pool has offered no GPU for 30 minutes.",
        ),
        Alert(
            name="GPUNotCut",
            expr=promql(
                f"""(max by (node) (node:labels and on (label_ml_platform_pool)
                gpu:slice_share{{resource=~"nvidia_com_mig_.+"}}) and on (node) {READY})
                unless on (node) (sum by (node)
                (kube_node_status_allocatable{{KSM,resource=~"nvidia_com_mig_.+"}}) > 0)"""
            ),
            minutes=30,
            severity="warning",
            summary="Node {{ $labels.node }} should offer MIG slices and has none: its GPUs were not cut.",
        ),
    ),
)
