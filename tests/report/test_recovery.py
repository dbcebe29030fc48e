"""What can be recovered, as whoever has to recover it reads it."""

from typing import Any

import pytest

from report.recovery import RUNBOOKS, as_markdown, as_text
from report.simulated import ROOT
from settings.stack.stack import StackSettings
from tests.settings.stacks import RIGHT

USERS = [{"namespace": "research", "mode": "write"}]


def stack(**recovery: Any) -> StackSettings:
    storage = {
        "buckets": {
            "models": {"purpose": "models", "tier": "production-inference", "used_by": USERS},
            "raw": {"purpose": "datasets", "tier": "training", "used_by": USERS, "replicate_to": "us-east-1"},
        },
        "file_systems": {
            "home": {"purpose": "shared", "tier": "agents", "used_by": USERS},
            "tmp": {"purpose": "scratch", "used_by": USERS},
        },
        "recovery": recovery,
    }
    return StackSettings.model_validate({**RIGHT, "storage": storage})


def row(page: str, name: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_each_place_says_how_it_is_protected_and_what_that_is_worth():
    page = as_markdown(stack(), "prod")
    assert row(page, "bucket models")[1:7] == [
        "production-inference",
        "continuous backups",
        "vault in us-west-2",
        "15 min",
        "1 h",
        "2 h",
    ]
    assert row(page, "EFS home")[2:7] == ["hourly backups", "vault in us-west-2", "1 h", "1 h", "4 h"]
    assert row(page, "bucket raw")[2:4] == ["its old versions", "the bucket itself, for 30 days; replica in us-east-1"]
    assert row(page, "EFS tmp")[2:6] == ["nothing", "", "everything", ""], "what may be lost is promised nothing"
    assert row(page, "cluster main")[2] == "daily backups"


def test_it_says_what_is_lost_with_the_region():
    assert "No backup leaves the region" in as_markdown(stack(), "prod")
    page = as_markdown(stack(copy_to="us-east-2"), "prod")
    assert "No backup leaves the region" not in page
    assert row(page, "EFS home")[3] == "vault in us-west-2, copied to us-east-2"
    assert "Of continuous backups, us-east-2 has one a day" in page


def test_a_stack_without_data_has_nothing_to_recover():
    empty = StackSettings.model_validate(RIGHT)
    assert as_text(empty, "dev") == ""
    assert "nothing to recover but what Git holds" in as_markdown(empty, "dev")


def test_it_fits_a_terminal():
    text = as_text(stack(), "prod")
    assert "EFS home" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("runbook", RUNBOOKS.values())
def test_every_runbook_that_is_named_is_there(runbook):
    assert (ROOT / runbook).read_text().startswith("# Restore ")
