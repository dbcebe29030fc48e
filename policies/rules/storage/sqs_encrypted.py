"""Every queue is encrypted, at least with SQS's own key."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, "kmsMasterKeyId") and not flag(resource, "sqsManagedSseEnabled"):
        yield "sqsManagedSseEnabled", "is not true, and kms_master_key_id is not set either"


RULE = Rule(
    id="sqs-encrypted",
    applies_to="aws:sqs/queue:Queue",
    severity="medium",
    standards=("FSBP SQS.1", "CKV_AWS_27"),
    why="Messages stay on disk until a consumer reads them, and they show what happens to the stack's instances.",
    fix="Set sqs_managed_sse_enabled=True, or name a key in kms_master_key_id.",
    mend={"sqsManagedSseEnabled": True},
    dev="advisory",
    check=check,
    good={"SQS's own key": {"sqsManagedSseEnabled": True}, "a KMS key": {"kmsMasterKeyId": "alias/queues"}},
    bad={
        "nothing set": Case({}, at="sqsManagedSseEnabled"),
        "turned off": Case({"sqsManagedSseEnabled": False}, at="sqsManagedSseEnabled"),
    },
)
