"""Backup vaults are locked, so that nobody can delete backups early."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, number

VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    locked = set()
    for lock in stack.of(LOCK):
        locked |= {vault.urn for vault in stack.linked(lock, "backupVaultName", (VAULT,))}
        if not number(lock, "minRetentionDays"):
            yield lock, "minRetentionDays", "is not set, so a backup may be deleted on its first day"
    for vault in stack.of(VAULT):
        if vault.urn not in locked:
            yield vault, "name", "has no VaultLockConfiguration in this stack"


def _stack(**lock: int) -> StackCase:
    return StackCase(
        {"vault": Sample(VAULT, {"name": "main"}), "lock": Sample(LOCK, lock, links={"backupVaultName": "vault"})},
        at=("lock", "minRetentionDays"),
    )


RULE = StackRule(
    id="rel-backup-locked",
    applies_to=(VAULT, LOCK),
    severity="high",
    why="A mistake or an attack that deletes data can delete its backups next.",
    fix="Lock the vault for a day or more, by aws.backup.VaultLockConfiguration.",
    mend={"minRetentionDays": 7},
    stack_file={"storage.recovery.lock_days": 7},
    no_mend="the VaultLockConfiguration is missing",
    dev="disabled",
    staging="advisory",
    check=check,
    good={
        "locked": _stack(minRetentionDays=7),
        "locked for good": _stack(minRetentionDays=7, changeableForDays=3),
        "no vault": StackCase({}),
    },
    bad={
        "nothing set": StackCase({"vault": Sample(VAULT, {"name": "main"})}, at=("vault", "name")),
        "a lock without days": _stack(changeableForDays=3),
        "the lock of another vault": StackCase(
            {**_stack(minRetentionDays=7).resources, "copies": Sample(VAULT, {"name": "copies"})}, at=("copies", "name")
        ),
    },
)
