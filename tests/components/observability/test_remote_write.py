"""What is written to Amazon Managed Prometheus, by whom, and what stays when it is switched off."""

import json
import re
from typing import Any

import pytest

from components.core.flows import PROMETHEUS, Pods
from components.observability.grafana import grafana_flows
from components.observability.remote_write import remote_write_flows
from settings.cluster.parts import ClusterParts
from settings.observability.grafana import LABELS
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack
from tests.in_process.providers import Registered

WORKSPACE = "aws:amp/workspace:Workspace"
LIMITS = "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
RELEASE, ROLE_POLICY = "helm.sh/v3:Release", "aws:iam/rolePolicy:RolePolicy"
NAME = "main-kube-prometheus-stack"


def built(cloud: PlatformCloud, preview: bool = False, **remote_write: Any) -> dict[str, Any]:
    """Builds a stack, and returns the spec of its Prometheus."""
    cloud.up(stack(observability={"metrics": {"remote_write": remote_write}}), preview)
    spec: dict[str, Any] = release(cloud).inputs["values"]["prometheus"]["prometheusSpec"]
    return spec


def release(cloud: PlatformCloud) -> Registered:
    return cloud.one(RELEASE, NAME)


def test_samples_go_to_the_workspace_of_the_cluster_once_its_limit_stands(cloud: PlatformCloud) -> None:
    (entry,) = built(cloud)["remoteWrite"]
    workspace, limits = cloud.one(WORKSPACE, f"{NAME}-workspace"), cloud.one(LIMITS, f"{NAME}-workspace")
    assert (
        entry["url"] == f"https://aps-workspaces.us-west-2.amazonaws.com/workspaces/{workspace.id}/api/v1/remote_write"
    )
    assert entry["sigv4"] == {"region": "us-west-2"}
    assert release(cloud).stands_on(limits), "before it, nothing would bound the bill"


def test_two_replicas_are_kept_once(cloud: PlatformCloud) -> None:
    spec = built(cloud)
    assert spec["replicas"] == 2
    assert spec["replicaExternalLabelName"] == "__replica__", "AWS strips this label alone"
    assert spec["externalLabels"] == {"cluster": "ml-platform-prod-main"}, "without both, each sample is billed twice"


def test_the_limit_is_of_a_label_that_each_series_has(cloud: PlatformCloud) -> None:
    spec = built(cloud, max_series=1000)
    ((limit,),) = [each.inputs["limitsPerLabelSets"] for each in cloud.all(LIMITS)]
    assert limit == {"labelSet": spec["externalLabels"], "limits": {"maxSeries": 1000}}


@pytest.mark.parametrize(
    ("name", "sent"),
    [("up", True), ("gpu:requested", True), ("gpu", False), ("startup", False), ("up_again", False), ("xgpu:a", False)],
)
def test_only_named_metrics_are_sent(cloud: PlatformCloud, name: str, sent: bool) -> None:
    (entry,) = built(cloud, metrics=["up", "gpu:.*"])["remoteWrite"]
    (keep,) = entry["writeRelabelConfigs"]
    assert (keep["action"], keep["sourceLabels"]) == ("keep", ["__name__"])
    assert bool(re.fullmatch(keep["regex"], name)) is sent


def test_prometheus_may_write_to_the_workspace_of_its_cluster_and_do_nothing_else(cloud: PlatformCloud) -> None:
    built(cloud)
    policies = [each for each in cloud.all(ROLE_POLICY) if "aps:" in each.inputs["policy"]]
    ((statement,),) = [json.loads(each.inputs["policy"])["Statement"] for each in policies]
    assert statement["Action"] == ["aps:RemoteWrite"]
    workspace = cloud.one(WORKSPACE, f"{NAME}-workspace")
    asked = {
        key.removeprefix("aws:ResourceTag/"): value for key, value in statement["Condition"]["StringEquals"].items()
    }
    tags = {**workspace.outputs["tagsAll"], **workspace.inputs["tags"]}
    assert asked.items() <= tags.items(), "IAM would refuse each sample"
    assert asked["ml-platform:cluster"] == "ml-platform-prod-main", "another cluster's history is not its to write"


