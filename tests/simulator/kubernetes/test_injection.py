"""The pod that Linkerd's injector makes of a pod, and what the simulator judges after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.kubernetes.injection import PROXY, injected, refused_probes, why_left
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props, has_unknown
from tests.simulator.conformance.test_corpus import with_one_unknown
from tests.simulator.kubernetes.bench import Bench, bench, deployment
from tests.simulator.kubernetes.test_admission import ENFORCE, SAFE
from tests.simulator.kubernetes.test_readiness import chart

NAMESPACE: Props = {"name": "research", "annotations": {"linkerd.io/inject": "enabled"}}
LIMITS = {"cpu": {"limit": "1"}, "memory": {"limit": "250Mi"}}


def pod(**spec: Any) -> Props:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "i"}], **spec}}


def release(**values: Any) -> Props:
    return {**chart("linkerd-control-plane", **values), "namespace": "linkerd"}


def made(subject: Props, **values: Any) -> dict[str, Any]:
    """Returns the containers of the pod as it is made, by name; those that start first come first."""
    spec = injected(subject, NAMESPACE, release(**values))["spec"]
    return {each["name"]: each for each in [*spec["initContainers"], *spec["containers"]]}


def annotated(**annotations: str) -> Props:
    named = {f"config.linkerd.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {**pod(), "metadata": {"annotations": named}}


def test_the_proxy_is_a_sidecar_that_starts_before_all_others_and_lets_a_job_end() -> None:
    containers = made(pod(initContainers=[{"name": "first", "image": "i"}]), cniEnabled=True)
    assert list(containers) == ["linkerd-network-validator", "linkerd-proxy", "first", "app"]
    assert containers["linkerd-proxy"]["restartPolicy"] == "Always"
    beside = made(pod(), cniEnabled=True, proxy={"nativeSidecar": False})
    assert list(beside) == ["linkerd-network-validator", "linkerd-proxy", "app"]
    assert "restartPolicy" not in beside["linkerd-proxy"], "the Job of such a pod never ends"


def test_without_the_cni_plugin_the_pod_redirects_its_traffic_itself() -> None:
    containers = made(pod())
    assert list(containers) == ["linkerd-init", "linkerd-proxy", "app"]
    assert containers["linkerd-init"]["securityContext"]["capabilities"] == {"add": ["NET_ADMIN", "NET_RAW"]}


def test_the_proxy_has_the_capabilities_of_the_first_container() -> None:
    dropping = {"name": "app", "securityContext": {"capabilities": {"add": ["CHOWN"], "drop": ["ALL", "NET_RAW"]}}}
    containers = made(pod(containers=[dropping, {"name": "other"}]))
    assert containers["linkerd-proxy"]["securityContext"]["capabilities"] == {
        "add": ["CHOWN"],
        "drop": ["ALL", "NET_RAW"],
    }
    of_init = containers["linkerd-init"]["securityContext"]["capabilities"]
    assert of_init == {"add": ["NET_ADMIN", "NET_RAW", "CHOWN"], "drop": ["ALL"]}, "it needs what it does not drop"
    assert "capabilities" not in made(pod())["linkerd-proxy"]["securityContext"]


def test_a_proxy_of_a_mirror_has_its_digest() -> None:
    mirrored = {"name": "registry.example.com/proxy", "version": f"edge-26.8.3@sha256:{'0' * 64}"}
    added = made(pod(), cniEnabled=True, proxy={"image": mirrored})
    images = {added[name]["image"] for name in ("linkerd-proxy", "linkerd-network-validator")}
    assert images == {f"{mirrored['name']}:{mirrored['version']}"}, "a rule that asks for digests sees the injected pod"


def test_annotations_go_before_those_of_the_namespace_and_these_before_the_values() -> None:
    values = {"cniEnabled": True, "proxy": {"resources": LIMITS}}
    assert made(pod(), **values)["linkerd-proxy"]["resources"] == {"limits": {"cpu": "1", "memory": "250Mi"}}
    subject = annotated(proxy_memory_limit="1Gi", proxy_cpu_limit="much", proxy_version="v2", proxy_uid="5")
    proxy = made(subject, **values)["linkerd-proxy"]
    assert proxy["resources"] == {"limits": {"cpu": "1", "memory": "1Gi"}}, "what cannot be read is left out"
    assert (proxy["image"], proxy["securityContext"]["runAsUser"]) == ("cr.l5d.io/linkerd/proxy:v2", 5)
    in_namespace = {
        **NAMESPACE,
        "annotations": {**NAMESPACE["annotations"], "config.linkerd.io/proxy-await": "disabled"},
    }
    spec = injected(pod(), in_namespace, release(**values))["spec"]
    assert "startupProbe" not in spec["initContainers"][1]
    assert "startupProbe" in proxy


@pytest.mark.parametrize(
    ("subject", "of_namespace", "reason"),
    [
        (pod(), {}, "neither the namespace nor the pod have the annotation"),
        (pod(), {"linkerd.io/inject": "disabled"}, "neither the namespace nor the pod have the annotation"),
        (pod(), {"linkerd.io/inject": "yes"}, 'invalid value for annotation "linkerd.io/inject" at namespace'),
        (pod(hostNetwork=True), NAMESPACE["annotations"], "hostNetwork is enabled"),
        (pod(containers=[{"name": "istio-proxy"}]), NAMESPACE["annotations"], "has a sidecar injected already"),
        (pod(initContainers=[{"name": "linkerd-init"}]), NAMESPACE["annotations"], "has a sidecar injected already"),
    ],
)
def test_a_pod_is_left_as_it_is(subject: Props, of_namespace: dict[str, str], reason: str) -> None:
    namespace = {"name": "research", "annotations": of_namespace}
    assert reason in why_left(subject, namespace, release())
    assert injected(subject, namespace, release()) is subject


def test_a_pod_says_for_itself_whether_it_is_meshed() -> None:
    asks, refuses = (
        {**pod(), "metadata": {"annotations": {"linkerd.io/inject": text}}} for text in ("ingress", "disabled")
    )
    assert why_left(asks, {"name": "lab"}, release()) == ""
    assert 'pod has the annotation "linkerd.io/inject:disabled"' in why_left(refuses, NAMESPACE, release())
    untrusted = pod(automountServiceAccountToken=False)
    assert why_left(untrusted, NAMESPACE, release()) == "", "the proxy has a token of its own"
    assert "automount" in why_left(untrusted, NAMESPACE, release(identity={"serviceAccountTokenProjection": False}))


def test_an_unknown_value_breaks_nothing() -> None:
    subject = pod(containers=[{"name": "app", "image": "i", "securityContext": SAFE}], initContainers=[], volumes=[])
    for _, partly in with_one_unknown(subject):
        injected(partly, NAMESPACE, release()) if partly["spec"] is not UNKNOWN else None
    for _, partly in with_one_unknown({**NAMESPACE, "kind": ""}):
        injected(subject, partly, release())
    hidden = pod(containers=[{"name": "app", "securityContext": UNKNOWN}])
    assert has_unknown(made(hidden)["linkerd-proxy"]["securityContext"]["capabilities"])


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    new_bench = bench(tmp_path)
    metadata = {**NAMESPACE, "labels": {ENFORCE: "restricted"}}
    new_bench.make({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, "research")
    new_bench.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "linkerd"}}, "linkerd")
    return new_bench


def workload(in_namespace: str = "research") -> Props:
    container = {"name": "app", "image": "registry.invalid/app:1", "securityContext": SAFE}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return deployment(in_namespace, template=template)


def test_a_preview_that_brings_the_control_plane_judges_pods_with_their_proxy(cluster: Bench) -> None:
    cluster.preview(workload())
    cluster.preview(release(), "control-plane")
    with pytest.raises(Refusal, match="linkerd-init") as refused:
        cluster.preview(workload())
    assert str(refused.value).endswith("and then fails without naming the reason."), "nothing else would say why"
    cluster.preview(release(cniEnabled=True), "control-plane")
    cluster.preview(workload())


def test_a_quota_counts_the_proxies_of_what_is_there(cluster: Bench) -> None:
    cluster.make(release(cniEnabled=True, proxy={"resources": LIMITS}), "control-plane")
    metadata = {"name": "team", "namespace": "research"}
    hard = {"spec": {"hard": {"limits.memory": "400Mi"}}}
    cluster.make({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, **hard}, "quota")
    small = workload()
    small["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "10Mi"}}
    cluster.make(small, "first")
    small["metadata"]["name"] = "second"
    with pytest.raises(Refusal, match=r"requested: limits\.memory=260Mi, used: limits\.memory=260Mi"):
        cluster.make(small, "second")


def test_a_job_whose_proxy_is_no_sidecar_never_ends(cluster: Bench) -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train", "namespace": "research"}}
    template = {"spec": {**workload()["spec"]["template"]["spec"], "restartPolicy": "Never"}}
    cluster.make(release(cniEnabled=True), "control-plane")
    cluster.preview({**job, "spec": {"template": template}})
    assert not cluster.warnings
    template["metadata"] = {"annotations": {"config.linkerd.io/proxy-enable-native-sidecar": "false"}}
    cluster.preview({**job, "spec": {"template": template}})
    assert cluster.warnings[0].startswith('Job "train" never ends: linkerd-proxy runs beside its containers')


@pytest.mark.parametrize("kind", ["Deployment", "Job", "CronJob"])
def test_whatever_makes_meshed_pods_passes_restricted_with_the_cni_plugin_alone(cluster: Bench, kind: str) -> None:
    subject = workload()
    template = {"spec": {**subject["spec"]["template"]["spec"], "restartPolicy": "Never"}}
    specs: dict[str, Props] = {
        "Deployment": subject["spec"],
        "Job": {"template": template},
        "CronJob": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": template}}},
    }
    version = "apps/v1" if kind == "Deployment" else "batch/v1"
    metadata = {"name": "app", "namespace": "research"}
    made = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": specs[kind]}
    cluster.preview(release(cniEnabled=True), "control-plane")
    cluster.preview(made)
    assert not cluster.warnings
    cluster.preview(release(), "control-plane")
    with pytest.raises(Refusal, match="linkerd-init"):
        cluster.preview(made)


def test_a_probe_by_grpc_is_refused_where_a_policy_refuses_who_has_no_identity(cluster: Bench) -> None:
    def told(default: str, *servers: Props, **probe: Any) -> int:
        cluster.warnings.clear()
        cluster.preview(release(cniEnabled=True, proxy={"defaultInboundPolicy": default}), "control-plane")
        for each in servers:
            cluster.cloud.put("kubernetes:policy.linkerd.io/v1beta3:Server", "main/research/chat", each)
        subject = workload()
        subject["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
        cluster.preview(subject)
        assert all("app.readinessProbe by gRPC on port 8080" in each for each in cluster.warnings)
        return len(cluster.warnings)

    by_grpc = {"grpc": {"port": 8080}}
    of_chat = {"podSelector": {"matchLabels": {"app": "web"}}, "port": 8080}
    server = {"apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "metadata": {"namespace": "research"}}
    assert [told(each, **by_grpc) for each in ("deny", "all-authenticated", "audit")] == [1, 1, 0]
    assert told("deny", httpGet={"path": "/", "port": 8080}) == 0, "the proxy knows it"
    assert told("audit", {**server, "spec": {**of_chat, "accessPolicy": "deny"}}, **by_grpc) == 1
    assert told("deny", {**server, "spec": {**of_chat, "accessPolicy": "audit"}}, **by_grpc) == 0
    assert told("audit", {**server, "spec": {**of_chat, "port": 9000}}, **by_grpc) == 0, "of another port"


def test_a_pod_whose_labels_are_not_known_yet_has_the_policy_of_its_proxy() -> None:
    proxy = {"name": PROXY, "env": [{"name": "LINKERD2_PROXY_INBOUND_DEFAULT_POLICY", "value": "deny"}]}
    app = {"name": "app", "readinessProbe": {"grpc": {"port": 8080}}}
    server = {"spec": {"podSelector": {"matchLabels": {"app": "web"}}, "port": 8080, "accessPolicy": "audit"}}

    def refused(labels: Any) -> list[str]:
        found = {"metadata": {"labels": labels}, "spec": {"containers": [proxy, app]}}
        return list(refused_probes(found, [server]))

    assert refused({"app": "web"}) == []
    assert refused(UNKNOWN) == ["app.readinessProbe by gRPC on port 8080, where the policy is deny"]


@pytest.mark.parametrize("name", ["kube-system", "cert-manager"])
def test_the_injector_is_not_asked_about_what_kubernetes_itself_needs(cluster: Bench, name: str) -> None:
    cluster.make(release(), "control-plane")
    metadata = {**NAMESPACE, "name": name, "labels": {ENFORCE: "restricted"}}
    if name == "cert-manager":
        cluster.make({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, name)
    cluster.make(workload(name))
