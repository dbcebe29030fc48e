"""Compares the simulated Kubernetes provider with a record of the real one."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench

RECORD = Path(__file__).parents[4] / "shared" / "contracts" / "kubernetes_provider.json"
pytestmark = pytest.mark.skipif(not RECORD.exists(), reason="the record kubernetes_provider.json is not here")
EARLIER = {  # the record says that the API server refuses these changes, but that the real update succeeds
    ("Deployment", "spec.strategy"),
    ("PodDisruptionBudget", "spec.maxUnavailable"),
    ("Service", "spec.ports.0.port"),
    ("ValidatingAdmissionPolicyBinding", "spec.validationActions"),
}


def record() -> Any:
    return json.loads(RECORD.read_text())


def kinds() -> dict[str, Any]:
    recorded_kinds = record()["kinds"] if RECORD.exists() else {}
    return {name.rsplit(":", 1)[-1]: each for name, each in recorded_kinds.items() if not name.endswith("Patch")}


def change_cases() -> Iterator[Any]:
    for kind, recorded in (record()["changes"] if RECORD.exists() else {}).items():
        if not kind.endswith("Patch"):
            for number, case in enumerate(recorded):
                yield pytest.param(kind, case, id=f"{kind}-{number}")


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    new_bench = bench(tmp_path)
    new_bench.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rec"}}, "rec")
    definition = kinds()["CustomResourceDefinition"]["inputs"]
    if RECORD.exists():
        new_bench.make(definition, "crd")
    return new_bench


@pytest.mark.parametrize("kind", kinds())
def test_id_and_inputs_added_by_check_equal_the_record(cluster: Bench, kind: str) -> None:
    recorded = kinds()[kind]
    inputs = recorded["inputs"]
    if kind == "CustomResourceDefinition":
        cluster.cloud.delete("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "main/widgets.example.com")
    name = recorded["id"].split("/")[-1].removesuffix("-<hex8>")
    id_, checked, state = cluster.make(inputs, name)
    assert re.sub(r"-[0-9a-f]{8}$", "-<hex8>", id_) == recorded["id"], "imports and policies see ids"
    added = {path for path in leaves(checked) if path not in leaves(inputs)}
    recorded_additions = {path for path in recorded["checkAdds"] if path != "data"}
    assert recorded_additions <= added | {"data"}
    assert state["metadata"]["uid"] != ""
    assert set(recorded["outputs"]) - {"status"} <= set(state) | {"spec"}, "programs read outputs"


def leaves(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}" if path else key)}
    return {path}


@pytest.mark.parametrize(("kind", "case"), list(change_cases()))
def test_the_diff_of_a_change_equals_the_record(cluster: Bench, kind: str, case: Any) -> None:
    inputs = kinds()[kind]["inputs"]
    old = cluster.checked(inputs)
    changed = apply_change(inputs, case["change"])
    new = cluster.checked(changed, old=old)
    difference = cluster.diff(old, new)
    if "error" in case:
        if (kind, next(iter(case["change"]))) not in EARLIER:
            resource = ("rec/x", old, old)
            with pytest.raises(Refusal, match=r"failed to fully initialize or become live"):
                cluster.update(resource, new, preview=True)
        return
    assert sorted(difference.replaces) == sorted(case.get("replaces", [])), "a surprise replacement is an outage"
    assert bool(difference.changes) == bool(case["detailedDiff"])
    if "deleteBeforeReplace" in case:
        assert difference.delete_before_replace == case["deleteBeforeReplace"]["autonamed"]
        without_annotations = {**old, "metadata": {**old["metadata"], "annotations": {}}}
        new_without_annotations = {**new, "metadata": {**new["metadata"], "annotations": {}}}
        named = cluster.diff(without_annotations, new_without_annotations).delete_before_replace
        assert named == case["deleteBeforeReplace"]["nameGiven"], "with a given name, both cannot exist at once"


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
    (check, create) = record()["helmRelease"]["install, values colour and nested.a"]["calls"]
    request = check["request"] | {"chart": "oci://quay.io/jetstack/charts/cert-manager"}
    checked = cluster.checked(request, "app")
    expected = check["inputs"] | {"chart": request["chart"], "version": checked["version"], "name": checked["name"]}
    assert checked == expected, "policies that read a default must see it in the simulator as well"
    created = cluster.make(request, "app")
    assert set(created[2]) == set(create["outputs"])
    assert set(created[2]["status"]) == set(create["outputs"]["status"])
