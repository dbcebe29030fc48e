"""Kyverno that does not answer: whom its policies stop, whom they let in, and what its release leaves behind."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.tenancy.signature_policy import policy
from settings.tenancy.signatures import SignatureSettings
from simulator import console
from simulator.kubernetes.clusters import CRD, Cluster, delete_objects
from simulator.kubernetes.kyverno import may_call, webhooks
from simulator.kubernetes.webhooks import Request, Webhook, left_in
from simulator.provider import Refusal
from simulator.values import Props
from tests.settings.tenancy.test_wrong_signatures import IMAGES, PUBLIC
from tests.simulator.kubernetes.bench import Bench, bench, config_map, deployment, namespace, widget_definition
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


def about(*operations: str, **rule: Any) -> Props:
    """A rule about pods."""
    asked = list(operations or ("CREATE", "UPDATE"))
    return {"apiGroups": [""], "apiVersions": ["v1"], "operations": asked, "resources": ["pods"], **rule}


def judging(*rules: Props, kind: str = "ValidatingPolicy", name: str = "own", **spec: Any) -> Props:
    """A policy of somebody's own, if no rule is given for pods of all namespaces."""
    match = {"resourceRules": [dict(each) for each in rules or (about(),)], **spec.pop("match", {})}
    metadata = {"name": name} | ({"namespace": "research"} if kind.startswith("Namespaced") else {})
    needed = {} if kind.endswith(("MutatingPolicy", "GeneratingPolicy")) else {"validations": [{"expression": "true"}]}
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"matchConstraints": match, **needed, **spec},
    }


def made_of(*policies: Props, **values: Any) -> dict[str, Webhook]:
    """The webhooks of policies, without those that are always there."""
    rows = (Webhook(**row) for row in webhooks(values, "kyverno", policies, left=False))
    return {each.path: each for each in rows if "pol." in each.name}


def asks(webhook: Webhook) -> dict[str, list[str]]:
    return {name: list(rule["operations"]) for rule in webhook.rules for name in rule["resources"]}


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


def test_an_image_that_comes_to_a_pod_is_refused_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.make(signatures(), "signatures")
    made = cluster.make(pod("research"), "pod")
    down(tmp_path)
    other = copy.deepcopy(made[1])
    other["spec"]["containers"][0]["image"] = "registry.invalid/app:2"
    with pytest.raises(Refusal, match=r"ivpol\.validate"):
        cluster.update(made, other, "pod")


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("oldObject == null || object.spec.nodeName != oldObject.spec.nodeName", False),
        ("oldObject == null || object.spec.a + object.spec.b != oldObject.spec.a + oldObject.spec.b", False),
        ("oldObject == null || object.spec.nodeName != oldObject.spec.hostname", True),
        ("oldObject == null || object.metadata.name != oldObject.metadata.name", True),
        ("oldObject == null || object != oldObject", True),
        ("oldObject == null || oldObject.spec.a != oldObject.spec.a", True),
        ("oldObject == null || object.spec.a || object.spec.b != oldObject.spec.a || oldObject.spec.b", True),
        ("oldObject == null || object.spec.a == 1 != oldObject.spec.a == 1", True),
        ("oldObject == null || true", True),
        ("object == null || object.spec.a != oldObject.spec.a", False),
        ("has(object.metadata.labels)", True),
    ],
)
def test_a_condition_counts_as_met_unless_the_spec_alone_decides_and_stays(condition: str, *, met: bool) -> None:
    old: Props = {"metadata": {"name": "a"}, "spec": {"nodeName": "a"}}
    assert may_call([condition], "UPDATE", copy.deepcopy(old), old) is met
    assert may_call([condition], "UPDATE", {**old, "spec": {"nodeName": "b"}}, old) is True, (
        "a changed spec may meet it"
    )


MOVES = "oldObject == null || object.spec.nodeName != oldObject.spec.nodeName"
ANY = "has(oldObject.metadata.labels)"
NO_OBJECT = "name object, and a deletion has none"
MAYBE = f"{NO_OBJECT}. Kubernetes may refuse this: one is not judged here, and if it is false, it lets this pass"


