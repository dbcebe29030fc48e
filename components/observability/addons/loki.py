"""Loki of the platform: logs in a bucket of the cluster, found by labels, and by Grafana.

One program in one pod; in production in three, each of which has all of a line's copies but one, so that one may go
where the landing pool keeps three nodes.
That writes up to three times as much, and is for some ten GB of logs a day and pod; more needs a Loki of one's own.
Streams have no pod, so an old line comes after newer ones of another node, as when Loki has been away: shards by time
take it, up to a week old. Caches, canary, gateway and rules of the chart are off: they are more pods and more images.
Sources: grafana-community/helm-charts loki-18.11.0, templates/; grafana/loki v3.7.6, pkg/ingester/{stream,flush,
wal}.go, pkg/distributor/distributor.go, pkg/compactor, pkg/validation/limits.go; read 2026-11.
"""

from collections.abc import Sequence

from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.disruption import ALSO_WHEN_BROKEN, budget
from components.core.flows import AMONG_THEMSELVES, Flow, Pods, into
from components.core.metrics import Alert, Scrape
from components.core.untyped import Values
from components.observability import kept
from settings.cluster.fixed_values import FixedValue, never, only
from settings.cluster.mesh_replicas import kept_nodes
from settings.cluster.parts import ClusterParts
from settings.observability.kept import MEMORY_GIB, loki_pods
from settings.observability.logs import LogSettings, LokiSettings
from settings.observability.metrics import TELEMETRY

NAME = "loki"
PORT = 3100
PODS = {
    **dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), NAME),
    "app.kubernetes.io/component": "single-binary",
}
SHIPPER = Pods(namespace="logging", labels={"app.kubernetes.io/name": "fluent-bit"})


def _logs(context: AddOnContext) -> LogSettings:
    observability = context.observability
    logs = observability.logs if observability is not None else None
    return logs or LogSettings(to="loki", loki=LokiSettings())


def needed_by(cluster: ClusterParts) -> str | None:
    logs = cluster.observability.logs if cluster.observability is not None else None
    return "observability.logs.loki" if logs is not None and logs.own_loki else None


def values(context: AddOnContext) -> Values:
    replicas = loki_pods(production=context.stage.production)
    off = {"enabled": False}
    return {
        "deploymentMode": "Monolithic",
        "loki": {
            "auth_enabled": False,  # one tenant; network policies say who comes
            "commonConfig": {"replication_factor": replicas},
            "schemaConfig": {"configs": [SCHEMA]},
            "storage": {
                "type": "s3",
                "bucketNames": {"chunks": kept.bucket_of(NAME, context)},
                "s3": {"region": context.stage.region, "disable_dualstack": True},
            },
            "limits_config": _limits(context),
            # What it reads again as it starts: half of its memory, then it writes to the bucket first.
            "ingester": {"wal": {"replay_memory_ceiling": f"{MEMORY_GIB * 512}MB"}},
            "compactor": {"retention_enabled": True, "delete_request_store": "s3"},
            "analytics": {"reporting_enabled": False},
        },
        "singleBinary": {
            **kept.placed(context),
            "replicas": replicas,
            "resources": kept.resources("200m"),
            "persistence": {"enabled": True, "storageClass": TELEMETRY, "size": kept.VOLUME},
            "terminationGracePeriodSeconds": 300,  # it writes what it holds to the bucket
            "podDisruptionBudget": budget(replicas, ALSO_WHEN_BROKEN),
            "affinity": {"podAntiAffinity": _apart(context, replicas)},
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "topology.kubernetes.io/zone",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": PODS},
                }
            ],
        },
        "memberlist": {"service": {"publishNotReadyAddresses": True}},  # the first pods find one another
        "serviceAccount": {"name": NAME, "automountServiceAccountToken": False},
        "defaults": {"automountServiceAccountToken": False, "service": {"publishNotReadyAddresses": False}},
        "rbac": {"namespaced": True},  # without rules of its own it needs no rights
        "sidecar": {"rules": off},
        **{part: {"replicas": 0} for part in ("backend", "read", "write")},
        **dict.fromkeys(("chunksCache", "gateway", "lokiCanary", "resultsCache", "ruler", "test"), off),
    }


SCHEMA = {
    "from": "2026-01-01",
    "store": "tsdb",
    "object_store": "s3",
    "schema": "v13",
    "index": {"prefix": "index_", "period": "24h"},
}
"""How logs are laid out from a day on. What is written stays as it is: another one needs a second entry, of a day to
come."""


