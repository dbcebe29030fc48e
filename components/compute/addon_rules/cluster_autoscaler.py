"""Rules of cluster-autoscaler. Source: kubernetes/autoscaler, cluster-autoscaler/metrics/metrics.go; read 2026-11."""

from components.core.metrics import Alert

RULES = (
    Alert(
        name="ClusterAutoscalerAbsent",
        expr="absent(cluster_autoscaler_cluster_safe_to_autoscale)",
        minutes=10,
        severity="critical",
        summary="cluster-autoscaler does not answer: managed pools keep the size that they have.",
    ),
    Alert(
        name="ClusterAutoscalerStopped",
        expr="max(cluster_autoscaler_cluster_safe_to_autoscale) == 0",
        minutes=15,
        severity="warning",
        summary="cluster-autoscaler has stopped: too many nodes are not ready.",
    ),
    Alert(
        name="ManagedPoolCannotGrow",
        expr="sum by (reason) (increase(cluster_autoscaler_failed_scale_ups_total[30m])) > 0",
        minutes=0,
        severity="warning",
        summary="A managed pool could not grow ({{ $labels.reason }}).",
    ),
)
