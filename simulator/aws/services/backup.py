"""AWS Backup: vaults and their locks, plans, and selections of plans. Tokens `aws:backup/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the AWS Backup API model; read 2026-11.
Backup jobs are not simulated. A test may set `recoveryPoints` of a vault; such a vault cannot be deleted.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise, product
from typing import Any
from zoneinfo import available_timezones

from simulator.aws import tokens
from simulator.aws.constraints import arn, at_least, between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import documents

BACKUP = Service("Backup")

COLD_DAYS = 90
CONTINUOUS_DAYS = 35
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
# Patterns of minutes, hours, day of the month, month, day of the week and year: for one value, and for special forms.
# Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, read 2026-11.
_MONTHS, _DAYS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC", "SUN|MON|TUE|WED|THU|FRI|SAT"
_CRON = (
    (r"[1-5]?\d", ""),
    (r"1?\d|2[0-3]", ""),
    (r"[12]?\d|3[01]", r"|L|\d{1,2}W"),
    (rf"1[0-2]|[1-9]|{_MONTHS}", ""),
    (rf"[1-7]|{_DAYS}", r"|[1-7]L|[1-7]#[1-5]"),
    (r"19[7-9]\d|2[01]\d\d", ""),
)
_WEEK = 7 * 24 * 60
_DEFAULT_SCHEDULE = "cron(0 5 ? * * *)"  # of AWS Backup. Source: its API reference, BackupRuleInput, read 2026-11.
# AWS accepts such a plan. Source:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11.
_OVERLAP = (
    "backup plan rules {} and {} have start windows that overlap. AWS Backup would accept the plan, but take only the "
    "backup of the rule with the longer retention, so the other rule and its copies would not exist. Give each of them "
    "a plan of its own, or start windows that do not overlap."
)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def is_cron(text: str) -> bool:
    """Returns whether the text has six valid fields, with `?` for either day of the month or day of the week."""
    match = re.fullmatch(r"cron\((.+)\)", text)
    fields = match[1].split() if match else []
    if len(fields) != len(_CRON) or [fields[2], fields[4]].count("?") != 1:
        return False

    def fits(field: str, value: str, special: str) -> bool:
        part = rf"(?:(?:{value})(?:-(?:{value}))?|\*)(?:/\d+)?{special}"
        return re.fullmatch(rf"(?:{part})(?:,(?:{part}))*", field) is not None

    return all(
        (field == "?" and position in (2, 4)) or fits(field, *_CRON[position]) for position, field in enumerate(fields)
    )


def _plan_is_valid(op: OperationContext) -> None:
    names = [rule.get("ruleName") for rule in op.get("rules")]
    if len(set(names)) < len(names):
        raise _invalid("Backup plan rules must have unique names")
    for rule in op.get("rules"):
        schedule = rule.get("schedule")
        if schedule and not is_cron(schedule):
            raise _invalid(f"Invalid value for ScheduleExpression: Cron expression {schedule} is not valid")
        starts = sorted(_starts(schedule[5:-1].split())) if schedule else []
        if any(later - first < 60 for first, later in pairwise(starts)):  # source: a report on re:Post, read 2026-11
            raise _invalid("The interval between backup jobs shouldn't be less than 60 minutes.")
        if rule.get("completionWindow", 180) < rule.get("startWindow", 60) + 60:
            raise _invalid("CompletionWindowMinutes must be at least 60 minutes greater than StartWindowMinutes")
        zone = rule.get("scheduleExpressionTimezone") or "UTC"
        if zone not in available_timezones():
            raise _invalid(f"Invalid time zone: {zone}")
        lifecycles = [rule.get("lifecycle"), *(copy.get("lifecycle") for copy in rule.get("copyActions") or [])]
        for lifecycle in lifecycles:
            _check_lifecycle(lifecycle or {})
        kept_days = (rule.get("lifecycle") or {}).get("deleteAfter")
        if rule.get("enableContinuousBackup") and not (kept_days and kept_days <= CONTINUOUS_DAYS):
            raise _invalid(f"Continuous backups are kept for 1 to {CONTINUOUS_DAYS} days")
    for one, other in combinations(op.get("rules"), 2):
        if _overlap(one, other):
            raise ProviderError(_OVERLAP.format(one["ruleName"], other["ruleName"]), whole=True)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Returns whether two rules with valid schedules can start at the same time, in a week in which both have days."""
    if one.get("scheduleExpressionTimezone") != other.get("scheduleExpressionTimezone"):
        return False
    schedules = [(rule.get("schedule") or _DEFAULT_SCHEDULE)[5:-1].split() for rule in (one, other)]
    for position in (2, 3, 5):  # day of the month, month, year
        days = [_values(fields[position], _MONTHS if position == 3 else "", 0, 2200) for fields in schedules]
        if not set.intersection(*days):
            return False
    (first, first_window), (second, second_window) = (
        (_starts(fields), rule.get("startWindow", 60)) for fields, rule in zip(schedules, (one, other), strict=True)
    )
    return any((a - b) % _WEEK < second_window or (b - a) % _WEEK < first_window for a, b in product(first, second))


