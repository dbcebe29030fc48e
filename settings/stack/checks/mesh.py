"""Checks the mesh against the clusters and their pools."""

from collections.abc import Iterator, Mapping

from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules
from settings.cluster.mesh_replicas import REPLICAS, kept_nodes
from settings.core.problems import Mistake, nearest_or_all
from settings.mesh.mesh import MeshSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules], zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Yields every mistake about the mesh. zones: of the network; None when not known."""
    mesh = parts.mesh
    if mesh is None:
        return
    for index, cluster in enumerate(mesh.clusters):
        if cluster not in parts.clusters:
            yield (
                ("mesh", "clusters", index),
                f"there is no cluster {cluster}.{nearest_or_all(cluster, parts.clusters)}",
            )
    yield from _taken(mesh, add_ons)
    yield from _made_by_nobody(parts, mesh, add_ons)
    for cluster, content in parts.clusters.items():
        if content.mesh is None or not content.complete:
            continue
        pools = content.pools.values()
        if all(pool.efa for pool in pools):
            yield (
                ("mesh", "clusters"),
                (
                    f"every pool of {cluster} has EFA, and no pod on such a node is meshed: traffic over EFA passes by "
                    "the kernel, where the proxy is. Name other clusters, or add a pool without EFA."
                ),
            )
        if mesh.high_availability and zones is not None and (nodes := kept_nodes(pools, len(zones))) < REPLICAS:
            yield (
                ("mesh", "high_availability"),
                (
                    f"is true, but the pools for add-ons of {cluster} keep {nodes} nodes, and each of the "
                    f"{REPLICAS} replicas must have one of its own: `pulumi up` would wait for them in vain. Raise "
                    "min_per_zone of a managed pool without taints, or drop it."
                ),
            )


def _made_by_nobody(parts: Parts, mesh: MeshSettings, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    made = parts.peoples_namespaces()
    made_by_add_ons = {namespace for rules in add_ons.values() for namespace in rules.namespaces}
    for index, namespace in enumerate(mesh.namespaces):
        if namespace not in made | made_by_add_ons:
            yield (
                ("mesh", "namespaces", index),
                (
                    f"nothing in this file makes the namespace {namespace}, so nobody would mesh it."
                    f"{did_you_mean(namespace, made)} Add it to the namespaces of a team, or drop it here."
                ),
            )


def _taken(mesh: MeshSettings, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    owners = {namespace: name for name, rules in add_ons.items() for namespace in rules.namespaces}
    for index, namespace in enumerate(mesh.namespaces):
        if namespace in owners:
            yield (
                ("mesh", "namespaces", index),
                (
                    f"{namespace} is the namespace of the add-on {owners[namespace]}, which must start without the "
                    "mesh. Drop it."
                ),
            )