@pytest.mark.parametrize(
    ("operation", "conditions", "called"),
    [
        *(
            ("DELETE", [MOVES, f"request.operation {one}"], False)
            for one in ("!= 'DELETE'", "in ['CREATE', \"UPDATE\"]")
        ),
        ("DELETE", [MOVES, "'DELETE' != request.operation"], False),
        ("DELETE", [MOVES, "(request.operation == 'CREATE')"], False),
        ("DELETE", [MOVES, 'request.operation == "CREATE"'], False),
        ("DELETE", ["false", MOVES], False),
        ("DELETE", [MOVES, "true"], NO_OBJECT),
        ("DELETE", [MOVES, MOVES], NO_OBJECT),
        ("DELETE", [MOVES, "request.operation == 'DELETE'"], NO_OBJECT),
        ("DELETE", [MOVES, "'DELETE' == request.operation"], NO_OBJECT),
        ("DELETE", [MOVES, "request.operation in ['CREATE', 'DELETE']"], NO_OBJECT),
        ("DELETE", [MOVES, "request.operation != 'CREATE'"], NO_OBJECT),
        ("DELETE", [MOVES, ANY], MAYBE),
        ("DELETE", [MOVES, "request.namespace == 'research'", "request.operation == 'DELETE'"], MAYBE),
        ("DELETE", [MOVES, "request.namespace == 'research' && request.operation == 'CREATE'"], False),
        ("DELETE", ["object.metadata.name == 'a'"], NO_OBJECT),
        ("DELETE", ["[object].exists(each, each.metadata.name == 'a')"], NO_OBJECT),
        ("DELETE", ["has(object.metadata.labels)"], NO_OBJECT),
        ("DELETE", ["oldObject == null || (object.spec.a != oldObject.spec.a)"], NO_OBJECT),
        ("DELETE", ["object.spec.a == 1 ? true : true || true"], NO_OBJECT),
        ("DELETE", ["object.spec.a == 1 // || true"], NO_OBJECT),
        ("DELETE", ["object.spec.a == 1 || request.namespace == 'research'"], MAYBE),
        ("DELETE", ["object.spec.a == 1 && request.namespace == 'research'"], MAYBE),
        ("DELETE", ["object.spec.a == 1 || object == null"], True),
        ("DELETE", ["(null == object) || object.spec.a == 1"], True),
        ("DELETE", ["object != null && object.spec.a == 1"], False),
        ("DELETE", ["has(object.spec) && object.spec.a == 1"], False),
        ("DELETE", ["!has(object.spec)"], True),
        ("DELETE", ["object.?metadata.?labels.orValue({}) == {}"], True),
        ("DELETE", ["oldObject == null || object != oldObject"], True),
        ("DELETE", ["oldObject.object.a == 'object.a'"], True),
        ("CREATE", ["oldObject.metadata.name == 'a'"], "name oldObject, and a creation has none"),
        ("CREATE", ["oldObject == null || oldObject.spec.a == 1"], True),
        ("CREATE", ["oldObject == null || (object.spec.a != oldObject.spec.a || object.spec.b == 1)"], True),
        ("CREATE", ["request.operation == 'CREATE' || (request.operation == 'UPDATE' && (true || false))"], True),
        ("DELETE", ["request.operation != 'DELETE' && (has(object.metadata.labels) && object.spec.a == 1)"], False),
        ("CREATE", ["!(oldObject != null && object.spec == oldObject.spec)"], True),
        ("DELETE", ["!(request.operation == 'DELETE' || object.metadata.name == 'x')"], False),
        ("DELETE", ["!(object.metadata.name == 'x')"], NO_OBJECT),
        ("DELETE", ["!(object == null) || !(true)"], False),
        ("DELETE", ["!has(object.data) || object.data.mode == 'x'"], True),
        ("DELETE", ["'a || b' == request.name && object == null"], True),
        ("DELETE", [ANY, "request.operation == 'DELETE'"], True),
        ("DELETE", [ANY, "request.operation == 'UPDATE'"], False),
        ("UPDATE", [MOVES, "true"], False),
        ("UPDATE", ["request.operation == 'UPDATE'"], True),
        ("UPDATE", ["object.spec.a != oldObject.spec.a && request.namespace == 'research'"], False),
        ("UPDATE", ["object != null && oldObject != null"], True),
        ("UPDATE", ["request.name != request.name"], True),
        ("UPDATE", ["request.operation == 'DELETE'"], False),
        ("CREATE", [MOVES, "request.operation == 'CREATE'"], True),
        ("CREATE", ["request.operation != 'CREATE'"], False),
        ("CREATE", [], True),
    ],
)
def test_a_false_condition_skips_a_webhook_and_an_error_beside_true_ones_refuses(
    operation: str, conditions: list[str], *, called: bool | str
) -> None:
    state: Props = {"metadata": {"name": "a"}, "spec": {"nodeName": "a"}}
    assert may_call(conditions, operation, state, state if operation == "UPDATE" else None) == called


