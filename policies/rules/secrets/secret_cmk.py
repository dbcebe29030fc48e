"""Secrets in Secrets Manager are encrypted with a key of the company."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, at_if_known, present

KEY = "kmsKeyId"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, KEY) or str(at_if_known(resource, KEY)).endswith("alias/aws/secretsmanager"):
        yield KEY, "is no key of ours, so its policy cannot say who reads the secret, nor can another account"


RULE = Rule(
    id="secret-cmk",
    applies_to="aws:secretsmanager/secret:Secret",
    severity="medium",
    standards=("CKV_AWS_149",),
    why="With the key of AWS, anybody who may read secrets in the account reads this one.",
    fix="Set kms_key_id to the key for secrets, as the secrets of teams do.",
    mend={"kmsKeyId": "arn:aws:kms:<region>:<account>:key/<id>"},
    on_unknown="pass",
    dev="advisory",
    check=check,
    good={"a key": {KEY: "arn:aws:kms:us-west-2:123456789012:key/1"}},
    bad={
        "nothing set": Case({}, at=KEY),
        "the key of AWS": Case({KEY: "alias/aws/secretsmanager"}, at=KEY),
        "the key of AWS by its ARN": Case({KEY: "arn:aws:kms:us-west-2:123456789012:alias/aws/secretsmanager"}, at=KEY),
    },
)
