"""Checks the entries of `storage` against each other, the clusters, the network and the regions."""

from collections.abc import Iterator, Mapping

from settings.cluster.addon_rules import AddOnRules
from settings.core.problems import Mistake, Path, listed
from settings.stack.checks import buckets as bucket_checks
from settings.stack.checks import file_systems as file_system_checks
from settings.stack.checks import lustre as lustre_checks
from settings.stack.checks import recovery as recovery_checks
from settings.stack.parts import Parts


def mistakes(parts: Parts, zones: tuple[str, ...] | None, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake between an entry of `storage` and the rest. zones: of the network; None when not known."""
    if parts.storage is None:
        return
    yield from _users(parts)
    yield from bucket_checks.mistakes(parts, add_ons)
    yield from file_system_checks.mistakes(parts)
    yield from lustre_checks.mistakes(parts, zones)
    yield from recovery_checks.mistakes(parts)


def _users(parts: Parts) -> Iterator[Mistake]:
    storage = parts.storage
    for kind, name, entry in storage.entries() if storage is not None else ():
        path: Path = ("storage", kind, name, "used_by")
        if not entry.used_by and entry.purpose not in ("logs", "backups"):
            account = "service_account: trainer, " if kind == "buckets" else ""
            yield (
                path,
                (
                    "is empty, so no team may use it, but you would still pay for it. Write for example `used_by: "
                    f"[{{namespace: research, {account}mode: write}}]`, or drop the entry."
                ),
            )
        for index, user in enumerate(entry.used_by):
            if user.cluster is None and len(parts.clusters) > 1:
                yield (
                    (*path, index, "cluster"),
                    f"is missing, and there are {len(parts.clusters)} clusters: {listed(parts.clusters)}. Name one.",
                )
            elif user.cluster is not None and user.cluster not in parts.clusters:
                yield (
                    (*path, index, "cluster"),
                    f"{user.cluster} is not a cluster of this stack. Write one of {listed(parts.clusters)}.",
                )
