"""Inputs whose change in one direction is a danger: a row of `ROWS` for each.

Data that is kept for less time, copies and backups that end, switches that are turned off.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan, at, every
from report.dangers.pools import NODE_POOL
from report.tables import some

Inputs = Mapping[str, Any]
Worse = Callable[[Inputs, Inputs], str]
"""Returns in words what is worse after than before; "" when nothing is."""

_NEVER = float("inf")
_HOURS = {"h": 1 / 24, "m": 1 / 1440, "s": 1 / 86400, "d": 1, "": 1}


# Comparisons


def sooner(path: str) -> Worse:
    """Compares days, or durations such as `720h`, after which something is deleted. Not set and 0 mean never."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (min((_days(each) for each in every(x, path)), default=_NEVER) for x in (before, after))
        return f"{_in_days(becomes)}, before: {_in_days(was)}" if becomes < was else ""

    return worse


def fewer(path: str) -> Worse:
    """Compares a number of days, or of something else, that is kept. Not set means none."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (min((each for each in every(x, path) if _is_number(each)), default=0) for x in (before, after))
        return f"{was:.0f} → {f'{becomes:.0f}' if becomes else 'none'}" if becomes < was else ""

    return worse


def without(*paths: str) -> Worse:
    """Compares the values at some paths: those that are gone."""

    def worse(before: Inputs, after: Inputs) -> str:
        old, new = ([str(each) for path in paths for each in every(x, path)] for x in (before, after))
        return some([each for each in dict.fromkeys(old) if each not in new], 5)

    return worse


def gains(path: str, *bad: str) -> Worse:
    """Tells which of some values are added."""

    def worse(before: Inputs, after: Inputs) -> str:
        old, new = every(before, path), every(after, path)
        return some([each for each in bad if each in new and each not in old])

    return worse


def no_longer(path: str, safe: Any, default: Any = None) -> Worse:
    """Tells whether a value was the safe one and is another now. default: what AWS takes when it is not set."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (next(iter(every(x, path)), default) for x in (before, after))
        return f"{_word(was)} → {_word(becomes)}" if was == safe != becomes else ""

    return worse


def budgets(path: str) -> Worse:
    """Compares how many nodes may be disrupted at any time: the least that a budget without a schedule allows."""

    def least(inputs: Inputs) -> tuple[float, str]:
        always = [str(at(each, "nodes")) for each in every(inputs, path) if not at(each, "schedule")] or ["10%"]
        return min((float(each.rstrip("%")) if each.rstrip("%").isdigit() else _NEVER, each) for each in always)

    def worse(before: Inputs, after: Inputs) -> str:
        (was, old), (becomes, new) = least(before), least(after)
        return f"{old} → {new}" if becomes > was else ""

    return worse


def reaches(before: Inputs, after: Inputs) -> str:
    """Tells which range a route reaches anew over a transit gateway or a peering connection."""
    over = after.get("transitGatewayId") or after.get("vpcPeeringConnectionId")
    target = after.get("destinationCidrBlock")
    return str(target) if over and target != before.get("destinationCidrBlock") else ""


def flags(*names: str) -> Worse:
    """Tells which of some flags were on and are off."""

    def worse(before: Inputs, after: Inputs) -> str:
        return some([each for each in names if before.get(each) is True and after.get(each) is not True])

    return worse


def _all_of_it(before: Inputs, after: Inputs) -> str:
    return "" if after else "all"


def ended(*paths: str) -> Worse:
    """Tells whether a resource goes, or values at some paths."""
    return lambda before, after: _all_of_it(before, after) or without(*paths)(before, after)


@dataclass(frozen=True)
class _Expiry:
    """What a rule of a lifecycle deletes. rest: of its filter, beside the prefix. kept: versions that it leaves."""

    prefix: str
    rest: str
    days: float
    kept: int

    def covers(self, other: "_Expiry", *, days: bool = True) -> bool:
        reaches = other.prefix.startswith(self.prefix) and self.rest in ("", other.rest)
        return reaches and (not days or (self.days <= other.days and self.kept <= other.kept))


