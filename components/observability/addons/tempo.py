"""Tempo of the platform: traces in a bucket of the cluster, found by id, and by Grafana.

One program in one pod, in production too: the chart makes no ring of several. While it starts anew gateways hold what
they send for some minutes; spans that it has taken are on its volume.
Sources: grafana-community/helm-charts tempo-2.2.4, templates/; grafana/tempo v2.10.8, cmd/tempo/app, modules/ingester,
modules/overrides/discarded_spans.go, tempodb; read 2026-11.
"""

from collections.abc import Sequence

from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.flows import OTLP_HTTP, TRACE_GATEWAYS, Flow, into
from components.core.metrics import Alert, Scrape
from components.core.untyped import Values
from components.observability import kept
from settings.cluster.fixed_values import FixedValue, never, only
from settings.cluster.parts import ClusterParts
from settings.observability.kept import MEMORY_GIB
from settings.observability.metrics import TELEMETRY
from settings.observability.traces import TempoSettings

NAME = "tempo"
PORT = 3200
PODS = dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), NAME)
OF_UPLOADS = ("s3:AbortMultipartUpload",)


def needed_by(cluster: ClusterParts) -> str | None:
    traces = cluster.observability.traces if cluster.observability is not None else None
    return "observability.traces.tempo" if traces is not None and traces.tempo is not None else None


def values(context: AddOnContext) -> Values:
    traces = context.observability.traces if context.observability is not None else None
    tempo = (traces.tempo if traces is not None else None) or TempoSettings()
    region = context.stage.region
    return {
        **kept.placed(context),
        "replicas": 1,
        "tempo": {
            "reportingEnabled": False,
            "memBallastSizeMbs": 0,
            "extraEnv": [{"name": "GOMEMLIMIT", "value": f"{MEMORY_GIB * 1024 * 85 // 100}MiB"}],
            "retention": f"{tempo.days(context.stage.environment) * 24}h",
            "storage": {
                "trace": {
                    "backend": "s3",
                    "s3": {
                        "bucket": kept.bucket_of(NAME, context),
                        "endpoint": f"s3.{region}.amazonaws.com",
                        "region": region,
                    },
                }
            },
            "livenessProbe": {"failureThreshold": 30},  # of 10 s: it is not ready while it reads its volume again
            "resources": kept.resources("200m"),
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        },
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}, "fsGroupChangePolicy": "OnRootMismatch"},
        "persistence": {"enabled": True, "storageClassName": TELEMETRY, "size": kept.VOLUME},
        "serviceAccount": {"name": NAME, "automountServiceAccountToken": False},
    }


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    return kept.flows(cluster, PORT, into(TRACE_GATEWAYS, "gateways send traces", OTLP_HTTP))


RULES = (
    Alert(
        name="TempoAbsent",
        expr='absent(up{job="tempo"} == 1)',
        minutes=10,
        severity="warning",
        summary="Tempo does not answer: gateways hold traces for some minutes, then lose them.",
    ),
    Alert(
        name="TempoRefuses",
        expr='sum by (reason) (increase(tempo_discarded_spans_total{job="tempo"}[15m])) > 0',
        minutes=5,
        severity="warning",
        summary="Tempo has refused {{ $value | humanize }} spans in 15 minutes: {{ $labels.reason }}.",
    ),
    Alert(
        name="TempoBucketFails",
        expr='sum(increase(tempo_ingester_failed_flushes_total{job="tempo"}[1h])) > 2 '
        'or sum(increase(tempodb_compaction_errors_total{job="tempo"}[1h])) > 2 '
        'or sum(increase(tempodb_retention_errors_total{job="tempo"}[1h])) > 2 '
        'or sum(increase(tempodb_blocklist_poll_errors_total{job="tempo"}[1h])) > 2',
        minutes=30,
        severity="warning",
        summary="Tempo has failed {{ $value | humanize }} times in an hour to write, find or delete in its bucket.",
    ),
)

ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by,
    instead="no observability.traces.tempo",
    pod_security="restricted",
    daemons=(),
    values=values,
    identities=(
        Identity(
            service_account=NAME,
            statements=lambda context: kept.statements(NAME, context, (*kept.OBJECTS, *OF_UPLOADS)),
        ),
    ),
    makes_buckets=True,
    in_aws=lambda context, args: kept.in_aws(NAME, "traces", context, args),
    keys=("data",),
    claims_volumes=True,
    flows=flows,
    metrics=lambda cluster: (Scrape(job=NAME, pods=PODS, port=PORT),),
    rules=RULES,
    fixed=(
        *(
            FixedValue(path=path, keeps=never, why="The bucket, the rights on it and retention follow from settings.")
            for path in ("config", "tempo.storage", "tempo.retention")
        ),
        FixedValue(
            path="replicas", keeps=only("1"), why="Two of them would each know half of what is not in the bucket."
        ),
        FixedValue(
            path="tempo.server.http_listen_port",
            keeps=only(str(PORT)),
            why=f"The chart's Service, Grafana and network policies name port {PORT}.",
        ),
    ),
)
