"""What the pools come to at their smallest and largest: machines, GPUs, slices, cost, quotas, addresses.

Told from the settings alone. What only the account knows is said to be so: its quotas, unless `quotas.vcpus` gives
them, and which zones offer a type. A rolling update adds nodes for a while, which is not counted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.prices import HOURS_PER_MONTH, node_usd_per_hour, unpriced_reason
from catalog.quotas import Quota, quota_for
from catalog.sharing import Sharing
from settings.compute.node_pool import NodePoolSettings
from settings.compute.off_peak import OffPeakSettings
from settings.compute.quotas import QuotaNeed
from settings.core.problems import Path, listed
from settings.network.network_plan import plan, usable_addresses
from settings.stack.address_demand import demand
from settings.stack.stack import StackSettings

HOURS_PER_WEEK = 168
CAPACITY_BLOCK = "capacity-block"
WAYS = {CAPACITY_BLOCK: "Capacity Block", "reserved": "reserved (ODCR)"}


class Span(NamedTuple):
    """From the least to the most."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """One pool. Prices are list prices of the machines, without disks and traffic; None where none is known.

    slices: extended resource -> how many of it there are at most. notes: what the figures do not tell.
    """

    cluster: str
    pool: str
    provisioner: str
    capacity: str
    zones: tuple[str, ...]
    instance_types: tuple[str, ...]
    accelerator: str | None
    sharing: str | None
    taints: tuple[str, ...]
    nodes: Span
    gpus: Span
    slices: Mapping[str, int]
    efa_interfaces: int
    usd_per_node_hour: Span | None
    usd_per_slice_hour: Mapping[str, Span]
    usd_per_month: Span | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SubnetNeed:
    """Addresses of one subnet: those that the pools take at their maximum, and those there are."""

    zone: str
    kind: str
    needed: int
    room: int


@dataclass(frozen=True, kw_only=True)
class ZoneOffer:
    """One instance type of the pools. The catalog knows whether the region offers it, not which zones do."""

    instance_type: str
    offered: bool


@dataclass(frozen=True, kw_only=True)
class ComputePlan:
    """The whole plan. without_quota: pools bought in a way that the catalog names no quota for."""

    region: str
    pools: tuple[PoolPlan, ...]
    quotas: tuple[QuotaNeed, ...]
    without_quota: tuple[str, ...]
    subnets: tuple[SubnetNeed, ...]
    offers: tuple[ZoneOffer, ...]

    @property
    def zones_command(self) -> str:
        """What tells which zones offer the types, in the account that is asked."""
        types = ",".join(offer.instance_type for offer in self.offers)
        return (
            f"aws ec2 describe-instance-type-offerings --region {self.region} --location-type availability-zone "
            f"--filters Name=instance-type,Values={types} --query 'InstanceTypeOfferings[].[InstanceType,Location]' "
            "--output text"
        )


def compute_plan(settings: StackSettings, zones: tuple[str, ...]) -> ComputePlan:
    """The plan of a stack whose network stands in these zones."""
    pools: dict[Path, NodePoolSettings] = {
        ("clusters", cluster, "pools", index): pool
        for cluster, content in settings.clusters.items()
        for index, pool in enumerate(content.pools)
    }
    named = {f"{place[1]}.{pool.name}": pool for place, pool in pools.items()}
    types = dict.fromkeys(name for pool in named.values() for name in pool.instance_types)
    return ComputePlan(
        region=settings.region,
        pools=tuple(_pool(str(place[1]), pool, zones, settings.region) for place, pool in pools.items()),
        quotas=quota_needs(named, zones, settings.quotas.vcpus),
        without_quota=tuple(
            f"{name}, {way}: {listed(unquoted)}"
            for name, pool in named.items()
            for way in _ways(pool)
            if way != CAPACITY_BLOCK
            and (unquoted := [machine.name for machine in pool.machines if quota_for(machine, way) is None])
        ),
        subnets=tuple(_subnets(settings, pools, zones)),
        offers=tuple(
            ZoneOffer(instance_type=name, offered=settings.region in INSTANCE_TYPES[name].regions) for name in types
        ),
    )


def quota_needs(
    pools: Mapping[str, NodePoolSettings], zones: tuple[str, ...], have: Mapping[str, int]
) -> tuple[QuotaNeed, ...]:
    """What the pools (by the name to tell them by) take of each quota, those of one code together."""
    needed: dict[Quota, dict[str, int]] = defaultdict(dict)
    for name, pool in pools.items():
        for quota, vcpus in _vcpus(pool, zones).items():
            needed[quota][name] = vcpus
    return tuple(
        QuotaNeed(
            code=quota.code,
            name=quota.name,
            default=quota.default,
            vcpus=sum(by_pool.values()),
            pools=tuple(by_pool),
            have=have.get(quota.code),
        )
        for quota, by_pool in sorted(needed.items(), key=lambda item: item[0].name)
    )


def sharing_in_words(shared: Sharing, accelerator: Accelerator) -> str:
    """Returns how pods share the accelerators, e.g. `time-slicing with 4 replicas per GPU`."""
    if shared.strategy == "time-slicing":
        return f"time-slicing with {shared.replicas} replicas per GPU"
    if shared.strategy == "mps":
        return f"MPS with {shared.replicas} replicas per GPU"
    if shared.strategy == "mig":
        return f"MIG slices per GPU: {listed(f'{count} x {name}' for name, count in shared.layout)}"
    return f"whole {'GPUs' if accelerator.kind == 'gpu' else 'devices'}"


def _pool(cluster: str, pool: NodePoolSettings, zones: tuple[str, ...], region: str) -> PoolPlan:
    stands_in = _zones(pool, zones)
    nodes = Span(pool.min_per_zone * len(stands_in), pool.most_nodes(len(stands_in)))
    prices = _node_prices(pool, region)
    per_node = _over(prices)
    most = _at_most(pool, len(stands_in), {machine: price.high for machine, price in prices.items()})
    hours = HOURS_PER_MONTH * _part_of_week(pool.off_peak if pool.provisioner == "managed" else None)
    counts = [_count(machine) for machine in pool.machines]
    gpus = Span(nodes.low * min(counts), _at_most(pool, len(stands_in), dict(zip(pool.machines, counts, strict=True))))
    shared = pool.shared
    units = shared.resources(pool.accelerator) if pool.accelerator else {}
    efas = {machine: len(efa_interfaces(machine)[1:]) for machine in pool.machines} if pool.efa else {}
    return PoolPlan(
        cluster=cluster,
        pool=pool.name,
        provisioner=pool.provisioner,
        capacity=", else ".join(WAYS.get(way, way) for way in _ways(pool)),
        zones=stands_in,
        instance_types=pool.instance_types,
        accelerator=_accelerator_in_words(pool),
        sharing=sharing_in_words(shared, pool.accelerator) if pool.accelerator else None,
        taints=tuple(f"{taint.key}{f'={taint.value}' if taint.value else ''}:{taint.effect}" for taint in pool.taints),
        nodes=nodes,
        gpus=gpus,
        slices={name: int(gpus.high) * count for name, count in units.items()},
        efa_interfaces=int(_at_most(pool, len(stands_in), efas)),
        usd_per_node_hour=per_node,
        usd_per_slice_hour=_slice_prices(pool, prices),
        usd_per_month=Span(nodes.low * per_node.low * hours, most * hours) if per_node else None,
        notes=tuple(_notes(pool, region)),
    )


def _accelerator_in_words(pool: NodePoolSettings) -> str | None:
    """Those of a node, e.g. `8 x A100 40 GB`, `1 or 4 x L4 24 GB`."""
    if pool.accelerator is None:
        return None
    counts = sorted({_count(machine) for machine in pool.machines})
    return f"{' or '.join(map(str, counts))} x {str(pool.accelerator).partition(' x ')[2]}"


def _zones(pool: NodePoolSettings, zones: tuple[str, ...]) -> tuple[str, ...]:
    named = pool.named_zones
    return zones if named is None else tuple(zone for zone in zones if zone in named)


def _ways(pool: NodePoolSettings) -> tuple[str, ...]:
    """How the nodes are bought; a Capacity Block is a way of its own."""
    block = pool.reservation is not None and pool.reservation.kind == "capacity-block"
    first = CAPACITY_BLOCK if block and pool.capacity_type == "reserved" else pool.capacity_type
    return first, *pool.fallback_capacity_types


def _count(machine: InstanceType) -> int:
    return machine.accelerator.count if machine.accelerator else 0


def _at_most(pool: NodePoolSettings, zones: int, each: Mapping[InstanceType, float]) -> float:
    """The most that the pool's nodes come to, by what a node of each type counts.

    With types of different size, a limit in GPUs leaves a choice: all nodes of one type, or as many as there may be, of
    two. No mix comes to more than the best of these; being a bound, it may be a part of a node too high.
    """
    by_size = {(_count(machine), amount) for machine, amount in each.items()}
    if pool.max_gpus is None or len({size for size, _ in by_size}) < 2:
        return pool.most_nodes(zones) * max(each.values(), default=0)
    nodes, gpus = pool.max_per_zone * zones, pool.max_gpus
    found = [min(nodes, gpus / size) * amount for size, amount in by_size]
    for (small, less), (large, more) in permutations(by_size, 2):
        of_large = (gpus - nodes * small) / (large - small) if small < large else 0
        if 0 < of_large < nodes:
            found.append((nodes - of_large) * less + of_large * more)
    return round(max(found), 6)


def _node_prices(pool: NodePoolSettings, region: str) -> dict[InstanceType, Span]:
    """USD an hour by type, over the ways that the pool may buy it in. Types without a price are left out."""
    found: dict[InstanceType, Span] = {}
    for machine in pool.machines:
        prices = [node_usd_per_hour(machine.name, region, way) for way in _ways(pool) if way != CAPACITY_BLOCK]
        known = [price.usd for price in prices if price is not None]
        if known:
            found[machine] = Span(min(known), max(known))
    return found


def _over(prices: Mapping[InstanceType, Span]) -> Span | None:
    """From the cheapest to the dearest."""
    return Span(min(p.low for p in prices.values()), max(p.high for p in prices.values())) if prices else None


def _slice_prices(pool: NodePoolSettings, prices: Mapping[InstanceType, Span]) -> dict[str, Span]:
    by_gpu = _over({m: Span(p.low / _count(m), p.high / _count(m)) for m, p in prices.items() if _count(m)})
    if pool.accelerator is None or by_gpu is None:
        return {}
    shares = pool.shared.shares(pool.accelerator)
    return {name: Span(by_gpu.low * part, by_gpu.high * part) for name, part in shares.items()}


def _part_of_week(off_peak: OffPeakSettings | None) -> float:
    """Which part of a week a managed pool is on; weekends that are off are off wholly."""
    if off_peak is None:
        return 1
    return (5 if off_peak.weekends else 7) * (24 - off_peak.hours) / HOURS_PER_WEEK


def _notes(pool: NodePoolSettings, region: str) -> Iterator[str]:
    ways = _ways(pool)
    if CAPACITY_BLOCK in ways:
        yield "the Capacity Block was paid in advance and is not in these figures"
    if "reserved" in ways:
        yield "the reservation is charged in full, used or not"
    if "spot" in ways:
        yield "spot prices move by zone and hour: these are typical ones"
    if pool.off_peak is not None and pool.provisioner == "managed":
        hours = HOURS_PER_WEEK * _part_of_week(pool.off_peak)
        yield f"on {hours:.0f} of {HOURS_PER_WEEK} hours a week"
    yield from dict.fromkeys(_price_notes(pool, region))


def _price_notes(pool: NodePoolSettings, region: str) -> Iterator[str]:
    for way in _ways(pool):
        for name in pool.instance_types if way != CAPACITY_BLOCK else ():
            price = node_usd_per_hour(name, region, way)
            if price is None:
                yield f"{name}: {unpriced_reason(name) or 'no price is known'}"
            elif price.region != region:
                yield f"{name}: price of {price.region}, taken for {region}"


def _vcpus(pool: NodePoolSettings, zones: tuple[str, ...]) -> dict[Quota, int]:
    """vCPUs of the pool at its maximum, by quota; types and ways of one quota are counted once, as the dearest."""
    by_quota: dict[Quota, dict[InstanceType, float]] = defaultdict(dict)
    for way in _ways(pool):
        for machine in pool.machines:
            quota = quota_for(machine, way)
            if quota is not None:
                by_quota[quota][machine] = machine.vcpus
    return {quota: int(_at_most(pool, len(_zones(pool, zones)), types)) for quota, types in by_quota.items()}


def _subnets(
    settings: StackSettings, pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...]
) -> Iterator[SubnetNeed]:
    nodes, pods, _ = demand(pools, zones)
    for zone, subnets in plan(settings.network.cidr, settings.network.pod_cidr, zones).zones.items():
        yield SubnetNeed(zone=zone, kind="nodes", needed=nodes[zone], room=usable_addresses(subnets.private))
        yield SubnetNeed(zone=zone, kind="pods", needed=pods[zone], room=usable_addresses(subnets.pods))
