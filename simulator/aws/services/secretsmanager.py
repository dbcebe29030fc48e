"""Secrets Manager: secrets. Tokens `aws:secretsmanager/...`.

Made from the provider's source that the entry names, its SDK 7.51 and the Secrets Manager API model; read 2026-11. The
wordings of what the key lacks, and of a taken name, are unverified.
"""

from __future__ import annotations

from typing import Any, Final

from simulator.aws import tokens
from simulator.aws.constraints import arn, between, every, length, matches
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, Reference, ResourceType, Unique
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds

SECRETS_MANAGER = Service("Secrets Manager")
_PRINCIPAL: Final = "secretsmanager.amazonaws.com"
_SCHEDULED: Final = "simulator:secretsmanager:Scheduled"
"""A name whose secret is in its recovery window. The simulator has no clock, so it stays taken."""


def _window(argument: str, value: Any) -> str | None:
    if value in (0, *range(7, 31)):
        return None
    return f"expected {argument} to be in the range (7 - 30), or one of [0], got {value}"


def _scheduled(op: OperationContext) -> str:
    return op.fill("{region}/{name}")


def _name_is_not_scheduled(op: OperationContext) -> None:
    """The provider asks again for some minutes, and the window has days."""
    if op.cloud.times_gone(_SCHEDULED, _scheduled(op)):
        raise AwsError(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
            retried=True,
        )


def _schedule(op: OperationContext) -> None:
    if op.before.get("recoveryWindowInDays", 30):
        name = f"{op.before['region']}/{op.before['name']}"
        op.cloud.put(_SCHEDULED, name, {})
        op.cloud.delete(_SCHEDULED, name)


SECRET = ResourceType(
    type=tokens.SECRET,
    service=SECRETS_MANAGER,
    creates="CreateSecret",
    updates="UpdateSecret",
    display_name="Secrets Manager Secret",
    label="{name}",
    id="arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{ALNUM6}",
    replace_on="name namePrefix",
    autoname=Autoname(given_prefix="namePrefix"),
    documents="policy",
    conflicts=("name namePrefix",),
    sets="replicas",
    defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30},
    replace_if={"type": lambda old, new: bool(old.get("type"))},
    aws_defaults={"kmsKeyId": "", "policy": "", "type": ""},
    computed={"arn": "{id}"},
    constraints={
        "description": length(0, 2048),
        "name": every(length(1, 512), matches(r"[0-9A-Za-z/_+=.@-]+", "letters, digits and /_+=.@-")),
        "policy": length(0, 20480),
        "recoveryWindowInDays": _window,
    },
    references={
        "kmsKeyId": Reference(
            tokens.KEY,
            "arn",
            ErrorTemplate("InvalidParameterException", "The KMS key {value} does not exist."),
            outside=lambda value: ":key/" not in value,
        )
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    unique=Unique(
        "name",
        ErrorTemplate("ResourceExistsException", "The operation failed because the secret {name} already exists."),
    ),
    always=(document_kinds.SECRET.of("policy"),),
    rules=(_name_is_not_scheduled,),
    after_delete=_schedule,
    source="hashicorp/terraform-provider-aws internal/service/secretsmanager/secret.go",
)


def _rules_say_when(op: OperationContext) -> None:
    rules, off = op.get("rotationRules"), op.get("rotationEnabled") is False
    if off and rules:
        raise ProviderError("`rotation_rules` cannot be set when `rotation_enabled` is `false`", whole=True)
    if not off and not rules:
        raise ProviderError("`rotation_rules` is required unless `rotation_enabled` is `false`", whole=True)
    if rules and ("automaticallyAfterDays" in rules) == ("scheduleExpression" in rules):
        names = "rotation_rules.0.automatically_after_days,rotation_rules.0.schedule_expression"
        raise ProviderError(f"only one of `{names}` can be specified, and one must be", whole=True)


def _secrets_manager_may_call(op: OperationContext) -> None:
    """A function of another region does not exist here. What the policy of one says is known of those in the cloud.

    That AWS says the same of a function that is not there as of a missing permission is unverified, and so are the
    words where none is named.
    """
    if op.get("rotationEnabled") is False:
        return
    name = op.get("rotationLambdaArn", "")
    if not name:
        raise AwsError("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    function = op.cloud.get(tokens.FUNCTION, name)
    refused = function is not None and _PRINCIPAL not in function.state.get("invokedBy", ())
    if refused or name.split(":")[3] != op.fill("{region}"):
        raise AwsError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            f"access to the principal {_PRINCIPAL}.",
            retried=True,
        )


# A secret without a value is taken: its first rotation may make one. It fails later, where the function needs a value.
# Source: getmoto/moto, pull request 9474; read 2026-11.
ROTATION = ResourceType(
    type=tokens.ROTATION,
    service=SECRETS_MANAGER,
    creates="RotateSecret",
    deletes="CancelRotateSecret",
    display_name="Secrets Manager Secret Rotation",
    id="{secretId}",
    required="secretId",
    replace_on="secretId",
    defaults={"rotateImmediately": True},
    aws_defaults={"rotationEnabled": True},
    constraints={
        "rotationLambdaArn": arn,
        "rotationRules.automaticallyAfterDays": between(1, 1000),
        "rotationRules.duration": matches(r"[0-9]+h", "hours, as in 3h"),
    },
    references={"secretId": Reference(tokens.SECRET)},
    not_found=ErrorTemplate("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    always=(_rules_say_when, _secrets_manager_may_call),
    untold="rotateImmediately",
    source="hashicorp/terraform-provider-aws internal/service/secretsmanager/secret_rotation.go",
)

TYPES = (SECRET, ROTATION)
