"""Rules of Velero.

A schedule has counters from its beginning until it is deleted, and a time of success only while a good copy is there.
Source: vmware-tanzu/velero v1.18.1, pkg/metrics/metrics.go and pkg/controller/{backup,schedule}_controller.go; read
2026-11.
"""

from components.core.metrics import Alert

RULES = (
    Alert(
        name="VeleroAbsent",
        expr='absent(up{job="velero"} == 1)',
        minutes=30,
        severity="warning",
        summary="Velero does not answer: no copy of the cluster is made.",
    ),
    Alert(
        name="BackupStale",
        expr='time() - max by (schedule) (velero_backup_last_successful_timestamp{schedule!=""}) > 129600',
        minutes=15,
        severity="critical",
        summary="The last good copy of schedule {{ $labels.schedule }} is {{ $value | humanizeDuration }} old.",
    ),
    Alert(
        name="BackupNeverMade",
        expr='count by (schedule) (velero_backup_attempt_total{schedule!=""}) '
        'and on (schedule) max_over_time(velero_backup_attempt_total{schedule!=""}[1h] offset 36h) '
        "unless on (schedule) velero_backup_last_successful_timestamp",
        minutes=15,
        severity="critical",
        summary="No copy of schedule {{ $labels.schedule }} has succeeded since it is there, or the last is deleted.",
    ),
    Alert(
        name="BackupFails",
        expr='sum by (schedule) (increase(velero_backup_failure_total{schedule!=""}[1d])) '
        '+ sum by (schedule) (increase(velero_backup_partial_failure_total{schedule!=""}[1d])) > 0 '
        'or sum by (schedule) (increase(velero_backup_validation_failure_total{schedule!=""}[1d])) > 0',
        minutes=15,
        severity="warning",
        summary="A copy of schedule {{ $labels.schedule }} has failed, in whole or in part, or was refused.",
    ),
    Alert(
        name="BackupLocationUnavailable",
        expr="min by (backup_location_name) (velero_backup_location_status_gauge) == 0",
        minutes=30,
        severity="critical",
        summary="Velero does not reach the bucket of {{ $labels.backup_location_name }}.",
    ),
)
