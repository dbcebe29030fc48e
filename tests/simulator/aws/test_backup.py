"""AWS Backup: vaults and their recovery points, valid plans, and the roles of selections."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.aws import tokens
from simulator.aws.services.backup import LOCK
from simulator.provider import Refusal
from tests.simulator.aws.account import Account, Resource, trust

COPIES = "arn:aws:backup:us-east-2:123456789012:backup-vault:copies"
VAULT, PLAN, SELECTION, ROLE = tokens.VAULT, tokens.BACKUP_PLAN, tokens.BACKUP_SELECTION, tokens.ROLE


def rule(**changes: Any) -> dict[str, Any]:
    """Returns a rule that passes; each test breaks one thing in it."""
    defaults = {
        "ruleName": "daily",
        "targetVaultName": "main",
        "schedule": "cron(0 2 ? * * *)",
        "lifecycle": {"deleteAfter": 35},
    }
    return {**defaults, **changes}


def plan(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"name": "daily", "rules": list(rules) or [rule()], **changes}


def selection(aws: Account, planned: Resource, service: str = "backup.amazonaws.com") -> dict[str, Any]:
    role = aws.make(ROLE, "takes", name="takes", assumeRolePolicy=trust(service))
    return {"name": "tagged", "planId": planned.id, "iamRoleArn": role["arn"], "resources": ["arn:aws:s3:::*"]}


def test_the_id_of_a_vault_is_its_unique_name(aws: Account) -> None:
    vault = aws.make(VAULT, name="main")
    assert (vault.id, vault["arn"]) == ("main", "arn:aws:backup:us-west-2:123456789012:backup-vault:main")
    assert "AlreadyExistsException: Backup vault with the same name already exists" in aws.refusal(
        VAULT, "two", name="main"
    )
    assert "50" in aws.problems(VAULT, name="m" * 51)


@pytest.mark.parametrize("force", [False, True])
def test_a_vault_with_recovery_points_cannot_be_deleted(aws: Account, force: bool) -> None:
    vault = aws.make(VAULT, name="main", forceDestroy=force)
    aws.cloud.put(VAULT, vault.id, {**vault.state, "recoveryPoints": 3})
    if force:
        aws.make(LOCK, backupVaultName="main", minRetentionDays=7)
    with pytest.raises(Refusal, match=r"Backup vault cannot be deleted because it contains recovery points\."):
        aws.delete(vault)


def test_a_vault_with_force_destroy_is_deleted_with_its_recovery_points(aws: Account) -> None:
    vault = aws.make(VAULT, name="main", forceDestroy=True)
    aws.cloud.put(VAULT, vault.id, {**vault.state, "recoveryPoints": 3})
    aws.delete(vault)
    assert aws.cloud.get(VAULT, "main") is None


def test_a_lock_needs_a_vault_and_limits_in_ascending_order(aws: Account) -> None:
    assert "Backup vault main does not exist" in aws.refusal(LOCK, backupVaultName="main", minRetentionDays=7)
    aws.make(VAULT, name="main")
    text = aws.refusal(LOCK, backupVaultName="main", minRetentionDays=8, maxRetentionDays=7)
    assert "Min retention days must be less than or equal to max retention days" in text
    assert "3 - 36500" in aws.problems(LOCK, backupVaultName="main", changeableForDays=2)
    lock = aws.make(LOCK, backupVaultName="main", minRetentionDays=7)
    assert aws.diff(lock, backupVaultName="main", minRetentionDays=9).replaces == {"minRetentionDays"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "0 2 * * *"}, "Cron expression 0 2 * * * is not valid"),
        ({"schedule": "cron(0 2 * * * *)"}, "Cron expression cron(0 2 * * * *) is not valid"),
        ({"schedule": "cron(0 24 ? * * *)"}, "Cron expression cron(0 24 ? * * *) is not valid"),
        ({"schedule": "cron(0 2 ? * 8 *)"}, "Cron expression cron(0 2 ? * 8 *) is not valid"),
        (
            {"lifecycle": {"coldStorageAfter": 30, "deleteAfter": 100}},
            "DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays",
        ),
        (
            {"copyActions": [{"destinationVaultArn": COPIES, "lifecycle": {"coldStorageAfter": 1, "deleteAfter": 9}}]},
            "DeleteAfterDays cannot be less than 90 days apart",
        ),
        ({"enableContinuousBackup": True, "lifecycle": {"deleteAfter": 36}}, "kept for 1 to 35 days"),
        ({"completionWindow": 30}, "60 minutes greater than StartWindowMinutes"),
    ],
)
def test_an_invalid_rule_is_refused_at_preview(aws: Account, changes: dict[str, Any], message: str) -> None:
    text = aws.refusal(PLAN, preview=True, **plan(rule(**changes)))
    assert "InvalidParameterValueException: " in text
    assert message in text


@pytest.mark.parametrize("schedule", ["cron(0 * ? * * *)", "cron(0 2 ? * SUN *)", "cron(30 1-5,22 L * ? 2026-2030)"])
def test_valid_cron_expressions_are_accepted(aws: Account, schedule: str) -> None:
    assert aws.preview(PLAN, **plan(rule(schedule=schedule)))["rules"][0]["schedule"] == schedule


def test_rules_of_a_plan_have_unique_names(aws: Account) -> None:
    assert "unique names" in aws.refusal(PLAN, preview=True, **plan(rule(), rule()))


def test_a_plan_writes_to_a_vault_of_its_region_and_copies_to_any(aws: Account) -> None:
    remote = aws.make(VAULT, "there", name="there", region="us-east-2")
    copies = [{"destinationVaultArn": remote["arn"], "lifecycle": {"deleteAfter": 35}}]
    assert "Backup vault there does not exist" in aws.refusal(PLAN, **plan(rule(targetVaultName="there")))
    aws.make(VAULT, name="main")
    assert aws.make(PLAN, **plan(rule(copyActions=copies))).id
    nowhere = [{"destinationVaultArn": remote["arn"].replace("there", "nowhere")}]
    assert "backup-vault:nowhere does not exist" in aws.refusal(PLAN, "two", **plan(rule(copyActions=nowhere)))


def test_new_rules_are_an_update_in_place(aws: Account) -> None:
    aws.make(VAULT, name="main")
    created = aws.make(PLAN, **plan())
    assert not aws.diff(created, **plan(rule(schedule="cron(0 3 ? * * *)"))).replaces
    assert not aws.diff(created, **plan()).changes
    with pytest.raises(Refusal, match="is not valid"):
        aws.update(created, **plan(rule(schedule="daily")))


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ("0 2 ? * * *", "0 * ? * * *", True),
        ("0 2 ? * * *", "59 2 ? * * *", True),
        ("0 2 ? * * *", "0 3 ? * * *", False),
        ("30 23 ? * SUN *", "0 0 ? * MON *", True),
        ("0 2 ? * MON *", "0 2 ? * SUN *", False),
        ("0 2 ? * MON-WED *", "0 2 ? * 4#1 *", True),
        ("0 2 1 * ? *", "0 2 15 * ? *", False),
        ("0 2 1 * ? *", "0 2 ? * * *", True),
        ("0 2 ? JAN * *", "0 2 ? FEB * *", False),
    ],
)
def test_rules_of_one_plan_whose_start_windows_overlap_are_refused(
    aws: Account, first: str, second: str, overlap: bool
) -> None:
    aws.make(VAULT, name="main")
    rules = [rule(schedule=f"cron({each})", ruleName=f"r{at}") for at, each in enumerate((first, second))]
    text = "take only the backup of the rule with the longer retention"
    if overlap:
        assert text in aws.refusal(PLAN, preview=True, **plan(*rules))
    else:
        aws.make(PLAN, **plan(*rules))


def test_a_plan_with_selections_cannot_be_deleted(aws: Account) -> None:
    aws.make(VAULT, name="main")
    planned = aws.make(PLAN, **plan())
    selected = aws.make(SELECTION, **selection(aws, planned))
    with pytest.raises(Refusal, match="selections must be deleted prior to backup plan deletion"):
        aws.delete(planned)
    aws.delete(selected)
    aws.delete(planned)
    assert aws.cloud.get(PLAN, planned.id) is None


def test_the_role_of_a_selection_must_trust_aws_backup(aws: Account) -> None:
    aws.make(VAULT, name="main")
    inputs = selection(aws, aws.make(PLAN, **plan()), service="ec2.amazonaws.com")
    assert f"IAM Role {inputs['iamRoleArn']} cannot be assumed by AWS Backup" in aws.refusal(SELECTION, **inputs)


def test_a_selection_is_imported_by_its_plan_and_its_own_id(aws: Account) -> None:
    aws.make(VAULT, name="main")
    planned = aws.make(PLAN, **plan())
    made = aws.make(SELECTION, **selection(aws, planned))
    imported = aws.package.read(aws.call(SELECTION, "one"), f"{planned.id}|{made.id}", {}, {})
    assert imported is not None
    assert imported.id == made.id
