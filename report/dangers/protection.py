"""Protection that is lifted: what refuses a deletion today, and would no longer."""

from collections.abc import Iterator

from common.urns import name_of, type_of
from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan, at
from report.dangers.data import HOLDS_DATA
from report.events import Change

CLUSTER = "aws:eks/cluster:Cluster"
SWITCHES = {
    CLUSTER: ("deletionProtection", True),
    "aws:rds/instance:Instance": ("deletionProtection", True),
    "aws:rds/cluster:Cluster": ("deletionProtection", True),
    "aws:dynamodb/table:Table": ("deletionProtectionEnabled", True),
    "aws:s3/bucket:Bucket": ("forceDestroy", False),
    "aws:ecr/repository:Repository": ("forceDelete", False),
}
"""Resource type -> the property that protects it, and its protecting value."""

LOCKS = {
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "minRetentionDays",
    "aws:kms/key:Key": "deletionWindowInDays",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "rule.defaultRetention.days",
}
"""Resource type -> days for which nobody can delete."""

_GUARDS = (
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding",
)


def find(plan: Plan) -> Iterator[Danger]:
    """Yields protections of Pulumi, of AWS, locks, and rules of the API server."""
    lifted = plan.operation.unprotected
    if lifted:
        data = [urn for urn in lifted if type_of(urn) in HOLDS_DATA]
        yield Danger(
            kind="protection",
            severity=GRAVE if data else SERIOUS,
            says="protection is lifted from {}",
            names=tuple(name_of(urn) for urn in sorted(lifted, key=lambda urn: urn not in data)),
            at_stake=f"{len(lifted)} resources, {len(data)} of them hold data",
            consequence="the next change may delete them, and nothing refuses it",
            gently="lift it for one resource, in the change that removes it",
            urns=lifted,
        )
    for change in plan.changes(*SWITCHES, ops=("update",)):
        path, safe = SWITCHES[change.type]
        before, after = (bool(at(inputs, path)) for inputs in plan.inputs(change.urn))
        if before == safe != after:
            yield _lifted(
                change,
                plan.name(change) if change.type == CLUSTER else change.name,
                f"{path} of {{}}: {_word(before)} → {_word(after)}",
            )
    for change in plan.changes(*LOCKS, ops=("update", "replace", "delete")):
        days = LOCKS[change.type]
        if change.op == "delete" and change.type == "aws:kms/key:Key":
            continue  # lost data, which says more
        before, after = (at(inputs, days) for inputs in plan.inputs(change.urn))
        if isinstance(before, int | float) and (not isinstance(after, int | float) or after < before):
            yield _lifted(change, change.name, f"{days} of {{}}: {before:.0f} → {after or 'none'}")
    for change in plan.changes(*_GUARDS, ops=("delete",)):
        yield _lifted(change, change.name, "the API server's rule {} goes")


def _lifted(change: Change, name: str, says: str) -> Danger:
    return Danger(
        kind="protection",
        severity=GRAVE,
        says=says,
        names=(name,),
        consequence="what it refuses today is possible afterwards",
        gently="make it a change of its own, with the reason in it",
        urns=(change.urn,),
    )


def _word(value: bool) -> str:
    return str(value).lower()
