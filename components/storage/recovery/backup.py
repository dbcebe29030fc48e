"""Backups: a locked vault, a plan for each schedule, and copies in a second region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import iam as arns
from catalog.limits import BACKUP_VAULT_NAME_LENGTH
from components.core import iam
from components.core.names import shortened
from components.core.stage import Stage
from components.core.standing import COPY_OF, TIER, import_id
from components.storage.recovery.second_region import SecondRegion
from settings.storage.recovery import RecoverySettings
from settings.storage.recovery_plan import Schedule, protection
from settings.storage.storage_entry import StorageEntry

BACKUP_TAG = "ml-platform:backup"
# Days in which a lock can still be removed (the minimum); after that not even AWS can remove it, and the vault stays
# when the stack is deleted.
# Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11.
LOCK_GRACE_DAYS = 3
# Before the maintenance of file systems at 09:00: AWS Backup starts no backup in the four hours before it. Source:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11.
CRON: Mapping[Schedule, str] = {
    "continuous": "cron(0 2 ? * * *)",  # renews the change log, which is continuous
    "hourly": "cron(0 * ? * * *)",
    "daily": "cron(0 2 ? * * *)",
    "weekly": "cron(0 2 ? * SUN *)",
}
# The change log of S3 has at most 35 days. Source:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery-retention-period.html, read 2026-11.
KEPT_DAYS: Mapping[Schedule, int] = {"continuous": 35, "hourly": 7, "daily": 35, "weekly": 90}


@dataclass(frozen=True, kw_only=True)
class BackupArgs:
    """Arguments of the backups.

    schedules: the schedules in use.
    cluster_arns: clusters to back up.
    cluster_schedule: how often.
    copies: the region that gets a copy of every backup.
    Raises ValueError when there is no schedule, since nothing would be backed up.
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


def backup_tags(recovery: RecoverySettings, entry: StorageEntry) -> Mapping[str, str]:
    """Returns the tags of a bucket or file system. The first one selects it for backups; the others explain why.

    A copy in another region does not get these tags.
    """
    protected = protection(recovery, "", entry)
    promised = protected.promised
    targets = {} if promised is None else {"rpo-minutes": promised.rpo_minutes, "rto-minutes": promised.rto_minutes}
    return {
        BACKUP_TAG: protected.label,
        TIER: entry.tier,
        **{f"ml-platform:{name}": str(minutes) for name, minutes in targets.items()},
    }


def vault_name(stage: Stage, *, copies: bool = False) -> str:
    """Returns the name of the vault. copies: of the vault in the second region, with the region that is copied."""
    if not copies:
        return f"{stage.prefix}-backup"
    if stage.older_copies:
        return f"{stage.prefix}-backup-copies"
    end = "-backup-copies"
    return shortened(f"{stage.prefix}-{stage.region}", BACKUP_VAULT_NAME_LENGTH - len(end)) + end


def vault_arn(stage: Stage, region: str, name: str) -> str:
    return f"arn:{stage.partition}:backup:{region}:{stage.account_id}:backup-vault:{name}"


def kept_days(schedule: Schedule, lock_days: int) -> int:
    """Returns the days that backups are kept: at least lock_days, or AWS Backup refuses to make them."""
    return max(KEPT_DAYS[schedule], lock_days)


def plans(schedules: Sequence[Schedule], copies: bool) -> dict[Schedule, list[Schedule]]:
    """Returns plan -> schedules of the data that it backs up. A plan has one rule, and the name of its rule.

    Hourly backups are kept for a short time, and a change log cannot be copied to another region, so the daily plan
    backs up both kinds of data as well. Two rules of one plan would not do: when their start windows overlap, AWS
    Backup keeps only the backup with the longer retention. copies: whether backups are copied to another region.
    Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html and
    https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11.
    """
    backed_up: dict[Schedule, list[Schedule]] = {each: [each] for each in schedules}
    for schedule in schedules:
        if schedule == "hourly" or (schedule == "continuous" and copies):
            backed_up.setdefault("daily", []).append(schedule)
    return backed_up


def rule(
    schedule: Schedule, lock_days: int, vault: pulumi.Input[str], copy_to: pulumi.Input[str] | None
) -> aws.backup.PlanRuleArgsDict:
    """Returns the rule of the plan for a schedule."""
    days = kept_days(schedule, lock_days)
    return {
        "rule_name": schedule,
        "target_vault_name": vault,
        "schedule": CRON[schedule],
        "start_window": 60,  # minutes; the minimum of AWS Backup
        "completion_window": 12 * 60,  # the first backup of many TiB takes hours
        "enable_continuous_backup": schedule == "continuous",
        "lifecycle": {"delete_after": days},
        "copy_actions": []
        if copy_to is None or schedule == "continuous"
        else [{"destination_vault_arn": copy_to, "lifecycle": {"delete_after": days}}],
    }