def test_who_names_deletions_in_a_condition_of_creation_stops_them(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    made = cluster.make(pod("research"), "pod")
    moves = {"name": "moves", "expression": MOVES}
    own = cluster.make(judging(about("DELETE"), matchConditions=[moves]), "own")
    for state in ("--up", "--down"):
        down(tmp_path, state)
        with pytest.raises(Refusal, match=r"finegrained-own.* a deletion has none"):
            cluster.delete(made, "pod")
    down(tmp_path, "--up")
    cluster.delete(own, "own")
    beside = {"name": "beside", "expression": "true"}
    second = cluster.make(judging(about("DELETE"), name="second", matchConditions=[moves, beside]), "second")
    with pytest.raises(Refusal, match=r"finegrained-second.* a deletion has none"):
        cluster.delete(made, "pod")
    cluster.delete(second, "second")
    unknown = {"name": "unknown", "expression": ANY}
    third = cluster.make(judging(about("DELETE"), name="third", matchConditions=[moves, unknown]), "third")
    with pytest.raises(Refusal, match=r"finegrained-third.* may refuse this: one is not judged here"):
        cluster.delete(made, "pod")
    cluster.delete(third, "third")
    other = {"name": "other", "expression": "request.operation != 'DELETE'"}
    cluster.make(judging(about("DELETE"), name="a", matchConditions=[moves], failurePolicy="Ignore"), "a")
    cluster.make(judging(about("DELETE"), name="b", matchConditions=[moves, other]), "b")
    down(tmp_path)
    cluster.delete(made, "pod")


def test_a_condition_that_is_false_for_pods_lets_their_maker_in_while_it_is_down(
    cluster: Bench, tmp_path: Path
) -> None:
    install(cluster)
    ends = {"name": "ends", "expression": "request.operation == 'DELETE'"}
    cluster.make(judging(about("CREATE", "DELETE"), matchConditions=[ends]), "own")
    down(tmp_path)
    cluster.make(deployment("research"), "web")


def test_a_condition_of_creation_lets_no_deletion_in_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    made = cluster.make(pod("research"), "pod")
    condition = {"name": "ends", "expression": "oldObject == null || request.operation == 'DELETE'"}
    cluster.make(judging(about("DELETE"), matchConditions=[condition]), "own")
    down(tmp_path)
    with pytest.raises(Refusal, match=r"no endpoints available"):
        cluster.delete(made, "pod")


def test_a_condition_that_is_an_error_for_what_is_made_stops_it_and_pods_of_it(cluster: Bench) -> None:
    install(cluster)
    condition = {"name": "same", "expression": "object.spec == oldObject.spec"}
    cluster.make(judging(matchConditions=[condition], autogen={"podControllers": {"controllers": []}}), "own")
    assert "name oldObject, and a creation has none" in refusal(cluster, pod("research"))
    assert 'pods of Deployment "web": forbidden: match conditions' in refusal(cluster, deployment("research"))


def job(**spec: Any) -> Props:
    inputs = deployment("research")
    template = copy.deepcopy(inputs["spec"]["template"])
    template["spec"]["restartPolicy"] = "Never"
    return {**inputs, "apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template, **spec}}


def with_image(image: str, **spec: Any) -> Props:
    inputs = deployment("research", **spec)
    inputs["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return inputs


LABELLED = {"name": "web", "namespace": "research", "labels": {"seen": "yes"}}
OTHER = "registry.invalid/app:2"


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (None, deployment("research"), True),
        (None, deployment("research", replicas=0), False),
        (None, deployment("research", paused=True), False),
        (None, job(), True),
        (None, job(suspend=True), False),
        (None, job(parallelism=0), False),
        (deployment("research"), {**deployment("research"), "metadata": LABELLED}, False),
        (deployment("research"), deployment("research", revisionHistoryLimit=1), False),
        (deployment("research", replicas=2), deployment("research"), False),
        (deployment("research", replicas=2), deployment("research", replicas=0), False),
        (deployment("research", replicas=0), deployment("research"), True),
        (deployment("research"), deployment("research", replicas=2), True),
        (deployment("research"), with_image(OTHER), True),
        (deployment("research"), with_image(OTHER, replicas=0), False),
        (deployment("research", replicas=2), with_image(OTHER), True),
        (deployment("research", paused=True), deployment("research"), True),
        (deployment("research"), deployment("research", paused=True), False),
        (deployment("research", paused=True), with_image(OTHER, paused=True), False),
        (deployment("research", paused=True), deployment("research", paused=True, replicas=2), True),
        (job(suspend=True), job(), True),
        (job(suspend=True), job(suspend=False), True),
        (job(parallelism=2), job(parallelism=1), False),
        (job(parallelism=1), job(parallelism=2), True),
    ],
)
def test_who_makes_pods_waits_for_them_only_where_some_are_made(
    cluster: Bench, tmp_path: Path, before: Props | None, after: Props, *, refused: bool
) -> None:
    install(cluster)
    cluster.make(signatures(), "signatures")
    made = cluster.make(before, "web") if before else None
    down(tmp_path)

    def write() -> None:
        if made:
            cluster.update(made, cluster.checked(after, "web", made[1]), "web")
        else:
            cluster.make(after, "web")

    if refused:
        with pytest.raises(Refusal, match=r"ivpol\.validate"):
            write()
    else:
        write()


def test_a_policy_that_goes_while_it_is_down_goes_on_refusing(cluster: Bench, tmp_path: Path) -> None:
    release = install(cluster)
    made = cluster.make(signatures(), "signatures")
    down(tmp_path)
    cluster.delete(made, "signatures")
    down(tmp_path)
    assert DOWN in refusal(cluster, pod("research")), "only its own pods delete a webhook"
    cluster.delete(release, "kyverno-release")
    (warning,) = cluster.warnings
    assert "ivpol.validate.kyverno.svc-fail-finegrained-ml-platform-signatures" in warning
    assert 'service "kyverno-svc" not found' in refusal(cluster, pod("research"))
    cluster.make(pod("default"), "others")


def test_a_policy_that_went_while_it_was_down_is_forgotten_when_it_is_back(
    cluster: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(cluster)
    made = cluster.make(signatures(), "signatures")
    down(tmp_path)
    cluster.delete(made, "signatures")
    capsys.readouterr()
    assert console.run(["webhook", "main"], tmp_path / "cloud.sqlite") == 0
    assert "ml-platform-signatures" in capsys.readouterr().out
    down(tmp_path, "--up")
    cluster.make(pod("research"), "pod")


def test_a_policy_that_goes_while_it_runs_takes_its_webhook_with_it(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.delete(cluster.make(signatures(), "signatures"), "signatures")
    down(tmp_path)
    cluster.make(pod("research"), "pod")


def test_new_values_change_no_webhook_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    release = install(cluster)
    cluster.make(judging(), "own")
    down(tmp_path)
    forced = {
        **release[1],
        "values": {**release[1]["values"], "features": {"forceFailurePolicyIgnore": {"enabled": True}}},
    }
    cluster.update(release, cluster.checked(forced, "kyverno-release", release[1]), "kyverno-release")
    assert "vpol.validate" in refusal(cluster, pod("default"))
    down(tmp_path, "--up")
    down(tmp_path)
    cluster.make(pod("default"), "pod")


@pytest.mark.parametrize("cleans", [True, False])
def test_the_job_after_its_release_deletes_webhooks_that_write(cluster: Bench, tmp_path: Path, cleans: bool) -> None:
    release = install(cluster, webhooksCleanup={"enabled": cleans})
    cluster.make(judging(kind="MutatingPolicy"), "own")
    down(tmp_path)
    assert "mpol.validate" in refusal(cluster, pod("default"))
    cluster.delete(release, "kyverno-release")
    for state in ("gone", "back"):
        if state == "back":
            install(cluster)
        if cleans:
            cluster.make({**pod("default"), "metadata": {"name": state, "namespace": "default"}}, state)
        else:
            assert "mpol.validate" in refusal(cluster, pod("default"))


def test_its_policies_cannot_be_written_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    made = cluster.make(signatures(), "signatures")
    down(tmp_path)
    changed = signatures("audit")
    with pytest.raises(Refusal, match=r"validate-policy\.kyverno\.svc"):
        cluster.update(made, cluster.checked(changed, "signatures", made[1]), "signatures")
    assert "validate-policy.kyverno.svc" in refusal(cluster, judging())
    cluster.delete(made, "signatures")


def test_an_exception_cannot_be_written_while_it_is_down(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    down(tmp_path)
    exception: Props = {"apiVersion": "kyverno.io/v2", "kind": "PolicyException"}
    exception |= {"metadata": {"name": "own", "namespace": "kyverno"}, "spec": {"exceptions": [], "match": {}}}
    assert 'webhook "kyverno-svc.kyverno.svc"' in refusal(cluster, exception)


SETTINGS = about("CREATE", resources=["configmaps"])


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE", "*"])
def test_a_webhook_is_asked_about_the_operations_of_its_rules_alone(
    cluster: Bench, tmp_path: Path, operation: str
) -> None:
    install(cluster)
    old = cluster.make(config_map("old"), "old")
    cluster.make(judging({**SETTINGS, "operations": [operation]}), "own")
    down(tmp_path)
    calls: dict[str, Callable[[], Any]] = {
        "CREATE": lambda: cluster.make(config_map("new"), "new"),
        "UPDATE": lambda: cluster.update(old, cluster.checked(config_map("old", b="2"), "old", old[1]), "old"),
        "DELETE": lambda: cluster.delete(old, "old"),
    }
    for name, call in calls.items():
        if operation in (name, "*"):
            with pytest.raises(Refusal, match=r'failed calling webhook "vpol\.validate\.kyverno\.svc-fail"'):
                call()
        else:
            call()


def test_a_namespace_stays_with_what_nobody_may_delete(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    lab = cluster.make(namespace("lab"), "lab")
    cluster.make(config_map("old", "lab"), "old")
    cluster.make(judging({**SETTINGS, "operations": ["DELETE"]}), "own")
    down(tmp_path)
    with pytest.raises(Refusal, match=r'"lab" still exists: ConfigMap old in it stays.*The real delete waits'):
        cluster.delete(lab, "lab")
    down(tmp_path, "--up")
    cluster.delete(lab, "lab")


def test_a_label_of_before_counts_as_much_as_one_of_after(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    kept = config_map("kept")
    kept["metadata"]["labels"] = {"kept": "yes"}
    made = cluster.make(kept, "kept")
    match = {"objectSelector": {"matchLabels": {"kept": "yes"}}}
    cluster.make(judging({**SETTINGS, "operations": ["UPDATE"]}, match=match), "own")
    down(tmp_path)
    with pytest.raises(Refusal, match=r"vpol\.validate"):
        cluster.update(made, cluster.checked(config_map("kept"), "kept", made[1]), "kept")


def test_namespaces_are_chosen_by_labels_of_their_own(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    match = {"namespaceSelector": {"matchLabels": {"team": "lab"}}}
    cluster.make(judging(about("CREATE", resources=["namespaces"]), match=match), "own")
    down(tmp_path)
    cluster.make(namespace("other"), "other")
    assert "vpol.validate" in refusal(cluster, namespace("lab", team="lab"))


def test_the_labels_that_a_namespace_gets_say_who_is_asked_about_it(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    match = {"namespaceSelector": {"matchLabels": {"team": "lab"}}}
    cluster.make(judging(about("UPDATE", resources=["namespaces"]), match=match), "own")
    left, joined = (
        cluster.make(each, each["metadata"]["name"]) for each in (namespace("a", team="lab"), namespace("b"))
    )
    down(tmp_path)
    cluster.update(left, cluster.checked(namespace("a"), "a", left[1]), "a")
    with pytest.raises(Refusal, match=r"vpol\.validate"):
        cluster.update(joined, cluster.checked(namespace("b", team="lab"), "b", joined[1]), "b")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, True),
        ({"apiGroups": ["*"], "resources": ["*"]}, True),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["configmaps/*"]}, True),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
        ({"apiGroups": ["apps"]}, False),
        ({"resources": ["secrets"]}, False),
    ],
)
def test_rules_name_objects_as_the_api_server_reads_them(
    cluster: Bench, tmp_path: Path, changes: Props, *, refused: bool
) -> None:
    install(cluster)
    cluster.make(judging({**SETTINGS, **changes}), "own")
    down(tmp_path)
    if refused:
        assert "vpol.validate" in refusal(cluster, config_map("new"))
    else:
        cluster.make(config_map("new"), "new")


@pytest.mark.parametrize(
    ("version", "match", "refused"),
    [
        ("v1", {"matchPolicy": "Exact"}, False),
        ("v1", {"matchPolicy": "Equivalent"}, True),
        ("v1", {}, True),
        ("v2beta2", {}, False),
        ("v2", {"matchPolicy": "Exact"}, True),
    ],
)
def test_other_versions_of_an_api_count_where_they_are_served_and_no_exact_ones_are_asked_for(
    cluster: Bench, tmp_path: Path, version: str, match: Props, *, refused: bool
) -> None:
    install(cluster)
    rule = about(apiGroups=["autoscaling"], apiVersions=[version], resources=["horizontalpodautoscalers"])
    cluster.make(judging(rule, match=match), "own")
    down(tmp_path)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler: Props = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}}
    scaler["spec"] = {"scaleTargetRef": target, "maxReplicas": 2}
    if refused:
        assert "vpol.validate" in refusal(cluster, scaler)
    else:
        cluster.make(scaler, "new")


def test_every_served_version_of_a_custom_kind_counts(cluster: Bench) -> None:
    definition = widget_definition()
    (version,) = definition["spec"]["versions"]
    definition["spec"]["versions"] += [{**version, "name": name, "storage": False} for name in ("v1beta1", "v1alpha1")]
    definition["spec"]["versions"][-1]["served"] = False
    cluster.make(definition, "widgets")
    assert set(where(cluster).versions("example.com", "Widget")) == {"v1", "v1beta1"}
    assert set(where(cluster).versions("resource.k8s.io", "ResourceClaim")) == {"v1"}, (
        "EKS serves no beta of Kubernetes"
    )
    assert set(where(cluster).versions("", "Pod")) == {"v1"}


EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}


