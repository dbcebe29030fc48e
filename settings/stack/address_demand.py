"""Addresses that pools take at their maximum size, zone by zone.

A node takes one address of its zone's private subnet. Its pods take theirs from the zone's pod subnet, in blocks of 16
(prefix delegation), of which the CNI keeps one in reserve.
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
    """Most pods that a node of the pool may run, over its instance types."""
    types = [INSTANCE_TYPES[name] for name in pool.instance_types]
    return max(t.max_pods_prefix_delegation or t.max_pods or EKS_PODS_PER_NODE for t in types)


def pod_addresses_per_node(pool: NodePoolSettings) -> int:
    """Addresses of the pod subnet that a full node of the pool holds."""
    return (math.ceil(pods_per_node(pool) / PREFIX_ADDRESSES) + WARM_PREFIXES) * PREFIX_ADDRESSES


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
