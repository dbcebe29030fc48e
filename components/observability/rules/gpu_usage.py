"""Who holds GPUs, who uses them, and nodes whose GPUs nobody sees.

With DRA no extended resource is requested: what counts requests is empty there, and what DCGM measures holds.
"""

from collections.abc import Iterator, Sequence

from components.core.metrics import Alert, Recording, RuleGroup
from components.core.promql import READY, promql, requested, resource_label
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings

RUNNING = promql("""(max by (namespace, pod) (kube_pod_status_phase{KSM,phase="Running"}) == 1)""")
BUSY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
OF_GPU_POOLS = (
    "max by (node) (node:labels and on (label_ml_platform_pool, label_node_kubernetes_io_instance_type) "
    "pool:gpus_per_node)"
)


def gpu_pools(cluster: ClusterParts) -> Iterator[NodePoolSettings]:
    """Yields the pools with GPUs of NVIDIA."""
    for pool in cluster.pools.values():
        if pool.accelerator is not None and pool.accelerator.manufacturer == "NVIDIA":
            yield pool


def has_gpus(cluster: ClusterParts) -> bool:
    return any(gpu_pools(cluster))


def constants(cluster: ClusterParts, region: str) -> Sequence[Recording]:
    """Returns how many GPUs a node has, and which part of one a slice is."""
    rows = []
    for pool in gpu_pools(cluster):
        labels = {"label_ml_platform_pool": pool.name}
        for machine in pool.machines:
            if machine.accelerator is not None:
                rows.append(
                    Recording(
                        name="pool:gpus_per_node",
                        expr=f"vector({machine.accelerator.count})",
                        labels={**labels, "label_node_kubernetes_io_instance_type": machine.name},
                        about="Number of GPUs in a node of this type.",
                    )
                )
        if pool.accelerator is not None:
            for resource, share in pool.shared.shares(pool.accelerator).items():
                rows.append(
                    Recording(
                        name="gpu:slice_share",
                        expr=f"vector({share:.6g})",
                        labels={**labels, "resource": resource_label(resource)},
                        about="Part of a GPU that one unit of the resource stands for, 0 to 1.",
                    )
                )
    return rows


_OF_PROFILE = r"""label_replace(%s, "resource", "nvidia_com_mig_${1}_${2}%s", "GPU_I_PROFILE", "(\\w+)[.](\\w+)%s")"""
_INSTANCES = _OF_PROFILE % (_OF_PROFILE % ('gpu_utilization{GPU_I_PROFILE!=""}', "", ""), "_me", "[+]me")
"""How busy MIG instances are, with the resource that pods ask for."""


def _by_workload(pods: str) -> str:
    return (
        "sum by (label_ml_platform_team, namespace, label_ml_platform_pool, workload) "
        f"({pods} * on (namespace, pod) group_left (workload) pod:workload "
        "* on (namespace) group_left (label_ml_platform_team) namespace:team)"
    )


def _hours(gpus: str) -> str:
    """Returns GPU hours of the last hour, from 60 samples: a series that began later counts from its beginning."""
    return f"sum_over_time({gpus}[59m59s:1m]) / 60"


