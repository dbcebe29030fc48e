"""Realistic wrong values of Amazon Managed Prometheus and of alarms on several metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.aws import tokens
from tests.simulator.aws.sound_values import SOUND
from tests.simulator.aws.wrong_values import REPLACES, of, updates

_KEY = "arn:aws:kms:us-west-2:123456789012:key/12345678-1234-1234-1234-123456789012"
_USED, _SHARE = SOUND[tokens.METRIC_ALARM]["metricQueries"]


def _limits(*limits: tuple[Mapping[str, str], int]) -> dict[str, Any]:
    return {"limitsPerLabelSets": [{"labelSet": labels, "limits": {"maxSeries": most}} for labels, most in limits]}


def _queries(*queries: Mapping[str, Any]) -> dict[str, Any]:
    return {"metricQueries": list(queries)}


METRICS = (
    *of(
        tokens.PROMETHEUS_WORKSPACE,
        ("long alias", {"alias": "x" * 101}, "alias"),
        ("a key that is not there", {"kmsKeyArn": _KEY}, _KEY),
        ("the id of a key", {"kmsKeyArn": "12345678-1234-1234-1234-123456789012"}, "kms_key_arn"),
        (
            "a log group without its end",
            {"loggingConfiguration": {"logGroupArn": "arn:aws:logs:us-west-2:123456789012:log-group:metrics"}},
            "does not end with :*",
        ),
    ),
    *updates(
        tokens.PROMETHEUS_WORKSPACE,
        ("another key", {"kmsKeyArn": None}, {"kmsKeyArn": "<key:arn>"}, REPLACES),
        ("no alias any more", {}, {"alias": None}, REPLACES),
    ),
    *of(
        tokens.PROMETHEUS_CONFIGURATION,
        ("a workspace that is not there", {"workspaceId": "ws-0"}, "Workspace not found: ws-0"),
        ("four years", {"retentionPeriodInDays": 1460}, "retention_period_in_days"),
        ("no day", {"retentionPeriodInDays": 0}, "retention_period_in_days"),
        ("a limit below nothing", _limits(({}, -1)), "max_series"),
        ("one set twice", _limits(({"team": "a"}, 1), ({"team": "a"}, 2)), "Duplicate label sets"),
        ("nothing", {"retentionPeriodInDays": None, "limitsPerLabelSets": None}, "At least one of"),
    ),
    *updates(
        tokens.PROMETHEUS_CONFIGURATION,
        ("another workspace", {}, {"workspaceId": "<other-workspace>"}, REPLACES),
    ),
    *of(
        tokens.METRIC_ALARM,
        ("two answers", _queries({**_USED, "returnData": True}, _SHARE), "Exactly one"),
        ("no answer", _queries(_USED, {**_SHARE, "returnData": False}), "Exactly one"),
        ("one id twice", _queries(_USED, {**_SHARE, "id": "used"}), "Duplicate"),
        ("an id with a capital", _queries({**_USED, "id": "Used"}, _SHARE), "id"),
        ("an expression of nothing", _queries(_USED, {**_SHARE, "expression": "100 * taken"}), "taken"),
        ("neither metric nor expression", _queries({"id": "used", "returnData": True}), "used"),
        ("a period beside the queries", {"period": 60}, "period"),
    ),
)
