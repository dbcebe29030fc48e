"""Metric filters, alarms and topics: what AWS refuses, and what it takes although nobody would be told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.aws.services.log_patterns import PatternError, compiled
from tests.simulator.aws.account import Account, Resource

FILTER, ALARM = "aws:cloudwatch/logMetricFilter:LogMetricFilter", "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC, POLICY = "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION, KEY = "aws:sns/topicSubscription:TopicSubscription", "aws:kms/key:Key"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
METRIC = {"name": "entered", "namespace": "platform", "value": "1"}


def metric_filter(**changes: Any) -> dict[str, Any]:
    given = {"name": "f", "logGroupName": "audit", "pattern": '{ $.verb = "get" }', "metricTransformation": METRIC}
    return {**given, **changes}


def alarm(topic: str, **changes: Any) -> dict[str, Any]:
    given = {
        "name": "entered",
        "namespace": "platform",
        "metricName": "entered",
        "statistic": "Sum",
        "period": 300,
        "evaluationPeriods": 1,
        "threshold": 1,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "alarmActions": [topic],
    }
    return {**given, **changes}


def policy(topic: Resource, service: str = "cloudwatch.amazonaws.com", action: str = "sns:Publish") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": topic["arn"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EVENT = {"verb": "get", "code": 403, "user": {"name": "jane", "groups": ["a", "b"]}, "dry": True, "none": None}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.verb = "get" }', True),
        ("{ $.verb = get }", True),
        ('{ $.verb = "g*" }', True),
        ('{ $.verb = "G*" }', False),
        ('{ $.verb != "list" && $.code >= 400 }', True),
        ("{ ($.code = 200) || ($.code < 404 && $.code > 402) }", True),
        ('{ $.verb = "list" || $.verb = "watch" }', False),
        ("{ $.user.groups[1] = b }", True),
        ("{ $.user.groups[2] = b }", False),
        ("{ $.user.name = %ja.e% }", True),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.verb NOT EXISTS }", False),
        ("{ $.none IS NULL && $.dry IS TRUE }", True),
        ("{ $.dry IS FALSE }", False),
        ("{ $.missing != x }", False),  # no pattern should rest on it
        ("{ ($.verb = get || $.verb = list) && $.code = 200 }", False),
    ],
)
def test_a_pattern_matches_as_the_guide_says(pattern: str, matches: bool) -> None:
    assert compiled(pattern)(EVENT) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.verb == get }",
        "{ $.verb = get & $.code = 200 }",
        "{ ($.verb = get }",
        "{ verb = get }",
        "{ $.verb }",
        '{ $.code > "many" }',
        "{ $.a = %a% || $.a = %b% || $.a = %c% }",
        "{ $.a = %(a)% }",
        "{ $.verb IS ABSENT }",
        "{ }",
    ],
)
def test_a_pattern_that_is_not_understood_is_refused(aws: Account, pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)
    aws.make(LOG_GROUP, name="audit")
    assert "Invalid metric filter pattern" in aws.refusal(FILTER, **metric_filter(pattern=pattern))


def test_a_filter_needs_a_log_group_that_has_metrics(aws: Account) -> None:
    assert "The specified log group does not exist" in aws.refusal(FILTER, **metric_filter())
    aws.make(LOG_GROUP, "rare", name="rare", logGroupClass="INFREQUENT_ACCESS")
    assert "not supported for log groups" in aws.refusal(FILTER, **metric_filter(logGroupName="rare"))
    aws.make(LOG_GROUP, "audit", name="audit")
    assert aws.make(FILTER, **metric_filter()).id == "f"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metricTransformation": {**METRIC, "namespace": "AWS/EKS"}}, "namespace"),
        ({"metricTransformation": {**METRIC, "name": "a:b"}}, "name"),
        ({"pattern": f'{{ $.verb = "{"x" * 1024}" }}'}, "pattern"),
    ],
)
def test_a_filter_with_a_wrong_metric_is_refused(aws: Account, changes: dict[str, Any], words: str) -> None:
    assert words in aws.problems(FILTER, **metric_filter(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"comparisonOperator": "GREATER_THAN"}, "comparison_operator"),
        ({"statistic": None}, "statistic"),
        ({"period": 45}, "multiple of 60"),
        ({"datapointsToAlarm": 2}, "DatapointsToAlarm"),
        ({"treatMissingData": "ok"}, "treat_missing_data"),
        ({"alarmActions": ["mail"]}, "alarm_actions"),
    ],
)
def test_a_wrong_alarm_is_refused(aws: Account, changes: dict[str, Any], words: str) -> None:
    topic = aws.make(TOPIC, name="audit")
    given = alarm(topic["arn"], **changes)
    assert words in (aws.problems(ALARM, **given) or aws.refusal(ALARM, **given))


def test_an_alarm_whose_topic_or_key_shuts_it_out_is_told_of(aws: Account) -> None:
    """AWS takes each of these, and sends nothing."""
    key = aws.make(KEY)
    topic = aws.make(TOPIC, name="audit", kmsMasterKeyId=key["arn"])
    shut = aws.make(POLICY, arn=topic["arn"], policy=policy(topic, "events.amazonaws.com"))
    aws.make(ALARM, **alarm(topic["arn"]))
    assert [("policy" in each, "key" in each) for each in aws.warnings] == [(True, False), (False, True)]
    aws.delete(shut)
    aws.warnings.clear()
    open_ = aws.make(TOPIC, "open", name="open")
    aws.make(POLICY, "open", arn=open_["arn"], policy=policy(open_))
    aws.make(ALARM, "heard", **alarm(open_["arn"], name="heard"))
    assert not aws.warnings


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ({"metricName": "PercentIOLimit", "dimensions": {"FileSystemId": "fs-1"}}, False),
        ({"metricName": "PercentIoLimit", "dimensions": {"FileSystemId": "fs-1"}}, True),
        ({"metricName": "PercentIOLimit", "dimensions": {"FileSystemID": "fs-1"}}, True),
        ({"metricName": "PercentIOLimit"}, True),
        ({"metricName": "entered", "namespace": "platform"}, False),
    ],
)
def test_an_alarm_on_what_nobody_publishes_is_told_of(aws: Account, metric: dict[str, Any], told: bool) -> None:
    """AWS takes it, and it never fires."""
    topic = aws.make(TOPIC, name="audit")
    aws.make(POLICY, arn=topic["arn"], policy=policy(topic))
    given = {"namespace": "AWS/EFS", **metric}
    aws.make(ALARM, **alarm(topic["arn"], **given))
    of_expression = [
        {"id": "m", "metric": {**given, "period": 60, "stat": "Sum"}},
        {"id": "all", "expression": "m * 2", "returnData": True},
    ]
    single = dict.fromkeys(("namespace", "metricName", "dimensions", "statistic", "period"))
    aws.make(ALARM, "math", **alarm(topic["arn"], **single, name="math", metricQueries=of_expression))
    assert ["never fires" in each for each in aws.warnings] == [True] * 2 * told


def test_what_a_topic_refuses(aws: Account) -> None:
    topic = aws.make(TOPIC, name="audit")
    assert "out of service scope" in aws.refusal(POLICY, arn=topic["arn"], policy=policy(topic, action="sns:*"))
    assert "out of service scope" in aws.refusal(
        POLICY, arn=topic["arn"], policy=policy(topic, action="sqs:SendMessage")
    )
    assert "Topic does not exist" in aws.refusal(
        SUBSCRIPTION, topic=f"{topic['arn']}x", protocol="email", endpoint="a@example.com"
    )
    assert "Email address" in aws.refusal(SUBSCRIPTION, topic=topic["arn"], protocol="email", endpoint="security")
    made = aws.make(SUBSCRIPTION, topic=topic["arn"], protocol="email", endpoint="a@example.com")
    assert made["pendingConfirmation"] is True, "somebody has to say yes first"
    assert "name" in aws.problems(TOPIC, "two", name="with space")
    assert "invalid topic name" in aws.refusal(TOPIC, "two", name="plain", fifoTopic=True)
