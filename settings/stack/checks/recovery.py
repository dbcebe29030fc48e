"""What is wrong with backups beside what is promised, what there is to back up, and the regions."""

from collections.abc import Iterator

from settings.core.problems import Mistake, Path, listed
from settings.stack.parts import Parts
from settings.storage.lustre import LustreSettings
from settings.storage.recovery_plan import (
    CLUSTER_TIER,
    MAY_BE_LOST,
    MINUTES,
    SCHEDULES,
    Kind,
    Protection,
    protection,
    protections,
)
from settings.storage.second_region import region_mistakes
from settings.storage.storage import StorageSettings

PLACE: Path = ("storage", "recovery")
WORDS: dict[Kind, str] = {"buckets": "bucket", "file_systems": "file system", "lustre": "file system"}
# FSx takes no backup in the four hours before its maintenance nor in its half hour; daily ones start by 03:00.
# Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11.
BLOCKS = ("01:30", "07:00")


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Every mistake that shows only when recovery is held against what there is to recover."""
    storage = parts.storage
    if storage is None:
        return
    found = list(protections(storage, parts.clusters.keys()))
    yield from region_mistakes((*PLACE, "copy_to"), storage.recovery.copy_to, parts.region)
    yield from _does_nothing(storage, found)
    yield from _switched_off(storage, found)
    yield from _too_rare(storage, found)
    for name, lustre in storage.lustre.items():
        yield from _lustre(storage, name, lustre)


def _does_nothing(storage: StorageSettings, found: list[Protection]) -> Iterator[Mistake]:
    used = {one.tier for one in found if one.promised is not None}
    for tier in storage.recovery.targets:
        if tier not in used:
            way_out = "write clusters: true" if tier == CLUSTER_TIER else f"give an entry of storage tier: {tier}"
            yield (
                (*PLACE, "targets", tier),
                f"nothing that must not be lost has this tier, so nothing is promised. Drop it, or {way_out}.",
            )
    if storage.recovery.copy_to is not None and storage.recovery.enabled and not any(one.schedule for one in found):
        yield (
            (*PLACE, "copy_to"),
            (
                "is given, but nothing here is backed up, so there is nothing to copy. Drop it; a bucket has "
                "replicate_to for a copy of its own."
            ),
        )


def _switched_off(storage: StorageSettings, found: list[Protection]) -> Iterator[Mistake]:
    if storage.recovery.enabled:
        return
    left = [one for one in found if not one.kept and _could_be_backed_up(storage, one)]
    if left:
        yield (
            (*PLACE, "enabled"),
            (
                f"is false, but {_named(left)} must not be lost, and nothing else protects it. Write enabled: true, or "
                "purpose: scratch for what may be lost."
            ),
        )
    if storage.recovery.copy_to is not None:
        yield (*PLACE, "copy_to"), "is given, but enabled is false, so there is nothing to copy. Drop it."


def _too_rare(storage: StorageSettings, found: list[Protection]) -> Iterator[Mistake]:
    for kind, names in SCHEDULES.items():
        least = min(MINUTES[name] for name in names)
        for tier, target in storage.recovery.targets.items():
            late = [one for one in found if (one.tier, one.kind, one.means) == (tier, kind, "backup") and not one.kept]
            if late:
                yield (
                    (*PLACE, "targets", tier, "rpo_minutes"),
                    (
                        f"{target.rpo_minutes} minutes are promised, but AWS takes backups of {_named(late)} "
                        f"{least} minutes apart at best. Write {least} or more, or give it another tier."
                    ),
                )


def _lustre(storage: StorageSettings, name: str, lustre: LustreSettings) -> Iterator[Mistake]:
    place: Path = ("storage", "lustre", name)
    if lustre.purpose in MAY_BE_LOST:
        return
    if lustre.deployment == "scratch-2":
        yield (
            (*place, "deployment"),
            (
                f"scratch-2 keeps one copy, and AWS backs up none of it, but {lustre.purpose} must not be lost. Write "
                "deployment: persistent-2, or purpose: scratch."
            ),
        )
    elif lustre.links and not any(link.exports for link in lustre.links):
        if any(user.mode == "write" for user in lustre.used_by):
            yield (
                (*place, "links"),
                (
                    "pods write here, but no link exports, and AWS backs up no file system that is linked to a bucket, "
                    "so what they write would be nowhere else. Write exports: [NEW, CHANGED, DELETED] in a link, "
                    "purpose: scratch, or mode: read for everybody."
                ),
            )
    elif not lustre.links:
        found, clock = protection(storage.recovery, name, lustre), lustre.maintenance.partition(":")[2]
        if found.schedule in ("daily", "weekly") and BLOCKS[0] <= clock <= BLOCKS[1]:
            yield (
                (*place, "maintenance"),
                (
                    f"begins at {clock}, and AWS takes no backup in the four hours before and in the half hour of it; "
                    f"the {found.schedule} one starts between 02:00 and 03:00. Write 07:30 or later, for example "
                    f"{lustre.maintenance[0]}:09:00."
                ),
            )


def _could_be_backed_up(storage: StorageSettings, one: Protection) -> bool:
    return one.kind != "lustre" or storage.lustre[one.name].can_be_backed_up


def _named(found: list[Protection]) -> str:
    """`file system home, cluster main`."""
    return listed(f"{WORDS.get(one.kind, 'cluster')} {one.name}" for one in found)
