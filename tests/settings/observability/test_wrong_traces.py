"""Each mistake that `observability.traces` can have is reported at its path."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

AT = "observability.traces."
TEMPO = "http://tempo.tempo.svc:3200"
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (observability.traces, the path of the problem, the end of the message)
    "more than all": ({"sample_ratio": 1.5}, f"{AT}sample_ratio", ""),
    "percent": ({"sample_ratio": 5}, f"{AT}sample_ratio", ""),
    "five percent": ({"sample_ratio": "5%"}, f"{AT}sample_ratio", "for example sample_ratio: 0.05."),
    "five percent as a number in quotes": ({"sample_ratio": "5"}, f"{AT}sample_ratio", "sample_ratio: 0.05."),
    "a share in quotes": ({"sample_ratio": "0.2"}, f"{AT}sample_ratio", "for example sample_ratio: 0.2."),
    "less than none": ({"sample_ratio": -0.1}, f"{AT}sample_ratio", ""),
    "all are slow": ({"slow_seconds": 0}, f"{AT}slow_seconds", ""),
    "a key with a space": ({"drop_attributes": ["app prompt"]}, f"{AT}drop_attributes[0]", ""),
    "a pattern": ({"drop_attributes": ["app.*"]}, f"{AT}drop_attributes[0]", ""),
    "a key twice": ({"drop_attributes": ["a", "a"]}, f"{AT}drop_attributes", "a is named twice. Name each once."),
    "no gateway": ({"gateways": 0}, f"{AT}gateways", ""),
    "no memory": ({"memory_gib": 0}, f"{AT}memory_gib", ""),
    "more memory than a node has": ({"memory_gib": 64}, f"{AT}memory_gib", "or give the pool larger machines."),
    "no http": ({"otlp": {"address": "tempo.tempo.svc:4317"}}, f"{AT}otlp.address", ""),
    "a path": ({"otlp": {"address": "http://tempo.tempo.svc:4318/v1/traces"}}, f"{AT}otlp.address", ""),
    "a password": ({"otlp": {"address": "https://me:secret@tempo.example.com"}}, f"{AT}otlp.address", ""),
    "no range": ({"otlp": {"address": TEMPO, "ranges": ["10.0.0.1/8"]}}, f"{AT}otlp.ranges[0]", ""),
    "two places": ({"otlp": {"address": TEMPO}, "tempo": {}}, f"{AT}tempo", "Drop one of the two."),
    "kept for no day": ({"tempo": {"retention_days": 0}}, f"{AT}tempo.retention_days", ""),
    "without an address": ({"otlp": {}}, f"{AT}otlp.address", ""),
    "port 0": ({"otlp": {"address": "http://tempo.tempo.svc:0"}}, f"{AT}otlp.address", "that it listens on."),
    "port 99999": ({"otlp": {"address": "http://tempo.tempo.svc:99999"}}, f"{AT}otlp.address", "that it listens on."),
    "for gRPC": ({"otlp": {"address": "http://tempo.tempo.svc:4317"}}, f"{AT}otlp.address", "port for HTTP: 4318."),
}


def written(traces: dict[str, Any], *changes: Any) -> dict[str, Any]:
    alerts = {"platform": {"mail": ["platform@example.com"]}}
    return stack((("observability",), {"alerts": alerts, "traces": traces}), *changes)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_its_path(name: str) -> None:
    traces, path, end = MISTAKES[name]
    found = [problem for problem in problems(written(traces)) if problem.path == path]
    assert found, [str(each) for each in problems(written(traces))]
    assert found[0].message.endswith(end), found[0].message


def test_what_is_right_is_taken() -> None:
    for traces in (
        {},
        {"sample_ratio": 0},
        {"otlp": {"address": TEMPO}},
        {"tempo": {}},
        {"drop_attributes": ["app.prompt", "a/b"]},
    ):
        assert problems(written(traces)) == ()


def test_without_a_way_out_x_ray_needs_an_endpoint() -> None:
    closed = (("network", "nat"), "none")
    for traces, needed in (({}, True), ({"otlp": {"address": TEMPO}}, False), ({"tempo": {}}, False)):
        found = {each.path: each.message for each in problems(written(traces, closed))}
        assert ("xray" in found["network.endpoints"]) == needed


def test_its_webhooks_need_cert_manager() -> None:
    off = (("clusters", "main", "addons"), {"cert-manager": {"enabled": False}})
    found = {each.path for each in problems(written({}, off))}
    assert "clusters.main.addons.opentelemetry-operator" in found


def test_the_operator_is_not_turned_on_for_nothing() -> None:
    on: Any = (("clusters", "main", "addons"), {"opentelemetry-operator": {}})
    (problem,) = problems(stack(on))
    assert problem.path == "clusters.main.addons.opentelemetry-operator"
    assert "nothing needs opentelemetry-operator" in problem.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("manager.createRbacPermissions", True),
        ("admissionWebhooks.certManager.enabled", False),
        ("admissionWebhooks.pods.failurePolicy", "Fail"),
        ("manager.ports.webhookPort", 9444),
        ("manager.featureGatesMap", None),
        ("manager.featureGatesMap", {"operand.networkpolicy": True}),
    ],
)
def test_values_that_would_break_it_are_refused(path: str, value: Any) -> None:
    values: Any = value
    for key in reversed(path.split(".")):
        values = {key: values}
    given = (("clusters", "main", "addons"), {"opentelemetry-operator": {"values": values}})
    (problem,) = problems(written({}, given))
    assert problem.path == f"clusters.main.addons.opentelemetry-operator.values.{path}"
