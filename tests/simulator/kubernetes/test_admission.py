"""Pod Security and quotas: the real provider reports violations late or never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.kubernetes.pod_security import violations
from simulator.kubernetes.quota import Counter, quantity
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.facts.reading import facts
from tests.simulator.kubernetes.bench import Bench, bench, deployment, namespace

ENFORCE = "pod-security.kubernetes.io/enforce"
SAFE = {
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    new_bench = bench(tmp_path)
    new_bench.make(
        {**namespace("restricted"), "metadata": {"name": "restricted", "labels": {ENFORCE: "restricted"}}}, "ns"
    )
    return new_bench


def pod(context: Any = None, in_namespace: str = "restricted", **spec: Any) -> Props:
    container = {"name": "a", "image": "i"} | ({"securityContext": context} if context is not None else {})
    metadata = {"name": "p", "namespace": in_namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]} | spec}


def refusal(cluster: Bench, inputs: Props, preview: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        _ = cluster.preview(inputs) if preview else cluster.make(inputs)
    return str(refused.value)


def test_a_refused_pod_gets_the_message_of_the_admission_plugin(cluster: Bench) -> None:
    (recorded,) = facts("kubernetes_provider")["refusals"].values()
    assert refusal(cluster, pod()).partition("violates")[2] == recorded.partition("violates")[2]


def test_a_safe_pod_passes(cluster: Bench) -> None:
    cluster.make(pod(SAFE))


def test_a_workload_is_refused_at_once_with_what_the_real_run_would_do(cluster: Bench) -> None:
    for preview in (True, False):
        text = refusal(cluster, deployment("restricted"), preview)
        assert text.endswith("and then fails without naming the reason."), "the real run waits ten minutes for nothing"


def test_a_namespace_of_the_same_preview_enforces_its_level(cluster: Bench) -> None:
    labels = {"name": "strict", "labels": {ENFORCE: "baseline"}}
    cluster.preview({**namespace("strict"), "metadata": labels}, "strict")
    assert "host namespaces" in refusal(cluster, pod(in_namespace="strict", hostNetwork=True), preview=True)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"hostPID": True}, "host namespaces (hostPID=true)"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "v")'),
        ({"containers": [{"name": "a", "ports": [{"hostPort": 80}]}]}, "hostPort"),
        ({"containers": [{"name": "a", "securityContext": {"privileged": True}}]}, "privileged"),
        ({"containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}, "procMount"),
        ({"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]}, "SYS_ADMIN"),
        ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "Unconfined"),
        ({"securityContext": {"sysctls": [{"name": "kernel.msgmax"}]}}, "forbidden sysctls (kernel.msgmax)"),
        ({"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}, "seLinuxOptions"),
        ({"securityContext": {"windowsOptions": {"hostProcess": True}}}, "hostProcess"),
    ],
)
def test_the_baseline_level_finds_violations(spec: Props, text: str) -> None:
    subject = {"spec": {"containers": [{"name": "a"}]} | spec}
    (violation,) = violations("baseline", subject)
    assert text in violation
    assert violations("privileged", subject) == []


def test_the_restricted_level_forbids_more() -> None:
    plain = violations("restricted", {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}})
    assert len(plain) == 4
    assert all('"a", "b"' in text for text in plain), "every message must name all containers"
    rooted = {"containers": [{"name": "a", "securityContext": SAFE | {"runAsUser": 0}}]}
    assert violations("restricted", {"spec": rooted}) == ['runAsUser=0 (container "a" must not set runAsUser=0)']
    nfs = {"containers": [{"name": "a", "securityContext": SAFE}], "volumes": [{"name": "v", "nfs": {}}]}
    assert 'volume type "nfs"' in violations("restricted", {"spec": nfs})[0]


def test_unknown_values_violate_nothing() -> None:
    unknown = {"containers": [{"name": "a", "securityContext": UNKNOWN, "ports": UNKNOWN}], "volumes": UNKNOWN}
    for level in ("baseline", "restricted"):
        assert violations(level, {"spec": unknown}) == []
        hidden = {"containers": [{"name": "a", "securityContext": SAFE}], "securityContext": UNKNOWN}
        assert violations(level, {"spec": hidden}) == []


def quota(**hard: str) -> Props:
    metadata = {"name": "q", "namespace": "restricted"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}


def test_a_quota_that_is_used_up_refuses_the_next_pod(cluster: Bench) -> None:
    cluster.make(quota(pods="1"), "q")
    cluster.make(pod(SAFE), "first")
    second = pod(SAFE) | {"metadata": {"name": "second", "namespace": "restricted"}}
    exceeded = "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"
    assert refusal(cluster, second).endswith(exceeded)


def test_a_quota_counts_every_replica_of_a_workload(cluster: Bench) -> None:
    cluster.make({**quota(), "spec": {"hard": {"requests.nvidia.com/gpu": "4"}}}, "q")
    gpus = {"resources": {"requests": {"nvidia.com/gpu": "2"}, "limits": {"nvidia.com/gpu": "2"}}}
    container = {"name": "a", "image": "i", "securityContext": SAFE} | gpus
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    cluster.preview(deployment("restricted", template=template, replicas=2))
    text = refusal(cluster, deployment("restricted", template=template, replicas=3))
    assert "requested: requests.nvidia.com/gpu=6, used: requests.nvidia.com/gpu=0" in text


def test_a_claim_over_the_storage_quota_is_refused(cluster: Bench) -> None:
    cluster.make({**quota(), "spec": {"hard": {"requests.storage": "1Gi"}}}, "q")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    metadata = {"name": "data", "namespace": "restricted"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    assert "requested: requests.storage=5Gi, used: requests.storage=0, limited: requests.storage=1Gi" in refusal(
        cluster, claim
    )


@pytest.mark.parametrize(("text", "value"), [("500m", 0.5), ("1Ki", 1024), ("2", 2), ("1.5G", 1.5e9), ("3e2", 300)])
def test_quantities_are_parsed_as_in_kubernetes(text: str, value: float) -> None:
    assert float(quantity(text)) == value


def test_a_scheduled_job_uses_nothing_until_it_runs() -> None:
    template = {"template": {"spec": {"containers": []}}}
    (itself,) = Counter().parts({"kind": "CronJob", "spec": {"jobTemplate": {"spec": template}}})
    assert set(itself.each) == {"count/cronjobs"}


def test_a_workload_whose_class_is_missing_starves(cluster: Bench) -> None:
    template = deployment()["spec"]["template"]
    template["spec"] |= {"priorityClassName": "high", "runtimeClassName": "nvidia"}
    for preview in (True, False):
        text = refusal(cluster, deployment(template=template), preview)
        assert "no PriorityClass with name high was found" in text
        assert text.endswith("and then fails without naming the reason.")


def test_a_class_that_the_same_preview_creates_is_there(cluster: Bench) -> None:
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "gpu"}, "handler": "gpu"}
    cluster.preview(runtime, "runtime")
    cluster.preview(pod(SAFE, runtimeClassName="gpu"))


def test_a_class_that_a_helm_release_may_create_is_only_warned_of(cluster: Bench) -> None:
    cluster.cloud.put("kubernetes:helm.sh/v3:Release", "main/gpu-operator/gpu-operator", {})
    cluster.make(pod(SAFE, runtimeClassName="nvidia"))
    (warning,) = cluster.warnings
    assert 'RuntimeClass "nvidia" not found. A Helm release may create it.' in warning


def test_a_workload_that_breaks_a_limit_range_is_refused_before_its_pods_are(cluster: Bench) -> None:
    limit = {"type": "Pod", "max": {"memory": "1Gi"}}
    metadata = {"name": "limits", "namespace": "default"}
    cluster.make(
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": [limit]}}, "limits"
    )
    text = refusal(cluster, deployment(), preview=True)
    assert "maximum memory usage per Pod is 1Gi.  No limit is specified" in text
    assert text.endswith("and then fails without naming the reason.")


def test_the_maximum_of_a_limit_range_is_the_limit_of_containers_that_state_none(cluster: Bench) -> None:
    """The API server fills it in when it stores the LimitRange, and a minimum as the request."""
    limits = [{"type": "Container", "max": {"memory": "2Gi"}, "min": {"cpu": "50m"}}]
    metadata = {"name": "limits", "namespace": "default"}
    cluster.make({"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": limits}}, "limits")
    cluster.make(pod(in_namespace="default"))
    large = {"name": "a", "image": "i", "resources": {"requests": {"memory": "3Gi"}}}
    larger = {**pod(in_namespace="default", containers=[large]), "metadata": {"name": "large", "namespace": "default"}}
    assert "must be less than or equal to memory limit of 2Gi" in refusal(cluster, larger)
