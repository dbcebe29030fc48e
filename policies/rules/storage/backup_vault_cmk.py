"""Backup vaults are encrypted with a customer-managed key."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, "kmsKeyArn"):
        yield "kmsKeyArn", "is not set, so AWS Backup's own key encrypts the backups, and its policy cannot be changed"


RULE = Rule(
    id="backup-vault-cmk",
    applies_to="aws:backup/vault:Vault",
    severity="medium",
    standards=("FSBP Backup.1", "CKV_AWS_166"),
    why="A backup contains all data of its source, Kubernetes secrets included.",
    fix="Set kms_key_arn to a key for backups; storage.recovery creates one.",
    dev="advisory",
    check=check,
    on_unknown="pass",
    good={"a key": {"kmsKeyArn": "arn:aws:kms:us-west-2:123456789012:key/1"}},
    bad={"nothing set": Case({}, at="kmsKeyArn"), "empty": Case({"kmsKeyArn": ""}, at="kmsKeyArn")},
)
