"""Promises that backups cannot keep: each is refused at its place, with the reason, and with a way out that works."""

from dataclasses import dataclass
from typing import Any, get_args

import pytest

from settings.core.problems import Problem
from settings.storage.held_data import Purpose, Tier
from tests.settings.stacks import problems, stack

USERS = [{"namespace": "research", "mode": "write"}]
HOME = {"purpose": "shared", "tier": "agents", "used_by": USERS}
MODELS = {"purpose": "models", "tier": "production-inference", "used_by": USERS}
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
    """storage: the wrong one. at: the place in it. words: of what is wrong, and of the way out. mended: with it."""

    storage: dict[str, Any]
    at: str
    words: tuple[str, str]
    mended: dict[str, Any]


WRONG: dict[str, Case] = {
    "a quarter of an hour on a file system": Case(
        file_system(**targets("agents", 15)),
        "recovery.targets.agents.rpo_minutes",
        ("15 minutes are promised, but AWS takes backups of file system home 60 minutes", "Write 60 or more"),
        file_system(**targets("agents", 60)),
    ),
    "five minutes on a bucket": Case(
        {"buckets": {"models": MODELS}, "recovery": targets("production-inference", 5)},
        "recovery.targets.production-inference.rpo_minutes",
        ("5 minutes are promised, but AWS takes backups of bucket models 15 minutes", "Write 15 or more"),
        {"buckets": {"models": MODELS}, "recovery": targets("production-inference", 15)},
    ),
    "half an hour on a cluster": Case(
        file_system(**targets("platform-metadata", 30)),
        "recovery.targets.platform-metadata.rpo_minutes",
        ("backups of cluster main 60 minutes apart", "Write 60 or more"),
        file_system(**targets("platform-metadata", 60)),
    ),
    "target that nothing has": Case(
        file_system(**targets("training", 60)),
        "recovery.targets.training",
        ("nothing that must not be lost has this tier", "Drop it, or give an entry of storage tier: training."),
        {"file_systems": {"home": {**HOME, "tier": "training"}}, "recovery": targets("training", 60)},
    ),
    "target of what may be lost": Case(
        {"file_systems": {"home": {**HOME, "purpose": "scratch"}}, "recovery": targets("agents", 60)},
        "recovery.targets.agents",
        ("nothing that must not be lost has this tier", "Drop it"),
        {"file_systems": {"home": {**HOME, "purpose": "scratch"}}},
    ),
    "target of clusters that are not backed up": Case(
        file_system(clusters=False, **targets("platform-metadata", 60)),
        "recovery.targets.platform-metadata",
        ("so nothing is promised", "or write clusters: true."),
        file_system(clusters=True, **targets("platform-metadata", 60)),
    ),
    "off while something is promised": Case(
        file_system(enabled=False),
        "recovery.enabled",
        ("file system home must not be lost", "Write enabled: true, or purpose: scratch"),
        {"file_systems": {"home": {**HOME, "purpose": "scratch"}}, "recovery": {"enabled": False}},
    ),
    "copies of nothing": Case(
        {"buckets": {"raw": {**MODELS, "tier": "training"}}, "recovery": {"clusters": False, "copy_to": "us-east-2"}},
        "recovery.copy_to",
        ("nothing here is backed up", "Drop it; a bucket has replicate_to"),
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
        ("us-west-2 is the region of the stack itself", "Take another one, for example"),
        file_system(copy_to="us-east-2"),
    ),
    "copies in no region": Case(
        file_system(copy_to="us-east-9"),
        "recovery.copy_to",
        ("us-east-9 is no AWS region", "Did you mean us-east-"),
        file_system(copy_to="us-east-1"),
    ),
    "lock longer than backups are kept": Case(
        file_system(lock_days=365),
        "recovery.lock_days",
        ("is 365, and the most is 35", "Write 35 or less."),
        file_system(lock_days=35),
    ),
    "one copy of what must not be lost": Case(
        lustre(deployment="scratch-2"),
        "lustre.fast.deployment",
        (
            "scratch-2 keeps one copy, and AWS backs up none of it",
            "Write deployment: persistent-2, or purpose: scratch",
        ),
        lustre(deployment="persistent-2"),
    ),
    "written beside a bucket, and never exported": Case(
        lustre(links=[LINK]),
        "lustre.fast.links",
        ("no link exports, and AWS backs up no file system that is linked", "Write exports: [NEW, CHANGED, DELETED]"),
        lustre(links=[{**LINK, "exports": ["NEW", "CHANGED", "DELETED"]}]),
    ),
    "maintenance in the way of the backup": Case(
        lustre(maintenance="3:04:00"),
        "lustre.fast.maintenance",
        ("begins at 04:00, and AWS takes no backup in the four hours before", "for example 3:09:00."),
        lustre(maintenance="3:09:00"),
    ),
}


def told(storage: dict[str, Any]) -> tuple[Problem, ...]:
    return problems(stack((("storage",), storage)))


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_a_promise_that_is_not_kept_is_told_where_and_why_once(case: Case) -> None:
    found = told(case.storage)
    assert len(found) == 1, "one thing to mend, one line:\n" + "\n".join(map(str, found))
    assert found[0].path == f"storage.{case.at}", found[0].message
    why, way_out = case.words
    assert why in found[0].message, found[0].message
    assert way_out in found[0].message, found[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_way_out_that_is_told_is_one(case: Case) -> None:
    assert told(case.mended) == (), "advice that leads to the next mistake is none"


@pytest.mark.parametrize("purpose", get_args(Purpose))
@pytest.mark.parametrize("tier", get_args(Tier))
def test_what_is_promised_by_default_can_be_kept(tier: str, purpose: str) -> None:
    entry = {"purpose": purpose, "tier": tier, "used_by": USERS}
    everything = {
        "buckets": {"b": entry},
        "file_systems": {"f": entry},
        "lustre": {"l": {**entry, "zone": "us-west-2a"}},
    }
    found = [problem for problem in told(everything) if problem.path.startswith("storage.recovery")]
    assert found == [], "nobody who says nothing may be told off"
