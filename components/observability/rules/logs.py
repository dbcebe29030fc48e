"""Logs: sent, waiting or lost; and more of them than yesterday."""

from components.core.metrics import Alert, RuleGroup
from settings.cluster.parts import ClusterParts

FLUENT_BIT = 'job="fluent-bit"'
READY = 'max by (node) (kube_node_status_condition{job="kube-state-metrics",condition="Ready",status="true"}) == 1'
SENT = f"fluentbit_output_proc_bytes_total{{{FLUENT_BIT}}}"


def has_logs(cluster: ClusterParts) -> bool:
    return cluster.observability is not None and cluster.observability.logs is not None


GROUP = RuleGroup(
    name="logs",
    when=has_logs,
    rules=(
        Alert(
            name="LogsLost",
            expr=f"sum by (node) (increase(fluentbit_output_dropped_records_total{{{FLUENT_BIT}}}[15m])) > 0",
            minutes=0,
            severity="warning",
            summary="Fluent Bit on {{ $labels.node }} has thrown away {{ $value | humanize }} lines in 15 minutes.",
        ),
        Alert(
            name="LogsNotSent",
            expr=f"sum by (node) (increase(fluentbit_output_retries_total{{{FLUENT_BIT}}}[15m])) > 0"
            f" unless sum by (node) (increase({SENT}[15m])) > 0",
            minutes=15,
            severity="warning",
            summary="Fluent Bit on {{ $labels.node }} has sent nothing for half an hour, and tries again and again.",
        ),
        Alert(
            name="LogBufferFilling",
            expr=f"min by (node) (fluentbit_output_chunk_available_capacity_percent{{{FLUENT_BIT}}}) < 50",
            minutes=10,
            severity="warning",
            summary="Logs that wait on {{ $labels.node }} leave {{ $value | humanize }} % of their room free.",
        ),
        Alert(
            name="LogsOfNodeMissing",
            expr=f"{READY} unless on (node) max by (node) (fluentbit_uptime{{{FLUENT_BIT}}})",
            minutes=15,
            severity="warning",
            summary="Nobody reads the logs of node {{ $labels.node }}: Fluent Bit does not run there, or is silent.",
        ),
        Alert(
            name="LogVolumeTripled",
            expr=f"sum(rate({SENT}[1h])) > 3 * sum(rate({SENT}[1d] offset 1d)) and sum(rate({SENT}[1h])) > 100000",
            minutes=60,
            severity="warning",
            summary="Containers write {{ $value | humanize }}B of logs a second, three times as much as yesterday.",
        ),
    ),
)
