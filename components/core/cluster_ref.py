"""A reference to a cluster, for components of other domains."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as kubernetes

from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings

Close = Callable[[str, pulumi.Resource | None], pulumi.Resource | None]
"""Registers the network policies of a namespace, after the resource that makes it; returns what all else waits for."""


def closes_nothing(namespace: str, after: pulumi.Resource | None) -> pulumi.Resource | None:
    """For a cluster without isolation."""
    return after


@dataclass(frozen=True, kw_only=True)
class FileMounts:
    """The identity by which the nodes of a cluster mount file systems.

    ready: from then on the pods of the driver have it.
    """

    role_arn: str
    ready: pulumi.Resource


@dataclass(frozen=True, kw_only=True)
class ClusterRef:
    """What other components need to build on a cluster.

    name: carries the dependency on the cluster.
    version: of Kubernetes.
    provider: makes Kubernetes objects in it.
    security_group_id: of its nodes and its control plane.
    namespaces: the namespaces of its add-ons, by name; other components make their own namespaces.
    mesh, ingress: None where it has none.
    file_mounts: None where it has no driver of EFS.
    controllers: the Helm add-ons, by name; objects of their kinds wait for them, and go before them.
    close: for who makes a namespace, before anything else is in it.
    """

    name: pulumi.Output[str]
    version: str
    provider: kubernetes.Provider
    security_group_id: pulumi.Output[str]
    namespaces: Mapping[str, pulumi.Resource]
    mesh: MeshSettings | None = None
    ingress: IngressSettings | None = None
    file_mounts: FileMounts | None = None
    controllers: Mapping[str, pulumi.Resource] = field(default_factory=dict)
    close: Close = closes_nothing
