"""Odd values and updates that AWS takes, with the source, and wrong ones that the simulator lets pass, with the reason.

A refusal of one of the first would be false: nobody could rehearse what works.
"""

from __future__ import annotations

from typing import Any

from simulator.aws import tokens
from tests.simulator.aws import sound_values as types
from tests.simulator.aws.wrong import Wrong

_API = "API model of botocore 1.44.8: "
_PROVIDER = "terraform-provider-aws: "
_SCHEMA = "the schema of each version is not known; EKS tells it (describe-addon-configuration)"
_RELEASES = "the releases of this add-on are not known; EKS tells them (describe-addon-versions)"
_OUTSIDE = "arn:aws:iam::123456789012:role/ci"
_GATEWAY = {
    "vpcEndpointType": "Gateway",
    "serviceName": "com.amazonaws.us-west-2.s3",
    "privateDnsEnabled": None,
    "securityGroupIds": None,
    "subnetIds": None,
}


def taken(type_: str, *rows: tuple[str, dict[str, Any], str] | tuple[str, dict[str, Any], str, dict[str, Any]]) -> Any:
    """Returns the cases of a type. Each has inputs, why AWS takes them and, for an update, what the live one has."""
    return tuple(Wrong(row[0], type_, row[1], passes=row[2], before=row[3] if len(row) > 3 else None) for row in rows)


def _rules(**values: Any) -> dict[str, Any]:
    return {"rules": [{"id": "a", "status": "Enabled", "filter": {"prefix": ""}, **values}]}


