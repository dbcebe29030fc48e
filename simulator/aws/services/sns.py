"""SNS: topics, their policies and subscriptions. Tokens `aws:sns/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the SNS API model; read 2026-11. Wordings
without a source of their own are unverified.
"""

from __future__ import annotations

import re

from simulator.aws import tokens
from simulator.aws.constraints import arn, between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, CascadeDelete, Reference, ResourceType
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds

SNS = Service("SNS")
_FORMS = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "http": "http://.+",
    "https": "https://.+",
    "lambda": r"arn:[\w-]+:lambda:.+",
    "sms": r"\+?[\d-]+",
    "sqs": r"arn:[\w-]+:sqs:.+",
}


def _name_fits_the_kind(op: OperationContext) -> None:
    if op.get("name", "").endswith(".fifo") != bool(op.get("fifoTopic")):
        raise ProviderError(f"invalid topic name: {op.get('name')}")


def _endpoint_fits_the_protocol(op: OperationContext) -> None:
    endpoint, protocol = op.get("endpoint", ""), op.get("protocol", "")
    form = _FORMS.get(protocol)
    if form and not re.fullmatch(form, endpoint):
        words = "Email address" if protocol.startswith("email") else f"{protocol} endpoint"
        raise AwsError("InvalidParameter", f"Invalid parameter: {words}")


TOPIC = ResourceType(
    type=tokens.TOPIC,
    service=SNS,
    creates="CreateTopic",
    updates="SetTopicAttributes",
    display_name="SNS Topic",
    label="{name}",
    id="{arn}",
    arn="arn:{partition}:sns:{region}:{account}:{name}",
    replace_on="fifoTopic name namePrefix",
    autoname=Autoname(
        max_length=80, given_prefix="namePrefix", suffix=lambda inputs: ".fifo" if inputs.get("fifoTopic") else ""
    ),
    documents="policy deliveryPolicy archivePolicy",
    defaults={"contentBasedDeduplication": False, "fifoTopic": False},
    aws_defaults={"maximumMessageSize": 262144, "policy": "", "signatureVersion": 0, "tracingConfig": ""},
    computed={"owner": "{account}", "beginningArchiveTime": ""},
    constraints={
        "displayName": length(0, 100),
        "name": every(length(1, 256), matches(r"[0-9A-Za-z_-]+(\.fifo)?", "letters, digits, _ and -")),
        "signatureVersion": between(1, 2),
        "tracingConfig": one_of("Active", "PassThrough"),
    },
    references={"kmsMasterKeyId": Reference(tokens.KEY, "arn", outside=lambda value: ":key/" not in value)},
    not_found=ErrorTemplate("NotFound", "Topic does not exist", 404),
    always=(document_kinds.TOPIC.of("policy"),),
    rules=(_name_fits_the_kind,),
    cascade_deletes=(CascadeDelete(tokens.TOPIC_SUBSCRIPTION, "topic"), CascadeDelete(tokens.TOPIC_POLICY, "arn")),
    source="hashicorp/terraform-provider-aws internal/service/sns/topic.go",
)

TOPIC_POLICY = ResourceType(
    type=tokens.TOPIC_POLICY,
    service=SNS,
    creates="SetTopicAttributes",
    deletes="SetTopicAttributes",
    display_name="SNS Topic Policy",
    creating="setting SNS Topic ({arn}) attribute (Policy)",
    updating="setting SNS Topic ({id}) attribute (Policy)",
    id=lambda op: op.fill("{arn}"),
    required="arn policy",
    replace_on="arn",
    documents="policy",
    computed={"owner": "{account}"},
    constraints={"arn": arn},
    references={"arn": Reference(tokens.TOPIC, "arn")},
    always=(document_kinds.TOPIC.of("policy"),),
    source="hashicorp/terraform-provider-aws internal/service/sns/topic_policy.go",
)

SUBSCRIPTION = ResourceType(
    type=tokens.TOPIC_SUBSCRIPTION,
    service=SNS,
    creates="Subscribe",
    updates="SetSubscriptionAttributes",
    deletes="Unsubscribe",
    display_name="SNS Topic Subscription",
    creating="creating SNS Topic Subscription",
    id="{arn}",
    arn="{topic}:{uuid}",
    required="endpoint protocol topic",
    replace_on="endpoint protocol topic",
    documents="deliveryPolicy filterPolicy redrivePolicy",
    defaults={"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
    aws_defaults={"filterPolicyScope": ""},
    computed={
        "confirmationWasAuthenticated": False,
        "ownerId": "{account}",
        # A person has to say yes; until then nothing is sent, and nothing can be unsubscribed.
        "pendingConfirmation": lambda op: str(op.inputs.get("protocol", "")).startswith(("email", "http")),
    },
    constraints={
        "filterPolicyScope": one_of("MessageAttributes", "MessageBody"),
        "protocol": one_of("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"),
        "topic": arn,
    },
    references={"topic": Reference(tokens.TOPIC, "arn")},
    rules=(_endpoint_fits_the_protocol,),
    source="hashicorp/terraform-provider-aws internal/service/sns/topic_subscription.go",
)

TYPES = (TOPIC, TOPIC_POLICY, SUBSCRIPTION)
