"""What is wrong with zones, and with what they offer, beside the region and the account."""

from collections.abc import Iterator

from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import ELASTIC_IPS_PER_REGION
from catalog.regions import REGIONS
from settings.core.problems import Mistake, listed
from settings.network.network import NetworkSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Zones that cannot be told or are not there, too many Elastic IPs, types that the region does not offer."""
    yield from _zones(parts)
    yield from _elastic_ips(parts)
    yield from _machines(parts)


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
