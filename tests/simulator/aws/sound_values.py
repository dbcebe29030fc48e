"""Sound inputs of every type that wrong values are tried on, and an account with what they refer to.

A text such as `<vpc>` stands for the id of that resource of the account, and `<key:arn>` for another output of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from catalog.eks_addons import ADDONS
from catalog.quotas import QUOTAS
from simulator.aws import tokens
from simulator.aws.services.guardduty import ACCOUNTS_OWN
from tests.simulator.aws.account import Account, Resource, trust

_SETTING = "aws:s3/bucket{0}:Bucket{0}"
LIFECYCLE, VERSIONING, ENCRYPTION, LOGGING, OBJECT_LOCK, OWNERSHIP, REPLICATION, PUBLIC_ACCESS, TIERING = (
    _SETTING.format(name)
    for name in (
        *("LifecycleConfiguration", "Versioning", "ServerSideEncryptionConfiguration", "Logging"),
        *("ObjectLockConfiguration", "OwnershipControls", "ReplicationConfig", "PublicAccessBlock"),
        "IntelligentTieringConfiguration",
    )
)
VAULT_LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PARAMETER = "aws:ssm/parameter:Parameter"
GROUP_TAG = "aws:autoscaling/tag:Tag"
VCPUS = next(quota for quota in QUOTAS.values() if quota.default > 1)
_METRICS = {"cloudwatchMetricsEnabled": True, "metricName": "door", "sampledRequestsEnabled": True}
_REFERENCE = re.compile(r"<([a-z-]+)(?::([\w.]+))?>")

EXPIRE_UNTAGGED = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
    "action": {"type": "expire"},
}


def lifecycle(*rules: Any) -> str:
    """Returns a lifecycle policy of ECR."""
    return json.dumps({"rules": list(rules)})


SOUND: Mapping[str, dict[str, Any]] = {
    tokens.SECRET: {"name": "ml-platform-dev/research/hub-token", "kmsKeyId": "<key:arn>"},
    tokens.ROTATION: {
        "secretId": "<secret>",
        "rotationLambdaArn": "arn:aws:lambda:us-west-2:123456789012:function:rotate",
        "rotationRules": {"automaticallyAfterDays": 30},
        "rotateImmediately": False,
    },
    tokens.REPOSITORY: {
        "name": "ml-platform-dev/research/trainer",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "<key:arn>"}],
    },
    tokens.LIFECYCLE_POLICY: {"repository": "<repository>", "policy": lifecycle(EXPIRE_UNTAGGED)},
    tokens.REPOSITORY_POLICY: {
        "repository": "<repository>",
        "policy": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": "<node-role:arn>"}, "Action": ["ecr:BatchGetImage"]}
                ],
            }
        ),
    },
    tokens.CACHE_RULE: {"ecrRepositoryPrefix": "ml-platform-dev/k8s", "upstreamRegistryUrl": "registry.k8s.io"},
    tokens.CREATION_TEMPLATE: {
        "prefix": "ml-platform-dev/k8s",
        "appliedFors": ["PULL_THROUGH_CACHE"],
        "customRoleArn": "<node-role:arn>",
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "<key:arn>"}],
        "lifecyclePolicy": lifecycle(EXPIRE_UNTAGGED),
        "resourceTags": {"project": "ml-platform"},
    },
    tokens.VPC: {"cidrBlock": "10.1.0.0/16"},
    tokens.BUDGET: {
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "3000",
        "limitUnit": "USD",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:Team$research"]}],
        "notifications": [
            {
                "notificationType": "ACTUAL",
                "comparisonOperator": "GREATER_THAN",
                "threshold": 80,
                "thresholdType": "PERCENTAGE",
                "subscriberEmailAddresses": ["research@example.com"],
            }
        ],
    },
    tokens.PROMETHEUS_WORKSPACE: {"alias": "ml-platform-prod-main", "kmsKeyArn": "<key:arn>"},
    tokens.PROMETHEUS_CONFIGURATION: {
        "workspaceId": "<workspace>",
        "retentionPeriodInDays": 150,
        "limitsPerLabelSets": [{"labelSet": {"cluster": "main"}, "limits": {"maxSeries": 200_000}}],
    },
    tokens.METRIC_ALARM: {
        "name": "vcpus",
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 3,
        "threshold": 80,
        "metricQueries": [
            {
                "id": "used",
                "metric": {
                    "namespace": "AWS/Usage",
                    "metricName": "ResourceCount",
                    "dimensions": {"Class": "P/OnDemand", "Resource": "vCPU", "Service": "EC2", "Type": "Resource"},
                    "period": 300,
                    "stat": "Maximum",
                },
            },
            {"id": "share", "expression": "100 * used / SERVICE_QUOTA(used)", "returnData": True},
        ],
    },
    tokens.TOPIC: {"name": "audit"},
    tokens.DETECTOR: {"findingPublishingFrequency": "FIFTEEN_MINUTES"},
    tokens.DETECTOR_FEATURE: {
        "detectorId": ACCOUNTS_OWN,
        "name": "RUNTIME_MONITORING",
        "status": "ENABLED",
        "additionalConfigurations": [{"name": "EKS_ADDON_MANAGEMENT", "status": "DISABLED"}],
    },
    tokens.TOPIC_SUBSCRIPTION: {"topic": "<topic:arn>", "protocol": "email", "endpoint": "security@example.com"},
    tokens.CIDR_ASSOCIATION: {"vpcId": "<vpc>", "cidrBlock": "100.64.0.0/16"},
    tokens.SUBNET: {"vpcId": "<vpc>", "cidrBlock": "10.0.8.0/24", "availabilityZone": "us-west-2a"},
    tokens.INTERNET_GATEWAY: {"vpcId": "<other-vpc>"},
    tokens.EIP: {"domain": "vpc"},
    tokens.NAT_GATEWAY: {"subnetId": "<subnet-b>", "allocationId": "<eip>"},
    tokens.ROUTE_TABLE: {"vpcId": "<vpc>"},
    tokens.ROUTE: {"routeTableId": "<table>", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "<gateway>"},
    tokens.ROUTE_TABLE_ASSOCIATION: {"routeTableId": "<table>", "subnetId": "<subnet-b>"},
    tokens.VPC_ENDPOINT: {
        "vpcId": "<vpc>",
        "serviceName": "com.amazonaws.us-west-2.ecr.api",
        "vpcEndpointType": "Interface",
        "subnetIds": ["<subnet-a>", "<subnet-b>"],
        "securityGroupIds": ["<group>"],
        "privateDnsEnabled": True,
    },
    tokens.FLOW_LOG: {
        "vpcId": "<vpc>",
        "trafficType": "ALL",
        "logDestination": "<logs:arn>",
        "iamRoleArn": "<flow-role:arn>",
    },
    tokens.LAUNCH_TEMPLATE: {
        "name": "nodes",
        "vpcSecurityGroupIds": ["<group>"],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", "volumeSize": 100, "encrypted": "true"}}
        ],
    },
    tokens.PLACEMENT_GROUP: {"name": "near", "strategy": "cluster"},
    tokens.CAPACITY_RESERVATION: {
        "availabilityZone": "us-west-2a",
        "instanceCount": 1,
        "instancePlatform": "Linux/UNIX",
        "instanceType": "m5.2xlarge",
    },
    tokens.SECURITY_GROUP: {"name": "nodes", "vpcId": "<vpc>", "description": "nodes"},
    tokens.SECURITY_GROUP_RULE: {
        "type": "ingress",
        "securityGroupId": "<group>",
        "protocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrBlocks": ["10.0.0.0/16"],
    },
    tokens.INGRESS_RULE: {
        "securityGroupId": "<group>",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "10.0.0.0/16",
    },
    tokens.EGRESS_RULE: {"securityGroupId": "<group>", "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
    tokens.TRANSIT_GATEWAY_ATTACHMENT: {
        "vpcId": "<vpc>",
        "subnetIds": ["<subnet-a>"],
        "transitGatewayId": "tgw-0123456789abcdef0",
    },
    tokens.CLUSTER: {
        "name": "second",
        "roleArn": "<cluster-role:arn>",
        "version": "1.35",
        "accessConfig": {"authenticationMode": "API"},
        "vpcConfig": {"subnetIds": ["<subnet-a>", "<subnet-b>"]},
    },
    tokens.NODE_GROUP: {
        "clusterName": "<cluster>",
        "nodeGroupName": "cpu",
        "nodeRoleArn": "<node-role:arn>",
        "scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 3},
        "subnetIds": ["<subnet-a>", "<subnet-b>"],
        "instanceTypes": ["m5.2xlarge"],
    },
    tokens.ADDON: {
        "clusterName": "<cluster>",
        "addonName": "vpc-cni",
        "addonVersion": ADDONS["vpc-cni"].versions["1.35"],
    },
    tokens.ACCESS_ENTRY: {"clusterName": "<cluster>", "principalArn": "arn:aws:iam::123456789012:role/people"},
    tokens.ACCESS_POLICY: {
        "clusterName": "<cluster>",
        "principalArn": "<entry:principalArn>",
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        "accessScope": {"type": "cluster"},
    },
    tokens.POD_IDENTITY: {
        "clusterName": "<cluster>",
        "namespace": "teams",
        "serviceAccount": "trainer",
        "roleArn": "<pod-role:arn>",
    },
    tokens.KEY: {},
    tokens.ALIAS: {"name": "alias/main", "targetKeyId": "<key>"},
    tokens.LOG_GROUP: {"name": "/ml/main", "retentionInDays": 30},
    tokens.EVENT_RULE: {"name": "spot", "eventPattern": '{"source": ["aws.ec2"]}'},
    tokens.EVENT_TARGET: {"rule": "<rule:name>", "targetId": "queue", "arn": "<queue:arn>"},
    tokens.BUCKET: {"bucket": "ml-data-123456789012"},
    LIFECYCLE: {"bucket": "<bucket>", "rules": [{"id": "old", "status": "Enabled", "expiration": {"days": 90}}]},
    VERSIONING: {"bucket": "<bucket>", "versioningConfiguration": {"status": "Enabled"}},
    ENCRYPTION: {
        "bucket": "<bucket>",
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "<key:arn>"}}],
    },
    LOGGING: {"bucket": "<bucket>", "targetBucket": "<versioned>", "targetPrefix": "logs/"},
    OBJECT_LOCK: {"bucket": "<versioned>", "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}},
    OWNERSHIP: {"bucket": "<bucket>", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    PUBLIC_ACCESS: {"bucket": "<bucket>", "blockPublicAcls": True, "blockPublicPolicy": True},
    REPLICATION: {
        "bucket": "<versioned>",
        "role": "<copy-role:arn>",
        "rules": [
            {
                "id": "all",
                "status": "Enabled",
                "priority": 1,
                "filter": {"prefix": ""},
                "deleteMarkerReplication": {"status": "Disabled"},
                "destination": {"bucket": "<copy:arn>"},
            }
        ],
    },
    TIERING: {"bucket": "<bucket>", "name": "all", "tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 90}]},
    tokens.LUSTRE: {
        "subnetIds": "<subnet-a>",
        "storageCapacity": 1200,
        "deploymentType": "PERSISTENT_2",
        "perUnitStorageThroughput": 125,
    },
    tokens.LUSTRE_LINK: {
        "fileSystemId": "<lustre>",
        "fileSystemPath": "/data",
        "dataRepositoryPath": "s3://<bucket>/data",
    },
    tokens.FILE_SYSTEM: {"encrypted": True, "throughputMode": "elastic"},
    tokens.MOUNT_TARGET: {"fileSystemId": "<files>", "subnetId": "<subnet-b>", "securityGroups": ["<group>"]},
    tokens.FILE_ACCESS_POINT: {
        "fileSystemId": "<files>",
        "posixUser": {"uid": 1000, "gid": 1000},
        "rootDirectory": {
            "path": "/teams",
            "creationInfo": {"ownerUid": 1000, "ownerGid": 1000, "permissions": "0755"},
        },
    },
    tokens.FILE_BACKUP_POLICY: {"fileSystemId": "<files>", "backupPolicy": {"status": "ENABLED"}},
    tokens.FILE_REPLICATION: {"sourceFileSystemId": "<files>", "destination": {"region": "us-east-1"}},
    tokens.VAULT: {"name": "second"},
    VAULT_LOCK: {"backupVaultName": "<vault>", "minRetentionDays": 7, "maxRetentionDays": 365},
    tokens.BACKUP_PLAN: {
        "name": "daily",
        "rules": [
            {
                "ruleName": "daily",
                "targetVaultName": "<vault>",
                "schedule": "cron(0 5 * * ? *)",
                "lifecycle": {"deleteAfter": 35},
            }
        ],
    },
    tokens.BACKUP_SELECTION: {
        "name": "files",
        "planId": "<plan>",
        "iamRoleArn": "<backup-role:arn>",
        "resources": ["<files:arn>"],
    },
    tokens.SCHEDULE: {
        "autoscalingGroupName": "<scaling-group>",
        "scheduledActionName": "night",
        "recurrence": "0 20 * * 1-5",
        "minSize": 0,
        "maxSize": 2,
        "desiredCapacity": 0,
    },
    GROUP_TAG: {
        "autoscalingGroupName": "<scaling-group>",
        "tag": {"key": "team", "value": "research", "propagateAtLaunch": True},
    },
    PARAMETER: {"name": "/ml/model", "type": "String", "value": "one"},
    tokens.SERVICE_QUOTA: {"serviceCode": "ec2", "quotaCode": VCPUS.code, "value": 100000},
    tokens.CERTIFICATE: {
        "domainName": "ml.example.com",
        "subjectAlternativeNames": ["*.ml.example.com"],
        "validationMethod": "DNS",
    },
    tokens.CERTIFICATE_VALIDATION: {"certificateArn": "<certificate>"},
    tokens.RECORD: {
        "zoneId": "Z0123456789ABCDEFGHIJ",
        "name": "chat.ml.example.com",
        "type": "CNAME",
        "records": ["door.example.com"],
        "ttl": 300,
    },
    tokens.WEB_ACL: {
        "name": "door",
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "visibilityConfig": _METRICS,
        "rules": [
            {
                "name": "rate",
                "priority": 0,
                "action": {"block": {}},
                "statement": {"rateBasedStatement": {"aggregateKeyType": "IP", "limit": 2000}},
                "visibilityConfig": _METRICS,
            },
            {
                "name": "common",
                "priority": 1,
                "overrideAction": {"none": {}},
                "statement": {
                    "managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
                },
                "visibilityConfig": _METRICS,
            },
        ],
    },
}

_WORLD: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("vpc", tokens.VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}),
    ("other-vpc", tokens.VPC, {"cidrBlock": "10.9.0.0/16"}),
    ("gateway", tokens.INTERNET_GATEWAY, {"vpcId": "<vpc>"}),
    ("subnet-a", tokens.SUBNET, {"vpcId": "<vpc>", "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-west-2a"}),
    ("subnet-b", tokens.SUBNET, {"vpcId": "<vpc>", "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-west-2b"}),
    ("subnet-c", tokens.SUBNET, {"vpcId": "<vpc>", "cidrBlock": "10.0.2.0/24", "availabilityZone": "us-west-2c"}),
    ("subnet-too", tokens.SUBNET, {"vpcId": "<vpc>", "cidrBlock": "10.0.3.0/24", "availabilityZone": "us-west-2a"}),
    ("foreign", tokens.SUBNET, {"vpcId": "<other-vpc>", "cidrBlock": "10.9.0.0/24", "availabilityZone": "us-west-2b"}),
    ("group", tokens.SECURITY_GROUP, {"name": "group", "vpcId": "<vpc>"}),
    ("foreign-group", tokens.SECURITY_GROUP, {"name": "group", "vpcId": "<other-vpc>"}),
    ("table", tokens.ROUTE_TABLE, {"vpcId": "<vpc>"}),
    ("foreign-table", tokens.ROUTE_TABLE, {"vpcId": "<other-vpc>"}),
    ("eip", tokens.EIP, {}),
    ("used-eip", tokens.EIP, {}),
    ("nat", tokens.NAT_GATEWAY, {"subnetId": "<subnet-a>", "allocationId": "<used-eip>"}),
    ("template", tokens.LAUNCH_TEMPLATE, {"name": "template"}),
    ("key", tokens.KEY, {}),
    ("secret", tokens.SECRET, {"name": "ml-platform-dev/research/tracking"}),
    ("other-key", tokens.KEY, {}),
    ("signing-key", tokens.KEY, {"keyUsage": "SIGN_VERIFY", "customerMasterKeySpec": "RSA_2048"}),
    ("logs", tokens.LOG_GROUP, {"name": "/ml/logs"}),
    ("cluster-role", tokens.ROLE, {"assumeRolePolicy": trust("eks.amazonaws.com")}),
    ("other-role", tokens.ROLE, {"assumeRolePolicy": trust("eks.amazonaws.com")}),
    ("node-role", tokens.ROLE, {"assumeRolePolicy": trust("ec2.amazonaws.com")}),
    (
        "pod-role",
        tokens.ROLE,
        {"assumeRolePolicy": trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")},
    ),
    ("flow-role", tokens.ROLE, {"assumeRolePolicy": trust("vpc-flow-logs.amazonaws.com")}),
    ("backup-role", tokens.ROLE, {"assumeRolePolicy": trust("backup.amazonaws.com")}),
    ("copy-role", tokens.ROLE, {"assumeRolePolicy": trust("s3.amazonaws.com")}),
    ("bucket", tokens.BUCKET, {"bucket": "ml-one"}),
    ("versioned", tokens.BUCKET, {"bucket": "ml-two"}),
    ("copy", tokens.BUCKET, {"bucket": "ml-copy"}),
    ("versioned-on", VERSIONING, {"bucket": "<versioned>", "versioningConfiguration": {"status": "Enabled"}}),
    ("copy-on", VERSIONING, {"bucket": "<copy>", "versioningConfiguration": {"status": "Enabled"}}),
    ("replicated", tokens.BUCKET, {"bucket": "ml-three", "versioning": {"enabled": True}}),
    ("replicated-on", REPLICATION, {**SOUND[REPLICATION], "bucket": "<replicated>"}),
    ("locked", tokens.BUCKET, {"bucket": "ml-four", "objectLockEnabled": True}),
    ("queue", tokens.QUEUE, {"name": "events"}),
    ("topic", tokens.TOPIC, {"name": "alarms"}),
    ("workspace", tokens.PROMETHEUS_WORKSPACE, {"alias": "ml-platform-prod-main"}),
    ("other-workspace", tokens.PROMETHEUS_WORKSPACE, {"alias": "ml-platform-prod-other"}),
    ("certificate", tokens.CERTIFICATE, SOUND[tokens.CERTIFICATE]),
    (
        "proof",
        tokens.RECORD,
        {
            **SOUND[tokens.RECORD],
            "name": "<certificate:domainValidationOptions.0.resourceRecordName>",
            "records": ["<certificate:domainValidationOptions.0.resourceRecordValue>"],
        },
    ),
    ("unproven", tokens.CERTIFICATE, {"domainName": "unproven.example.com", "validationMethod": "DNS"}),
    ("by-email", tokens.CERTIFICATE, {"domainName": "mail.example.com", "validationMethod": "EMAIL"}),
    ("record", tokens.RECORD, {**SOUND[tokens.RECORD], "name": "taken.ml.example.com"}),
    ("secret", tokens.SECRET, {"name": "taken"}),
    ("hub", tokens.SECRET, {"name": "ecr-pullthroughcache/hub"}),
    ("own-key", tokens.SECRET, {"name": "ecr-pullthroughcache/own-key", "kmsKeyId": "<key:arn>"}),
    ("repository", tokens.REPOSITORY, {"name": "taken"}),
    ("cache", tokens.CACHE_RULE, {"ecrRepositoryPrefix": "taken", "upstreamRegistryUrl": "quay.io"}),
    ("acl", tokens.WEB_ACL, {**SOUND[tokens.WEB_ACL], "name": "taken"}),
    ("rule", tokens.EVENT_RULE, {"name": "nightly", "scheduleExpression": "rate(1 day)"}),
    (
        "cluster",
        tokens.CLUSTER,
        {
            "name": "main",
            "roleArn": "<cluster-role:arn>",
            "version": "1.35",
            "accessConfig": {"authenticationMode": "API"},
            "vpcConfig": {"subnetIds": ["<subnet-a>", "<subnet-b>"]},
        },
    ),
    ("entry", tokens.ACCESS_ENTRY, {"clusterName": "<cluster>", "principalArn": "arn:aws:iam::123456789012:role/team"}),
    ("taken", tokens.POD_IDENTITY, {**SOUND[tokens.POD_IDENTITY], "serviceAccount": "taken"}),
    ("files", tokens.FILE_SYSTEM, {"encrypted": True}),
    ("mount", tokens.MOUNT_TARGET, {"fileSystemId": "<files>", "subnetId": "<subnet-a>"}),
    (
        "lustre",
        tokens.LUSTRE,
        {
            "subnetIds": "<subnet-a>",
            "storageCapacity": 1200,
            "deploymentType": "PERSISTENT_2",
            "perUnitStorageThroughput": 125,
        },
    ),
    ("vault", tokens.VAULT, {"name": "main"}),
    ("plan", tokens.BACKUP_PLAN, SOUND[tokens.BACKUP_PLAN]),
    ("nodes", tokens.NODE_GROUP, {**SOUND[tokens.NODE_GROUP], "nodeGroupName": "nodes"}),
)


def world(aws: Account) -> dict[str, Resource]:
    """Creates what the inputs refer to, and returns it by name."""
    made: dict[str, Resource] = {}
    for name, type_, inputs in _WORLD:
        made[name] = aws.make(type_, name, **filled(inputs, made))
    scaling_group = made["nodes"]["resources"][0]["autoscalingGroups"][0]["name"]
    made["scaling-group"] = Resource("", "", scaling_group, {}, {})
    return made


def filled(value: Any, made: Mapping[str, Resource]) -> Any:
    """Returns the value with ids and outputs of the account in place of the references."""
    if isinstance(value, dict):
        return {key: filled(inner, made) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, made) for inner in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda match: _output(made[match[1]], match[2]), value)


def _output(resource: Resource, path: str | None) -> Any:
    """Returns the id, or another output: a number in its path is an index."""
    if path is None:
        return resource.id
    value: Any = resource.state
    for step in path.split("."):
        value = value[int(step) if step.isdigit() else step]
    return value


def over(sound: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the sound inputs with the changes: a key is a path, `rules.0.id` too; None takes a value away."""
    result = dict(sound)
    for path, value in changes.items():
        key, _, rest = path.partition(".")
        if not rest:
            result[key] = value
        elif rest[0].isdigit():
            index, _, rest = rest.partition(".")
            items = list(result.get(key) or [{}])
            items[int(index)] = over(items[int(index)], {rest: value})
            result[key] = items
        else:
            result[key] = over(result.get(key) or {}, {rest: value})
    return {key: value for key, value in result.items() if value is not None}
