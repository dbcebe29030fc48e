"""Topics of SNS are encrypted: without a key, messages lie on disk in the clear.

Source: Amazon SNS developer guide, "Securing Amazon SNS data with server-side encryption"; read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, "kmsMasterKeyId"):
        yield "kmsMasterKeyId", "is not set, so the topic keeps its messages without encryption"


RULE = Rule(
    id="sns-encrypted",
    applies_to="aws:sns/topic:Topic",
    severity="medium",
    standards=("CKV_AWS_26",),
    why="An alarm says what is broken and who broke it, and waits on disk until it is delivered.",
    fix="Name a key in kms_master_key_id whose policy lets the sender use it; alias/aws/sns lets no alarm send.",
    mend={"kmsMasterKeyId": "alias/<key>"},
    dev="advisory",
    check=check,
    good={"a key": {"kmsMasterKeyId": "alias/alarms"}},
    bad={"nothing set": Case({}, at="kmsMasterKeyId")},
)
