"""Recovery targets that backups cannot meet: each is refused with path, reason, and advice that works."""

from dataclasses import dataclass
from typing import Any, get_args

import pytest

from settings.core.problems import Problem
from settings.storage.storage_entry import Purpose, Tier
from tests.settings.stacks import problems, stack

USERS = [{"namespace": "research", "mode": "write"}]
BUCKET_USERS = [{**user, "service_account": "researcher"} for user in USERS]
HOME = {"purpose": "shared", "tier": "agents", "used_by": USERS}
MODELS = {"purpose": "models", "tier": "production-inference", "used_by": BUCKET_USERS}
FAST = {"purpose": "checkpoints", "tier": "training", "zone": "us-west-2a", "used_by": USERS}
LINK = {"bucket": "models", "path": "/models"}


def file_system(**recovery: Any) -> dict[str, Any]:
    return {"file_systems": {"home": HOME}, "recovery": recovery}


def lustre(**changes: Any) -> dict[str, Any]:
    return {"buckets": {"models": MODELS}, "lustre": {"fast": {**FAST, **changes}}}


def targets(tier: str, rpo: int, rto: int = 240) -> dict[str, Any]:
    return {"targets": {tier: {"rpo_minutes": rpo, "rto_minutes": rto}}}


@dataclass(frozen=True)
class Case:
    """storage: the invalid settings. path: of the problem. words: the reason, and the advice. fixed: valid settings."""

    storage: dict[str, Any]
    path: str
    words: tuple[str, str]
    fixed: dict[str, Any]


WRONG: dict[str, Case] = {
    "a quarter of an hour on a file system": Case(
        file_system(**targets("agents", 15)),
        "recovery.targets.agents.rpo_minutes",
        ("15 minutes are promised, but AWS backs up file system home every 60 minutes", "Write 60 or more"),
        file_system(**targets("agents", 60)),
    ),
    "five minutes on a bucket": Case(
        {"buckets": {"models": MODELS}, "recovery": targets("production-inference", 5)},
        "recovery.targets.production-inference.rpo_minutes",
        ("5 minutes are promised, but AWS backs up bucket models every 15 minutes", "Write 15 or more"),
        {"buckets": {"models": MODELS}, "recovery": targets("production-inference", 15)},
    ),
    "half an hour on a cluster": Case(
        file_system(**targets("platform-metadata", 30)),
        "recovery.targets.platform-metadata.rpo_minutes",
        ("AWS backs up cluster main every 60 minutes", "Write 60 or more"),
        file_system(**targets("platform-metadata", 60)),
    ),
    "target that nothing has": Case(
        file_system(**targets("training", 60)),
        "recovery.targets.training",
        ("no data that must not be lost has this tier", "Drop it, or give an entry of storage tier: training."),
        {"file_systems": {"home": {**HOME, "tier": "training"}}, "recovery": targets("training", 60)},
    ),
    "target of what may be lost": Case(
        {"file_systems": {"home": {**HOME, "purpose": "scratch"}}, "recovery": targets("agents", 60)},
        "recovery.targets.agents",
        ("no data that must not be lost has this tier", "Drop it"),
        {"file_systems": {"home": {**HOME, "purpose": "scratch"}}},
    ),
    "target of clusters that are not backed up": Case(
        file_system(clusters=False, **targets("platform-metadata", 60)),
        "recovery.targets.platform-metadata",
        ("so the target applies to nothing", "or write clusters: true."),
        file_system(clusters=True, **targets("platform-metadata", 60)),
    ),
    "backups off for data that must not be lost": Case(
        file_system(enabled=False),
        "recovery.enabled",
        ("file system home must not be lost", "Write enabled: true, or purpose: scratch"),
        {"file_systems": {"home": {**HOME, "purpose": "scratch"}}, "recovery": {"enabled": False}},
    ),
    "copies of nothing": Case(
        {"buckets": {"raw": {**MODELS, "tier": "training"}}, "recovery": {"clusters": False, "copy_to": "us-east-2"}},
        "recovery.copy_to",
        ("nothing here is backed up", "Drop it; to copy a bucket, use its replicate_to."),
        {"buckets": {"raw": {**MODELS, "tier": "training"}}, "recovery": {"clusters": False}},
    ),
    "copies with backups off": Case(
        {"buckets": {"raw": {**MODELS, "tier": "training"}}, "recovery": {"enabled": False, "copy_to": "us-east-2"}},
        "recovery.copy_to",
        ("enabled is false, so there is nothing to copy", "Drop it."),
        {"buckets": {"raw": {**MODELS, "tier": "training"}}, "recovery": {"enabled": False}},
    ),
    "copies in the same region": Case(
        file_system(copy_to="us-west-2"),
        "recovery.copy_to",
        ("us-west-2 is the region of the stack", "Take another region, for example"),
        file_system(copy_to="us-east-2"),
    ),
    "copies in no region": Case(
        file_system(copy_to="us-east-9"),
        "recovery.copy_to",
        ("us-east-9 is not an AWS region", "Did you mean us-east-"),
        file_system(copy_to="us-east-1"),
    ),
    "lock longer than backups are kept": Case(
        file_system(lock_days=365),
        "recovery.lock_days",
        ("is 365, and the maximum is 35", "Write 35 or less."),
        file_system(lock_days=35),
    ),
    "one copy of data that must not be lost": Case(
        lustre(deployment="scratch-2"),
        "lustre.fast.deployment",
        (
            "scratch-2 keeps only one copy, and AWS cannot back it up",
            "Write deployment: persistent-2, or purpose: scratch",
        ),
        lustre(deployment="persistent-2"),
    ),
    "written to a linked folder, and never exported": Case(
        lustre(links=[LINK]),
        "lustre.fast.links",
        (
            "no link exports, and AWS cannot back up a file system that is linked",
            "Write exports: [NEW, CHANGED, DELETED]",
        ),
        lustre(links=[{**LINK, "exports": ["NEW", "CHANGED", "DELETED"]}]),
    ),
    "maintenance that blocks the backup": Case(
        lustre(maintenance="3:04:00"),
        "lustre.fast.maintenance",
        ("begins at 04:00, but AWS takes no backup in the four hours before", "for example 3:09:00."),
        lustre(maintenance="3:09:00"),
    ),
}


def reported_problems(storage: dict[str, Any]) -> tuple[Problem, ...]:
    return problems(stack((("storage",), storage)))


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_a_target_that_is_not_met_is_reported_once_with_path_reason_and_advice(case: Case) -> None:
    reported = reported_problems(case.storage)
    assert len(reported) == 1, "one mistake, one line:\n" + "\n".join(map(str, reported))
    assert reported[0].path == f"storage.{case.path}", reported[0].message
    reason, advice = case.words
    assert reason in reported[0].message, reported[0].message
    assert advice in reported[0].message, reported[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_advice_leads_to_a_valid_file(case: Case) -> None:
    assert reported_problems(case.fixed) == (), "advice must not lead to the next mistake"


@pytest.mark.parametrize("purpose", get_args(Purpose))
@pytest.mark.parametrize("tier", get_args(Tier))
def test_the_default_targets_can_be_met(tier: str, purpose: str) -> None:
    entry = {"purpose": purpose, "tier": tier, "used_by": USERS}
    everything = {
        "buckets": {"b": {**entry, "used_by": BUCKET_USERS}},
        "file_systems": {"f": entry},
        "lustre": {"l": {**entry, "zone": "us-west-2a"}},
    }
    reported = [problem for problem in reported_problems(everything) if problem.path.startswith("storage.recovery")]
    assert reported == [], "the defaults must not be refused"
