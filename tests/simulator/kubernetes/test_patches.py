"""What Kubernetes makes in each namespace, and patches of what is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.provider import Call, Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench, namespace

ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "team"}}
PATCH: Props = {**ACCOUNT, "automountServiceAccountToken": False}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    made.make(namespace("team"), "team")
    return made


def call(cluster: Bench, preview: bool = False) -> Call:
    return cluster.call("kubernetes:core/v1:ServiceAccountPatch", "patch", preview)


def apply(cluster: Bench, inputs: Props) -> tuple[str, Props]:
    made = cluster.package.create(call(cluster), inputs)
    return made.id, made.state


def live(cluster: Bench, name: str = "default") -> Any:
    row = cluster.cloud.get("kubernetes:core/v1:ServiceAccount", f"main/team/{name}")
    return row and row.state


@pytest.mark.parametrize(
    ("kind", "name", "plural"),
    [("ServiceAccount", "default", "serviceaccounts"), ("ConfigMap", "kube-root-ca.crt", "configmaps")],
)
def test_what_is_in_each_namespace_is_not_made_again(cluster: Bench, kind: str, name: str, plural: str) -> None:
    again = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "team"}}
    for make in (cluster.preview, cluster.make):
        with pytest.raises(Refusal) as refused:
            make(again)
        assert f'{plural} "{name}" already exists' in str(refused.value)
        assert "use a Patch resource" in str(refused.value)


def test_a_patch_of_the_default_account_is_taken_back_and_the_account_stays(cluster: Bench) -> None:
    id_, state = apply(cluster, PATCH)
    assert (id_, state["automountServiceAccountToken"]) == ("team/default", False)
    secrets = {**PATCH, "imagePullSecrets": [{"name": "registry"}]}
    del secrets["automountServiceAccountToken"]
    cluster.package.update(call(cluster), id_, PATCH, state, secrets)
    assert live(cluster)["imagePullSecrets"] == [{"name": "registry"}]
    assert "automountServiceAccountToken" not in live(cluster), "a field that the patch no longer names goes"
    cluster.package.delete(call(cluster), id_, secrets, state)
    assert "imagePullSecrets" not in live(cluster)
    assert live(cluster)["metadata"]["name"] == "default"


def test_what_two_patches_have_set_stays_until_both_are_gone(cluster: Bench) -> None:
    """As when a namespace goes to another team: its new patch is made before the old one goes."""
    other = cluster.call("kubernetes:core/v1:ServiceAccountPatch", "other", False)
    first, second = apply(cluster, PATCH), cluster.package.create(other, PATCH)
    cluster.package.delete(call(cluster), first[0], PATCH, first[1])
    assert live(cluster)["automountServiceAccountToken"] is False
    cluster.package.delete(other, second.id, PATCH, second.state)
    assert "automountServiceAccountToken" not in live(cluster)


def test_a_preview_asks_nobody(cluster: Bench) -> None:
    assert cluster.package.create(call(cluster, preview=True), PATCH).state == PATCH
    assert live(cluster) is None


def test_a_patch_of_what_is_missing_makes_it(cluster: Bench) -> None:
    apply(cluster, {**PATCH, "metadata": {"name": "train", "namespace": "team"}})
    assert live(cluster, "train")["automountServiceAccountToken"] is False


def test_a_patch_against_somebody_elses_value_is_a_conflict_unless_it_is_forced(cluster: Bench) -> None:
    own: Props = {**ACCOUNT, "metadata": {"name": "own", "namespace": "team"}, "automountServiceAccountToken": True}
    made = cluster.make(own, "own")
    against = {**own, "automountServiceAccountToken": False}
    with pytest.raises(Refusal, match=r"Apply failed with 1 conflict: .*: \.automountServiceAccountToken$"):
        apply(cluster, against)
    apply(cluster, own)
    metadata = {**own["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}
    apply(cluster, {**against, "metadata": metadata})
    assert live(cluster, "own")["automountServiceAccountToken"] is False
    cluster.delete(made, "own")
    assert live(cluster, "own") is None, "the resource that owns the object deletes it"


def test_a_patch_in_a_namespace_that_is_missing_is_refused(cluster: Bench) -> None:
    with pytest.raises(Refusal, match=r'namespaces "other" not found'):
        apply(cluster, {**PATCH, "metadata": {"name": "default", "namespace": "other"}})


def test_every_other_field_of_a_patch_changes_in_place(cluster: Bench) -> None:
    patch = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "team"},
        "data": {"a": "YQ=="},
    }
    of_secrets = cluster.call("kubernetes:core/v1:SecretPatch", "patch")
    other = {**patch, "data": {"a": "Yg=="}}
    assert not cluster.package.diff(of_secrets, "team/s", patch, patch, other).replaces
    renamed = {**patch, "metadata": {"name": "t", "namespace": "team"}}
    assert cluster.package.diff(of_secrets, "team/s", patch, patch, renamed).replaces


def test_a_patch_needs_a_name(cluster: Bench) -> None:
    without = {**PATCH, "metadata": {"namespace": "team"}}
    failures = cluster.package.check(call(cluster), {}, without, b"").failures
    assert [(each.property, each.reason) for each in failures] == [
        ("metadata.name", "patch resources require the `.metadata.name` field to be set")
    ]
