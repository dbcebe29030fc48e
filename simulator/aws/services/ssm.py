"""Systems Manager: parameters. Tokens `aws:ssm/...`.

Made from the provider's source that the entry names, its SDK 7.51 and the SSM API model; read 2026-11.
"""

from __future__ import annotations

from simulator.aws.constraints import every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, ResourceType, Unique
from simulator.aws.operation_context import OperationContext
from simulator.values import UNKNOWN

SSM = Service("SSM")


def _name_is_allowed(op: OperationContext) -> None:
    name = op.get("name", "")
    if name.lstrip("/").lower().startswith(("aws", "ssm")):
        message = (
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
            "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
            "following 3 symbols .-_"
        )
        raise AwsError("ValidationException", message, modeled=False)
    if "/" in name and not name.startswith("/"):
        message = "Parameter name must be a fully qualified name: a hierarchy begins with a slash."
        raise AwsError("ValidationException", message, modeled=False)
    if name.count("/") > 15:
        message = "Parameter hierarchies are limited to a maximum depth of 15 levels."
        raise AwsError("HierarchyLevelLimitExceededException", message)


def _value_is_short(op: OperationContext) -> None:
    value = op.get("value") or op.get("insecureValue") or ""
    if len(value) > 4096 and op.get("tier", "Standard") == "Standard":
        message = (
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger "
            "parameter value, upgrade the parameter to use the advanced-parameter tier."
        )
        raise AwsError("ValidationException", message, modeled=False)


def _version_goes_up(op: OperationContext) -> None:
    if any(op.inputs.get(key) != op.before.get(key) for key in ("value", "insecureValue") if op.inputs.get(key)):
        op.state["version"] = UNKNOWN if op.call.preview else int(op.before.get("version", 0)) + 1


def _arn(op: OperationContext) -> str:
    name = str(op.get("name")).removeprefix("/")
    return op.fill("arn:{partition}:ssm:{region}:{account}:parameter/") + name


PARAMETER = ResourceType(
    type="aws:ssm/parameter:Parameter",
    service=SSM,
    creates="PutParameter",
    display_name="SSM Parameter",
    id="{name}",
    required="type",
    replace_on="dataType name",
    replace_if={"tier": lambda old, new: old.get("tier") == "Advanced" and new.get("tier") == "Standard"},
    autoname=Autoname(),
    one_of=("value insecureValue valueWo",),
    aws_defaults={
        "arn": _arn,
        "dataType": "text",
        "insecureValue": lambda op: "" if op.get("type") == "SecureString" else op.get("value", ""),
        "keyId": lambda op: "alias/aws/ssm" if op.get("type") == "SecureString" else "",
        "tier": "Standard",
    },
    computed={"hasValueWo": False, "version": 1},
    constraints={
        "allowedPattern": length(0, 1024),
        "dataType": one_of("aws:ec2:image", "aws:ssm:integration", "text"),
        "description": length(0, 1024),
        "name": every(length(1, 2048), matches(r"[0-9A-Za-z_./-]+", "letters, digits and _ . / -")),
        "tier": one_of("Advanced", "Intelligent-Tiering", "Standard"),
        "value": length(1, 8192),
        "type": one_of("SecureString", "String", "StringList"),
    },
    not_found=ErrorTemplate("ParameterNotFound", ""),
    unique=Unique(
        "name",
        ErrorTemplate(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        ),
    ),
    always=(_value_is_short,),
    rules=(_name_is_allowed,),
    after_update=_version_goes_up,
    source="hashicorp/terraform-provider-aws internal/service/ssm/parameter.go",
)

TYPES = (PARAMETER,)
