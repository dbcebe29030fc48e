"""Each mistake that `observability.alerts` can have is reported at its path, with a way out."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

MAIL = {"mail": ["platform@example.com"]}
TEAM = {"name": "research", "namespaces": ["research"]}
OTHER = {"name": "agents", "namespaces": ["agents"], "cluster": "main"}
AT = "observability.alerts."
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (observability.alerts, the path of the problem, the end of the message)
    "nobody hears of production": ({}, f"{AT}platform", "Write for example mail: [platform@example.com]."),
    "no address": ({"platform": {"mail": ["me"]}}, f"{AT}platform.mail", "Write for example security@example.com."),
    "address twice": (
        {"platform": {"mail": ["a@example.com", "A@example.com"]}},
        f"{AT}platform.mail",
        "is named twice. Name each once.",
    ),
    "no channel": ({"platform": {"slack": "alerts"}}, f"{AT}platform.slack", "or its id, for example C0123456789."),
    "channel in capitals": ({"platform": {"slack": "#Alerts"}}, f"{AT}platform.slack", "for example C0123456789."),
    "channel that is a template": ({"platform": {"slack": "#{{.x}}"}}, f"{AT}platform.slack", "example C0123456789."),
    "pages alone": (
        {"platform": {"pagerduty": True}},
        f"{AT}platform",
        "warnings would reach nobody. Add mail, slack or webhook.",
    ),
    "team that is not there": (
        {"platform": MAIL, "teams": {"resaerch": MAIL}},
        f"{AT}teams.resaerch",
        "there is no team resaerch. Did you mean research?",
    ),
    "team that is told nothing": (
        {"platform": MAIL, "teams": {"research": {}}},
        f"{AT}teams.research",
        "Write one, or drop the team here.",
    ),
    "a token in the file": (
        {"platform": {**MAIL, "slack": "#a", "webhook": "https://hooks.example.com/x"}},
        f"{AT}platform.webhook",
        "",
    ),
}


def written(alerts: dict[str, Any], *changes: Any) -> dict[str, Any]:
    return stack((("observability",), {"alerts": alerts}), (("teams",), [TEAM]), *changes)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_a_way_out(name: str) -> None:
    alerts, path, end = MISTAKES[name]
    found = [problem for problem in problems(written(alerts)) if problem.path == path]
    assert found, [str(each) for each in problems(written(alerts))]
    assert found[0].message.endswith(end), found[0].message


def test_a_receiver_of_a_team_in_a_file_without_teams_is_told_so() -> None:
    found = problems(stack((("observability",), {"alerts": {"platform": MAIL, "teams": {"research": MAIL}}})))
    assert [each.message for each in found] == ["there is no team research. The file has none."]


def test_a_team_in_a_cluster_that_is_not_measured_would_hear_nothing() -> None:
    raw = written({"platform": MAIL, "teams": {"research": MAIL}})
    raw["clusters"]["other"] = raw["clusters"]["main"]
    raw["teams"] = [{**TEAM, "cluster": "other"}, OTHER]
    raw["observability"]["clusters"] = ["main"]

    (problem,) = [each for each in problems(raw) if each.path.startswith("observability")]

    assert problem.path == f"{AT}teams.research"
    assert "observability.clusters leaves out" in problem.message


def test_without_the_internet_mails_alone_arrive() -> None:
    closed = (("network", "nat"), "none")
    told = {"platform": {**MAIL, "slack": "#ml"}, "teams": {"research": {**MAIL, "pagerduty": True, "webhook": True}}}
    found = {each.path: each.message for each in problems(written(told, closed))}

    for path in (f"{AT}platform.slack", f"{AT}teams.research.pagerduty"):
        assert "Use mail" in found[path]
    assert "sns" in found["network.endpoints"]
    assert f"{AT}teams.research.webhook" not in found, "its address may be in the VPC"


def test_what_is_right_is_taken() -> None:
    everything = {"slack": "#ml-alerts", "webhook": True, "pagerduty": True}
    for platform in (MAIL, {"slack": "C0123456789"}, {**MAIL, **everything}):
        alerts = {"platform": platform, "teams": {"research": everything}, "heartbeat": True}
        assert problems(written(alerts)) == ()


def test_outside_of_production_nobody_needs_to_hear() -> None:
    assert problems(written({}, (("environment",), "dev"))) == ()


def test_secrets_of_receivers_need_external_secrets() -> None:
    off = (("clusters", "main", "addons"), {"external-secrets": {"enabled": False}})
    (problem,) = problems(written({"platform": {"slack": "#ml-alerts"}}, off))
    assert problem.path == "clusters.main.addons.external-secrets.enabled"
    assert "observability" in problem.message
    assert problems(written({"platform": MAIL}, off)) == (), "mails need none"


def test_what_ends_with_prometheus_alone_needs_somebody_outside_in_production() -> None:
    kept = (("observability", "metrics", "remote_write"), {})
    (problem,) = problems(written({"platform": MAIL}, kept))
    assert problem.path == f"{AT}heartbeat"
    assert problem.message.endswith("or drop remote_write.")
    assert problems(written({"platform": MAIL, "heartbeat": True}, kept)) == ()
    assert problems(written({"platform": MAIL}, kept, (("environment",), "dev"))) == ()
