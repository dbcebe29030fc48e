"""Logs of containers: their groups, who may write there, and in which order they come and go."""

import json
from typing import Any

import pytest

from components.core.addon_spec import every_add_on
from components.core.flows import CONTROLLER, Pods, Range
from settings.cluster.parts import ClusterParts
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack

GROUP, RELEASE = "cloudwatch/logGroup:LogGroup", "helm.sh/v3:Release"
TEAM = {"name": "serving", "namespaces": ["inference", "agents"]}
DOMAIN = {"domain": "platform-logs", "host": "search-platform-logs-a.us-west-2.es.amazonaws.com"}
NAME = "ml-platform-prod-main"


def built(cloud: PlatformCloud, logs: dict[str, Any], **more: Any) -> None:
    cloud.up(stack(**{"teams": [TEAM], "observability": {"logs": logs}, **more}))


def groups(cloud: PlatformCloud) -> dict[str, Any]:
    return {each.inputs["name"]: each for each in cloud.all(GROUP) if each.inputs["name"].startswith(f"/{NAME}/")}


def statements(cloud: PlatformCloud) -> list[dict[str, Any]]:
    (policy,) = [each for each in cloud.all("iam/rolePolicy:RolePolicy") if "main-fluent-bit" in each.name]
    found: list[dict[str, Any]] = json.loads(policy.inputs["policy"])["Statement"]
    return found


def test_each_group_has_an_end_a_key_and_a_class(cloud: PlatformCloud) -> None:
    built(cloud, {"namespaces": {"inference": {"retention_days": 180, "log_class": "INFREQUENT_ACCESS"}, "agents": {}}})
    found = {
        name: (each.inputs["retentionInDays"], each.inputs["logGroupClass"]) for name, each in groups(cloud).items()
    }
    assert found == {
        f"/{NAME}/containers": (90, "STANDARD"),
        f"/{NAME}/namespaces/inference": (180, "INFREQUENT_ACCESS"),
        f"/{NAME}/namespaces/agents": (90, "STANDARD"),
    }
    assert all(each.inputs["kmsKeyId"] for each in groups(cloud).values())
    assert all(each.protect for each in groups(cloud).values()), "as all that a stack of production keeps"


@pytest.mark.parametrize(("environment", "days"), [("dev", 14), ("staging", 30), ("prod", 90)])
def test_the_end_follows_the_environment(cloud: PlatformCloud, environment: str, days: int) -> None:
    built(cloud, {}, environment=environment)
    (group,) = [each for each in cloud.all(GROUP) if each.inputs["name"].endswith("/containers")]
    assert group.inputs["retentionInDays"] == days


def test_groups_are_there_before_fluent_bit_and_go_after_it(cloud: PlatformCloud) -> None:
    """A group that is deleted while it runs would be missed, and its logs would wait for ever."""
    built(cloud, {"namespaces": {"inference": {}}})
    release = cloud.one(RELEASE, "main-fluent-bit")
    assert len(groups(cloud)) == 2
    for group in groups(cloud).values():
        assert cloud.comes_after(release, group), group.name


def test_it_may_write_to_these_groups_and_make_none(cloud: PlatformCloud) -> None:
    built(cloud, {"namespaces": {"inference": {}}})
    (statement,) = statements(cloud)
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    ends = [resource.partition(":log-group:")[2] for resource in statement["Resource"]]
    assert ends == [f"{name}:*" for name in groups(cloud)]


def test_with_opensearch_there_are_no_groups_and_it_may_write_to_that_domain_alone(cloud: PlatformCloud) -> None:
    built(cloud, {"to": "opensearch", "opensearch": DOMAIN})
    assert not groups(cloud)
    (statement,) = statements(cloud)
    assert statement["Action"] == ["es:ESHttpPost", "es:ESHttpPut"]
    (resource,) = statement["Resource"]
    assert resource.endswith(":domain/platform-logs/*")


def test_without_logs_there_is_no_fluent_bit(cloud: PlatformCloud) -> None:
    cloud.up(stack(observability={}))
    assert not [each for each in cloud.all(RELEASE) if "fluent-bit" in each.name]


def test_its_pods_go_to_every_node_and_no_pod_of_a_team_takes_their_place(cloud: PlatformCloud) -> None:
    built(cloud, {})
    release = cloud.one(RELEASE, "main-fluent-bit").inputs
    assert release["values"]["tolerations"] == [{"operator": "Exists"}]
    assert release["values"]["priorityClassName"] == "system-node-critical"
    (namespace,) = [
        each for each in cloud.all("core/v1:Namespace") if each.inputs["metadata"]["name"] == release["namespace"]
    ]
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_prometheus_reads_it_on_the_port_that_it_serves() -> None:
    spec = every_add_on()["fluent-bit"]
    parts: ClusterParts = stack(observability={"logs": {}}).parts_of("main")
    (scrape,) = spec.metrics(parts)
    assert (scrape.port, scrape.path, scrape.of_nodes) == (2020, "/api/v2/metrics/prometheus", True)


def test_a_group_stays_the_same_when_its_end_changes_and_others_come(cloud: PlatformCloud) -> None:
    built(cloud, {"namespaces": {"inference": {}}})
    before = {name: each.urn for name, each in groups(cloud).items()}
    built(cloud, {"retention_days": 180, "namespaces": {"inference": {}, "agents": {}}})
    assert {name: each.urn for name, each in groups(cloud).items()}.items() >= before.items()


def sent(logs: dict[str, Any]) -> list[tuple[Any, tuple[int, ...]]]:
    """Whom it calls beside the API server and DNS."""
    flows = every_add_on()["fluent-bit"].flows(stack(observability={"logs": logs}).parts_of("main"))
    return [(flow.peer, flow.ports) for flow in flows if flow.direction == "out" and flow not in CONTROLLER]


def test_the_way_to_where_logs_go_is_open_and_no_other_one() -> None:
    aws = [("pod-identity", (80,)), ("aws", (443,))]
    near = {"to": "opensearch", "opensearch": {**DOMAIN, "ranges": ["10.200.0.0/28"]}}
    assert sent({}) == sent({"to": "opensearch", "opensearch": DOMAIN}) == aws
    assert sent(near) == [*aws, (Range(cidr="10.200.0.0/28"), (443,))]
    for address, ranges, peer, port in (
        ("http://loki.telemetry.svc:3100", [], Pods(namespace="telemetry"), 3100),
        ("http://loki.telemetry.svc", [], Pods(namespace="telemetry"), 80),
        ("https://loki.example.com", [], "outside", 443),
        ("https://loki.example.com", ["10.200.0.0/28"], Range(cidr="10.200.0.0/28"), 443),
    ):
        assert sent({"to": "loki", "loki": {"address": address, "ranges": ranges}}) == [(peer, (port,))]


def test_for_a_loki_it_has_no_role(cloud: PlatformCloud) -> None:
    built(cloud, {"to": "loki", "loki": {"address": "http://loki.inference.svc:3100"}})
    assert not groups(cloud)
    assert not [each for each in cloud.all("iam/rolePolicy:RolePolicy") if "main-fluent-bit" in each.name]
