"""Backups: a vault that is locked, plans by schedule, and copies in a second region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import iam as arns
from components.core import iam
from components.core.stage import Stage
from components.storage.recovery.second_region import SecondRegion
from settings.storage.recovery import RecoverySettings
from settings.storage.recovery_plan import Schedule, protection
from settings.storage.storage_entry import StorageEntry

BACKUP_TAG = "ml-platform:backup"
# Days in which a lock can still be taken off, the least that there is; from then on not even AWS can, and the vault
# outlives the stack. Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11.
LOCK_GRACE_DAYS = 3
# Before the maintenance that file systems have at 09:00: AWS Backup starts none in the four hours before it. Source:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11.
CRON: Mapping[Schedule, str] = {
    "continuous": "cron(0 2 ? * * *)",  # renews the change log, which itself never stops
    "hourly": "cron(0 * ? * * *)",
    "daily": "cron(0 2 ? * * *)",
    "weekly": "cron(0 2 ? * SUN *)",
}
# The change log of S3 goes back 35 days at most. Source:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery-retention-period.html, read 2026-11.
KEPT_DAYS: Mapping[Schedule, int] = {"continuous": 35, "hourly": 7, "daily": 35, "weekly": 90}


@dataclass(frozen=True, kw_only=True)
class BackupArgs:
    """What it is told, and what it stands on.

    schedules: those that something needs. cluster_arns: of the clusters to back up, and cluster_schedule: how often.
    copies: where every backup is copied to.
    Raises ValueError when there is no schedule: an empty vault would be no backup.
    """

    settings: RecoverySettings
    stage: Stage
    key_arn: pulumi.Input[str]
    schedules: Sequence[Schedule]
    cluster_arns: Sequence[str]
    cluster_schedule: Schedule | None
    copies: SecondRegion | None

    def __post_init__(self) -> None:
        if not self.schedules:
            raise ValueError("schedules is empty, so nothing would be backed up. Give one, or make no Backup.")


def backup_tags(recovery: RecoverySettings, held: StorageEntry) -> Mapping[str, str]:
    """Tags of whatever holds the data of an entry: by the first one it is backed up, by the others it is explained.

    They go on the bucket or the file system itself, and not on its copy in another region.
    """
    found = protection(recovery, "", held)
    promised = found.promised
    said = {} if promised is None else {"rpo-minutes": promised.rpo_minutes, "rto-minutes": promised.rto_minutes}
    return {
        BACKUP_TAG: found.label,
        "ml-platform:tier": held.tier,
        **{f"ml-platform:{name}": str(minutes) for name, minutes in said.items()},
    }


def vault_name(stage: Stage, *, copies: bool = False) -> str:
    """Name of the vault, or of the one in the second region."""
    return f"{stage.prefix}-backup{'-copies' if copies else ''}"


def kept_days(schedule: Schedule, lock_days: int) -> int:
    """Days that backups of a schedule are kept: AWS Backup refuses to take one that would go before the lock allows."""
    return max(KEPT_DAYS[schedule], lock_days)


def rules(
    schedule: Schedule, lock_days: int, vault: pulumi.Input[str], copy_to: pulumi.Input[str] | None
) -> list[aws.backup.PlanRuleArgsDict]:
    """Rules of the plan for a schedule.

    A change log cannot be copied to another region, and hourly backups are soon gone: both have daily ones beside them.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html, read 2026-11.
    """
    beside = schedule == "hourly" or (schedule == "continuous" and copy_to is not None)
    taken: list[Schedule] = [schedule, "daily"] if beside else [schedule]
    return [_rule(each, lock_days, vault, None if each == "continuous" else copy_to) for each in taken]


def _rule(
    schedule: Schedule, lock_days: int, vault: pulumi.Input[str], copy_to: pulumi.Input[str] | None
) -> aws.backup.PlanRuleArgsDict:
    kept = kept_days(schedule, lock_days)
    return {
        "rule_name": schedule,
        "target_vault_name": vault,
        "schedule": CRON[schedule],
        "start_window": 60,  # minutes: the least that AWS Backup takes
        "completion_window": 12 * 60,  # the first backup of many TiB takes hours
        "enable_continuous_backup": schedule == "continuous",
        "lifecycle": {"delete_after": kept},
        "copy_actions": []
        if copy_to is None
        else [{"destination_vault_arn": copy_to, "lifecycle": {"delete_after": kept}}],
    }


def tagged_types(stage: Stage) -> list[str]:
    """What a plan selects from: buckets, file systems, volumes and databases.

    The types are named, so that most of them are backed up even where the account has not opted in.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html, read 2026-11.
    """
    return [
        f"arn:{stage.partition}:s3:::*",
        stage.arn("elasticfilesystem", "file-system/*"),
        stage.arn("fsx", "file-system/*"),
        stage.arn("ec2", "volume/*"),
        stage.arn("rds", "db:*"),
        stage.arn("rds", "cluster:*"),
    ]


def tagged(stage: Stage, schedule: Schedule) -> aws.backup.SelectionConditionArgsDict:
    """Those of this stack that ask for the schedule by their tag. All conditions have to hold.

    So two stacks of one account do not back up each other's data. Source: as for `tagged_types`.
    """
    wanted = {BACKUP_TAG: schedule, "project": stage.name, "environment": stage.environment}
    return {"string_equals": [{"key": f"aws:ResourceTag/{tag}", "value": value} for tag, value in wanted.items()]}


class Backup(pulumi.ComponentResource):
    """A vault under a key of its own, and a plan for each schedule.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html, read 2026-11.
    """

    restore_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Backup", name, None, opts)
        self._args, self._opts = args, pulumi.ResourceOptions(parent=self)
        vault = self._vault(name, vault_name(args.stage), args.key_arn, self._opts)
        copy_to = self._copies(name)
        role, permissions = self._role(name, "takes", arns.BACKUP_POLICIES)
        self.restore_role_arn = self._role(name, "restores", arns.RESTORE_POLICIES)[0].arn
        for schedule in args.schedules:
            plan = aws.backup.Plan(
                f"{name}-{schedule}",
                name=f"{args.stage.prefix}-{schedule}",
                rules=rules(schedule, args.settings.lock_days, vault.name, copy_to),
                opts=self._opts,
            )
            # A role without its permissions is taken all the same, and then every job of the plan fails.
            after = pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=permissions))
            aws.backup.Selection(
                f"{name}-{schedule}-tagged",
                name="tagged",
                plan_id=plan.id,
                iam_role_arn=role.arn,
                resources=tagged_types(args.stage),
                conditions=[tagged(args.stage, schedule)],
                opts=after,
            )
            if schedule == args.cluster_schedule:
                aws.backup.Selection(
                    f"{name}-{schedule}-clusters",
                    name="clusters",
                    plan_id=plan.id,
                    iam_role_arn=role.arn,
                    resources=list(args.cluster_arns),
                    opts=after,
                )
        self.register_outputs({"restore_role_arn": self.restore_role_arn})

    def _copies(self, name: str) -> pulumi.Output[str] | None:
        """The ARN of the vault for copies, known at preview: where they go has to be judged before they do."""
        there, region, stage = self._args.copies, self._args.settings.copy_to, self._args.stage
        if there is None or region is None:
            return None
        opts = pulumi.ResourceOptions(parent=self, provider=there.provider)
        vault = self._vault(f"{name}-copies", vault_name(stage, copies=True), there.key_arn, opts)
        place = f"arn:{stage.partition}:backup:{region}:{stage.account_id}:backup-vault"
        arn: pulumi.Output[str] = vault.name.apply(lambda known: f"{place}:{known}")
        return arn

    def _vault(
        self, name: str, physical_name: str, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> aws.backup.Vault:
        stage, lock_days = self._args.stage, self._args.settings.lock_days
        vault = aws.backup.Vault(
            name,
            name=physical_name,
            kms_key_arn=key_arn,
            force_destroy=not stage.deletion_protection,
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(protect=stage.deletion_protection, retain_on_delete=stage.retains or None),
            ),
        )
        if lock_days:
            aws.backup.VaultLockConfiguration(
                f"{name}-lock",
                backup_vault_name=vault.name,
                min_retention_days=lock_days,
                changeable_for_days=LOCK_GRACE_DAYS if stage.production else None,
                opts=opts,
            )
        return vault

    def _role(self, name: str, does: str, policies: Sequence[str]) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        role = aws.iam.Role(
            f"{name}-{does}", assume_role_policy=iam.service_trust("backup.amazonaws.com"), opts=self._opts
        )
        attached: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(
                f"{name}-{does}-{policy.rsplit('/', 1)[-1]}",
                role=role.name,
                policy_arn=self._args.stage.in_partition(policy),
                opts=self._opts,
            )
            for policy in policies
        ]
        return role, attached
