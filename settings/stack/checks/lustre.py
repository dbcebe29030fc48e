"""Checks Lustre file systems against the network, the pools that use them, and the buckets."""

from collections.abc import Iterator

from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.stack.parts import Parts
from settings.storage.lustre import LustreSettings


def mistakes(parts: Parts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Yields every mistake between a Lustre file system and the rest. zones: of the network; None when not known."""
    if parts.storage is None:
        return
    for name, lustre in parts.storage.lustre.items():
        path: Path = ("storage", "lustre", name)
        wrong_zone = list(_zone(path, lustre, parts, zones))
        yield from wrong_zone or _far_from_its_pools(path, lustre, parts, zones)
        for index, link in enumerate(lustre.links):
            if link.bucket not in parts.storage.buckets:
                known = nearest_or_all(link.bucket, parts.storage.buckets) if parts.storage.buckets else ""
                yield (
                    (*path, "links", index, "bucket"),
                    (
                        f"{link.bucket} is not an entry of storage.buckets.{known} Name an existing entry, or add "
                        f"storage.buckets.{link.bucket}."
                    ),
                )


def _zone(path: Path, lustre: LustreSettings, parts: Parts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    if parts.network is not None and isinstance(parts.network.zones, int):
        yield (
            (*path, "zone"),
            (
                f"names {lustre.zone}, but network.zones is a number, so AWS decides which zones the network has. Name "
                "the zones in network.zones too."
            ),
        )
    elif zones is not None and lustre.zone not in zones:
        yield (
            (*path, "zone"),
            (
                f"network.zones ({listed(zones)}) does not have {lustre.zone}, so there is no subnet. Write one of "
                f"{listed(zones)}."
            ),
        )


def _far_from_its_pools(
    path: Path, lustre: LustreSettings, parts: Parts, zones: tuple[str, ...] | None
) -> Iterator[Mistake]:
    """Reads from another zone are slower, and billed by the gigabyte; EFA does not work across zones."""
    for cluster in {user.cluster_among(parts.clusters): None for user in lustre.used_by if parts.clusters}:
        content = parts.clusters.get(cluster)
        if content is None or not content.complete or zones is None:
            continue
        accelerated = [pool for pool in content.pools.values() if pool.accelerator is not None]
        near = [pool for pool in accelerated if lustre.zone in (pool.named_zones or zones)]
        if accelerated and not near:
            elsewhere = [zone for zone in zones if any(zone in (pool.named_zones or zones) for pool in accelerated)]
            yield (
                (*path, "zone"),
                (
                    f"is {lustre.zone}, but the pools of cluster {cluster} with accelerators are in "
                    f"{listed(elsewhere)}: each read would cross zones, which is slower and billed. Write zone: "
                    f"{elsewhere[0]}, or add {lustre.zone} to one of the pools."
                ),
            )
        elif lustre.efa and not any(pool.efa for pool in near):
            yield (
                (*path, "efa"),
                (
                    f"is on, but no pool of cluster {cluster} in {lustre.zone} has EFA, so its nodes would still use "
                    "TCP. Drop it here, or write efa: true in a pool there."
                ),
            )
