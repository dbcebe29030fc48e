"""The policy of who runs the preflight: what the checks declare, and nothing that changes or reveals something."""

import json

import boto3
import parliament

from preflight.account import READS, SECRETS
from preflight.checks import every_check
from preflight.policy import PAGE, every_call, policy
from report.simulated import ROOT


def test_every_call_reads_and_is_one_of_boto3() -> None:
    assert len(every_call()) > 35
    for call in every_call():
        service, _, operation = call.partition(":")
        client = boto3.client(service, region_name="us-west-2")
        assert operation in client.meta.method_to_api_mapping.values(), f"{call} is misspelt"
        assert operation.startswith(READS)
        assert operation not in SECRETS


def test_the_committed_policy_is_up_to_date_and_iam_takes_it() -> None:
    text = policy(every_call())
    assert (ROOT / PAGE).read_text() == text, "run: python -m preflight.policy"
    findings = parliament.analyze_policy_string(text).findings
    assert [each for each in findings if each.issue not in ("RESOURCE_STAR", "RESOURCE_MISMATCH")] == []
    statements = json.loads(text)["Statement"]
    assert {each["Effect"] for each in statements} == {"Allow"}
    assert not [action for each in statements for action in each["Action"] if "*" in action]
    assert len(text) < 6144, "a managed policy holds no more"


def test_what_gives_away_data_is_allowed_on_what_the_checks_ask_about_only() -> None:
    wide, *narrow = json.loads(policy(every_call()))["Statement"]
    data = [each for each in wide["Action"] if each.startswith(("ssm:", "secretsmanager:", "s3:", "dynamodb:"))]
    assert (wide["Resource"], data) == ("*", ["s3:GetBucketTagging", "s3:ListAllMyBuckets"])
    assert {each["Action"][0]: each["Resource"] for each in narrow} == {
        "s3:ListBucket": "arn:*:s3:::ml-platform-*",
        "secretsmanager:DescribeSecret": "arn:*:secretsmanager:*:*:secret:ml-platform-*",
        "ssm:GetParameter": "arn:*:ssm:*::parameter/aws/service/*",
    }


def test_each_check_has_a_title_of_its_own_and_says_what_it_looks_at() -> None:
    assert len(every_check()) > 25
    assert [each.title for each in every_check() if len(each.title) > 28] == []
