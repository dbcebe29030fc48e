"""A bucket, a queue or a topic that a service of AWS may use names for whom the service acts.

Services act for every account: one that a stranger sends writes into the bucket of another, if its policy asks nothing.
EventBridge publishes to a topic without saying for whom, so a topic's policy cannot ask.
Sources: IAM user guide, "The confused deputy problem" (cross-service prevention); EventBridge user guide, "Amazon SNS
permissions"; read 2026-11.
"""

from collections.abc import Iterator

from policies.grants import grants
from policies.rule import Case, Resource, Rule
from policies.samples import policy_for

POLICY = "aws:s3/bucketPolicy:BucketPolicy"
TYPES = (
    *(POLICY, "aws:s3/bucket:Bucket", "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"),
    *("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"),
)
SILENT = "events.amazonaws.com"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for grant in grants(resource, "policy"):
        silent = SILENT if resource.type.startswith("aws:sns/") else ""
        serves = any(one.kind == "service" and one.name != silent for one in grant.principals)
        if grant.allows and serves and not any(each.owners for each in grant.conditions):
            yield (
                grant.statement.under("Condition"),
                "has no aws:SourceAccount and no aws:SourceArn: a stranger may be behind the service",
            )


AT = "policy.Statement[0].Condition"
SERVICE = {"Service": "delivery.logs.amazonaws.com"}
OURS = {"StringEquals": {"aws:SourceAccount": "111122223333"}}

RULE = Rule(
    id="iam-service-source-bound",
    applies_to=TYPES,
    severity="medium",
    why="A stranger has the service of AWS write false logs, events or alarms among ours, which nobody tells apart.",
    fix="Add a Condition on aws:SourceAccount or aws:SourceArn to the statement.",
    mend={"Condition": {"StringEquals": {"aws:SourceAccount": "<account>"}}},
    dev="advisory",
    check=check,
    good={
        "nothing set": {},
        "for our account": policy_for(SERVICE, Condition=OURS),
        "for one rule": policy_for(
            SERVICE, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-west-2:111122223333:rule/a"}}
        ),
        "a role": policy_for({"AWS": "arn:aws:iam::111122223333:role/a"}),
        "EventBridge, to a topic": Case(policy_for({"Service": SILENT}), type=TYPES[-1]),
        "a service that is denied": policy_for(SERVICE, "Deny"),
    },
    bad={
        **{f"for anybody, {kind.rpartition(':')[2]}": Case(policy_for(SERVICE), type=kind, at=AT) for kind in TYPES},
        "for rules of any account": Case(
            policy_for(SERVICE, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}), at=AT
        ),
        "EventBridge, to a queue": Case(policy_for({"Service": SILENT}), type=TYPES[3], at=AT),
        "over TLS": Case(policy_for(SERVICE, Condition={"Bool": {"aws:SecureTransport": "true"}}), at=AT),
    },
)
