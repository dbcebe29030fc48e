"""The recovery report."""

from typing import Any

import pytest

from report.recovery import RUNBOOKS, as_markdown, as_text
from report.simulated import ROOT
from settings.stack.stack import StackSettings
from tests.settings.stacks import RIGHT

USERS = [{"namespace": "research", "mode": "write"}]
BUCKET_USERS = [{**user, "service_account": "researcher"} for user in USERS]


def stack(**recovery: Any) -> StackSettings:
    storage = {
        "buckets": {
            "models": {"purpose": "models", "tier": "production-inference", "used_by": BUCKET_USERS},
            "raw": {"purpose": "datasets", "tier": "training", "used_by": BUCKET_USERS, "replicate_to": "us-east-1"},
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


def test_each_row_has_protection_worst_case_loss_rpo_and_rto():
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
    assert row(page, "bucket raw")[2:4] == ["old versions", "the bucket itself, for 30 days; replica in us-east-1"]
    assert row(page, "EFS tmp")[2:6] == ["nothing", "", "everything", ""], "scratch data has no RPO"
    assert row(page, "cluster main")[2] == "daily backups"


def test_a_note_warns_when_all_backups_are_in_one_region():
    assert "All backups are in one region" in as_markdown(stack(), "prod")
    page = as_markdown(stack(copy_to="us-east-2"), "prod")
    assert "All backups are in one region" not in page
    assert row(page, "EFS home")[3] == "vault in us-west-2, copied to us-east-2"
    assert "us-east-2 gets one copy per day of continuous backups" in page


def test_a_stack_without_data_has_nothing_to_recover():
    empty = StackSettings.model_validate(RIGHT)
    assert as_text(empty, "dev") == ""
    assert "everything that it needs is in Git" in as_markdown(empty, "dev")


def test_the_text_fits_a_terminal():
    text = as_text(stack(), "prod")
    assert "EFS home" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("runbook", RUNBOOKS.values())
def test_every_runbook_in_the_report_exists(runbook):
    assert (ROOT / runbook).read_text().startswith("# Restore ")
