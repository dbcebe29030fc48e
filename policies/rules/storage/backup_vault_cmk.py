"""Backup vaults are encrypted with a customer-managed key."""

from collections.abc import Iterator

from policies.grants import is_own_key
from policies.rule import Case, Resource, Rule


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not is_own_key(resource, "kmsKeyArn"):
        yield (
            "kmsKeyArn",
            "names no key of the account, so AWS's own encrypts the backups, and its policy cannot be changed",
        )


RULE = Rule(
    id="backup-vault-cmk",
    applies_to="aws:backup/vault:Vault",
    severity="medium",
    standards=("FSBP Backup.1", "CKV_AWS_166"),
    why="A backup contains all data of its source, Kubernetes secrets included.",
    fix="Set kms_key_arn to a key for backups; storage.recovery creates one.",
    mend={"kmsKeyArn": "arn:aws:kms:<region>:<account>:key/<id>"},
    dev="advisory",
    check=check,
    on_unknown="pass",
    good={"a key": {"kmsKeyArn": "arn:aws:kms:us-west-2:123456789012:key/1"}},
    bad={
        "nothing set": Case({}, at="kmsKeyArn"),
        "empty": Case({"kmsKeyArn": ""}, at="kmsKeyArn"),
        "AWS's own key, by its alias": Case({"kmsKeyArn": "alias/aws/backup"}, at="kmsKeyArn"),
    },
)
