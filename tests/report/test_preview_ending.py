"""The last lines of a preview, for what the policies found."""

from report.dangers import plan_from
from report.preview import MOST_LINES, ending
from tests.report.logs import PROVIDER, created, finding, seen, step, summary

PARTS = "\nWhy: x\nFix: close it\nMore: docs\nWaive: - {rule: a-rule}"


def last_lines(*findings: str) -> list[str]:
    log = [step("same", PROVIDER, inputs={"region": "us-east-1"}), *created()[:-2], *findings]
    look = seen([*log, summary("failed", create=12)], code=255)
    return [line.strip() for line in ending("dev", look, plan_from(look), ())]


def test_what_all_findings_of_a_rule_share_is_said_once_after_the_first_of_them() -> None:
    lines = last_lines(*(finding("a-rule", message=f"number {index}.{PARTS}") for index in range(MOST_LINES + 2)))
    start = next(index for index, line in enumerate(lines) if line.startswith("Policy"))
    assert lines[start].split() == ["Policy", "a-rule,", "mandatory,", "7", "findings:"]
    assert lines[start + 1] == "network: number 0."
    assert lines[start + MOST_LINES + 1 : start + MOST_LINES + 6] == [
        "and 2 more, which make report lists",
        "Why: x",
        "Fix: close it",
        "More: docs",
        "Waive: - {rule: a-rule}",
    ]


def test_each_kind_of_place_has_its_fix() -> None:
    fixes = ("In the program: a: 1.", "In the program: b: 2.")
    lines = last_lines(*(finding("a-rule", message=f"number {fix}\nFix: {fix}") for fix in fixes))
    assert "Fix: In the program: a: 1; b: 2." in lines


def test_what_only_advises_needs_no_waiver() -> None:
    assert "Waive" not in " ".join(last_lines(finding("a-rule", "advisory", f"wide.{PARTS}")))
