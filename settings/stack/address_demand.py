"""Counts the addresses that pools need at their maximum size, for each zone.

A node uses one address of its zone's private subnet; with EFA it is in a pod subnet of the zone instead. Pods use
blocks of 16 addresses of the pod subnets. Which interfaces serve pods: `catalog/pods_per_node.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from catalog.pods_per_node import PREFIX_ADDRESSES, blocks_per_node
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Path, join_path

BROKEN_BLOCKS = 2  # AWS keeps addresses of the first and of the last block of a subnet


@dataclass
class Demand:
    """What the pools need in one zone at their maximum size.

    nodes: addresses of the private subnet. pod_blocks: blocks of 16 addresses of all pod subnets. efa_blocks: the part
    of these that has to be in the first pod subnet, with the node groups that have EFA. shares: what each pool adds, as
    text.
    """

    nodes: int = 0
    pod_blocks: int = 0
    efa_blocks: int = 0
    shares: list[str] = field(default_factory=list)


def pod_blocks_per_node(pool: NodePoolSettings) -> int:
    """Returns how many blocks of the pod subnets a full node of the pool holds."""
    return max(blocks_per_node(machine, pool.pods_per_node) for machine in pool.machines)


def blocks_in(subnets: Iterable[str]) -> int:
    """Returns how many whole blocks of 16 addresses the subnets have."""
    return sum(IPv4Network(subnet).num_addresses // PREFIX_ADDRESSES - BROKEN_BLOCKS for subnet in subnets)


def demand(pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...]) -> dict[str, Demand]:
    """Returns what the pools need, by zone."""
    needed: dict[str, Demand] = defaultdict(Demand)
    for path, pool in pools.items():
        pool_zones = set(pool.named_zones or zones) & set(zones)
        max_nodes = pool.most_nodes(len(pool_zones)) if pool.provisioner == "karpenter" else pool.max_per_zone
        blocks = max_nodes * pod_blocks_per_node(pool)
        for zone in pool_zones:  # Karpenter may start all of its nodes in any one zone
            in_zone = needed[zone]
            in_zone.nodes += 0 if pool.efa else max_nodes
            in_zone.pod_blocks += blocks
            in_zone.efa_blocks += blocks if pool.efa and pool.provisioner == "managed" else 0
            in_zone.shares.append(
                f"{max_nodes} nodes of {join_path(path[1:])} with {pool.pods_per_node} pods and "
                f"{pod_blocks_per_node(pool)} blocks each"
            )
    return needed
