"""Backups are encrypted with a key that the account manages itself."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, "kmsKeyArn"):
        yield "kmsKeyArn", "is not set, so backups are under the key of AWS Backup, which no policy of ours governs"


RULE = Rule(
    id="backup-vault-cmk",
    applies_to="aws:backup/vault:Vault",
    severity="medium",
    standards=("FSBP Backup.1", "CKV_AWS_166"),
    why="A backup holds all the data it was taken of, Kubernetes secrets included.",
    fix="Set kms_key_arn to a key for backups; storage.recovery makes one.",
    dev="advisory",
    check=check,
    on_unknown="pass",
    good={"a key": {"kmsKeyArn": "arn:aws:kms:us-west-2:123456789012:key/1"}},
    bad={"nothing said": Case({}, at="kmsKeyArn"), "empty": Case({"kmsKeyArn": ""}, at="kmsKeyArn")},
)