TAKEN: tuple[Wrong, ...] = (
    *taken(
        tokens.CERTIFICATE,
        ("wildcard first", {"domainName": "*.example.com", "subjectAlternativeNames": None}, "ACM user guide"),
        ("ten names", {"subjectAlternativeNames": [f"{n}.example.com" for n in range(9)]}, "ACM user guide, Quotas"),
        (
            "long second name",
            {"subjectAlternativeNames": [f"{'x' * 63}.{'y' * 63}.example.com"]},
            _API + "SubjectAlternativeNames: up to 253 characters",
        ),
        ("name of another certificate", {"domainName": "mail.example.com"}, "ACM user guide: each has its own ARN"),
        ("tags of a live one", {"tags": {"team": "ml"}}, _API + "AddTagsToCertificate", {}),
        (
            "no log of a live one",
            {"options": {"certificateTransparencyLoggingPreference": "DISABLED"}},
            _API + "UpdateCertificateOptions",
            {},
        ),
    ),
    *taken(
        tokens.CERTIFICATE_VALIDATION,
        (
            "its record, with a period",
            {"validationRecordFqdns": ["<certificate:domainValidationOptions.0.resourceRecordName>"]},
            _PROVIDER + "aws_acm_certificate_validation",
        ),
    ),
    *taken(
        tokens.RECORD,
        (
            "taken, and to be overwritten",
            {"name": "taken.ml.example.com", "allowOverwrite": True},
            _PROVIDER + "UPSERT",
        ),
        ("wildcard", {"name": "*.ml.example.com"}, "Route 53 developer guide, domain name format"),
        ("name with an underscore", {"name": "_acme.ml.example.com"}, "Route 53 developer guide, domain name format"),
        ("two addresses", {"type": "A", "records": ["192.0.2.1", "192.0.2.2"]}, "Route 53 developer guide"),
        ("address of the apex", {"name": "example.com", "type": "A", "records": ["192.0.2.1"]}, "Route 53 guide"),
        ("no time to live", {"ttl": 0}, _API + "TTL: from 0"),
        ("CAA with a new tag", {"type": "CAA", "records": ['128 tbs "unknown"']}, "Route 53 developer guide, CAA"),
        (
            "alias of a load balancer",
            {"records": None, "ttl": None, "type": "A"}
            | {"aliases": [{"name": "door.elb.amazonaws.com", "zoneId": "Z1", "evaluateTargetHealth": True}]},
            _API + "AliasTarget",
        ),
        (
            "same name and type, other identifier",
            {"name": "taken.ml.example.com", "setIdentifier": "b", "weightedRoutingPolicies": [{"weight": 0}]},
            _API + "SetIdentifier",
        ),
        ("another target", {"records": ["door-2.example.com"]}, _API + "UPSERT", {}),
        ("to an address", {"type": "A", "records": ["192.0.2.1"]}, _PROVIDER + "deletes and creates in a batch", {}),
    ),
    *taken(
        tokens.WEB_ACL,
        ("no rule", {"rules": None}, _API + "Rules is optional"),
        ("group of a seller", {"rules.1.statement.managedRuleGroupStatement.vendorName": "F5"}, "AWS WAF guide"),
        ("group that counts", {"rules.1.overrideAction": {"count": {}}}, _API + "OverrideAction"),
        ("lowest limit", {"rules.0.statement.rateBasedStatement.limit": 10}, _API + "RateLimit"),
        (
            "ten minutes",
            {"rules.0.statement.rateBasedStatement.evaluationWindowSec": 600},
            _API + "EvaluationWindowSec: 60, 120, 300, 600",
        ),
        ("description", {"description": "Doors: ml-platform, v1.0"}, _API + "Desc"),
        ("another limit", {"rules.0.statement.rateBasedStatement.limit": 100}, _API + "UpdateWebACL", {}),
    ),
    *taken(
        tokens.VPC,
        ("smallest block", {"cidrBlock": "10.1.0.0/28"}, "VPC user guide: /28 to /16"),
        ("public block", {"cidrBlock": "52.0.0.0/16"}, "VPC user guide: publicly routable blocks are possible"),
        ("tag without a value", {"tags": {"team": ""}}, "EC2 user guide: a value may be empty"),
        ("tag value in Japanese", {"tags": {"team": "研究"}}, "EC2 user guide: letters of any alphabet"),
        (
            "tenancy to default",
            {"instanceTenancy": "default"},
            _API + "ModifyVpcTenancy",
            {"instanceTenancy": "dedicated"},
        ),
    ),
    *taken(
        tokens.SUBNET,
        ("IPv6 alone", {"cidrBlock": None, "ipv6Native": True, "ipv6CidrBlock": "2600:1f16::/64"}, _API + "Ipv6Native"),
        ("smallest", {"cidrBlock": "10.0.8.0/28"}, "VPC user guide: /28 to /16"),
    ),
    *taken(
        tokens.ROUTE_TABLE,
        (
            "the local route",
            {"routes": [{"cidrBlock": "10.0.0.0/16", "gatewayId": "local"}]},
            _PROVIDER + "aws_route_table, adopting the local route",
        ),
        (
            "a VPN gateway",
            {"routes": [{"cidrBlock": "10.50.0.0/16", "gatewayId": "vgw-0123456789abcdef0"}]},
            _API + "GatewayId: an internet gateway or a virtual private gateway",
        ),
    ),
    *taken(
        tokens.ROUTE,
        (
            "NAT64",
            {"gatewayId": None, "natGatewayId": "<nat>", "destinationCidrBlock": None}
            | {"destinationIpv6CidrBlock": "64:ff9b::/96"},
            "VPC user guide: DNS64 and NAT64",
        ),
        (
            "IPv6 to an egress-only gateway",
            {"gatewayId": None, "egressOnlyGatewayId": "eigw-0123456789abcdef0", "destinationCidrBlock": None}
            | {"destinationIpv6CidrBlock": "::/0"},
            _API + "EgressOnlyInternetGatewayId",
        ),
    ),
    *taken(
        tokens.VPC_ENDPOINT,
        ("gateway with route tables", {**_GATEWAY, "routeTableIds": ["<table>"]}, _API + "RouteTableIds"),
        ("gateway with false private names", {**_GATEWAY, "privateDnsEnabled": False}, _API + "PrivateDnsEnabled"),
        ("interface without subnets", {"subnetIds": []}, "PrivateLink guide: subnets can be added later"),
        (
            "service of another account",
            {"serviceName": "com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0", "privateDnsEnabled": None},
            "PrivateLink guide",
        ),
    ),
    *taken(types.GROUP_TAG, ("tag without a value", {"tag.value": ""}, _API + "TagValue: from 0 characters")),
    *taken(
        tokens.FLOW_LOG,
        ("a field of tomorrow", {"logFormat": "${version} ${quantum-state}"}, "VPC user guide: versions add fields"),
        (
            "folder of a bucket",
            {"logDestinationType": "s3", "logDestination": "<bucket:arn>/flow/", "iamRoleArn": None},
            _API + "LogDestination: the subfolder is optional",
        ),
        (
            "a gateway without a kind of traffic",
            {"vpcId": None, "transitGatewayId": "tgw-0123456789abcdef0", "trafficType": None}
            | {"maxAggregationInterval": 60},
            _API + "TrafficType: not for transit gateways",
        ),
    ),
    *taken(
        tokens.LAUNCH_TEMPLATE,
        (
            "gp3 at its most",
            {"blockDeviceMappings": [{"deviceName": "xvda", "ebs": {"volumeType": "gp3", "volumeSize": 65536}}]}
            | {"blockDeviceMappings.0.ebs.iops": 80000, "blockDeviceMappings.0.ebs.throughput": 2000},
            _API + "LaunchTemplateEbsBlockDeviceRequest",
        ),
        (
            "gp3 of 1 GiB with 3000 IOPS",
            {"blockDeviceMappings.0.ebs.volumeSize": 1, "blockDeviceMappings.0.ebs.iops": 3000},
            "EBS user guide: 3000 IOPS are in the price of every gp3",
        ),
        (
            "preference and target, as Karpenter has them",
            {
                "capacityReservationSpecification": {
                    "capacityReservationPreference": "capacity-reservations-only",
                    "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"},
                }
            },
            "karpenter-provider-aws, pkg/providers/launchtemplate",
        ),
        ("image by a parameter", {"imageId": "resolve:ssm:/aws/x"}, "EC2 user guide: a parameter instead of an AMI id"),
        ("64 hops", {"metadataOptions.httpPutResponseHopLimit": 64}, _API + "1 to 64"),
        ("empty user data", {"userData": ""}, _PROVIDER + "an empty text counts as absent"),
    ),
    *taken(
        tokens.SECURITY_GROUP,
        ("every sign", {"description": "a.b_c-d:e/f(g)#h,i@j[k]+l=m&n;o{p}!q$r*s"}, _API + "Description"),
        ("no description", {"description": ""}, _PROVIDER + "aws_security_group, validation of 0 to 255 characters"),
        (
            "itself and a block in one rule",
            {"ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 1, "self": True, "cidrBlocks": ["10.0.0.0/8"]}]},
            _API + "IpPermission has lists of each",
        ),
        (
            "all protocols",
            {"egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}]},
            _PROVIDER + "aws_security_group",
        ),
    ),
    *taken(
        tokens.INGRESS_RULE,
        ("all protocols with ports", {"ipProtocol": "-1"}, _API + "IpProtocol: -1 ignores the ports"),
        ("protocol by its number", {"ipProtocol": "6"}, _API + "IpProtocol: a name or a number"),
        ("a protocol without ports", {"ipProtocol": "50", "fromPort": None, "toPort": None}, _API + "IpProtocol"),
        ("all of ICMP", {"ipProtocol": "icmp", "fromPort": -1, "toPort": -1}, _API + "FromPort: -1 for all types"),
        ("ICMPv6 without types", {"ipProtocol": "icmpv6", "fromPort": None, "toPort": None}, _API + "IpProtocol"),
        ("port 0", {"fromPort": 0, "toPort": 0}, _API + "a range of ports"),
        (
            "group of another account",
            {"cidrIpv4": None, "referencedSecurityGroupId": "210987654321/sg-0123456789abcdef0"},
            _PROVIDER + "aws_vpc_security_group_ingress_rule",
        ),
    ),
    *taken(
        tokens.CLUSTER,
        ("name with an underscore", {"name": "ml_prod"}, _API + "CreateCluster, name"),
        ("every address", {"vpcConfig.publicAccessCidrs": ["0.0.0.0/0"]}, _API + "publicAccessCidrs"),
        ("largest service range", {"kubernetesNetworkConfig.serviceIpv4Cidr": "172.16.0.0/12"}, _API + "/24 to /12"),
        (
            "three subnets, two of a zone",
            {"vpcConfig.subnetIds": ["<subnet-a>", "<subnet-too>", "<subnet-b>"]},
            "EKS guide",
        ),
        ("another subnet of its zones", {"vpcConfig.subnetIds": ["<subnet-too>", "<subnet-b>"]}, "EKS guide", {}),
        (
            "encryption added",
            {"encryptionConfig": {"resources": ["secrets"], "provider": {"keyArn": "<key:arn>"}}},
            _API + "AssociateEncryptionConfig",
            {},
        ),
        ("version up", {"version": "1.36"}, _API + "UpdateClusterVersion", {}),
        (
            "support to standard",
            {"upgradePolicy": {"supportType": "STANDARD"}},
            "EKS guide: while in standard support",
            {},
        ),
    ),
    *taken(
        tokens.NODE_GROUP,
        ("no node", {"scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 1}}, _API + "zero or more"),
        ("label without a value", {"labels": {"ml.example.com/pool": ""}}, "Kubernetes: a value may be empty"),
        (
            "two effects of a key",
            {"taints": [{"key": "gpu", "effect": e} for e in ("NO_SCHEDULE", "NO_EXECUTE")]},
            "Kubernetes",
        ),
        ("disk of nothing", {"diskSize": 0}, _PROVIDER + "0 counts as absent, and EKS takes 20 GiB"),
        ("update of all", {"updateConfig": {"maxUnavailablePercentage": 100}}, _API + "1 to 100"),
        (
            "version kept",
            {"version": "1.35", "labels": {"a": "b"}},
            _API + "UpdateNodegroupVersion",
            {"version": "1.35"},
        ),
        ("two sizes of a family", {"instanceTypes": ["m5.2xlarge", "m5.4xlarge"]}, _API + "instanceTypes"),
    ),
    *taken(
        tokens.ADDON,
        ("no configuration", {"configurationValues": ""}, _PROVIDER + "an empty text counts as absent"),
        ("empty configuration", {"configurationValues": "{}"}, _API + "configurationValues"),
        (
            "configuration",
            {"configurationValues": '{"enableNetworkPolicy": "true", "env": {"A": "1"}}'},
            "AWS Containers Blog",
        ),
        (
            "two replicas",
            {"addonName": "coredns", "addonVersion": None, "configurationValues": '{"replicaCount": 2}'},
            "schema of coredns, as published",
        ),
        (
            "metrics of the EBS driver",
            {"addonName": "aws-ebs-csi-driver", "addonVersion": None}
            | {"configurationValues": '{"controller": {"enableMetrics": true, "extraVolumeTags": {"a": "b"}}}'},
            "kubernetes-sigs/aws-ebs-csi-driver issue 2426",
        ),
        (
            "prefixes for Windows, like another key",
            {"configurationValues": '{"enableWindowsIpam": "true", "enableWindowsPrefixDelegation": "true"}'},
            "aws-ia/terraform-aws-eks-blueprints-addons",
        ),
        (
            "a key of a later schema",
            {"configurationValues": '{"quantum": {}}'},
            "the schema of each version is not known",
        ),
    ),
    *taken(
        tokens.ACCESS_ENTRY,
        ("role with a path", {"principalArn": "arn:aws:iam::123456789012:role/sso/people"}, "EKS guide"),
        ("role of another account", {"principalArn": "arn:aws:iam::210987654321:role/people"}, "EKS guide"),
    ),
    *taken(
        tokens.ACCESS_POLICY,
        ("pattern of namespaces", {"accessScope": {"type": "namespace", "namespaces": ["team-*"]}}, "EKS guide"),
        (
            "policy of AWS Backup",
            {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AWSBackupFullAccessPolicyForRestore"},
            "EKS guide",
        ),
        (
            "policy of HyperPod",
            {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonSagemakerHyperpodClusterPolicy"},
            "list-access-policies",
        ),
    ),
    *taken(
        tokens.POD_IDENTITY,
        ("an account that is not there yet", {"serviceAccount": "system.v2"}, "EKS guide: it may be made later"),
    ),
    *taken(
        tokens.KEY,
        (
            "many regions, for MACs",
            {"customerMasterKeySpec": "HMAC_256", "keyUsage": "GENERATE_VERIFY_MAC"} | {"multiRegion": True},
            "KMS guide",
        ),
        ("agreement", {"customerMasterKeySpec": "ECC_NIST_P384", "keyUsage": "KEY_AGREEMENT"}, _API + "KeyUsage"),
        ("no description", {"description": ""}, _API + "0 to 8192"),
    ),
    *taken(
        tokens.BUCKET,
        ("dots", {"bucket": "ml.data.example.com"}, "S3 guide: dots are possible, but not recommended"),
        ("digits", {"bucket": "123"}, "S3 guide: 3 to 63 letters and digits"),
        ("reserved words inside", {"bucket": "my-xn--data"}, "S3 guide: reserved in front alone"),
    ),
    *taken(
        types.LIFECYCLE,
        ("at once to Glacier", _rules(transitions=[{"days": 0, "storageClass": "GLACIER"}]), "S3 guide: from day 0"),
        (
            "by size",
            _rules(filter={"objectSizeGreaterThan": 1024}, expiration={"days": 1}),
            _API + "LifecycleRuleFilter",
        ),
        ("no filter", _rules(filter={}, expiration={"days": 1}), _API + "an empty filter is for all objects"),
        ("on a day", _rules(expiration={"date": "2099-01-01T00:00:00Z"}), "S3 guide: midnight UTC"),
        ("markers", _rules(expiration={"expiredObjectDeleteMarker": True}), _API + "ExpiredObjectDeleteMarker"),
        (
            "down all classes",
            _rules(
                transitions=[
                    {"days": 30, "storageClass": "STANDARD_IA"},
                    {"days": 60, "storageClass": "GLACIER_IR"},
                    {"days": 180, "storageClass": "DEEP_ARCHIVE"},
                ],
                expiration={"days": 365},
            ),
            "S3 guide: the waterfall of classes",
        ),
        (
            "old versions, three kept",
            _rules(noncurrentVersionExpiration={"noncurrentDays": 1, "newerNoncurrentVersions": 3}),
            _API + "NewerNoncurrentVersions",
        ),
    ),
    *taken(
        types.ENCRYPTION,
        (
            "bucket key with AES256",
            {
                "rules": [
                    {
                        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
                        "bucketKeyEnabled": True,
                    }
                ]
            },
            _API + "BucketKeyEnabled",
        ),
    ),
    *taken(types.LOGGING, ("no prefix", {"targetPrefix": ""}, _API + "TargetPrefix: an empty text is possible")),
    *taken(types.REPLICATION, ("no priority", {"rules.0.priority": None}, _PROVIDER + "sends 0")),
    *taken(types.VERSIONING, ("suspended", {"versioningConfiguration": {"status": "Suspended"}}, "S3 guide", {})),
    *taken(
        tokens.LUSTRE,
        ("up by 5 %", {"storageCapacity": 50400}, _API + "for Lustre, only greater", {"storageCapacity": 48000}),
        (
            "HDD",
            {"deploymentType": "PERSISTENT_1", "storageType": "HDD", "storageCapacity": 6000}
            | {"perUnitStorageThroughput": 12, "driveCacheType": "NONE"},
            "FSx guide",
        ),
        ("time without a colon", {"weeklyMaintenanceStartTime": "1:0500"}, _API + "WeeklyMaintenanceStartTime"),
    ),
    *taken(
        tokens.FILE_SYSTEM,
        ("elastic from bursting", {}, _API + "UpdateFileSystem", {"throughputMode": "bursting"}),
    ),
    *taken(tokens.MOUNT_TARGET, ("an address of the subnet", {"ipAddress": "10.0.1.77"}, _API + "IpAddress")),
    *taken(
        tokens.FILE_ACCESS_POINT,
        ("root", {"posixUser": {"uid": 0, "gid": 0}}, _API + "0 to 4294967295"),
        ("three digits", {"rootDirectory.creationInfo.permissions": "755"}, _API + "Permissions"),
        ("the whole file system", {"rootDirectory": None}, _API + "RootDirectory: / by default"),
    ),
    *taken(
        tokens.BACKUP_PLAN,
        ("kept for ever", {"rules.0.lifecycle": {"deleteAfter": 0}}, _PROVIDER + "0 counts as absent"),
        ("every hour", {"rules.0.schedule": "cron(15 * ? * * *)"}, _API + "ScheduleExpression"),
        ("weekdays by name", {"rules.0.schedule": "cron(0 5 ? * MON-FRI *)"}, "EventBridge guide"),
        ("no schedule", {"rules.0.schedule": None}, _API + "a default schedule"),
        ("a time zone", {"rules.0.scheduleExpressionTimezone": "Europe/Berlin"}, _API + "ScheduleExpressionTimezone"),
    ),
    *taken(
        tokens.BACKUP_SELECTION,
        ("nothing", {"resources": None}, _API + "BackupSelection: all supported resources"),
        ("everything", {"resources": ["*"]}, _API + "Resources"),
    ),
    *taken(
        tokens.LOG_GROUP,
        ("for ever", {"retentionInDays": 0}, _PROVIDER + "0: no retention"),
        ("AWS's name with a slash", {"name": "/aws/eks/x/cluster"}, "services write there; only aws/ is refused"),
    ),
    *taken(
        tokens.EVENT_RULE,
        ("pattern and schedule", {"scheduleExpression": "rate(1 day)"}, _API + "PutRule: both are possible"),
        (
            "operators",
            {"eventPattern": '{"detail": {"a": [{"anything-but": {"prefix": "x"}}, {"exists": true}]}}'},
            "guide",
        ),
        ("numbers", {"eventPattern": '{"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}}'}, "EventBridge guide"),
        ("or", {"eventPattern": '{"$or": [{"source": ["a"]}, {"detail-type": ["b"]}]}'}, "EventBridge guide"),
    ),
    *taken(
        tokens.EVENT_TARGET,
        ("group of an ordinary queue", {"sqsTarget": {"messageGroupId": "a"}}, _API + "SqsParameters: a fair queue"),
        ("text as input", {"input": '"hello"'}, _API + "valid JSON text"),
    ),
    *taken(
        tokens.SCHEDULE,
        ("Sunday as 7", {"recurrence": "0 20 * * 7"}, "Unix cron"),
        ("maximum alone", {"minSize": -1, "desiredCapacity": -1}, _PROVIDER + "-1 leaves a size as it is"),
    ),
    *taken(
        types.PARAMETER,
        ("15 levels", {"name": "/a" * 15}, _API + "a maximum depth of fifteen levels"),
        ("no path", {"name": "model.v2"}, _API + "Name"),
        ("value of its pattern", {"allowedPattern": "^o.e$"}, _API + "AllowedPattern"),
        ("key of a text", {"keyId": "<key>"}, _PROVIDER + "sends the key of a SecureString alone"),
    ),
)

# Wrong values that pass, and why.
PASSING: tuple[Wrong, ...] = (
    *taken(
        tokens.REPOSITORY_POLICY,
        (
            "a role that the cloud has not made",
            {"policy": types.SOUND[tokens.REPOSITORY_POLICY]["policy"].replace("<node-role:arn>", _OUTSIDE)},
            "who pushes comes from outside: preflight asks whether it exists",
        ),
    ),
    *taken(
        tokens.LAUNCH_TEMPLATE,
        ("the same tags twice", {"tagSpecifications": [{"resourceType": "volume"}] * 2}, "what EC2 says is not known"),
    ),
    *taken(
        tokens.NODE_GROUP,
        ("the same type twice", {"instanceTypes": ["m5.2xlarge"] * 2}, "what EKS says is not known"),
    ),
    *taken(
        tokens.ADDON,
        (
            "key of kube-proxy's own file",
            {"addonName": "kube-proxy", "addonVersion": None, "configurationValues": '{"proxyMode": "ipvs"}'},
            _SCHEMA,
        ),
        ("key of the chart", {"configurationValues": '{"image": {"tag": "v1"}}'}, _SCHEMA),
        ("coredns that was not made", {"addonName": "coredns", "addonVersion": "v2.0.0-eksbuild.1"}, _RELEASES),
        (
            "EBS driver that was not made",
            {"addonName": "aws-ebs-csi-driver", "addonVersion": "v9.9.9-eksbuild.1"},
            _RELEASES,
        ),
    ),
    *taken(
        tokens.LUSTRE,
        ("backup's time without backups", {"dailyAutomaticBackupStartTime": "05:00"}, "what FSx says is not known"),
    ),
    *taken(
        tokens.FILE_SYSTEM,
        (
            "throughput down twice a day",
            {"provisionedThroughputInMibps": 50},
            "EFS takes one decrease in 24 hours, and the simulator has no clock",
            {"throughputMode": "provisioned", "provisionedThroughputInMibps": 100},
        ),
    ),
    *taken(
        types.PARAMETER,
        ("value off its pattern", {"allowedPattern": "[0-9]+"}, "patterns are Java's, which Python cannot try"),
        (
            "image by its name",
            {"dataType": "aws:ec2:image", "value": "al2023"},
            "AWS takes it, and tells an event later",
        ),
    ),
    *taken(
        tokens.FILE_REPLICATION,
        (
            "region that is not there",
            {"destination": {"region": "us-west-9"}},
            "AWS adds regions that are not known here",
        ),
    ),
    *taken(
        tokens.CLUSTER,
        (
            "documentation's range for the public endpoint",
            {"vpcConfig.publicAccessCidrs": ["203.0.113.0/24"]},
            "EKS refuses it, as it does 10.0.0.0/8, but the stack file of dev has it in the place of a real one",
        ),
    ),
)
