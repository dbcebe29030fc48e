"""Checks names that are used twice, or that are too long for AWS after they are joined."""

from collections.abc import Iterator

from catalog.limits import EKS_CLUSTER_NAME_LENGTH, EKS_NODE_GROUP_NAME_LENGTH, IAM_ROLE_NAME_LENGTH
from settings.core.physical_names import karpenter_node_role_name, node_group_name
from settings.core.problems import Mistake
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every name that AWS or Pulumi would refuse."""
    yield from _pool_names(parts)
    yield from _names_of_resources(parts)
    yield from _karpenter_roles(parts)


def _pool_names(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        first: dict[str, int] = {}
        for index, pool in content.pools.items():
            if pool.name in first:
                yield (
                    ("clusters", cluster, "pools", index, "name"),
                    (
                        f"{pool.name} is already the name of pools[{first[pool.name]}], and two pools cannot have the "
                        "same name. Rename one of them."
                    ),
                )
            first.setdefault(pool.name, index)


def _names_of_resources(parts: Parts) -> Iterator[Mistake]:
    joined: dict[str, str] = {}
    for path, pool in parts.pools():
        cluster = str(path[1])
        name = f"{cluster}-{pool.name}"
        group = node_group_name(name, f"{parts.region}a") + "-1234567"  # Pulumi adds the last part
        if pool.provisioner == "managed" and len(group) > EKS_NODE_GROUP_NAME_LENGTH:
            yield (
                (*path, "name"),
                (
                    f"the node group's name, {group}, would have {len(group)} characters, but EKS allows "
                    f"{EKS_NODE_GROUP_NAME_LENGTH}. Shorten the name of the pool or of the cluster."
                ),
            )
        if joined.setdefault(name, cluster) != cluster:
            yield (
                (*path, "name"),
                (
                    f"{name} is also the name of a pool of cluster {joined[name]}, since names join cluster and pool "
                    "by a hyphen. Rename one of them."
                ),
            )
    for cluster in parts.clusters:
        physical_name = parts.cluster_name(cluster)
        if physical_name is not None and len(physical_name) > EKS_CLUSTER_NAME_LENGTH:
            yield (
                ("clusters", cluster),
                (
                    f"the cluster's name in AWS, {physical_name}, has {len(physical_name)} characters, but EKS allows "
                    f"{EKS_CLUSTER_NAME_LENGTH}. Shorten it."
                ),
            )


def _karpenter_roles(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        physical_name = parts.cluster_name(cluster)
        if (
            physical_name is None
            or parts.region is None
            or all(pool.provisioner != "karpenter" for pool in content.pools.values())
        ):
            continue
        role = karpenter_node_role_name(physical_name, parts.region)
        if len(role) > IAM_ROLE_NAME_LENGTH:
            yield (
                ("clusters", cluster),
                (
                    f"the name of the role of Karpenter's nodes, {role}, has {len(role)} characters, but IAM allows "
                    f"{IAM_ROLE_NAME_LENGTH}. Shorten the name of the cluster by {len(role) - IAM_ROLE_NAME_LENGTH}."
                ),
            )
