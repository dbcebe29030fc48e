"""Access to a cluster: who reaches its API, and one access entry for each IAM principal with what it may do."""

import hashlib
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from catalog import iam as arns
from components.core.stage import Stage
from settings.cluster.cluster import AccessSettings, ApiEndpointSettings


def entry_name(cluster: str, principal_arn: str) -> str:
    """Returns the name of a principal's entry: EKS knows an entry by its principal, whatever setting names it."""
    digest = hashlib.sha256(principal_arn.encode()).hexdigest()[:8]  # two roles may differ in their path alone
    return f"{cluster}-{principal_arn.rpartition('/')[2]}-{digest}"


def access_entry(
    cluster: str,
    settings: AccessSettings,
    stage: Stage,
    cluster_name: pulumi.Input[str],
    parent: pulumi.Resource,
    earlier_names: Sequence[str] = (),
    of_teams: Sequence[str] = (),
) -> aws.eks.AccessPolicyAssociation:
    """Registers an access entry and its policy under one name. Returns the policy's association.

    of_teams: groups that teams give the principal.

    A principal that moves to another key keeps its entry: a second one, made before the first is deleted, would be
    refused with 409. earlier_names: what entries were called when they had the name of their key.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    name = entry_name(cluster, settings.principal_arn)
    opts = pulumi.ResourceOptions(parent=parent, aliases=[pulumi.Alias(name=earlier) for earlier in earlier_names])
    entry = aws.eks.AccessEntry(
        name,
        cluster_name=cluster_name,
        principal_arn=settings.principal_arn,
        kubernetes_groups=[*settings.groups, *of_teams],  # given when empty, too: otherwise AWS keeps what there was
        opts=opts,
    )
    scope: aws.eks.AccessPolicyAssociationAccessScopeArgsDict = {"type": "cluster"}
    if settings.namespaces:
        scope = {"type": "namespace", "namespaces": list(settings.namespaces)}
    return aws.eks.AccessPolicyAssociation(
        name,
        cluster_name=cluster_name,
        principal_arn=entry.principal_arn,
        policy_arn=stage.in_partition(arns.EKS_ACCESS_POLICIES[settings.policy]),
        access_scope=scope,
        # With another scope its id stays, and the old one, deleted afterwards, would take the new one with it.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )


def member_entry(
    cluster: str,
    principal_arn: str,
    groups: Sequence[str],
    cluster_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> None:
    """Registers the access entry of a principal that teams alone name. It has groups and no policy of EKS.

    Each policy shows things of every namespace in its scope, and is added to what the groups allow.
    """
    aws.eks.AccessEntry(
        entry_name(cluster, principal_arn),
        cluster_name=cluster_name,
        principal_arn=principal_arn,
        kubernetes_groups=list(groups),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def api_rules(
    name: str, settings: ApiEndpointSettings, security_group_id: pulumi.Input[str], parent: pulumi.Resource
) -> list[pulumi.Resource]:
    """Registers who reaches the private endpoint: its network interfaces have the cluster's security group.

    Source: EKS user guide, "Cluster API server endpoint", "Access through connected networks"; read 2026-11
    """

    def rule(
        key: str, description: str, cidr: str | None = None, group: str | None = None
    ) -> aws.vpc.SecurityGroupIngressRule:
        return aws.vpc.SecurityGroupIngressRule(
            f"{name}-api-{key}",
            description=description,
            security_group_id=security_group_id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=cidr,
            referenced_security_group_id=group,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    return [
        *(
            rule(cidr.replace("/", "-"), "Kubernetes API from the network", cidr=cidr)
            for cidr in settings.private_cidrs
        ),
        *(rule(id_, "Kubernetes API from members", group=id_) for id_ in settings.private_security_group_ids),
    ]
