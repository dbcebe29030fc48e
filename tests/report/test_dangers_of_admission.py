"""Dangers of admission: what is judged by fewer rules or more, and who gets past them, by any setting."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest

from catalog.images import IMAGES
from report.dangers.danger import GRAVE, Danger
from report.dangers.data import SECRET
from tests.components.stack.test_every_setting import CHANGES, FUNCTION, kyverno, rotated, signed, team
from tests.report.edits import built, edit
from tests.report.test_dangers import of, openings
from tests.settings.tenancy.test_wrong_signatures import HOST

ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
SETTINGS = [path for path in CHANGES if path.startswith("admission.") and "signatures" not in path]


def told(before: Any, after: Any, changed: Any = None) -> list[str]:
    return [each.opening for each in edit(before, after, changed)]


@pytest.mark.parametrize("path", SETTINGS)
def test_no_setting_of_admission_changes_in_silence(path: str) -> None:
    before, after = CHANGES[path]
    assert told(before, after)
    assert told(after, before)


@pytest.mark.parametrize(
    ("after", "opens", "closes"),
    [
        (
            kyverno(namespaces_left_out=["tools"]),
            "Kyverno, by main-kyverno, no longer judges namespace tools",
            "Kyverno, by main-kyverno, judges namespace tools",
        ),
        (
            kyverno(exceptions=True),
            "exceptions from policies count, by main-kyverno: false → true",
            "exceptions from policies count no longer, by main-kyverno: true → false",
        ),
    ],
)
def test_what_kyverno_does_not_judge_is_grave_and_what_it_judges_anew_may_end_pods(
    after: Any, opens: str, closes: str
) -> None:
    (danger,) = edit(kyverno(), after)
    assert (danger.opening, danger.severity, danger.kind) == (opens, GRAVE, "protection")
    (danger,) = edit(after, kyverno())
    assert (danger.opening, danger.kind) == (closes, "nodes")


def of_kyverno(path: str, value: Any) -> list[str]:
    return [each.opening for each in dangers_of(path, value)]


def dangers_of(path: str, value: Any, name: str = "kyverno") -> Sequence[Danger]:
    """What is told when the release of an add-on has another value at a path, written with dots."""
    release, resources = f"helm.sh/v3:Release::main-{name}", built(kyverno())
    values = next(deepcopy(dict(each.inputs["values"])) for urn, each in resources.items() if urn.endswith(release))
    *parents, last = path.split(".")
    inner = values
    for key in parents:
        inner = inner.setdefault(key, {})
    inner[last] = value
    return edit(kyverno(), kyverno(), {release: {"values": values}})


SELECTOR = "config.webhooks.namespaceSelector"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("features.forceFailurePolicyIgnore.enabled", True, "features.forceFailurePolicyIgnore.enabled"),
        ("features.policyExceptions.namespace", "*", "features.policyExceptions.namespace"),
        ("config.resourceFilters", ["[Pod,*,*]"], "config.resourceFilters"),
        (
            SELECTOR,
            {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
            f"{SELECTOR}.matchExpressions.0.operator",
        ),
    ],
)
def test_a_value_of_kyverno_that_no_setting_has_is_told_as_well(path: str, value: Any, says: str) -> None:
    (opening,) = (each for each in of_kyverno(path, value) if "is set otherwise" in each)
    assert f"values.{says}" in opening


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("features.logging.verbosity", 4),
        ("features.admissionReports.enabled", True),
        ("features.omitEvents.eventTypes", ["PolicyApplied"]),
        ("config.webhookLabels", {"of": "us"}),
        ("reportsController.enabled", True),
    ],
)
def test_a_value_of_kyverno_that_lets_nothing_past_is_not_told(path: str, value: Any) -> None:
    assert of_kyverno(path, value) == []


STAR = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


@pytest.mark.parametrize("controller", ["admission", "background", "cleanup", "reports"])
@pytest.mark.parametrize(
    ("path", "value"),
    [("viewRoleName", "cluster-admin"), ("clusterRole.extraResources", STAR), ("coreClusterRole.extraResources", STAR)],
)
def test_rights_of_kyverno_that_its_values_widen_are_grave(controller: str, path: str, value: Any) -> None:
    (danger,) = dangers_of(f"{controller}Controller.rbac.{path}", value)
    assert (danger.kind, danger.severity) == ("access", GRAVE)
    assert danger.opening.startswith(
        f"Kyverno, by main-kyverno, has other rights: values.{controller}Controller.rbac.{path}"
    )


def test_an_image_that_no_chart_and_no_catalog_names_is_told_of_any_add_on() -> None:
    (danger,) = dangers_of("admissionController.container.image.tag", "v1.10.0")
    says = "main-kyverno runs other images than its chart names: values.admissionController.container.image.tag v1.10.0"
    assert (danger.kind, danger.opening) == ("access", says)
    (other,) = dangers_of("image.repository", "example.com/cert-manager", "cert-manager")
    assert other.opening.endswith("values.image.repository example.com/cert-manager")
    assert not dangers_of("image.enabled", True, "cert-manager"), "a switch names no image"
    known = next(iter(IMAGES.values())).pinned_tag
    assert of_kyverno("admissionController.container.image.tag", known) == []


def test_fewer_pods_of_kyverno_are_told_and_what_does_not_judge_is_not() -> None:
    assert of_kyverno("admissionController.replicas", 1) == ["pods of Kyverno, by main-kyverno: 3 → 1"]
    assert of_kyverno("admissionController.replicas", 5) == []
    assert of_kyverno("admissionController.priorityClassName", "other") == []


def test_fewer_nodes_of_the_stack_file_are_fewer_pods_of_kyverno() -> None:
    fewer = {**kyverno(), "network": {"zones": ["us-west-2a", "us-west-2b"]}}
    assert any("pods of Kyverno" in each for each in told(kyverno(), fewer))


def test_a_cache_lets_images_of_its_upstream_in_where_there_are_teams() -> None:
    cached = {"images": {"cache": {"upstreams": ["k8s"]}}}
    more = {"images": {"cache": {"upstreams": ["k8s", "quay"]}}}
    says = "images of quay.io are let in, by cache image-cache-quay"
    assert says in told({**team(), **cached}, {**team(), **more})
    assert says not in told({**team(), **more}, {**team(), **cached})
    assert says not in told(cached, more), "no rule on registries is there"
    warns = {"admission": {"mode": "warn"}}
    assert says not in told({**team(), **warns, **cached}, {**team(), **warns, **more}), "everything is let in"


def test_another_function_that_rotates_gets_the_secret() -> None:
    says = "a function gets the secret of main-team-lab.secrets.hub.rotation: "
    (only,) = told(rotated(), rotated(function_arn=f"{FUNCTION}-2"))
    assert only == f"{says}{FUNCTION} → {FUNCTION}-2"
    secret_id = "arn:aws:secretsmanager:us-west-2:123456789012:secret:hub"
    there = of(SECRET, {"name": "hub"}, {"name": "hub"}, "hub", op="same", id=secret_id)
    new = of(ROTATION, None, {"secretId": secret_id, "rotationLambdaArn": FUNCTION}, "hub.rotation")
    assert openings(there, new) == [f"a function gets the secret of hub.rotation: {FUNCTION}"]
    assert not any(each.startswith(says) for each in told(team(), rotated())), "its secret is new as well"


def test_a_secret_that_can_be_restored_for_less_time_is_told() -> None:
    before, after = CHANGES["secrets.recovery_days"]
    assert any("recoveryWindowInDays" in each for each in told(before, after))
    assert not told(after, before)


@pytest.mark.parametrize("path", ["secrets.vault.auth_mount", "secrets.vault.role_prefix"])
def test_another_identity_in_a_vault_is_told(path: str) -> None:
    before, after = CHANGES[path]
    assert any("in its Vault" in each for each in told(before, after))


def test_signatures_that_are_asked_of_fewer_images_are_told_by_the_stack_file() -> None:
    assert any(
        "none is needed for" in each
        for each in told(signed(mode="deny"), signed(mode="deny", images=[f"{HOST}/research/train*"]))
    )


def test_alarms_that_are_switched_off_are_told_one_by_one() -> None:
    before, _ = CHANGES["alarms.audit.notify"]
    (ended,) = (each for each in edit(before, {}) if each.opening.startswith("alarm or mail "))
    assert any("main-exec" in name for name in ended.names)
    assert any("a@example.com" in name for name in ended.names)
