"""Scheduled sizes of node groups, and the events that Karpenter receives."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.values import Unknown
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource

SCHEDULE = "aws:autoscaling/schedule:Schedule"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"


def scaling_group(group: Resource) -> str:
    return str(group["resources"][0]["autoscalingGroups"][0]["name"])


def asleep(group: str | Unknown = "eks-cpu", /, **inputs: Any) -> dict[str, Any]:
    """Returns a schedule that passes; each test breaks one thing in it."""
    defaults = {
        "autoscalingGroupName": group,
        "scheduledActionName": "off",
        "recurrence": "0 20 * * *",
        "minSize": 0,
        "desiredCapacity": 0,
        "maxSize": 3,
    }
    return {**defaults, **inputs}


def test_a_schedule_belongs_to_the_scaling_group_of_a_node_group(aws: Account) -> None:
    group = aws.group(aws.cluster())
    assert "AutoScalingGroup eks-cpu not found" in aws.refusal(SCHEDULE, **asleep())
    assert aws.preview(SCHEDULE, **asleep(UNKNOWN)).id == "", "at preview the name of the group is not known"
    schedule = aws.make(SCHEDULE, **asleep(scaling_group(group)))
    assert schedule["arn"].endswith(f":autoScalingGroupName/{scaling_group(group)}:scheduledActionName/off")


def test_schedules_of_two_groups_may_have_the_same_name(aws: Account) -> None:
    cluster = aws.cluster()
    inputs = aws.group_inputs(cluster)
    groups = [aws.make("aws:eks/nodeGroup:NodeGroup", zone, **inputs) for zone in ("a", "b")]
    first, second = (
        aws.make(SCHEDULE, name, **asleep(scaling_group(each))) for name, each in zip("ab", groups, strict=True)
    )
    aws.delete(first)
    assert aws.cloud.get(SCHEDULE, second.id) is not None, "deleting one schedule must not delete the other"


def test_schedules_are_deleted_with_their_node_group(aws: Account) -> None:
    group = aws.group(aws.cluster())
    schedule = aws.make(SCHEDULE, **asleep(scaling_group(group)))
    aws.delete(group)
    assert aws.cloud.get(SCHEDULE, schedule.id) is None
    aws.delete(schedule)


@pytest.mark.parametrize(
    "recurrence", ["cron(0 20 * * ? *)", "0 20 * *", "0 24 * * *", "0 20 ? * *", "0 20 * * MON-", "0 20 * * 5-1"]
)
def test_a_recurrence_is_unix_cron(aws: Account, recurrence: str) -> None:
    text = aws.refusal(SCHEDULE, preview=True, **asleep(recurrence=recurrence))
    assert f"ValidationError: Given recurrence string:{recurrence} is invalid" in text


@pytest.mark.parametrize("recurrence", ["0 20 * * *", "30 6 * * MON-FRI", "*/15 0,12 1-7 JAN-mar 0", "0 6 * * 1-5"])
def test_every_form_of_unix_cron_is_accepted(aws: Account, recurrence: str) -> None:
    assert aws.preview(SCHEDULE, **asleep(recurrence=recurrence))["recurrence"] == recurrence


def test_the_start_must_be_in_the_future(aws: Account) -> None:
    now = datetime.now(UTC)
    past, ahead = (f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 7))
    block = {"recurrence": None, "desiredCapacity": 2}
    text = aws.refusal(SCHEDULE, preview=True, **asleep(**block, startTime=past))
    assert "ValidationError: Given start time is in the past" in text
    assert aws.preview(SCHEDULE, **asleep(**block, startTime=ahead))["startTime"] == ahead
    assert "before the start time" in aws.refusal(
        SCHEDULE, preview=True, **asleep(**block, startTime=ahead, endTime=past)
    )
    for wrong in ("2027-01-11 11:30", "tomorrow"):
        assert '"start_time" cannot be parsed as iso8601' in aws.problems(SCHEDULE, **asleep(**block, startTime=wrong))


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ({"minSize": 4}, "Max bound, 3, must be greater than or equal to min bound, 4"),
        ({"desiredCapacity": 9}, "Desired capacity:9 must be between the specified min size:0 and max size:3"),
        ({"minSize": -1, "desiredCapacity": -1, "maxSize": -1}, "At least one of min size, max size and desired"),
        ({"recurrence": None}, "needs a start time, a recurrence, or both"),
        ({"timeZone": "Europe/Atlantis"}, "Given time zone Europe/Atlantis is invalid"),
    ],
)
def test_an_invalid_schedule_is_refused_at_preview(aws: Account, sizes: dict[str, Any], text: str) -> None:
    assert text in aws.refusal(SCHEDULE, preview=True, **asleep(**sizes))


def test_a_schedule_may_leave_a_size_unchanged(aws: Account) -> None:
    assert aws.preview(SCHEDULE, **asleep(minSize=-1, maxSize=-1))["minSize"] == -1


def test_new_hours_are_an_update_and_another_group_is_a_replacement(aws: Account) -> None:
    schedule = aws.make(SCHEDULE, **asleep(scaling_group(aws.group(aws.cluster()))))
    assert not aws.diff(schedule, **asleep(schedule["autoscalingGroupName"], recurrence="0 22 * * *")).replaces
    assert aws.diff(schedule, **asleep("eks-other")).replaces == {"autoscalingGroupName"}
    with pytest.raises(Refusal, match="is invalid"):
        aws.update(schedule, **asleep(schedule["autoscalingGroupName"], recurrence="22"))
    aws.cloud.delete(SCHEDULE, schedule.id)
    assert aws.package.read(aws.call(SCHEDULE, "one"), schedule.id, schedule.inputs, schedule.state) is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"source": "aws.ec2"}, '"source" must be an object or an array'),
        ({"detail": {"state": []}}, "Empty arrays are not allowed"),
        ({"detail": {}}, "Empty objects are not allowed"),
        ({}, "Empty objects are not allowed"),
        ({"detail_type": ["EC2 Spot Instance Interruption Warning"]}, 'no event has "detail_type" at its top level'),
    ],
)
def test_a_pattern_that_no_event_can_match_is_refused(aws: Account, pattern: dict[str, Any], reason: str) -> None:
    text = aws.refusal(RULE, preview=True, eventPattern=json.dumps(pattern))
    assert f"InvalidEventPatternException: Event pattern is not valid. Reason: {reason}" in text


def test_events_reach_the_queue_of_a_cluster(aws: Account) -> None:
    pattern = json.dumps({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})
    queue = aws.make(QUEUE, name="main")
    rule = aws.make(RULE, name="spot", eventPattern=pattern)
    target = aws.make(TARGET, rule="spot", arn=queue["arn"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "sqs.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": queue["arn"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = aws.make(QUEUE_POLICY, queueUrl=queue["url"], policy=document)
    assert policy.id == queue["url"]
    assert not aws.diff(policy, queueUrl=queue["url"], policy=document.replace(" ", "")).changes
    assert "Rule none does not exist on EventBus default." in aws.refusal(TARGET, "two", rule="none", arn=queue["arn"])
    for resource in (target, rule, policy, queue):
        aws.delete(resource)
    assert aws.cloud.all() == []


def test_a_queue_name_is_unique(aws: Account) -> None:
    aws.make(QUEUE, name="main")
    assert "QueueAlreadyExists" in aws.refusal(QUEUE, "two", name="main")


def test_a_queue_policy_is_deleted_with_its_queue(aws: Account) -> None:
    queue = aws.make(QUEUE, name="main")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue["arn"]}
    policy = aws.make(
        QUEUE_POLICY, queueUrl=queue["url"], policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    aws.delete(queue)
    assert aws.package.read(aws.call(QUEUE_POLICY, "one"), policy.id, policy.inputs, policy.state) is None
    del statement["Principal"]
    without_principal = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.make(QUEUE, "again", name="main")
    text = aws.refusal(QUEUE_POLICY, preview=True, queueUrl=queue["url"], policy=without_principal)
    assert "InvalidAttributeValue: Invalid value for the parameter Policy." in text
