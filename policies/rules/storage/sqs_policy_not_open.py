"""No queue policy lets everyone send or receive messages."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present

QUEUE, POLICY = "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for statement in statements(resource, "policy"):
        if allows(statement) and "*" in principals(statement) and not present(statement, "Condition"):
            yield statement.under("Principal"), "is everyone, without a condition: any AWS account may use the queue"


def _policy(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*", **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [grant]})}


AT = "policy.Statement[0].Principal"

RULE = Rule(
    id="sqs-policy-not-open",
    applies_to=(QUEUE, POLICY),
    severity="high",
    standards=("FSBP SQS.3", "CKV_AWS_168"),
    why="Anyone who may send messages can make Karpenter drain any node.",
    fix="Name the services that send messages, with a Condition on aws:SourceArn or aws:SourceAccount.",
    check=check,
    good={
        "nothing set, so only the account has access": {},
        "a service": _policy({"Service": "events.amazonaws.com"}),
        "everyone in the account": _policy("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        "denied without TLS": _policy("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        "denied": _policy("*", effect="Deny"),
    },
    bad={
        "everyone": Case(_policy("*"), at=AT),
        "everyone, in a QueuePolicy": Case(_policy({"AWS": "*"}), type=POLICY, at=AT),
    },
)
