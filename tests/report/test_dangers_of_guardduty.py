"""Dangers of GuardDuty: what stays on, what ends, and what nobody hears of any more."""

from typing import Any

import pytest

from tests.report.edits import edit
from tests.report.test_dangers import of, openings

ALARMS = {"alarms": {"audit": {"notify": ["security@example.com"]}}}
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"


def guardduty(detector: str = "existing", **more: Any) -> dict[str, Any]:
    return {**ALARMS, "security": {"guardduty": {"detector": detector, **more}}}


def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [each.opening for each in edit(before, after) if each.kind == "protection"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (guardduty("make"), ALARMS, "detector guardduty ends"),
        (guardduty(), ALARMS, "guardduty-audit-logs is given up: unless its detector goes, it stays on and is billed"),
        (guardduty(mail_from_severity=7), guardduty(), "rule or target of events audit-alarms-findings ends"),
        (guardduty(mail_from_severity=7), ALARMS, "rule or target of events audit-alarms-findings ends"),
        (guardduty(mail_from_severity=4), guardduty(mail_from_severity=9), "from another severity on: 4 → 9"),
    ],
)
def test_what_guardduty_no_longer_does_is_told(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert any(words in each for each in told(before, after))


def test_more_mails_are_no_danger() -> None:
    assert not told(guardduty(mail_from_severity=9), guardduty(mail_from_severity=4))
    assert not told(guardduty(), guardduty(mail_from_severity=4))


def test_a_rule_that_is_off_or_goes_and_a_target_that_goes_tell_nobody() -> None:
    for type_, before, after in (
        (RULE, {"eventPattern": "{}"}, {"eventPattern": "{}", "state": "DISABLED"}),
        (RULE, {"eventPattern": "{}"}, None),
        (TARGET, {"rule": "findings"}, None),
    ):
        assert openings(of(type_, before, after), kind="protection")
