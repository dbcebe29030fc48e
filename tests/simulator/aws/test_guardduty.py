"""GuardDuty: what it refuses, what it leaves on, and what its agent needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.aws.services.guardduty import ACCOUNTS_OWN
from tests.simulator.aws.account import Account

DETECTOR, FEATURE = "aws:guardduty/detector:Detector", "aws:guardduty/detectorFeature:DetectorFeature"
TOPIC, POLICY = "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
ADDON, ENDPOINT = "aws:eks/addon:Addon", "aws:ec2/vpcEndpoint:VpcEndpoint"
GET = "aws:guardduty/getDetector:getDetector"


def feature(name: str = "EKS_AUDIT_LOGS", detector: str = ACCOUNTS_OWN, **more: Any) -> dict[str, Any]:
    return {"detectorId": detector, "name": name, "status": "ENABLED", **more}


def shown(aws: Account) -> dict[str, str]:
    found = aws.package.invoke(aws.call("", ""), GET, {})
    return {each["name"]: each["status"] for each in found["features"]}


def test_an_account_has_one_detector_in_a_region(aws: Account) -> None:
    aws.make(DETECTOR)
    text = "The request is rejected because a detector already exists for the current account."
    assert f"BadRequestException: {text}" in aws.refusal(DETECTOR, "two")
    assert aws.make(DETECTOR, "elsewhere", region="us-east-1").id


def test_a_feature_needs_a_detector_of_the_account(aws: Account) -> None:
    assert "is not owned by the current account" in aws.refusal(FEATURE, **feature(detector="0" * 32))
    assert aws.make(FEATURE, **feature()).id == f"{ACCOUNTS_OWN}/EKS_AUDIT_LOGS"


def test_only_one_form_of_runtime_monitoring_is_on(aws: Account) -> None:
    aws.make(FEATURE, "older", **feature("EKS_RUNTIME_MONITORING"))
    assert "both EKS_RUNTIME_MONITORING and RUNTIME" in aws.refusal(FEATURE, **feature("RUNTIME_MONITORING"))
    assert aws.make(FEATURE, **feature("RUNTIME_MONITORING", status="DISABLED"))


def test_a_new_detector_has_most_features_on_but_no_runtime(aws: Account) -> None:
    aws.make(FEATURE, **feature("S3_DATA_EVENTS", status="DISABLED"))
    assert (shown(aws)["EKS_AUDIT_LOGS"], shown(aws)["S3_DATA_EVENTS"]) == ("ENABLED", "DISABLED")
    assert shown(aws)["RUNTIME_MONITORING"] == "DISABLED"


def test_a_feature_whose_resource_goes_stays_on_and_that_is_told(aws: Account) -> None:
    made = aws.make(FEATURE, **feature())
    aws.delete(made)
    (warning,) = aws.warnings
    assert "EKS_AUDIT_LOGS stays on in the account" in warning


def test_agents_that_guardduty_manages_are_told_of(aws: Account) -> None:
    agents = [{"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED"}]
    aws.make(FEATURE, **feature("RUNTIME_MONITORING", additionalConfigurations=agents))
    (warning,) = aws.warnings
    assert "keep the VPC from being deleted" in warning


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"name": "EKS"}, "name"), ({"status": "ON"}, "status"), ({"additionalConfigurations": [{"name": "X"}]}, "name")],
)
def test_a_wrong_feature_is_refused(aws: Account, changes: dict[str, Any], words: str) -> None:
    assert words in aws.problems(FEATURE, **{**feature(), **changes})


def test_eventbridge_fulfills_no_condition_of_a_topic(aws: Account) -> None:
    """AWS takes the policy and the target, and publishes nothing."""
    topic = aws.make(TOPIC, name="audit")
    rule = aws.make(RULE, name="findings", eventPattern='{"source": ["aws.guardduty"]}')
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic["arn"],
    }
    bound = {**statement, "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}
    for given, warned in ((bound, 1), (statement, 0)):
        policy = aws.make(POLICY, arn=topic["arn"], policy=json.dumps({"Version": "2012-10-17", "Statement": [given]}))
        target = aws.make(TARGET, rule=rule["name"], targetId="mails", arn=topic["arn"])
        assert sum("so nobody hears of the event" in each for each in aws.warnings) == warned
        aws.delete(target)
        aws.delete(policy)
        aws.warnings.clear()


def test_the_agent_waits_in_vain_without_an_endpoint_that_has_its_name(aws: Account) -> None:
    cluster = aws.cluster()
    vpc = cluster["vpcConfig"]["vpcId"]
    agent = {"clusterName": cluster.id, "addonName": "aws-guardduty-agent"}
    assert "the agent finds no endpoint of com.amazonaws.us-west-2.guardduty-data" in aws.refusal(ADDON, **agent)
    service = {"vpcId": vpc, "serviceName": "com.amazonaws.us-west-2.guardduty-data", "vpcEndpointType": "Interface"}
    unnamed = aws.make(ENDPOINT, **service)
    assert "with private DNS" in aws.refusal(ADDON, **agent), "it knows no other name"
    aws.delete(unnamed)
    aws.make(ENDPOINT, **service, privateDnsEnabled=True)
    aws.warnings.clear()
    made = aws.make(ADDON, **agent)
    assert "sends what it sees to nobody" in "".join(aws.warnings), "Runtime Monitoring is off"
    aws.delete(made)
    aws.warnings.clear()
    aws.make(FEATURE, **feature("RUNTIME_MONITORING"))
    aws.make(ADDON, **agent)
    assert not aws.warnings
