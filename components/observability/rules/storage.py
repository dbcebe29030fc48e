"""Volumes of pods. The kubelet tells how full they are, while a pod has them, and whether they get onto its node.

A volume that is on its way to a node fails a few times first. Source: kubernetes/kubernetes v1.36.0, pkg/volume/util/
metrics.go and operationexecutor/operation_generator.go; read 2026-11.
"""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import promql

FREE = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes)"
SIZE = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes)"


def _goes_on(counter: str, by: str) -> str:
    """Counts in each of the last two quarters of an hour: what stopped is in one of them alone."""
    return " and ".join(f"sum by ({by}) (increase({counter}[15m]{before})) > 0" for before in ("", " offset 15m"))


def _without(counter: str, by: str) -> str:
    """Leaves out what has succeeded in half an hour. A counter begins at 1, which is no increase, only a new series."""
    return f"unless on ({by}) (increase({counter}[30m]) > 0 or {counter} unless {counter} offset 30m)"


def _tries(status: str) -> str:
    selector = f'status="{status}",operation_name=~"verify_controller_attached_volume|volume_mount"'
    return f'storage_operation_duration_seconds_count{{{selector},volume_plugin=~"kubernetes.io/csi:.+"}}'


_OF_TRIES = "node, volume_plugin, operation_name"
_REFUSED = 'aws_ebs_csi_api_request_errors_total{code!="DryRunOperation",request!~"Describe.+"}'

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
            name="VolumesNotMounted",
            expr=f"{_goes_on(_tries('fail-unknown'), _OF_TRIES)} {_without(_tries('success'), _OF_TRIES)}",
            minutes=15,
            severity="warning",
            summary="Node {{ $labels.node }} gets no volume of {{ $labels.volume_plugin }}: each "
            "{{ $labels.operation_name }} of half an hour has failed, and pods wait.",
        ),
        Alert(
            name="EBSRequestsRefused",
            # A volume that fails is tried again each 5 minutes. A dry run is answered with an error when all is well.
            expr=f"{_goes_on(_REFUSED, 'request, code')} "
            + _without("aws_ebs_csi_api_request_duration_seconds_count", "request"),
            minutes=15,
            severity="warning",
            summary="EC2 refuses each {{ $labels.request }} of the EBS driver ({{ $labels.code }}), and pods wait for "
            "their volumes.",
        ),
        Alert(
            name="EBSRequestsThrottled",
            expr="sum(rate(aws_ebs_csi_api_request_throttles_total[15m])) "
            "> sum(rate(aws_ebs_csi_api_request_duration_seconds_count[15m]))",
            minutes=15,
            severity="warning",
            summary="EC2 puts off {{ $value }} requests of the EBS driver a second, more than it answers.",
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
