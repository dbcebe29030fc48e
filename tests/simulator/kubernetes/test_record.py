"""Compares the simulated Kubernetes provider with recorded answers of the real one."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.provider import Refusal
from simulator.values import Props
from tests.facts.reading import facts
from tests.simulator.kubernetes.bench import Bench, bench

KINDS = facts("kubernetes_provider")["kinds"]
ACCEPTED_IN_THE_UPDATE = {  # the real preview refuses these changes, and the real update accepts them
    ("Deployment", "spec.strategy"),
    ("PodDisruptionBudget", "spec.maxUnavailable"),
    ("Service", "spec.ports.0.port"),
    ("ValidatingAdmissionPolicyBinding", "spec.validationActions"),
}


def change_cases() -> Iterator[Any]:
    for kind, recorded in facts("kubernetes_provider")["changes"].items():
        for number, case in enumerate(recorded):
            yield pytest.param(kind, case, id=f"{kind}-{number}")


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    new_bench = bench(tmp_path)
    new_bench.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rec"}}, "rec")
    new_bench.make(KINDS["CustomResourceDefinition"]["inputs"], "crd")
    return new_bench


@pytest.mark.parametrize("kind", KINDS)
def test_id_and_inputs_added_by_check_equal_the_record(cluster: Bench, kind: str) -> None:
    recorded = KINDS[kind]
    inputs = recorded["inputs"]
    if kind == "CustomResourceDefinition":
        cluster.cloud.delete("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "main/widgets.example.com")
    name = recorded["id"].split("/")[-1].removesuffix("-<hex8>")
    id_, checked, state = cluster.make(inputs, name)
    assert re.sub(r"-[0-9a-f]{8}$", "-<hex8>", id_) == recorded["id"], "imports and policies see ids"
    added = {path for path in leaves(checked) if path not in leaves(inputs)}
    recorded_additions = {path for path in recorded["check_adds"] if path != "data"}
    assert recorded_additions <= added | {"data"}
    assert state["metadata"]["uid"] != ""
    assert set(recorded["outputs"]) - {"status"} <= set(state) | {"spec"}, "programs read outputs"


def leaves(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}" if path else key)}
    return {path}


@pytest.mark.parametrize(("kind", "case"), list(change_cases()))
def test_the_diff_of_a_change_equals_the_record(cluster: Bench, kind: str, case: Any) -> None:
    inputs = KINDS[kind]["inputs"]
    old = cluster.checked(inputs)
    changed = apply_change(inputs, case["change"])
    new = cluster.checked(changed, old=old)
    difference = cluster.diff(old, new)
    if case.get("fails"):
        if (kind, next(iter(case["change"]))) not in ACCEPTED_IN_THE_UPDATE:
            resource = ("rec/x", old, old)
            with pytest.raises(Refusal, match=r"failed to fully initialize or become live"):
                cluster.update(resource, new, preview=True)
        return
    assert sorted(difference.replaces) == sorted(case.get("replaces", [])), "a surprise replacement is an outage"
    assert bool(difference.changes) == case.get("differs", False)
    if "deletes_first" in case:
        with_generated_name, with_given_name = case["deletes_first"]
        assert difference.delete_before_replace == with_generated_name
        without_annotations = {**old, "metadata": {**old["metadata"], "annotations": {}}}
        new_without_annotations = {**new, "metadata": {**new["metadata"], "annotations": {}}}
        named = cluster.diff(without_annotations, new_without_annotations).delete_before_replace
        assert named == with_given_name, "with a given name, both cannot exist at once"


def apply_change(inputs: Props, change: Any) -> Props:
    """Returns the inputs with the recorded change; when the record only lists paths, the test chooses the values."""
    new = copy.deepcopy(inputs)
    values = {"metadata.name": "other-name", "metadata.namespace": "default", "metadata.labels": {"changed": "yes"}}
    items = {path: values[path] for path in change} if isinstance(change, list) else change
    for path, value in items.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        target: Any = new
        for key in parents:
            target = target[key]
        if value == "(removed)":
            del target[last]
        else:
            target[last] = value
    return new


def test_helm_releases_get_the_recorded_defaults(cluster: Bench) -> None:
    real = facts("kubernetes_provider")["release"]
    own = {"chart": "oci://quay.io/jetstack/charts/cert-manager", "values": {"podLabels": {"a": "b"}}}
    request = real["request"] | own
    checked = cluster.checked(request, "app")
    expected = real["inputs"] | own | {"version": checked["version"], "name": checked["name"]}
    assert checked == expected, "policies that read a default must see it in the simulator as well"
    created = cluster.make(request, "app")
    assert set(created[2]) == set(real["outputs"])
    assert set(created[2]["status"]) == set(real["status"])
