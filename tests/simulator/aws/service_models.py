"""Finds the member of the AWS API that an input of a simulated type becomes, in the service models of botocore.

An input usually has the name of its member, in another case, singular or plural. `MEMBERS` has the inputs with another
name or another operation, `WRAPPED` the member that contains all inputs of a type, `OWN` the inputs that are no member.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import botocore.session
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from simulator.aws.registry import kinds

SERVICES = {
    "ACM": "acm",
    "Auto Scaling": "autoscaling",
    "Backup": "backup",
    "Budgets": "budgets",
    "CloudWatch": "cloudwatch",
    "CloudWatch Logs": "logs",
    "EC2": "ec2",
    "ECR": "ecr",
    "EFS": "efs",
    "EKS": "eks",
    "EventBridge": "events",
    "FSx": "fsx",
    "GuardDuty": "guardduty",
    "IAM": "iam",
    "KMS": "kms",
    "Route 53": "route53",
    "S3": "s3",
    "Secrets Manager": "secretsmanager",
    "SNS": "sns",
    "SQS": "sqs",
    "SSM": "ssm",
    "Service Quotas": "service-quotas",
    "WAFV2": "wafv2",
    "amp": "amp",
}
_RECORD = "ChangeBatch.Changes.ResourceRecordSet"
WRAPPED = {
    "aws:autoscaling/tag:Tag": "Tags",
    "aws:backup/plan:Plan": "BackupPlan",
    "aws:guardduty/detectorFeature:DetectorFeature": "Features",
    "aws:backup/selection:Selection": "BackupSelection",
    "aws:budgets/budget:Budget": "Budget",
    "aws:cloudwatch/eventTarget:EventTarget": "Targets",
    "aws:ec2/launchTemplate:LaunchTemplate": "LaunchTemplateData",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "IpPermissions",
    "aws:ec2/tag:Tag": "Tags",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "LustreConfiguration",
    "aws:route53/record:Record": _RECORD,
    "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration": (
        "IntelligentTieringConfiguration"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "LifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging": "BucketLoggingStatus.LoggingEnabled",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "ObjectLockConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "OwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "PublicAccessBlockConfiguration",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "ReplicationConfiguration",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "ServerSideEncryptionConfiguration"
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "IpPermissions",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "IpPermissions",
}
_RULE = {
    "cidrIpv4": "IpPermissions.IpRanges.CidrIp",
    "cidrIpv6": "IpPermissions.Ipv6Ranges.CidrIpv6",
    "prefixListId": "IpPermissions.PrefixListIds.PrefixListId",
    "referencedSecurityGroupId": "IpPermissions.UserIdGroupPairs.GroupId",
    "securityGroupId": "GroupId",
}
# Type -> input -> member; the operation comes first when it is not the one that creates the resource.
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "aws:secretsmanager/secret:Secret": {"replicas": "AddReplicaRegions"},
    "aws:amp/workspace:Workspace": {"loggingConfiguration.logGroupArn": "CreateLoggingConfiguration:logGroupArn"},
    "aws:autoscaling/tag:Tag": {"autoscalingGroupName": "Tags.ResourceId", "tag": "Tags"},
    "aws:backup/plan:Plan": {
        "name": "BackupPlan.BackupPlanName",
        "rules.completionWindow": "BackupPlan.Rules.CompletionWindowMinutes",
        "rules.copyActions.destinationVaultArn": "BackupPlan.Rules.CopyActions.DestinationBackupVaultArn",
        "rules.copyActions.lifecycle.coldStorageAfter": (
            "BackupPlan.Rules.CopyActions.Lifecycle.MoveToColdStorageAfterDays"
        ),
        "rules.copyActions.lifecycle.deleteAfter": "BackupPlan.Rules.CopyActions.Lifecycle.DeleteAfterDays",
        "rules.lifecycle.coldStorageAfter": "BackupPlan.Rules.Lifecycle.MoveToColdStorageAfterDays",
        "rules.lifecycle.deleteAfter": "BackupPlan.Rules.Lifecycle.DeleteAfterDays",
        "rules.schedule": "BackupPlan.Rules.ScheduleExpression",
        "rules.startWindow": "BackupPlan.Rules.StartWindowMinutes",
        "rules.targetVaultName": "BackupPlan.Rules.TargetBackupVaultName",
    },
    "aws:backup/selection:Selection": {
        "conditions.stringEquals.key": "BackupSelection.Conditions.StringEquals.ConditionKey",
        "conditions.stringEquals.value": "BackupSelection.Conditions.StringEquals.ConditionValue",
        "name": "BackupSelection.SelectionName",
        "planId": "BackupPlanId",
        "selectionTags": "BackupSelection.ListOfTags",
        "selectionTags.key": "BackupSelection.ListOfTags.ConditionKey",
        "selectionTags.type": "BackupSelection.ListOfTags.ConditionType",
        "selectionTags.value": "BackupSelection.ListOfTags.ConditionValue",
    },
    "aws:backup/vault:Vault": {"kmsKeyArn": "EncryptionKeyArn", "name": "BackupVaultName"},
    "aws:budgets/budget:Budget": {
        "accountId": "AccountId",
        "filterExpression.ands": "Budget.FilterExpression.And",
        "limitAmount": "Budget.BudgetLimit.Amount",
        "limitUnit": "Budget.BudgetLimit.Unit",
        "name": "Budget.BudgetName",
        "notifications": "CreateNotification:Notification",
        "notifications.subscriberEmailAddresses": "CreateNotification:Subscribers.Address",
        "notifications.subscriberSnsTopicArns": "CreateNotification:Subscribers.Address",
        "timePeriodEnd": "Budget.TimePeriod.End",
        "timePeriodStart": "Budget.TimePeriod.Start",
    },
    "aws:cloudwatch/eventTarget:EventTarget": {"targetId": "Targets.Id"},
    "aws:cloudwatch/logGroup:LogGroup": {
        "name": "logGroupName",
        "retentionInDays": "PutRetentionPolicy:retentionInDays",
    },
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": {
        "metricTransformation": "metricTransformations",
        "metricTransformation.name": "metricTransformations.metricName",
        "metricTransformation.namespace": "metricTransformations.metricNamespace",
        "metricTransformation.value": "metricTransformations.metricValue",
        "name": "filterName",
        "pattern": "filterPattern",
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
        "metricQueries": "Metrics",
        "metricQueries.metric": "Metrics.MetricStat",
        **{
            f"metricQueries.metric.{name[0].lower()}{name[1:]}": f"Metrics.MetricStat.Metric.{name}"
            for name in ("Dimensions", "MetricName", "Namespace")
        },
        "name": "AlarmName",
    },
    "aws:sns/topicPolicy:TopicPolicy": {"arn": "TopicArn", "policy": "AttributeValue"},
    "aws:sns/topicSubscription:TopicSubscription": {"topic": "TopicArn"},
    "aws:ec2/flowLog:FlowLog": {"iamRoleArn": "DeliverLogsPermissionArn", "vpcId": "ResourceIds"},
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": "AttachInternetGateway:VpcId"},
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "description": "VersionDescription",
        "name": "LaunchTemplateName",
        "vpcSecurityGroupIds": "LaunchTemplateData.SecurityGroupIds",
    },
    "aws:ec2/natGateway:NatGateway": {"privateIp": "PrivateIpAddress"},
    "aws:ec2/placementGroup:PlacementGroup": {"name": "GroupName"},
    "aws:ec2/securityGroup:SecurityGroup": {"name": "GroupName"},
    "aws:ec2/securityGroupRule:SecurityGroupRule": {
        "cidrBlocks": "IpPermissions.IpRanges.CidrIp",
        "ipv6CidrBlocks": "IpPermissions.Ipv6Ranges.CidrIpv6",
        "prefixListIds": "IpPermissions.PrefixListIds.PrefixListId",
        "protocol": "IpPermissions.IpProtocol",
        "securityGroupId": "GroupId",
        "sourceSecurityGroupId": "IpPermissions.UserIdGroupPairs.GroupId",
    },
    "aws:ec2/subnet:Subnet": {
        "assignIpv6AddressOnCreation": "ModifySubnetAttribute:AssignIpv6AddressOnCreation.Value",
        "enableDns64": "ModifySubnetAttribute:EnableDns64.Value",
        "enableResourceNameDnsARecordOnLaunch": "ModifySubnetAttribute:EnableResourceNameDnsARecordOnLaunch.Value",
        "enableResourceNameDnsAaaaRecordOnLaunch": (
            "ModifySubnetAttribute:EnableResourceNameDnsAAAARecordOnLaunch.Value"
        ),
        "mapPublicIpOnLaunch": "ModifySubnetAttribute:MapPublicIpOnLaunch.Value",
        "privateDnsHostnameTypeOnLaunch": "ModifySubnetAttribute:PrivateDnsHostnameTypeOnLaunch",
    },
    "aws:ec2/tag:Tag": {"resourceId": "Resources"},
    "aws:ec2/vpc:Vpc": {
        "enableDnsHostnames": "ModifyVpcAttribute:EnableDnsHostnames.Value",
        "enableDnsSupport": "ModifyVpcAttribute:EnableDnsSupport.Value",
        "enableNetworkAddressUsageMetrics": "ModifyVpcAttribute:EnableNetworkAddressUsageMetrics.Value",
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"policy": "PolicyDocument"},
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": {
        name: f"Options.{name[0].upper()}{name[1:]}"
        for name in ("applianceModeSupport", "dnsSupport", "ipv6Support", "securityGroupReferencingSupport")
    },
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": {"policy": "lifecyclePolicyText", "repository": "repositoryName"},
    "aws:ecr/repository:Repository": {"forceDelete": "DeleteRepository:force", "name": "repositoryName"},
    "aws:ecr/repositoryPolicy:RepositoryPolicy": {"policy": "policyText", "repository": "repositoryName"},
    "aws:efs/fileSystem:FileSystem": {
        "lifecyclePolicies": "PutLifecycleConfiguration:LifecyclePolicies",
        "protection.replicationOverwrite": "UpdateFileSystemProtection:ReplicationOverwriteProtection",
    },
    "aws:eks/addon:Addon": {
        "resolveConflictsOnCreate": "resolveConflicts",
        "resolveConflictsOnUpdate": "UpdateAddon:resolveConflicts",
    },
    "aws:eks/cluster:Cluster": {
        "enabledClusterLogTypes": "logging.clusterLogging.types",
        "vpcConfig": "resourcesVpcConfig",
    },
    "aws:eks/nodeGroup:NodeGroup": {"nodeRoleArn": "nodeRole", "subnetIds": "subnets"},
    "aws:fsx/lustreFileSystem:LustreFileSystem": {"efaEnabled": "LustreConfiguration.EfaEnabled"},
    "aws:iam/instanceProfile:InstanceProfile": {
        "name": "InstanceProfileName",
        "role": "AddRoleToInstanceProfile:RoleName",
    },
    "aws:iam/policy:Policy": {"name": "PolicyName", "policy": "PolicyDocument"},
    "aws:iam/role:Role": {
        "assumeRolePolicy": "AssumeRolePolicyDocument",
        "inlinePolicies.policy": "PutRolePolicy:PolicyDocument",
        "name": "RoleName",
    },
    "aws:iam/rolePolicy:RolePolicy": {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {"role": "RoleName"},
    "aws:kms/alias:Alias": {"name": "AliasName"},
    "aws:kms/key:Key": {
        "customerMasterKeySpec": "KeySpec",
        "deletionWindowInDays": "ScheduleKeyDeletion:PendingWindowInDays",
        "rotationPeriodInDays": "EnableKeyRotation:RotationPeriodInDays",
    },
    "aws:route53/record:Record": {
        "aliases": f"{_RECORD}.AliasTarget",
        "aliases.name": f"{_RECORD}.AliasTarget.DNSName",
        "aliases.zoneId": f"{_RECORD}.AliasTarget.HostedZoneId",
        "failoverRoutingPolicies.type": f"{_RECORD}.Failover",
        "records": f"{_RECORD}.ResourceRecords.Value",
        "weightedRoutingPolicies.weight": f"{_RECORD}.Weight",
        "zoneId": "HostedZoneId",
    },
    "aws:s3/bucket:Bucket": {
        "accelerationStatus": "PutBucketAccelerateConfiguration:AccelerateConfiguration.Status",
        "objectLockEnabled": "ObjectLockEnabledForBucket",
        "requestPayer": "PutBucketRequestPayment:RequestPaymentConfiguration.Payer",
    },
    "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration": {
        "name": "IntelligentTieringConfiguration.Id"
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "rules.blockedEncryptionTypes": "ServerSideEncryptionConfiguration.Rules.BlockedEncryptionTypes.EncryptionType"
    },
    "aws:servicequotas/serviceQuota:ServiceQuota": {"value": "DesiredValue"},
    "aws:sqs/queue:Queue": {"name": "QueueName"},
    "aws:sqs/queuePolicy:QueuePolicy": {"queueUrl": "QueueUrl"},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
}
_PROVIDER = "is an option of the provider itself"
_ATTRIBUTE = "is sent as text in a map of attributes"
_OF_ANOTHER = "is sent as separate rules"
_TAGS = "is checked against the limits of tags, see constraints.tags"
# Type, or "" for every type -> input -> why it is no member of the API.
OWN: Mapping[str, Mapping[str, str]] = {
    "": {
        **dict.fromkeys(("forceDestroy", "skipDestroy", "skipFinalBackup", "timeouts", "preserve"), _PROVIDER),
        **dict.fromkeys(("namePrefix", "bucketPrefix", "nodeGroupNamePrefix"), "is the beginning of a generated name"),
        **dict.fromkeys(("tags", "tagsAll"), _TAGS),
        "region": "selects the endpoint",
    },
    "aws:budgets/budget:Budget": {"costFilters": "is sent as a map"},
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
        "egress": _OF_ANOTHER,
        "ingress": _OF_ANOTHER,
        "vpcId": "names the VPC whose default group is adopted",
    },
    "aws:ec2/routeTable:RouteTable": {"routes": "is sent as separate routes"},
    "aws:ec2/securityGroup:SecurityGroup": {
        "egress": _OF_ANOTHER,
        "ingress": _OF_ANOTHER,
        "revokeRulesOnDelete": _PROVIDER,
    },
    "aws:ec2/securityGroupRule:SecurityGroupRule": {
        "description": "is a member of each address and each group",
        "self": "is a pair with the group itself",
        "type": "selects the operation",
    },
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": {
        f"transitGatewayDefaultRouteTable{name}": "selects an operation" for name in ("Association", "Propagation")
    },
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": {"resourceTags": _TAGS},
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": {
        "deleteDataInFilesystem": "is a member of the operation that deletes"
    },
    "aws:iam/role:Role": {"forceDetachPolicies": _PROVIDER},
    "aws:kms/key:Key": {"enableKeyRotation": "selects an operation", "isEnabled": "selects an operation"},
    "aws:acm/certificateValidation:CertificateValidation": {"validationRecordFqdns": "is compared with the answer"},
    "aws:route53/record:Record": {"allowOverwrite": "selects UPSERT"},
    "aws:secretsmanager/secret:Secret": {"policy": "selects an operation", "recoveryWindowInDays": _PROVIDER},
    "aws:secretsmanager/secretRotation:SecretRotation": {"rotationEnabled": "selects the operation"},
    "aws:wafv2/webAcl:WebAcl": {"customResponseBodies": "is sent as a map", "ruleJson": "is sent as rules"},
    "aws:sns/topic:Topic": dict.fromkeys(
        (
            *("contentBasedDeduplication", "deliveryPolicy", "archivePolicy", "displayName", "fifoTopic", "policy"),
            *("kmsMasterKeyId", "signatureVersion", "tracingConfig"),
        ),
        _ATTRIBUTE,
    ),
    "aws:sns/topicSubscription:TopicSubscription": {
        **dict.fromkeys(("deliveryPolicy", "filterPolicy", "filterPolicyScope", "rawMessageDelivery"), _ATTRIBUTE),
        **dict.fromkeys(("confirmationTimeoutInMinutes", "endpointAutoConfirms"), _PROVIDER),
        "redrivePolicy": _ATTRIBUTE,
    },
    "aws:sqs/queue:Queue": dict.fromkeys(
        (
            *("contentBasedDeduplication", "deduplicationScope", "delaySeconds", "fifoQueue", "fifoThroughputLimit"),
            *("kmsDataKeyReusePeriodSeconds", "kmsMasterKeyId", "maxMessageSize", "messageRetentionSeconds", "policy"),
            *("receiveWaitTimeSeconds", "redriveAllowPolicy", "redrivePolicy", "sqsManagedSseEnabled"),
            "visibilityTimeoutSeconds",
        ),
        _ATTRIBUTE,
    ),
    "aws:sqs/queuePolicy:QueuePolicy": {"policy": _ATTRIBUTE},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"description": "is a member of each address and group"},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
        "description": "is a member of each address and group"
    },
}


class Member(NamedTuple):
    """A member of the API: the operation, the member names from the operation's input down, and the member's shape."""

    operation: str
    names: tuple[str, ...]
    shape: Shape


@cache
def model(service: str) -> ServiceModel:
    service_model: ServiceModel = botocore.session.get_session().get_service_model(SERVICES[service])
    return service_model


def is_own(type_: str, path: str) -> bool:
    """Returns True when `OWN` lists the input, which is then no member of the API."""
    first = path.split(".")[0].removesuffix("[*]")
    return first in OWN[""] or first in OWN.get(type_, ())


@cache
def member_of(type_: str, path: str) -> Member | None:
    """Returns the member of the API that an input such as `taints[*].effect` becomes; None when there is none."""
    kind = kinds()[type_]
    steps = path.replace("[*]", "").split(".")
    for length in range(len(steps), 0, -1):
        listed = MEMBERS.get(type_, {}).get(".".join(steps[:length]))
        if listed is not None:
            operation, _, members = listed.rpartition(":")
            return _down(kind.service.id, operation or kind.creates, [*members.split("."), *steps[length:]])
    wrapped = WRAPPED.get(type_)
    within = _down(kind.service.id, kind.creates, [*wrapped.split("."), *steps]) if wrapped else None
    return within or _down(kind.service.id, kind.creates, steps)


def _down(service: str, operation: str, steps: list[str]) -> Member | None:
    shape: Shape = model(service).operation_model(operation).input_shape
    names: list[str] = []
    for step in steps:
        shape = inside(shape)
        if not isinstance(shape, StructureShape):
            return None
        name = next((name for name in shape.members if _normalized(name) == _normalized(step)), None)
        if name is None:
            return None
        names.append(name)
        shape = shape.members[name]
    return Member(operation, tuple(names), shape)


def inside(shape: Shape) -> Shape:
    """Returns the shape of the elements of a list, also of nested lists; another shape is returned unchanged."""
    while isinstance(shape, ListShape):
        shape = shape.member
    return shape


def _normalized(name: str) -> str:
    return name.lower().rstrip("s")
