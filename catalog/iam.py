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

POLICY_ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AmazonEKSClusterPolicy": "autoscaling:* ec2:* elasticloadbalancing:* kms:DescribeKey",
        "AmazonEKSWorkerNodePolicy": "ec2:* eks:DescribeCluster eks-auth:AssumeRoleForPodIdentity",
        "AmazonEKS_CNI_Policy": "ec2:*",
        "AmazonEC2ContainerRegistryPullOnly": (
            "ecr:BatchGetImage ecr:BatchImportUpstreamImage ecr:GetAuthorizationToken ecr:GetDownloadUrlForLayer"
        ),
        "AmazonSSMManagedInstanceCore": (
            "ec2messages:* ssmmessages:* ssm:Describe* ssm:Get* ssm:List* ssm:PutComplianceItems "
            "ssm:PutConfigurePackageResult ssm:PutInventory ssm:UpdateAssociationStatus "
            "ssm:UpdateInstanceAssociationStatus ssm:UpdateInstanceInformation"
        ),
        "AmazonEBSCSIDriverPolicyV2": "ec2:*",
        "AmazonEBSCSIDriverEKSClusterScopedPolicy": "ec2:*",
        "AmazonEFSCSIDriverPolicy": (
            "ec2:* elasticfilesystem:CreateAccessPoint elasticfilesystem:DeleteAccessPoint "
            "elasticfilesystem:Describe* elasticfilesystem:TagResource"
        ),
        "CloudWatchAgentServerPolicy": (
            "cloudwatch:PutMetricData ec2:* logs:CreateLogGroup logs:CreateLogStream logs:Describe* logs:PutLogEvents "
            "logs:PutRetentionPolicy ssm:Get* xray:*"
        ),
        "AWSXrayWriteOnlyAccess": "xray:*",
        "AWSBackupServiceRolePolicyForBackup": (
            "backup:Copy* backup:Describe* backup:TagResource ec2:* eks:AssociateAccessPolicy eks:CreateAccessEntry "
            "eks:Describe* eks:DisassociateAccessPolicy eks:List* eks:ListClusters elasticfilesystem:Backup "
            "elasticfilesystem:Describe* fsx:CopyBackup fsx:CreateBackup fsx:DeleteBackup fsx:Describe* fsx:List* "
            "fsx:ManageBackupPrincipalAssociations fsx:TagResource kms:CreateGrant kms:Decrypt kms:DescribeKey "
            "kms:GenerateDataKey* kms:ReEncrypt* tag:GetResources"
        ),
        "AWSBackupServiceRolePolicyForRestores": (
            "backup:Describe* backup:List* backup:StartRestoreJob ec2:* eks:AssociateAccessPolicy eks:Create* "
            "eks:Describe* eks:DisassociateAccessPolicy eks:List* eks:TagResource elasticfilesystem:CreateFileSystem "
            "elasticfilesystem:DeleteFileSystem elasticfilesystem:Describe* elasticfilesystem:Restore "
            "elasticfilesystem:TagResource fsx:CreateFileSystemFromBackup fsx:CreateVolumeFromBackup "
            "fsx:DeleteFileSystem fsx:DeleteVolume fsx:Describe* fsx:TagResource fsx:UntagResource kms:CreateGrant "
            "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey* kms:ReEncrypt*"
        ),
        "AWSBackupServiceRolePolicyForS3Backup": (
            "backup:TagResource cloudwatch:GetMetricData events:DeleteRule events:Describe* events:DisableRule "
            "events:EnableRule events:List* events:PutRule events:PutTargets events:RemoveTargets kms:Decrypt "
            "kms:DescribeKey s3:Get* s3:List* s3:PutBucketNotification s3:PutInventoryConfiguration"
        ),
        "AWSBackupServiceRolePolicyForS3Restore": (
            "kms:Decrypt kms:DescribeKey kms:GenerateDataKey* s3:CreateBucket s3:DeleteObject s3:Get* s3:List* "
            "s3:PutBucketOwnershipControls s3:PutBucketVersioning s3:PutObject s3:PutObjectAcl s3:PutObjectTagging "
            "s3:PutObjectVersionAcl"
        ),
    }
)
"""Name of a policy -> what it lets roles do in the services that the platform has, in short where the list is long.

Actions about identities are left out. A test holds the rows against the documents in getmoto/moto 5.2.5.
"""

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
