"""The cases of the rules: the files beside this one, in the form of `promtool test rules`."""

from pathlib import Path
from typing import Any

import yaml

from tests.components.observability.rules.every_rule import alerts

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
ALERTS = {alert.name: alert for alert in alerts()}
READ: dict[str, dict[str, Any]] = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in FILES}
LEANED_ON = ("constants", "platform", "gpu-usage", "costs")
"""Groups that others use, in the order in which they are judged first."""


def filled(case: dict[str, Any]) -> dict[str, Any]:
    """Returns a case with the labels that its alerts have by their rule."""

    def labelled(name: str, expected: dict[str, Any]) -> dict[str, Any]:
        rule = ALERTS[name]
        return {"exp_labels": {"severity": rule.severity, "audience": rule.audience, **expected.get("exp_labels", {})}}

    tests = [
        {**each, "exp_alerts": [labelled(each["alertname"], one) for one in each.get("exp_alerts", [])]}
        for each in case.get("alert_rule_test", [])
    ]
    return {"interval": "1m", **case, "alert_rule_test": tests}
