"""SQS: queues. Tokens `aws:sqs/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the SQS API model; read 2026-11.
"""

from __future__ import annotations

import json

from simulator.aws import tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, CascadeDelete, Reference, ResourceType, Unique
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds

SQS = Service("SQS")


def _fifo(op: OperationContext) -> bool:
    return bool(op.inputs.get("fifoQueue"))


def _name_fits_the_kind(op: OperationContext) -> None:
    """Names of FIFO queues must end in .fifo, and only FIFO queues may deduplicate by content."""
    if op.get("name", "").endswith(".fifo") != _fifo(op):
        raise ProviderError(f"invalid queue name: {op.get('name')}")
    if op.get("contentBasedDeduplication") and not _fifo(op):
        raise ProviderError("content-based deduplication can only be set for FIFO queue")


def _dead_letters_have_a_queue(op: OperationContext) -> None:
    text = op.get("redrivePolicy", "")
    target = json.loads(text).get("deadLetterTargetArn") if text else None
    if target and not op.call.preview and op.find(tokens.QUEUE, "arn", target) is None:
        message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
        raise AwsError("InvalidAttributeValue", message)


def _policy_has_a_version(op: OperationContext) -> None:
    """SQS writes a version into a policy that has none, and the provider waits until it reads what it wrote.

    Source: pulumi/pulumi-aws #3083, read 2026-11.
    """
    if "Version" not in json.loads(op.get("policy") or '{"Version": ""}'):
        raise ProviderError("timeout while waiting for state to become 'equal' (last state: 'notequal')")


_POLICY_RULES = (document_kinds.QUEUE.of("policy"), _policy_has_a_version)
QUEUE = ResourceType(
    type=tokens.QUEUE,
    service=SQS,
    creates="CreateQueue",
    updates="SetQueueAttributes",
    display_name="SQS Queue",
    label="{name}",
    updating="updating SQS Queue ({id}) attributes",
    id="https://sqs.{region}.amazonaws.com/{account}/{name}",
    arn="arn:{partition}:sqs:{region}:{account}:{name}",
    replace_on="fifoQueue name namePrefix",
    autoname=Autoname(
        max_length=80, given_prefix="namePrefix", suffix=lambda inputs: ".fifo" if inputs.get("fifoQueue") else ""
    ),
    documents="policy redrivePolicy redriveAllowPolicy",
    conflicts=("kmsMasterKeyId sqsManagedSseEnabled",),
    defaults={
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "maxMessageSize": 262144,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    },
    aws_defaults={
        "deduplicationScope": lambda op: "queue" if _fifo(op) else "",
        "fifoThroughputLimit": lambda op: "perQueue" if _fifo(op) else "",
        "kmsDataKeyReusePeriodSeconds": 300,
        "policy": "",
        "redriveAllowPolicy": "",
        "redrivePolicy": "",
        "sqsManagedSseEnabled": lambda op: not op.inputs.get("kmsMasterKeyId"),
    },
    computed={"url": "{id}"},
    constraints={
        "deduplicationScope": one_of("messageGroup", "queue"),
        "delaySeconds": between(0, 900),
        "fifoThroughputLimit": one_of("perMessageGroupId", "perQueue"),
        "kmsDataKeyReusePeriodSeconds": between(60, 86400),
        "maxMessageSize": between(1024, 1048576),
        "messageRetentionSeconds": between(60, 1209600),
        "name": every(length(1, 80), matches(r"[0-9A-Za-z_-]+(\.fifo)?", "letters, digits, _ and -")),
        "receiveWaitTimeSeconds": between(0, 20),
        "visibilityTimeoutSeconds": between(0, 43200),
    },
    references={"kmsMasterKeyId": Reference(tokens.KEY, "arn", outside=lambda value: ":key/" not in value)},
    not_found=ErrorTemplate("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    unique=Unique(
        "name",
        ErrorTemplate(
            "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute Tags"
        ),
    ),
    always=(_dead_letters_have_a_queue, *_POLICY_RULES),
    rules=(_name_fits_the_kind,),
    cascade_deletes=(CascadeDelete(tokens.QUEUE_POLICY, "queueUrl"),),
    source="hashicorp/terraform-provider-aws internal/service/sqs/queue.go",
)

QUEUE_POLICY = ResourceType(
    type=tokens.QUEUE_POLICY,
    service=SQS,
    creates="SetQueueAttributes",
    deletes="SetQueueAttributes",
    display_name="SQS Queue",
    creating="setting SQS Queue ({queueUrl}) attribute (Policy)",
    updating="setting SQS Queue ({id}) attribute (Policy)",
    deleting="deleting SQS Queue ({id}) attribute (Policy)",
    id="{queueUrl}",
    required="policy queueUrl",
    replace_on="queueUrl",
    documents="policy",
    references={"queueUrl": Reference(tokens.QUEUE, "url")},
    always=_POLICY_RULES,
    source="hashicorp/terraform-provider-aws internal/service/sqs/queue_policy.go",
)

TYPES = (QUEUE, QUEUE_POLICY)
