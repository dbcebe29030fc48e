"""The IAM role by which the nodes of a cluster mount file systems."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from catalog.eks_addons import ADDONS
from catalog.limits import IAM_ROLE_NAME_LENGTH
from components.core.cluster_ref import FileMounts
from components.core.names import with_digest
from components.core.pod_identity import RoleWithPermissions, pod_role
from components.core.stage import Stage

MOUNTED_AS = "ml-platform/mounts-as"
"""Annotation of the driver's pods: the role that they were started with."""


def mount_role_name(stage: Stage, cluster: str, addon: str) -> str:
    """Returns the name of the role: with a digest, since roles are the same in all regions."""
    return with_digest(f"{stage.prefix}-{cluster}-{addon}", IAM_ROLE_NAME_LENGTH, f"{stage.region}/{cluster}/{addon}")


def mount_role(
    name: str, addon: str, stage: Stage, cluster: str, cluster_name: pulumi.Input[str], parent: pulumi.Resource
) -> RoleWithPermissions:
    """Registers the role of an add-on's pods on nodes. It has no rights: policies of file systems name it.

    Its name is known before it is there, and so are these policies, which a preview shows and judges.
    """
    facts, opts = ADDONS[addon], pulumi.ResourceOptions(parent=parent)
    role = pod_role(name, stage, cluster, parent, physical_name=mount_role_name(stage, cluster, addon))
    association = aws.eks.PodIdentityAssociation(
        name,
        cluster_name=cluster_name,
        namespace=facts.namespace,
        service_account=facts.node_service_account or "",
        role_arn=role.arn,
        opts=opts,
    )
    return RoleWithPermissions(role.arn, [*role.permissions, association])


def file_mounts(
    name: str, addon: str, arn: str, role: RoleWithPermissions, installed: pulumi.Resource, opts: pulumi.ResourceOptions
) -> FileMounts:
    """Restarts the driver's pods where they were started without the role: EKS gives it to new pods alone.

    arn: of the role. Mounts of running pods go on; reads and writes wait until the driver is back.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html, read 2026-11.
    """
    facts = ADDONS[addon]
    patch = kubernetes.apps.v1.DaemonSetPatch(
        name,
        metadata=kubernetes.meta.v1.ObjectMetaPatchArgs(name=facts.daemon, namespace=facts.namespace),
        spec=kubernetes.apps.v1.DaemonSetSpecPatchArgs(
            template=kubernetes.core.v1.PodTemplateSpecPatchArgs(
                metadata=kubernetes.meta.v1.ObjectMetaPatchArgs(annotations={MOUNTED_AS: role.arn})
            )
        ),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[installed, *role.permissions])),
    )
    return FileMounts(role_arn=arn, ready=patch)
