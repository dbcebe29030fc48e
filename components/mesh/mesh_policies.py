"""The mesh's policies of one cluster, in the namespaces that have them."""

from collections.abc import Iterable, Iterator, Mapping
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


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"]


def lets_in(server: Manifest, manifests: Iterable[Manifest]) -> Iterator[tuple[str, str, str]]:
    """Yields kind, namespace and name of the policies of a Server, and of what they name."""
    _, namespace, name = _identity(server)
    for each in manifests:
        target = each["spec"].get("targetRef", {})
        if each["metadata"]["namespace"] == namespace and (target.get("kind"), target.get("name")) == (SERVER, name):
            yield _identity(each)
            for named in each["spec"]["requiredAuthenticationRefs"]:
                yield named["kind"], named.get("namespace", namespace), named["name"]


class MeshPolicies(pulumi.ComponentResource):
    """One object for each policy. No controller says that it is ready: the proxies get it within a second."""

    def __init__(self, name: str, args: MeshPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:mesh:MeshPolicies", name, None, opts)
        cluster = args.cluster
        made: dict[tuple[str, str, str], pulumi.Resource] = {}
        for key, manifest in args.manifests.items():
            namespace = args.namespaces[manifest["metadata"]["namespace"]]
            named = lets_in(manifest, args.manifests.values()) if manifest["kind"] == SERVER else ()
            after = [made[each] for each in named if each in made]  # a service account is the chart's
            # A Server refuses everybody until it is told whom it lets in. All else waits for the control plane, which
            # has the definitions, and a webhook that judges the objects.
            after = after or [cluster.controllers["linkerd-control-plane"], *([namespace] if namespace else [])]
            made[_identity(manifest)] = custom_resource(
                f"{name}-{key}",
                manifest,
                pulumi.ResourceOptions(parent=self, provider=cluster.provider, depends_on=after),
                awaited=False,
            )
        self.register_outputs({})
