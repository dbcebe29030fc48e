"""Log groups are encrypted with a customer-managed key."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, "kmsKeyId"):
        yield "kmsKeyId", "is not set, so a key of CloudWatch encrypts the logs, and its policy cannot be changed"


RULE = Rule(
    id="log-group-cmk",
    applies_to="aws:cloudwatch/logGroup:LogGroup",
    severity="medium",
    standards=("CKV_AWS_158",),
    why="Logs say who did what, and hold what programs write by mistake.",
    fix="Set kms_key_id to a key for logs, whose policy lets CloudWatch Logs use it.",
    mend={"kmsKeyId": "arn:aws:kms:<region>:<account>:key/<id>"},
    dev="advisory",
    check=check,
    on_unknown="pass",
    good={"a key": {"kmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/1"}},
    bad={"nothing set": Case({}, at="kmsKeyId"), "empty": Case({"kmsKeyId": ""}, at="kmsKeyId")},
)
