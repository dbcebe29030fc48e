"""What one room tells another of a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes


@dataclass(frozen=True, kw_only=True)
class ClusterRef:
    """What a capability needs in order to build on a cluster.

    name: carries the dependency on the cluster. version: of Kubernetes. provider: makes Kubernetes objects in it.
    security_group_id: of its nodes and its control plane.
    namespaces: those that its add-ons brought, by name; any other is made by whoever needs it.
    """

    name: pulumi.Output[str]
    version: str
    provider: kubernetes.Provider
    security_group_id: pulumi.Output[str]
    namespaces: Mapping[str, pulumi.Resource]
