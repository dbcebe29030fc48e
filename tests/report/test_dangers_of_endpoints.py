"""Dangers of endpoints and alarms: what less goes through, and who hears no more, by what two stacks build."""

from typing import Any

import pytest

from tests.report.edits import edit
from tests.report.logs import state, step, urn
from tests.report.test_dangers import NARROW, WIDE, of, openings, through

ENDPOINT, VPC = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/vpc:Vpc"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
BUCKETS = {"accounts": ["210987654321"], "buckets": ["open-data"]}


def own(**more: Any) -> dict[str, Any]:
    return {"network": {"endpoints": {"policies": "own", "interface": ["ecr.api", "ecr.dkr", "sts"], **more}}}


def told(before: Any, after: Any) -> list[str]:
    return [each.opening for each in edit(before, after)]


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (own(buckets=["open-data"]), "no longer let through 210987654321"),
        (own(accounts=["210987654321"]), "network-endpoint-s3 no longer lets through open-data"),
    ],
)
def test_whatever_goes_through_no_more_is_told(after: Any, says: str) -> None:
    assert any(says in each for each in told(own(**BUCKETS), after))
    assert not any("through" in each for each in told(after, own(**BUCKETS)))


@pytest.mark.parametrize("after", [own(accounts=["210987654321"]), own(buckets=["open-data"])])
def test_a_condition_that_gets_a_value_more_is_not_told_as_gone(after: Any) -> None:
    opened = [each for each in edit(own(), after) if " may " in each.opening]
    assert opened
    assert not any("is gone" in each.consequence for each in opened)


def test_each_endpoint_that_shuts_an_account_out_is_named() -> None:
    (shut,) = (each for each in told(own(**BUCKETS), own(buckets=["open-data"])) if "no longer let through" in each)
    assert all(f"network-endpoint-{service}" in shut for service in ("s3", "ecr.api", "ecr.dkr", "sts"))


@pytest.mark.parametrize(
    ("policy", "live", "is_told"), [(NARROW, True, True), (NARROW, False, False), (WIDE, True, False)]
)
def test_a_new_endpoint_shuts_off_what_went_out_past_it_where_the_network_is_in_use(
    policy: str, live: bool, is_told: bool
) -> None:
    vpc = step("same", urn(VPC, "vpc"), id="vpc-1", old=state(urn(VPC, "vpc"), id="vpc-1"))
    new = of(ENDPOINT, None, {**through(policy), "vpcId": "vpc-1"}, "network-endpoint-kms")
    steps = (vpc, new) if live else (new,)
    assert any("lets through only what a policy names" in each for each in openings(*steps)) is is_told


def audit(**more: Any) -> dict[str, Any]:
    return {"alarms": {"audit": {"notify": ["security@example.com"], **more}}}


@pytest.mark.parametrize("after", [audit(about=["exec"]), {}])
def test_alarms_that_go_are_told_by_name(after: Any) -> None:
    (ended,) = (each for each in told(audit(), after) if each.startswith("alarm or mail "))
    assert "audit-alarms-main-rights" in ended
    assert ("audit-alarms-main-exec," in ended) is (not after)


def test_an_alarm_that_goes_is_told_although_its_name_is_its_id() -> None:
    """The id of an alarm that stands is its name, which is among its own inputs."""
    inputs = {"name": "entered", "metricName": "main-exec"}
    step = of(ALARM, inputs, None, "entered", id="entered")
    assert any("alarm or mail entered ends" in each for each in openings(step, kind="protection"))