def tagged_types(stage: Stage) -> list[str]:
    """Returns the ARN patterns that a plan selects from: buckets, file systems, volumes and databases.

    The patterns name the types, so that most of them are backed up even if the account has not opted in.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html, read 2026-11.
    """
    return [
        stage.bucket_arn("*"),
        stage.arn("elasticfilesystem", "file-system/*"),
        stage.arn("fsx", "file-system/*"),
        stage.arn("ec2", "volume/*"),
        stage.arn("rds", "db:*"),
        stage.arn("rds", "cluster:*"),
    ]


def tagged(stage: Stage, schedule: Schedule) -> aws.backup.SelectionConditionArgsDict:
    """Returns the conditions for resources of this stack that have the schedule in their tag.

    All conditions must hold, so that two stacks of one account do not back up each other's data. Source: as for
    `tagged_types`.
    """
    tags = {BACKUP_TAG: schedule, **stage.own_tags}
    return {"string_equals": [{"key": f"aws:ResourceTag/{tag}", "value": value} for tag, value in tags.items()]}


class Backup(pulumi.ComponentResource):
    """A vault with a key of its own, and a plan for each schedule.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html, read 2026-11.
    """

    restore_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Backup", name, None, opts)
        self._args, self._opts = args, pulumi.ResourceOptions(parent=self)
        vault = self._vault(name, args.stage.region, args.key_arn, self._opts)
        copy_to = self._copies(name)
        role, permissions = self._role(name, "takes", arns.BACKUP_POLICIES)
        self.restore_role_arn = self._role(name, "restores", arns.RESTORE_POLICIES)[0].arn
        # AWS Backup accepts a role without permissions, and then every job of the plan fails.
        after_permissions = pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=permissions))
        for schedule, backed_up in plans(args.schedules, copy_to is not None).items():
            plan = aws.backup.Plan(
                f"{name}-{schedule}",
                name=f"{args.stage.prefix}-{schedule}",
                rules=[rule(schedule, args.settings.lock_days, vault.name, copy_to)],
                opts=self._opts,
            )
            for tag in backed_up:
                also = "" if tag == schedule else f"-{tag}"
                aws.backup.Selection(
                    f"{name}-{schedule}{also}-tagged",
                    name=f"tagged{also}",
                    plan_id=plan.id,
                    iam_role_arn=role.arn,
                    resources=tagged_types(args.stage),
                    conditions=[tagged(args.stage, tag)],
                    opts=after_permissions,
                )
            if args.cluster_schedule in backed_up:
                aws.backup.Selection(
                    f"{name}-{schedule}-clusters",
                    name="clusters",
                    plan_id=plan.id,
                    iam_role_arn=role.arn,
                    resources=list(args.cluster_arns),
                    opts=after_permissions,
                )
        self.register_outputs({"restore_role_arn": self.restore_role_arn})

    def _copies(self, name: str) -> pulumi.Output[str] | None:
        """Registers the vault for copies. Returns its ARN, known at preview so that policies can check the target."""
        second_region, region, stage = self._args.copies, self._args.settings.copy_to, self._args.stage
        if second_region is None or region is None:
            return None
        opts = pulumi.ResourceOptions(parent=self, provider=second_region.provider)
        vault = self._vault(f"{name}-copies", region, second_region.key_arn, opts)
        arn: pulumi.Output[str] = vault.name.apply(lambda known: vault_arn(stage, region, known))
        return arn

    def _vault(
        self, name: str, region: str, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> aws.backup.Vault:
        stage, lock_days = self._args.stage, self._args.settings.lock_days
        copies = region != stage.region
        physical_name, tags = vault_name(stage, copies=copies), {COPY_OF: stage.region} if copies else {}
        vault = aws.backup.Vault(
            name,
            name=physical_name,
            kms_key_arn=key_arn,
            force_destroy=not stage.deletion_protection,
            tags=tags or None,
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    protect=stage.deletion_protection,
                    retain_on_delete=stage.retains or None,
                    import_=import_id(stage, vault_arn(stage, region, physical_name), physical_name, tags),
                ),
            ),
        )
        if lock_days:
            aws.backup.VaultLockConfiguration(
                f"{name}-lock",
                backup_vault_name=vault.name,
                min_retention_days=lock_days,
                changeable_for_days=LOCK_GRACE_DAYS if stage.production else None,
                # A vault has one lock: the old one, deleted afterwards, would leave the vault unlocked.
                opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
            )
        return vault

    def _role(self, name: str, does: str, policies: Sequence[str]) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        role = aws.iam.Role(
            f"{name}-{does}",
            assume_role_policy=iam.service_trust("backup.amazonaws.com"),
            permissions_boundary=self._args.stage.boundary,
            opts=self._opts,
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
