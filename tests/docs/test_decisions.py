"""Decisions: numbered without a gap, each with a date and a status, and the list of them up to date."""

import re
from datetime import date
from pathlib import Path

import pytest

from report.simulated import ROOT

FOLDER = ROOT / "docs" / "decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
HEAD = re.compile(r"# (\d+)\. \S[^\n]*\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (accepted|superseded by (\d+))\n\n")


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_begins_with_its_number_date_and_status(page: Path) -> None:
    head = HEAD.match(page.read_text(encoding="utf-8"))
    assert head, "write `# 18. Title`, an empty line, `- Date: 2026-11-28`, `- Status: accepted`, an empty line"
    assert page.name.startswith(f"{int(head[1]):04d}-")
    assert date.fromisoformat(head[2])
    if head[4]:
        assert list(FOLDER.glob(f"{int(head[4]):04d}-*.md")), "it is superseded by a decision that is not there"


def test_numbers_have_no_gap() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
