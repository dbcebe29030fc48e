"""What is promised of data is what AWS Backup is told: how often, for how long, copied where, and who may delete it."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.storage.recovery.backup import BACKUP_TAG, BackupArgs, backup_tags, kept_days, plans, rule, vault_name
from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.recovery import RecoverySettings
from settings.storage.recovery_plan import MINUTES
from simulator.aws.operation_context import ACCOUNT
from tests.components.stacks import stack, stage
from tests.in_process.providers import Registered

USERS = [{"namespace": "research", "mode": "write"}]
BUCKET_USERS = [{**user, "service_account": "researcher"} for user in USERS]
HOME: dict[str, Any] = {"purpose": "shared", "tier": "agents", "used_by": USERS}
MODELS: dict[str, Any] = {"purpose": "models", "tier": "production-inference", "used_by": BUCKET_USERS}


def built(cloud, recovery: Mapping[str, Any] | None = None, **changes: Any) -> None:
    """A bucket that is backed up all the time, a file system that is every hour, and a cluster that is daily."""
    storage = {"buckets": {"models": MODELS}, "file_systems": {"home": HOME}, "recovery": recovery or {}}
    cloud.up(stack(**{"storage": storage, **changes}), preview=True)


def plan_rule(cloud, schedule: str) -> dict[str, Any]:
    (only,) = cloud.one("Plan", f"storage-backup-{schedule}").inputs["rules"]
    return only


def selected_tags(cloud, schedule: str) -> set[str]:
    """The schedules in the tags that the plan's selections ask for."""
    plan = f"storage-backup-{schedule}-"
    tagged = [one for one in cloud.all("Selection") if one.name.startswith(plan) and one.name.endswith("-tagged")]
    return {conditions(one)[f"aws:ResourceTag/{BACKUP_TAG}"] for one in tagged}


def conditions(selection: Registered) -> dict[str, str]:
    (said,) = selection.inputs["conditions"]
    return {each["key"]: each["value"] for each in said["stringEquals"]}


def test_there_is_a_plan_for_each_schedule_that_something_needs(cloud):
    built(cloud)
    assert cloud.names("backup/plan:Plan") == {f"storage-backup-{each}" for each in ("continuous", "hourly", "daily")}
    assert plan_rule(cloud, "hourly")["schedule"] == "cron(0 * ? * * *)"
    assert plan_rule(cloud, "continuous")["enableContinuousBackup"] is True


def test_a_stack_without_data_has_no_backups(cloud):
    cloud.up(stack(), preview=True)
    assert not [r for r in cloud.registered.values() if "backup" in r.type.lower()]
    assert "keys-backup" not in cloud.names("kms/key:Key"), "a key that nothing uses is paid for all the same"


def test_a_plan_selects_what_is_tagged_for_it_in_this_stack_alone(cloud):
    built(cloud)
    wanted = {BACKUP_TAG: "hourly", "project": "ml-platform", "environment": "prod"}
    said = conditions(cloud.one("Selection", "storage-backup-hourly-tagged"))
    assert said == {f"aws:ResourceTag/{key}": value for key, value in wanted.items()}
    tags = cloud.one("efs/fileSystem:FileSystem").inputs["tags"]
    assert tags[BACKUP_TAG] == "hourly", "what is not tagged is not backed up"


def test_clusters_are_selected_by_arn_as_often_as_their_tier_asks(cloud):
    built(cloud, {"targets": {"platform-metadata": {"rpo_minutes": 60, "rto_minutes": 60}}})
    selected = cloud.one("Selection", "storage-backup-hourly-clusters").inputs["resources"]
    assert selected == [f"arn:aws:eks:us-west-2:{ACCOUNT}:cluster/ml-platform-prod-main"]
    built(cloud, {"clusters": False})
    assert not [name for name in cloud.names("Selection") if name.endswith("-clusters")]


def test_every_backup_but_the_change_log_is_copied_to_the_second_region(cloud):
    built(cloud, {"copy_to": "us-east-2"})
    vault = f"arn:aws:backup:us-east-2:{ACCOUNT}:backup-vault:ml-platform-prod-us-west-2-backup-copies"
    copied = {
        schedule: [copy["destinationVaultArn"] for copy in plan_rule(cloud, schedule).get("copyActions") or []]
        for schedule in ("continuous", "hourly", "daily")
    }
    assert copied.pop("continuous") == [], "AWS copies no change log, so there are daily ones beside it"
    assert all(to == [vault] for to in copied.values()), "the ARN has to be known at preview, to be judged"
    assert selected_tags(cloud, "daily") >= {"continuous", "hourly"}
    there = cloud.one("Vault", "storage-backup-copies")
    assert "storage-us-east-2-aws" in there.provider


