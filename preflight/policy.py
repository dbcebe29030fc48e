"""Writes the IAM policy of the preflight, from its checks: `python -m preflight.policy [--check]`."""

import json
import sys
from collections.abc import Iterable

from preflight.account import action_of
from preflight.checks import every_check
from report import pages
from settings.stack.stack import StackSettings

PAGE = "preflight/policy.json"
_STACK = StackSettings.model_fields["name"].default
# Actions that also give away data or its names -> all that checks ask about: public parameters, and buckets whose names
# begin as those of a stack do. S3 has no action for HeadBucket alone: s3:ListBucket lists the names of objects too.
NARROW = {
    "secretsmanager:DescribeSecret": f"arn:*:secretsmanager:*:*:secret:{_STACK}-*",
    "ssm:GetParameter": "arn:*:ssm:*::parameter/aws/service/*",
    "s3:ListBucket": f"arn:*:s3:::{_STACK}-*",
}


def policy(calls: Iterable[str]) -> str:
    """Returns the policy that allows these calls, as JSON. Those on every resource describe it, and show no data."""
    actions = set(map(action_of, calls))
    wide = [_allow("Preflight", sorted(actions.difference(NARROW)), "*")]
    narrow = [_allow(each.partition(":")[2], [each], NARROW[each]) for each in sorted(actions.intersection(NARROW))]
    return json.dumps({"Version": "2012-10-17", "Statement": [*wide, *narrow]}, indent=2) + "\n"


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def every_call() -> frozenset[str]:
    """Returns the calls of all checks."""
    return frozenset(call for each in every_check() for call in each.calls)


if __name__ == "__main__":
    sys.exit(pages.run("preflight.policy", {PAGE: policy(every_call())}, sys.argv[1:]))
