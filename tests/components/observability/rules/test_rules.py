"""Each rule in real programs: an alert fires and stays silent, a recorded number is the one that is expected.

The cases are files beside this one, in the form of `promtool test rules`; labels that all alerts of a name have are
filled in, and so are the rules.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.metrics import jobs
from components.observability.rules_of import every_group, prometheus_rule
from tests.catalog.promql import names
from tests.components.observability.rules.cases import ALERTS, READ, filled
from tests.components.observability.rules.every_rule import alerts, groups, promtools, recordings, rule_file

CASES = [case for content in READ.values() for case in content["tests"]]
ALERT_CASES = [each for case in CASES for each in case.get("alert_rule_test", [])]
NUMBER_CASES = [each for case in CASES for each in case.get("promql_expr_test", [])]


def written(folder: Path) -> list[str]:
    """Writes each file of cases with the groups that it asks about, and those that they stand on."""
    every = {group["name"]: group for group in rule_file()["groups"]}
    for name, content in READ.items():
        text = str(content)
        asked = [
            key
            for key, group in every.items()
            if any(rule.get("alert", rule.get("record")) in text for rule in group["rules"])
        ]
        used = list(dict.fromkeys(["constants", "platform", "gpu-usage", "costs", *asked]))  # what others use first
        rules = {"groups": [every[key] for key in used]}
        (folder / f"rules-of-{name}").write_text(yaml.safe_dump(rules), encoding="utf-8")
        test = {
            "rule_files": [f"rules-of-{name}"],
            "evaluation_interval": "1m",
            "group_eval_order": used,
            **content,
            "tests": [filled(case) for case in content["tests"]],
        }
        (folder / name).write_text(yaml.dump(test, Dumper=yaml.SafeDumper), encoding="utf-8")
    return list(READ)


@pytest.mark.parametrize("whose", ["ours", "Debian's"])
def test_rules_do_what_the_cases_expect(whose: str, tmp_path: Path) -> None:
    if whose not in promtools():
        pytest.skip(f"{whose} promtool is not here: `make conformance` builds ours, package prometheus has Debian's")
    files = written(tmp_path)
    run = subprocess.run(
        [promtools()[whose], "test", "rules", *files], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_has_a_case_that_fires_and_one_that_does_not(name: str) -> None:
    of_it = [bool(case.get("exp_alerts")) for case in ALERT_CASES if case["alertname"] == name]
    assert set(of_it) == {True, False}, "an alert that never fires looks like one that has nothing to tell"


@pytest.mark.parametrize("name", sorted({recording.name for recording in recordings()}))
def test_each_recording_has_an_expected_number(name: str) -> None:
    told = [
        case for case in NUMBER_CASES if re.search(rf"(?<![\w:]){name}(?![\w:])", case["expr"]) and case["exp_samples"]
    ]
    assert told, "nobody would notice when its expression finds nothing"


@pytest.mark.parametrize("name", ALERTS)
def test_a_summary_names_labels_that_its_series_have(name: str) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", ALERTS[name].summary))
    for case in ALERT_CASES:
        for expected in case.get("exp_alerts", []) if case["alertname"] == name else []:
            missing = named - set(expected.get("exp_labels", {}))
            assert not missing, "a label that is missing leaves a hole in the sentence that wakes somebody"


def test_cases_name_alerts_that_exist() -> None:
    assert {case["alertname"] for case in ALERT_CASES} <= set(ALERTS)


def test_names_are_unique_and_there_are_forty_alerts() -> None:
    counted = Counter([*(alert.name for alert in alerts())])
    assert [name for name, times in counted.items() if times > 1] == []
    assert len(counted) >= 40


def test_ranges_hold_four_scrapes() -> None:
    """Since 3.0 a range leaves out its left edge: a minute of samples each half minute is one sample or two."""
    for group in groups():
        for rule in group.rules:
            for amount, unit in re.findall(r"\[(\d+)([smhd])", rule.expr):
                assert int(amount) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[unit] >= 120, rule.name


def test_what_opencost_copies_is_read_from_kube_state_metrics_alone() -> None:
    for group in groups():
        for rule in group.rules:
            for selector in re.findall(r"\bkube_\w+(?:\s*\{[^}]*\})?", rule.expr):
                assert 'job="kube-state-metrics"' in selector, f"{rule.name}: {selector} counts twice beside OpenCost"


@pytest.mark.parametrize("group", rule_file()["groups"], ids=lambda group: group["name"])
def test_each_series_is_read_from_its_exporter_alone(group: dict[str, Any]) -> None:
    for rule in group["rules"]:
        for name in set(names(rule["expr"])) & set(jobs()):
            for selector in re.findall(rf"(?<![\w:]){name}(?![\w:])\s*(\{{[^}}]*\}})?", rule["expr"]):
                asked = re.search(r'[{,]\s*job(?:="([^"|]+)"|=~"([\w|-]+)")', selector)
                assert asked, f"any pod can serve {name}: {rule['expr']}"
                assert set((asked[1] or asked[2]).split("|")) <= set(jobs()[name]), f"others serve {name}"


def test_an_alert_for_a_team_tells_the_namespace() -> None:
    for case in ALERT_CASES:
        if ALERTS[case["alertname"]].audience == "team":
            for expected in case.get("exp_alerts", []):
                assert "namespace" in expected["exp_labels"], f"nobody could tell whose {case['alertname']} is"


def test_rules_name_their_runbook() -> None:
    (group,) = [each for each in every_group() if each.name == "nodes"]
    rule = prometheus_rule(group, "https://x/")["spec"]["groups"][0]["rules"][0]
    assert rule["annotations"]["runbook_url"] == "https://x/nodes.md#nodenotready"
