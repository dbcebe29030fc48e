"""Counts the addresses that pools need at their maximum size, for each zone.

A node uses one address of its zone's private subnet. Its pods use addresses of the zone's pod subnet, in blocks of 16
(prefix delegation); the CNI keeps one block in reserve.
Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html
"""

import math
from collections import defaultdict
from collections.abc import Mapping

from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import EKS_PODS_PER_NODE
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Path, join_path

PREFIX_ADDRESSES = 16
WARM_PREFIXES = 1


def pods_per_node(pool: NodePoolSettings) -> int:
    """Returns the maximum number of pods on a node of the pool, over its instance types."""
    types = [INSTANCE_TYPES[name] for name in pool.instance_types]
    return max(t.max_pods_prefix_delegation or t.max_pods or EKS_PODS_PER_NODE for t in types)


def pod_addresses_per_node(pool: NodePoolSettings) -> int:
    """Returns how many addresses of the pod subnet a full node of the pool holds."""
    return (math.ceil(pods_per_node(pool) / PREFIX_ADDRESSES) + WARM_PREFIXES) * PREFIX_ADDRESSES


def demand(
    pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...]
) -> tuple[dict[str, int], dict[str, int], dict[str, list[str]]]:
    """Returns nodes by zone, pod addresses by zone, and what each pool adds, as text."""
    nodes: dict[str, int] = defaultdict(int)
    pods: dict[str, int] = defaultdict(int)
    shares: dict[str, list[str]] = defaultdict(list)
    for path, pool in pools.items():
        pool_zones = set(pool.named_zones or zones) & set(zones)
        max_nodes = pool.most_nodes(len(pool_zones)) if pool.provisioner == "karpenter" else pool.max_per_zone
        for zone in pool_zones:  # Karpenter may start all of its nodes in any one zone
            nodes[zone] += max_nodes
            pods[zone] += max_nodes * pod_addresses_per_node(pool)
            shares[zone].append(f"{max_nodes} nodes of {join_path(path[1:])} with {pods_per_node(pool)} pods each")
    return nodes, pods, shares
