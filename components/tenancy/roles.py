"""What the people of a team, and its pods, may do in its namespaces by Kubernetes' own rights."""

from collections.abc import Callable, Collection, Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from catalog.roles import ROLES
from components.tenancy.members import group
from settings.tenancy.team import TeamSettings

Options = Callable[[str], pulumi.ResourceOptions]
"""Namespace of the team -> the options of an object in it."""
_RBAC = "rbac.authorization.k8s.io"


def roles(name: str, team: TeamSettings, opts_in: Options) -> None:
    """Registers the roles that members of the team have, in each of its namespaces, and binds their groups to them."""
    for namespace in team.namespaces:
        opts = opts_in(namespace)
        for role in sorted({member.role for member in team.members.values()}):
            # With the team's name: a namespace that moves has the objects of both teams for a moment.
            own = f"{team.name}-{role}"
            metadata = kubernetes.meta.v1.ObjectMetaArgs(name=own, namespace=namespace)
            child = f"{name}.{namespace}.{role}"
            made = kubernetes.rbac.v1.Role(
                child,
                metadata=metadata,
                rules=[
                    kubernetes.rbac.v1.PolicyRuleArgs(
                        api_groups=[grant.group], resources=[*grant.resources], verbs=[*grant.verbs]
                    )
                    for grant in ROLES[role]
                ],
                opts=opts,
            )
            kubernetes.rbac.v1.RoleBinding(
                child,
                metadata=metadata,
                role_ref=kubernetes.rbac.v1.RoleRefArgs(api_group=_RBAC, kind="Role", name=own),
                subjects=[kubernetes.rbac.v1.SubjectArgs(kind="Group", api_group=_RBAC, name=group(team.name, role))],
                # The API server takes a binding to a role that is not there, which allows nothing. And it never
                # changes roleRef: another one needs the name, which is taken while the old binding is there.
                opts=pulumi.ResourceOptions.merge(
                    opts, pulumi.ResourceOptions(depends_on=[made], delete_before_replace=True)
                ),
            )


def service_accounts(name: str, accounts: Mapping[str, Collection[str]], opts_in: Options) -> None:
    """Registers the service accounts that a team's pods may have, without a token of the API unless a pod asks.

    accounts: namespace -> names. Each is patched, not made: Kubernetes makes `default`, and users may have made those
    that storage names. A patch makes what is not there, and leaves it when the team goes, with the namespace.
    Source: pulumi-kubernetes 4.32, provider/pkg/await/await.go, provider/pkg/ssa/actions.go; read 2026-11
    """
    for namespace, names in accounts.items():
        for account in sorted(names):
            kubernetes.core.v1.ServiceAccountPatch(
                f"{name}.{namespace}.account-{account}",
                metadata=kubernetes.meta.v1.ObjectMetaPatchArgs(
                    name=account,
                    namespace=namespace,
                    annotations={"pulumi.com/patchForce": "true"},  # users may have said something else
                ),
                automount_service_account_token=False,
                opts=opts_in(namespace),
            )
