"""Every queue is encrypted, with the key of SQS at least."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, "kmsMasterKeyId") and not flag(resource, "sqsManagedSseEnabled"):
        yield "sqsManagedSseEnabled", "is not true, and no key is named instead"


RULE = Rule(
    id="sqs-encrypted",
    applies_to="aws:sqs/queue:Queue",
    severity="medium",
    standards=("FSBP SQS.1", "CKV_AWS_27"),
    why="Messages lie on disk until somebody takes them, and say what happens to the machines of the stack.",
    fix="Set sqs_managed_sse_enabled=True, or name a key in kms_master_key_id.",
    dev="advisory",
    check=check,
    good={
        "the key of SQS": {"sqsManagedSseEnabled": True},
        "a key of ours": {"kmsMasterKeyId": "alias/queues"},
    },
    bad={
        "nothing said": Case({}, at="sqsManagedSseEnabled"),
        "turned off": Case({"sqsManagedSseEnabled": False}, at="sqsManagedSseEnabled"),
    },
)
