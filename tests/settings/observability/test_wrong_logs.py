"""Each mistake that `observability.logs` can have is reported at its path, with advice."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings.observability.logs import DAYS_BY_ENVIRONMENT, LogSettings
from settings.observability.patterns import pattern_mistakes
from tests.settings.stacks import problems, stack

DOMAIN = {"domain": "platform-logs", "host": "search-platform-logs-a.us-west-2.es.amazonaws.com"}
LOGS = "observability.logs"
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (observability.logs, the path of the problem, the end of the message)
    "retention that CloudWatch has not": (
        {"retention_days": 10},
        f"{LOGS}.retention_days",
        "2557, 2922, 3288, 3653.",
    ),
    "the same of a namespace": (
        {"namespaces": {"inference": {"retention_days": 0}}},
        f"{LOGS}.namespaces.inference.retention_days",
        "2557, 2922, 3288, 3653.",
    ),
    "class that CloudWatch has not": ({"log_class": "COLD"}, f"{LOGS}.log_class", ""),
    "namespace that is not there": (
        {"namespaces": {"inferense": {"retention_days": 30}}},
        f"{LOGS}.namespaces.inferense",
        "Did you mean inference? Add it to the namespaces of a team, or drop it.",
    ),
    "name that no namespace has": ({"namespaces": {"In": {}}}, f"{LOGS}.namespaces.In", "for example in."),
    "no domain": ({"to": "opensearch"}, f"{LOGS}.opensearch", "Write its domain and host, or to: cloudwatch."),
    "no Loki": ({"to": "loki"}, f"{LOGS}.loki", "Write {} for one of the platform, or its address, or to: cloudwatch."),
    "tenant of a Loki of the platform": (
        {"to": "loki", "loki": {"tenant": "ml"}},
        f"{LOGS}.loki.tenant",
        "Write its address too, or drop it.",
    ),
    "ranges of a Loki of the platform": (
        {"to": "loki", "loki": {"ranges": ["10.200.0.0/28"]}},
        f"{LOGS}.loki.ranges",
        "Write its address too, or drop it.",
    ),
    "class beside a Loki of the platform": (
        {"to": "loki", "loki": {}, "log_class": "INFREQUENT_ACCESS"},
        f"{LOGS}.log_class",
        "Drop log_class, or write to: cloudwatch.",
    ),
    "class of a namespace beside a Loki of the platform": (
        {"to": "loki", "loki": {}, "namespaces": {"inference": {"log_class": "STANDARD"}}},
        f"{LOGS}.namespaces",
        "Drop log_class, or write to: cloudwatch.",
    ),
    "retention beside a Loki that is there": (
        {"to": "loki", "loki": {"address": "http://loki.x.svc"}, "retention_days": 30},
        f"{LOGS}.retention_days",
        "Drop it, or write to: cloudwatch.",
    ),
    "Loki for nothing": (
        {"to": "opensearch", "opensearch": DOMAIN, "loki": {"address": "http://loki.x.svc:3100"}},
        f"{LOGS}.loki",
        "Write to: loki, or drop it.",
    ),
    "Loki without http": ({"to": "loki", "loki": {"address": "loki.x.svc"}}, f"{LOGS}.loki.address", ""),
    "tenant with a space": (
        {"to": "loki", "loki": {"address": "http://loki.x.svc", "tenant": "a b"}},
        f"{LOGS}.loki.tenant",
        "",
    ),
    "class beside a Loki": (
        {"to": "loki", "loki": {"address": "http://loki.x.svc"}, "log_class": "INFREQUENT_ACCESS"},
        f"{LOGS}.log_class",
        "Drop it, or write to: cloudwatch.",
    ),
    "domain for nothing": ({"opensearch": DOMAIN}, f"{LOGS}.opensearch", "Write to: opensearch, or drop it."),
    "retention beside a domain": (
        {"to": "opensearch", "opensearch": DOMAIN, "retention_days": 30},
        f"{LOGS}.retention_days",
        "Drop it, or write to: cloudwatch.",
    ),
    "namespaces beside a domain": (
        {"to": "opensearch", "opensearch": DOMAIN, "namespaces": {"inference": {"retention_days": 30}}},
        f"{LOGS}.namespaces",
        "Drop it, or write to: cloudwatch.",
    ),
    "class beside a domain": (
        {"to": "opensearch", "opensearch": DOMAIN, "log_class": "INFREQUENT_ACCESS"},
        f"{LOGS}.log_class",
        "Drop it, or write to: cloudwatch.",
    ),
    "domain of another region": (
        {"to": "opensearch", "opensearch": {**DOMAIN, "host": "search-a.eu-west-1.es.amazonaws.com"}},
        f"{LOGS}.opensearch.host",
        "Name a domain in us-west-2.",
    ),
    "serverless": (
        {"to": "opensearch", "opensearch": {**DOMAIN, "host": "a.us-west-2.aoss.amazonaws.com"}},
        f"{LOGS}.opensearch.host",
        "Name a domain, or to: cloudwatch.",
    ),
    "address with https": (
        {"to": "opensearch", "opensearch": {**DOMAIN, "host": "https://a.example.com"}},
        f"{LOGS}.opensearch.host",
        "",
    ),
    "name that no domain has": (
        {"to": "opensearch", "opensearch": {**DOMAIN, "domain": "Logs"}},
        f"{LOGS}.opensearch.domain",
        "",
    ),
    "index with a capital": (
        {"to": "opensearch", "opensearch": {**DOMAIN, "index": "Lines"}},
        f"{LOGS}.opensearch.index",
        "",
    ),
    "range with host bits": (
        {"to": "opensearch", "opensearch": {**DOMAIN, "ranges": ["10.200.0.1/28"]}},
        f"{LOGS}.opensearch.ranges[0]",
        "Write 10.200.0.0/28.",
    ),
    "pattern with an open set": ({"redact": ["EMP[%d"]}, f"{LOGS}.redact[0]", "Write %[ for the sign itself."),
    "pattern that a line can take minutes": (
        {"redact": ["[%w.]+@example.com"]},
        f"{LOGS}.redact[0]",
        "Write %f[%w] before %w+, and so for another set.",
    ),
    "pattern that is short": ({"redact": ["%d"]}, f"{LOGS}.redact[0]", ""),
    "no room on disk": ({"buffer_gib": 0}, f"{LOGS}.buffer_gib", ""),
    "a misspelt key": ({"retention": 30}, f"{LOGS}.retention", ""),
}
DEV = (("environment",), "dev")  # where nobody has to hear of alerts
TEAMS = (("teams",), [{"name": "serving", "namespaces": ["inference", "more"]}])


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_a_way_out(name: str) -> None:
    logs, path, end = MISTAKES[name]
    raw = stack(DEV, TEAMS, (("observability", "logs"), logs))
    found = [problem for problem in problems(raw) if problem.path == path]
    assert found, [str(each) for each in problems(raw)]
    assert found[0].message.endswith(end), found[0].message


@pytest.mark.parametrize(
    "logs",
    [
        {},
        {"namespaces": {"inference": {"retention_days": 30, "log_class": "INFREQUENT_ACCESS"}, "kube-system": {}}},
        {"namespaces": {"logging": {"retention_days": 7}}},
        {"to": "opensearch", "opensearch": DOMAIN},
        {"to": "loki", "loki": {"address": "http://loki.telemetry.svc.cluster.local:3100", "tenant": "ml"}},
        {"to": "loki", "loki": {}, "retention_days": 30, "namespaces": {"inference": {"retention_days": 7}}},
        {"to": "opensearch", "opensearch": {**DOMAIN, "host": "logs.example.com"}},
        {"redact": ["EMP%-%d%d%d%d", "x[]%]]+y", "%f[%a](%a+)@example%.com"]},
    ],
)
def test_what_is_right_is_taken(logs: dict[str, Any]) -> None:
    assert problems(stack(DEV, TEAMS, (("observability", "logs"), logs))) == ()


def test_a_namespace_of_a_cluster_without_logs_is_none() -> None:
    """With two clusters the one that is measured decides."""
    raw = stack(
        DEV,
        (("clusters", "other"), stack()["clusters"]["main"]),
        (("teams",), [{"name": "serving", "namespaces": ["inference"], "cluster": "main"}]),
        (("observability",), {"clusters": ["other"], "logs": {"namespaces": {"inference": {}}}}),
    )
    assert [problem.path for problem in problems(raw)] == ["observability.logs.namespaces.inference"]


@pytest.mark.parametrize(
    "pattern",
    ["%", "abc%", "[abc", "[^]", "[]", "(abc", "abc)", "a)b(", "[%]", "%bxy", "%fx", "(a)%1", "{{ x }}", "(a)" * 33],
)
def test_a_pattern_that_lua_or_helm_would_not_take_is_told(pattern: str) -> None:
    assert list(pattern_mistakes(pattern))


@pytest.mark.parametrize(
    "pattern",
    ["abc", "%%", "[]]", "[^]]+", "[%]]", "(a)(b)", "%(", "[(]", "^%s+$", "a-", "[a-z]", "%f[%w]", "(a)" * 32],
)
def test_a_pattern_that_lua_takes_is_none(pattern: str) -> None:
    assert not list(pattern_mistakes(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        *("%w+@", "%s+$", "x.-y", "(%w+)@", "[.]+@", "a[b-y]+c", "%f[a]a+b[ab]+c", "-%w*%w+-", "-[^@]*:?@?:", "é.+é"),
        *("x%w*y?-", "%f[%d]%w+@", "-a+%A?a", "a?b?c?d?e?", "x[%a-]+-", "x[+--]+,"),
    ],
)
def test_a_pattern_that_a_line_can_take_minutes_is_told(pattern: str) -> None:
    assert list(pattern_mistakes(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        *("EMP%-%d+", "EMP%-%d+x", "%f[%w_][%w_]+@%w[%w.]*", "://[^/@]+@", "^%w+@", "x%d+y?%s*z?%-", "%d%d%d%d+=*"),
        *(
            "x.*",
            "x.-",
            '"key": *"[^"]*"',
            "-%a+%A",
            "%f[%w]%w+%f[%s]",
            "-[%a]+-",
            "x[^x]+x",
            "a-b?",
            "x?x?x?x?",
            "é+x",
            "^[^x]+x",
            "-[^-]+$",
        ),
    ],
)
def test_a_pattern_that_takes_time_in_proportion_is_none(pattern: str) -> None:
    assert not list(pattern_mistakes(pattern))


def test_days_are_those_of_the_namespace_or_of_all_or_of_the_environment() -> None:
    logs = LogSettings.model_validate({"namespaces": {"lab": {"retention_days": 7}, "more": {}}})
    assert [logs.days("prod"), logs.days("prod", "lab"), logs.days("dev", "more")] == [
        DAYS_BY_ENVIRONMENT["prod"],
        7,
        DAYS_BY_ENVIRONMENT["dev"],
    ]
    both = LogSettings.model_validate({"retention_days": 60, "namespaces": {"lab": {"retention_days": 7}}})
    assert (both.days("dev"), both.days("dev", "lab")) == (60, 7)


HEARD = {"alerts": {"platform": {"mail": ["platform@example.com"]}}}


@pytest.mark.parametrize(
    ("environment", "logs", "path"),
    [
        ("prod", {"retention_days": 60}, "retention_days"),
        ("prod", {"namespaces": {"inference": {"retention_days": 30}}}, "namespaces.inference.retention_days"),
        ("prod", {"namespaces": {"inference": {"retention_days": 731}}}, "namespaces.inference.retention_days"),
        ("staging", {"retention_days": 5}, "retention_days"),
    ],
)
def test_days_that_the_policy_would_refuse_are_a_mistake(environment: str, logs: dict[str, Any], path: str) -> None:
    (found,) = problems(stack((("environment",), environment), TEAMS, (("observability",), {**HEARD, "logs": logs})))
    assert found.path == f"{LOGS}.{path}"
    assert f"but {environment} keeps logs for" in found.message
    assert found.message.endswith(" 365, 400.")


@pytest.mark.parametrize(
    ("environment", "days"), [("prod", 90), ("prod", 400), ("staging", 7), ("dev", 1), ("dev", 365)]
)
def test_days_that_it_takes_or_only_advises_against_are_right(environment: str, days: int) -> None:
    logs = {"retention_days": days, "namespaces": {"inference": {"retention_days": days}}}
    raw = stack((("environment",), environment), TEAMS, (("observability",), {**HEARD, "logs": logs}))
    assert problems(raw) == ()


GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "observability" / "logs.md"


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))
def test_an_example_of_the_guide_is_right(text: str, environment: str) -> None:
    written = {**HEARD, **yaml.safe_load(text)["ml-platform:observability"]}
    teams = [{"name": "serving", "namespaces": ["inference", "research"]}]
    raw = stack((("environment",), environment), (("teams",), teams), (("observability",), written))
    assert problems(raw) == ()
