"""The namespaces that use storage. Each is made once, even if many entries name it."""

from collections.abc import Collection, Iterable, Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from components.core.namespaces import exposed, in_mesh, injection, pod_security
from settings.storage.storage_entry import StorageEntry

LEVEL = "baseline"  # suits the pods of teams; violations of the stricter `restricted` are only warnings
EXISTING_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

ClusterNamespace = tuple[str, str]
"""Key of a cluster in the stack file, and a namespace in it."""


def cluster_namespaces(entries: Iterable[StorageEntry], clusters: Mapping[str, object]) -> tuple[ClusterNamespace, ...]:
    """Returns every namespace that uses one of the entries, in alphabetical order."""
    return tuple(
        sorted({(user.cluster_among(clusters), user.namespace) for entry in entries for user in entry.used_by})
    )


def namespaces(
    entries: Iterable[StorageEntry],
    clusters: Mapping[str, ClusterRef],
    retained: Collection[ClusterNamespace],
    opts: pulumi.ResourceOptions,
) -> dict[ClusterNamespace, pulumi.Resource | None]:
    """Registers namespaces. Returns (cluster, namespace) -> what objects in it must wait for; None if it always exists.

    The cluster makes the namespaces of add-ons. A namespace that is removed from the stack file stays in the cluster,
    since deleting it would delete everything in it.
    retained: namespaces that were removed in this way, and are imported when they are named again.
    """
    resources: dict[ClusterNamespace, pulumi.Resource | None] = {}
    for cluster, name in cluster_namespaces(entries, clusters):
        cluster_ref = clusters[cluster]
        if name in EXISTING_NAMESPACES:
            resources[cluster, name] = None
        elif name in cluster_ref.namespaces:
            resources[cluster, name] = cluster_ref.namespaces[name]
        else:
            resources[cluster, name] = kubernetes.core.v1.Namespace(
                f"{cluster}-namespace-{name}",
                metadata=_metadata(name, cluster_ref),
                opts=pulumi.ResourceOptions.merge(
                    opts,
                    pulumi.ResourceOptions(
                        provider=cluster_ref.provider,
                        retain_on_delete=True,
                        import_=name if (cluster, name) in retained else None,
                    ),
                ),
            )
    return resources


def _metadata(name: str, cluster: ClusterRef) -> kubernetes.meta.v1.ObjectMetaArgs:
    labels = {
        **pod_security(LEVEL, cluster.version),
        **in_mesh(cluster.mesh, name),
        **exposed(cluster.ingress, name),
    }
    return kubernetes.meta.v1.ObjectMetaArgs(
        name=name, labels=labels, annotations=injection(cluster.mesh, name) or None
    )
