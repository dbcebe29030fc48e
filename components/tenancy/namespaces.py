"""The namespaces of people: those of teams, and those that mount storage. Each is made once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from components.core.namespaces import ClusterNamespace, exposed, in_mesh, injection, pod_security
from components.tenancy.marks import TEAM
from settings.core.naming import KUBERNETES_NAMESPACES

LEVEL = "baseline"  # suits the pods of teams; violations of the stricter `restricted` are only warnings


@dataclass(frozen=True, kw_only=True)
class NamespacesArgs:
    """Arguments of the namespaces.

    teams: each namespace that people use, also those that others make -> its team; None where it has none.
    marks: namespace of a team -> its annotations, for rules of admission.
    clusters: key in the stack file -> cluster.
    retained: those that were removed in an earlier run and stayed, and are imported when they are named again.
    earlier_parent: URN of the component that made them in earlier releases.
    """

    teams: Mapping[ClusterNamespace, str | None]
    marks: Mapping[ClusterNamespace, Mapping[str, str]]
    clusters: Mapping[str, ClusterRef]
    retained: Collection[ClusterNamespace]
    earlier_parent: pulumi.Input[str]


class Namespaces(pulumi.ComponentResource):
    """Makes the namespaces that nobody else makes: a cluster makes those of its add-ons.

    A namespace that is removed from the stack file stays in the cluster, since deleting it would delete everything in
    it.
    made: those of this component. teams: as in the arguments.
    resources: what objects in a namespace must wait for: it, or the policy that closes it. None if it always exists.
    """

    made: Collection[ClusterNamespace]
    teams: Mapping[ClusterNamespace, str | None]
    resources: Mapping[ClusterNamespace, pulumi.Resource | None]

    def __init__(self, name: str, args: NamespacesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:tenancy:Namespaces", name, None, opts)
        resources: dict[ClusterNamespace, pulumi.Resource | None] = {}
        made = []
        for cluster, namespace in sorted(args.teams):
            ref = args.clusters[cluster]
            if namespace in KUBERNETES_NAMESPACES:
                resources[cluster, namespace] = None
            elif namespace in ref.namespaces:
                resources[cluster, namespace] = ref.namespaces[namespace]
            else:
                made.append((cluster, namespace))
                resource = kubernetes.core.v1.Namespace(
                    f"{cluster}-namespace-{namespace}",
                    metadata=_metadata(
                        namespace, ref, args.teams[cluster, namespace], args.marks.get((cluster, namespace), {})
                    ),
                    opts=pulumi.ResourceOptions(
                        parent=self,
                        provider=ref.provider,
                        retain_on_delete=True,
                        import_=namespace if (cluster, namespace) in args.retained else None,
                        aliases=[pulumi.Alias(parent=args.earlier_parent)],
                    ),
                )
                resources[cluster, namespace] = ref.close(namespace, resource)
        self.made, self.teams, self.resources = made, args.teams, resources
        self.register_outputs({})


def _metadata(
    name: str, cluster: ClusterRef, team: str | None, marks: Mapping[str, str]
) -> kubernetes.meta.v1.ObjectMetaArgs:
    labels = {
        **pod_security(LEVEL, cluster.version),
        **in_mesh(cluster.mesh, name),
        **exposed(cluster.ingress, name),
        **({TEAM: team} if team else {}),
    }
    return kubernetes.meta.v1.ObjectMetaArgs(
        name=name, labels=labels, annotations={**injection(cluster.mesh, name), **marks} or None
    )
