"""Loki and Tempo of the platform: what they keep and for how long, what they may do, whom they talk to."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from components.core.addon_spec import AddOnContext, every_add_on, values_of
from components.core.flows import Flow, Pods
from components.isolation.flows_of import flows_of
from components.observability import collectors, fluent_bit
from components.observability.grafana import grafana_values
from settings.cluster.addon_rules import installed
from settings.compute.node_pool import NodePoolSettings
from settings.observability.observability import ObservabilitySettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import POOL, stack, stage

OWN_LOGS: dict[str, Any] = {"to": "loki", "loki": {}}
OWN: dict[str, Any] = {"grafana": {}, "logs": OWN_LOGS, "traces": {"tempo": {}}}
NAMES = ("loki", "tempo")


ONE_IN_EACH_ZONE = {"instance_types": ["m5.2xlarge"], "min_per_zone": 1, "max_per_zone": 1}
TWO_POOLS = tuple({"name": name, **ONE_IN_EACH_ZONE} for name in ("system", "web"))


def context(
    environment: str = "prod", zones: int = 3, pools: Sequence[dict[str, Any]] = (POOL,), **observability: Any
) -> AddOnContext:
    return AddOnContext(
        stage=stage(environment=environment),
        cluster="main",
        kubernetes_version="1.35",
        pools=tuple(NodePoolSettings.model_validate(pool) for pool in pools),
        gpu_allocation="device-plugin",
        observability=ObservabilitySettings.model_validate({**OWN, **observability}),
        zones=zones,
    )


def values(name: str, environment: str = "prod", **changes: Any) -> Any:
    return values_of(every_add_on()[name], context(environment, **changes))


@pytest.mark.parametrize(
    ("observability", "has"),
    [
        ({}, set()),
        ({"logs": {}, "traces": {}}, set()),
        ({"logs": OWN_LOGS}, {"loki"}),
        ({"traces": {"tempo": {}}}, {"tempo"}),
        ({"logs": {"to": "loki", "loki": {"address": "http://loki.telemetry.svc:3100"}}}, set()),
        ({"traces": {"otlp": {"address": "http://tempo.telemetry.svc:4318"}}}, set()),
        ({"clusters": ["other"], **OWN}, set()),
    ],
)
def test_they_come_where_nobody_else_runs_them(observability: dict[str, Any], has: set[str]) -> None:
    clusters = {name: stack().clusters["main"] for name in ("main", "other")}
    parts = stack(observability=observability, clusters=clusters).parts_of("main")
    assert installed(every_add_on(), parts).keys() & set(NAMES) == has


def test_what_is_sent_goes_to_them() -> None:
    observability = ObservabilitySettings.model_validate(OWN)
    assert observability.logs
    assert observability.traces
    sent = fluent_bit.configuration("main", "us-west-2", observability.logs)["outputs"]
    assert {"Host loki.loki.svc", "Port 3100", "tls Off"} <= {line.strip() for line in sent.splitlines()}
    exporters = collectors.gateway("us-west-2", observability.traces)["exporters"]
    assert exporters == {"otlp_http": {"endpoint": "http://tempo.tempo.svc:4318"}}


@pytest.mark.parametrize(("environment", "logs", "traces"), [("dev", 14, 7), ("staging", 30, 14), ("prod", 90, 30)])
def test_production_keeps_more(environment: str, logs: int, traces: int) -> None:
    assert values("loki", environment)["loki"]["limits_config"]["retention_period"] == f"{logs * 24}h"
    assert values("loki", environment)["loki"]["compactor"]["retention_enabled"], "without it nothing is deleted"
    assert values("tempo", environment)["tempo"]["retention"] == f"{traces * 24}h"


def test_a_namespace_may_keep_its_logs_for_longer() -> None:
    apart = {"lab": {"retention_days": 180}, "web": {}}
    limits = values("loki", logs={**OWN_LOGS, "retention_days": 30, "namespaces": apart})["loki"]["limits_config"]
    assert limits["retention_period"] == "720h"
    assert limits["retention_stream"] == [{"selector": '{namespace="lab"}', "priority": 1, "period": "4320h"}]
    assert "namespace" in fluent_bit.LABELS, "a stream without the label would be kept as all others"


@pytest.mark.parametrize(("environment", "pods"), [("prod", 3), ("dev", 1)])
def test_in_production_one_of_three_pods_may_go(environment: str, pods: int) -> None:
    loki = values("loki", environment)
    assert loki["singleBinary"]["replicas"] == loki["loki"]["commonConfig"]["replication_factor"] == pods
    assert loki["singleBinary"]["podDisruptionBudget"]["enabled"] == (pods > 1)
    assert loki["singleBinary"]["podDisruptionBudget"]["maxUnavailable"] == 1
    assert values("tempo", environment)["replicas"] == 1, "the chart makes no ring of several"


def test_pods_share_a_node_where_there_are_fewer() -> None:
    def affinity(zones: int, **changes: Any) -> Any:
        return values("loki", zones=zones, **changes)["singleBinary"]["affinity"]["podAntiAffinity"]

    assert affinity(3)["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity(1)["requiredDuringSchedulingIgnoredDuringExecution"] == [], "otherwise one waits for ever"
    assert affinity(1)["preferredDuringSchedulingIgnoredDuringExecution"]
    of_one_pool = affinity(2, pools=TWO_POOLS)["requiredDuringSchedulingIgnoredDuringExecution"]
    assert of_one_pool == [], "its pods select the first pool, which has two nodes"


def test_prometheus_shares_a_node_where_its_pool_has_one() -> None:
    def apart(zones: int) -> str:
        made = values("kube-prometheus-stack", zones=zones, pools=TWO_POOLS)
        return str(made["prometheus"]["prometheusSpec"]["podAntiAffinity"])

    assert (apart(1), apart(2)) == ("soft", "hard")


def test_what_loki_reads_again_as_it_starts_fits_into_its_memory() -> None:
    made = values("loki")
    memory = int(made["singleBinary"]["resources"]["limits"]["memory"].removesuffix("Gi")) * 1024
    wal = made["loki"]["ingester"]["wal"]
    assert int(wal["replay_memory_ceiling"].removesuffix("MB")) < memory, "it would be killed at each start"
    assert wal.keys() == {"replay_memory_ceiling"}, "flush_on_shutdown is the chart's"


def test_tempo_is_not_ended_while_it_reads_its_volume_again() -> None:
    assert values("tempo")["tempo"]["livenessProbe"] == {"failureThreshold": 30}


@pytest.mark.parametrize("name", NAMES)
def test_they_hold_the_standard_restricted_without_a_token(name: str) -> None:
    made = values(name)
    assert every_add_on()[name].pod_security == "restricted"
    assert made["serviceAccount"] == {"name": name, "automountServiceAccountToken": False}
    if name == "tempo":  # the values of Loki's chart are restricted themselves
        assert made["tempo"]["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        assert made["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_nothing_is_told_to_their_makers() -> None:
    assert values("loki")["loki"]["analytics"] == {"reporting_enabled": False}
    assert values("tempo")["tempo"]["reportingEnabled"] is False


def test_lines_that_come_late_are_taken_and_long_ones_are_cut() -> None:
    limits = values("loki")["loki"]["limits_config"]
    assert limits["shard_streams"] == {"time_sharding_enabled": True}, (
        "streams have no pod: nodes would shut one another out"
    )
    assert limits["max_line_size_truncate"] is True


@pytest.fixture(scope="module")
def built() -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(stack(observability=OWN))
    return cloud


@pytest.mark.parametrize("name", NAMES)
def test_the_bucket_is_private_encrypted_and_forgets_what_is_deleted(built: PlatformCloud, name: str) -> None:
    bucket = built.one("s3/bucket:Bucket", f"main-{name}-bucket")
    assert bucket.protect, "production"
    (rule,) = built.one("BucketServerSideEncryptionConfiguration", f"main-{name}-bucket").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    (tls,) = json.loads(built.one("BucketPolicy", f"main-{name}-bucket").inputs["policy"])["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (rule,) = built.one("BucketLifecycleConfiguration", f"main-{name}-bucket").inputs["rules"]
    assert rule["expiration"] == {"expiredObjectDeleteMarker": True}, (
        "S3 deletes no object by its age: the index would stay"
    )
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 7}


@pytest.mark.parametrize("name", NAMES)
def test_they_may_use_their_own_bucket_and_nothing_else(built: PlatformCloud, name: str) -> None:
    bucket = built.one("s3/bucket:Bucket", f"main-{name}-bucket").inputs["bucket"]
    policy = json.loads(built.one("RolePolicy", f"main-{name}-permissions").inputs["policy"])["Statement"]
    arns = {resource for statement in policy for resource in statement["Resource"] if ":s3:" in resource}
    assert arns == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
    actions = {action for statement in policy for action in statement["Action"] if action.startswith("s3:")}
    parts = {"s3:AbortMultipartUpload"} if name == "tempo" else set()
    assert actions == {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"} | parts
    release = built.one("Release", f"main-{name}")
    assert bucket in json.dumps(release.inputs["values"])
    for needed in ("s3/bucket:Bucket", "BucketPolicy", "BucketLifecycleConfiguration"):
        assert release.stands_on(built.one(needed, f"main-{name}-bucket"))
    assert release.stands_on(built.one("PodIdentityAssociation", f"main-{name}-identity"))


@pytest.mark.parametrize(("name", "sender"), [("loki", "main-fluent-bit"), ("tempo", "main-opentelemetry-operator")])
def test_who_sends_comes_after_and_goes_before(built: PlatformCloud, name: str, sender: str) -> None:
    assert built.one("Release", sender).stands_on(built.one("Release", f"main-{name}"))


def test_without_log_groups_and_x_ray_nobody_may_write_there(built: PlatformCloud) -> None:
    assert not [each for each in built.all("cloudwatch/logGroup:LogGroup") if "fluent-bit" in each.name]
    assert not [each for each in built.all("RolePolicy") if "fluent-bit" in each.name or "opentelemetry" in each.name]


def test_their_volumes_go_with_their_claims(built: PlatformCloud) -> None:
    refused = built.one("ValidatingAdmissionPolicy", "main-storage-no-gp2").inputs["spec"]["validations"]
    (telemetry,) = [each for each in refused if "telemetry" in each["expression"]]
    assert telemetry["expression"].endswith("request.namespace in ['loki', 'monitoring', 'tempo']")
    assert values("loki")["singleBinary"]["persistence"]["storageClass"] == "telemetry"
    assert values("tempo")["persistence"]["storageClassName"] == "telemetry"
    told = [values("loki")["singleBinary"]["persistence"]["enabled"], values("tempo")["persistence"]["enabled"]]
    assert told == [True, True], "the estimate counts volumes that values name"


def test_network_policies_let_in_who_sends_who_asks_and_who_measures() -> None:
    found = flows_of(stack(isolation={}, observability=OWN), "main")

    def ports(namespace: str, direction: str, other: str) -> set[int]:
        def about(flow: Flow) -> bool:
            return flow.direction == direction and isinstance(flow.peer, Pods) and flow.peer.namespace == other

        return {port for flow in found[namespace] if about(flow) for port in flow.ports}

    for name, sender, taken, asked in (("loki", "logging", 3100, 3100), ("tempo", "opentelemetry", 4318, 3200)):
        assert ports(sender, "out", name) == ports(name, "in", sender) == {taken}
        assert ports("monitoring", "out", name) == ports(name, "in", "monitoring") == {asked}
    blind = flows_of(stack(isolation={}, observability={**OWN, "grafana": None}), "main")
    assert len(blind["tempo"]) == len(found["tempo"]) - 1


def test_grafana_finds_them_and_leads_from_one_to_the_other() -> None:
    def sources(**changes: Any) -> dict[str, Any]:
        made = grafana_values(context(**changes))["datasources"]["datasources.yaml"]["datasources"]
        return {each["uid"]: each for each in made}

    both = sources()
    assert (both["loki"]["url"], both["tempo"]["url"]) == ("http://loki.loki.svc:3100", "http://tempo.tempo.svc:3200")
    (field,) = both["loki"]["jsonData"]["derivedFields"]
    assert field["datasourceUid"] == "tempo"
    assert both["tempo"]["jsonData"]["tracesToLogsV2"]["datasourceUid"] == "loki"
    assert yaml.safe_dump(field).count("$${__value.raw}") == 1, "one dollar would be a variable of the pod"
    assert sources(traces={})["loki"]["jsonData"]["derivedFields"] == []
    assert sources(logs={})["tempo"]["jsonData"] == {}
    assert sources(logs={}, traces={}).keys() == {"prometheus", "alertmanager"}
