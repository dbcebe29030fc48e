"""The IAM role of nodes, managed or Karpenter's: what a machine needs to join its cluster and pull images."""

import pulumi
import pulumi_aws as aws

from catalog import iam as arns
from components.core import iam
from components.core.pod_identity import Permitted
from components.core.stage import Stage

# The CNI takes its own role, so nodes do without AmazonEKS_CNI_Policy.
NODE_POLICIES = (arns.EKS_WORKER_NODE_POLICY, arns.ECR_PULL_ONLY, arns.SSM_MANAGED_INSTANCE_CORE)


def node_role(name: str, stage: Stage, parent: pulumi.Resource, physical_name: str | None = None) -> Permitted:
    """physical_name: where something has to name the role before it is there."""
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(name, name=physical_name, assume_role_policy=iam.service_trust("ec2.amazonaws.com"), opts=opts)
    policies = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rsplit('/', 1)[-1]}",
            role=role.name,
            policy_arn=stage.in_partition(policy),
            opts=opts,
        )
        for policy in NODE_POLICIES
    ]
    return Permitted(role.arn, [role, *policies])
