"""The pack against inputs of other scanners, and against spellings that end a check: `pytest -s` prints the figures."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.values import UNKNOWN
from policies.analyzer import Analyzer
from policies.rule import Case, Sample
from tests.policies.policy_harness import ALL, RESOURCE_RULES, TODAY, request, stack_request

FOLDER = Path(__file__).parent / "foreign"
SOURCES = ("checkov", "trivy")
DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy", "inlinePolicy", "resourcePolicy")
LEAST_RECALL, LEAST_HARMFUL, LEAST_HARMLESS = 0.95, 200, 60


@dataclass(frozen=True)
class Row:
    """One input. reason: why a harmful one need not be found, or why a harmless one is refused all the same."""

    name: str
    about: tuple[str, ...]
    resources: Mapping[str, Sample]
    harmful: bool
    does_not_apply: str
    missed: str
    refused: str

    @property
    def applies(self) -> bool:
        return self.harmful and not self.does_not_apply


def rows(source: str) -> list[Row]:
    """Returns the rows of one file of `foreign/`."""
    groups = yaml.safe_load((FOLDER / f"{source}.yaml").read_text(encoding="utf-8"))
    return [_row(group, case) for group in groups for case in group["cases"]]


def _row(group: Mapping[str, Any], case: Mapping[str, Any]) -> Row:
    given = case.get("resources") or {"it": {"type": case["type"], "props": case["props"]}}
    resources = {
        name: Sample(each["type"], _props(each), each.get("links", {}), each.get("provider", ""))
        for name, each in given.items()
    }
    reasons = {key: case.get(key, "") for key in ("does_not_apply", "missed", "refused")}
    name = f"{group['check']}: {case['case']} ({', '.join(each.type for each in resources.values())})"
    return Row(name, tuple(group["about"]), resources, case.get("harmful", True), **reasons)


def _props(resource: Mapping[str, Any]) -> dict[str, Any]:
    def sent(key: str, value: Any) -> Any:
        if isinstance(value, dict) and key in DOCUMENTS and resource["type"].startswith("aws:"):
            return json.dumps(value)
        if isinstance(value, dict):
            return {inner: sent(inner, each) for inner, each in value.items()}
        if isinstance(value, list):
            return [sent("", each) for each in value]
        return UNKNOWN if value == "{unknown}" else _with_keys(value)

    return {key: sent(key, value) for key, value in resource["props"].items()}


def _with_keys(value: Any) -> Any:
    """Returns a text with keys in the form of AWS, which stand in no file: scanners for secrets would find them."""
    if not isinstance(value, str):
        return value
    return value.replace("{access key}", f"AKIA{'Q7' * 8}").replace("{secret key}", "k9Zb" * 10)


@cache
def _pack() -> Analyzer:
    return Analyzer(ALL, today=lambda: TODAY)


def found(row: Row) -> list[str]:
    """Returns the subjects of the row that the whole pack finds something about, in production."""
    said: dict[str, list[str]] = {}
    for each in _diagnostics(row):
        said.setdefault(each.policyName, []).append(each.message.split(" ", 1)[0])
    hits = []
    for subject in row.about:
        rule, _, part = subject.partition(":")
        hits += [subject] if any(part in path for path in said.get(rule, ())) else []
    return hits


def _diagnostics(row: Row) -> Iterator[Any]:
    for sample in row.resources.values():
        yield from _pack().Analyze(request(RESOURCE_RULES[0], Case(sample.props, type=sample.type)), None).diagnostics
    yield from _pack().AnalyzeStack(stack_request(row.resources), None).diagnostics


@cache
def judged(source: str) -> tuple[tuple[Row, list[str]], ...]:
    """Returns each row of a file with what the pack finds about its subjects."""
    return tuple((row, found(row)) for row in rows(source))


def test_most_harmful_inputs_of_other_scanners_are_found() -> None:
    of_all = [pair for source in SOURCES for pair in judged(source)]
    applicable = [(row, hits) for row, hits in of_all if row.applies]
    number = sum(bool(hits) for _, hits in applicable)
    harmful = sum(row.harmful for row, _ in of_all)
    harmless = sum(not row.harmful and not row.refused for row, _ in of_all)
    print(
        f"\nharmful {harmful}, applicable {len(applicable)}, found {number} ({number / len(applicable):.1%}); ", end=""
    )
    print(f"harmless {harmless}, refused on purpose {sum(bool(row.refused) for row, _ in of_all)}")
    for row, _ in applicable:
        if row.missed:
            print(f"missed: {row.name}: {row.missed}")
    assert harmful >= LEAST_HARMFUL
    assert harmless >= LEAST_HARMLESS
    assert number / len(applicable) >= LEAST_RECALL


@pytest.mark.parametrize("source", [*SOURCES, "bypasses"])
def test_what_is_not_found_has_its_reason_in_the_file(source: str) -> None:
    silent = [row.name for row, hits in judged(source) if row.applies and not hits and not row.missed]
    assert silent == [], "mend the rule, or say in the row why the pack misses it: `missed: ...`"


@pytest.mark.parametrize("source", [*SOURCES, "bypasses"])
def test_no_reason_outlives_its_miss(source: str) -> None:
    stale = [row.name for row, hits in judged(source) if hits and (row.missed or row.does_not_apply)]
    assert stale == [], "these are found by now: delete `missed` or `does_not_apply` of the row"


@pytest.mark.parametrize("source", SOURCES)
def test_harmless_inputs_of_other_scanners_give_no_finding_of_the_same_subject(source: str) -> None:
    false = [(row.name, hits) for row, hits in judged(source) if not row.harmful and bool(hits) != bool(row.refused)]
    assert false == [], "a finding about what is harmless teaches people to ignore findings"


def test_spellings_that_end_a_check_are_found() -> None:
    of_all = judged("bypasses")
    print(f"\nbypasses {len(of_all)}, found {sum(bool(hits) for _, hits in of_all)}")
    assert len(of_all) > 100, "the list was not read"


@pytest.mark.parametrize("source", [*SOURCES, "bypasses"])
def test_each_subject_is_a_rule_of_the_pack_unless_the_row_is_missed(source: str) -> None:
    unknown = [
        row.name
        for row in rows(source)
        if not row.missed and not any(subject.partition(":")[0] in ALL for subject in row.about)
    ]
    assert unknown == [], "a misspelt rule is never found"
