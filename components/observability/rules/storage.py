"""Volumes of pods. The kubelet tells how full they are, while a pod has them."""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import promql

FREE = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes)"
SIZE = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes)"

GROUP = RuleGroup(
    name="storage",
    rules=(
        Alert(
            name="VolumeNearlyFull",
            expr=f"{FREE} / {SIZE} < 0.1",
            minutes=10,
            severity="warning",
            audience="team",
            summary="Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has "
            "{{ $value | humanizePercentage }} left.",
        ),
        Alert(
            name="VolumeFillsSoon",
            expr="min by (namespace, persistentvolumeclaim) "
            "(predict_linear(kubelet_volume_stats_available_bytes[2h], 4 * 3600)) < 0 "
            f"and on (namespace, persistentvolumeclaim) {FREE} / {SIZE} < 0.4",
            minutes=30,
            severity="critical",
            audience="team",
            summary="Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is full in four hours.",
        ),
        Alert(
            name="VolumeOutOfFiles",
            expr="max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes_free) "
            "/ (max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes) > 0) < 0.05",
            minutes=10,
            severity="warning",
            audience="team",
            summary="Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} can hold hardly any more "
            "files.",
        ),
        Alert(
            name="VolumeClaimPending",
            expr=promql(
                """max by (namespace, persistentvolumeclaim)
                (kube_persistentvolumeclaim_status_phase{KSM,phase=~"Pending|Lost"}) == 1"""
            ),
            minutes=30,
            severity="warning",
            audience="team",
            summary="Claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has waited 30 minutes for a "
            "volume.",
        ),
        Alert(
            name="VolumesReleased",
            expr=promql(
                """sum(max by (persistentvolume) (kube_persistentvolume_status_phase{KSM,phase="Released"})) > 0"""
            ),
            minutes=1440,
            severity="info",
            summary="{{ $value }} volumes whose claims are gone are kept, and paid for.",
        ),
    ),
)
