"""What is wrong with places for data beside each other, the clusters, the network and the regions."""

from collections.abc import Iterator

from settings.core.problems import Mistake, Path, listed
from settings.stack.checks import buckets as bucket_checks
from settings.stack.checks import file_systems as file_system_checks
from settings.stack.checks import lustre as lustre_checks
from settings.stack.checks import recovery as recovery_checks
from settings.stack.parts import Parts


def mistakes(parts: Parts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Every mistake that shows only from outside an entry. zones: those of the network, where they can be told."""
    if parts.storage is None:
        return
    yield from _users(parts)
    yield from bucket_checks.mistakes(parts)
    yield from file_system_checks.mistakes(parts)
    yield from lustre_checks.mistakes(parts, zones)
    yield from recovery_checks.mistakes(parts)


def _users(parts: Parts) -> Iterator[Mistake]:
    storage = parts.storage
    for kind, name, held in storage.entries() if storage is not None else ():
        place: Path = ("storage", kind, name, "used_by")
        if not held.used_by and held.purpose not in ("logs", "backups"):
            yield (
                place,
                (
                    "is empty, so no team may use it, and it would be paid for all the same. Write for example "
                    "`used_by: [{namespace: research, mode: write}]`, or drop the entry."
                ),
            )
        for index, user in enumerate(held.used_by):
            if user.cluster is None and len(parts.clusters) > 1:
                yield (
                    (*place, index, "cluster"),
                    f"is not given, and there are {len(parts.clusters)}: {listed(parts.clusters)}. Name one.",
                )
            elif user.cluster is not None and user.cluster not in parts.clusters:
                yield (
                    (*place, index, "cluster"),
                    f"{user.cluster} is no cluster of this stack. Write one of {listed(parts.clusters)}.",
                )
