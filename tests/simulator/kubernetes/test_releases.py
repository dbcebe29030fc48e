"""Helm releases in a simulated cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from simulator.kubernetes.clusters import RELEASE
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.simulator.kubernetes.bench import EKS, Bench, bench, namespace

CHART = CHARTS["cert-manager"]
ISSUER = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "ClusterIssuer",
    "metadata": {"name": "internal"},
    "spec": {"selfSigned": {}},
}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    new_bench = bench(tmp_path)
    new_bench.make(namespace("cert-manager"), "ns")
    return new_bench


def release(**changed: Any) -> Props:
    inputs = {"chart": CHART.repository, "version": CHART.version, "name": "cert-manager", "namespace": "cert-manager"}
    return inputs | {"values": {"crds": {"enabled": True}}} | changed


def test_a_release_installs_its_custom_kinds(cluster: Bench) -> None:
    with pytest.raises(Refusal, match="no matches for kind"):
        cluster.preview(ISSUER)
    cluster.preview(release(), "release")
    cluster.preview(ISSUER)
    cluster.make(release(), "release")
    assert cluster.make(ISSUER)[0] == "internal", "a ClusterIssuer has no namespace"


def test_a_chart_whose_values_switch_crds_off_installs_none(cluster: Bench) -> None:
    cluster.make(release(values={}), "release")
    with pytest.raises(Refusal, match="no matches for kind"):
        cluster.make(ISSUER)


def test_crds_outlive_the_release_and_are_deleted_with_the_cluster(cluster: Bench) -> None:
    installed = cluster.make(release(), "release")
    cluster.make(ISSUER, "issuer")
    cluster.delete(installed, "release")
    assert cluster.make(ISSUER | {"metadata": {"name": "other"}}, "other")[0] == "other", "Helm keeps CRDs"
    cluster.cloud.delete(EKS, "main")
    assert cluster.cloud.all() == []


def test_a_release_that_helm_did_not_finish_is_never_upgraded(cluster: Bench) -> None:
    installed = cluster.make(release(), "release")
    cluster.package.interrupt(cluster.call(RELEASE, "release"))
    with pytest.raises(Refusal, match="another operation \\(install/upgrade/rollback\\) is in progress"):
        cluster.update(installed, release(values={}), "release")
    cluster.delete(installed, "release")
    cluster.make(release(), "release")


def test_new_values_are_an_upgrade(cluster: Bench) -> None:
    installed = cluster.make(release(), "release")
    assert installed[2]["status"]["revision"] == 1
    assert installed[2]["status"]["appVersion"] == CHART.app_version
    new = cluster.checked(release(values={"crds": {"enabled": True}, "replicaCount": 2}), "release", installed[1])
    difference = cluster.diff(installed[1], new)
    assert not difference.replaces
    assert [change.path for change in difference.changes] == ["values.replicaCount"]
    assert cluster.update(installed, new, "release", preview=True)["status"] is UNKNOWN
    state = cluster.update(installed, new, "release")
    assert (state["status"]["revision"], state["status"]["status"]) == (2, "deployed")


def test_another_namespace_or_name_replaces_the_release(cluster: Bench) -> None:
    old = cluster.checked(release())
    for key in ("name", "namespace"):
        assert cluster.diff(old, {**old, key: "other"}).replaces == {key}


def test_a_release_without_a_name_gets_one_and_keeps_it(cluster: Bench) -> None:
    inputs = release()
    del inputs["name"]
    first = cluster.checked(inputs, "app", seed=b"1")
    assert first["name"].startswith("app-")
    assert cluster.checked(inputs, "app", old=first, seed=b"2")["name"] == first["name"]
    moved = cluster.checked(inputs | {"namespace": "other"}, "app", old=first, seed=b"2")
    assert moved["name"] != first["name"], "a release in another namespace is another release"


def test_a_missing_namespace_is_refused_unless_the_release_creates_it(cluster: Bench) -> None:
    with pytest.raises(Refusal, match='namespaces "nowhere" not found'):
        cluster.preview(release(namespace="nowhere"))
    cluster.make(release(namespace="nowhere", createNamespace=True))
    assert cluster.cloud.get("kubernetes:core/v1:Namespace", "main/nowhere")


def test_unknown_values_pass_a_preview(cluster: Bench) -> None:
    cluster.preview(release(values=UNKNOWN), "one")
    cluster.preview(ISSUER, "issuer")
    hidden = release(chart=UNKNOWN, name=UNKNOWN, namespace=UNKNOWN, createNamespace=UNKNOWN)
    call = cluster.call("kubernetes:helm.sh/v3:Release", "two", preview=True)
    checked = cluster.package.check(call, {}, hidden, b"")
    assert not checked.failures
    assert cluster.package.create(call, checked.inputs).id == ""


def test_a_name_in_use_is_refused(cluster: Bench) -> None:
    cluster.make(release(), "first")
    with pytest.raises(Refusal, match=r"^cannot re-use a name that is still in use"):
        cluster.make(release(), "second")


def test_values_that_the_schema_refuses_fail_the_update_as_helm_does(cluster: Bench) -> None:
    wrong = release(values={"webhook": {"replicaCount": "three"}})
    message = (
        "values don't meet the specifications of the schema(s) in the following chart(s):\n"
        "cert-manager:\n- at '/webhook/replicaCount': got string, want number"
    )
    with pytest.raises(Refusal) as at_preview:
        cluster.preview(wrong)
    assert str(at_preview.value).startswith(f"{message}\nThe preview of the real provider accepts this")
    with pytest.raises(Refusal) as at_update:
        cluster.make(wrong)
    assert str(at_update.value) == message
    installed = cluster.make(release(), "release")
    with pytest.raises(Refusal, match="want number"):
        cluster.update(installed, cluster.checked(wrong, "release", installed[1]), "release")


def test_the_schema_of_a_chart_that_another_one_brings_counts(cluster: Bench) -> None:
    operator = CHARTS["gpu-operator"]
    values = {"node-feature-discovery": {"master": {"port": "http"}}}
    where = {"repositoryOpts": {"repo": operator.repository}, "namespace": "nvidia", "createNamespace": True}
    wrong = {"chart": operator.chart, "version": operator.version, "name": "gpus", "values": values, **where}
    with pytest.raises(Refusal, match=r"\nnode-feature-discovery:\n- at '/master/port': got string, want"):
        cluster.make(wrong)


def test_values_that_nothing_reads_are_a_warning(cluster: Bench) -> None:
    chart = CHARTS["karpenter"]
    values = {"settings": {"clustername": "main", "clusterEndpoint": UNKNOWN}, "own": UNKNOWN, "replicas": UNKNOWN}
    inputs = {"chart": chart.repository, "version": chart.version, "name": "karpenter", "namespace": "cert-manager"}
    cluster.preview(inputs | {"values": values})
    assert [text.partition(":")[0] for text in cluster.warnings] == ["values.settings.clustername", "values.own"]
    assert cluster.warnings[0].endswith("Did you mean clusterName? Helm does not show this.")


def test_an_unknown_chart_is_refused_with_the_folder_to_add_it_to(cluster: Bench) -> None:
    failures = cluster.failures(release(chart="oci://registry.invalid/charts/surprise"))
    assert failures["chart"].endswith("Add a row for it to a file of catalog/data/charts/.")


def test_an_unknown_version_is_refused_with_the_version_of_the_catalog(cluster: Bench) -> None:
    assert f"which has {CHART.version}" in cluster.failures(release(version="v0.0.1"))["chart"]


def test_a_misspelt_input_is_refused(cluster: Bench) -> None:
    assert list(cluster.failures(release(vaules={}))) == ["vaules"]


def test_every_chart_of_the_catalog_can_be_installed(cluster: Bench) -> None:
    for name, chart in CHARTS.items():
        inputs: Props = {"chart": chart.repository} if chart.oci else {"chart": chart.chart}
        inputs |= {} if chart.oci else {"repositoryOpts": {"repo": chart.repository}}
        inputs |= {"version": chart.version, "name": name[:53], "namespace": chart.namespace, "createNamespace": True}
        assert cluster.make(inputs, name)[2]["status"]["version"] == chart.version
