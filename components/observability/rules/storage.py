"""Volumes of pods. The kubelet tells how full they are, while a pod has them, and whether they get onto its node.

A volume that is on its way to a node fails a few times first. Source: kubernetes/kubernetes v1.36.0, pkg/volume/util/
metrics.go and operationexecutor/operation_generator.go; kubernetes-sigs/aws-ebs-csi-driver, chart 2.64.0, templates/
controller.yaml, --retry-interval-max; read 2026-11.
"""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import promql

FREE = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes)"
SIZE = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes)"


def _each_fails(failed: str, passed: str, by: str, on: str, minutes: int) -> str:
    """Counts in each of the last two windows, as what stopped is in one of them alone, and none has passed in both.

    A counter begins at 1, which is no increase, only a new series. minutes: of a window, with at least one try.
    """
    goes_on = " and ".join(
        f"sum by ({by}) (increase({failed}[{minutes}m]{before})) > 0" for before in ("", f" offset {minutes}m")
    )
    both = f"{2 * minutes}m"
    return f"{goes_on} unless on ({on}) (increase({passed}[{both}]) > 0 or {passed} unless {passed} offset {both})"


def _tries(status: str) -> str:
    selector = f'status="{status}",operation_name=~"verify_controller_attached_volume|volume_mount"'
    return f'storage_operation_duration_seconds_count{{{selector},volume_plugin=~"kubernetes.io/csi:.+"}}'


_OF_TRIES = "node, volume_plugin, operation_name"


def _refused(requests: str, minutes: int) -> str:
    """Leaves out a dry run, which is answered with an error when all is well."""
    failed = f'aws_ebs_csi_api_request_errors_total{{code!="DryRunOperation",request{requests}}}'
    return _each_fails(failed, "aws_ebs_csi_api_request_duration_seconds_count", "request, code", "request", minutes)


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
            expr=_each_fails(_tries("fail-unknown"), _tries("success"), _OF_TRIES, _OF_TRIES, 15),
            minutes=15,
            severity="warning",
            summary="Node {{ $labels.node }} gets no volume of {{ $labels.volume_plugin }}: each "
            "{{ $labels.operation_name }} of half an hour has failed, and pods wait.",
        ),
        Alert(
            name="EBSRequestsRefused",
            # The attacher tries again each 5 minutes in the end, provisioner, resizer and snapshotter each 30.
            expr=" or ".join(
                (_refused('=~"(Attach|Detach)Volume"', 15), _refused('!~"Describe.+|(Attach|Detach)Volume"', 40))
            ),
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
