"""Actions of IAM that the AWS provider needs for each type of resource: to look at it, to make, change and delete it.

A row has what reading takes, what makes a thing, and what changes or deletes it or a part of it. `also` are actions of
other services that AWS asks the caller for. `by` says how the writes can be held to one stack: by names in ARNs, by
tags, or by the region alone.
Sources: hashicorp/terraform-provider-aws 6.x, internal/service/<service>; Service Authorization Reference, "Actions
defined by", column of dependent actions; EKS user guide, "Customize managed nodes with launch templates"; FSx for
Lustre guide, "Using service-linked roles" and "Using tags"; KMS guide, "Controlling access to tags"; EFS guide, "Using
tags with Amazon EFS"; AWS Backup guide, "Copying tags onto backups"; ECR guide, "Using service-linked roles" and
"Creating a repository creation template"; read 2026-11. Nobody tried the documents in an account: unverified.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

By = Literal["name", "tag", "region"]


class Calls(NamedTuple):
    """The actions for one type, without the prefix of the service. arns: what they are about, `{name}` for its name.

    creates: with `by` tag, they carry the tags of what is made. changes: with `by` tag, it has them. tags: they give
    tags, also to what AWS makes in the same call, which has none yet. anywhere: writes that only the region limits,
    since other things than the stack's own have a part in them. forced: with `forceDestroy`, about `inside`, what is
    in it: by its name, or else by the tags that it has from what it is a copy of.
    """

    service: str
    by: By
    arns: tuple[str, ...]
    reads: str
    creates: str = ""
    changes: str = ""
    anywhere: str = ""
    also: str = ""
    tags: str = ""
    forced: str = ""
    inside: tuple[str, ...] = ()


def _ec2(reads: str, anywhere: str = "", changes: str = "") -> Calls:
    """One call of EC2 is often about several things, some of them not of the stack: only deletions ask for tags."""
    return Calls("ec2", "tag", ("*",), reads, "", changes, f"{anywhere} CreateTags DeleteTags".strip())


def _bucket(reads: str, changes: str, also: str = "") -> Calls:
    return Calls("s3", "name", ("arn:{partition}:s3:::{name}",), f"{reads} ListBucket", "", changes, also=also)


def _eks(kind: str, reads: str, creates: str, changes: str, also: str = "") -> Calls:
    """Part of a cluster. creates: they are about the cluster, changes about the part, so each has both."""
    arns = (
        "arn:{partition}:eks:{region}:{account}:cluster/{cluster}",
        "arn:{partition}:eks:{region}:{account}:" + kind,
    )
    return Calls(
        "eks", "name", arns, f"{reads} ListTagsForResource", creates, f"{changes} TagResource UntagResource", "", also
    )


_ROLE = ("arn:{partition}:iam::{account}:role/{name}",)
_ROLE_READS = "GetRole GetRolePolicy ListRolePolicies ListAttachedRolePolicies"
_TAGS = "TagResource UntagResource"
_GRANTS = "kms:CreateGrant kms:DescribeKey"
_TOPIC = ("arn:{partition}:sns:{region}:{account}:{name}",)
_REPOSITORY = ("arn:{partition}:ecr:{region}:{account}:repository/{name}",)
_DETECTOR = "arn:{partition}:guardduty:{region}:{account}:detector/*"
_WORKSPACE = ("arn:{partition}:aps:{region}:{account}:workspace/*",)
_EFS = ("arn:{partition}:elasticfilesystem:{region}:{account}:file-system/*",)
_FSX = ("arn:{partition}:fsx:{region}:{account}:*",)
_SG = "DescribeSecurityGroups DescribeSecurityGroupRules"

CALLS: Mapping[str, Calls] = {
    "aws:acm/certificate:Certificate": Calls(
        *("acm", "tag", ("arn:{partition}:acm:{region}:{account}:certificate/*",)),
        reads="DescribeCertificate ListTagsForCertificate",
        creates="RequestCertificate",
        changes="UpdateCertificateOptions DeleteCertificate RemoveTagsFromCertificate",
        tags="AddTagsToCertificate",
    ),
    "aws:acm/certificateValidation:CertificateValidation": Calls(
        "acm", "tag", ("arn:{partition}:acm:{region}:{account}:certificate/*",), "DescribeCertificate"
    ),
    "aws:amp/workspace:Workspace": Calls(
        *("aps", "tag", _WORKSPACE, "DescribeWorkspace DescribeLoggingConfiguration ListTagsForResource"),
        creates="CreateWorkspace",
        changes="UpdateWorkspaceAlias DeleteWorkspace UntagResource",
        also=_GRANTS,
        tags="TagResource",
    ),
    "aws:amp/workspaceConfiguration:WorkspaceConfiguration": Calls(
        *("aps", "tag", _WORKSPACE, "DescribeWorkspaceConfiguration"), changes="UpdateWorkspaceConfiguration"
    ),
    "aws:autoscaling/tag:Tag": Calls(
        *("autoscaling", "region", ("*",), "DescribeTags DescribeAutoScalingGroups"),
        anywhere="CreateOrUpdateTags DeleteTags",
    ),
    "aws:autoscaling/schedule:Schedule": Calls(
        *("autoscaling", "region", ("*",), "DescribeScheduledActions"),
        anywhere="PutScheduledUpdateGroupAction DeleteScheduledAction",
    ),
    "aws:backup/plan:Plan": Calls(
        *("backup", "tag", ("arn:{partition}:backup:{region}:{account}:backup-plan:*",), "GetBackupPlan ListTags"),
        creates="CreateBackupPlan",
        changes="UpdateBackupPlan DeleteBackupPlan UntagResource",
        tags="TagResource",
    ),
    "aws:backup/selection:Selection": Calls(
        *("backup", "tag", ("arn:{partition}:backup:{region}:{account}:backup-plan:*",), "GetBackupSelection"),
        changes="CreateBackupSelection DeleteBackupSelection",
        also="iam:PassRole",
    ),
    "aws:backup/vault:Vault": Calls(
        *("backup", "name", ("arn:{partition}:backup:{region}:{account}:backup-vault:{name}",)),
        reads="DescribeBackupVault ListTags ListRecoveryPointsByBackupVault",
        creates="CreateBackupVault",
        changes=f"DeleteBackupVault {_TAGS}",
        also=f"backup-storage:MountCapsule {_GRANTS} kms:GenerateDataKey kms:Decrypt kms:RetireGrant",
        forced="DeleteRecoveryPoint DescribeRecoveryPoint",
        inside=(
            "arn:{partition}:backup:{region}:{account}:recovery-point:*",
            "arn:{partition}:ec2:{region}::snapshot/*",
            "arn:{partition}:fsx:{region}:{account}:backup/backup-*",
        ),
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Calls(
        *("backup", "name", ("arn:{partition}:backup:{region}:{account}:backup-vault:{name}",), "DescribeBackupVault"),
        changes="PutBackupVaultLockConfiguration DeleteBackupVaultLockConfiguration",
    ),
    "aws:budgets/budget:Budget": Calls(
        *("budgets", "name", ("arn:{partition}:budgets::{account}:budget/{name}",), "ViewBudget ListTagsForResource"),
        changes=f"ModifyBudget {_TAGS}",
    ),
    "aws:cloudwatch/eventRule:EventRule": Calls(
        *("events", "name", ("arn:{partition}:events:{region}:{account}:rule/{name}",)),
        reads="DescribeRule ListTagsForResource",
        changes=f"PutRule DeleteRule EnableRule DisableRule {_TAGS}",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Calls(
        *("events", "name", ("arn:{partition}:events:{region}:{account}:rule/{name}",), "ListTargetsByRule"),
        changes="PutTargets RemoveTargets",
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Calls(
        *("logs", "name", ("arn:{partition}:logs:{region}:{account}:log-group:{name}",), "DescribeMetricFilters"),
        changes="PutMetricFilter DeleteMetricFilter",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Calls(
        *("cloudwatch", "name", ("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",)),
        reads="DescribeAlarms ListTagsForResource",
        changes=f"PutMetricAlarm DeleteAlarms {_TAGS}",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Calls(
        *("logs", "name", ("arn:{partition}:logs:{region}:{account}:log-group:{name}",)),
        reads="DescribeLogGroups ListTagsForResource",
        changes="CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey "
        f"DisassociateKmsKey {_TAGS}",
    ),
    "aws:ec2/capacityReservation:CapacityReservation": _ec2(
        "DescribeCapacityReservations",
        "CreateCapacityReservation",
        "ModifyCapacityReservation CancelCapacityReservation",
    ),
    # It exists before it has the tags of the stack.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _ec2(
        _SG,
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress",
    ),
    "aws:ec2/eip:Eip": _ec2(
        "DescribeAddresses DescribeAddressesAttribute",
        "AllocateAddress AssociateAddress DisassociateAddress",
        "ReleaseAddress",
    ),
    "aws:ec2/flowLog:FlowLog": _ec2("DescribeFlowLogs", "CreateFlowLogs", "DeleteFlowLogs")._replace(
        also="iam:PassRole logs:CreateLogDelivery logs:DeleteLogDelivery"
    ),
    "aws:ec2/internetGateway:InternetGateway": _ec2(
        *("DescribeInternetGateways", "CreateInternetGateway AttachInternetGateway DetachInternetGateway"),
        "DeleteInternetGateway",
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": _ec2(
        "DescribeLaunchTemplates DescribeLaunchTemplateVersions",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate",
    ),
    "aws:ec2/natGateway:NatGateway": _ec2("DescribeNatGateways", "CreateNatGateway", "DeleteNatGateway"),
    "aws:ec2/placementGroup:PlacementGroup": _ec2(
        "DescribePlacementGroups", "CreatePlacementGroup", "DeletePlacementGroup"
    ),
    "aws:ec2/route:Route": _ec2("DescribeRouteTables", "CreateRoute ReplaceRoute", "DeleteRoute"),
    "aws:ec2/routeTable:RouteTable": _ec2(
        *("DescribeRouteTables", "CreateRouteTable CreateRoute ReplaceRoute EnableVgwRoutePropagation"),
        "DeleteRouteTable DeleteRoute",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _ec2(
        "DescribeRouteTables", "AssociateRouteTable ReplaceRouteTableAssociation DisassociateRouteTable"
    ),
    "aws:ec2/securityGroup:SecurityGroup": _ec2(
        f"{_SG} DescribeNetworkInterfaces",
        "CreateSecurityGroup AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress",
        "DeleteSecurityGroup",
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": _ec2(
        _SG,
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress UpdateSecurityGroupRuleDescriptionsIngress "
        "UpdateSecurityGroupRuleDescriptionsEgress",
    ),
    "aws:ec2/subnet:Subnet": _ec2(
        "DescribeSubnets DescribeNetworkInterfaces", "CreateSubnet ModifySubnetAttribute", "DeleteSubnet"
    ),
    "aws:ec2/tag:Tag": _ec2("DescribeTags"),
    "aws:ec2/vpc:Vpc": _ec2(
        "DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups",
        "CreateVpc ModifyVpcAttribute",
        "DeleteVpc",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "DescribeVpcEndpoints DescribePrefixLists", "CreateVpcEndpoint ModifyVpcEndpoint", "DeleteVpcEndpoints"
    )._replace(also="route53:AssociateVPCWithHostedZone"),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": _ec2(
        "DescribeVpcs", "AssociateVpcCidrBlock DisassociateVpcCidrBlock"
    ),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": _ec2(
        "DescribeTransitGatewayVpcAttachments DescribeTransitGateways DescribeTransitGatewayAttachments "
        "GetTransitGatewayRouteTableAssociations GetTransitGatewayRouteTablePropagations",
        "CreateTransitGatewayVpcAttachment ModifyTransitGatewayVpcAttachment AssociateTransitGatewayRouteTable "
        "DisassociateTransitGatewayRouteTable EnableTransitGatewayRouteTablePropagation "
        "DisableTransitGatewayRouteTablePropagation",
        "DeleteTransitGatewayVpcAttachment",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Calls(
        *("ecr", "name", _REPOSITORY, "GetLifecyclePolicy", "", "PutLifecyclePolicy DeleteLifecyclePolicy")
    ),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": Calls(
        *("ecr", "region", ("*",), "DescribePullThroughCacheRules"),
        anywhere="CreatePullThroughCacheRule DeletePullThroughCacheRule UpdatePullThroughCacheRule",
    ),
    "aws:ecr/repository:Repository": Calls(
        *("ecr", "name", _REPOSITORY),
        reads="DescribeRepositories ListTagsForResource",
        creates="CreateRepository",
        changes=f"DeleteRepository PutImageTagMutability PutImageScanningConfiguration {_TAGS}",
        also=_GRANTS,
    ),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": Calls(
        *("ecr", "region", ("*",), "DescribeRepositoryCreationTemplates"),
        anywhere="CreateRepositoryCreationTemplate DeleteRepositoryCreationTemplate UpdateRepositoryCreationTemplate "
        "CreateRepository PutLifecyclePolicy SetRepositoryPolicy",
        also="iam:PassRole",
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Calls(
        *("ecr", "name", _REPOSITORY, "GetRepositoryPolicy", "", "SetRepositoryPolicy DeleteRepositoryPolicy")
    ),
    "aws:efs/accessPoint:AccessPoint": Calls(
        *("elasticfilesystem", "tag", (*_EFS, _EFS[0].replace("file-system", "access-point"))),
        reads="DescribeAccessPoints ListTagsForResource",
        changes="CreateAccessPoint DeleteAccessPoint UntagResource",
        tags="TagResource",
    ),
    "aws:efs/backupPolicy:BackupPolicy": Calls(
        "elasticfilesystem", "tag", _EFS, "DescribeBackupPolicy", changes="PutBackupPolicy"
    ),
    "aws:efs/fileSystem:FileSystem": Calls(
        *("elasticfilesystem", "tag", _EFS),
        reads="DescribeFileSystems DescribeLifecycleConfiguration ListTagsForResource",
        creates="CreateFileSystem",
        changes="UpdateFileSystem UpdateFileSystemProtection PutLifecycleConfiguration DeleteFileSystem UntagResource",
        also=f"{_GRANTS} kms:GenerateDataKeyWithoutPlaintext",
        tags="TagResource",
    ),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": Calls(
        *("elasticfilesystem", "tag", _EFS, "DescribeFileSystemPolicy"),
        changes="PutFileSystemPolicy DeleteFileSystemPolicy",
    ),
    "aws:efs/mountTarget:MountTarget": Calls(
        *("elasticfilesystem", "tag", _EFS, "DescribeMountTargets DescribeMountTargetSecurityGroups"),
        changes="CreateMountTarget ModifyMountTargetSecurityGroups DeleteMountTarget",
        also="ec2:DescribeSubnets ec2:DescribeNetworkInterfaces ec2:CreateNetworkInterface "
        "ec2:ModifyNetworkInterfaceAttribute ec2:DeleteNetworkInterface",
    ),
    "aws:efs/replicationConfiguration:ReplicationConfiguration": Calls(
        *("elasticfilesystem", "tag", _EFS, "DescribeReplicationConfigurations"),
        # The copy has no tags when EFS makes it, and EFS compares none of either.
        anywhere="CreateReplicationConfiguration DeleteReplicationConfiguration CreateFileSystem",
    ),
    "aws:eks/accessEntry:AccessEntry": _eks(
        "access-entry/{cluster}/*", "DescribeAccessEntry", "CreateAccessEntry", "UpdateAccessEntry DeleteAccessEntry"
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _eks(
        *("access-entry/{cluster}/*", "ListAssociatedAccessPolicies", "AssociateAccessPolicy"),
        "DisassociateAccessPolicy",
    ),
    "aws:eks/addon:Addon": _eks(
        *("addon/{cluster}/*/*", "DescribeAddon", "CreateAddon", "UpdateAddon DeleteAddon DescribeUpdate"),
        also="iam:PassRole",
    ),
    "aws:eks/cluster:Cluster": _eks(
        *("cluster/{cluster}", "DescribeCluster DescribeUpdate", "CreateCluster"),
        "UpdateClusterConfig UpdateClusterVersion AssociateEncryptionConfig DeleteCluster",
        f"iam:PassRole {_GRANTS}",
    ),
    "aws:eks/nodeGroup:NodeGroup": _eks(
        *("nodegroup/{cluster}/*/*", "DescribeNodegroup DescribeUpdate", "CreateNodegroup"),
        "UpdateNodegroupConfig UpdateNodegroupVersion DeleteNodegroup",
        "iam:PassRole iam:GetRole iam:ListAttachedRolePolicies ec2:RunInstances ec2:DescribeLaunchTemplateVersions",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _eks(
        *("podidentityassociation/{cluster}/*", "DescribePodIdentityAssociation", "CreatePodIdentityAssociation"),
        *("UpdatePodIdentityAssociation DeletePodIdentityAssociation", "iam:PassRole iam:GetRole"),
    ),
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": Calls(
        *("fsx", "tag", _FSX, "DescribeDataRepositoryAssociations ListTagsForResource"),
        changes="UpdateDataRepositoryAssociation DeleteDataRepositoryAssociation UntagResource",
        anywhere="CreateDataRepositoryAssociation",
        tags="TagResource",
    ),
    "aws:fsx/lustreFileSystem:LustreFileSystem": Calls(
        *("fsx", "tag", _FSX, "DescribeFileSystems ListTagsForResource"),
        creates="CreateFileSystem",
        changes="UpdateFileSystem DeleteFileSystem UntagResource",
        anywhere="CreateBackup",  # the last one, when a file system is deleted; it has no tags before
        also=f"{_GRANTS} ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeSecurityGroups ec2:GetSecurityGroupsForVpc",
        tags="TagResource",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Calls(
        *("iam", "name", ("arn:{partition}:iam::{account}:instance-profile/{name}",), "GetInstanceProfile"),
        changes="CreateInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile "
        "TagInstanceProfile UntagInstanceProfile",
        also="iam:PassRole",
    ),
    "aws:iam/role:Role": Calls(
        *("iam", "name", _ROLE, f"{_ROLE_READS} ListInstanceProfilesForRole"),
        creates="CreateRole",
        changes="UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription DeleteRole PutRolePermissionsBoundary TagRole "
        "UntagRole",
    ),
    "aws:iam/rolePolicy:RolePolicy": Calls("iam", "name", _ROLE, _ROLE_READS, changes="PutRolePolicy DeleteRolePolicy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Calls(
        "iam", "name", _ROLE, _ROLE_READS, changes="AttachRolePolicy DetachRolePolicy"
    ),
    "aws:kms/alias:Alias": Calls(
        *("kms", "name", ("arn:{partition}:kms:{region}:{account}:{name}",), "ListAliases"),
        changes="CreateAlias UpdateAlias DeleteAlias",  # also about the key, by the statement of keys
    ),
    "aws:kms/key:Key": Calls(
        *("kms", "tag", ("arn:{partition}:kms:{region}:{account}:key/*",)),
        reads="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
        creates="CreateKey",
        changes="PutKeyPolicy EnableKeyRotation DisableKeyRotation EnableKey DisableKey UpdateKeyDescription "
        "ScheduleKeyDeletion CreateAlias UpdateAlias DeleteAlias UntagResource",
        tags="TagResource",
    ),
    "aws:kms/keyPolicy:KeyPolicy": Calls(
        *("kms", "tag", ("arn:{partition}:kms:{region}:{account}:key/*",), "DescribeKey GetKeyPolicy"),
        changes="PutKeyPolicy",
    ),
    "aws:route53/record:Record": Calls(
        *("route53", "name", ("arn:{partition}:route53:::hostedzone/{name}",), "GetHostedZone ListResourceRecordSets"),
        changes="ChangeResourceRecordSets",
        also="route53:GetChange",
    ),
    "aws:s3/bucket:Bucket": _bucket(
        "GetBucketPolicy GetBucketAcl GetBucketCORS GetBucketWebsite GetBucketVersioning GetAccelerateConfiguration "
        "GetBucketRequestPayment GetBucketLogging GetLifecycleConfiguration GetReplicationConfiguration "
        "GetEncryptionConfiguration GetBucketObjectLockConfiguration GetBucketTagging GetBucketLocation "
        "ListTagsForResource",
        f"CreateBucket DeleteBucket PutBucketTagging {_TAGS}",
    )._replace(
        forced="ListBucketVersions DeleteObject DeleteObjectVersion BypassGovernanceRetention",
        inside=("arn:{partition}:s3:::{name}", "arn:{partition}:s3:::{name}/*"),
    ),
    "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration": _bucket(
        "GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _bucket(
        "GetLifecycleConfiguration", "PutLifecycleConfiguration"
    ),
    "aws:s3/bucketLogging:BucketLogging": _bucket("GetBucketLogging", "PutBucketLogging"),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _bucket(
        "GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _bucket(
        "GetBucketOwnershipControls", "PutBucketOwnershipControls"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _bucket("GetBucketPolicy", "PutBucketPolicy DeleteBucketPolicy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _bucket(
        "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": _bucket(
        "GetReplicationConfiguration", "PutReplicationConfiguration", "iam:PassRole"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _bucket(
        "GetEncryptionConfiguration", "PutEncryptionConfiguration"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _bucket("GetBucketVersioning", "PutBucketVersioning"),
    "aws:secretsmanager/secret:Secret": Calls(
        *("secretsmanager", "name", ("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-*",)),
        reads="DescribeSecret GetResourcePolicy",
        creates="CreateSecret",
        changes="UpdateSecret DeleteSecret RestoreSecret PutResourcePolicy DeleteResourcePolicy ValidateResourcePolicy "
        f"ReplicateSecretToRegions RemoveRegionsFromReplication {_TAGS}",
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Calls(
        *("secretsmanager", "name", ("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-*",)),
        *("DescribeSecret", "", "RotateSecret CancelRotateSecret"),
        also="lambda:InvokeFunction",
    ),
    "aws:servicequotas/serviceQuota:ServiceQuota": Calls(
        *("servicequotas", "region", ("*",)),
        reads="GetServiceQuota GetAWSDefaultServiceQuota ListRequestedServiceQuotaChangeHistoryByQuota",
        anywhere="RequestServiceQuotaIncrease",
    ),
    "aws:guardduty/detector:Detector": Calls(
        *("guardduty", "region", (_DETECTOR,), "GetDetector ListTagsForResource"),
        anywhere=f"CreateDetector UpdateDetector DeleteDetector {_TAGS}",
    ),
    "aws:guardduty/detectorFeature:DetectorFeature": Calls(
        *("guardduty", "region", (_DETECTOR,), "GetDetector"), anywhere="UpdateDetector"
    ),
    "aws:sns/topic:Topic": Calls(
        *("sns", "name", _TOPIC, "GetTopicAttributes ListTagsForResource"),
        changes=f"CreateTopic DeleteTopic SetTopicAttributes {_TAGS}",
    ),
    "aws:sns/topicPolicy:TopicPolicy": Calls("sns", "name", _TOPIC, "GetTopicAttributes", "", "SetTopicAttributes"),
    "aws:sns/topicSubscription:TopicSubscription": Calls(
        *("sns", "name", _TOPIC, "GetSubscriptionAttributes"),
        changes="Subscribe",
        anywhere="Unsubscribe SetSubscriptionAttributes",
    ),
    "aws:sqs/queue:Queue": Calls(
        *("sqs", "name", ("arn:{partition}:sqs:{region}:{account}:{name}",)),
        reads="GetQueueAttributes GetQueueUrl ListQueueTags",
        changes="CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Calls(
        *("sqs", "name", ("arn:{partition}:sqs:{region}:{account}:{name}",), "GetQueueAttributes"),
        changes="SetQueueAttributes",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _ec2(
        _SG, "AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress ModifySecurityGroupRules"
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ec2(
        _SG, "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress ModifySecurityGroupRules"
    ),
    "aws:wafv2/webAcl:WebAcl": Calls(
        *("wafv2", "name", ("arn:{partition}:wafv2:{region}:{account}:regional/*/{name}/*",)),
        reads="GetWebACL ListTagsForResource",
        changes=f"CreateWebACL UpdateWebACL DeleteWebACL {_TAGS}",
    ),
}
"""Type of the provider -> its actions."""

NAMED: Mapping[str, str] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:ecr/repository:Repository": "name",
    "aws:sns/topic:Topic": "name",
    "aws:backup/vault:Vault": "name",
    "aws:budgets/budget:Budget": "name",
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:eks/cluster:Cluster": "name",
    "aws:iam/instanceProfile:InstanceProfile": "name",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:route53/record:Record": "zoneId",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:sqs/queue:Queue": "name",
    "aws:wafv2/webAcl:WebAcl": "name",
}
"""Type -> the input that stands for `{name}`, or `{cluster}`, in the ARNs of its rows."""

FUNCTIONS: Mapping[str, str] = {
    "aws:cloudwatch/getLogGroup:getLogGroup": "logs:DescribeLogGroups logs:ListTagsForResource",
    "aws:cloudwatch/getLogGroups:getLogGroups": "logs:DescribeLogGroups",
    "aws:ec2/getSubnets:getSubnets": "ec2:DescribeSubnets",
    "aws:eks/getCluster:getCluster": "eks:DescribeCluster eks:ListTagsForResource",
    "aws:eks/getClusters:getClusters": "eks:ListClusters",
    "aws:eks/getNodeGroup:getNodeGroup": "eks:DescribeNodegroup eks:ListTagsForResource",
    "aws:eks/getNodeGroups:getNodeGroups": "eks:ListNodegroups",
    "aws:guardduty/getDetector:getDetector": "guardduty:GetDetector guardduty:ListDetectors",
    "aws:iam/getRoles:getRoles": "iam:ListRoles",
    "aws:index/getAvailabilityZones:getAvailabilityZones": "ec2:DescribeAvailabilityZones",
    "aws:index/getCallerIdentity:getCallerIdentity": "sts:GetCallerIdentity",
    "aws:resourcegroupstaggingapi/getResources:getResources": "tag:GetResources",
    "aws:ssm/getParameter:getParameter": "ssm:GetParameter",
}
"""Function of the provider that the program calls -> its actions. All of them read."""

WITHOUT_RESOURCE = frozenset(
    {
        *("acm:RequestCertificate", "aps:CreateWorkspace"),
        *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScheduledActions"),
        *("autoscaling:DescribeTags", "backup-storage:MountCapsule", "ecr:CreatePullThroughCacheRule"),
        *(
            "ecr:CreateRepositoryCreationTemplate",
            "ecr:DeletePullThroughCacheRule",
            "ecr:DeleteRepositoryCreationTemplate",
        ),
        *(
            "ecr:DescribePullThroughCacheRules",
            "ecr:DescribeRepositoryCreationTemplates",
            "ecr:UpdatePullThroughCacheRule",
        ),
        *("ecr:UpdateRepositoryCreationTemplate", "eks:CreateCluster", "eks:ListClusters"),
        *("elasticfilesystem:CreateFileSystem", "fsx:DescribeDataRepositoryAssociations", "fsx:DescribeFileSystems"),
        *("guardduty:CreateDetector", "guardduty:ListDetectors"),
        *("iam:ListRoles", "kms:CreateKey", "kms:ListAliases", "logs:CreateLogDelivery", "logs:DeleteLogDelivery"),
        *("logs:DescribeLogGroups", "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"),
        *("servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota", "sns:GetSubscriptionAttributes"),
        *("sns:SetSubscriptionAttributes", "sns:Unsubscribe", "sts:GetCallerIdentity", "tag:GetResources"),
    }
)
"""Actions that no ARN can limit, but those of EC2: there all that begin with Describe and Get are such."""

SERVICE_LINKED: Mapping[str, str] = {
    "aws:backup/plan:Plan": "backup.amazonaws.com",
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": "transitgateway.amazonaws.com",
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": "pullthroughcache.ecr.amazonaws.com",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "ecr.amazonaws.com",
    "aws:efs/fileSystem:FileSystem": "elasticfilesystem.amazonaws.com",
    "aws:eks/cluster:Cluster": "eks.amazonaws.com",
    "aws:eks/nodeGroup:NodeGroup": "eks-nodegroup.amazonaws.com",
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": "s3.data-source.lustre.fsx.amazonaws.com",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "fsx.amazonaws.com",
    "aws:guardduty/detector:Detector": "guardduty.amazonaws.com",
}
"""Type -> the service whose role AWS makes in the account with the first one of the type."""
