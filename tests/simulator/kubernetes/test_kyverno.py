"""Kyverno that does not answer: whom its policies stop, whom they let in, and what its release leaves behind."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from components.tenancy.signature_policy import policy
from settings.tenancy.signatures import SignatureSettings
from simulator import console
from simulator.kubernetes.clusters import CRD, Cluster, delete_objects
from simulator.kubernetes.webhooks import left_in
from simulator.provider import Refusal
from simulator.values import Props
from tests.settings.tenancy.test_wrong_signatures import IMAGES, PUBLIC
from tests.simulator.kubernetes.bench import Bench, bench, deployment, namespace
from tests.simulator.kubernetes.test_readiness import chart
from tests.simulator.kubernetes.test_webhooks import of, pod, refusal

KEEP = {"annotations": {"helm.sh/resource-policy": "keep"}}
DOWN = (
    'Internal error occurred: failed calling webhook "ivpol.validate.kyverno.svc-fail-finegrained-'
    'ml-platform-signatures": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/ivpol/validate/'
    'ml-platform-signatures?timeout=20s": no endpoints available for service "kyverno-svc"'
)
OTHERS = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    made.make(namespace("kyverno"), "kyverno")
    made.make(namespace("karpenter"), "karpenter")
    made.make(namespace("research", **{"ml-platform/team": "research"}), "research")
    return made


def install(cluster: Bench, **values: Any) -> tuple[str, Props, Props]:
    given = {"crds": KEEP, "kyverno-api": KEEP, "config": {"webhooks": {"namespaceSelector": OTHERS}}, **values}
    return cluster.make({**chart("kyverno", **given), "namespace": "kyverno"}, "kyverno-release")


def signatures(mode: str = "deny") -> Props:
    settings = SignatureSettings.model_validate({"images": [IMAGES], "keys": [PUBLIC], "mode": mode})
    return copy.deepcopy(dict(policy(settings)))


def judging(resources: list[str], **spec: Any) -> Props:
    """A policy of somebody's own, for pods of all namespaces."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": resources}
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ValidatingPolicy",
        "metadata": {"name": "own"},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "true"}],
            **spec,
        },
    }


def down(tmp_path: Path, state: str = "--down") -> None:
    assert console.run(["webhook", "main", "kyverno-svc", state], tmp_path / "cloud.sqlite") == 0


def where(cluster: Bench) -> Cluster:
    return of(cluster)


def test_while_it_answers_no_image_is_judged_here(cluster: Bench) -> None:
    install(cluster)
    cluster.make(signatures(), "signatures")
    cluster.make(pod("research"), "pod")
    assert not cluster.warnings, "nothing claims that a signature was good, or bad"


def test_while_it_is_down_no_pod_of_a_team_starts_and_others_do(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.make(signatures(), "signatures")
    down(tmp_path)
    assert DOWN in refusal(cluster, pod("research"))
    assert f'pods of Deployment "web": {DOWN}' in refusal(cluster, deployment("research"))
    for name in ("default", "karpenter", "kyverno", "kube-system"):
        cluster.make(pod(name), f"pod-{name}")
    down(tmp_path, "--up")
    cluster.make(pod("research"), "pod")


def test_who_only_looks_lets_pods_in_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.make(signatures("audit"), "signatures")
    down(tmp_path)
    cluster.make(pod("research"), "pod")


def test_pods_that_are_there_can_be_labelled_and_end_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.make(signatures(), "signatures")
    made = cluster.make(pod("research"), "pod")
    down(tmp_path)
    labelled = copy.deepcopy(made[1])
    labelled["metadata"]["labels"] = {"seen": "yes"}
    cluster.update(made, labelled, "pod")
    cluster.delete(made, "pod")


def test_its_policies_cannot_be_written_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    made = cluster.make(signatures(), "signatures")
    down(tmp_path)
    changed = signatures("audit")
    with pytest.raises(Refusal, match=r"validate-policy\.kyverno\.svc"):
        cluster.update(made, cluster.checked(changed, "signatures", made[1]), "signatures")
    assert "validate-policy.kyverno.svc" in refusal(cluster, judging(["pods"]))
    cluster.delete(made, "signatures")


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        ({}, ["Deployment", "Pod"]),
        ({"autogen": {"podControllers": {"controllers": []}}}, ["Deployment", "Pod"]),
        ({"failurePolicy": "Ignore"}, []),
        ({"evaluation": {"admission": {"enabled": False}}}, []),
    ],
    ids=["as it is", "no templates", "open", "in the background alone"],
)
def test_policies_of_somebodys_own_stop_what_they_name(
    cluster: Bench, tmp_path: Path, spec: dict[str, Any], refused: list[str]
) -> None:
    install(cluster)
    cluster.make(judging(["pods"], **spec), "own")
    down(tmp_path)
    for inputs in (deployment("default"), pod("default")):
        if inputs["kind"] in refused:
            assert "vpol.validate.kyverno.svc-fail" in refusal(cluster, inputs)
        else:
            cluster.make(inputs, inputs["kind"])
    cluster.make(pod("kyverno"), "kyverno-pod")
    cluster.make(pod("kube-system"), "system-pod")


def test_a_release_that_answers_takes_its_webhooks_with_it(cluster: Bench) -> None:
    release = install(cluster)
    cluster.make(judging(["pods"]), "own")
    cluster.delete(release, "kyverno-release")
    assert not cluster.warnings
    cluster.make(pod("default"), "pod")


@pytest.mark.parametrize("cleans", [True, False])
def test_a_release_whose_pods_are_away_leaves_webhooks_that_refuse(
    cluster: Bench, tmp_path: Path, cleans: bool
) -> None:
    release = install(cluster, webhooksCleanup={"enabled": cleans})
    cluster.make(judging(["pods"]), "own")
    if cleans:
        down(tmp_path)
    cluster.delete(release, "kyverno-release")
    (warning,) = cluster.warnings
    assert "leaves webhooks behind" in warning
    assert "vpol.validate.kyverno.svc-fail" in warning
    text = refusal(cluster, pod("default"))
    assert text.count('service "kyverno-svc" not found') == 1, text
    down_still = 'no endpoints available for service "kyverno-svc"'
    install(cluster)
    if cleans:
        assert down_still in refusal(cluster, pod("default")), "nobody has started its pods yet"
        down(tmp_path, "--up")
    cluster.make(pod("default"), "pod")
    assert not left_in(where(cluster))


def test_a_cluster_that_is_made_again_has_no_webhooks_of_the_old_one(cluster: Bench, tmp_path: Path) -> None:
    release = install(cluster)
    down(tmp_path)
    cluster.delete(release, "kyverno-release")
    assert left_in(where(cluster))
    delete_objects(where(cluster))
    assert not left_in(where(cluster))


@pytest.mark.parametrize(
    ("values", "stay"),
    [
        ({}, {"kyverno.io", "policies.kyverno.io"}),
        ({"kyverno-api": {}}, {"kyverno.io"}),
        ({"crds": {}}, {"policies.kyverno.io"}),
    ],
)
def test_each_of_its_charts_keeps_its_own_definitions(cluster: Bench, values: dict[str, Any], stay: set[str]) -> None:
    release = install(cluster, **values)
    cluster.delete(release, "kyverno-release")
    assert {each.state["spec"]["group"] for each in where(cluster).of_kind(*CRD)} == stay
