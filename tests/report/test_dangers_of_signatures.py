"""Dangers of signatures: what runs without one from now on, whose is good, and what does not come again."""

from copy import deepcopy
from typing import Any

import pytest

from components.tenancy.signature_policy import policy
from report.dangers.danger import GRAVE, LATER, SERIOUS
from report.dangers.doors import RELEASE
from report.dangers.signatures import POLICY
from settings.tenancy.signatures import SignatureSettings
from tests.report.logs import step, urn
from tests.report.test_dangers import found, of
from tests.settings.tenancy.test_wrong_signatures import CERTIFICATE, IMAGES, ISSUER, OTHER, PUBLIC

NAMESPACE = "kubernetes:core/v1:Namespace"
LAB = {"metadata": {"name": "lab", "labels": {"ml-platform/team": "lab"}}}


def signed(**changes: Any) -> dict[str, Any]:
    given = {"images": [IMAGES], "keys": [PUBLIC], "mode": "deny", **changes}
    return deepcopy(dict(policy(SignatureSettings.model_validate(given))))


def told(before: Any, after: Any, kind: str, teams: bool = True) -> list[str]:
    lab = [of(NAMESPACE, LAB, LAB, "main-namespace-lab")] if teams else [step("same", urn(NAMESPACE, "other"))]
    return [each.opening for each in found(*lab, of(POLICY, before, after, "main-signatures"), kind=kind)]


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ({"mode": "audit"}, "pods without one are no longer refused"),
        ({"images": [IMAGES.replace("*", "train*")]}, f"none is needed for {IMAGES}"),
        ({"keys": [PUBLIC, OTHER]}, "good now is also that of key sha256:113147aac00b223fa1e5aa636c68733b"),
        (
            {"identities": [{"issuer": ISSUER, "subject": "a"}]},
            f"good now is also that of a at {ISSUER}",
        ),
    ],
    ids=["audit", "fewer images", "another key", "an identity"],
)
def test_what_is_let_in_from_now_on_is_grave(after: dict[str, Any], says: str) -> None:
    assert told(signed(), signed(**after), "protection") == [f"signatures of images, by main-signatures: {says}"]


def test_a_signer_is_known_by_all_of_its_key_and_not_by_how_it_is_written() -> None:
    beginning, end = PUBLIC.splitlines()[1:3]
    alike = PUBLIC.replace(beginning[50:], OTHER.splitlines()[1][50:])
    assert alike.endswith(f"{end}\n-----END PUBLIC KEY-----\n")
    assert alike != PUBLIC
    (says,) = told(signed(), signed(keys=[alike]), "protection")
    assert "good now is also that of key sha256:" in says
    rewrapped = PUBLIC.replace(f"{beginning}\n", f"{beginning[:30]}\n{beginning[30:]}\n")
    assert not told(signed(), signed(keys=[rewrapped]), "protection")
    (says,) = told(signed(), signed(certificates=[CERTIFICATE]), "protection")
    assert says.endswith("good now is also that of certificate sha256:62f88a4b4b3165915c210342ef6881eb")


def test_images_that_a_wider_pattern_covers_are_not_lost() -> None:
    wider = IMAGES.replace("research/*", "*")
    assert not told(signed(), signed(images=[wider]), "protection")
    assert not told(signed(images=[wider]), signed(images=[wider, IMAGES]), "nodes")
    assert told(signed(), signed(images=[wider]), "nodes") == [
        f"signatures of images, by main-signatures: one is needed for {wider}"
    ]
    assert told(signed(images=[wider]), signed(), "protection"), "others are no longer judged"


EDITS: dict[str, Any] = {
    # place in the spec -> (what is there afterwards, what is told of it)
    "evaluation.admission.enabled": (False, "judged otherwise: spec.evaluation"),
    "validationConfigurations.required": (False, "judged otherwise: spec.validationConfigurations"),
    "validationConfigurations.verifyDigest": (False, "judged otherwise: spec.validationConfigurations"),
    "webhookConfiguration.timeoutSeconds": (1, "judged otherwise: spec.webhookConfiguration"),
    "images": ([], "judged otherwise: spec.images"),
    "credentials": ({"allowInsecureRegistry": True}, "judged otherwise: spec.credentials"),
    "matchConstraints.resourceRules": ([], "judged otherwise: spec.matchConstraints"),
    "matchConditions": ([{"name": "never", "expression": "false"}], "judged otherwise: spec.matchConditions"),
    "matchImageReferences": (
        [{"glob": IMAGES}, {"expression": "false"}],
        "judged otherwise: spec.matchImageReferences",
    ),
    "validations": ([], "judged otherwise: spec.validations"),
    "validations.0.expression": ("true", "judged otherwise: spec.validations"),
    "attestors.1.cosign.ctlog": (
        {"insecureIgnoreTlog": True},
        f"verified otherwise is that of a at {ISSUER}",
    ),
}


