"""The recovery report: protection, worst-case loss, RPO, RTO and runbook of everything that holds data."""

from collections.abc import Iterator, Sequence

from report.tables import aligned, markdown, wrapped
from settings.stack.stack import StackSettings
from settings.storage.buckets import BucketSettings
from settings.storage.recovery_plan import Protection, protections

RUNBOOKS = {
    "buckets": "docs/runbooks/storage/restore-bucket.md",
    "file_systems": "docs/runbooks/storage/restore-file-system.md",
    "lustre": "docs/runbooks/storage/restore-lustre.md",
    "clusters": "docs/runbooks/cluster/restore-cluster.md",
}
NAMES = {"buckets": "bucket", "file_systems": "EFS", "lustre": "Lustre", "clusters": "cluster"}
HEADER = ("Data", "Tier", "Protected by", "Where", "Worst-case loss", "RPO", "RTO", "Runbook")


def as_markdown(settings: StackSettings, stack: str) -> str:
    """Returns the whole page."""
    all_protections = list(protections(settings.storage, settings.clusters.keys()))
    head = [f"# Recovery of {stack}", ""]
    if not all_protections:
        return "\n".join([*head, "The stack has no `storage`: everything that it needs is in Git.", ""])
    rows = [
        (
            _name(protection),
            protection.tier,
            _means(protection),
            _where(settings, protection),
            _loss(protection),
            _minutes(protection.promised.rpo_minutes) if protection.promised else "",
            _minutes(protection.promised.rto_minutes) if protection.promised else "",
            f"`{RUNBOOKS[protection.kind]}`",
        )
        for protection in all_protections
    ]
    notes = [f"- {note}" for note in _notes(settings, all_protections)]
    return "\n".join([*head, *markdown(HEADER, rows), "", *notes, ""])


def as_text(settings: StackSettings, stack: str) -> str:
    """Returns the report for a terminal; "" when the stack holds no data."""
    all_protections = list(protections(settings.storage, settings.clusters.keys()))
    if not all_protections:
        return ""
    rows: list[Sequence[str]] = [("", "protected by", "worst-case loss", "RPO", "RTO")]
    for protection in all_protections:
        promised = protection.promised
        rows.append(
            (
                _name(protection),
                _means(protection),
                _loss(protection),
                _minutes(promised.rpo_minutes) if promised else "none",
                _minutes(promised.rto_minutes) if promised else "none",
            )
        )
    notes = [line for note in _notes(settings, all_protections) for line in wrapped(note, "  ")]
    return "\n".join([f"Recovery of {stack}", "", *aligned(rows), "", *notes, ""])


def _name(protection: Protection) -> str:
    return f"{NAMES[protection.kind]} {protection.name}"


def _means(protection: Protection) -> str:
    return {
        "backup": f"{protection.schedule} backups",
        "versions": "old versions",
        "bucket": "its linked bucket",
        "none": "nothing",
    }[protection.means]


def _where(settings: StackSettings, protection: Protection) -> str:
    storage = settings.storage
    entry = getattr(storage, protection.kind)[protection.name] if protection.kind != "clusters" else None
    locations = []
    if protection.schedule is not None:
        copies = f", copied to {storage.recovery.copy_to}" if storage.recovery.copy_to else ""
        locations.append(f"vault in {settings.region}{copies}")
    if isinstance(entry, BucketSettings) and protection.means == "versions":
        locations.append(f"the bucket itself, for {entry.old_versions} days")
    if (replica_region := getattr(entry, "replicate_to", None)) is not None:
        locations.append(f"replica in {replica_region}")
    return "; ".join(locations)


def _loss(protection: Protection) -> str:
    if protection.means == "versions":
        return "nothing" if protection.promised else "nothing, while versions are kept"
    if protection.means == "bucket":
        return "data that is not exported yet"
    return "everything" if protection.loses_minutes is None else _minutes(protection.loses_minutes)


def _minutes(minutes: int) -> str:
    """Returns a duration as `15 min`, `4 h` or `7 days`."""
    for size, unit in ((24 * 60, "day"), (60, "h")):
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}"
    return f"{minutes} min"


def _notes(settings: StackSettings, all_protections: Sequence[Protection]) -> Iterator[str]:
    recovery = settings.storage.recovery
    if any(protection.schedule for protection in all_protections):
        yield "A backup starts up to an hour after its scheduled time: add this hour to the worst-case loss."
        yield "AWS guarantees no restore time: the RTO is our own target. Measure it in a drill each quarter."
        if recovery.copy_to is None:
            yield "All backups are in one region and are lost with it. Set storage.recovery.copy_to to copy them."
    if recovery.copy_to and any(protection.schedule == "continuous" for protection in all_protections):
        yield f"{recovery.copy_to} gets one copy per day of continuous backups: AWS does not copy their change log."
    if any(protection.means == "versions" for protection in all_protections):
        yield "Old versions are lost with their bucket. To avoid this, set replicate_to or choose a tier with backups."
    if any(protection.kind == "lustre" and protection.schedule == "hourly" for protection in all_protections):
        yield "AWS takes no backups of Lustre in the four hours before its weekly maintenance."
