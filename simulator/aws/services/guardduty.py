"""GuardDuty: the detector of an account in a region, and its features. Tokens `aws:guardduty/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the GuardDuty API model; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.aws import tokens
from simulator.aws.constraints import one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, Reference, ResourceType
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.refusals import refuse
from simulator.cloud import Cloud
from simulator.values import Props

GUARDDUTY = Service("GuardDuty")
ACCOUNTS_OWN = "12abc34d567e8fa901bc2d34e56789f0"
"""The detector that stands already in an account where no stack makes one; AWS's own example of an id."""

AGENTS: Mapping[str, tuple[str, ...]] = {
    "RUNTIME_MONITORING": ("EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT"),
    "EKS_RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT",),
}
# Feature -> its status in a new detector. Seen in an account by go-to-k/cdk-real-drift, pull request 1493 (2026-07).
NEW: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("EKS_AUDIT_LOGS", "S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION"),
            *("RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"),
        ),
        "ENABLED",
    ),
    **dict.fromkeys(AGENTS, "DISABLED"),
}
_NOT_OURS = ErrorTemplate(
    "BadRequestException", "The request is rejected because the input detectorId is not owned by the current account."
)
_ON = {"enable": True}
_OLDER_FORM = {  # of the first three features, deprecated
    "kubernetes": {"auditLogs": _ON},
    "malwareProtection": {"scanEc2InstanceWithFindings": {"ebsVolumes": _ON}},
    "s3Logs": _ON,
}
_STATUS = one_of("DISABLED", "ENABLED")


def features(cloud: Cloud, detector: str) -> list[Props]:
    """Returns the features of a detector as getDetector shows them."""
    found: dict[str, Props] = {
        name: {"name": name, "status": status, "additionalConfigurations": []} for name, status in NEW.items()
    }
    for name, agents in AGENTS.items():
        found[name]["additionalConfigurations"] = [{"name": each, "status": "DISABLED"} for each in agents]
    for row in cloud.of_type(tokens.DETECTOR_FEATURE):
        state = row.state
        if state["detectorId"] == detector:
            given = {each["name"]: each["status"] for each in state.get("additionalConfigurations") or ()}
            agents = AGENTS.get(state["name"], ())
            found[state["name"]] = {
                "name": state["name"],
                "status": state["status"],
                "additionalConfigurations": [
                    {"name": each, "status": given.get(each, "DISABLED")} for each in sorted({*agents, *given})
                ],
            }
    return list(found.values())


def _one_form_of_runtime(op: OperationContext) -> None:
    """Only one of both is on. Source: GuardDuty API, UpdateDetector; the wording is of a request that names both."""
    others = set(AGENTS) - {op.get("name")}
    if op.get("name") not in AGENTS or op.get("status") != "ENABLED":
        return
    for row in op.rows(tokens.DETECTOR_FEATURE):
        other = row.state
        if other["detectorId"] == op.get("detectorId") and other["name"] in others and other["status"] == "ENABLED":
            raise AwsError(
                "BadRequestException",
                "The request was rejected because both EKS_RUNTIME_MONITORING and RUNTIME_MONITORING were provided in "
                "the same request.",
            )


def _stays_on(op: OperationContext) -> None:
    """The provider's delete calls nothing. Source: detector_feature.go, DeleteWithoutTimeout: schema.NoopContext."""
    if op.before.get("status") == "ENABLED" and op.before.get("detectorId") == ACCOUNTS_OWN:
        op.call.warn(
            f"{op.before['name']} stays on in the account, and is billed: to delete the resource changes nothing in "
            "AWS. Before, set its status to DISABLED."
        )


def _agents_are_ours(op: OperationContext) -> None:
    on = [each["name"] for each in op.get("additionalConfigurations", []) if each["status"] == "ENABLED"]
    if on and op.get("status") == "ENABLED":
        op.call.warn(
            f"with {', '.join(on)}, GuardDuty makes an endpoint and a security group in each VPC. No state knows them, "
            "and they keep the VPC from being deleted."
        )


def _detector_of(value: Any) -> bool:
    return bool(value == ACCOUNTS_OWN)


DETECTOR = ResourceType(
    type=tokens.DETECTOR,
    service=GUARDDUTY,
    creates="CreateDetector",
    updates="UpdateDetector",
    display_name="GuardDuty Detector",
    id="{hex32}",
    arn="arn:{partition}:guardduty:{region}:{account}:detector/{id}",
    defaults={"enable": True},
    aws_defaults={"datasources": _OLDER_FORM, "findingPublishingFrequency": "SIX_HOURS"},
    computed={"accountId": "{account}"},
    constraints={"findingPublishingFrequency": one_of("FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS")},
    not_found=_NOT_OURS,
    rules=(
        refuse(
            "BadRequestException",
            "The request is rejected because a detector already exists for the current account.",
            lambda op: any(True for _ in op.others()),
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/guardduty/detector.go",
)

DETECTOR_FEATURE = ResourceType(
    type=tokens.DETECTOR_FEATURE,
    service=GUARDDUTY,
    creates="UpdateDetector",
    display_name="GuardDuty Detector Feature",
    creating="updating GuardDuty Detector ({detectorId}) Feature ({name})",
    updating="updating GuardDuty Detector ({detectorId}) Feature ({name})",
    id="{detectorId}/{name}",
    required="detectorId status",
    replace_on="detectorId name",
    autoname=Autoname(),  # of which no feature has the name, so it is refused
    sets="additionalConfigurations",
    constraints={
        "additionalConfigurations[*].name": one_of(
            "EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT", "RDS_DATA_RISK"
        ),
        "additionalConfigurations[*].status": _STATUS,
        "name": one_of("AI_ANALYST", "AI_PROTECTION", *NEW),
        "status": _STATUS,
    },
    references={"detectorId": Reference(tokens.DETECTOR, outside=_detector_of)},
    always=(_one_form_of_runtime, _agents_are_ours),
    delete_rules=(_stays_on,),
    source="hashicorp/terraform-provider-aws internal/service/guardduty/detector_feature.go",
)

TYPES = (DETECTOR, DETECTOR_FEATURE)
