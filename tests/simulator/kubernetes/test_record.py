"""The simulated Kubernetes provider against what the real one answered."""

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
EARLIER = {  # refused by the API server, where the facts have it that the real update goes through
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
    made = bench(tmp_path)
    made.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rec"}}, "rec")
    made.make(KINDS["CustomResourceDefinition"]["inputs"], "crd")
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_what_check_adds_and_the_id_are_the_same(cluster: Bench, kind: str) -> None:
    recorded = KINDS[kind]
    inputs = recorded["inputs"]
    if kind == "CustomResourceDefinition":
        cluster.cloud.delete("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "main/widgets.example.com")
    name = recorded["id"].split("/")[-1].removesuffix("-<hex8>")
    id_, checked, state = cluster.make(inputs, name)
    assert re.sub(r"-[0-9a-f]{8}$", "-<hex8>", id_) == recorded["id"], "imports and policies see ids"
    added = {path for path in leaves(checked) if path not in leaves(inputs)}
    wanted = {path for path in recorded["check_adds"] if path != "data"}
    assert wanted <= added | {"data"}
    assert state["metadata"]["uid"] != ""
    assert set(recorded["outputs"]) - {"status"} <= set(state) | {"spec"}, "programs read outputs"


def leaves(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}" if path else key)}
    return {path}


@pytest.mark.parametrize(("kind", "case"), list(change_cases()))
def test_a_change_is_answered_as_recorded(cluster: Bench, kind: str, case: Any) -> None:
    inputs = KINDS[kind]["inputs"]
    old = cluster.checked(inputs)
    changed = apply_change(inputs, case["change"])
    new = cluster.checked(changed, old=old)
    found = cluster.diff(old, new)
    if case.get("fails"):
        if (kind, next(iter(case["change"]))) not in EARLIER:
            made = ("rec/x", old, old)
            with pytest.raises(Refusal, match=r"failed to fully initialize or become live"):
                cluster.update(made, new, preview=True)
        return
    assert sorted(found.replaces) == sorted(case.get("replaces", [])), "a surprise replacement is an outage"
    assert bool(found.changes) == case.get("differs", False)
    if "deletes_first" in case:
        with_drawn_name, with_given_name = case["deletes_first"]
        assert found.delete_before_replace == with_drawn_name
        given = {**old, "metadata": {**old["metadata"], "annotations": {}}}
        given_new = {**new, "metadata": {**new["metadata"], "annotations": {}}}
        named = cluster.diff(given, given_new).delete_before_replace
        assert named == with_given_name, "with a given name there is no room for both"


def apply_change(inputs: Props, change: Any) -> Props:
    """The inputs with the recorded change; a list of paths gets a value of the test's own."""
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
    request = real["request"] | {"chart": "oci://quay.io/jetstack/charts/cert-manager"}
    checked = cluster.checked(request, "app")
    wanted = real["inputs"] | {"chart": request["chart"], "version": checked["version"], "name": checked["name"]}
    assert checked == wanted, "a policy that looks at a default has to see it here too"
    made = cluster.make(request, "app")
    assert set(made[2]) == set(real["outputs"])
    assert set(made[2]["status"]) == set(real["status"])