@pytest.mark.parametrize("place", EDITS)
def test_what_a_policy_is_edited_to_is_told(place: str) -> None:
    signers = {"identities": [{"issuer": ISSUER, "subject": "a"}]}
    edited = signed(**signers)
    value, says = EDITS[place]
    *parents, last = [int(each) if each.isdigit() else each for each in place.split(".")]
    inner: Any = edited["spec"]
    for each in parents:
        inner = inner[each]
    inner[last] = value
    assert told(signed(**signers), edited, "protection") == [f"signatures of images, by main-signatures: {says}"]


def test_what_is_known_later_is_no_edit_that_could_be_told_of_in_words() -> None:
    later = signed()
    later["spec"].update(attestors=[LATER], validations=LATER)
    assert told(signed(), later, "protection") == [
        "signatures of images, by main-signatures: judged otherwise: spec.validations"
    ]


def test_an_expression_that_asks_less_of_a_signer_is_told() -> None:
    edited = signed(keys=[PUBLIC, OTHER])
    (validation,) = edited["spec"]["validations"]
    validation["expression"] = validation["expression"].replace("[attestors.key1]) > 0", "[attestors.key1]) >= 0")
    (says,) = told(signed(keys=[PUBLIC, OTHER]), edited, "protection")
    assert says.endswith("judged otherwise: spec.validations"), "none is needed any more"


def test_a_policy_that_goes_or_fails_open_is_told() -> None:
    assert told(signed(), None, "protection")
    opened = signed()
    opened["spec"]["failurePolicy"] = "Ignore"
    (says,) = told(signed(), opened, "protection")
    assert says.endswith("they are let in while Kyverno is down")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (None, signed(), "pods without one are refused"),
        (signed(mode="audit"), signed(), "pods without one are refused"),
        (signed(), signed(images=[IMAGES, IMAGES.replace("research", "agents")]), "one is needed for"),
        (
            signed(keys=[PUBLIC, OTHER]),
            signed(),
            "no longer good is that of key sha256:113147aac00b223fa1e5aa636c68733b",
        ),
    ],
    ids=["new", "no longer audit", "more images", "a key less"],
)
def test_what_does_not_come_again_is_told_where_there_are_teams(before: Any, after: Any, says: str) -> None:
    (opening,) = told(before, after, "nodes")
    assert says in opening
    assert not told(before, after, "nodes", teams=False)


def test_what_changes_nothing_is_no_danger() -> None:
    reworded = signed()
    reworded["spec"]["validations"][0]["message"] = "not signed"
    same = ((signed(), signed()), (signed(), reworded))
    for before, after in ((signed(mode="audit"), None), (None, signed(mode="audit")), *same):
        for kind in ("protection", "nodes"):
            assert not told(before, after, kind)


def test_a_new_signer_is_told_as_somebody_who_has_not_vouched_before() -> None:
    step_of_it = of(POLICY, signed(), signed(keys=[PUBLIC, OTHER]), "main-signatures")
    (danger,) = found(step_of_it, kind="protection")
    assert danger.consequence.startswith("images that none of those who sign today has vouched for")


def test_kyverno_that_goes_may_leave_webhooks_that_refuse_everything() -> None:
    lab = of(NAMESPACE, LAB, LAB, "main-namespace-lab")
    (danger,) = found(lab, of(RELEASE, {"chart": "oci://example.com/kyverno"}, None, "main-kyverno"), kind="protection")
    assert (danger.severity, danger.opening) == (GRAVE, "Kyverno goes, by main-kyverno")
    assert "kyverno-refuses-everything.md" in danger.consequence
    assert not found(lab, of(RELEASE, {"chart": "cert-manager"}, None, "main-cert-manager"), kind="protection")


def test_the_gravest_comes_first() -> None:
    lab = of(NAMESPACE, LAB, LAB, "main-namespace-lab")
    changed = of(POLICY, signed(), signed(keys=[OTHER]), "main-signatures")
    assert [each.severity for each in found(lab, changed)] == [GRAVE, SERIOUS], "a new key is good, the old one is not"


def test_what_goes_with_its_cluster_is_no_danger_of_its_own() -> None:
    gone = of(POLICY, signed(), None, "main-signatures", provider="gone::id")
    assert not found(of(NAMESPACE, LAB, LAB, "main-namespace-lab"), gone, kind="protection")
