"""A reference to a cluster, for components of other domains."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from settings.mesh.mesh import MeshSettings


@dataclass(frozen=True, kw_only=True)
class ClusterRef:
    """What other components need to build on a cluster.

    name: carries the dependency on the cluster.
    version: of Kubernetes.
    provider: makes Kubernetes objects in it.
    security_group_id: of its nodes and its control plane.
    namespaces: the namespaces of its add-ons, by name; other components make their own namespaces.
    mesh: None where it has none.
    """

    name: pulumi.Output[str]
    version: str
    provider: kubernetes.Provider
    security_group_id: pulumi.Output[str]
    namespaces: Mapping[str, pulumi.Resource]
    mesh: MeshSettings | None = None
