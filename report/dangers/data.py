"""Data that is lost, replaced by something empty, or deleted sooner."""

from collections.abc import Iterator, Mapping

from common.urns import name_of
from costs.resource import Resource
from report.dangers.danger import GRAVE, LOST, Danger, Plan, at, because, every
from report.events import Change

HOLDS_DATA: Mapping[str, str] = {
    "aws:s3/bucket:Bucket": "its objects",
    "aws:s3/bucketV2:BucketV2": "its objects",
    "aws:ebs/volume:Volume": "the volume's data",
    "aws:efs/fileSystem:FileSystem": "its files",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "its files",
    "aws:kms/key:Key": "everything encrypted with it",
    "aws:backup/vault:Vault": "its recovery points",
    "aws:cloudwatch/logGroup:LogGroup": "its logs",
    "aws:rds/instance:Instance": "its database",
    "aws:rds/cluster:Cluster": "its database",
    "aws:secretsmanager/secret:Secret": "its value",
    "aws:ecr/repository:Repository": "its images",
    "kubernetes:core/v1:PersistentVolumeClaim": "the volume's data",
}
"""Resource type -> the data that is lost with it."""

SHORTER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "aws:cloudwatch/logGroup:LogGroup": (("retentionInDays", "logs"),),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        ("rules.expiration.days", "objects"),
        ("rules.noncurrentVersionExpiration.noncurrentDays", "old versions of objects"),
    ),
    "aws:backup/plan:Plan": (("rules.lifecycle.deleteAfter", "recovery points"),),
    "aws:rds/instance:Instance": (("backupRetentionPeriod", "backups of the database"),),
    "aws:rds/cluster:Cluster": (("backupRetentionPeriod", "backups of the database"),),
}
"""Resource type -> paths of days after which something is deleted, and what. Not set means never."""

_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
_BACKUPS = ("aws:backup/plan:Plan", "aws:backup/selection:Selection")
_NEVER = float("inf")


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what is lost, then what is deleted sooner."""
    kept = {at(each.inputs, "metadata.name") for each in plan.before.values() if _keeps_files(each)}
    for change in plan.changes(*HOLDS_DATA, ops=("delete", "replace")):
        if at(plan.inputs(change.urn)[0], "spec.volumeName") not in kept:
            yield _gone(change)
    yield from _sooner(plan)
    for change in plan.changes(_VERSIONING):
        before, after = (every(inputs, "versioningConfiguration.status") for inputs in plan.inputs(change.urn))
        if before == ["Enabled"] and after not in (["Enabled"], []):
            yield Danger(
                kind="data",
                severity=GRAVE,
                says="versioning of bucket {} is suspended",
                names=(change.name,),
                consequence="what is overwritten or deleted from then on is lost",
                gently="shorten the time that old versions are kept instead",
                urns=(change.urn,),
            )
    lost_backups = tuple(change.urn for change in plan.changes(*_BACKUPS, ops=("delete",)))
    if lost_backups:
        yield Danger(
            kind="data",
            severity=GRAVE,
            says="backups end: {}",
            names=tuple(map(name_of, lost_backups)),
            consequence="no new recovery points are made of what they cover",
            gently="put a plan in its place in the same change",
            urns=lost_backups,
        )


def _keeps_files(resource: Resource) -> bool:
    """Tells whether it is a volume that leaves its files in AWS when its claim goes, e.g. one of a file system."""
    policy = at(resource.inputs, "spec.persistentVolumeReclaimPolicy")
    return resource.type == "kubernetes:core/v1:PersistentVolume" and policy == "Retain"


def _gone(change: Change) -> Danger:
    kind, what = change.type.rpartition(":")[2], HOLDS_DATA[change.type]
    replaced = change.op == "replace"
    goes = "leaves the stack" if change.retained else "deleted"
    stays = f"{what} stay in AWS, outside of this stack and its backups"
    return Danger(
        kind="data",
        severity=GRAVE if change.retained else LOST,
        says=f"{kind} {{}} replaced by an empty one{because(change.because)}" if replaced else f"{kind} {{}} {goes}",
        names=(change.name,),
        consequence=stays if change.retained else f"{what} would be lost",
        gently="add a second entry, copy the data, move its users, then remove this one",
        urns=(change.urn,),
    )


def _sooner(plan: Plan) -> Iterator[Danger]:
    for change in plan.changes(*SHORTER, ops=("update",)):
        before, after = plan.inputs(change.urn)
        for path, what in SHORTER[change.type]:
            was, becomes = (
                min((_days(day) for day in every(inputs, path)), default=_NEVER) for inputs in (before, after)
            )
            if becomes < was:
                old = "never" if was == _NEVER else f"{was:.0f} days"
                yield Danger(
                    kind="data",
                    severity=GRAVE,
                    says=f"{what} of {{}} are deleted after {becomes:.0f} days, before: {old}",
                    names=(change.name,),
                    consequence="what is older goes with this update",
                    gently="copy what has to be kept first",
                    urns=(change.urn,),
                )


def _days(value: object) -> float:
    """Returns a number of days; AWS writes 0 for never, and an unknown value may be any."""
    return float(value) if isinstance(value, int | float | str) and str(value).isdigit() and int(value) else _NEVER
