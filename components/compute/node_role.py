"""The IAM role of nodes, for managed and Karpenter pools: permissions to join the cluster and to pull images."""

import pulumi
import pulumi_aws as aws

from catalog import iam as arns
from components.core import iam
from components.core.pod_identity import RoleWithPermissions
from components.core.stage import Stage

# The CNI has its own role, so nodes do not need AmazonEKS_CNI_Policy.
NODE_POLICIES = (arns.EKS_WORKER_NODE_POLICY, arns.ECR_PULL_ONLY, arns.SSM_MANAGED_INSTANCE_CORE)


def node_role(
    name: str, stage: Stage, parent: pulumi.Resource, physical_name: str | None = None
) -> RoleWithPermissions:
    """Registers the role. physical_name: needed when something must name the role before it exists."""
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        name,
        name=physical_name,
        assume_role_policy=iam.service_trust("ec2.amazonaws.com"),
        permissions_boundary=stage.boundary,
        opts=opts,
    )
    policies = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rsplit('/', 1)[-1]}",
            role=role.name,
            policy_arn=stage.in_partition(policy),
            opts=opts,
        )
        for policy in NODE_POLICIES
    ]
    return RoleWithPermissions(role.arn, [role, *policies])
