"""Computes what the pools need at their minimum and maximum: machines, GPUs, slices, cost, quotas, addresses.

The plan uses only the settings. It marks what only the account knows: its quotas, unless `quotas.vcpus` gives them, and
which zones offer a type. The additional nodes of a rolling update are not counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.pods_per_node import PREFIX_ADDRESSES
from catalog.prices import HOURS_PER_MONTH, node_usd_per_hour, unpriced_reason
from catalog.quotas import quota_for
from catalog.sharing import Sharing
from settings.compute.node_pool import NodePoolSettings
from settings.compute.off_peak import OffPeakSettings
from settings.compute.quota_needs import (
    CAPACITY_BLOCK,
    accelerators,
    capacity_types_of,
    quota_needs,
    upper_bound,
    zones_of,
)
from settings.compute.quotas import QuotaNeed
from settings.core.problems import Path, listed
from settings.network.network_plan import plan, usable_addresses
from settings.stack.address_demand import blocks_in, demand
from settings.stack.stack import StackSettings

HOURS_PER_WEEK = 168
CAPACITY_TYPE_NAMES = {CAPACITY_BLOCK: "Capacity Block", "reserved": "reserved (ODCR)"}


class Span(NamedTuple):
    """A range from the lowest to the highest value."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """One pool. Prices are list prices of the machines, without disks and traffic; None where no price is known.

    slices: extended resource -> its maximum number. notes: what the figures do not include.
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
    pods_per_node: int
    gpus: Span
    slices: Mapping[str, int]
    efa_interfaces: int
    usd_per_node_hour: Span | None
    usd_per_slice_hour: Mapping[str, Span]
    usd_per_month: Span | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SubnetNeed:
    """Addresses of one subnet. needed: by the pools at their maximum. room: usable addresses of the subnet."""

    zone: str
    kind: str
    needed: int
    room: int


@dataclass(frozen=True, kw_only=True)
class ZoneOffer:
    """One instance type of the pools. The catalog knows whether the region offers it, but not which zones do."""

    instance_type: str
    offered: bool


@dataclass(frozen=True, kw_only=True)
class ComputePlan:
    """The whole plan. without_quota: pools with a capacity type that has no quota in the catalog."""

    region: str
    pools: tuple[PoolPlan, ...]
    quotas: tuple[QuotaNeed, ...]
    without_quota: tuple[str, ...]
    subnets: tuple[SubnetNeed, ...]
    offers: tuple[ZoneOffer, ...]

    @property
    def zones_command(self) -> str:
        """The AWS CLI command that shows which zones offer the types to an account."""
        types = ",".join(offer.instance_type for offer in self.offers)
        return (
            f"aws ec2 describe-instance-type-offerings --region {self.region} --location-type availability-zone "
            f"--filters Name=instance-type,Values={types} --query 'InstanceTypeOfferings[].[InstanceType,Location]' "
            "--output text"
        )


def compute_plan(settings: StackSettings, zones: tuple[str, ...]) -> ComputePlan:
    """Builds the plan of a stack whose network has these zones."""
    pools: dict[Path, NodePoolSettings] = {
        ("clusters", cluster, "pools", index): pool
        for cluster, content in settings.clusters.items()
        for index, pool in enumerate(content.pools)
    }
    pools_by_name = {f"{path[1]}.{pool.name}": pool for path, pool in pools.items()}
    instance_types = dict.fromkeys(name for pool in pools_by_name.values() for name in pool.instance_types)
    return ComputePlan(
        region=settings.region,
        pools=tuple(_pool(str(path[1]), pool, zones, settings.region) for path, pool in pools.items()),
        quotas=quota_needs(pools_by_name, zones, settings.quotas.vcpus),
        without_quota=tuple(
            f"{name}, {capacity_type}: {listed(unquoted)}"
            for name, pool in pools_by_name.items()
            for capacity_type in capacity_types_of(pool)
            if capacity_type != CAPACITY_BLOCK
            and (unquoted := [machine.name for machine in pool.machines if quota_for(machine, capacity_type) is None])
        ),
        subnets=tuple(_subnets(settings, pools, zones)),
        offers=tuple(
            ZoneOffer(instance_type=name, offered=settings.region in INSTANCE_TYPES[name].regions)
            for name in instance_types
        ),
    )


def sharing_in_words(shared: Sharing, accelerator: Accelerator) -> str:
    """Returns how pods share the accelerators, for example `time-slicing with 4 replicas per GPU`."""
    if shared.strategy == "time-slicing":
        return f"time-slicing with {shared.replicas} replicas per GPU"
    if shared.strategy == "mps":
        return f"MPS with {shared.replicas} replicas per GPU"
    if shared.strategy == "mig":
        return f"MIG slices per GPU: {listed(f'{count} x {name}' for name, count in shared.layout)}"
    return f"whole {'GPUs' if accelerator.kind == 'gpu' else 'devices'}"


