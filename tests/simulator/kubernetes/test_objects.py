"""Creating, reading, updating and deleting objects in a simulated cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.simulator.kubernetes.bench import (
    EKS,
    ENDPOINT,
    Bench,
    bench,
    config_map,
    deployment,
    namespace,
    widget,
    widget_definition,
)


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def refusal(cluster: Bench, inputs: Props, preview: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        _ = cluster.preview(inputs, "refused") if preview else cluster.make(inputs, "refused")
    return str(refused.value)


def test_an_object_without_a_namespace_is_created_in_default(cluster: Bench) -> None:
    inputs = config_map()
    del inputs["metadata"]["namespace"]
    id_, _, state = cluster.make(inputs)
    assert id_ == "default/settings"
    assert state["metadata"]["namespace"] == "default", "only the state shows the namespace"


def test_an_object_that_is_made_again_has_the_same_name_and_another_uid(cluster: Bench) -> None:
    first = cluster.make(config_map())
    cluster.delete(first)
    again = cluster.make(config_map())
    assert again[0] == first[0]
    assert again[2]["metadata"]["uid"] != first[2]["metadata"]["uid"], "owners and claims of the old one are lost"


def test_a_preview_stores_nothing_and_returns_what_a_dry_run_returns(cluster: Bench) -> None:
    state = cluster.preview(config_map())
    assert state["metadata"]["name"] == "settings"
    assert "resourceVersion" not in state["metadata"]
    assert len(cluster.cloud.all()) == 1, "there is only the cluster"


def test_a_missing_namespace_is_refused_at_preview_with_what_the_real_run_does(cluster: Bench) -> None:
    text = refusal(cluster, config_map(in_namespace="nowhere"), preview=True)
    assert 'namespaces "nowhere" not found' in text
    assert text.endswith("its update tries for 63 s and then fails.")
    assert refusal(cluster, config_map(in_namespace="nowhere")).endswith('namespaces "nowhere" not found')


def test_a_namespace_of_the_same_preview_counts(cluster: Bench) -> None:
    cluster.preview(namespace("team"), "team")
    cluster.preview(config_map(in_namespace="team"))
    assert "not found" in refusal(cluster, config_map(in_namespace="team")), "it was only planned"


def test_a_custom_resource_needs_its_definition(cluster: Bench) -> None:
    assert 'no matches for kind "Widget" in version "example.com/v1"' in refusal(cluster, widget(), preview=True)
    cluster.preview(widget_definition(), "crd")
    cluster.preview(widget(), "planned")
    definition = cluster.make(widget_definition(), "crd")
    id_, _, _ = cluster.make(widget(), "made")
    assert id_ == "default/w"
    cluster.delete(definition, "crd")
    assert not [each for each in cluster.cloud.all() if each.type.endswith(":Widget")], "the CRD's objects are deleted"


def test_a_custom_resource_is_checked_against_the_schema_of_its_definition(cluster: Bench) -> None:
    cluster.make(widget_definition(), "crd")
    assert refusal(cluster, widget(size=0)).endswith("spec.size in body should be greater than or equal to 1")
    assert "removes it without a message" in refusal(cluster, widget(color="red"))


def test_a_cluster_scoped_custom_resource_has_no_namespace(cluster: Bench) -> None:
    cluster.make(widget_definition(scope="Cluster"), "crd")
    inputs = widget()
    del inputs["metadata"]["namespace"]
    assert cluster.make(inputs)[0] == "w"


def snapshot_class(**changed: str | None) -> Props:
    fields = {"driver": "ebs.csi.aws.com", "deletionPolicy": "Retain"} | changed
    kind = {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass", "metadata": {"name": "ebs"}}
    return kind | fields


def test_a_kind_of_an_eks_add_on_passes_a_preview_and_needs_the_add_on_in_the_update(cluster: Bench) -> None:
    planned = cluster.preview(snapshot_class())
    assert "namespace" not in planned["metadata"], "the kind has cluster scope also before the add-on is installed"
    assert 'no matches for kind "VolumeSnapshotClass"' in refusal(cluster, snapshot_class())
    cluster.cloud.put("aws:eks/addon:Addon", "main:snapshot-controller", {"addonName": "snapshot-controller"})
    assert cluster.make(snapshot_class())[0] == "ebs"


def test_a_snapshot_class_is_checked_against_its_schema(cluster: Bench) -> None:
    assert "Unsupported value" in str(cluster.failures(snapshot_class(deletionPolicy="Keep")))
    assert "Required value" in str(cluster.failures(snapshot_class(driver=None)))
    assert "did you mean deletionPolicy" in str(cluster.failures(snapshot_class(deletionPolice="Retain")))


def test_unknown_values_pass_a_preview(cluster: Bench) -> None:
    somewhere = {"name": "settings", "namespace": UNKNOWN, "labels": UNKNOWN, "annotations": UNKNOWN}
    assert cluster.preview(config_map() | {"metadata": somewhere})["data"] == {"a": "1"}
    assert cluster.preview(config_map() | {"metadata": UNKNOWN})["metadata"] is UNKNOWN
    assert cluster.preview(namespace("team") | {"metadata": {"name": "team", "labels": UNKNOWN}})
    cluster.preview(deployment(template=UNKNOWN, selector=UNKNOWN))
    created = cluster.make(claim("5Gi"), "claim")
    grown = {**created[1], "spec": {**created[1]["spec"], "resources": {"requests": {"storage": UNKNOWN}}}}
    assert cluster.update(created, grown, "claim", preview=True)


def test_a_name_that_is_taken_is_refused(cluster: Bench) -> None:
    cluster.make(config_map(), "first")
    assert 'configmaps "settings" already exists' in refusal(cluster, config_map())
    assert "its update fails" in refusal(cluster, config_map(), preview=True)
    assert "already exists" in refusal(cluster, namespace("kube-system")), "every new cluster has it"


def test_a_replacement_that_deletes_first_may_have_the_same_name_at_preview(cluster: Bench) -> None:
    cluster.make(config_map(), "same")
    cluster.preview(config_map(a="2"), "same")


def test_a_refresh_shows_changes_of_our_fields_and_no_fields_of_others(cluster: Bench) -> None:
    id_, inputs, state = cluster.make(deployment())
    stored = cluster.cloud.get("kubernetes:apps/v1:Deployment", "main/default/web")
    assert stored is not None
    drifted = {**stored.state, "spec": {**stored.state["spec"], "replicas": 5, "paused": True}}
    cluster.cloud.put(stored.type, stored.id, drifted)
    call = cluster.call("kubernetes:apps/v1:Deployment", "x")
    refreshed = cluster.package.read(call, id_, inputs, state)
    assert refreshed is not None
    assert refreshed.inputs["spec"]["replicas"] == 5
    assert "paused" not in refreshed.inputs["spec"], "fields that others have added are not our inputs"
    cluster.cloud.delete(stored.type, stored.id)
    assert cluster.package.read(call, id_, inputs, state) is None


def test_an_import_returns_inputs_that_would_create_the_object(cluster: Bench) -> None:
    id_, inputs, _ = cluster.make(deployment())
    imported = cluster.package.read(cluster.call("kubernetes:apps/v1:Deployment", "x"), id_, {}, {})
    assert imported is not None
    assert imported.inputs == inputs


def test_an_update_keeps_fields_of_others_and_deletes_fields_that_we_removed(cluster: Bench) -> None:
    created = cluster.make(deployment(minReadySeconds=5))
    stored = cluster.cloud.get("kubernetes:apps/v1:Deployment", "main/default/web")
    assert stored is not None
    cluster.cloud.put(stored.type, stored.id, {**stored.state, "spec": {**stored.state["spec"], "paused": True}})
    state = cluster.update(created, cluster.checked(deployment(replicas=2)))
    assert state["spec"]["replicas"] == 2
    assert state["spec"]["paused"] is True
    assert "minReadySeconds" not in state["spec"]
    assert state["metadata"]["uid"] == created[2]["metadata"]["uid"], "it is still the same object"
    assert state["metadata"]["resourceVersion"] == "2"


def claim(size: str, storage_class: str = "gp3") -> Props:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    metadata = {"name": "data", "namespace": "default"}
    spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def test_a_claim_grows_if_its_class_allows_it_and_never_shrinks(cluster: Bench) -> None:
    gp3: Props = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "gp3"}}
    gp3 |= {"provisioner": "ebs.csi.aws.com", "allowVolumeExpansion": True}
    cluster.make(gp3, "gp3")
    created = cluster.make(claim("5Gi"))
    assert cluster.update(created, claim("9Gi"))["spec"]["resources"]["requests"]["storage"] == "9Gi"
    with pytest.raises(Refusal, match=r"can not be less than status\.capacity$"):
        cluster.update(created, claim("5000Mi"))
    fixed = cluster.make(claim("5Gi", "gp2") | {"metadata": {"name": "other", "namespace": "default"}}, "fixed")
    with pytest.raises(Refusal, match=r"must support resize$"):
        cluster.update(fixed, {**fixed[1], "spec": claim("9Gi", "gp2")["spec"]}, "fixed", preview=True)


def test_a_service_has_an_address_and_a_load_balancer_a_name(cluster: Bench) -> None:
    spec = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}
    inputs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    state = cluster.make(inputs)[2]
    assert state["spec"]["clusterIP"].startswith("10.100.")
    assert state["status"]["loadBalancer"]["ingress"][0]["hostname"].endswith(".elb.amazonaws.com")


def test_config_map_data_changes_in_place_only_with_the_provider_option(cluster: Bench) -> None:
    old, new = cluster.checked(config_map(a="1")), cluster.checked(config_map(a="2"))
    assert cluster.diff(old, new).replaces == {"data.a"}
    cluster.config["enableConfigMapMutable"] = "true"
    assert cluster.diff(old, new).replaces == frozenset()


def test_deleting_a_namespace_deletes_its_objects(cluster: Bench) -> None:
    created = cluster.make(namespace("team"), "team")
    inside = cluster.make(config_map(in_namespace="team"), "inside")
    cluster.delete(created, "team")
    assert [each.type for each in cluster.cloud.all()] == [EKS]
    cluster.delete(inside, "inside")  # it is already gone, and that is no error


def test_the_objects_of_a_cluster_are_deleted_with_it(cluster: Bench) -> None:
    cluster.make(config_map())
    cluster.cloud.delete(EKS, "main")
    assert cluster.cloud.all() == [], "after destroy the cloud must be empty"


def test_a_kubeconfig_that_names_no_cluster_fails_in_the_update_and_warns_at_preview(cluster: Bench) -> None:
    created = cluster.make(config_map())
    cluster.cloud.delete(EKS, "main")
    cluster.preview(config_map())
    assert "unreachable" in cluster.warnings[0], "the real preview does not show this"
    assert refusal(cluster, config_map()).startswith("configured Kubernetes cluster is unreachable: ")
    with pytest.raises(Refusal, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        cluster.delete(created)
    cluster.config["deleteUnreachable"] = True
    cluster.delete(created)


def test_another_api_server_replaces_the_provider(cluster: Bench) -> None:
    old = cluster.config["kubeconfig"]
    elsewhere, same = old.replace(ENDPOINT, "https://other"), old.replace("Y2E=", "Y2I=")
    diff = cluster.package.diff_config
    assert diff({"kubeconfig": old}, {"kubeconfig": elsewhere}).replaces == {"kubeconfig"}
    assert not diff({"kubeconfig": old}, {"kubeconfig": same}).replaces
    unknown = diff({"kubeconfig": old}, {"kubeconfig": UNKNOWN})
    assert unknown.replaces == {"kubeconfig"}, "objects have to go before the cluster that is replaced"
