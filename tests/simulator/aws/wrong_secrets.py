"""Realistic wrong values and updates of secrets."""

from __future__ import annotations

import json

from simulator.aws import tokens
from tests.simulator.aws.wrong_values import REPLACES, of, updates

_READ = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}


_SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:gone"


def _policy(**statement: object) -> dict[str, str]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [{**_READ, **statement}]})}


SECRETS = (
    *of(
        tokens.SECRET,
        ("name with a colon", {"name": "research:hub-token"}, "name"),
        ("name with spaces", {"name": "hub token"}, "name"),
        ("long name", {"name": "x" * 513}, "name"),
        ("name that is taken", {"name": "taken"}, "ResourceExistsException"),
        ("window of three days", {"recoveryWindowInDays": 3}, "recovery_window_in_days"),
        ("window of a quarter", {"recoveryWindowInDays": 90}, "recovery_window_in_days"),
        ("two names", {"namePrefix": "hub-"}, "onflict"),
        ("policy without a principal", _policy(), "syntax error"),
        ("policy for nobody known", _policy(Principal={"AWS": "research"}), "unsupported principal"),
        ("policy that is no JSON", {"policy": "{"}, "JSON"),
        (
            "key that is not there",
            {"kmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/0123abcd-0000-0000-0000-000000000000"},
            "does not exist",
        ),
    ),
    *of(
        tokens.ROTATION,
        ("secret that is not there", {"secretId": f"{_SECRET}-Abcdef"}, "can't find the specified secret"),
        ("no rules", {"rotationRules": None}, "rotation_rules"),
        ("rules that say no time", {"rotationRules": {"duration": "3h"}}, "automatically_after_days"),
        (
            "days and a schedule",
            {"rotationRules": {"automaticallyAfterDays": 1, "scheduleExpression": "rate(1 days)"}},
            "automatically_after_days",
        ),
        ("no days", {"rotationRules": {"automaticallyAfterDays": 0}}, "automatically_after_days"),
        (
            "days beyond what is allowed",
            {"rotationRules": {"automaticallyAfterDays": 1001}},
            "automatically_after_days",
        ),
        ("name for an ARN", {"rotationLambdaArn": "rotate"}, "invalid ARN"),
        ("no function", {"rotationLambdaArn": None}, "No Lambda rotation function ARN"),
        (
            "function of another region",
            {"rotationLambdaArn": "arn:aws:lambda:eu-west-1:123456789012:function:rotate"},
            "cannot invoke the specified Lambda function",
        ),
        ("rules of what is off", {"rotationEnabled": False}, "rotation_rules"),
    ),
    *updates(tokens.SECRET, ("another name", {}, {"name": "renamed"}, REPLACES)),
)
