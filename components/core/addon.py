"""Installs a Helm add-on: its identities in AWS, its release, and custom resources of its own CRDs."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, namespace_levels, values_of
from components.core.custom_resource import custom_resource
from components.core.namespaces import exposed, in_mesh, pod_security
from components.core.overlay import overlay
from components.core.pod_identity import pod_role
from settings.cluster.addons import AddonSettings

INSTALL_SECONDS = 600  # the first image pulls over a new NAT gateway can take longer than Helm's five minutes


def make_namespaces(
    cluster: str,
    specs: Sequence[AddOnSpec],
    context: AddOnContext,
    opts: pulumi.ResourceOptions,
    driver: pulumi.Resource | None = None,
) -> dict[str, pulumi.Resource]:
    """Registers the add-ons' namespaces and returns them by name. Add-ons may share one, so the cluster owns them.

    driver: of the volumes that pods in some of them claim.
    """
    with_claims = {spec.chart.namespace for spec in specs if spec.claims_volumes}
    claiming = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[driver] if driver else []))
    return {
        name: kubernetes.core.v1.Namespace(
            f"{cluster}-namespace-{name}",
            metadata={
                "name": name,
                "labels": {
                    **pod_security(level, context.kubernetes_version),
                    **in_mesh(context.mesh, name),
                    **exposed(context.ingress, name),
                },
            },
            opts=claiming if name in with_claims else opts,
        )
        for name, level in namespace_levels(specs).items()
    }


@dataclass(frozen=True, kw_only=True)
class AddOnArgs:
    """Arguments of one Helm add-on.

    after: its namespace, and what its pods need to become ready. in_aws: what `AddOnSpec.in_aws` made.
    """

    spec: AddOnSpec
    settings: AddonSettings
    context: AddOnContext
    cluster_name: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()
    in_aws: pulumi.Resource | None = None


class AddOn(pulumi.ComponentResource):
    """The permissions, then the release, then the custom resources whose CRDs the release has, one after the other.

    last: what all the others come before. Who needs the add-on depends on it alone: the engine follows every path of
    dependencies when a deletion fails, so that a component, which stands for all of its children, multiplies them.
    Source: pulumi v3.259.0, pkg/resource/graph/dependency_graph.go, markAsDependency; read 2026-11.
    """

    last: pulumi.Resource
    release_name: pulumi.Output[str | None]

    def __init__(self, name: str, args: AddOnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:addons:AddOn", name, None, opts)
        spec, chart = args.spec, args.spec.chart
        after = [*args.after, *([args.in_aws] if args.in_aws else []), *self._permissions(name, args)]
        after += self._rights(name, spec, args.context)
        of_aws = spec.values_of_aws(args.in_aws) if spec.values_of_aws and args.in_aws else {}
        for key, manifest in spec.before(args.context).items():
            after = [custom_resource(f"{name}-{key}", manifest, pulumi.ResourceOptions(parent=self, depends_on=after))]
        release = kubernetes.helm.v3.Release(
            name,
            name=spec.name,
            namespace=chart.namespace,
            chart=chart.repository if chart.oci else chart.chart,
            version=chart.version,
            repository_opts=None if chart.oci else {"repo": chart.repository},
            values=overlay(overlay(values_of(spec, args.context), of_aws), args.settings.values),
            skip_crds=spec.skip_crds or None,
            skip_await=not spec.awaited,  # a release that does not become ready is a failure
            timeout=INSTALL_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        self.last = release
        for key, manifest in spec.manifests(args.context).items():
            opts = pulumi.ResourceOptions(parent=self, depends_on=[self.last])
            self.last = custom_resource(f"{name}-{key}", manifest, opts)
        self.release_name = release.name
        self.register_outputs({"release_name": self.release_name})

    def _permissions(self, name: str, args: AddOnArgs) -> list[pulumi.Resource]:
        """Registers all identities. A pod that is made before they count, some seconds later, never has permissions."""
        resources: list[pulumi.Resource] = []
        for index, identity in enumerate(args.spec.identities):
            if statements := identity.statements(args.context):
                part = name if index == 0 else f"{name}-{identity.service_account}"
                resources += self._identity(part, identity.service_account, statements, args)
        return resources

    def _rights(self, name: str, spec: AddOnSpec, context: AddOnContext) -> list[pulumi.Resource]:
        """Registers what `reads` says, before the release: a pod may look for its rights only when it starts."""
        group, opts = "rbac.authorization.k8s.io", pulumi.ResourceOptions(parent=self)
        resources: list[pulumi.Resource] = []
        for account, kinds in spec.reads(context).items():
            metadata = kubernetes.meta.v1.ObjectMetaArgs(name=f"{account}-reads")
            rules = [
                kubernetes.rbac.v1.PolicyRuleArgs(api_groups=[of], resources=[kind], verbs=["get", "list", "watch"])
                for of, kind in kinds
            ]
            child = f"{name}-{account}-reads"
            resources += [
                kubernetes.rbac.v1.ClusterRole(child, metadata=metadata, rules=rules, opts=opts),
                kubernetes.rbac.v1.ClusterRoleBinding(
                    child,
                    metadata=metadata,
                    role_ref=kubernetes.rbac.v1.RoleRefArgs(
                        api_group=group, kind="ClusterRole", name=f"{account}-reads"
                    ),
                    subjects=[
                        kubernetes.rbac.v1.SubjectArgs(
                            kind="ServiceAccount", name=account, namespace=spec.chart.namespace
                        )
                    ],
                    opts=opts,
                ),
            ]
        return resources

    def _identity(
        self, name: str, service_account: str, statements: Sequence[iam.Statement], args: AddOnArgs
    ) -> list[pulumi.Resource]:
        context, inline = args.context, {"permissions": iam.document(*statements)}
        role = pod_role(name, context.stage, context.cluster, self, statements=inline)
        association = aws.eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=args.cluster_name,
            namespace=args.spec.chart.namespace,
            service_account=service_account,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [association, *role.permissions]
