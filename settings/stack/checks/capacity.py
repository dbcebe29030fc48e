"""Whether the address plan still has addresses when every pool is at its maximum size.

A node takes one address of its zone's private subnet. Its pods take theirs from the zone's pod subnet, in blocks of 16
(prefix delegation), of which the CNI keeps one in reserve.
Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET, EKS_PODS_PER_NODE
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake, Path, join_path
from settings.network.network import NetworkSettings
from settings.network.network_plan import (
    LARGEST_POD_RANGE,
    LARGEST_VPC_RANGE,
    PlanError,
    ZonePlan,
    plan,
    usable_addresses,
)

PREFIX_ADDRESSES = 16
WARM_PREFIXES = 1


def pods_per_node(pool: NodePoolSettings) -> int:
    """Most pods that a node of the pool may run, over its instance types."""
    types = [INSTANCE_TYPES[name] for name in pool.instance_types]
    return max(t.max_pods_prefix_delegation or t.max_pods or EKS_PODS_PER_NODE for t in types)


def pod_addresses_per_node(pool: NodePoolSettings) -> int:
    """Addresses of the pod subnet that a full node of the pool holds."""
    return (math.ceil(pods_per_node(pool) / PREFIX_ADDRESSES) + WARM_PREFIXES) * PREFIX_ADDRESSES


def mistakes(
    network: NetworkSettings | None,
    zones: tuple[str, ...] | None,
    pools: Mapping[Path, NodePoolSettings],
    clusters: int,
) -> Iterator[Mistake]:
    """Subnets that are too small for the pools at their maximum, or for the interfaces of the control planes."""
    if network is None or zones is None:
        return
    try:
        planned = plan(network.cidr, network.pod_cidr, zones).zones
    except PlanError:
        return  # told already, where it was written
    nodes, pods, shares = demand(pools, zones)
    busiest = max(zones, key=lambda zone: pods[zone])
    yield from _pod_range(network, planned[busiest], pods[busiest], shares[busiest], busiest)
    busiest = max(zones, key=lambda zone: nodes[zone])
    room = usable_addresses(planned[busiest].private)
    if nodes[busiest] > room:
        yield (
            ("network", "cidr"),
            (
                f"{network.cidr} leaves {room} addresses for nodes in {busiest}, and the pools at their maximum size "
                f"have {nodes[busiest]} nodes there. {_larger(network.cidr, LARGEST_VPC_RANGE, nodes[busiest] / room)}"
            ),
        )
    yield from _intra(network, planned[busiest], clusters)


def demand(
    pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...]
) -> tuple[dict[str, int], dict[str, int], dict[str, list[str]]]:
    """Nodes and pod addresses by zone, and what each pool adds, in words."""
    nodes: dict[str, int] = defaultdict(int)
    pods: dict[str, int] = defaultdict(int)
    shares: dict[str, list[str]] = defaultdict(list)
    for path, pool in pools.items():
        stands_in = set(pool.named_zones or zones) & set(zones)
        most = pool.most_nodes(len(stands_in)) if pool.provisioner == "karpenter" else pool.max_per_zone
        for zone in stands_in:  # Karpenter may have all of its nodes in any one of them
            nodes[zone] += most
            pods[zone] += most * pod_addresses_per_node(pool)
            shares[zone].append(f"{most} nodes of {join_path(path[1:])} with {pods_per_node(pool)} pods each")
    return nodes, pods, shares


def _pod_range(
    network: NetworkSettings, zone_plan: ZonePlan, needed: int, shares: list[str], zone: str
) -> Iterator[Mistake]:
    room = usable_addresses(zone_plan.pods)
    if needed > room:
        yield (
            ("network", "pod_cidr"),
            (
                f"{network.pod_cidr} leaves {room} addresses for pods in {zone}, and the pools at their maximum size "
                f"need {needed} ({'; '.join(shares)}; in blocks of 16, one of them in reserve). "
                f"{_larger(network.pod_cidr, LARGEST_POD_RANGE, needed / room)}"
            ),
        )


def _intra(network: NetworkSettings, zone_plan: ZonePlan, clusters: int) -> Iterator[Mistake]:
    room = usable_addresses(zone_plan.intra)
    endpoints = len(network.endpoints.interface)
    needed = clusters * EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET + endpoints
    if needed > room:
        yield (
            ("network", "cidr"),
            (
                f"{network.cidr} leaves {room} addresses in each intra subnet, and {clusters} control planes "
                f"({EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET} each) and {endpoints} interface endpoints need "
                f"{needed}. {_larger(network.cidr, LARGEST_VPC_RANGE, needed / room, 'drop endpoints')}"
            ),
        )


def _larger(cidr: str, largest: int, shortage: float, otherwise: str = "lower max_per_zone") -> str:
    """Advice: the smallest range around this one that would do, or that none would."""
    network = IPv4Network(cidr)
    prefix = network.prefixlen - math.ceil(math.log2(shortage))
    if prefix < largest:
        return f"Not even a /{largest} would do: {otherwise}."
    return f"Give {network.supernet(new_prefix=prefix)} or larger, or {otherwise}."
