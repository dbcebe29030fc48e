"""Checks backups against the recovery targets, against what there is to back up, and against the regions."""

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

RECOVERY: Path = ("storage", "recovery")
KIND_NAMES: dict[Kind, str] = {"buckets": "bucket", "file_systems": "file system", "lustre": "file system"}
# FSx takes no backup in the four hours before its maintenance window or in the half hour of it; daily backups start
# by 03:00.
# Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11.
BLOCKS_DAILY_BACKUPS = ("01:30", "07:00")  # start of a maintenance window, from and to


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every mistake between recovery targets, backups and the data in `storage`."""
    storage = parts.storage
    if storage is None:
        return
    all_protections = list(protections(storage, parts.clusters.keys()))
    yield from region_mistakes((*RECOVERY, "copy_to"), storage.recovery.copy_to, parts.region)
    yield from _does_nothing(storage, all_protections)
    yield from _switched_off(storage, all_protections)
    yield from _too_rare(storage, all_protections)
    for name, lustre in storage.lustre.items():
        yield from _lustre(storage, name, lustre)


def _does_nothing(storage: StorageSettings, all_protections: list[Protection]) -> Iterator[Mistake]:
    used = {one.tier for one in all_protections if one.promised is not None}
    for tier in storage.recovery.targets:
        if tier not in used:
            advice = "write clusters: true" if tier == CLUSTER_TIER else f"give an entry of storage tier: {tier}"
            yield (
                (*RECOVERY, "targets", tier),
                f"no data that must not be lost has this tier, so the target applies to nothing. Drop it, or {advice}.",
            )
    if (
        storage.recovery.copy_to is not None
        and storage.recovery.enabled
        and not any(one.schedule for one in all_protections)
    ):
        yield (
            (*RECOVERY, "copy_to"),
            (
                "is given, but nothing here is backed up, so there is nothing to copy. Drop it; to copy a bucket, use "
                "its replicate_to."
            ),
        )


def _switched_off(storage: StorageSettings, all_protections: list[Protection]) -> Iterator[Mistake]:
    if storage.recovery.enabled:
        return
    unprotected = [one for one in all_protections if not one.kept and _could_be_backed_up(storage, one)]
    if unprotected:
        yield (
            (*RECOVERY, "enabled"),
            (
                f"is false, but {_named(unprotected)} must not be lost, and nothing else protects it. Write enabled: "
                "true, or purpose: scratch for data that may be lost."
            ),
        )
    if storage.recovery.copy_to is not None:
        yield (*RECOVERY, "copy_to"), "is given, but enabled is false, so there is nothing to copy. Drop it."


def _too_rare(storage: StorageSettings, all_protections: list[Protection]) -> Iterator[Mistake]:
    for kind, all_schedules in SCHEDULES.items():
        shortest = min(MINUTES[each] for each in all_schedules)
        for tier, target in storage.recovery.targets.items():
            too_rare = [
                one
                for one in all_protections
                if (one.tier, one.kind, one.means) == (tier, kind, "backup") and not one.kept
            ]
            if too_rare:
                yield (
                    (*RECOVERY, "targets", tier, "rpo_minutes"),
                    (
                        f"{target.rpo_minutes} minutes are promised, but AWS backs up {_named(too_rare)} every "
                        f"{shortest} minutes at best. Write {shortest} or more, or give it another tier."
                    ),
                )


def _lustre(storage: StorageSettings, name: str, lustre: LustreSettings) -> Iterator[Mistake]:
    path: Path = ("storage", "lustre", name)
    if lustre.purpose in MAY_BE_LOST:
        return
    if lustre.deployment == "scratch-2":
        yield (
            (*path, "deployment"),
            (
                f"scratch-2 keeps only one copy, and AWS cannot back it up, but {lustre.purpose} must not be lost. "
                "Write deployment: persistent-2, or purpose: scratch."
            ),
        )
    elif lustre.links and not any(link.exports for link in lustre.links):
        if any(user.mode == "write" for user in lustre.used_by):
            yield (
                (*path, "links"),
                (
                    "pods write here, but no link exports, and AWS cannot back up a file system that is linked to a "
                    "bucket, so new data would have no other copy. Write exports: [NEW, CHANGED, DELETED] in a link, "
                    "purpose: scratch, or mode: read for every user."
                ),
            )
    elif not lustre.links:
        backup, maintenance_start = protection(storage.recovery, name, lustre), lustre.maintenance.partition(":")[2]
        if (
            backup.schedule in ("daily", "weekly")
            and BLOCKS_DAILY_BACKUPS[0] <= maintenance_start <= BLOCKS_DAILY_BACKUPS[1]
        ):
            yield (
                (*path, "maintenance"),
                (
                    f"begins at {maintenance_start}, but AWS takes no backup in the four hours before a maintenance "
                    f"window or in the half hour of it, and the {backup.schedule} backup starts between 02:00 and "
                    f"03:00. Write 07:30 or later, for example {lustre.maintenance[0]}:09:00."
                ),
            )


def _could_be_backed_up(storage: StorageSettings, one: Protection) -> bool:
    return one.kind != "lustre" or storage.lustre[one.name].can_be_backed_up


def _named(protected: list[Protection]) -> str:
    """`file system home, cluster main`."""
    return listed(f"{KIND_NAMES.get(one.kind, 'cluster')} {one.name}" for one in protected)
