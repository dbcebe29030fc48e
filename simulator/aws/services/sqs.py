"""SQS: queues. Tokens `aws:sqs/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the SQS API model; read 2026-11.
"""

from __future__ import annotations

import json

from simulator.aws import tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ProviderError, Service
from simulator.aws.model import Autoname, Company, Reference, Refused, ResourceType, Unique
from simulator.aws.services import documents
from simulator.aws.situation import Situation

SQS = Service("SQS")


def _fifo(s: Situation) -> bool:
    return bool(s.inputs.get("fifoQueue"))


def _name_fits_the_kind(s: Situation) -> None:
    """FIFO queues end in .fifo, and only they tell duplicates apart by their content."""
    if s.get("name", "").endswith(".fifo") != _fifo(s):
        raise ProviderError(f"invalid queue name: {s.get('name')}")
    if s.get("contentBasedDeduplication") and not _fifo(s):
        raise ProviderError("content-based deduplication can only be set for FIFO queue")


def _dead_letters_have_a_queue(s: Situation) -> None:
    text = s.get("redrivePolicy", "")
    target = json.loads(text).get("deadLetterTargetArn") if text else None
    if target and not s.call.preview and s.find(tokens.QUEUE, "arn", target) is None:
        message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
        raise AwsError("InvalidAttributeValue", message)


def _policy_has_principals(s: Situation) -> None:
    for statement in documents.listed(json.loads(s.get("policy") or "{}").get("Statement")):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise AwsError("InvalidAttributeValue", "Invalid value for the parameter Policy.")


QUEUE = ResourceType(
    type=tokens.QUEUE,
    service=SQS,
    creates="CreateQueue",
    updates="SetQueueAttributes",
    deletes="DeleteQueue",
    human="SQS Queue",
    label="{name}",
    updating="updating SQS Queue ({id}) attributes",
    id="https://sqs.{region}.amazonaws.com/{account}/{name}",
    arn="arn:{partition}:sqs:{region}:{account}:{name}",
    inputs=(
        "contentBasedDeduplication deduplicationScope delaySeconds fifoQueue fifoThroughputLimit "
        "kmsDataKeyReusePeriodSeconds kmsMasterKeyId maxMessageSize messageRetentionSeconds name namePrefix policy "
        "receiveWaitTimeSeconds redriveAllowPolicy redrivePolicy region sqsManagedSseEnabled tags "
        "visibilityTimeoutSeconds"
    ),
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
    omitted={
        "deduplicationScope": lambda s: "queue" if _fifo(s) else "",
        "fifoThroughputLimit": lambda s: "perQueue" if _fifo(s) else "",
        "kmsDataKeyReusePeriodSeconds": 300,
        "policy": "",
        "redriveAllowPolicy": "",
        "redrivePolicy": "",
        "sqsManagedSseEnabled": lambda s: not s.inputs.get("kmsMasterKeyId"),
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
    not_found=Refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    unique=Unique(
        "name",
        Refused(
            "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute Tags"
        ),
    ),
    rules=(_name_fits_the_kind, _dead_letters_have_a_queue, _policy_has_principals),
    update_rules=(_dead_letters_have_a_queue, _policy_has_principals),
    takes_along=(Company(tokens.QUEUE_POLICY, "queueUrl"),),
    source="hashicorp/terraform-provider-aws internal/service/sqs/queue.go",
)

QUEUE_POLICY = ResourceType(
    type=tokens.QUEUE_POLICY,
    service=SQS,
    creates="SetQueueAttributes",
    updates="SetQueueAttributes",
    deletes="SetQueueAttributes",
    human="SQS Queue",
    creating="setting SQS Queue ({queueUrl}) attribute (Policy)",
    updating="setting SQS Queue ({id}) attribute (Policy)",
    deleting="deleting SQS Queue ({id}) attribute (Policy)",
    id="{queueUrl}",
    inputs="policy queueUrl region",
    required="policy queueUrl",
    replace_on="queueUrl",
    documents="policy",
    references={"queueUrl": Reference(tokens.QUEUE, "url")},
    rules=(_policy_has_principals,),
    update_rules=(_policy_has_principals,),
    source="hashicorp/terraform-provider-aws internal/service/sqs/queue_policy.go",
)

TYPES = (QUEUE, QUEUE_POLICY)
