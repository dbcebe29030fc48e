"""Two accounts in moto: one in which the stack is ready to be built, and one in which little is."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3

from catalog import known_quotas
from catalog.quotas import QUOTAS
from preflight.needs import Needs, name_of
from tests.preflight.answers import REGION, Answer, Denied, missing

DETECTOR = "12abc34d567e8fa901bc2d34e56789f0"
GATEWAY, RESERVATION = "tgw-0123456789abcdef0", "cr-0123456789abcdef0"
LINKED = ("eks", "eks-nodegroup", "autoscaling", "spot", "fsx", "s3.data-source.lustre.fsx", "backup", "transitgateway")
COUNTED_BY = ("environment", "ml-platform:team", "project")  # the budgets of the stack and of its teams
BACKED_UP = ("S3", "EFS", "FSx", "EKS", "EBS")
SCHEMA = '{"$schema": "http://json-schema.org/draft-06/schema#", "type": "object", "additionalProperties": %s}'
PLENTY = {
    **dict.fromkeys(QUOTAS, 100_000.0),
    **{each.code: 100.0 for each in known_quotas.OFTEN_REACHED},
}
POOR = {**PLENTY, "L-417A185B": 96.0, "L-1216C47A": 16.0, "L-3819A6DF": 8.0, known_quotas.NODE_GROUPS.code: 10.0}


def versions(**status: str) -> Answer:
    """Returns what EKS supports. status: `v1_35` -> its status."""
    end = datetime(2031, 3, 27, tzinfo=UTC)
    rows = [
        {"clusterVersion": name[1:].replace("_", "."), "versionStatus": each, "endOfStandardSupportDate": end}
        for name, each in status.items()
    ]
    return {"clusterVersions": rows}


def addons(present: Mapping[str, str]) -> Answer:
    def answer(asked: dict[str, Any]) -> Mapping[str, Any]:
        name = asked["addonName"]
        return {"addons": [{"addonName": name, "addonVersions": [{"addonVersion": present[name]}]}]}

    return answer


def quotas(values: Mapping[str, float]) -> Answer:
    def answer(asked: dict[str, Any]) -> Mapping[str, Any]:
        code = asked["QuotaCode"]
        found = {"Quota": {"QuotaCode": code, "Value": values.get(code)}}
        return found if code in values else missing("NoSuchResourceException")

    return answer


def ready(needs: Needs) -> dict[str, Answer | Denied]:
    """Answers of an account that has all that the stack needs."""
    pinned = {str(each.inputs["addonName"]): str(each.inputs["addonVersion"]) for each in needs.of("eks/addon:Addon")}
    services = [str(each.inputs["serviceName"]) for each in needs.of("ec2/vpcEndpoint:VpcEndpoint")]
    zones = list(needs.zones)
    return {
        "eks:DescribeClusterVersions": versions(v1_35="STANDARD_SUPPORT", v1_36="STANDARD_SUPPORT"),
        "eks:DescribeAddonVersions": addons(pinned),
        "eks:DescribeAddonConfiguration": {"configurationSchema": SCHEMA % "true"},
        "service-quotas:GetServiceQuota": quotas(PLENTY),
        "service-quotas:GetAWSDefaultServiceQuota": missing("NoSuchResourceException"),
        "iam:GetPolicy": {"Policy": {"PolicyName": "one"}},  # moto's list of AWS's policies is older than some of ours
        "ssm:GetParameter": lambda asked: {"Parameter": {"Name": asked["Name"], "Value": "ami-0123456789abcdef0"}},
        "ec2:DescribeImages": lambda asked: {"Images": [{"ImageId": asked["ImageId.1"], "State": "available"}]},
        "ec2:DescribeVpcEndpointServices": {
            "ServiceDetails": [{"ServiceName": each, "AvailabilityZones": zones} for each in services]
        },
        "ec2:DescribeTransitGateways": {
            "TransitGateways": [{"TransitGatewayId": GATEWAY, "State": "available", "OwnerId": needs.account_id}]
        },
        "ec2:DescribeVpcPeeringConnections": {"VpcPeeringConnections": [{"Status": {"Code": "active"}}]},
        "ec2:DescribeSecurityGroups": {"SecurityGroups": [{"GroupId": "sg-0123456789abcdef0"}]},
        "ec2:DescribeCapacityReservations": {"CapacityReservations": [reservation()]},
        "backup:DescribeRegionSettings": {"ResourceTypeOptInPreference": dict.fromkeys(BACKED_UP, True)},
        "route53:GetHostedZone": hosted_zone("ml.example.com"),
        "ce:ListCostAllocationTags": cost_tags("Active"),
        "guardduty:ListDetectors": {"DetectorIds": [DETECTOR]},
        "guardduty:GetDetector": detector(),
        "guardduty:GetAdministratorAccount": {"Administrator": {}},
    }


def detector(**changes: Any) -> dict[str, Any]:
    """Returns a detector in which EKS_AUDIT_LOGS alone is on."""
    features = [{"Name": "EKS_AUDIT_LOGS", "Status": "ENABLED"}, {"Name": "RUNTIME_MONITORING", "Status": "DISABLED"}]
    return {"Status": "ENABLED", "ServiceRole": "arn:aws:iam::123456789012:role/it", "Features": features, **changes}


def cost_tags(status: str) -> dict[str, Any]:
    told = [{"TagKey": key, "Type": "UserDefined", "Status": status} for key in COUNTED_BY]
    return {"CostAllocationTags": told}


def hosted_zone(name: str, *, private: bool = False) -> dict[str, Any]:
    config = {"PrivateZone": private}
    return {"HostedZone": {"Id": "/hostedzone/Z0", "Name": f"{name}.", "CallerReference": "x", "Config": config}}


def reservation(**changes: Any) -> dict[str, Any]:
    where = {"CapacityReservationId": RESERVATION, "State": "active", "AvailabilityZone": "us-west-2b"}
    return where | {"InstanceType": "p5.48xlarge", "TotalInstanceCount": 8, "ReservationType": "default"} | changes


def trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::123456789012:{principal}"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Action": "sts:AssumeRole"}]})


def furnish(needs: Needs) -> None:
    """Makes in moto what a ready account has before the first `up`."""
    iam = boto3.client("iam")
    teams = ("ml-research", "ml-training", "ml-serving", "ml-agents")
    for name in ("ml-platform-deployer", "ml-platform-break-glass", *teams):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("root"))
    for service in LINKED:
        iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")
    boto3.client("ec2", region_name=REGION).enable_ebs_encryption_by_default()


def not_ready(needs: Needs) -> dict[str, Answer | Denied]:
    """Answers of an account that lacks most of it."""
    pinned = {str(each.inputs["addonName"]): str(each.inputs["addonVersion"]) for each in needs.of("eks/addon:Addon")}
    return {
        **ready(needs),
        "eks:DescribeClusterVersions": versions(
            v1_34="EXTENDED_SUPPORT", v1_35="UNSUPPORTED", v1_36="STANDARD_SUPPORT"
        ),
        "eks:DescribeAddonVersions": addons({**pinned, "coredns": "v1.13.0-eksbuild.1"}),
        "eks:DescribeAddonConfiguration": {"configurationSchema": SCHEMA % "false"},
        "service-quotas:GetServiceQuota": quotas(POOR),
        "ssm:GetParameter": lambda asked: (
            missing("ParameterNotFound")
            if "bottlerocket" in asked["Name"]
            else {"Parameter": {"Name": asked["Name"], "Value": "ami-0123456789abcdef0"}}
        ),
        "ec2:DescribeInstanceTypeOfferings": {
            "InstanceTypeOfferings": [
                {"InstanceType": name, "Location": zone}
                for pool in needs.pools.values()
                for name in pool.instance_types
                for zone in needs.zones
                if (name, zone) != ("p5.48xlarge", "us-west-2c")
            ]
        },
        "ec2:DescribeAvailabilityZones": {
            "AvailabilityZones": [
                {
                    "ZoneName": name,
                    "ZoneId": f"usw2-az{index}",
                    "State": "available",
                    "OptInStatus": "opt-in-not-required",
                }
                for index, name in enumerate(needs.zones[:2], 1)
            ]
        },
        "ec2:DescribeVpcEndpointServices": {"ServiceDetails": []},
        "ec2:DescribeTransitGateways": missing("InvalidTransitGatewayID.NotFound"),
        "ec2:DescribeVpcPeeringConnections": {"VpcPeeringConnections": [{"Status": {"Code": "pending-acceptance"}}]},
        "ec2:DescribeSecurityGroups": missing("InvalidGroup.NotFound"),
        "ec2:DescribeCapacityReservations": {
            "CapacityReservations": [reservation(State="expired", AvailabilityZone="us-west-2a")]
        },
        "ec2:DescribeRegions": {
            "Regions": [
                {"RegionName": "us-west-2", "OptInStatus": "opt-in-not-required"},
                {"RegionName": "us-east-2", "OptInStatus": "not-opted-in"},
            ]
        },
        "s3:HeadBucket": lambda asked: missing("403") if "datasets" in asked["url"] else missing("404"),
        "iam:GetPolicy": lambda asked: (
            missing("NoSuchEntity") if "CSIDriverEKS" in asked["PolicyArn"] else {"Policy": {"PolicyName": "one"}}
        ),
        "iam:GetAccountSummary": {"SummaryMap": {"Roles": 995, "RolesQuota": 1000}},
        "backup:DescribeRegionSettings": {"ResourceTypeOptInPreference": {"EFS": True, "EBS": True}},
        "route53:GetHostedZone": missing("NoSuchHostedZone"),
        "ce:ListCostAllocationTags": cost_tags("Inactive"),
        "guardduty:ListDetectors": {"DetectorIds": []},
    }


def strip(needs: Needs) -> None:
    """Makes in moto what stands in the way: names of others, and VPCs up to the limit."""
    ec2 = boto3.client("ec2", region_name=REGION)
    for number in range(100):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    iam = boto3.client("iam")
    karpenter = next(name for each in needs.of("iam/role:Role") if "karpenter" in (name := name_of(each) or ""))
    iam.create_role(RoleName=karpenter, AssumeRolePolicyDocument="{}")
    iam.create_role(RoleName="ml-platform-deployer", Path="/ci/", AssumeRolePolicyDocument="{}")
    logs = boto3.client("logs", region_name=REGION)
    group = "/aws/eks/ml-platform-prod-main/cluster"
    logs.create_log_group(logGroupName=group, tags={**needs.stage.own_tags, "ml-platform:stack": "ml-platform/other"})
    key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
    boto3.client("kms", region_name=REGION).create_alias(AliasName="alias/ml-platform-prod-data", TargetKeyId=key)
    boto3.client("sqs", region_name=REGION).create_queue(QueueName="ml-platform-prod-main", tags={"project": "crawler"})
    boto3.client("backup", region_name=REGION).create_backup_vault(BackupVaultName="ml-platform-prod-backup")
    secrets = boto3.client("secretsmanager", region_name=REGION)
    name = next(name for each in needs.of("secretsmanager/secret:Secret") if (name := name_of(each)))
    secrets.create_secret(Name=name)
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=30)
    boto3.client("eks", region_name=REGION).create_cluster(
        name="ml-platform-prod-main",
        roleArn="arn:aws:iam::123456789012:role/anybody",
        resourcesVpcConfig={},
        tags={"project": "other"},
    )
