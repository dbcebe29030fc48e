"""What services publish to topics of SNS. AWS takes an alarm or rule to which a topic is closed, and sends nothing."""

from __future__ import annotations

import json

from simulator.aws import tokens
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import documents


def warn_of_silence(op: OperationContext, arn: str, service: str, what: str, *, conditions: bool = True) -> None:
    """Warns where a service cannot publish to a topic. conditions: whether it fulfills those of the topic's policy.

    Sources: CloudWatch user guide, "Notifying users on alarm changes"; SNS developer guide, "Managing Amazon SNS
    encryption keys and costs"; EventBridge user guide, "Amazon SNS permissions"; read 2026-11.
    """
    topic = op.find(tokens.TOPIC, "arn", arn)
    if topic is None:
        return
    policy = op.find(tokens.TOPIC_POLICY, "arn", arn)
    text = policy.state.get("policy") if policy else topic.state.get("policy")
    if text and not conditions:
        text = json.dumps({"Statement": [each for each in documents.allowed(text) if not each.get("Condition")]})
    if text and not documents.allows_service(text, service, "sns:Publish"):
        more = "" if conditions else " without a condition, none of which it fulfills"
        op.call.warn(f"the policy of {arn} does not let {service} publish{more}, so nobody hears of {what}.")
    key_id = topic.state.get("kmsMasterKeyId", "")
    key = op.find(tokens.KEY, "arn", key_id) if key_id else None
    if key_id and not (key and documents.allows_service(key.state.get("policy"), service)):
        op.call.warn(f"the key of {arn} does not let {service} encrypt, so nobody hears of {what}.")
