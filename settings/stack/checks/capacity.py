"""Checks that the address plan has enough addresses when every pool is at its maximum size."""

import math
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from catalog.limits import EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake, Path
from settings.network.network import NetworkSettings
from settings.network.network_plan import (
    LARGEST_POD_RANGE,
    LARGEST_VPC_RANGE,
    PlanError,
    ZonePlan,
    plan,
    usable_addresses,
)
from settings.stack.address_demand import demand


def mistakes(
    network: NetworkSettings | None,
    zones: tuple[str, ...] | None,
    pools: Mapping[Path, NodePoolSettings],
    clusters: int,
) -> Iterator[Mistake]:
    """Yields subnets that are too small for the pools at their maximum, or for the network interfaces in them."""
    if network is None or zones is None:
        return
    try:
        zone_plans = plan(network.cidr, network.pod_cidr, zones).zones
    except PlanError:
        return  # the setting itself reports this mistake
    nodes, pods, shares = demand(pools, zones)
    busiest = max(zones, key=lambda zone: pods[zone])
    yield from _pod_range(network, zone_plans[busiest], pods[busiest], shares[busiest], busiest)
    busiest = max(zones, key=lambda zone: nodes[zone])
    room = usable_addresses(zone_plans[busiest].private)
    if nodes[busiest] > room:
        yield (
            ("network", "cidr"),
            (
                f"{network.cidr} leaves {room} addresses for nodes in {busiest}, but the pools at their maximum size "
                f"have {nodes[busiest]} nodes there. {_advice(network.cidr, LARGEST_VPC_RANGE, nodes[busiest] / room)}"
            ),
        )
    yield from _intra(network, zone_plans[busiest], clusters)


def _pod_range(
    network: NetworkSettings, zone_plan: ZonePlan, needed: int, shares: list[str], zone: str
) -> Iterator[Mistake]:
    room = usable_addresses(zone_plan.pods)
    if needed > room:
        yield (
            ("network", "pod_cidr"),
            (
                f"{network.pod_cidr} leaves {room} addresses for pods in {zone}, but the pools at their maximum size "
                f"need {needed} ({'; '.join(shares)}; in blocks of 16, with one block in reserve). "
                f"{_advice(network.pod_cidr, LARGEST_POD_RANGE, needed / room)}"
            ),
        )


def _intra(network: NetworkSettings, zone_plan: ZonePlan, clusters: int) -> Iterator[Mistake]:
    room = usable_addresses(zone_plan.intra)
    endpoints = len(network.endpoints.interface)
    attachments = 1 if network.transit_gateway else 0
    needed = clusters * EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET + endpoints + attachments
    if needed > room:
        yield (
            ("network", "cidr"),
            (
                f"{network.cidr} leaves {room} addresses in each intra subnet, but {clusters} control planes "
                f"({EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET} each), {endpoints} interface endpoints and "
                f"{attachments} transit gateways need {needed}. "
                f"{_advice(network.cidr, LARGEST_VPC_RANGE, needed / room, 'drop endpoints')}"
            ),
        )


def _advice(cidr: str, largest: int, shortage: float, otherwise: str = "lower max_per_zone") -> str:
    """Returns advice: the smallest larger range that is enough, or that no range is."""
    network = IPv4Network(cidr)
    prefix = network.prefixlen - math.ceil(math.log2(shortage))
    if prefix < largest:
        return f"Not even a /{largest} is large enough: {otherwise}."
    return f"Give {network.supernet(new_prefix=prefix)} or larger, or {otherwise}."
