"""What is wrong only when parts of a stack file are compared with each other, with the region, or with the day.

The checks run over whichever parts are right in themselves, so that a bad range does not hide a bad pool.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.kubernetes import VERSIONS
from catalog.limits import EKS_CLUSTER_NAME_LENGTH, EKS_NODE_GROUP_NAME_LENGTH, ELASTIC_IPS_PER_REGION
from catalog.regions import REGIONS
from settings import capacity, compute_plan, pool_checks, storage_checks
from settings.landing import landing_pools
from settings.needed_addons import needed_for_storage, needed_managed_addons
from settings.network import NetworkSettings
from settings.parts import Mistake, Parts, Path
from settings.problems import listed


def cross_mistakes(parts: Parts, today: date) -> list[Mistake]:
    """Every mistake between parts."""
    zones = zone_names(parts.network, parts.region)
    return [
        *_zones(parts),
        *_elastic_ips(parts),
        *_machines(parts),
        *_pool_names(parts),
        *_names_of_resources(parts),
        *_landing_places(parts),
        *pool_checks.mistakes(parts, zones, today),
        *_snapshots(parts),
        *(_versions(parts, today) or _addon_versions(parts)),  # a version that has to go needs no add-ons
        *capacity.mistakes(parts.network, zones, dict(parts.pools()), len(parts.clusters)),
        *storage_checks.mistakes(parts, zones),
        *compute_plan.mistakes(parts.quotas, dict(parts.pools()), zones),
    ]


def zone_names(network: NetworkSettings | None, region_name: str | None) -> tuple[str, ...] | None:
    """The zones of the network: as named, or the first ones of the region. None when they cannot be told."""
    region = REGIONS.get(region_name or "")
    if network is None or region is None:
        return None
    zones = network.zones
    if isinstance(zones, tuple):
        return zones
    usable = tuple(zone.name for zone in region.eks_zones)
    return usable[:zones] if zones <= len(usable) else None


def _zones(parts: Parts) -> Iterator[Mistake]:
    region = REGIONS.get(parts.region or "")
    if parts.network is None or region is None:
        return
    zones = parts.network.zones
    all_names, usable = [zone.name for zone in region.zones], len(region.eks_zones)
    if isinstance(zones, int):
        if zones > usable:
            yield (
                ("network", "zones"),
                (
                    f"{zones} zones asked for, and EKS can use {usable} in {region.name}. Give {usable} or less, "
                    "or take another region."
                ),
            )
    else:
        if strange := [zone for zone in zones if zone not in all_names]:
            yield (
                ("network", "zones"),
                f"{region.name} has no zone {listed(strange)}. Its zones are {listed(all_names)}.",
            )
        if len(set(zones) & set(all_names)) > usable:
            yield (
                ("network", "zones"),
                (
                    f"all zones of {region.name} are named, and EKS refuses cluster subnets in "
                    f"{listed(region.eks_excluded_zone_ids)}. Which name that is differs between accounts: look with "
                    "`aws ec2 describe-availability-zones` and leave it out."
                ),
            )
    for place, who, named in parts.named_zones():
        if isinstance(zones, int):
            yield (
                place,
                (
                    f"{who} names zones ({listed(named)}), but network.zones is a number, so AWS decides which "
                    "ones there are. Name the zones in network.zones too."
                ),
            )
        elif strange := [zone for zone in named if zone not in zones]:
            instead = "name a reservation in one of these zones" if who == "the reservation" else "drop it here"
            yield (
                place,
                (
                    f"network.zones ({listed(zones)}) has no {listed(strange)}, so no subnet is there. "
                    f"Add it to the network, or {instead}."
                ),
            )


def _elastic_ips(parts: Parts) -> Iterator[Mistake]:
    if parts.network is None or parts.network.nat != "per-zone":
        return
    zones = parts.network.zones
    count = zones if isinstance(zones, int) else len(zones)
    if count > ELASTIC_IPS_PER_REGION:
        yield (
            ("network", "nat"),
            (
                f"a NAT gateway in each of {count} zones takes {count} Elastic IPs, and an account has "
                f"{ELASTIC_IPS_PER_REGION} in a region. Use fewer zones, or nat: single."
            ),
        )


def _machines(parts: Parts) -> Iterator[Mistake]:
    region = parts.region
    if region is None:
        return
    for place, pool in parts.pools():
        missing = [name for name in pool.instance_types if region not in INSTANCE_TYPES[name].regions]
        if not any(region in known.regions for known in INSTANCE_TYPES.values()):
            yield (
                place,
                f"which instance types {region} offers is not in the catalog. Take another region, or add them.",
            )
        elif missing:
            yield (
                (*place, "instance_types"),
                (
                    f"{region} does not offer {listed(missing)}, so its nodes would never start. "
                    f"{_offered_instead(missing[0], region)}"
                ),
            )


def _offered_instead(name: str, region: str) -> str:
    wanted = INSTANCE_TYPES[name]
    here = [other for other in INSTANCE_TYPES.values() if region in other.regions and other.arch == wanted.arch]
    if wanted.accelerator is None:
        alike = [t for t in here if t.vcpus == wanted.vcpus and t.memory_mib >= wanted.memory_mib and not t.accelerator]
        nearest = sorted(alike, key=lambda other: other.memory_mib)
    else:
        device = (wanted.accelerator.name, wanted.accelerator.memory_mib)
        alike = [t for t in here if t.accelerator and (t.accelerator.name, t.accelerator.memory_mib) == device]
        nearest = sorted(alike, key=lambda other: abs(other.vcpus - wanted.vcpus))
    if nearest:
        return f"Alike and offered: {listed(other.name for other in nearest[:3])}."
    elsewhere = f", or another region: {name} is in {listed(sorted(wanted.regions)[:4])}" if wanted.regions else ""
    return f"Take another type{elsewhere}."


def _pool_names(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        first: dict[str, int] = {}
        for index, pool in content.pools.items():
            if pool.name in first:
                yield (
                    ("clusters", cluster, "pools", index, "name"),
                    (
                        f"{pool.name} is the name of pools[{first[pool.name]}] already, and a pool is known by its "
                        "name. Rename one of them."
                    ),
                )
            first.setdefault(pool.name, index)


def _names_of_resources(parts: Parts) -> Iterator[Mistake]:
    joined: dict[str, str] = {}
    for place, pool in parts.pools():
        cluster = str(place[1])
        name = f"{cluster}-{pool.name}"
        group = f"{name}-{parts.region}a-1234567"  # one in each zone, with the suffix that Pulumi adds
        if pool.provisioner == "managed" and len(group) > EKS_NODE_GROUP_NAME_LENGTH:
            yield (
                (*place, "name"),
                (
                    f"the node group's name, {group}, would have {len(group)} characters, and "
                    f"EKS takes {EKS_NODE_GROUP_NAME_LENGTH}. Shorten the name of the pool or of the cluster."
                ),
            )
        if joined.setdefault(name, cluster) != cluster:
            yield (
                (*place, "name"),
                (
                    f"{name} is the name of a pool of cluster {joined[name]} too, once cluster and pool are joined by "
                    "a hyphen. Rename one of them."
                ),
            )
    for cluster in parts.clusters:
        physical = parts.cluster_name(cluster)
        if physical is not None and len(physical) > EKS_CLUSTER_NAME_LENGTH:
            yield (
                ("clusters", cluster),
                (
                    f"the cluster's name in AWS, {physical}, has {len(physical)} characters, and EKS takes "
                    f"{EKS_CLUSTER_NAME_LENGTH}. Shorten it."
                ),
            )


def _landing_places(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        if not content.complete:
            continue
        place: Path = ("clusters", cluster, "pools")
        open_pools = landing_pools(content.pools.values())
        if not open_pools:
            yield (
                place,
                (
                    "no managed pool without taints and off_peak begins with a node, so CoreDNS and the other add-ons "
                    "would have no place to run. Give one managed pool no taints, no off_peak, and min_per_zone or "
                    "desired_per_zone of 1 or more."
                ),
            )
        elif parts.environment in ("staging", "prod") and all(p.capacity_type == "spot" for p in open_pools):
            yield (
                place,
                (
                    f"every pool that add-ons can run on is spot, so AWS could take all of them at once; in "
                    f"{parts.environment} that stops the cluster. Make one pool without taints on-demand."
                ),
            )


def _versions(parts: Parts, today: date) -> list[Mistake]:
    found: list[Mistake] = []
    supported = listed(known.version for known in VERSIONS.values() if known.end_standard >= today)
    for cluster, content in parts.clusters.items():
        known = VERSIONS.get(content.version or "")
        if known is None:
            continue
        if known.end_extended < today:
            sentence = (
                f"{known.version} has had no support since {known.end_extended}, and AWS upgrades such clusters by "
                f"itself. Write one of {supported}, going up one minor version at a time."
            )
        elif known.end_standard < today and content.support_type == "STANDARD":
            sentence = (
                f"{known.version} left standard support on {known.end_standard}, and with support_type STANDARD AWS "
                f"upgrades the cluster by itself. Write one of {supported}, or support_type: EXTENDED, which costs six "
                "times as much an hour."
            )
        else:
            continue
        found.append((("clusters", cluster, "version"), sentence))
    return found


def _snapshots(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        asked = (content.addons or {}).get("velero")
        if content.snapshots is False and isinstance(asked, Mapping) and asked.get("enabled", True):
            yield (
                ("clusters", cluster, "storage_classes", "snapshots"),
                (
                    "is off, but the add-on velero copies volumes by snapshots, so its backups would hold no data. "
                    "Set snapshots: true, or turn velero off."
                ),
            )


def _addon_versions(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        if content.version is None or content.managed_addons is None:
            continue
        unpinned = []
        stored = needed_for_storage(parts.storage, cluster, parts.clusters) if parts.storage else ()
        stored += needed_managed_addons((), snapshots=content.snapshots is True)
        for name, addon in ADDONS.items():
            asked = content.managed_addons.get(name)
            given = asked.get("version") if isinstance(asked, Mapping) else None
            wanted = addon.every_cluster or asked is not None or name in stored
            if wanted and given is None and content.version not in addon.versions:
                unpinned.append(name)
        if unpinned:
            yield (
                ("clusters", cluster, "managed_addons"),
                (
                    f"the catalog pins no version of {listed(unpinned)} for Kubernetes {content.version}. Give "
                    f"`{unpinned[0]}: {{version: ...}}` one that `aws eks describe-addon-versions` lists"
                    f"{', and each of the others' if len(unpinned) > 1 else ''}."
                ),
            )
