"""Alarms on what only AWS sees: each names a metric that is published, and a runbook that is there."""

from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from catalog.cloudwatch_metrics import METRICS, VCPU_CLASSES
from catalog.quotas import QUOTAS
from components.observability.cloud_alarms import ALARMS, CloudAlarm, vcpus
from tests.components.conftest import PlatformCloud
from tests.components.observability.rules.every_rule import alerts
from tests.components.stacks import stack

ALARM, BUDGET = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:budgets/budget:Budget"
ROOT = Path(__file__).parents[3]
USED_BY = [{"namespace": "lab"}]
STORAGE = {
    "file_systems": {
        "home": {"purpose": "shared", "used_by": USED_BY},
        "fast": {"purpose": "shared", "used_by": USED_BY, "throughput": "provisioned", "provisioned_mibps": 128},
    },
    "lustre": {"scratch": {"purpose": "scratch", "zone": "us-west-2a", "capacity_gib": 1200, "used_by": USED_BY}},
}
MAIL = {"platform": {"mail": ["ml@example.com"]}}


def built(cloud: PlatformCloud, alerts: Any = MAIL, **alarms: Any) -> dict[str, dict[str, Any]]:
    """Builds a stack with everything, and returns its alarms by name."""
    cloud.up(stack(observability={"alerts": alerts, "cloud_alarms": alarms}, storage=STORAGE))
    return {each.inputs["name"].removeprefix("ml-platform-prod-"): each.inputs for each in cloud.all(ALARM)}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_each_metric_is_one_that_aws_publishes(alarm: CloudAlarm) -> None:
    assert {metric for metric, _ in alarm.metrics.values()} <= {*METRICS[alarm.namespace]}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_each_alarm_has_a_runbook(alarm: CloudAlarm) -> None:
    page = (ROOT / "docs/runbooks/alerts/aws.md").read_text()
    section = page.partition(f"\n## {alarm.name}\n")[2].partition("\n## ")[0]
    for part in ("Meaning", "Look", "Do", "Wake somebody"):
        assert f"**{part}.** " in section, f"{alarm.name}: {part}?"


def test_the_page_has_no_alarm_that_is_not_there() -> None:
    page = (ROOT / "docs/runbooks/alerts/aws.md").read_text()
    sections = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    assert sections == {*(alarm.name for alarm in ALARMS), "TheBudget"}


def test_each_thing_has_the_alarms_of_its_kind_by_its_dimension(cloud: PlatformCloud) -> None:
    alarms = built(cloud)
    systems = {each.name: each.id for each in cloud.all("aws:efs/fileSystem:FileSystem")}
    assert alarms["EFSNearIOLimit-home"]["dimensions"] == {"FileSystemId": systems["home"]}
    assert alarms["EFSNearIOLimit-fast"]["dimensions"] == {"FileSystemId": systems["fast"]}
    assert "EFSThroughputUsed-home" not in alarms, "elastic throughput has no limit to come near"
    assert "EFSThroughputUsed-fast" in alarms
    gateway = cloud.one("aws:ec2/natGateway:NatGateway", "network-nat-us-west-2a")
    assert alarms["NATPortsExhausted-us-west-2a"]["dimensions"] == {"NatGatewayId": gateway.id}
    vault = cloud.one("aws:backup/vault:Vault", "storage-backup").inputs["name"]
    assert alarms[f"BackupFailed-{vault}"]["dimensions"] == {"BackupVaultName": vault}


def test_a_full_lustre_is_told_in_percent_of_its_size_from_samples_of_one_minute(cloud: PlatformCloud) -> None:
    alarm = built(cloud, lustre_free_percent=15)["LustreAlmostFull-scratch"]
    free, compared = alarm["metricQueries"]
    assert free["metric"]["period"] == 60, "the sum of five minutes is five times what is free"
    assert compared["expression"] == f"100 * free / {1200 * 1024**3}"
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 15)


def test_quotas_are_those_of_the_pools(cloud: PlatformCloud) -> None:
    alarms = built(cloud, quota_percent=70)
    quotas = [name for name in alarms if name.startswith("EC2QuotaNearlyUsed-")]
    assert quotas == ["EC2QuotaNearlyUsed-Standard-OnDemand"]
    (used, compared) = alarms[quotas[0]]["metricQueries"]
    assert used["metric"]["dimensions"]["Class"] == "Standard/OnDemand"
    assert compared["expression"] == "100 * used / SERVICE_QUOTA(used)"
    assert alarms[quotas[0]]["threshold"] == 70


