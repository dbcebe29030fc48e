"""Traces: taken, judged whole, sent; and nodes whose spans nobody takes."""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import READY
from settings.cluster.parts import ClusterParts

AGENT, GATEWAY = 'job="opentelemetry-agent"', 'job="opentelemetry-gateway"'


def has_traces(cluster: ClusterParts) -> bool:
    return cluster.observability is not None and cluster.observability.traces is not None


def _lost(counter: str) -> str:
    return f"sum by (job, exporter) (increase({counter}[15m])) > 0"


GROUP = RuleGroup(
    name="traces",
    when=has_traces,
    rules=(
        Alert(
            name="SpansRefused",
            expr="sum by (job) (rate(otelcol_receiver_refused_spans[5m])) > 0",
            minutes=10,
            severity="warning",
            summary="Pods of {{ $labels.job }} are at the limit of their memory and refuse {{ $value | humanize }} "
            "spans a second.",
        ),
        Alert(
            name="SpansLost",
            expr=f"{_lost('otelcol_exporter_send_failed_spans')} or {_lost('otelcol_exporter_enqueue_failed_spans')}",
            minutes=5,
            severity="warning",
            summary="{{ $labels.exporter }} of {{ $labels.job }} has lost {{ $value | humanize }} spans in 15 minutes.",
        ),
        Alert(
            name="TraceQueueFilling",
            expr="max by (job, exporter) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity) > 0.8",
            minutes=10,
            severity="warning",
            summary="The queue of {{ $labels.exporter }} of {{ $labels.job }} has {{ $value | humanizePercentage }} of "
            "what it holds.",
        ),
        Alert(
            name="TracesNotJudged",
            expr="sum(increase("
            f"otelcol_processor_tail_sampling_sampling_trace_dropped_too_early{{{GATEWAY}}}[15m])) > 0",
            minutes=15,
            severity="warning",
            summary="Gateways had no room for {{ $value | humanize }} traces in 15 minutes, and lost them, errors too.",
        ),
        Alert(
            name="TraceAgentMissing",
            expr=f"{READY} unless on (node) max by (node) (up{{{AGENT}}} == 1)",
            minutes=15,
            severity="warning",
            summary="Nobody takes the spans of node {{ $labels.node }}: the agent does not run there, or is silent.",
        ),
        Alert(
            name="TraceGatewaysAbsent",
            expr=f"absent(up{{{GATEWAY}}} == 1)",
            minutes=10,
            severity="warning",
            summary="No gateway of traces answers: no trace is kept.",
        ),
    ),
)