def test_the_role_is_of_the_account_that_the_chart_makes(cloud: PlatformCloud) -> None:
    built(cloud)
    (association,) = (
        each
        for each in cloud.all("aws:eks/podIdentityAssociation:PodIdentityAssociation")
        if each.name.startswith(NAME) and each.inputs["serviceAccount"] == "prometheus"
    )
    account = release(cloud).inputs["values"]["prometheus"]["serviceAccount"]
    assert account == {"create": True, "name": association.inputs["serviceAccount"]}


def test_the_workspace_is_encrypted_with_a_key_of_the_stack_and_protected(cloud: PlatformCloud) -> None:
    built(cloud)
    workspace = cloud.one(WORKSPACE, f"{NAME}-workspace")
    assert workspace.inputs["kmsKeyArn"] == cloud.one("aws:kms/key:Key", "keys-logs").outputs["arn"]
    assert workspace.protect
    assert workspace.retained, "years of history go with it"


def test_nothing_is_written_without_the_setting(cloud: PlatformCloud) -> None:
    cloud.up(stack(observability={}))
    assert cloud.all(WORKSPACE) == []
    spec = release(cloud).inputs["values"]["prometheus"]["prometheusSpec"]
    assert "remoteWrite" not in spec
    assert "replicaExternalLabelName" not in spec


def test_each_cluster_has_a_workspace_of_its_own(cloud: PlatformCloud) -> None:
    main = stack().model_dump(mode="json", exclude_unset=True)["clusters"]["main"]
    settings = stack(clusters={"main": main, "lab": main}, observability={"metrics": {"remote_write": {}}})
    cloud.up(settings)
    assert {each.inputs["alias"] for each in cloud.all(WORKSPACE)} == {"ml-platform-prod-main", "ml-platform-prod-lab"}


def test_prometheus_calls_aws_only_where_it_writes_there() -> None:
    written, unwritten = (
        stack(observability={"metrics": metrics}).parts_of("main") for metrics in ({"remote_write": {}}, {})
    )
    assert {flow.peer for flow in remote_write_flows(written)} == {"pod-identity", "aws"}
    assert all(flow.pods == PROMETHEUS.labels for flow in remote_write_flows(written))
    assert remote_write_flows(unwritten) == ()


def with_values(**values: Any) -> ClusterParts:
    chart = {"addons": {"kube-prometheus-stack": {"values": values}}}
    return stack(observability={"grafana": {}}, clusters={"main": {**CLUSTER, **chart}}).parts_of("main")


@pytest.mark.parametrize(
    ("url", "peer", "port"),
    [
        ("https://mimir.example.com/api/v1/push", "outside", 443),
        ("https://mimir.example.com:9009/push", "outside", 9009),
        ("http://mimir.lab.svc:9009/push", Pods(namespace="lab"), 9009),
    ],
)
def test_what_values_add_is_reached_by_the_pods_that_call_it(url: str, peer: Any, port: int) -> None:
    writes = remote_write_flows(with_values(prometheus={"prometheusSpec": {"remoteWrite": [{"url": url}]}}))
    assert [(flow.peer, flow.ports, flow.pods) for flow in writes] == [(peer, (port,), PROMETHEUS.labels)]
    asks = grafana_flows(with_values(grafana={"additionalDataSources": [{"name": "x", "url": url}, {"name": "y"}]}))
    assert [(flow.peer, flow.ports, flow.pods) for flow in asks] == [(peer, (port,), LABELS)]


@pytest.mark.parametrize("given", [None, {}, [], ["x"], [{"url": None}], [{"url": "https://x:99999"}]])
def test_values_without_an_address_open_nothing(given: Any) -> None:
    assert not remote_write_flows(with_values(prometheus={"prometheusSpec": {"remoteWrite": given}}))