def test_what_says_who_is_asked_can_always_be_written_and_deleted(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.make(judging(EVERYTHING), "own")
    down(tmp_path)
    binding: Props = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding"}
    binding |= {"metadata": {"name": "own"}, "spec": {"policyName": "own", "validationActions": ["Deny"]}}
    webhooks: Props = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    webhooks |= {"metadata": {"name": "own"}}
    for inputs in (binding, webhooks):
        cluster.delete(cluster.make(inputs, inputs["kind"]), inputs["kind"])
    assert "vpol.validate" in refusal(cluster, config_map("new")), "everything else is asked about"


@pytest.mark.parametrize("spared", [True, False])
def test_what_starts_nodes_can_be_left_out(spared: bool) -> None:
    (made,) = made_of(judging(EVERYTHING), features={"excludeBootstrapResources": {"enabled": spared}}).values()
    asked = {
        (group, name)
        for group, name in (("", "nodes"), ("certificates.k8s.io", "certificatesigningrequests"), ("", "pods"))
        if made.sees(Request("CREATE", group, "v1", name), [{}], None)
    }
    assert (asked == {("", "pods")}) is spared
    assert ("", "pods") in asked


@pytest.mark.parametrize(
    ("kind", "paths"),
    {
        "ValidatingPolicy": {"/vpol/own": "vpol.validate"},
        "NamespacedValidatingPolicy": {"/nvpol/own": "nvpol.validate"},
        "MutatingPolicy": {"/mpol/own": "mpol.validate"},
        "NamespacedMutatingPolicy": {"/nmpol/own": "nmpol.validate"},
        "ImageValidatingPolicy": {"/ivpol/validate/own": "ivpol.validate", "/ivpol/mutate/own": "ivpol.mutate"},
        "NamespacedImageValidatingPolicy": {
            "/nivpol/validate/own": "ivpol.validate",
            "/nivpol/mutate/own": "ivpol.mutate",
        },
        "GeneratingPolicy": {"/gpol/own": "gpol.validate"},
        "NamespacedGeneratingPolicy": {"/ngpol/own": "ngpol.validate"},
        "DeletingPolicy": {},
    }.items(),
)
def test_each_kind_of_policy_has_webhooks_of_its_own(kind: str, paths: dict[str, str]) -> None:
    policy = judging(kind=kind)
    made, fails = made_of(policy), "ignore" if "Generating" in kind else "fail"
    assert {path: each.name for path, each in made.items()} == {
        path: f"{name}.kyverno.svc-{fails}" for path, name in paths.items()
    }
    inside = [
        {"key": "kubernetes.io/metadata.name", "operator": operator, "values": [name]}
        for operator, name in (("In", "research"), ("NotIn", "kube-system"), ("NotIn", "kyverno"))
        if operator == "NotIn" or kind.startswith("Namespaced")
    ]
    assert all(each.namespaces == {"matchExpressions": inside} for each in made.values())
    alone = made_of(judging(kind=kind, webhookConfiguration={"timeoutSeconds": 5}))
    ending = "finegrained-research-own" if kind.startswith("Namespaced") else "finegrained-own"
    assert {path: each.name for path, each in alone.items()} == {
        path: f"{name}.kyverno.svc-{fails}-{ending}" for path, name in paths.items()
    }


@pytest.mark.parametrize(("writes", "paths"), [(None, 2), (True, 2), (False, 1)])
def test_an_image_is_written_unless_its_policy_says_otherwise(writes: bool | None, paths: int) -> None:
    policy = judging(kind="ImageValidatingPolicy")
    policy["spec"] |= {} if writes is None else {"validationConfigurations": {"mutateDigest": writes}}
    made = made_of(policy)
    assert len(made) == paths
    assert "/ivpol/validate/own" in made


def test_a_policy_of_a_namespace_stops_that_namespace_alone(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    cluster.make(judging(kind="NamespacedValidatingPolicy"), "own")
    down(tmp_path)
    cluster.make(pod("default"), "pod")
    assert 'webhook "nvpol.validate.kyverno.svc-fail"' in refusal(cluster, pod("research"))


def test_what_generates_is_asked_about_everything_and_lets_everything_in() -> None:
    made = made_of(judging(about("CREATE"), kind="GeneratingPolicy", failurePolicy="Fail"))["/gpol/own"]
    assert asks(made) == {"pods": ["CREATE", "UPDATE", "DELETE", "CONNECT"]}
    assert not made.fails


MAKERS = {"daemonsets", "deployments", "replicasets", "statefulsets", "cronjobs", "jobs"}


@pytest.mark.parametrize(
    ("policy", "extended"),
    [
        (judging(), MAKERS),
        (judging(autogen={"podControllers": {"controllers": ["jobs", "nothing"]}}), {"jobs"}),
        (judging(autogen={"podControllers": {"controllers": []}}), set()),
        (judging(about(apiVersions=["*"])), set()),
        (judging(about(apiGroups=["*"])), set()),
        (judging(about(resources=["pods", "pods/ephemeralcontainers"])), set()),
        (judging(about(resourceNames=["web"])), set()),
        (judging(about(), about(resources=["services"])), set()),
        (judging(match={"objectSelector": {"matchLabels": {"app": "web"}}}), set()),
        (judging(match={"objectSelector": {}}), MAKERS),
        (judging(match={"excludeResourceRules": [about(resourceNames=["web"])]}), set()),
        (judging(kind="GeneratingPolicy"), set()),
        (judging(kind="NamespacedValidatingPolicy"), set()),
        (judging(kind="NamespacedValidatingPolicy", webhookConfiguration={"timeoutSeconds": 5}), MAKERS),
        (judging(kind="NamespacedValidatingPolicy", match={"matchPolicy": "Exact"}), MAKERS),
        (judging(kind="NamespacedImageValidatingPolicy"), MAKERS),
        (judging(kind="NamespacedImageValidatingPolicy", webhookConfiguration={"timeoutSeconds": 5}), set()),
    ],
)
def test_a_policy_about_pods_alone_is_extended_to_what_makes_them(policy: Props, extended: set[str]) -> None:
    (webhook, *_) = made_of(policy).values()
    assert asks(webhook).keys() & MAKERS == extended
    assert all(asks(webhook)[each] == ["CREATE", "UPDATE"] for each in extended)


@pytest.mark.parametrize(
    ("spec", "alone"),
    [
        ({}, False),
        ({"matchConditions": [{"name": "named", "expression": "has(object.metadata.labels)"}]}, True),
        ({"matchConditions": [{"name": "asked", "expression": "request.resource.resource == 'pods'"}]}, True),
        ({"matchConditions": [{"name": "own", "expression": "variables.allowed"}]}, False),
        ({"matchConditions": [{"name": "own", "expression": "resource.Get('v1', 'pods', 'a', 'b') != null"}]}, False),
        (
            {"matchConditions": [{"name": "own", "expression": "parseServiceAccount(request.userInfo.username).Name"}]},
            False,
        ),
        ({"matchConditions": [{"name": "own", "expression": "image(object.spec.image).registry() == 'a'"}]}, False),
        ({"matchConditions": [{"name": "own", "expression": "json.unmarshal(object.data.a).b"}]}, False),
        ({"matchConditions": [{"name": "own", "expression": "sha256(object.metadata.name) != ''"}]}, False),
        ({"matchConditions": [{"name": "field", "expression": "object.spec.image.json.time == 'a'"}]}, True),
        ({"matchConditions": [{"name": "each", "expression": "object.spec.all(image, image.tag == 'a')"}]}, True),
        ({"webhookConfiguration": {"timeoutSeconds": 5}}, True),
        ({"webhookConfiguration": {}}, False),
        ({"match": {"matchPolicy": "Exact"}}, True),
        ({"match": {"matchPolicy": "Equivalent"}}, False),
    ],
)
def test_what_a_webhook_cannot_share_makes_one_of_its_own(spec: dict[str, Any], *, alone: bool) -> None:
    made = made_of(judging(**copy.deepcopy(spec)), judging(name="other"))
    assert set(made) == ({"/vpol/own", "/vpol/other"} if alone else {"/vpol/other/own"})


def test_policies_share_a_webhook_for_each_pair_of_selectors() -> None:
    far = judging(name="far", match={"namespaceSelector": {"matchLabels": {"team": "lab"}}})
    near = (judging(name="b"), judging(name="a", failurePolicy="Ignore"))
    assert made_of(far)["/vpol/far"].name == "vpol.validate.kyverno.svc-fail", "alone of its kind it has no hash"
    named = '{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["%s"]}'
    others = f'"matchExpressions":[{named % "kube-system"},{named % "kyverno"}]'
    of_near, of_far = (
        hashlib.sha256(text.encode()).hexdigest()[:8]
        for text in (f"[{{{others}}},null]", f'[{{"matchLabels":{{"team":"lab"}},{others}}},null]')
    )
    rows = webhooks({}, "kyverno", (*near, far), left=False)
    assert {row["name"]: row["path"] for row in rows if row["path"].startswith("/vpol")} == {
        f"vpol.validate.kyverno.svc-fail-{of_near}": "/vpol/a/b",
        f"vpol.validate.kyverno.svc-ignore-{of_near}": "/vpol/a/b",
        f"vpol.validate.kyverno.svc-fail-{of_far}": "/vpol/far",
    }


def test_a_policy_about_nothing_has_no_webhook_to_share() -> None:
    empty = judging()
    empty["spec"]["matchConstraints"] = {}
    assert not made_of(empty)


def test_only_webhooks_that_validate_are_left() -> None:
    left = [row["path"] for row in webhooks({}, "kyverno", (judging(kind="MutatingPolicy"), judging()), left=True)]
    assert "/vpol/own" in left
    assert not {"/mpol/own", "/policymutate"} & set(left)


def test_who_makes_pods_may_be_deleted_where_pods_may_not_be_made(cluster: Bench, tmp_path: Path) -> None:
    install(cluster)
    made = cluster.make(deployment("default"), "web")
    cluster.make(judging(about("CREATE"), autogen={"podControllers": {"controllers": []}}), "own")
    down(tmp_path)
    cluster.delete(made, "web")


def test_the_values_of_the_chart_say_whom_it_is_not_asked_about() -> None:
    by_label = {"objectSelector": {"matchLabels": {"seen": "yes"}}}
    made = made_of(judging(), config={"webhooks": by_label, "excludeKyvernoNamespace": False})["/vpol/own"]
    assert made.objects == {"matchLabels": {"seen": "yes"}}
    assert [each["values"] for each in made.namespaces["matchExpressions"]] == [["kube-system"]]
    forced = made_of(judging(), features={"forceFailurePolicyIgnore": {"enabled": True}})["/vpol/own"]
    assert not forced.fails


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
    cluster.make(judging(**spec), "own")
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
    cluster.make(judging(), "own")
    cluster.delete(release, "kyverno-release")
    assert not cluster.warnings
    cluster.make(pod("default"), "pod")


@pytest.mark.parametrize("cleans", [True, False])
def test_a_release_whose_pods_are_away_leaves_webhooks_that_refuse(
    cluster: Bench, tmp_path: Path, cleans: bool
) -> None:
    release = install(cluster, webhooksCleanup={"enabled": cleans})
    cluster.make(judging(), "own")
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
