"""The mesh's policies of one cluster, in the namespaces that have them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.core.untyped import Manifest
from components.mesh.policies import SERVER


@dataclass(frozen=True, kw_only=True)
class MeshPoliciesArgs:
    """Arguments of the policies of one cluster.

    namespaces: of the platform in this cluster -> what objects in it must wait for.
    manifests: name -> object, Servers last.
    """

    cluster: ClusterRef
    namespaces: Mapping[str, pulumi.Resource | None]
    manifests: Mapping[str, Manifest]


class MeshPolicies(pulumi.ComponentResource):
    """One object for each policy. No controller says that it is ready: the proxies get it within a second."""

    def __init__(self, name: str, args: MeshPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:mesh:MeshPolicies", name, None, opts)
        cluster = args.cluster
        allowed: list[pulumi.Resource] = []
        for key, manifest in args.manifests.items():
            namespace = args.namespaces[manifest["metadata"]["namespace"]]
            # The control plane has the definitions, and a webhook that judges the objects.
            after = [cluster.controllers["linkerd-control-plane"], *([namespace] if namespace else [])]
            is_server = manifest["kind"] == SERVER
            if is_server:  # it refuses everybody until it is told whom it lets in
                after += allowed
            made = custom_resource(
                f"{name}-{key}",
                manifest,
                pulumi.ResourceOptions(parent=self, provider=cluster.provider, depends_on=after),
                awaited=False,
            )
            allowed += [] if is_server else [made]
        self.register_outputs({})