def expires(kind: str) -> Worse:
    """Compares what the rules of a lifecycle delete: how soon, and of which objects."""

    def worse(before: Inputs, after: Inputs) -> str:
        old = list(_expiries(before, kind))
        for each in sorted(_expiries(after, kind), key=lambda one: one.days):
            if not any(was.covers(each) for was in old):
                days = min((was.days for was in old if was.covers(each, days=False)), default=_NEVER)
                where = f" under {each.prefix}" if each.prefix else ""
                fewest = min((was.kept for was in old if was.covers(each, days=False)), default=0)
                stay = f"; newer versions: {fewest} → {each.kept}" if each.kept < fewest else ""
                return f"{_in_days(each.days)}{where}, before: {_in_days(days)}{stay}"
        return ""

    return worse


def _expiries(inputs: Inputs, kind: str) -> Iterator[_Expiry]:
    for rule in every(inputs, "rules"):
        given, chosen = at(rule, kind), at(rule, "filter.and") or at(rule, "filter") or {}
        if not isinstance(given, Mapping) or at(rule, "status") == "Disabled":
            continue
        days = 0 if given.get("date") else _days(given.get("days") or given.get("noncurrentDays"))
        rest = {key: value for key, value in chosen.items() if key != "prefix" and value}
        prefix, kept = at(chosen, "prefix") or at(rule, "prefix") or "", given.get("newerNoncurrentVersions")
        if days < _NEVER:
            yield _Expiry(str(prefix), str(rest or ""), days, int(kept) if _is_number(kept) else 0)


