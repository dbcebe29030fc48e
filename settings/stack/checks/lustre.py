"""What is wrong with Lustre file systems beside the network, the pools that use them, and the buckets."""

from collections.abc import Iterator

from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.stack.parts import Parts
from settings.storage.lustre import LustreSettings


def mistakes(parts: Parts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """zones: those of the network, where they can be told."""
    if parts.storage is None:
        return
    for name, held in parts.storage.lustre.items():
        place: Path = ("storage", "lustre", name)
        found = list(_zone(place, held, parts, zones))
        yield from found or _beside_its_pools(place, held, parts, zones)
        for index, link in enumerate(held.links):
            if link.bucket not in parts.storage.buckets:
                known = nearest_or_all(link.bucket, parts.storage.buckets) if parts.storage.buckets else ""
                yield (
                    (*place, "links", index, "bucket"),
                    (
                        f"{link.bucket} is no entry of storage.buckets.{known} "
                        f"Name one that is there, or add storage.buckets.{link.bucket}."
                    ),
                )


def _zone(place: Path, held: LustreSettings, parts: Parts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    if parts.network is not None and isinstance(parts.network.zones, int):
        yield (
            (*place, "zone"),
            (
                f"names {held.zone}, but network.zones is a number, so AWS decides which zones there are. "
                "Name the zones in network.zones too."
            ),
        )
    elif zones is not None and held.zone not in zones:
        yield (
            (*place, "zone"),
            (
                f"network.zones ({listed(zones)}) has no {held.zone}, so no subnet is there. "
                f"Write one of {listed(zones)}."
            ),
        )


def _beside_its_pools(
    place: Path, held: LustreSettings, parts: Parts, zones: tuple[str, ...] | None
) -> Iterator[Mistake]:
    """Reading from another zone is slower, and paid for by the gigabyte; EFA does not leave its zone at all."""
    for cluster in {user.cluster_among(parts.clusters): None for user in held.used_by if parts.clusters}:
        content = parts.clusters.get(cluster)
        if content is None or not content.complete or zones is None:
            continue
        accelerated = [pool for pool in content.pools.values() if pool.accelerator is not None]
        near = [pool for pool in accelerated if held.zone in (pool.named_zones or zones)]
        if accelerated and not near:
            elsewhere = [zone for zone in zones if any(zone in (pool.named_zones or zones) for pool in accelerated)]
            yield (
                (*place, "zone"),
                (
                    f"is {held.zone}, but the pools of cluster {cluster} with accelerators stand in "
                    f"{listed(elsewhere)}: each read would cross zones, slower and billed. "
                    f"Write zone: {elsewhere[0]}, or let one of the pools stand in {held.zone}."
                ),
            )
        elif held.efa and not any(pool.efa for pool in near):
            yield (
                (*place, "efa"),
                (
                    f"is on, but no pool of cluster {cluster} in {held.zone} has EFA, so its nodes would read by TCP "
                    "all the same. Drop it here, or write efa: true in a pool there."
                ),
            )