GROUP = RuleGroup(
    name="gpu-usage",
    when=has_gpus,
    constants=constants,
    rules=(
        Recording(
            name="gpu_utilization",
            expr=f"max by (node, gpu, UUID, GPU_I_ID, GPU_I_PROFILE) ({BUSY})",
            about="Share of time in which a GPU or MIG instance computes, 0 to 1; once for a GPU that pods share.",
        ),
        Recording(
            name="gpu:utilization",
            expr=f"sum by (node, gpu, UUID) ({_INSTANCES} * on (node) group_left (label_ml_platform_pool) "
            "max by (node, label_ml_platform_pool) (node:labels) "
            "* on (label_ml_platform_pool, resource) group_left () gpu:slice_share) "
            "or avg by (node, gpu, UUID) (gpu_utilization)",
            about="Share of time in which a whole GPU computes, 0 to 1: MIG instances count by their part of it.",
        ),
        Recording(
            name="gpu:allocatable",
            expr=promql("sum by (node, resource) (kube_node_status_allocatable{KSM,GPUS})"),
            about="Number of GPUs or slices that a node offers.",
        ),
        Recording(
            name="pod:gpu_units",
            expr=requested("namespace, pod, node, resource", "GPUS"),
            about="Number of GPUs or slices that a pod asks for, until it ends.",
        ),
        Recording(
            name="gpu:requested",
            expr='sum by (namespace, node, resource) (pod:gpu_units{node!=""})',
            about="Number of GPUs or slices that pods of a namespace hold on a node.",
        ),
        Recording(
            name="gpu:allocation_ratio",
            expr="(sum by (node, resource) (gpu:requested) or gpu:allocatable * 0) / (gpu:allocatable > 0)",
            about="Share of a node's GPUs or slices that pods hold, 0 to 1.",
        ),
        Recording(
            name="pod:gpus",
            expr="""pod:gpu_units{node!=""} * on (node) group_left (label_ml_platform_pool) """
            """max by (node, label_ml_platform_pool) (node:labels) """
            """* on (label_ml_platform_pool, resource) group_left () gpu:slice_share """
            """or pod:gpu_units{node=""} * on (resource) group_left () max by (resource) (gpu:slice_share)""",
            about="Number of whole GPUs that the request of a pod stands for.",
        ),
        Recording(
            name="pod:gpu_utilization",
            expr=f'avg by (namespace, pod) (max by (namespace, pod, UUID, GPU_I_ID) ({BUSY}{{pod!=""}}))',
            about="Share of time in which the GPUs of a pod compute, 0 to 1; of a shared GPU that of all its pods.",
        ),
        Recording(
            name="pod:gpus_used",
            expr='pod:gpus{node!=""} * on (namespace, pod) group_left () pod:gpu_utilization',
            about="Number of whole GPUs that a pod holds, times the share of time in which they compute.",
        ),
        Recording(
            name="gpu:requested_by_workload",
            expr=_by_workload("pod:gpus"),
            about="Number of GPUs that a workload asks for, with or without a node.",
        ),
        Recording(
            name="gpu:allocated_by_workload",
            expr=_by_workload('pod:gpus{node!=""}'),
            about="Number of GPUs that a workload holds on nodes.",
        ),
        Recording(
            name="gpu:used_by_workload",
            expr=_by_workload("pod:gpus_used"),
            about="Number of GPUs that a workload holds, times the share of time in which they compute.",
        ),
        Recording(
            name="gpu_hours:requested",
            expr=_hours("gpu:requested_by_workload"),
            about="GPU hours asked for, of an hour.",
        ),
        Recording(
            name="gpu_hours:allocated", expr=_hours("gpu:allocated_by_workload"), about="GPU hours held, of an hour."
        ),
        Recording(name="gpu_hours:used", expr=_hours("gpu:used_by_workload"), about="GPU hours computed, of an hour."),
        Alert(
            name="GPUIdle",
            expr=f'avg by (namespace, pod) (avg_over_time({BUSY}{{pod!="",vgpu=""}}[30m])) < 0.05 '
            f"and on (namespace, pod) {RUNNING}",
            minutes=30,
            severity="warning",
            audience="team",
            summary="Pod {{ $labels.namespace }}/{{ $labels.pod }} holds GPUs and hardly uses them.",
        ),
        Alert(
            name="SharedGPUIdle",
            expr=f'avg by (node, gpu) (avg_over_time({BUSY}{{vgpu!=""}}[30m])) < 0.05',
            minutes=60,
            severity="info",
            summary="Pods share GPU {{ $labels.gpu }} of {{ $labels.node }}, and none of them uses it.",
        ),
        Alert(
            name="GPUNodeUnallocated",
            expr=f"(sum by (node) (gpu:allocatable) > 0) unless on (node) (sum by (node) (gpu:requested) > 0) "
            f"and on (node) {READY}",
            minutes=45,
            severity="warning",
            summary="Node {{ $labels.node }} offers GPUs, and for 45 minutes no pod has held one.",
        ),
        Alert(
            name="GPUNodeUnmonitored",
            expr=f"({OF_GPU_POOLS} and on (node) {READY}) unless on (node) max by (node) (DCGM_FI_DEV_GPU_TEMP)",
            minutes=15,
            severity="warning",
            summary="Nobody measures the GPUs of node {{ $labels.node }}: its exporter does not answer.",
        ),
        Alert(
            name="GPUProfilingAbsent",
            expr=f"max by (node) (DCGM_FI_DEV_GPU_TEMP) unless on (node) max by (node) ({BUSY})",
            minutes=15,
            severity="warning",
            summary="The exporter of {{ $labels.node }} may not profile: idle GPUs and GPU hours are not seen there.",
        ),
        Alert(
            name="GPUDeviceMissing",
            expr="count by (node) (count by (node, gpu) (DCGM_FI_DEV_GPU_TEMP)) < on (node) "
            "max by (node) (node:labels * on (label_ml_platform_pool, label_node_kubernetes_io_instance_type) "
            "group_left () pool:gpus_per_node)",
            minutes=10,
            severity="critical",
            summary="Node {{ $labels.node }} shows {{ $value }} GPUs, fewer than its instance type has.",
        ),
    ),
)
