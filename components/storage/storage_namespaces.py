"""The namespaces of those who use storage, each made once, however many entries name it."""

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from settings.storage.storage_entry import StorageEntry

LEVEL = "baseline"  # what teams' pods need; the stricter `restricted` is warned of
FROM_THE_START = ("default", "kube-system", "kube-public", "kube-node-lease")

Place = tuple[str, str]
"""Cluster, as the stack file calls it, and namespace."""


def places(entries: Iterable[StorageEntry], clusters: Mapping[str, object]) -> tuple[Place, ...]:
    """Every namespace that uses one of the entries, in alphabetical order."""
    return tuple(sorted({(user.cluster_among(clusters), user.namespace) for held in entries for user in held.used_by}))


def labels(kubernetes_version: str) -> dict[str, str]:
    """Pod Security of a namespace that teams work in."""
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode, level in (("enforce", LEVEL), ("audit", "restricted"), ("warn", "restricted"))
        for suffix, value in (("", level), ("-version", f"v{kubernetes_version}"))
    }


def namespaces(
    entries: Iterable[StorageEntry], clusters: Mapping[str, ClusterRef], opts: pulumi.ResourceOptions
) -> dict[Place, pulumi.Resource | None]:
    """(cluster, namespace) -> what an object in it has to wait for; None where it is there from the start.

    A namespace of an add-on stays the add-on's. One that leaves the stack file stays in the cluster: deleting it would
    delete everything in it, whoever made it.
    """
    made: dict[Place, pulumi.Resource | None] = {}
    for cluster, name in places(entries, clusters):
        owner = clusters[cluster]
        if name in FROM_THE_START:
            made[cluster, name] = None
        elif name in owner.namespaces:
            made[cluster, name] = owner.namespaces[name]
        else:
            made[cluster, name] = kubernetes.core.v1.Namespace(
                f"{cluster}-namespace-{name}",
                metadata={"name": name, "labels": labels(owner.version)},
                opts=pulumi.ResourceOptions.merge(
                    opts, pulumi.ResourceOptions(provider=owner.provider, retain_on_delete=True)
                ),
            )
    return made
