"""A real Alertmanager with our configuration: what it tells, and what it keeps to itself."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from components.observability.alerting import config
from settings.observability.alerts import AlertSettings
from tests.components.stacks import stage
from tests.simulator.telemetry.configurations import alertmanager_configuration
from tests.simulator.telemetry.programs import is_built
from tests.simulator.telemetry.server import alertmanager
from tests.simulator.telemetry.web import receiver

pytestmark = is_built
NODE = "ip-10-0-1-2.us-west-2.compute.internal"


def with_webhooks(folder: Path, urls: dict[str, str]) -> str:
    """Returns our configuration with receivers that post, and that wait a second instead of half a minute."""
    alerts = AlertSettings.model_validate({"platform": {"webhook": True}, "teams": {"research": {"webhook": True}}})
    text = alertmanager_configuration(config(alerts, {"research": ("research",)}, stage()))
    for name, url in urls.items():
        (folder / "receivers" / name).mkdir(parents=True)
        (folder / "receivers" / name / "webhook").write_text(url)
    text = text.replace("/etc/alertmanager/receivers", str(folder / "receivers"))
    return text.replace("group_wait: 30s", "group_wait: 1s").replace("group_interval: 5m", "group_interval: 1s")


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def url(told: list[dict[str, Any]], tmp_path: Path) -> Iterator[str]:
    with receiver(told) as platform, alertmanager(tmp_path, with_webhooks(tmp_path, {"platform": platform})) as running:
        yield running


def post(url: str, *alerts: dict[str, str]) -> None:
    annotations = {"summary": "Node is dead.", "runbook_url": "https://example.com/nodes.md#nodenotready"}
    now = datetime.now(UTC).isoformat()
    body = [{"labels": {"cluster": "main", **each}, "annotations": annotations, "startsAt": now} for each in alerts]
    request = Request(f"{url}/api/v2/alerts", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10):
        pass


def names(told: list[dict[str, Any]], count: int) -> list[tuple[str, str]]:
    """Returns name and node of what was told, once there were as many, and a while later no more."""
    deadline = time.monotonic() + 20
    while sum(len(each["alerts"]) for each in told) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    labels = [alert["labels"] for each in told for alert in each["alerts"]]
    return sorted((each["alertname"], each.get("node", "")) for each in labels)


def test_a_dead_node_is_told_once(url: str, told: list[dict[str, Any]]) -> None:
    post(
        url,
        {"alertname": "NodeNotReady", "severity": "critical", "audience": "platform", "node": NODE},
        {"alertname": "GPUNodeUnmonitored", "severity": "warning", "audience": "platform", "node": NODE},
        {"alertname": "NodeNotRepaired", "severity": "critical", "audience": "platform", "node": NODE},
        {"alertname": "GPUIdle", "severity": "warning", "audience": "team", "namespace": "lab", "node": NODE},
        {"alertname": "GPUNodeUnmonitored", "severity": "warning", "audience": "platform", "node": "other"},
        {"alertname": "APIServerErrors", "severity": "critical", "audience": "platform"},
    )
    assert names(told, 3) == [("APIServerErrors", ""), ("GPUNodeUnmonitored", "other"), ("NodeNotReady", NODE)]


def test_what_is_critical_is_not_told_as_a_warning_too(url: str, told: list[dict[str, Any]]) -> None:
    filling = {"alertname": "KubePersistentVolumeFillingUp", "namespace": "velero", "persistentvolumeclaim": "a"}
    post(
        url,
        {**filling, "severity": "critical"},
        {**filling, "severity": "warning"},
        {**filling, "severity": "warning", "persistentvolumeclaim": "b"},
    )
    assert names(told, 2) == [("KubePersistentVolumeFillingUp", "")] * 2
    claims = {
        (alert["labels"]["persistentvolumeclaim"], alert["labels"]["severity"])
        for each in told
        for alert in each["alerts"]
    }
    assert claims == {("a", "critical"), ("b", "warning")}


def test_a_receiver_whose_secret_nobody_has_filled_keeps_no_other_from_hearing(
    url: str, told: list[dict[str, Any]]
) -> None:
    post(
        url,
        {"alertname": "GPUIdle", "severity": "warning", "audience": "team", "namespace": "research"},
        {"alertname": "GPUNodeUnmonitored", "severity": "warning", "audience": "platform", "node": NODE},
    )
    assert names(told, 1) == [("GPUNodeUnmonitored", NODE)]


def test_info_is_told_to_nobody(url: str, told: list[dict[str, Any]]) -> None:
    post(
        url,
        {"alertname": "SharedGPUIdle", "severity": "info", "audience": "platform"},
        {"alertname": "X", "severity": "warning"},
    )
    assert names(told, 1) == [("X", "")]


def test_every_channel_gets_a_text_that_it_takes(told: list[dict[str, Any]], tmp_path: Path) -> None:
    everywhere = {"mail": ["a@example.com"], "slack": "#ml", "webhook": True, "pagerduty": True}
    settings = AlertSettings.model_validate({"platform": everywhere})
    made = yaml.safe_load(alertmanager_configuration(config(settings, {}, stage())))
    made["route"].update(group_wait="1s")
    (tmp_path / "receivers" / "platform").mkdir(parents=True)
    with receiver(told) as url:
        for key, text in {"slack": "xoxb-1", "pagerduty": "0123", "webhook": f"{url}webhook"}.items():
            (tmp_path / "receivers" / "platform" / key).write_text(text)
        for each in made["receivers"]:
            for sns in each.get("sns_configs", ()):
                sns["api_url"] = f"{url}sns"
                sns["sigv4"].update(access_key="x", secret_key="y")
            for slack in each.get("slack_configs", ()):
                slack["app_url"] = f"{url}slack"
            for page in each.get("pagerduty_configs", ()):
                page["url"] = f"{url}pagerduty"
        text = yaml.safe_dump(made).replace("/etc/alertmanager/receivers", str(tmp_path / "receivers"))
        with alertmanager(tmp_path, text) as running:
            long = {"node": "ip-10-0-1-2.us-gov-west-1.compute.internal", "namespace": "n" * 63}
            post(running, {"alertname": "NodeNotReady", "severity": "critical", **long})
            deadline = time.monotonic() + 20
            while len(told) < 4 and time.monotonic() < deadline:
                time.sleep(0.05)

    by_path = {each["to"].strip("/"): each for each in told}
    assert sorted(by_path) == ["pagerduty", "slack", "sns", "webhook"]
    mail = by_path["sns"]
    assert mail["Subject"].startswith("FIRING: NodeNotReady ip-10-0-1-2")
    assert len(mail["Subject"]) == 100, "SNS refuses a longer one"
    assert "Runbook: https://example.com/nodes.md#nodenotready" in mail["Message"]
    assert "Node is dead." in mail["Message"]
    assert (by_path["slack"]["channel"], by_path["pagerduty"]["routing_key"]) == ("#ml", "0123")
    assert "Node is dead." in by_path["slack"]["attachments"][0]["text"]
    assert by_path["pagerduty"]["payload"]["severity"] == "critical"