def _limits(context: AddOnContext) -> Values:
    logs, environment = _logs(context), context.stage.environment
    apart = [
        {"selector": f'{{namespace="{name}"}}', "priority": 1, "period": f"{logs.days(environment, name) * 24}h"}
        for name, each in logs.namespaces.items()
        if each.retention_days is not None
    ]
    return {
        "retention_period": f"{logs.days(environment) * 24}h",
        "retention_stream": apart,
        "ingestion_rate_mb": 32,  # of all pods together, which is one tenant
        "ingestion_burst_size_mb": 64,
        "per_stream_rate_limit": "16MB",
        "per_stream_rate_limit_burst": "64MB",
        "max_line_size_truncate": True,  # rather than refuse the batch
        "shard_streams": {"time_sharding_enabled": True},
    }


def _apart(context: AddOnContext, replicas: int) -> Values:
    """Returns what keeps pods on nodes of their own: always where their pool has as many, otherwise if it can be."""
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": PODS}}
    if kept_nodes([context.landing_pool], context.zones) >= replicas:
        return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": [],
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}],
    }


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    sends = into(SHIPPER, "Fluent Bit sends logs", PORT)
    return (*AMONG_THEMSELVES, *kept.flows(cluster, PORT, sends))


RULES = (
    Alert(
        name="LokiAbsent",
        expr='absent(up{job="loki"} == 1)',
        minutes=15,
        severity="warning",
        summary="No pod of Loki answers: logs wait on the disks of nodes, and nobody finds one.",
    ),
    Alert(
        name="LokiRefuses",
        expr='sum by (reason) (increase(loki_discarded_samples_total{job="loki"}[15m])) > 0',
        minutes=5,
        severity="warning",
        summary="Loki has refused {{ $value | humanize }} lines in 15 minutes: {{ $labels.reason }}.",
    ),
    Alert(
        name="LokiBucketFails",
        expr='sum(increase(loki_ingester_chunks_flush_failures_total{job="loki"}[15m])) > 2',
        minutes=30,
        severity="warning",
        summary="Loki has failed {{ $value | humanize }} times in 15 minutes to write to its bucket.",
    ),
    Alert(
        name="LokiRetentionStalled",
        expr='count(up{job="loki"} == 1) unless '
        'sum(increase(loki_compactor_apply_retention_operation_total{job="loki",status="success"}[6h])) > 0',
        minutes=180,
        severity="warning",
        summary="Loki has ended no search for old logs in six hours: they stay, and cost.",
    ),
)

ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by,
    instead="observability.logs.loki with an address",
    pod_security="restricted",
    daemons=(),
    values=values,
    identities=(Identity(service_account=NAME, statements=lambda context: kept.statements(NAME, context)),),
    makes_buckets=True,
    in_aws=lambda context, args: kept.in_aws(NAME, "container-logs", context, args),
    keys=("data",),
    claims_volumes=True,
    flows=flows,
    metrics=lambda cluster: (Scrape(job=NAME, pods=PODS, port=PORT),),
    rules=RULES,
    fixed=(
        *(
            FixedValue(path=path, keeps=never, why="The bucket, the rights on it and retention follow from settings.")
            for path in (
                *("loki.storage", "loki.schemaConfig", "loki.config", "loki.structuredConfig", "loki.compactor"),
                *("loki.limits_config.retention_period", "loki.limits_config.retention_stream"),
            )
        ),
        *(
            FixedValue(path=path, keeps=never, why="Copies of a line are as many as pods, and found by all of them.")
            for path in ("loki.commonConfig", "singleBinary.replicas", "singleBinary.autoscaling")
        ),
        *(
            FixedValue(path=f"{chart}.enabled", keeps=only(False), why="Loki keeps logs in S3, as one kind of pod.")
            for chart in ("minio", "rollout_operator")
        ),
        kept.fixed_volume("singleBinary.persistence"),
        FixedValue(
            path="loki.server.http_listen_port",
            keeps=only(str(PORT)),
            why=f"Fluent Bit, Grafana and network policies name port {PORT}.",
        ),
        FixedValue(path="loki.auth_enabled", keeps=only(False), why="Fluent Bit and Grafana name no tenant."),
        FixedValue(
            path="deploymentMode", keeps=only("monolithic"), why="Monitors and policies name pods of this mode."
        ),
    ),
)