# Rows


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of input. says: {} stands for the names, <how> for the words of `worse`.

    gone: whether it counts also when the resource is deleted, and what it is about stays. new: whether it counts when
    the resource is new, and what it is about is not.
    """

    types: tuple[str, ...]
    worse: Worse
    kind: str
    says: str
    consequence: str
    gently: str = ""
    severity: int = GRAVE
    gone: bool = False
    new: bool = False


_OWN_CHANGE = "make it a change of its own, with the reason in it"
_NO_COPY = "a loss of the first place is a loss of the data from then on"
_NO_BACKUP = "no new recovery points are made of what they cover"
_REFUSES = "what it refuses today is possible afterwards"
_UNSEEN = "what happens is no longer recorded, and cannot be looked up later"
_LIFECYCLES = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
_DATABASES = ("aws:rds/instance:Instance", "aws:rds/cluster:Cluster")
_PLAN, _SELECTION = "aws:backup/plan:Plan", "aws:backup/selection:Selection"
_LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
_CLUSTER, _KEY = "aws:eks/cluster:Cluster", "aws:kms/key:Key"
_GUARDS = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"


def _deleted(what: str, worse: Worse, *types: str, new: bool = False) -> Row:
    return Row(
        types=types,
        worse=worse,
        kind="data",
        says=f"{what} of {{}} are deleted <how>",
        consequence="what is older goes with this update",
        gently="copy what has to be kept first",
        new=new,
    )


def _ends(kind: str, what: str, worse: Worse, *types: str, gone: bool = True, **more: Any) -> Row:
    return Row(types=types, worse=worse, kind=kind, says=what, gone=gone, **more)


def _switch(path: str, safe: Any, *types: str, default: Any = None, severity: int = GRAVE) -> Row:
    return Row(
        types=types,
        worse=no_longer(path, safe, default),
        kind="protection",
        says=f"{path} of {{}}: <how>",
        consequence=_REFUSES,
        gently=_OWN_CHANGE,
        severity=severity,
    )


ROWS = (
    _deleted("logs", sooner("retentionInDays"), "aws:cloudwatch/logGroup:LogGroup"),
    _deleted("objects", expires("expiration"), *_LIFECYCLES, new=True),
    _deleted("old versions of objects", expires("noncurrentVersionExpiration"), *_LIFECYCLES, new=True),
    _deleted("recovery points", sooner("rules.lifecycle.deleteAfter"), _PLAN),
    _deleted("backups", sooner("spec.template.ttl"), "kubernetes:velero.io/v1:Schedule"),
    _deleted("backups", sooner("values.schedules.*.template.ttl"), "kubernetes:helm.sh/v3:Release"),
    *(
        _ends(
            "data",
            f"{path} of {{}}: <how>",
            fewer(path),
            *types,
            consequence="older backups of it are deleted, and with none, no new ones are made",
            gently="take a backup that is kept first",
            gone=False,
        )
        for path, types in (
            ("backupRetentionPeriod", _DATABASES),
            ("automaticBackupRetentionDays", ("aws:fsx/lustreFileSystem:LustreFileSystem",)),
        )
    ),
    _ends(
        "data",
        "versioning of bucket {} is suspended",
        no_longer("versioningConfiguration.status", "Enabled"),
        "aws:s3/bucketVersioning:BucketVersioning",
        consequence="what is overwritten or deleted from then on is lost",
        gently="shorten the time that old versions are kept instead",
    ),
    _ends(
        "data",
        "backups end: {}",
        _all_of_it,
        _PLAN,
        _SELECTION,
        consequence=_NO_BACKUP,
        gently="put a plan in its place in the same change",
    ),
    _ends(
        "data",
        "backups by {} leave out <how>",
        without("resources", "selectionTags", "conditions"),
        _SELECTION,
        consequence=_NO_BACKUP,
        gone=False,
    ),
    _ends(
        "data",
        "backups by {} are no longer made at <how>",
        without("rules.schedule"),
        _PLAN,
        consequence="more may be lost between two backups",
        severity=SERIOUS,
        gone=False,
    ),
    _ends(
        "data",
        "backups by {} are no longer copied to <how>",
        without("rules.copyActions.destinationVaultArn"),
        _PLAN,
        consequence=_NO_COPY,
        gone=False,
    ),
    _ends(
        "data",
        "backups of file system {} end",
        no_longer("backupPolicy.status", "ENABLED"),
        "aws:efs/backupPolicy:BackupPolicy",
        consequence=_NO_BACKUP,
    ),
    _ends(
        "data",
        "{} is no longer copied to another place",
        ended("rules.destination.bucket", "destination.region", "destination.fileSystemId"),
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "aws:efs/replicationConfiguration:ReplicationConfiguration",
        consequence=_NO_COPY,
        gently="keep the copy until another one is complete",
    ),
    _ends(
        "data",
        "files of {} are no longer exported to its bucket: <how>",
        without("s3.autoExportPolicy.events"),
        _LINK,
        consequence="they are lost with the file system",
        gently="export them by a task first",
    ),
    _ends(
        "data",
        "files that are deleted in {} are deleted in its bucket too",
        gains("s3.autoExportPolicy.events", "DELETED"),
        _LINK,
        consequence="a wrong command in the file system reaches the bucket",
        gone=False,
    ),
    _ends(
        "data",
        "volumes of class {} are deleted with their claims",
        no_longer("reclaimPolicy", "Retain"),
        "kubernetes:storage.k8s.io/v1:StorageClass",
        consequence="a deleted claim loses the data of a volume that is made from then on",
        gone=False,
    ),
    _ends(
        "data",
        "key {} is disabled",
        no_longer("isEnabled", True, True),
        _KEY,
        consequence="nothing that is encrypted with it can be read until it is enabled again",
        gone=False,
    ),
    _ends(
        "access",
        "{} no longer has <how>",
        flags("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        consequence="objects can be made public",
    ),
    _ends(
        "access",
        "permissionsBoundary of {} is no longer <how>",
        without("permissionsBoundary"),
        "aws:iam/role:Role",
        "aws:iam/user:User",
        consequence="its policies alone say what it may do",
        gone=False,
    ),
    Row(
        types=("aws:ec2/route:Route",),
        worse=reaches,
        kind="access",
        says="{} leads to the network <how>",
        consequence="from there comes in what security groups let in",
        severity=SERIOUS,
        new=True,
    ),
    *(
        Row(
            types=(NODE_POOL,),
            worse=worse,
            kind="nodes",
            says=f"{what} of {{}}: <how>",
            consequence="nodes with running jobs may be replaced, more of them at a time",
            gently="give it a budget with a schedule",
            severity=SERIOUS,
        )
        for what, worse in (
            ("disruption budget", budgets("spec.disruption.budgets")),
            ("consolidation", no_longer("spec.disruption.consolidationPolicy", "WhenEmpty")),
        )
    ),
    _switch("deletionProtection", True, _CLUSTER, *_DATABASES, default=False),
    _switch("deletionProtectionEnabled", True, "aws:dynamodb/table:Table", default=False),
    _switch("forceDestroy", False, "aws:s3/bucket:Bucket", "aws:backup/vault:Vault", default=False),
    _switch("forceDelete", False, "aws:ecr/repository:Repository", default=False),
    _switch("enableKeyRotation", True, _KEY, default=False, severity=SERIOUS),
    _switch("enabled", True, "aws:ebs/encryptionByDefault:EncryptionByDefault", default=True),
    _switch("accessConfig.authenticationMode", "API", _CLUSTER),
    _switch("spec.failurePolicy", "Fail", _GUARDS, default="Fail"),
    _switch(
        "rule.defaultRetention.mode", "COMPLIANCE", "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    ),
    *(
        _ends(
            "protection",
            f"{path} of {{}}: <how>",
            fewer(path),
            type_,
            consequence=_REFUSES,
            gently=_OWN_CHANGE,
            gone=gone,
        )
        for path, type_, gone in (
            ("minRetentionDays", "aws:backup/vaultLockConfiguration:VaultLockConfiguration", True),
            ("rule.defaultRetention.days", "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", True),
            ("rule.defaultRetention.years", "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", True),
            ("deletionWindowInDays", _KEY, False),
        )
    ),
    _ends(
        "protection",
        "the API server's rule {} goes",
        _all_of_it,
        _GUARDS,
        f"{_GUARDS}Binding",
        consequence=_REFUSES,
        gently=_OWN_CHANGE,
    ),
    _ends(
        "protection",
        "the API server's rule {} no longer does <how>",
        without("spec.validationActions"),
        f"{_GUARDS}Binding",
        consequence=_REFUSES,
        gently=_OWN_CHANGE,
        gone=False,
    ),
    _ends(
        "protection",
        "cluster {} no longer writes logs of <how>",
        without("enabledClusterLogTypes"),
        _CLUSTER,
        consequence=_UNSEEN,
        gone=False,
    ),
    _ends(
        "protection",
        "traffic is no longer recorded by {}",
        _all_of_it,
        "aws:ec2/flowLog:FlowLog",
        consequence=_UNSEEN,
    ),
)


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what the rows say of the changed resources. What stays in AWS as it is does not count."""
    by_type: dict[str, list[Row]] = {}
    for row in ROWS:
        for each in row.types:
            by_type.setdefault(each, []).append(row)
    for change in plan.changes(*by_type):
        before, after = plan.inputs(change.urn)
        for row in () if change.retained else by_type[change.type]:
            if change.op == "delete":
                counts = row.gone and not plan.goes_with(change.urn)
            else:
                counts = change.op != "create" or (row.new and plan.stood(change.urn))
            if counts and (how := row.worse(before, after)):
                yield Danger(
                    kind=row.kind,
                    severity=row.severity,
                    says=row.says.replace("<how>", how),
                    names=(plan.name(change) if change.type == _CLUSTER else change.name,),
                    consequence=row.consequence,
                    gently=row.gently,
                    urns=(change.urn,),
                )


def _days(value: object) -> float:
    """Returns a number of days; AWS writes 0 for never, and an unknown value may be any."""
    if isinstance(value, str) and (parts := re.findall(r"(\d+)([dhms]?)", value)):
        value = sum(int(count) * _HOURS[unit] for count, unit in parts)
    return float(value) if _is_number(value) and value else _NEVER


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_days(days: float) -> str:
    if days in (0, _NEVER):
        return "on a date" if days == 0 else "never"
    count, unit = (days, "day") if days >= 1 else (days * 24, "hour")
    return f"after {count:.0f} {unit}{'s' * (round(count) != 1)}"


def _word(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