def _starts(fields: list[str]) -> set[int]:
    """Returns the minutes of a week in which a schedule starts."""
    minutes, hours = (_values(fields[position], "", 0, last) for position, last in ((0, 59), (1, 23)))
    days = {day - 1 for day in _values(fields[4], _DAYS, 1, 7)}
    return {(day * 24 + hour) * 60 + minute for day, hour, minute in product(days, hours, minutes)}


def _values(field: str, names: str, first: int, last: int) -> set[int]:
    """Returns the values of a field; all of them for a special form such as `L` or `5#2`."""
    values: set[int] = set()
    for name, number in zip(names.split("|"), range(1, 13), strict=False) if names else ():
        field = field.replace(name, str(number))
    for part in field.split(","):
        match = re.fullmatch(r"(\d+|[*?])(?:-(\d+))?(?:/(\d+))?", part)
        if match is None:
            return set(range(first, last + 1))
        begins, ends, step = match.groups()
        low = first if begins in "*?" else int(begins)
        high = int(ends) if ends else last if begins in "*?" or step else low
        values |= set(range(low, high + 1, int(step or 1)))
    return values


def _check_lifecycle(lifecycle: dict[str, Any]) -> None:
    cold, delete = lifecycle.get("coldStorageAfter"), lifecycle.get("deleteAfter")
    if cold and delete and delete < cold + COLD_DAYS:
        raise _invalid("DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays")


def _vaults_exist(op: OperationContext) -> None:
    """The vault of each rule must exist in the plan's region, and the vaults of copies in any region."""
    if op.call.preview:
        return
    vaults_of_the_region = {row.state["name"] for row in op.rows(tokens.VAULT)}
    for rule in op.get("rules"):
        name = rule["targetVaultName"]
        if name not in vaults_of_the_region:
            raise AwsError("ResourceNotFoundException", f"Backup vault {name} does not exist", 404, modeled=False)
        for copy in rule.get("copyActions") or []:
            if op.find(tokens.VAULT, "arn", copy["destinationVaultArn"]) is None:
                raise _invalid(f"Backup vault {copy['destinationVaultArn']} does not exist")


def _role_is_for_backup(op: OperationContext) -> None:
    role_arn = op.get("iamRoleArn")
    role = op.find(tokens.ROLE, "arn", role_arn)
    if role is None or not any(
        "backup.amazonaws.com" in documents.listed((statement.get("Principal") or {}).get("Service"))
        for statement in documents.allowed(role.state["assumeRolePolicy"])
        if isinstance(statement.get("Principal"), dict)
    ):
        raise _invalid(f"IAM Role {role_arn} cannot be assumed by AWS Backup")


def _lock_is_valid(op: OperationContext) -> None:
    low, high = op.get("minRetentionDays"), op.get("maxRetentionDays")
    if low and high and low > high:
        raise _invalid("Min retention days must be less than or equal to max retention days")


def _vault_is_empty(op: OperationContext) -> None:
    """A vault with recovery points cannot be deleted, unless it has `forceDestroy` and no lock."""
    locked = any(op.resources_with(LOCK, "backupVaultName", op.id))
    if op.before.get("recoveryPoints") and (locked or not op.before.get("forceDestroy")):
        raise AwsError("InvalidRequestException", "Backup vault cannot be deleted because it contains recovery points.")


VAULT = ResourceType(
    type=tokens.VAULT,
    service=BACKUP,
    creates="CreateBackupVault",
    updates="TagResource",
    display_name="Backup Vault",
    id="{name}",
    arn="arn:{partition}:backup:{region}:{account}:backup-vault:{name}",
    replace_on="kmsKeyArn name",
    autoname=Autoname(),
    defaults={"forceDestroy": False},
    aws_defaults={
        "kmsKeyArn": "arn:{partition}:kms:{region}:{account}:key/{hex8}-{hex4:b}-{hex4:c}-{hex4:d}-{hex12:e}"
    },
    computed={"recoveryPoints": 0},
    constraints={
        "kmsKeyArn": arn,
        "name": every(length(2, 50), matches(r"[0-9A-Za-z_-]*", "letters, digits, _ and -")),
    },
    references={"kmsKeyArn": Reference(tokens.KEY, "arn")},
    not_found=ErrorTemplate("ResourceNotFoundException", "Backup vault {value} does not exist", 404),
    unique=Unique("name", ErrorTemplate("AlreadyExistsException", "Backup vault with the same name already exists")),
    quotas=(
        Quota(
            "L-B1B7FCA8",
            500,
            ErrorTemplate("LimitExceededException", "You have reached the maximum number of backup vaults"),
        ),
    ),
    delete_rules=(_vault_is_empty,),
    cascade_deletes=(CascadeDelete(LOCK, "backupVaultName", by="name"),),
    source="hashicorp/terraform-provider-aws internal/service/backup/vault.go",
)

