"""Writes the IAM policy of the preflight, from its checks: `python -m preflight.policy [--check]`."""

import json
import sys
from collections.abc import Iterable

from preflight.account import action_of
from preflight.checks import every_check
from report import pages

PAGE = "preflight/policy.json"


def policy(calls: Iterable[str]) -> str:
    """Returns the policy that allows these calls, as JSON. None of them takes a resource that is known before."""
    statement = {"Sid": "Preflight", "Effect": "Allow", "Action": sorted(map(action_of, calls)), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"


def every_call() -> frozenset[str]:
    """Returns the calls of all checks."""
    return frozenset(call for each in every_check() for call in each.calls)


if __name__ == "__main__":
    sys.exit(pages.run("preflight.policy", {PAGE: policy(every_call())}, sys.argv[1:]))
