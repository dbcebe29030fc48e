"""What is wrong with EFS file systems beside those who use them, and the regions."""

from collections.abc import Iterator

from settings.core.problems import Mistake, Path
from settings.stack.parts import Parts
from settings.storage.file_systems import FileSystemSettings, posix_id
from settings.storage.held_data import VolumeUserSettings
from settings.storage.second_region import region_mistakes

# Groups that an access point takes beside its own. Source: EFS API reference, PosixUser, read 2026-11.
GROUPS = 16


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Every mistake that shows only from outside a file system, or in the list of its users."""
    systems = parts.storage.file_systems if parts.storage is not None else {}
    for name, system in systems.items():
        place: Path = ("storage", "file_systems", name)
        yield from region_mistakes((*place, "replicate_to"), system.replicate_to, parts.region)
        yield from _writers(place, system)
        yield from _owners(place, system)
        yield from _namespaces(place, system, parts)
    yield from _joined(parts)


def _writers(place: Path, system: FileSystemSettings) -> Iterator[Mistake]:
    writing = {user.namespace for user in system.used_by if user.mode == "write"}
    if system.used_by and not writing:
        yield (
            (*place, "used_by"),
            "everybody only reads, so the file system stays empty. Give one of them mode: write.",
        )
    if not system.used_by and system.purpose in ("logs", "backups"):
        yield (
            (*place, "used_by"),
            (
                f"is empty, and nothing else writes {system.purpose} to a file system. Write for example `used_by: "
                "[{namespace: research, mode: write}]`, or drop the entry."
            ),
        )
    if len(writing) > GROUPS and any(user.mode == "read" for user in system.used_by):
        yield (
            (*place, "used_by"),
            (
                f"{len(writing)} namespaces write, and whoever reads can be in the groups of {GROUPS} of them. Split "
                "the entry, or give those who read mode: write."
            ),
        )


def _owners(place: Path, system: FileSystemSettings) -> Iterator[Mistake]:
    owners: dict[int, str] = {}
    for index, user in enumerate(system.used_by):
        first = owners.setdefault(posix_id(user.namespace), user.namespace)
        if first != user.namespace:
            yield (
                (*place, "used_by", index, "namespace"),
                (
                    f"{user.namespace} and {first} would be given the same numeric user, so each could read the "
                    "other's files. Rename one of them."
                ),
            )


def _namespaces(place: Path, system: FileSystemSettings, parts: Parts) -> Iterator[Mistake]:
    first: dict[str, VolumeUserSettings] = {}
    seen: set[tuple[str, str]] = set()
    for index, user in enumerate(system.used_by):
        if user.cluster is None and len(parts.clusters) != 1:
            continue  # which cluster is meant has to be said first
        here = (user.cluster_among(parts.clusters), user.namespace)
        known = first.setdefault(user.namespace, user)
        if known.mode != user.mode:
            yield (
                (*place, "used_by", index, "mode"),
                (
                    f"{user.namespace} is said to {known.mode} in one entry and to {user.mode} in another, and a "
                    "namespace has one folder. Give both the same mode."
                ),
            )
        elif here in seen:
            yield (*place, "used_by", index), f"{user.namespace} is there already. Drop one of the two."
        seen.add(here)


def _joined(parts: Parts) -> Iterator[Mistake]:
    """Names of folders and volumes: file system, cluster and namespace, joined by hyphens."""
    systems = parts.storage.file_systems if parts.storage is not None else {}
    joined: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, system in systems.items():
        for index, user in enumerate(system.used_by):
            cluster = user.cluster or next(iter(parts.clusters), "")
            for what, of in (("folder", (name, user.namespace)), ("volume", (name, cluster, user.namespace))):
                first = joined.setdefault((what, "-".join(of)), of)
                if first != of:
                    yield (
                        ("storage", "file_systems", name, "used_by", index, "namespace"),
                        (
                            f"{'-'.join(of)} would be the name of two {what}s: of {' and '.join(first)}, and of "
                            f"{' and '.join(of)}. Rename one of the file systems, clusters or namespaces."
                        ),
                    )
                    break
