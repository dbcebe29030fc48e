"""The detector that a stack finds, or must not find, in accounts of their own."""

from typing import Any

import pytest

from preflight.checks import guardduty as module
from preflight.needs import Needs
from settings.security.guardduty import SecuritySettings
from tests.preflight.accounts import DETECTOR, detector
from tests.preflight.test_checks import changed, seen

ADMINISTRATOR = {"Administrator": {"AccountId": "210987654321", "RelationshipStatus": "Enabled"}}
MANAGED = {
    "Name": "RUNTIME_MONITORING",
    "Status": "ENABLED",
    "AdditionalConfiguration": [{"Name": "EKS_ADDON_MANAGEMENT", "Status": "ENABLED"}],
}


def found(needs: Needs, settings: dict[str, Any], there: bool = True, **answers: Any) -> list[tuple[str, str]]:
    security = SecuritySettings.model_validate({"guardduty": settings})
    given = {
        "guardduty__ListDetectors": {"DetectorIds": [DETECTOR] if there else []},
        "guardduty__GetDetector": answers.get("detector", detector()),
        "guardduty__GetAdministratorAccount": answers.get("administrator", {"Administrator": {}}),
    }
    return seen(module.guardduty, changed(needs, security=security), **given)


@pytest.mark.parametrize("mode", ["existing", "organization"])
def test_without_a_detector_only_make_is_ready(needs: Needs, aws: None, mode: str) -> None:
    assert found(needs, {"detector": mode}, there=False) == [("failure", "there is no detector in us-west-2")]
    ((result, _),) = found(needs, {"detector": "make"}, there=False)
    assert result == "ok"


def test_make_is_refused_where_somebody_else_has_a_detector(needs: Needs, aws: None) -> None:
    assert found(needs, {"detector": "make"}) == [("failure", f"detector {DETECTOR} stands already")]
    ours = detector(Tags=dict(needs.stage.own_tags))
    ((result, _),) = found(needs, {"detector": "make"}, detector=ours)
    assert result == "ok"


def test_a_member_of_an_organization_changes_no_features(needs: Needs, aws: None) -> None:
    ((result, said),) = found(needs, {"detector": "existing"}, administrator=ADMINISTRATOR)
    assert (result, said) == ("failure", "account 210987654321 manages GuardDuty here")
    ((result, _),) = found(needs, {"detector": "organization"}, administrator=ADMINISTRATOR)
    assert result == "ok"


def test_agents_that_guardduty_manages_are_found_as_the_preview_would(needs: Needs, aws: None) -> None:
    given = {"detector": "existing", "features": ["runtime"]}
    ((result, said),) = found(needs, given, detector=detector(Features=[MANAGED]))
    assert result == "failure"
    assert "EKS_ADDON_MANAGEMENT is on" in said
    ((result, _),) = found(needs, {**given, "detector": "organization"}, detector=detector(Features=[MANAGED]))
    assert result == "ok", "the clusters have the tag with which GuardDuty leaves them alone"


def test_a_stack_without_guardduty_asks_nothing(needs: Needs, aws: None) -> None:
    assert seen(module.guardduty, changed(needs, security=SecuritySettings())) == []
