"""Deletes that hang: finalizers without their controller, and APIs that nobody answers for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from simulator.kubernetes import finalizers
from simulator.kubernetes.clusters import OUTAGE
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench, namespace

CLEANUP = "externalsecrets.external-secrets.io/externalsecret-cleanup"
KEEP = {"helm.sh/resource-policy": "keep"}
VAULT: Props = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ClusterSecretStore",
    "spec": {
        "provider": {
            "vault": {
                "server": "https://vault.example.com",
                "path": "secret",
                "auth": {"kubernetes": {"mountPath": "kubernetes", "role": "team"}},
            }
        }
    },
}
STORE = {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "team"}, "target": {"name": "token"}}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    made.make(namespace("team"), "team")
    made.cloud.put("aws:eks/nodeGroup:NodeGroup", "main:system", {"clusterName": "main"})
    return made


def release(cluster: Bench, chart: str, repository: str, **values: Any) -> tuple[str, Props, Props]:
    inputs = {"chart": chart, "name": chart, "namespace": chart, "createNamespace": True, "values": values}
    return cluster.make({**inputs, "repositoryOpts": {"repo": repository}}, chart)


def operator(cluster: Bench, **values: Any) -> tuple[str, Props, Props]:
    return release(cluster, "external-secrets", "https://charts.external-secrets.io", **values)


def keda(cluster: Bench) -> tuple[str, Props, Props]:
    return release(cluster, "keda", "https://kedacore.github.io/charts")


def external_secret(cluster: Bench) -> tuple[str, Props, Props]:
    data = [{"secretKey": "token", "remoteRef": {"key": "token"}}]
    metadata = {"name": "token", "namespace": "team"}
    cluster.make({**VAULT, "metadata": {"name": "team"}}, "store")
    spec = {**STORE, "data": data}
    made = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata, "spec": spec}
    return cluster.make(made, "token")


def namespace_of_the_team() -> tuple[str, Props, Props]:
    return "team", namespace("team"), namespace("team")


def test_what_goes_before_its_controller_goes_at_once(cluster: Bench) -> None:
    made, secret = operator(cluster), external_secret(cluster)
    stored = cluster.cloud.get("kubernetes:external-secrets.io/v1:ExternalSecret", "main/team/token")
    assert stored is not None
    assert stored.state["metadata"]["finalizers"] == [CLEANUP]
    assert "finalizers" not in secret[2]["metadata"], "the controller sets it later"
    cluster.delete(secret, "token")
    cluster.delete(made, "external-secrets")
    cluster.delete(namespace_of_the_team(), "team")


def test_a_namespace_with_an_external_secret_hangs_without_the_operator(cluster: Bench) -> None:
    made, secret = operator(cluster, crds={"annotations": KEEP}), external_secret(cluster)
    cluster.delete(made, "external-secrets")
    with pytest.raises(Refusal) as refused:
        cluster.delete(namespace_of_the_team(), "team")
    text = str(refused.value)
    assert text.startswith('the Kubernetes API server reported that "team" still exists: Some content has finalizers')
    assert "ExternalSecret token stays, because no release of chart external-secrets runs any more" in text
    assert CLEANUP in text
    with pytest.raises(Refusal, match=r"waits ten minutes, warns that finalizers might be preventing deletion"):
        cluster.delete(secret, "token")
    operator(cluster)
    cluster.delete(secret, "token")


def test_a_release_that_takes_its_definitions_along_hangs_at_their_objects(cluster: Bench) -> None:
    made, secret = operator(cluster), external_secret(cluster)
    with pytest.raises(Refusal, match=r"ExternalSecret token stays, .* helm.sh/resource-policy: keep$"):
        cluster.delete(made, "external-secrets")
    cluster.delete(secret, "token")
    cluster.delete(made, "external-secrets")


def test_definitions_that_are_kept_keep_the_secrets(cluster: Bench) -> None:
    made, _ = operator(cluster, crds={"annotations": KEEP}), external_secret(cluster)
    cluster.delete(made, "external-secrets")
    assert cluster.cloud.get("kubernetes:external-secrets.io/v1:ExternalSecret", "main/team/token")


def test_a_release_takes_what_its_objects_own(cluster: Bench) -> None:
    made, (_, _, store) = (
        operator(cluster),
        cluster.make(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterSecretStore",
                "metadata": {"name": "team"},
                "spec": {"provider": {"aws": {"service": "SecretsManager", "region": "us-west-2"}}},
            },
            "store",
        ),
    )
    owner = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "name": "team"}
    metadata = {"name": "token", "namespace": "team", "ownerReferences": [{**owner, "uid": store["metadata"]["uid"]}]}
    cluster.make({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}, "owned")
    cluster.delete(made, "external-secrets")
    assert cluster.cloud.get("kubernetes:core/v1:Secret", "main/team/token") is None
    assert cluster.warnings[-1].endswith("and with them ClusterSecretStore team, Secret token")


def test_a_namespace_hangs_while_nobody_answers_for_an_api(cluster: Bench) -> None:
    keda(cluster)
    down = "main/keda/keda-operator-metrics-apiserver"
    cluster.cloud.put(OUTAGE, down, {})
    with pytest.raises(Refusal) as refused:
        cluster.delete(namespace_of_the_team(), "team")
    assert (
        "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: "
        "external.metrics.k8s.io/v1beta1: stale GroupVersion discovery: external.metrics.k8s.io/v1beta1"
    ) in str(refused.value)
    cluster.cloud.delete(OUTAGE, down)
    cluster.delete(namespace_of_the_team(), "team")


def test_nobody_answers_once_the_nodes_are_gone(cluster: Bench) -> None:
    made = keda(cluster)
    cluster.cloud.delete("aws:eks/nodeGroup:NodeGroup", "main:system")
    with pytest.raises(Refusal, match=r"No pod answers for the APIService v1beta1.external.metrics.k8s.io"):
        cluster.delete(namespace_of_the_team(), "team")
    cluster.delete(made, "keda")
    cluster.delete(namespace_of_the_team(), "team")


def test_every_kind_with_a_finalizer_is_one_of_its_chart() -> None:
    for chart, kinds in finalizers.FINALIZERS.items():
        assert kinds.keys() <= {crd.kind for crd in CHARTS[chart].crds}
