"""What can be recovered: how each place for data is protected, how much is lost at worst, and how it comes back."""

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
HEADER = ("What", "Tier", "Protected by", "Where", "Lost at worst", "RPO", "RTO", "Restore")


def as_markdown(settings: StackSettings, stack: str) -> str:
    """The whole page."""
    found = list(protections(settings.storage, settings.clusters.keys()))
    head = [f"# Recovery of {stack}", ""]
    if not found:
        return "\n".join([*head, "The stack has no `storage`, so there is nothing to recover but what Git holds.", ""])
    rows = [
        (
            _what(one),
            one.tier,
            _means(one),
            _where(settings, one),
            _loss(one),
            _minutes(one.promised.rpo_minutes) if one.promised else "",
            _minutes(one.promised.rto_minutes) if one.promised else "",
            f"`{RUNBOOKS[one.kind]}`",
        )
        for one in found
    ]
    return "\n".join([*head, *markdown(HEADER, rows), "", *(f"- {note}" for note in _notes(settings, found)), ""])


def as_text(settings: StackSettings, stack: str) -> str:
    """For a terminal; nothing where the stack holds no data."""
    found = list(protections(settings.storage, settings.clusters.keys()))
    if not found:
        return ""
    rows: list[Sequence[str]] = [("", "protected by", "lost at worst", "promised", "back within")]
    for one in found:
        promised = one.promised
        rows.append(
            (
                _what(one),
                _means(one),
                _loss(one),
                _minutes(promised.rpo_minutes) if promised else "nothing",
                _minutes(promised.rto_minutes) if promised else "",
            )
        )
    notes = [line for note in _notes(settings, found) for line in wrapped(note, "  ")]
    return "\n".join([f"Recovery of {stack}", "", *aligned(rows), "", *notes, ""])


def _what(one: Protection) -> str:
    return f"{NAMES[one.kind]} {one.name}"


def _means(one: Protection) -> str:
    return {
        "backup": f"{one.schedule} backups",
        "versions": "its old versions",
        "bucket": "the bucket it shows",
        "none": "nothing",
    }[one.means]


def _where(settings: StackSettings, one: Protection) -> str:
    storage = settings.storage
    held = getattr(storage, one.kind)[one.name] if one.kind != "clusters" else None
    places = []
    if one.schedule is not None:
        copies = f", copied to {storage.recovery.copy_to}" if storage.recovery.copy_to else ""
        places.append(f"vault in {settings.region}{copies}")
    if isinstance(held, BucketSettings) and one.means == "versions":
        places.append(f"the bucket itself, for {held.old_versions} days")
    if (replica := getattr(held, "replicate_to", None)) is not None:
        places.append(f"replica in {replica}")
    return "; ".join(places)


def _loss(one: Protection) -> str:
    if one.means == "versions":
        return "nothing" if one.promised else "nothing, while versions last"
    if one.means == "bucket":
        return "what is not exported yet"
    return "everything" if one.loses_minutes is None else _minutes(one.loses_minutes)


def _minutes(minutes: int) -> str:
    """`15 min`, `4 h`, `7 days`."""
    for size, unit in ((24 * 60, "day"), (60, "h")):
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}"
    return f"{minutes} min"


def _notes(settings: StackSettings, found: Sequence[Protection]) -> Iterator[str]:
    recovery = settings.storage.recovery
    if any(one.schedule for one in found):
        yield "A backup starts within an hour of its time: that comes on top of what is lost at worst."
        yield "Times to restore are promises: AWS makes none. Measure them in a drill each quarter."
        if recovery.copy_to is None:
            yield "No backup leaves the region: with it, all of them are lost. Set storage.recovery.copy_to."
    if recovery.copy_to and any(one.schedule == "continuous" for one in found):
        yield f"Of continuous backups, {recovery.copy_to} has one a day: AWS copies no change log."
    if any(one.means == "versions" for one in found):
        yield "Old versions go with their bucket; replicate_to, or a tier that is backed up, protects against that."
    if any(one.kind == "lustre" and one.schedule == "hourly" for one in found):
        yield "AWS takes no backup of Lustre in the four hours before its weekly maintenance."
