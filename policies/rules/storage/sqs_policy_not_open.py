"""No queue takes or gives messages to anybody."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present

QUEUE, POLICY = "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for statement in statements(resource, "policy"):
        if allows(statement) and "*" in principals(statement) and not present(statement, "Condition"):
            yield statement.under("Principal"), "is anybody, without a condition: any AWS account may use the queue"


def _policy(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*", **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [grant]})}


AT = "policy.Statement[0].Principal"

RULE = Rule(
    id="sqs-policy-not-open",
    applies_to=(QUEUE, POLICY),
    severity="high",
    standards=("FSBP SQS.3", "CKV_AWS_168"),
    why="Whoever may send can make Karpenter drain any node by a message about it.",
    fix="Name the services that send, with a Condition on aws:SourceArn or aws:SourceAccount.",
    check=check,
    good={
        "nothing said, so the account alone": {},
        "a service": _policy({"Service": "events.amazonaws.com"}),
        "anybody in the account": _policy("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        "refused without TLS": _policy("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        "refused": _policy("*", effect="Deny"),
    },
    bad={
        "anybody": Case(_policy("*"), at=AT),
        "anybody, in a policy of its own": Case(_policy({"AWS": "*"}), type=POLICY, at=AT),
    },
)
