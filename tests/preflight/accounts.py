"""Two accounts in moto: one in which `prod` is ready to be built, and one in which nothing is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3

from catalog.quotas import QUOTAS
from preflight.needs import Needs
from simulator.aws import known_quotas
from tests.preflight.answers import REGION, Answer, missing

GATEWAY = "tgw-0123456789abcdef0"
LINKED = ("eks", "eks-nodegroup", "autoscaling", "spot", "fsx", "s3.data-source.lustre.fsx", "backup", "transitgateway")
OPEN_SCHEMA = '{"$schema": "http://json-schema.org/draft-06/schema#", "type": "object"}'


def addon_versions(needs: Needs) -> dict[str, str]:
    return {str(each.inputs["addonName"]): str(each.inputs["addonVersion"]) for each in needs.of("eks/addon:Addon")}


def versions(*supported: str, extended: tuple[str, ...] = ()) -> Answer:
    def row(version: str, status: str) -> dict[str, Any]:
        far = datetime(2031, 3, 27, tzinfo=UTC)
        return {"clusterVersion": version, "versionStatus": status, "endOfStandardSupportDate": far}

    rows = [row(each, "STANDARD_SUPPORT") for each in supported]
    return {"clusterVersions": rows + [row(each, "EXTENDED_SUPPORT") for each in extended]}


def addons(present: Mapping[str, str]) -> Answer:
    def answer(asked: dict[str, Any]) -> Mapping[str, Any]:
        name = asked["addonName"]
        return {"addons": [{"addonName": name, "addonVersions": [{"addonVersion": present[name]}]}]}

    return answer


def quotas(values: Mapping[str, float]) -> Answer:
    def answer(asked: dict[str, Any]) -> Mapping[str, Any]:
        code = asked["QuotaCode"]
        return (
            {"Quota": {"QuotaCode": code, "Value": values[code]}}
            if code in values
            else missing("NoSuchResourceException")
        )

    return answer


PLENTY = {
    **dict.fromkeys(QUOTAS, 100_000.0),
    **{each.code: 100.0 for each in known_quotas.OFTEN_REACHED},
    "L-A4707A72": 5.0,
}


def ready(needs: Needs) -> dict[str, Answer]:
    """Answers of an account that has all that the stack needs."""
    return {
        "eks:DescribeClusterVersions": versions("1.34", "1.35", "1.36"),
        "eks:DescribeAddonVersions": addons(addon_versions(needs)),
        "eks:DescribeAddonConfiguration": {"configurationSchema": OPEN_SCHEMA},
        "service-quotas:GetServiceQuota": quotas(PLENTY),
        "ec2:DescribeImages": lambda asked: {
            "Images": [{"ImageId": asked["ImageId"][0] if "ImageId" in asked else "", "State": "available"}]
        },
        "ssm:GetParameter": lambda asked: {"Parameter": {"Name": asked["Name"], "Value": "ami-0123456789abcdef0"}},
        "backup:DescribeRegionSettings": {
            "ResourceTypeOptInPreference": dict.fromkeys(("S3", "EFS", "FSx", "EKS", "EBS"), True)
        },
        "ec2:DescribeVpcEndpointServices": {
            "ServiceDetails": [
                {"ServiceName": str(each.inputs["serviceName"]), "AvailabilityZones": list(needs.zones)}
                for each in needs.of("ec2/vpcEndpoint:VpcEndpoint")
            ]
        },
        "ec2:DescribeTransitGateways": {
            "TransitGateways": [{"TransitGatewayId": GATEWAY, "State": "available", "OwnerId": needs.account_id}]
        },
    }


def furnish(needs: Needs) -> None:
    """Makes in moto what a ready account has before the first `up`."""
    iam = boto3.client("iam")
    for name in ("ml-platform-deployer", "ml-platform-break-glass"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    for service in LINKED:
        iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")
    boto3.client("ec2", region_name=REGION).enable_ebs_encryption_by_default()
