"""Data that is lost, or replaced by something empty."""

from collections.abc import Iterator, Mapping

from costs.resource import Resource
from policies.rules.reliability import rel_data_kept
from report.dangers.danger import GRAVE, LOST, Danger, Plan, at, because, every, of_change
from report.dangers.secrets import EXTERNAL, went
from report.events import Change

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
PASSWORD = "kubernetes:generators.external-secrets.io/v1alpha1:Password"  # noqa: S105 - a type
CLAIM, VOLUME = (f"kubernetes:core/v1:PersistentVolume{each}" for each in ("Claim", ""))
HOLDS_DATA: Mapping[str, str] = {
    **{kind: lost for kind, (lost, _) in rel_data_kept.HOLDS_DATA.items()},
    "aws:s3/bucketV2:BucketV2": "its objects and all their versions",
    "aws:ebs/volume:Volume": "the volume's data",
    "aws:cloudwatch/logGroup:LogGroup": "its logs",
    "aws:dynamodb/table:Table": "its items",
    SECRET: "its values",
    PASSWORD: "the passwords that it made, which are nowhere else,",
    CLAIM: "the volume's data",
}
"""Resource type -> the data that is lost with it."""

RECORDS = ("aws:cloudwatch/logGroup:LogGroup",)
"""Types whose data tells what happened: to lose it is less than to lose what nobody can make again."""


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what is lost."""
    kept = {at(each.inputs, "metadata.name") for each in plan.before.values() if keeps_files(each)}
    for change in plan.changes(*HOLDS_DATA, ops=("delete", "replace")):
        if change.type == PASSWORD and _went_with_its_user(plan, change):
            continue
        if change.type == SECRET and (days := at(plan.inputs(change.urn)[0], "recoveryWindowInDays")):
            yield _recoverable(change, days)
        elif at(plan.inputs(change.urn)[0], "spec.volumeName") not in kept:
            yield _gone(change)


def _went_with_its_user(plan: Plan, change: Change) -> bool:
    """Tells whether a chart of its cluster named the Secret of a generated password, and none does any more."""
    resource = plan.before[change.urn]
    secrets = {
        at(each.inputs, "spec.target.name")
        for each in plan.before.values()
        if each.type == EXTERNAL and each.provider == resource.provider
        for source in every(each.inputs, "spec.dataFrom.sourceRef.generatorRef.name")
        if source == at(resource.inputs, "metadata.name")
    }
    return went(plan, resource.provider, secrets)


def keeps_files(resource: Resource | None) -> bool:
    """Tells whether it is a volume that leaves its files in AWS when its claim goes, e.g. one of a file system."""
    inputs = resource.inputs if resource and resource.type == VOLUME else {}
    return bool(at(inputs, "spec.persistentVolumeReclaimPolicy") == "Retain")


def _recoverable(change: Change, days: object) -> Danger:
    return of_change(
        change,
        "data",
        GRAVE,
        f"Secret {{}} deleted{because(change.because)}",
        f"its values can be restored for {days} days, in which nothing else may have its name",
        "if it is a mistake, restore it and import it: docs/guides/tenancy/give-a-workload-a-secret.md",
    )


def _gone(change: Change) -> Danger:
    kind, what = change.type.rpartition(":")[2], HOLDS_DATA[change.type]
    replaced = change.op == "replace"
    goes = "no longer in the stack" if change.retained else "deleted"
    stays = f"{what} stay in AWS, outside of this stack and its backups"
    return of_change(
        change,
        "data",
        GRAVE if change.retained or change.type in RECORDS else LOST,
        f"{kind} {{}} replaced by an empty one{because(change.because)}" if replaced else f"{kind} {{}} {goes}",
        stays if change.retained else f"{what} would be lost",
        "add a second entry, copy the data, move its users, then remove this one",
    )
