"""Access to a cluster: one access entry for each IAM principal, with the policy that says what it may do."""

import pulumi
import pulumi_aws as aws

from catalog import iam as arns
from components.core.stage import Stage
from settings.cluster.cluster import AccessSettings


def access_entry(
    name: str, settings: AccessSettings, stage: Stage, cluster_name: pulumi.Input[str], parent: pulumi.Resource
) -> None:
    """Registers an access entry and its policy, both under `name`.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    entry = aws.eks.AccessEntry(
        name,
        cluster_name=cluster_name,
        principal_arn=settings.principal_arn,
        kubernetes_groups=list(settings.groups),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    scope: aws.eks.AccessPolicyAssociationAccessScopeArgsDict = {"type": "cluster"}
    if settings.namespaces:
        scope = {"type": "namespace", "namespaces": list(settings.namespaces)}
    aws.eks.AccessPolicyAssociation(
        name,
        cluster_name=cluster_name,
        principal_arn=entry.principal_arn,
        policy_arn=stage.in_partition(arns.EKS_ACCESS_POLICIES[settings.policy]),
        access_scope=scope,
        opts=pulumi.ResourceOptions(parent=parent),
    )
