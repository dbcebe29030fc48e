"""Plans how each entry of `storage` is protected, and whether that meets the recovery target of its tier.

The RPO is compared with the time from one backup to the next. AWS Backup starts a job up to an hour after its scheduled
time; this delay is not included.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.lustre import LustreSettings
from settings.storage.recovery import RecoverySettings, TargetSettings
from settings.storage.storage import StorageSettings
from settings.storage.storage_entry import StorageEntry, Tier

Schedule = Literal["continuous", "hourly", "daily", "weekly"]
Means = Literal["backup", "versions", "bucket", "none"]
Kind = Literal["buckets", "file_systems", "lustre", "clusters"]

DAY = 24 * 60

# Minutes between two backups. Hourly is the most frequent schedule, except for the change log of S3, which is usually
# less than 15 minutes behind.
# Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup-plan.html and
# https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html, read 2026-11.
MINUTES: Mapping[Schedule, int] = {"continuous": 15, "hourly": 60, "daily": DAY, "weekly": 7 * DAY}
# Listing a bucket every hour costs more than its change log, so buckets have no hourly schedule.
SCHEDULES: Mapping[Kind, tuple[Schedule, ...]] = {
    "buckets": ("weekly", "daily", "continuous"),
    "file_systems": ("weekly", "daily", "hourly"),
    "lustre": ("weekly", "daily", "hourly"),
    "clusters": ("weekly", "daily", "hourly"),
}
# The default target of each tier: the largest loss that is acceptable to the people who depend on the data.
TARGETS: Mapping[Tier, TargetSettings] = {
    "production-inference": TargetSettings(rpo_minutes=60, rto_minutes=2 * 60),
    "agents": TargetSettings(rpo_minutes=60, rto_minutes=4 * 60),
    "training": TargetSettings(rpo_minutes=DAY, rto_minutes=DAY),
    "platform-metadata": TargetSettings(rpo_minutes=DAY, rto_minutes=4 * 60),
    "experiments": TargetSettings(rpo_minutes=DAY, rto_minutes=8 * 60),
}
# Datasets can be fetched again and checkpoints computed again: for these tiers the old versions in the bucket are
# enough, and a backup would cost more than twice as much as the bucket.
REPRODUCIBLE_TIERS: Collection[Tier] = ("training", "experiments")
MAY_BE_LOST = ("scratch", "logs", "backups")
CLUSTER_TIER: Tier = "platform-metadata"


@dataclass(frozen=True, kw_only=True)
class Protection:
    """How one entry of `storage`, or one cluster, is protected.

    means: what protects the data: backups, old versions in the bucket, the linked bucket, or nothing.
    schedule: of the backups; None with other means, and when no schedule is frequent enough.
    loses_minutes: minutes of changes that are lost in the worst case, after a deletion; None: everything, or not known.
    promised: the recovery target; None for data that may be lost.
    """

    kind: Kind
    name: str
    tier: Tier
    means: Means
    schedule: Schedule | None
    loses_minutes: int | None
    promised: TargetSettings | None

    @property
    def kept(self) -> bool:
        """Whether the protection meets the recovery target."""
        if self.promised is None or self.means == "bucket":  # the bucket has a protection of its own
            return True
        return self.loses_minutes is not None and self.loses_minutes <= self.promised.rpo_minutes

    @property
    def label(self) -> str:
        """The schedule, or else the means. It is the value of the tag by which backups are selected."""
        return self.schedule or self.means


def target(recovery: RecoverySettings, tier: Tier) -> TargetSettings:
    """Returns the recovery target of a tier."""
    return recovery.targets.get(tier) or TARGETS[tier]


def schedule_for(kind: Kind, rpo_minutes: int) -> Schedule | None:
    """Returns the least frequent schedule that loses at most `rpo_minutes`; None when none is frequent enough."""
    return next((schedule for schedule in SCHEDULES[kind] if MINUTES[schedule] <= rpo_minutes), None)


def kind_of(entry: StorageEntry) -> Kind:
    """Returns the map of `storage` that an entry belongs to."""
    kinds: Mapping[type[StorageEntry], Kind] = {
        BucketSettings: "buckets",
        FileSystemSettings: "file_systems",
        LustreSettings: "lustre",
    }
    return kinds[type(entry)]


def protection(recovery: RecoverySettings, name: str, entry: StorageEntry) -> Protection:
    """Returns how an entry of `storage` is protected."""
    promised, means = target(recovery, entry.tier), _means(recovery, entry)
    if entry.purpose in MAY_BE_LOST:
        return _protection(kind_of(entry), name, entry.tier, means, None)
    return _protection(kind_of(entry), name, entry.tier, means, promised)


def cluster_protection(recovery: RecoverySettings, name: str) -> Protection:
    """Returns how the Kubernetes objects of a cluster, and the volumes that its pods claim, are protected."""
    backed_up = recovery.enabled and recovery.clusters
    return _protection(
        "clusters",
        name,
        CLUSTER_TIER,
        "backup" if backed_up else "none",
        target(recovery, CLUSTER_TIER) if backed_up else None,
    )


def protections(storage: StorageSettings, clusters: Collection[str]) -> Iterator[Protection]:
    """Yields how all entries and clusters of a stack are protected; nothing for a stack without data."""
    if any(storage.entries()):
        for _, name, entry in storage.entries():
            yield protection(storage.recovery, name, entry)
        for cluster in clusters:
            yield cluster_protection(storage.recovery, cluster)


def schedules(storage: StorageSettings, clusters: Collection[str]) -> list[Schedule]:
    """Returns the schedules that the stack needs, the most frequent one first."""
    used = {one.schedule for one in protections(storage, clusters)}
    return [schedule for schedule in get_args(Schedule) if schedule in used]


def _means(recovery: RecoverySettings, entry: StorageEntry) -> Means:
    """AWS cannot back up scratch file systems, or file systems that are linked to a bucket.

    Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html, read 2026-11.
    """
    if isinstance(entry, BucketSettings) and (entry.purpose in MAY_BE_LOST or entry.tier in REPRODUCIBLE_TIERS):
        return "versions"
    if isinstance(entry, LustreSettings) and entry.links:
        return "bucket"
    if entry.purpose in MAY_BE_LOST or (isinstance(entry, LustreSettings) and not entry.can_be_backed_up):
        return "none"
    return "backup" if recovery.enabled else "none"


def _protection(kind: Kind, name: str, tier: Tier, means: Means, promised: TargetSettings | None) -> Protection:
    schedule = schedule_for(kind, promised.rpo_minutes) if means == "backup" and promised else None
    loses = 0 if means == "versions" else MINUTES[schedule] if schedule else None
    return Protection(
        kind=kind, name=name, tier=tier, means=means, schedule=schedule, loses_minutes=loses, promised=promised
    )