def _pool(cluster: str, pool: NodePoolSettings, zones: tuple[str, ...], region: str) -> PoolPlan:
    pool_zones = zones_of(pool, zones)
    nodes = Span(pool.min_per_zone * len(pool_zones), pool.most_nodes(len(pool_zones)))
    prices = _node_prices(pool, region)
    per_node = _total_span(prices)
    max_usd_per_hour = upper_bound(pool, len(pool_zones), {machine: price.high for machine, price in prices.items()})
    hours = HOURS_PER_MONTH * _fraction_of_week(pool.off_peak if pool.provisioner == "managed" else None)
    counts = [accelerators(machine) for machine in pool.machines]
    gpus = Span(
        nodes.low * min(counts), upper_bound(pool, len(pool_zones), dict(zip(pool.machines, counts, strict=True)))
    )
    shared = pool.shared
    resources = shared.resources(pool.accelerator) if pool.accelerator else {}
    efa_counts = {machine: len(efa_interfaces(machine)[1:]) for machine in pool.machines} if pool.efa else {}
    return PoolPlan(
        cluster=cluster,
        pool=pool.name,
        provisioner=pool.provisioner,
        capacity=", else ".join(
            CAPACITY_TYPE_NAMES.get(capacity_type, capacity_type) for capacity_type in capacity_types_of(pool)
        ),
        zones=pool_zones,
        instance_types=pool.instance_types,
        accelerator=_accelerator_in_words(pool),
        sharing=sharing_in_words(shared, pool.accelerator) if pool.accelerator else None,
        taints=tuple(f"{taint.key}{f'={taint.value}' if taint.value else ''}:{taint.effect}" for taint in pool.taints),
        nodes=nodes,
        pods_per_node=pool.pods_per_node,
        gpus=gpus,
        slices={name: int(gpus.high) * count for name, count in resources.items()},
        efa_interfaces=int(upper_bound(pool, len(pool_zones), efa_counts)),
        usd_per_node_hour=per_node,
        usd_per_slice_hour=_slice_prices(pool, prices),
        usd_per_month=Span(nodes.low * per_node.low * hours, max_usd_per_hour * hours) if per_node else None,
        notes=tuple(_notes(pool, region)),
    )


def _accelerator_in_words(pool: NodePoolSettings) -> str | None:
    """Returns the accelerators of a node, for example `8 x A100 40 GB` or `1 or 4 x L4 24 GB`."""
    if pool.accelerator is None:
        return None
    counts = sorted({accelerators(machine) for machine in pool.machines})
    return f"{' or '.join(map(str, counts))} x {str(pool.accelerator).partition(' x ')[2]}"


def _node_prices(pool: NodePoolSettings, region: str) -> dict[InstanceType, Span]:
    """Returns USD per hour by type, over the pool's capacity types. Types without a price are left out."""
    spans: dict[InstanceType, Span] = {}
    for machine in pool.machines:
        prices = [
            node_usd_per_hour(machine.name, region, capacity_type)
            for capacity_type in capacity_types_of(pool)
            if capacity_type != CAPACITY_BLOCK
        ]
        known = [price.usd for price in prices if price is not None]
        if known:
            spans[machine] = Span(min(known), max(known))
    return spans


def _total_span(prices: Mapping[InstanceType, Span]) -> Span | None:
    """Returns the span from the cheapest to the most expensive price."""
    return Span(min(p.low for p in prices.values()), max(p.high for p in prices.values())) if prices else None


def _slice_prices(pool: NodePoolSettings, prices: Mapping[InstanceType, Span]) -> dict[str, Span]:
    by_gpu = _total_span(
        {m: Span(p.low / accelerators(m), p.high / accelerators(m)) for m, p in prices.items() if accelerators(m)}
    )
    if pool.accelerator is None or by_gpu is None:
        return {}
    shares = pool.shared.shares(pool.accelerator)
    return {name: Span(by_gpu.low * part, by_gpu.high * part) for name, part in shares.items()}


def _fraction_of_week(off_peak: OffPeakSettings | None) -> float:
    """Returns the fraction of a week in which a managed pool is on. A weekend that is off-peak is off all day."""
    if off_peak is None:
        return 1
    return (5 if off_peak.weekends else 7) * (24 - off_peak.hours) / HOURS_PER_WEEK


def _notes(pool: NodePoolSettings, region: str) -> Iterator[str]:
    capacity_types = capacity_types_of(pool)
    if CAPACITY_BLOCK in capacity_types:
        yield "the Capacity Block is paid in advance and is not in these figures"
    if "reserved" in capacity_types:
        yield "the reservation is charged in full, used or not"
    if "spot" in capacity_types:
        yield "spot prices change by zone and hour: these are typical prices"
    if pool.off_peak is not None and pool.provisioner == "managed":
        hours = HOURS_PER_WEEK * _fraction_of_week(pool.off_peak)
        yield f"on {hours:.0f} of {HOURS_PER_WEEK} hours a week"
    if pool.autoscaled:
        yield "cluster-autoscaler adds and ends nodes with the pods"
    elif pool.scaling == "fixed":
        yield "only people and off-peak hours change the number of nodes"
    yield from dict.fromkeys(_price_notes(pool, region))


def _price_notes(pool: NodePoolSettings, region: str) -> Iterator[str]:
    for capacity_type in capacity_types_of(pool):
        for name in pool.instance_types if capacity_type != CAPACITY_BLOCK else ():
            price = node_usd_per_hour(name, region, capacity_type)
            if price is None:
                yield f"{name}: {unpriced_reason(name) or 'no price is known'}"
            elif price.region != region:
                yield f"{name}: the price of {price.region}, used for {region}"


def _subnets(
    settings: StackSettings, pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...]
) -> Iterator[SubnetNeed]:
    needed, endpoints = demand(pools, zones), len(settings.network.endpoints.interface)
    for zone, subnets in plan(settings.network.cidr, settings.network.pod_cidr, zones).zones.items():
        yield SubnetNeed(
            zone=zone, kind="nodes", needed=needed[zone].nodes + endpoints, room=usable_addresses(subnets.private)
        )
        yield SubnetNeed(
            zone=zone,
            kind="pods",
            needed=needed[zone].pod_blocks * PREFIX_ADDRESSES,
            room=blocks_in(subnets.pods.values()) * PREFIX_ADDRESSES,
        )