VAULT_LOCK = ResourceType(
    type=LOCK,
    service=BACKUP,
    creates="PutBackupVaultLockConfiguration",
    display_name="Backup Vault Lock Configuration",
    id="{backupVaultName}",
    required="backupVaultName",
    replace_on="backupVaultName changeableForDays maxRetentionDays minRetentionDays",
    computed={"backupVaultArn": "arn:{partition}:backup:{region}:{account}:backup-vault:{backupVaultName}"},
    constraints={
        "backupVaultName": matches(r"[0-9A-Za-z_.-]{1,50}", "1 to 50 letters, digits, _ . and -"),
        "changeableForDays": between(3, 36500),
        "maxRetentionDays": between(1, 36500),
        "minRetentionDays": between(1, 36500),
    },
    references={"backupVaultName": Reference(tokens.VAULT, "name")},
    rules=(_lock_is_valid,),
    source="hashicorp/terraform-provider-aws internal/service/backup/vault_lock_configuration.go",
)

PLAN = ResourceType(
    type=tokens.BACKUP_PLAN,
    service=BACKUP,
    creates="CreateBackupPlan",
    updates="UpdateBackupPlan",
    display_name="Backup Plan",
    label="{name}",
    id="{hex8}-{hex4:b}-{hex4:c}-{hex4:d}-{hex12:e}",
    arn="arn:{partition}:backup:{region}:{account}:backup-plan:{id}",
    required="rules",
    replace_on="name",
    autoname=Autoname(),
    sets="rules advancedBackupSettings",
    defaults={
        "rules[*].completionWindow": 180,
        "rules[*].enableContinuousBackup": False,
        "rules[*].scheduleExpressionTimezone": "Etc/UTC",
        "rules[*].startWindow": 60,
    },
    computed={"version": "{alnum48}"},
    constraints={
        "rules": length(1, 10000),
        "rules[*].startWindow": at_least(60),
        "rules[*].ruleName": matches(r"[0-9A-Za-z_.-]{1,50}", "1 to 50 letters, digits, _ . and -"),
        "rules[*].targetVaultName": matches(r"[0-9A-Za-z_-]{2,50}", "2 to 50 letters, digits, _ and -"),
        "rules[*].copyActions[*].destinationVaultArn": arn,
        "advancedBackupSettings[*].resourceType": one_of("EC2"),
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "Cannot find Backup plan with ID {value}", 404, False),
    always=(_plan_is_valid, _vaults_exist),
    used_by=(
        Use(
            tokens.BACKUP_SELECTION,
            "planId",
            ErrorTemplate(
                "InvalidRequestException",
                "Related backup plan selections must be deleted prior to backup plan deletion",
            ),
            retried=True,
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/backup/plan.go",
)

SELECTION = ResourceType(
    type=tokens.BACKUP_SELECTION,
    service=BACKUP,
    creates="CreateBackupSelection",
    display_name="Backup Selection",
    label="{name}",
    id="{hex8}-{hex4:b}-{hex4:c}-{hex4:d}-{hex12:e}",
    import_id="{planId}|{id}",
    required="iamRoleArn planId",
    replace_on="conditions iamRoleArn name notResources planId resources selectionTags",
    autoname=Autoname(),
    sets="conditions notResources resources selectionTags",
    aws_defaults={"conditions": [], "notResources": []},
    constraints={
        "iamRoleArn": arn,
        "name": matches(r"[0-9A-Za-z_.-]{1,50}", "1 to 50 letters, digits, _ . and -"),
        "resources[*]": matches(r"arn:.+|\*", "an ARN, or *"),
        "selectionTags[*].type": one_of("STRINGEQUALS"),
    },
    references={"planId": Reference(tokens.BACKUP_PLAN)},
    rules=(_role_is_for_backup,),
    source="hashicorp/terraform-provider-aws internal/service/backup/selection.go",
)

TYPES = (VAULT, VAULT_LOCK, PLAN, SELECTION)
