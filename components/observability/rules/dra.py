"""GPUs that pods get by Dynamic Resource Allocation, where no extended resource tells who asks for what."""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import promql
from components.observability.rules.gpu_usage import has_gpus
from settings.cluster.parts import ClusterParts


def has_dra(cluster: ClusterParts) -> bool:
    return has_gpus(cluster) and cluster.gpu_allocation == "dra"


GROUP = RuleGroup(
    name="dra",
    when=has_dra,
    rules=(
        Alert(
            name="ResourceClaimPodsPending",
            expr=promql(
                """count by (namespace) (max by (namespace, pod) (kube_pod_resourceclaim_info{KSM})
                and on (namespace, pod) (max by (namespace, pod) (kube_pod_status_phase{KSM,phase="Pending"}) == 1))"""
            ),
            minutes=20,
            severity="warning",
            audience="team",
            summary="{{ $value }} pods of {{ $labels.namespace }} have waited 20 minutes for the devices that they "
            "claim.",
        ),
    ),
)
