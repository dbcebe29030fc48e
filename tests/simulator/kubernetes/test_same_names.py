"""A custom kind may have the name of a built-in kind. It has none of its rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.kubernetes.changing import refused_by_first_preview, refused_changes
from simulator.kubernetes.pod_security import pod_of
from simulator.kubernetes.quota import Counter
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench, namespace

FREE: Props = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def custom(kind: str, name: str = "w", **fields: Any) -> Props:
    metadata = {"name": name} if kind in ("Namespace", "PriorityClass") else {"name": name, "namespace": "default"}
    return {"apiVersion": "serving.knative.dev/v1", "kind": kind, "metadata": metadata, **fields}


def install(cluster: Bench, kind: str, plural: str, scope: str = "Namespaced") -> None:
    version: Props = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": FREE}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    spec = {"group": "serving.knative.dev", "names": names, "scope": scope, "versions": [version]}
    metadata = {"name": f"{plural}.serving.knative.dev"}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata}
    cluster.make({**definition, "spec": spec}, plural)


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    install(made, "Service", "services")
    return made


def test_a_service_of_knative_has_any_name_and_no_address(cluster: Bench) -> None:
    _, _, state = cluster.make(custom("Service", "1a.b", spec={"template": {}}))
    assert state["spec"] == {"template": {}}
    assert "status" not in state


def test_a_service_of_knative_uses_no_quota_of_services(cluster: Bench) -> None:
    hard = {"services": 0, "services.loadbalancers": 0, "services.nodeports": 0}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"}}
    cluster.make({**quota, "spec": {"hard": hard}}, "q")
    cluster.make(custom("Service", spec={"type": "LoadBalancer", "ports": [{}]}))
    (itself,) = Counter().parts(custom("PersistentVolumeClaim"))
    assert itself.each == {"count/persistentvolumeclaims.serving.knative.dev": 1}


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "Job"])
def test_an_object_of_a_custom_kind_has_no_pod(kind: str) -> None:
    spec = {"template": {"spec": {}}}
    assert pod_of(custom(kind, spec=spec)) is None
    assert pod_of({"apiVersion": "v1" if kind == "Pod" else "apps/v1", "kind": kind, "spec": spec}) is not None


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (
            "Service",
            {"spec": {"loadBalancerClass": "a", "type": "LoadBalancer"}},
            {"spec": {"loadBalancerClass": "b", "type": "LoadBalancer"}},
        ),
        ("Secret", {"immutable": True}, {}),
        ("Pod", {"spec": {"nodeName": "a"}}, {"spec": {"nodeName": "b"}}),
    ],
)
def test_a_custom_object_may_change(kind: str, old: Props, new: Props) -> None:
    assert not list(refused_changes(custom(kind, **old), custom(kind, **new)))
    builtin = ({"apiVersion": "v1", "kind": kind, **each} for each in (old, new))
    assert list(refused_changes(*builtin)), "the change would be refused for the built-in kind"


def test_a_custom_object_is_not_replaced_and_its_preview_does_not_warn(cluster: Bench) -> None:
    old, new = custom("Secret", stringData={"a": "b"}), custom("Secret", stringData={"a": "c"})
    assert not cluster.diff(old, new).replaces
    assert "data" not in cluster.check(old).inputs, "only a built-in Secret is encoded"
    old, new = (custom("Service", spec={"ports": [{"port": port}]}) for port in (80, 81))
    assert refused_by_first_preview(old, new) is None


def test_a_claim_of_a_custom_kind_may_get_smaller(cluster: Bench) -> None:
    install(cluster, "PersistentVolumeClaim", "persistentvolumeclaims")
    before, after = (
        custom("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}}) for size in ("2Gi", "1Gi")
    )
    cluster.update(cluster.make(before), after)
    ranges = [{"type": "PersistentVolumeClaim", "min": {"storage": "2Gi"}}]
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "default"}}
    cluster.make({**limits, "spec": {"limits": ranges}}, "l")
    cluster.make({**after, "metadata": {"name": "small", "namespace": "default"}}, "small")


def test_a_custom_namespace_is_no_namespace(cluster: Bench) -> None:
    install(cluster, "Namespace", "namespaces", "Cluster")
    cluster.make(namespace("team"), "team")
    inside = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "team"}}
    cluster.make(inside, "m")
    made = cluster.make(custom("Namespace", "team"), "custom")
    assert "labels" not in made[2]["metadata"]
    cluster.delete(made, "custom")
    assert cluster.cloud.get("kubernetes:core/v1:ConfigMap", "main/team/m"), "it would be gone with its namespace"
    cluster.make(custom("Namespace", "kube-system"), "system")


def test_a_planned_custom_object_is_no_built_in_one(cluster: Bench) -> None:
    install(cluster, "PriorityClass", "priorityclasses", "Cluster")
    cluster.preview(custom("PriorityClass", "high"), "high")
    spec = {"containers": [{"name": "a", "image": "i"}], "priorityClassName": "high"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec}
    with pytest.raises(Exception, match="no PriorityClass with name high was found"):
        cluster.preview(pod)
