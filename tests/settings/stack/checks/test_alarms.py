"""Alarms need logs to read, and somebody who can be reached."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

AUDIT = (("alarms", "audit"), {"notify": ["security@example.com"]})
WITHOUT = (("clusters", "main", "logs"), {"types": ["api"]})


def test_a_cluster_without_an_audit_log_is_reported_where_alarms_read_it() -> None:
    (problem,) = problems(stack(AUDIT, WITHOUT))
    assert problem.path == "clusters.main.logs.types"
    assert problem.message.endswith("Add audit, or drop alarms.audit.")
    assert problems(stack(WITHOUT)) == problems(stack(AUDIT)) == ()


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"notify": ["security"]}, "alarms.audit.notify", "is no mail address, and SNS refuses it"),
        ({"notify": []}, "alarms.audit.notify", ""),
        ({"notify": ["a@example.com"] * 2}, "alarms.audit.notify", "is named twice. Name each once."),
        ({"notify": ["A@example.com", "a@Example.com"]}, "alarms.audit.notify", "is named twice. Name each once."),
        ({"notify": ["a@example.com"], "about": ["logins"]}, "alarms.audit.about[0]", "one of exec, exec-by-pods"),
        ({"notify": ["a@example.com"], "about": ["exec", "exec"]}, "alarms.audit.about", "named twice"),
    ],
)
def test_a_wrong_alarm_is_reported_at_its_place(given: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems(stack((("alarms", "audit"), given)))
    assert problem.path == path
    assert words in problem.message
