"""How each place for data is protected, and whether that keeps what its tier is promised.

RPO is counted from one backup to the next. AWS Backup starts a job within an hour of its time; that comes on top.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.held_data import HeldData, Tier
from settings.storage.lustre import LustreSettings
from settings.storage.recovery import RecoverySettings, TargetSettings
from settings.storage.storage import StorageSettings

Schedule = Literal["continuous", "hourly", "daily", "weekly"]
Means = Literal["backup", "versions", "bucket", "none"]
Kind = Literal["buckets", "file_systems", "lustre", "clusters"]

DAY = 24 * 60

# Minutes between two backups. Nothing is more often than hourly, except the change log of S3, which is usually less
# than 15 minutes behind. Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup-plan.html and
# https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html, read 2026-11.
MINUTES: Mapping[Schedule, int] = {"continuous": 15, "hourly": 60, "daily": DAY, "weekly": 7 * DAY}
# Buckets that are listed every hour cost more than their change log, so they have no hourly schedule.
SCHEDULES: Mapping[Kind, tuple[Schedule, ...]] = {
    "buckets": ("weekly", "daily", "continuous"),
    "file_systems": ("weekly", "daily", "hourly"),
    "lustre": ("weekly", "daily", "hourly"),
    "clusters": ("weekly", "daily", "hourly"),
}
# What is promised when the stack file says nothing: the largest loss that the people who depend on it can live with.
TARGETS: Mapping[Tier, TargetSettings] = {
    "production-inference": TargetSettings(rpo_minutes=60, rto_minutes=2 * 60),
    "agents": TargetSettings(rpo_minutes=60, rto_minutes=4 * 60),
    "training": TargetSettings(rpo_minutes=DAY, rto_minutes=DAY),
    "platform-metadata": TargetSettings(rpo_minutes=DAY, rto_minutes=4 * 60),
    "experiments": TargetSettings(rpo_minutes=DAY, rto_minutes=8 * 60),
}
# Datasets are fetched again and checkpoints computed again: for these, the bucket's own old versions are enough, and a
# backup would cost more than twice what the bucket does.
MADE_AGAIN: Collection[Tier] = ("training", "experiments")
MAY_BE_LOST = ("scratch", "logs", "backups")
CLUSTER_TIER: Tier = "platform-metadata"


@dataclass(frozen=True, kw_only=True)
class Protection:
    """How one place for data is protected.

    schedule: of its backups; None where the means is another one, or no schedule is often enough.
    loses_minutes: what is lost at worst, after a deletion; None: nobody can tell, or everything.
    promised: None for what may be lost.
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
        """Whether the promise is kept."""
        if self.promised is None or self.means == "bucket":  # the bucket's own entry is judged for itself
            return True
        return self.loses_minutes is not None and self.loses_minutes <= self.promised.rpo_minutes

    @property
    def label(self) -> str:
        """The schedule, or the means where there is none; the value of the tag by which backups are selected."""
        return self.schedule or self.means


def target(recovery: RecoverySettings, tier: Tier) -> TargetSettings:
    """What a tier is promised."""
    return recovery.targets.get(tier) or TARGETS[tier]


def schedule_for(kind: Kind, rpo_minutes: int) -> Schedule | None:
    """The rarest schedule that loses no more than `rpo_minutes`; None where none is often enough."""
    return next((schedule for schedule in SCHEDULES[kind] if MINUTES[schedule] <= rpo_minutes), None)


def kind_of(held: HeldData) -> Kind:
    """The map of `storage` that an entry belongs to."""
    kinds: Mapping[type[HeldData], Kind] = {
        BucketSettings: "buckets",
        FileSystemSettings: "file_systems",
        LustreSettings: "lustre",
    }
    return kinds[type(held)]


def protection(recovery: RecoverySettings, name: str, held: HeldData) -> Protection:
    """How an entry of `storage` is protected."""
    promised, means = target(recovery, held.tier), _means(recovery, held)
    if held.purpose in MAY_BE_LOST:
        return _protection(kind_of(held), name, held.tier, means, None)
    return _protection(kind_of(held), name, held.tier, means, promised)


def cluster_protection(recovery: RecoverySettings, name: str) -> Protection:
    """How the Kubernetes objects of a cluster are protected, with the volumes that its pods claimed."""
    wanted = recovery.enabled and recovery.clusters
    return _protection(
        "clusters",
        name,
        CLUSTER_TIER,
        "backup" if wanted else "none",
        target(recovery, CLUSTER_TIER) if wanted else None,
    )


def protections(storage: StorageSettings, clusters: Collection[str]) -> Iterator[Protection]:
    """How everything of a stack is protected; nothing where it holds no data."""
    if any(storage.entries()):
        for _, name, held in storage.entries():
            yield protection(storage.recovery, name, held)
        for cluster in clusters:
            yield cluster_protection(storage.recovery, cluster)


def schedules(storage: StorageSettings, clusters: Collection[str]) -> list[Schedule]:
    """The schedules that something of the stack needs, most frequent first."""
    used = {one.schedule for one in protections(storage, clusters)}
    return [schedule for schedule in get_args(Schedule) if schedule in used]


def _means(recovery: RecoverySettings, held: HeldData) -> Means:
    """AWS backs up neither scratch file systems nor those that show a bucket.

    Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html, read 2026-11.
    """
    if isinstance(held, BucketSettings) and (held.purpose in MAY_BE_LOST or held.tier in MADE_AGAIN):
        return "versions"
    if isinstance(held, LustreSettings) and held.links:
        return "bucket"
    if held.purpose in MAY_BE_LOST or (isinstance(held, LustreSettings) and not held.can_be_backed_up):
        return "none"
    return "backup" if recovery.enabled else "none"


def _protection(kind: Kind, name: str, tier: Tier, means: Means, promised: TargetSettings | None) -> Protection:
    schedule = schedule_for(kind, promised.rpo_minutes) if means == "backup" and promised else None
    loses = 0 if means == "versions" else MINUTES[schedule] if schedule else None
    return Protection(
        kind=kind, name=name, tier=tier, means=means, schedule=schedule, loses_minutes=loses, promised=promised
    )
