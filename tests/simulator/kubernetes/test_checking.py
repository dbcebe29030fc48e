"""What Check fills in and refuses, independent of other objects in the cluster."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.kubernetes import VERSIONS, later
from catalog.removed_apis import REMOVED
from simulator.kubernetes.schema import findings, kinds
from simulator.values import UNKNOWN
from tests.simulator.kubernetes.bench import Bench, bench, config_map, deployment, widget


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def test_a_misspelt_field_is_refused_although_the_real_provider_drops_it(cluster: Bench) -> None:
    (reason,) = cluster.failures(deployment(replicaz=3)).values()
    assert reason.startswith("spec.replicaz: unknown field; did you mean replicas?")
    assert reason.endswith("creates the object without it."), "the message says what the real run would have done"


def test_a_field_deep_in_a_pod_template_is_checked(cluster: Bench) -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "imag": "x"}]}}
    assert list(cluster.failures(deployment(template=template))) == [
        "spec.template.spec.containers[0].imag",
        "spec.template.spec.containers[0].image",
    ]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"replicas": "three"}, "spec.replicas"),
        ({"selector": None}, "spec.selector"),
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
    ],
)
def test_an_invalid_object_is_refused_as_by_the_api_server(cluster: Bench, spec: dict[str, Any], path: str) -> None:
    failures = cluster.failures(deployment(**spec))
    assert list(failures) == [path]
    assert failures[path].startswith('Deployment.apps "web" is invalid: '), "the API server uses these words"


def test_every_mistake_of_an_object_is_shown_at_once(cluster: Bench) -> None:
    assert set(cluster.failures(deployment(replicaz=1, replicas="x"))) == {"spec.replicaz", "spec.replicas"}


def test_unknown_values_are_not_checked(cluster: Bench) -> None:
    assert not cluster.failures(deployment(replicas=UNKNOWN, selector=UNKNOWN))
    assert not cluster.failures(config_map(None) | {"metadata": UNKNOWN})


@pytest.mark.parametrize("name", ["Bad_Name", "-a", "a" * 254])
def test_an_invalid_name_is_refused(cluster: Bench, name: str) -> None:
    assert "metadata.name" in cluster.failures(config_map(name))


def test_a_removed_api_version_is_refused_with_its_replacement(cluster: Bench) -> None:
    old = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {}}
    assert 'Use "policy/v1/PodDisruptionBudget" instead.' in cluster.failures(old)["apiVersion"]


def test_the_served_kinds_depend_on_the_version_of_the_cluster(tmp_path: Path) -> None:
    device_class = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": {}}
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    assert "does not serve it" in bench(tmp_path / "old", "1.31").failures(device_class)["apiVersion"]
    assert not bench(tmp_path / "new", "1.35").failures(device_class), "the kind exists since 1.34"


def test_a_custom_kind_without_a_definition_passes_the_check(cluster: Bench) -> None:
    assert not cluster.failures(widget())


def test_a_patch_needs_a_name_and_no_required_field(cluster: Bench) -> None:
    call = cluster.call("kubernetes:apps/v1:DeploymentPatch", "x")
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": {"replicas": 2}}
    (failure,) = cluster.package.check(call, {}, patch, b"").failures
    assert failure.reason == "patch resources require the `.metadata.name` field to be set"
    assert not cluster.package.check(call, {}, {**patch, "metadata": {"name": "web"}}, b"").failures


def test_string_data_of_a_secret_is_moved_into_data(cluster: Bench) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"token": "x", "id": UNKNOWN},
    }
    checked = cluster.checked(secret)
    assert checked["data"] == {"token": base64.b64encode(b"x").decode(), "id": UNKNOWN}
    assert "stringData" not in checked, "policies read only data"


def test_an_automatic_name_is_kept_until_a_name_is_given(cluster: Bench) -> None:
    first = cluster.checked(config_map(None), seed=b"1")
    again = cluster.checked(config_map(None), old=first, seed=b"2")
    assert again["metadata"]["name"] == first["metadata"]["name"], "a new name in every run would replace the object"
    named = cluster.checked(config_map("chosen"), old=first)
    assert named["metadata"]["name"] == "chosen"
    replaced = cluster.checked(config_map(None), seed=b"2")
    assert replaced["metadata"]["name"] != first["metadata"]["name"], "old and new object exist at the same time"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(value=JSON, kind=st.sampled_from(["Deployment", "Pod", "Service", "ConfigMap"]))
def test_no_input_makes_the_schema_check_crash(value: Any, kind: str) -> None:
    api_version = "apps/v1" if kind == "Deployment" else "v1"
    problems = list(findings({"spec": value, "data": value}, kinds("1.35")[api_version, kind], "1.35"))
    assert all(each.text for each in problems)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_list_of_removed_kinds_agrees_with_the_schemas_of_kubernetes(version: str) -> None:
    served = kinds(version)
    for removed, (since, instead) in REMOVED.items():
        if not later(since, version):
            assert removed not in served
            assert not instead or (instead, removed[1]) in served, "a way out that does not exist"
        elif not removed[0].startswith("resource.k8s.io/"):  # its versions came after the oldest Kubernetes here
            assert removed in served
