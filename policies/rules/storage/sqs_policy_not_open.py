"""No queue policy lets in everyone, or an account that is not trusted."""

from collections.abc import Collection, Iterator

from policies.grants import TRUSTED, let_in
from policies.rule import Case, Resource, Rule
from policies.samples import policy_for

QUEUE, POLICY = "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from let_in(resource, "policy", "they may use the queue", trusted_accounts)


AT = "policy.Statement[0].Principal"

RULE = Rule(
    id="sqs-policy-not-open",
    applies_to=(QUEUE, POLICY),
    severity="high",
    standards=("FSBP SQS.3", "CKV_AWS_168"),
    why="Anyone who may send messages can make Karpenter drain any node.",
    fix="Name the services that send messages, with a Condition on aws:SourceArn or aws:SourceAccount.",
    mend={"Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}},
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "nothing set, so only the account has access": {},
        "a service": policy_for({"Service": "events.amazonaws.com"}),
        "everyone in the account": policy_for("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        "denied without TLS": policy_for("*", "Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        "denied": policy_for("*", "Deny"),
        "a trusted account": Case(policy_for({"AWS": "999999999999"}), options={"trusted_accounts": ["999999999999"]}),
    },
    bad={
        "everyone": Case(policy_for("*"), at=AT),
        "everyone, in a QueuePolicy": Case(policy_for({"AWS": "*"}), type=POLICY, at=AT),
        "everyone over TLS": Case(policy_for("*", Condition={"Bool": {"aws:SecureTransport": "true"}}), at=AT),
        "another account": Case(policy_for({"AWS": "999999999999"}), at=AT),
    },
)
