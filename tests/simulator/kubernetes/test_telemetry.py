"""Charts with monitors, and what the operator of Prometheus makes: StatefulSets, claims, volumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from simulator.aws import tokens
from simulator.eks.kubeconfig import kubeconfig
from simulator.kubernetes.clusters import Cluster, cluster_of
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import EKS, Bench, bench, namespace

CLAIMS = ("v1", "PersistentVolumeClaim")


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    for name in ("monitoring", "velero", "dcgm-exporter", "kyverno"):
        made.make(namespace(name), name)
    made.cloud.put("aws:eks/addon:Addon", "main:aws-ebs-csi-driver", {})
    return made


def of(name: str, **values: Any) -> Props:
    row = CHARTS[name]
    where = {"chart": row.repository} if row.oci else {"chart": row.chart, "repositoryOpts": {"repo": row.repository}}
    return {**where, "version": row.version, "name": name, "namespace": row.namespace, "values": values}


def storage_class(reclaim: str) -> Props:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "telemetry"},
        "provisioner": "ebs.csi.aws.com",
        "reclaimPolicy": reclaim,
    }


def prometheus(replicas: int = 2, policy: str = "Delete") -> Props:
    spec = {"storageClassName": "telemetry", "resources": {"requests": {"storage": "100Gi"}}}
    values = {
        "replicas": replicas,
        "storageSpec": {"volumeClaimTemplate": {"spec": spec}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": policy, "whenScaled": policy},
    }
    return of("kube-prometheus-stack", prometheus={"prometheusSpec": values}, alertmanager={"enabled": False})


def here(cluster: Bench) -> Cluster:
    return cluster_of(cluster.cloud, cluster.cloud.of_type(EKS)[0])


def volumes(cluster: Bench) -> list[tuple[int, str]]:
    return sorted((row.state["Size"], row.state["State"]) for row in cluster.cloud.of_type(tokens.VOLUME))


@pytest.mark.parametrize("preview", [True, False])
def test_a_chart_that_makes_a_monitor_before_its_definition_is_refused(cluster: Bench, preview: bool) -> None:
    do = cluster.preview if preview else cluster.make
    monitored = of("kyverno", admissionController={"serviceMonitor": {"enabled": True}})
    for inputs in (monitored, of("dcgm-exporter"), of("kube-prometheus-stack")):
        with pytest.raises(Refusal, match=r'no matches for kind ".*" in version "monitoring\.coreos\.com/v1"'):
            do(inputs, "early")
    cluster.make(of("dcgm-exporter", serviceMonitor={"enabled": False}), "off")
    cluster.make(of("prometheus-operator-crds"), "crds")
    cluster.make(monitored, "kyverno")


def test_a_chart_that_looks_for_the_definition_leaves_its_monitor_out_with_a_warning(cluster: Bench) -> None:
    cluster.make(of("velero", metrics={"serviceMonitor": {"enabled": True}}), "velero")
    assert any("leaves its ServiceMonitor out" in each for each in cluster.warnings)


def test_each_prometheus_has_a_pod_a_claim_and_a_volume_that_go_with_its_release(cluster: Bench) -> None:
    cluster.make(storage_class("Delete"), "class")
    cluster.make(of("prometheus-operator-crds"), "crds")
    installed = cluster.make(prometheus(), "release")
    names = [row.id.rpartition("/")[2] for row in here(cluster).of_kind(*CLAIMS)]
    set_name = "prometheus-kube-prometheus-stack-prometheus"
    assert names == [f"{set_name}-db-{set_name}-{number}" for number in range(2)]
    assert volumes(cluster) == [(100, "in-use")] * 2
    cluster.update(installed, prometheus(replicas=1), "release")
    assert volumes(cluster) == [(100, "in-use")]
    cluster.delete(installed, "release")
    assert volumes(cluster) == []
    assert not [*here(cluster).of_kind("v1", "Pod"), *here(cluster).of_kind(*CLAIMS)]


def test_a_volume_stays_where_its_class_keeps_it_or_its_driver_is_gone(cluster: Bench) -> None:
    cluster.make(of("prometheus-operator-crds"), "crds")
    cluster.make(storage_class("Retain"), "class")
    installed = cluster.make(prometheus(replicas=1), "release")
    cluster.delete(installed, "release")
    assert volumes(cluster) == [(100, "available")]
    cluster.make(prometheus(replicas=1), "release")
    cluster.cloud.delete("aws:eks/addon:Addon", "main:aws-ebs-csi-driver")
    cluster.delete(installed, "release")
    assert volumes(cluster) == [(100, "available")] * 2
    again = cluster.make(prometheus(replicas=1, policy="Retain"), "again")
    cluster.delete(again, "again")
    assert [*here(cluster).of_kind(*CLAIMS)], "the claims stay"


def test_claims_that_stay_go_with_their_namespace(cluster: Bench) -> None:
    cluster.make(of("prometheus-operator-crds"), "crds")
    cluster.make(storage_class("Delete"), "class")
    cluster.make(namespace("others"), "others")
    installed = cluster.make({**prometheus(policy="Retain"), "namespace": "others"}, "release")
    cluster.delete(installed, "release")
    assert volumes(cluster) == [(100, "in-use")] * 2
    cluster.delete(("others", namespace("others"), namespace("others")), "others")
    assert volumes(cluster) == []


@pytest.mark.parametrize(("policy", "size"), [("Retain", 100), ("Delete", 200)])
def test_a_claim_keeps_its_size_or_goes_with_all_that_it_has(cluster: Bench, policy: str, size: int) -> None:
    cluster.make(of("prometheus-operator-crds"), "crds")
    cluster.make(storage_class("Delete"), "class")
    installed = cluster.make(prometheus(1, policy), "release")
    (before,) = [row.id for row in cluster.cloud.of_type(tokens.VOLUME)]
    larger = prometheus(1, policy)
    claim = larger["values"]["prometheus"]["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]
    claim["spec"]["resources"]["requests"]["storage"] = "200Gi"
    cluster.update(installed, larger, "release")
    assert volumes(cluster) == [(size, "in-use")]
    (after,) = [row.id for row in cluster.cloud.of_type(tokens.VOLUME)]
    assert (after == before) == (policy == "Retain")


def test_the_volumes_of_a_cluster_of_the_same_name_in_another_region_stay(tmp_path: Path) -> None:
    first = bench(tmp_path)
    state = first.cloud.of_type(EKS)[0].state
    first.cloud.delete(EKS, "main")
    clusters = []
    for region in ("us-west-2", "us-east-1"):
        server = f"https://{region}.eks.amazonaws.com"
        first.cloud.put(EKS, "main", {**state, "endpoint": server}, region=region)
        first.cloud.put("aws:eks/addon:Addon", "main:aws-ebs-csi-driver", {}, region=region)
        config = {"kubeconfig": json.dumps(kubeconfig("main", server, "Y2E=", region))}
        clusters.append(Bench(first.cloud, first.package, config))
    for each in clusters:
        each.make(namespace("monitoring"), "monitoring")
        each.make(of("prometheus-operator-crds"), "crds")
        each.make(storage_class("Delete"), "class")
    installed = [each.make(prometheus(replicas=1), "release") for each in clusters]
    assert sorted(row.region for row in first.cloud.of_type(tokens.VOLUME)) == ["us-east-1", "us-west-2"]
    clusters[0].delete(installed[0], "release")
    assert [row.region for row in first.cloud.of_type(tokens.VOLUME)] == ["us-east-1"]


def test_a_volume_keeps_what_its_class_said_when_it_was_made(cluster: Bench) -> None:
    cluster.make(of("prometheus-operator-crds"), "crds")
    class_ = cluster.make(storage_class("Retain"), "class")
    installed = cluster.make(prometheus(replicas=1), "release")
    cluster.delete(class_, "class")
    cluster.make(storage_class("Delete"), "class")
    cluster.delete(installed, "release")
    assert volumes(cluster) == [(100, "available")]


def test_the_claim_of_grafana_goes_with_it_or_with_its_release(cluster: Bench) -> None:
    cluster.make(of("prometheus-operator-crds"), "crds")
    cluster.make(storage_class("Delete"), "class")
    kept = {"enabled": True, "size": "10Gi", "storageClassName": "telemetry"}
    on, off = prometheus(replicas=1), prometheus(replicas=1)
    on["values"]["grafana"] = {"fullnameOverride": "grafana", "persistence": kept}
    off["values"]["grafana"] = {"enabled": False}
    installed = cluster.make(on, "release")
    assert "grafana" in [row.state["metadata"]["name"] for row in here(cluster).of_kind(*CLAIMS)]
    assert volumes(cluster) == [(10, "in-use"), (100, "in-use")]
    cluster.update(installed, off, "release")
    assert volumes(cluster) == [(100, "in-use")]
    cluster.update(installed, on, "release")
    cluster.delete(installed, "release")
    assert volumes(cluster) == []
