"""How many vCPUs of each quota the pools need at their maximum."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import permutations

from catalog.instance_types import InstanceType
from catalog.quotas import Quota, quota_for
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quotas import QuotaNeed

CAPACITY_BLOCK = "capacity-block"


def quota_needs(
    pools: Mapping[str, NodePoolSettings], zones: tuple[str, ...], have: Mapping[str, int]
) -> tuple[QuotaNeed, ...]:
    """Returns how many vCPUs of each quota the pools need. pools: name in the report -> pool."""
    vcpus_by_pool: dict[Quota, dict[str, int]] = defaultdict(dict)
    for name, pool in pools.items():
        for quota, vcpus in _vcpus(pool, zones).items():
            vcpus_by_pool[quota][name] = vcpus
    return tuple(
        QuotaNeed(
            code=quota.code,
            name=quota.name,
            default=quota.default,
            vcpus=sum(by_pool.values()),
            pools=tuple(by_pool),
            have=have.get(quota.code),
        )
        for quota, by_pool in sorted(vcpus_by_pool.items(), key=lambda item: item[0].name)
    )


def _vcpus(pool: NodePoolSettings, zones: tuple[str, ...]) -> dict[Quota, int]:
    """Returns vCPUs of the pool at its maximum, by quota. Types and capacity types of one quota are counted once."""
    by_quota: dict[Quota, dict[InstanceType, float]] = defaultdict(dict)
    for capacity_type in capacity_types_of(pool):
        for machine in pool.machines:
            quota = quota_for(machine, capacity_type)
            if quota is not None:
                by_quota[quota][machine] = machine.vcpus
    return {quota: int(upper_bound(pool, len(zones_of(pool, zones)), types)) for quota, types in by_quota.items()}


def upper_bound(pool: NodePoolSettings, zones: int, amounts: Mapping[InstanceType, float]) -> float:
    """Returns the maximum sum over the pool's nodes. amounts: what a node of each type adds to the sum.

    With types of different size, max_gpus leaves a choice: all nodes of one type, or the maximum number of nodes of two
    types. No other mix has a larger sum. The result is a bound, and may be too high by a part of one node.
    """
    by_size = {(accelerators(machine), amount) for machine, amount in amounts.items()}
    if pool.max_gpus is None or len({size for size, _ in by_size}) < 2:
        return pool.most_nodes(zones) * max(amounts.values(), default=0)
    nodes, gpus = pool.max_per_zone * zones, pool.max_gpus
    sums = [min(nodes, gpus / size) * amount for size, amount in by_size]
    for (small_size, small_amount), (large_size, large_amount) in permutations(by_size, 2):
        large_nodes = (gpus - nodes * small_size) / (large_size - small_size) if small_size < large_size else 0
        if 0 < large_nodes < nodes:
            sums.append((nodes - large_nodes) * small_amount + large_nodes * large_amount)
    return round(max(sums), 6)


def zones_of(pool: NodePoolSettings, zones: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the zones of the pool. zones: of the network."""
    named = pool.named_zones
    return zones if named is None else tuple(zone for zone in zones if zone in named)


def capacity_types_of(pool: NodePoolSettings) -> tuple[str, ...]:
    """Returns the capacity types that the pool may use. A Capacity Block counts as one of its own."""
    block = pool.reservation is not None and pool.reservation.kind == "capacity-block"
    first = CAPACITY_BLOCK if block and pool.capacity_type == "reserved" else pool.capacity_type
    return first, *pool.fallback_capacity_types


def accelerators(machine: InstanceType) -> int:
    """Returns the number of accelerators of a machine."""
    return machine.accelerator.count if machine.accelerator else 0
