"""Webhooks that do not answer: what the API server then refuses, and what starts all the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator import console
from simulator.kubernetes.clusters import EKS_CLUSTER, RELEASE, Cluster, cluster_of, delete_objects
from simulator.kubernetes.webhooks import Request, Webhook, is_down, set_down, webhooks_of
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.in_process.providers import Registered
from tests.simulator.kubernetes.bench import Bench, bench, deployment
from tests.simulator.kubernetes.test_admission import SAFE
from tests.simulator.kubernetes.test_readiness import chart

FILES = {"home": {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}, {"namespace": "lab"}]}}
ANY = {"key": "kubernetes.io/metadata.name", "operator": "Exists"}
INJECTOR = (
    'Internal error occurred: failed calling webhook "linkerd-proxy-injector.linkerd.io": failed to call webhook: Post '
    '"https://linkerd-proxy-injector.linkerd.svc:443/?timeout=10s": no endpoints available for service '
    '"linkerd-proxy-injector"'
)


def named(webhooks: Iterator[Webhook]) -> dict[str, Webhook]:
    return {each.name: each for each in webhooks}


def stop(cluster: Cluster, service: str) -> None:
    found = [each for each in webhooks_of(each.state for each in cluster.releases()) if each.service == service]
    assert found, f"no chart has a webhook with the Service {service}"
    set_down(cluster, found[0], down=True)


def pod(namespace: str) -> Props:
    container = {"name": "app", "image": "registry.invalid/app:1", "securityContext": SAFE}
    container["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}}
    metadata = {"name": "app", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def service(namespace: str) -> Props:
    metadata = {"name": "app", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}


def test_an_injector_that_is_down_stops_the_meshed_namespaces_alone() -> None:
    platform = PlatformCloud()
    platform.up(stack(mesh={"namespaces": ["research"]}, storage={"file_systems": FILES}))
    cloud = platform.providers.cloud
    (row,) = cloud.of_type(EKS_CLUSTER)
    (release,) = [each for each in cloud.of_type(RELEASE) if each.state["chart"] == "linkerd-control-plane"]
    values = {**release.state["values"], "webhookFailurePolicy": "Fail"}
    cloud.put(RELEASE, release.id, {**release.state, "values": values}, region=release.region)
    stop(cluster_of(cloud, row), "linkerd-proxy-injector")
    namespaces = platform.all("core/v1:Namespace")
    assert {each.inputs["metadata"]["name"] for each in namespaces} >= {"research", "lab", "cert-manager", "linkerd"}
    config = platform.registered[namespaces[0].provider.rpartition("::")[0]].checked
    refused = {}
    for name in (each.inputs["metadata"]["name"] for each in namespaces):
        for inputs in (pod(name), service(name)):
            urn = f"urn:pulumi:dev::p::kubernetes:core/v1:{inputs['kind']}::{name}"
            try:
                platform.providers.create(Registered(urn, inputs), config)
            except Refusal as refusal:
                refused[name, inputs["kind"]] = str(refusal)
    assert refused.keys() == {("research", "Pod"), ("research", "Service")}
    assert all(INJECTOR in text for text in refused.values())


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    annotations = {"linkerd.io/inject": "enabled"}
    for name, metadata in {"linkerd": {}, "cert-manager": {}, "research": {"annotations": annotations}}.items():
        made.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}, name)
    made.make(chart("cert-manager", crds={"enabled": True}), "cert-manager")
    made.make(chart("linkerd-crds"), "linkerd-crds")
    return made


def mesh(cluster: Bench, policy: str = "Ignore", **values: Any) -> None:
    values = {"cniEnabled": True, "webhookFailurePolicy": policy, **values}
    cluster.make({**chart("linkerd-control-plane", **values), "namespace": "linkerd"}, "control-plane")


def of(cluster: Bench) -> Cluster:
    (row,) = cluster.cloud.of_type(EKS_CLUSTER)
    return cluster_of(cluster.cloud, row)


def refusal(cluster: Bench, inputs: Props, name: str = "refused", preview: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        _ = cluster.preview(inputs, name) if preview else cluster.make(inputs, name)
    return str(refused.value)


def test_with_the_policy_ignore_a_pod_starts_in_the_clear_and_the_simulator_says_so(cluster: Bench) -> None:
    mesh(cluster)
    cluster.make(deployment("research"), "with-proxy")
    assert not cluster.warnings
    stop(of(cluster), "linkerd-proxy-injector")
    cluster.make(deployment("research") | {"metadata": {"name": "other", "namespace": "research"}}, "without")
    (warning,) = cluster.warnings
    assert 'Deployment "other" starts pods without a proxy while linkerd-proxy-injector does not answer' in warning
    cluster.make(service("research"), "service")
    left = deployment("research")
    left["metadata"] = {"name": "left", "namespace": "research"}
    left["spec"]["template"]["metadata"]["annotations"] = {"linkerd.io/inject": "disabled"}
    cluster.make(left, "left")
    assert len(cluster.warnings) == 1, "they would have no proxy in any case"


def test_another_webhook_that_is_down_takes_no_proxy_away(cluster: Bench) -> None:
    mesh(cluster, "Fail")
    cluster.make(chart("aws-load-balancer-controller", webhookNamespaceSelectors=[ANY]), "load-balancers")
    stop(of(cluster), "aws-load-balancer-webhook-service")
    cluster.make(deployment("research"))
    assert not cluster.warnings
    assert "mservice.elbv2.k8s.aws" in refusal(cluster, service("linkerd")), "every Service waits for this one"


@pytest.mark.parametrize("preview", [True, False])
def test_a_workload_whose_pods_nobody_may_create_is_refused(cluster: Bench, preview: bool) -> None:
    mesh(cluster, "Fail")
    stop(of(cluster), "linkerd-proxy-injector")
    text = refusal(cluster, deployment("research"), preview=preview)
    assert f'pods of Deployment "web": {INJECTOR}' in text
    assert text.endswith("and then fails without naming the reason."), "the real update accepts the Deployment"


def test_a_release_in_a_namespace_that_the_injector_sees_waits_in_vain(cluster: Bench) -> None:
    mesh(cluster, "Fail")
    stop(of(cluster), "linkerd-proxy-injector")
    labels = {"config.linkerd.io/admission-webhooks": "disabled"}
    for name, metadata in {"seen": {}, "kept": {"labels": labels}}.items():
        cluster.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}, name)
    release = chart("metrics-server")
    text = refusal(cluster, {**release, "namespace": "seen"})
    assert "no pod of seen/metrics-server is created: Internal error occurred" in text
    cluster.make({**release, "namespace": "kept"}, "kept-release")
    cluster.make({**chart("karpenter-crd"), "namespace": "seen"}, "definitions")


def test_each_webhook_is_asked_about_its_own_objects(cluster: Bench) -> None:
    mesh(cluster, "Fail")
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "self-signed"}}
    issuer["spec"] = {"selfSigned": {}}
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "port": 80}
    server = {"apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "spec": spec}
    server["metadata"] = {"name": "http", "namespace": "research"}
    made = cluster.make(server, "server")
    stop(of(cluster), "linkerd-policy-validator")
    stop(of(cluster), "cert-manager-webhook")
    assert 'webhook "webhook.cert-manager.io"' in refusal(cluster, issuer)
    assert "cert-manager-webhook.kube-system.svc:443/validate?timeout=30s" in refusal(cluster, issuer)
    changed = {**server, "spec": {**spec, "port": 81}}
    with pytest.raises(Refusal, match=r"linkerd-policy-validator\.linkerd\.io"):
        cluster.update(made, cluster.checked(changed), "server")
    cluster.make(pod("research"), "pod")
    cluster.delete(made, "server")


def test_a_store_of_secrets_stays_while_its_operator_is_down(cluster: Bench) -> None:
    cluster.make(chart("external-secrets"), "external-secrets")
    store: Props = {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore"}
    store["metadata"] = {"name": "aws", "namespace": "research"}
    store["spec"] = {"provider": {"aws": {"service": "SecretsManager", "region": "us-west-2"}}}
    made = cluster.make(store, "store")
    stop(of(cluster), "external-secrets-webhook")
    with pytest.raises(Refusal, match=r'webhook "validate\.secretstore\.external-secrets\.io"'):
        cluster.delete(made, "store")


def test_what_is_not_known_is_no_reason(cluster: Bench) -> None:
    mesh(cluster, "Fail")
    stop(of(cluster), "linkerd-proxy-injector")
    for labels in (UNKNOWN, {"config.linkerd.io/admission-webhooks": UNKNOWN}):
        metadata = {"name": "coming", "labels": labels}
        cluster.preview({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, "coming")
        cluster.preview(pod("coming"))
    cluster.preview({**chart("linkerd-control-plane"), "namespace": "linkerd", "values": UNKNOWN}, "control-plane")
    cluster.preview(pod("research"))


def test_the_webhooks_of_the_load_balancers_depend_on_the_values() -> None:
    def made(**values: Any) -> dict[str, Webhook]:
        return named(webhooks_of([chart("aws-load-balancer-controller", **values)]))

    def asked(resource: str) -> Request:
        return Request("CREATE", "", "v1", resource)

    by_default = made()
    assert by_default["mpod.elbv2.k8s.aws"].fails is False
    in_gate = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
    assert by_default["mpod.elbv2.k8s.aws"].sees(asked("pods"), [{}], in_gate)
    assert not by_default["mpod.elbv2.k8s.aws"].sees(asked("pods"), [{}], {})
    own = {"app.kubernetes.io/name": "aws-load-balancer-controller"}
    assert not by_default["mpod.elbv2.k8s.aws"].sees(asked("pods"), [own], in_gate), "it would wait for itself"
    assert by_default["mservice.elbv2.k8s.aws"].sees(asked("services"), [{}], {})
    assert by_default["vingress.elbv2.k8s.aws"].sees(
        Request("UPDATE", "networking.k8s.io", "v1", "ingresses"), [{}], {}
    )
    assert by_default["vtargetgroupbinding.elbv2.k8s.aws"].fails
    off = made(enableServiceMutatorWebhook=False, webhookConfig={"disableIngressValidation": True})
    assert by_default.keys() - off.keys() == {"mservice.elbv2.k8s.aws", "vingress.elbv2.k8s.aws"}


def test_the_console_stops_and_starts_the_pods_of_a_service(
    tmp_path: Path, cluster: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh(cluster, "Fail")
    file = tmp_path / "cloud.sqlite"
    assert console.run(["webhook", "main"], file) == 0
    assert "linkerd/linkerd-sp-validator" in capsys.readouterr().out
    assert console.run(["webhook", "main", "linkerd-proxy-injector", "--down"], file) == 0
    assert capsys.readouterr().out.split() == [
        *("linkerd-proxy-injector.linkerd.io", "linkerd/linkerd-proxy-injector", "Fail", "down")
    ]
    assert INJECTOR in refusal(cluster, pod("research"))
    assert console.run(["webhook", "main", "linkerd-proxy-injector", "--up"], file) == 0
    cluster.make(pod("research"), "pod")
    assert console.run(["webhook", "main", "linkerd-proxy-injekt", "--down"], file) == 1
    assert "Did you mean linkerd-proxy-injector?" in capsys.readouterr().err
    assert console.run(["webhook", "main", "--down"], file) == 1


def test_a_cluster_that_is_made_again_has_no_outage(cluster: Bench) -> None:
    mesh(cluster)
    stop(of(cluster), "linkerd-proxy-injector")
    (webhook, *_) = webhooks_of(copy.deepcopy(each.state) for each in of(cluster).releases() if "linkerd" in each.id)
    delete_objects(of(cluster))
    assert not is_down(of(cluster), webhook)
