"""The guide lists what the role of the deployer may do: each service that a stack uses or asks in AWS."""

import re
from pathlib import Path

import pytest

from tests.components.whole_stacks import STACKS, built

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "cluster" / "way-in.md"
# Module of a type -> the service's name in IAM; where a module has several, of the type.
# Source: Service Authorization Reference, read 2026-11.
SERVICES = {
    **{
        module: module
        for module in ("acm", "autoscaling", "backup", "ec2", "eks", "fsx", "iam", "kms", "route53", "s3")
    },
    **{module: module for module in ("budgets", "ecr", "guardduty", "secretsmanager", "sns", "sqs", "wafv2")},
    "amp": "aps",
    "ec2transitgateway": "ec2",
    "vpc": "ec2",
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "servicequotas": "servicequotas",
    "ssm": "ssm",
    **{f"cloudwatch/{name}": "logs" for name in ("logGroup", "getLogGroup", "getLogGroups", "logMetricFilter")},
    "cloudwatch/metricAlarm": "cloudwatch",
    "cloudwatch/eventRule": "events",
    "index/getAvailabilityZones": "ec2",
    "cloudwatch/eventTarget": "events",
}
OPEN = "aws:index/getCallerIdentity:getCallerIdentity"  # needs no right


def listed() -> set[str]:
    """Returns the services in the guide's table."""
    table = GUIDE.read_text().partition("## What the roles may do")[2].partition("\n- ")[0]
    return {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`([a-z0-9-]+)`", row)
    }


def service(token: str) -> str:
    """Returns the service of a type or function, such as `aws:ec2/vpc:Vpc`."""
    kind = token.split(":")[1]
    return SERVICES.get(kind) or SERVICES[kind.partition("/")[0]]


@pytest.mark.parametrize("stack", STACKS)
def test_every_service_of_a_stack_is_listed(stack: str) -> None:
    cloud = built(stack)
    tokens = {*(each.type for each in cloud.custom()), *cloud.calls}
    used = {service(each) for each in tokens if each.startswith("aws:") and each != OPEN}
    assert {"ec2", "eks", "iam", "logs"} <= used
    assert stack != "prod" or "tag" in used, "what stands already is asked for where it is retained"
    assert used <= listed(), "a role made by the list could not deploy this stack"


def test_no_service_is_listed_that_no_stack_could_use() -> None:
    assert listed() <= {*SERVICES.values(), "backup-storage"}, "AWS Backup makes an encrypted vault through it"


@pytest.mark.parametrize(
    "right", ["iam:PassRole", "iam:CreateServiceLinkedRole", "ec2:RunInstances", "kms:CreateGrant"]
)
def test_the_rights_that_reach_further_are_named(right: str) -> None:
    assert f"`{right}`" in GUIDE.read_text()
