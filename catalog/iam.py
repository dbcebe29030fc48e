"""ARNs of the AWS managed policies that the platform attaches, and of the EKS access policies.

Sources: AWS managed policy reference; Amazon EKS user guide, "Review access policy permissions"; read 2026-08.
The partition is `aws`; other partitions change the second field.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from catalog.rows import read_table

EKS_CNI_POLICY: Final = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
EKS_WORKER_NODE_POLICY: Final = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
ECR_PULL_ONLY: Final = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
SSM_MANAGED_INSTANCE_CORE: Final = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
EBS_CSI_DRIVER_POLICY_V2: Final = "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicyV2"
EBS_CSI_DRIVER_CLUSTER_POLICY: Final = "arn:aws:iam::aws:policy/AmazonEBSCSIDriverEKSClusterScopedPolicy"
EFS_CSI_DRIVER_POLICY: Final = "arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"
BACKUP_POLICIES: Final = (
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
)
RESTORE_POLICIES: Final = (
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Restore",
)
CLOUDWATCH_AGENT_SERVER_POLICY: Final = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
XRAY_WRITE_ONLY_ACCESS: Final = "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"

# Value of `policy` in an access entry of a stack file -> the access policy of EKS.
EKS_ACCESS_POLICIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cluster-admin": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        "admin": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy",
        "edit": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        "view": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    }
)


@cache
def attachable_policies() -> frozenset[str]:
    """Returns the policies that AWS maintains and that roles may have, each as its path and name."""
    policies = read_table("managed_policies")["policies"]
    return frozenset(f"{path}{name}".removeprefix("/") for name, path in policies.items())


@cache
def iam_names() -> Mapping[str, Any]:
    """Returns the services and actions that policy documents may name; see `about` of the table."""
    return read_table("iam_names")