@pytest.mark.parametrize(("environment", "days"), [("prod", 3), ("staging", None)])
def test_only_in_production_the_lock_can_never_be_taken_off(cloud, environment, days):
    built(cloud, {"copy_to": "us-east-2"}, environment=environment)
    locks = cloud.all("VaultLockConfiguration")
    assert len(locks) == 2, "copies are locked as well"
    assert [lock.inputs.get("changeableForDays") for lock in locks] == [days, days]
    built(cloud, {"lock_days": 0}, environment=environment)
    assert not cloud.all("VaultLockConfiguration")


def test_the_vault_is_protected_and_under_a_key_of_its_own(cloud):
    built(cloud)
    vault = cloud.one("backup/vault:Vault")
    assert vault.protect
    (key,) = (r for r in cloud.all("kms/key:Key") if r.urn in vault.property_dependencies["kmsKeyArn"])
    assert key.name == "keys-backup"


def test_no_plan_works_before_its_role_may(cloud):
    built(cloud)
    attached = [r for r in cloud.all("RolePolicyAttachment") if "storage-backup-takes" in r.name]
    assert len(attached) == 2
    for selection in cloud.all("Selection"):
        assert all(selection.stands_on(each) for each in attached), "its first jobs would fail"


def test_who_takes_backups_restores_none(cloud):
    built(cloud)
    by_role = {
        name: {r.inputs["policyArn"] for r in cloud.all("RolePolicyAttachment") if name in r.name}
        for name in ("takes", "restores")
    }
    assert by_role["takes"]
    assert not any("Restore" in arn for arn in by_role["takes"])
    assert all("Restore" in arn for arn in by_role["restores"])


@pytest.mark.parametrize("schedule", MINUTES)
def test_no_backup_goes_before_the_lock_allows(schedule):
    for lock_days in (0, 7, 35):
        made: Any = rule(schedule, lock_days, "vault", "copies")
        assert made["lifecycle"]["delete_after"] >= lock_days, "AWS Backup would refuse every job"
        assert all(copy["lifecycle"] == made["lifecycle"] for copy in made["copy_actions"])
        assert not made["enable_continuous_backup"] or made["lifecycle"]["delete_after"] <= 35


def test_hourly_backups_are_soon_gone_and_daily_ones_beside_them_stay():
    assert (kept_days("hourly", 7), kept_days("daily", 7), kept_days("hourly", 30)) == (7, 35, 30)
    assert plans(["hourly"], copies=False) == {"hourly": ["hourly"], "daily": ["hourly"]}


def test_only_a_change_log_that_must_reach_another_region_is_backed_up_daily_as_well():
    assert plans(["continuous", "daily"], copies=False) == {"continuous": ["continuous"], "daily": ["daily"]}
    assert plans(["continuous", "weekly"], copies=True)["daily"] == ["continuous"]
    assert "daily" not in plans(["weekly"], copies=True)


def test_names_of_vaults_are_taken_by_aws():
    longest = stage(name="m" * 21, environment="staging")
    assert len(vault_name(longest, copies=True)) <= 50


def test_tags_say_what_is_promised_and_how_it_is_kept():
    tags = backup_tags(RecoverySettings(), FileSystemSettings(**HOME))
    assert tags == {
        BACKUP_TAG: "hourly",
        "ml-platform:tier": "agents",
        "ml-platform:rpo-minutes": "60",
        "ml-platform:rto-minutes": "240",
    }
    scratch = backup_tags(RecoverySettings(), BucketSettings.model_validate({**MODELS, "purpose": "scratch"}))
    assert scratch == {BACKUP_TAG: "versions", "ml-platform:tier": "production-inference"}


def test_a_vault_that_nothing_fills_is_refused():
    with pytest.raises(ValueError, match=r"Give one, or make no Backup\.$"):
        BackupArgs(
            settings=RecoverySettings(),
            stage=stage(),
            key_arn="key",
            schedules=(),
            cluster_arns=(),
            cluster_schedule=None,
            copies=None,
        )
