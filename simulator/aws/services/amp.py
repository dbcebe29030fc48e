"""Amazon Managed Service for Prometheus: workspaces and their limits. Tokens `aws:amp/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API model of botocore 1.44.8; read
2026-11. Wordings without a source of their own are unverified.
"""

from __future__ import annotations

from simulator.aws import tokens
from simulator.aws.constraints import arn, at_least, between, length
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import CascadeDelete, Reference, ResourceType
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.refusals import symmetric_key

AMP = Service("amp")
MOST_DAYS = 1095  # source: user guide, "Configure your workspace"
_GONE = ErrorTemplate("ResourceNotFoundException", "Workspace not found: {value}", 404)


def _log_group_is_there(op: OperationContext) -> None:
    """Source: AMP API, CreateLoggingConfiguration (logGroupArn)."""
    given = op.get("loggingConfiguration.logGroupArn")
    if given and not (given.endswith(":*") and op.find(tokens.LOG_GROUP, "arn", given.removesuffix(":*"))):
        raise AwsError("ValidationException", f"The log group {given} does not exist, or its ARN does not end with :*")


WORKSPACE = ResourceType(
    type=tokens.PROMETHEUS_WORKSPACE,
    service=AMP,
    creates="CreateWorkspace",
    updates="UpdateWorkspaceAlias",
    display_name="Prometheus Workspace",
    creating="creating Prometheus Workspace",
    updating="updating Prometheus Workspace ({id}) alias",
    id="ws-{uuid}",
    arn="arn:{partition}:aps:{region}:{account}:workspace/{id}",
    replace_on="kmsKeyArn",
    replace_if={"alias": lambda old, new: bool(old.get("alias")) and not new.get("alias")},
    computed={"prometheusEndpoint": "https://aps-workspaces.{region}.amazonaws.com/workspaces/{id}/"},
    constraints={"alias": length(0, 100), "kmsKeyArn": arn, "loggingConfiguration.logGroupArn": arn},
    references={"kmsKeyArn": Reference(tokens.KEY, "arn")},
    not_found=_GONE,
    always=(_log_group_is_there,),
    rules=(symmetric_key("kmsKeyArn", "ValidationException"),),
    cascade_deletes=(CascadeDelete(tokens.PROMETHEUS_CONFIGURATION, "workspaceId"),),
    source="hashicorp/terraform-provider-aws internal/service/amp/workspace.go",
)


def _something_is_set(op: OperationContext) -> None:
    if not op.get("limitsPerLabelSets") and not op.get("retentionPeriodInDays"):
        raise AwsError("ValidationException", "At least one of limitsPerLabelSet or retentionPeriodInDays is required")


def _each_set_is_limited_once(op: OperationContext) -> None:
    sets = [each.get("labelSet") for each in op.get("limitsPerLabelSets", [])]
    if any(each in sets[:index] for index, each in enumerate(sets)):
        raise AwsError("ValidationException", "Duplicate label sets are not allowed in limitsPerLabelSet")
    if any("limits" not in each for each in op.get("limitsPerLabelSets", [])):
        raise ProviderError("Block limits_per_label_set.limits must have a configuration value", whole=True)


CONFIGURATION = ResourceType(
    type=tokens.PROMETHEUS_CONFIGURATION,
    service=AMP,
    creates="UpdateWorkspaceConfiguration",
    # The provider deletes nothing: limits and retention stay with the workspace.
    display_name="AMP Workspace Configuration",
    creating="creating AMP Workspace ({workspaceId}) Configuration",
    updating="updating AMP Workspace ({workspaceId}) Configuration",
    id="{workspaceId}",
    required="workspaceId",
    replace_on="workspaceId",
    aws_defaults={
        "outOfOrderTimeWindowInSeconds": 60,
        "retentionPeriodInDays": 150,
        "ruleQueryOffsetInSeconds": 0,
    },
    constraints={
        "limitsPerLabelSets[*].limits.maxSeries": at_least(0),
        "outOfOrderTimeWindowInSeconds": between(0, 600),
        "retentionPeriodInDays": between(1, MOST_DAYS),
        "ruleQueryOffsetInSeconds": between(0, 86400),
    },
    references={"workspaceId": Reference(tokens.PROMETHEUS_WORKSPACE, "id", _GONE)},
    always=(_something_is_set, _each_set_is_limited_once),
    source="hashicorp/terraform-provider-aws internal/service/amp/workspace_configuration.go",
)

TYPES = (WORKSPACE, CONFIGURATION)
