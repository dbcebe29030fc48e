"""Realistic wrong values of budgets."""

from __future__ import annotations

from typing import Any

from simulator.aws import tokens
from tests.simulator.aws.sound_values import SOUND
from tests.simulator.aws.wrong_values import REPLACES, of, updates

_TOLD = SOUND[tokens.BUDGET]["notifications"][0]


def _told(*percents: int, **changes: Any) -> dict[str, Any]:
    return {"notifications": [{**_TOLD, "threshold": percent, **changes} for percent in percents]}


BUDGETS = (
    *of(
        tokens.BUDGET,
        ("six notifications", _told(50, 60, 70, 80, 90, 100), "one budget can only have 5 notifications"),
        (
            "eleven addresses",
            _told(80, subscriberEmailAddresses=[f"{number}@example.com" for number in range(11)]),
            "one notification can only have 10 subscribers with type of EMAIL",
        ),
        (
            "two topics",
            _told(80, subscriberSnsTopicArns=[f"arn:aws:sns:us-west-2:123456789012:{name}" for name in "ab"]),
            "one notification can only have 1 subscribers with type of SNS",
        ),
        ("nobody to tell", _told(80, subscriberEmailAddresses=[]), "must have at least one subscriber"),
        ("one notification twice", _told(80, 80), "already exists"),
        ("no limit", {"limitAmount": None}, "provide one of the followings"),
        ("limit with a unit", {"limitAmount": "3000 USD"}, "limit_amount"),
        ("negative limit", {"limitAmount": "-1"}, "limit_amount"),
        ("name like a path of an action", {"name": "a/action/b"}, "name"),
        ("name with a colon", {"name": "prod:research"}, "name"),
        ("long name", {"name": "x" * 101}, "name"),
        ("week", {"timeUnit": "WEEKLY"}, "time_unit"),
        ("a day alone", {"timePeriodStart": "2026-11-01"}, "time_period_start"),
        ("threshold of a hundredth", _told(80, thresholdType="PERCENT"), "threshold_type"),
        ("negative threshold", _told(-1), "threshold"),
        ("operator of a program", _told(80, comparisonOperator=">"), "comparison_operator"),
        ("type of cost", {"budgetType": "Cost"}, "budget_type"),
    ),
    *updates(
        tokens.BUDGET,
        ("another name", {"name": "a"}, {"name": "b"}, REPLACES),
        ("six notifications", {}, _told(50, 60, 70, 80, 90, 100), "one budget can only have 5 notifications"),
    ),
)
