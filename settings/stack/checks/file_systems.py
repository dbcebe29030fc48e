"""Checks EFS file systems against their users, the clusters and the regions."""

from collections.abc import Iterator, Mapping

from catalog.eks_addons import EFS_DRIVER_AT_LEAST, release_of
from settings.core.problems import Mistake, Path
from settings.stack.parts import Parts
from settings.storage.file_systems import FileSystemSettings, posix_id
from settings.storage.second_region import region_mistakes
from settings.storage.storage_entry import VolumeUserSettings

# Secondary groups that an access point can have. Source: EFS API reference, PosixUser, read 2026-11.
MAX_SECONDARY_GROUPS = 16


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every mistake between a file system and its users or the rest of the stack file."""
    systems = parts.storage.file_systems if parts.storage is not None else {}
    for name, system in systems.items():
        path: Path = ("storage", "file_systems", name)
        yield from region_mistakes((*path, "replicate_to"), system.replicate_to, parts.region)
        yield from _writers(path, system)
        yield from _owners(path, system)
        yield from _namespaces(path, system, parts)
    yield from _joined_names(parts)
    yield from _old_drivers(parts)


def _old_drivers(parts: Parts) -> Iterator[Mistake]:
    """Yields drivers that a stack file names and that would mount as the node, whose role no policy names."""
    systems = parts.storage.file_systems if parts.storage is not None else {}
    by_iam = sorted(name for name, system in systems.items() if system.access != "network")
    for cluster, content in parts.clusters.items() if by_iam else ():
        entry = (content.managed_addons or {}).get("aws-efs-csi-driver")
        version = entry.get("version") if isinstance(entry, Mapping) else None
        if version is not None and release_of(version) < EFS_DRIVER_AT_LEAST:
            yield (
                ("clusters", cluster, "managed_addons", "aws-efs-csi-driver", "version"),
                (
                    f"{version} is older than {'.'.join(map(str, EFS_DRIVER_AT_LEAST))}: it has no role of its own on "
                    f"the nodes, and storage.file_systems.{by_iam[0]} would refuse its mounts. Drop it, or write "
                    f"access: network for {', '.join(by_iam)}."
                ),
            )


def _writers(path: Path, system: FileSystemSettings) -> Iterator[Mistake]:
    writing = {user.namespace for user in system.used_by if user.mode == "write"}
    if system.used_by and not writing:
        yield (
            (*path, "used_by"),
            "no namespace writes, so the file system stays empty. Give one of them mode: write.",
        )
    if not system.used_by and system.purpose in ("logs", "backups"):
        yield (
            (*path, "used_by"),
            (
                f"is empty, and nothing else writes {system.purpose} to a file system. Write for example `used_by: "
                "[{namespace: research, mode: write}]`, or drop the entry."
            ),
        )
    if len(writing) > MAX_SECONDARY_GROUPS and any(user.mode == "read" for user in system.used_by):
        yield (
            (*path, "used_by"),
            (
                f"{len(writing)} namespaces write, but a namespace that only reads can see the files of "
                f"{MAX_SECONDARY_GROUPS}. Split the entry, or give mode: write to the namespaces that read."
            ),
        )


def _owners(path: Path, system: FileSystemSettings) -> Iterator[Mistake]:
    owners: dict[int, str] = {}
    for index, user in enumerate(system.used_by):
        first = owners.setdefault(posix_id(user.namespace), user.namespace)
        if first != user.namespace:
            yield (
                (*path, "used_by", index, "namespace"),
                (
                    f"{user.namespace} and {first} would get the same numeric user, so each could read the other's "
                    "files. Rename one of them."
                ),
            )


def _namespaces(path: Path, system: FileSystemSettings, parts: Parts) -> Iterator[Mistake]:
    first: dict[str, VolumeUserSettings] = {}
    seen: set[tuple[str, str]] = set()
    for index, user in enumerate(system.used_by):
        if user.cluster is None and len(parts.clusters) != 1:
            continue  # another check reports that the cluster is missing
        cluster_and_namespace = (user.cluster_among(parts.clusters), user.namespace)
        first_entry = first.setdefault(user.namespace, user)
        if first_entry.mode != user.mode:
            yield (
                (*path, "used_by", index, "mode"),
                (
                    f"{user.namespace} has mode {first_entry.mode} in one entry and {user.mode} in another, but a "
                    "namespace has only one folder. Give both the same mode."
                ),
            )
        elif cluster_and_namespace in seen:
            yield (*path, "used_by", index), f"{user.namespace} is already in the list. Drop one of the two."
        seen.add(cluster_and_namespace)


def _joined_names(parts: Parts) -> Iterator[Mistake]:
    """Yields names of folders and volumes that two users share: they join file system, cluster and namespace by '-'."""
    systems = parts.storage.file_systems if parts.storage is not None else {}
    used: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, system in systems.items():
        for index, user in enumerate(system.used_by):
            cluster = user.cluster or next(iter(parts.clusters), "")
            for what, parts_of_name in (
                ("folder", (name, user.namespace)),
                ("volume", (name, cluster, user.namespace)),
            ):
                first = used.setdefault((what, "-".join(parts_of_name)), parts_of_name)
                if first != parts_of_name:
                    yield (
                        ("storage", "file_systems", name, "used_by", index, "namespace"),
                        (
                            f"{'-'.join(parts_of_name)} would be the name of two {what}s: of {' and '.join(first)}, "
                            f"and of {' and '.join(parts_of_name)}. Rename one of the file systems, clusters or "
                            "namespaces."
                        ),
                    )
                    break
