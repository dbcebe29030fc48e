"""Checks zones and instance types against the region and the limits of an account."""

from collections.abc import Iterator

from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import ELASTIC_IPS_PER_REGION
from catalog.regions import REGIONS
from settings.core.problems import Mistake, listed
from settings.network.network import NetworkSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields unknown zones, too many Elastic IPs, and instance types that the region does not offer."""
    yield from _zones(parts)
    yield from _elastic_ips(parts)
    yield from _instance_types(parts)


def zone_names(network: NetworkSettings | None, region_name: str | None) -> tuple[str, ...] | None:
    """Returns the zones of the network: as named, or the first ones of the region. None when they are not known."""
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
                    f"{zones} zones are requested, but EKS can use {usable} in {region.name}. Give {usable} or less, "
                    "or take another region."
                ),
            )
    else:
        if unknown := [zone for zone in zones if zone not in all_names]:
            yield (
                ("network", "zones"),
                f"{region.name} has no zone {listed(unknown)}. Its zones are {listed(all_names)}.",
            )
        if len(set(zones) & set(all_names)) > usable:
            yield (
                ("network", "zones"),
                (
                    f"all zones of {region.name} are named, but EKS refuses cluster subnets in "
                    f"{listed(region.eks_excluded_zone_ids)}. The name of that zone differs between accounts: find it "
                    "with `aws ec2 describe-availability-zones`, and drop it."
                ),
            )
    for path, owner, named in parts.named_zones():
        if isinstance(zones, int):
            yield (
                path,
                (
                    f"{owner} names zones ({listed(named)}), but network.zones is a number, so AWS decides which "
                    "zones the network has. Name the zones in network.zones too."
                ),
            )
        elif unknown := [zone for zone in named if zone not in zones]:
            instead = "name a reservation in one of these zones" if owner == "the reservation" else "drop it here"
            yield (
                path,
                (
                    f"network.zones ({listed(zones)}) does not have {listed(unknown)}, so there is no subnet. Add it "
                    f"to the network, or {instead}."
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
                f"a NAT gateway in each of {count} zones needs {count} Elastic IPs, but an account has "
                f"{ELASTIC_IPS_PER_REGION} in a region. Use fewer zones, or nat: single."
            ),
        )


def _instance_types(parts: Parts) -> Iterator[Mistake]:
    region = parts.region
    if region is None:
        return
    for path, pool in parts.pools():
        missing = [name for name in pool.instance_types if region not in INSTANCE_TYPES[name].regions]
        if not any(region in known.regions for known in INSTANCE_TYPES.values()):
            yield (
                path,
                f"the catalog has no instance types of {region}. Take another region, or add them to the catalog.",
            )
        elif missing:
            yield (
                (*path, "instance_types"),
                (
                    f"{region} does not offer {listed(missing)}, so its nodes would never start. "
                    f"{_offered_instead(missing[0], region)}"
                ),
            )


def _offered_instead(name: str, region: str) -> str:
    requested = INSTANCE_TYPES[name]
    here = [other for other in INSTANCE_TYPES.values() if region in other.regions and other.arch == requested.arch]
    if requested.accelerator is None:
        similar = [
            t for t in here if t.vcpus == requested.vcpus and t.memory_mib >= requested.memory_mib and not t.accelerator
        ]
        nearest = sorted(similar, key=lambda other: other.memory_mib)
    else:
        device = (requested.accelerator.name, requested.accelerator.memory_mib)
        similar = [t for t in here if t.accelerator and (t.accelerator.name, t.accelerator.memory_mib) == device]
        nearest = sorted(similar, key=lambda other: abs(other.vcpus - requested.vcpus))
    if nearest:
        return f"Similar types that it offers: {listed(other.name for other in nearest[:3])}."
    elsewhere = (
        f", or another region: {name} is in {listed(sorted(requested.regions)[:4])}" if requested.regions else ""
    )
    return f"Take another type{elsewhere}."