def test_a_quota_whose_use_nobody_publishes_has_no_alarm() -> None:
    assert {*VCPU_CLASSES} < {*QUOTAS}, "a code that is no quota would never be asked for"
    assert [each.dimensions["Class"] for each in vcpus(["L-C4BD4855", "L-417A185B"])] == ["P/OnDemand"]


def test_an_expression_names_its_metrics_alone() -> None:
    for alarm in ALARMS:
        fields = [field for _, field, _, _ in Formatter().parse(alarm.expression) if field]
        assert fields == (["bytes"] if alarm.kind == "lustre" else [])
        assert alarm.expression or len(alarm.metrics) == 1, alarm.name


# Alarm -> what each of its metrics is when nobody has to be told, and when somebody has. GIB: 1200 GiB of Lustre.
SAMPLES: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "EFSNearIOLimit": ({"share": 90}, {"share": 97}),
    "EFSThroughputUsed": ({"moved": 300 * 80e6, "allowed": 100e6}, {"moved": 300 * 95e6, "allowed": 100e6}),
    "LustreAlmostFull": ({"free": 130 * 1024**3}, {"free": 110 * 1024**3}),
    "NATPortsExhausted": ({"errors": 0}, {"errors": 1}),
    "NATDropsPackets": (
        {"dropped": 5, "source": 50_000, "destination": 50_000},
        {"dropped": 15, "source": 50_000, "destination": 50_000},
    ),
    "BackupFailed": ({"failed": 0}, {"failed": 1}),
    "BackupNotStarted": ({"expired": 0}, {"expired": 1}),
    "EC2QuotaNearlyUsed": ({"used": 150}, {"used": 170}),
}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_each_alarm_tells_what_is_wrong_and_nothing_else(alarm: CloudAlarm, cloud: PlatformCloud) -> None:
    built(cloud)
    made = next(each for each in cloud.all(ALARM) if f"-{alarm.name}-" in each.inputs["name"]).inputs
    expression = next((query["expression"] for query in made.get("metricQueries", []) if "expression" in query), None)
    for wrong, sample in enumerate(SAMPLES[alarm.name]):
        known = {**sample, "PERIOD": lambda _: alarm.seconds, "SERVICE_QUOTA": lambda _: 200}
        value = eval(expression or next(iter(sample)), {}, known)
        above = value > made["threshold"] and made["comparisonOperator"] == "GreaterThanThreshold"
        below = value < made["threshold"] and made["comparisonOperator"] == "LessThanThreshold"
        assert (above or below) == bool(wrong), f"{value} against {made['threshold']}"
    assert made["treatMissingData"] == "notBreaching", "AWS has no sample where nothing happened"


def test_names_are_unique_over_rules_and_alarms() -> None:
    assert not {alarm.name for alarm in ALARMS} & {alert.name for alert in alerts()}, "people search for the name"


def test_each_alarm_tells_the_platforms_people_and_names_its_runbook(cloud: PlatformCloud) -> None:
    alarms = built(cloud)
    assert len(alarms) > len(ALARMS)
    for name, alarm in alarms.items():
        assert alarm["alarmActions"] == ["arn:aws:sns:us-west-2:123456789012:ml-platform-prod-alerts-platform"], name
        assert alarm["okActions"] == alarm["alarmActions"], "people want to know when it is over"
        assert f"docs/runbooks/alerts/aws.md#{name.partition('-')[0].lower()}" in alarm["alarmDescription"]


@pytest.mark.parametrize("alerts", [{}, {"platform": {"mail": []}}])
def test_without_addresses_there_are_no_alarms(cloud: PlatformCloud, alerts: dict[str, Any]) -> None:
    assert built(cloud, alerts) == {}


def test_they_can_be_switched_off(cloud: PlatformCloud) -> None:
    cloud.up(stack(observability={"alerts": MAIL, "cloud_alarms": None}))
    assert cloud.all(ALARM) == []


def test_the_budget_counts_this_stack_and_no_other_of_the_account(cloud: PlatformCloud) -> None:
    built(cloud, monthly_usd=20_000)
    (budget,) = cloud.all(BUDGET)
    asked = {each["tags"]["key"]: each["tags"]["values"] for each in budget.inputs["filterExpression"]["ands"]}
    assert asked == {"project": ["ml-platform"], "environment": ["prod"]}
    told = [(each["notificationType"], each["threshold"]) for each in budget.inputs["notifications"]]
    assert told == [("ACTUAL", 80), ("FORECASTED", 100)]
    assert all(each["subscriberEmailAddresses"] == ["ml@example.com"] for each in budget.inputs["notifications"])


def test_without_an_amount_there_is_no_budget(cloud: PlatformCloud) -> None:
    built(cloud)
    assert cloud.all(BUDGET) == []
