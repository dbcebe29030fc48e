"""What GuardDuty sees has somewhere to go, and what it finds somebody to hear of it."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

AUDIT = (("alarms", "audit"), {"notify": ["security@example.com"]})
AGENT = (("clusters", "main", "managed_addons"), {"aws-guardduty-agent": {}})


def guardduty(**given: Any) -> Any:
    return ("security", "guardduty"), {"detector": "existing", **given}


def test_mails_need_addresses() -> None:
    (problem,) = problems(stack(guardduty(mail_from_severity=7)))
    assert problem.path == "security.guardduty.mail_from_severity"
    assert problem.message.endswith("or drop it.")
    assert problems(stack(guardduty(mail_from_severity=7), AUDIT)) == ()


def test_an_agent_that_nobody_listens_to_is_reported() -> None:
    for settings in ((), (guardduty(),)):
        (problem,) = problems(stack(AGENT, *settings))
        assert problem.path == "clusters.main.managed_addons.aws-guardduty-agent"
        assert "Add runtime to security.guardduty.features" in problem.message
    assert problems(stack(AGENT, guardduty(features=["runtime"]))) == ()


def test_strict_isolation_would_cut_agents_off() -> None:
    strict = (("isolation",), {"mode": "strict"})
    found = problems(stack(strict, guardduty(features=["runtime"])))
    assert any("pods of aws-guardduty-agent in amazon-guardduty" in each.message for each in found)
    assert not any("guardduty" in each.message for each in problems(stack(strict, guardduty())))


def test_agents_bring_the_endpoint_that_they_need_without_nat() -> None:
    without = problems(stack((("network", "nat"), "none"), guardduty(features=["runtime"])))
    assert not any("guardduty-data" in each.message for each in without)


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"detector": "mine"}, "detector", "one of make, existing, organization"),
        ({"features": []}, "features", ""),
        ({"features": ["runtime", "runtime"]}, "features", "runtime is named twice. Name each once."),
        (
            {"features": ["eks"]},
            "features[0]",
            "one of audit-logs, runtime, s3-data, malware, rds-logins, lambda-network",
        ),
        ({"mail_from_severity": 0}, "mail_from_severity", ""),
    ],
)
def test_a_wrong_value_is_reported_at_its_place(given: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems(stack(AUDIT, guardduty(**given)))
    assert problem.path == f"security.guardduty.{path}"
    assert words in problem.message


def test_who_has_the_detector_has_to_be_said() -> None:
    (problem,) = problems(stack((("security", "guardduty"), {})))
    assert problem.path == "security.guardduty.detector"
