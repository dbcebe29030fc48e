"""Protection of Pulumi that is lifted: it refuses a deletion today, and would no longer."""

from collections.abc import Iterator

from common.urns import name_of, type_of
from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan, of_change
from report.dangers.data import HOLDS_DATA
from report.tables import counted

LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields the resources that Pulumi no longer protects, and locks that stay; `weaker` has the protection of AWS."""
    for change in plan.changes(LOCK, ops=("delete",)):
        if change.retained and not plan.goes_with(change.urn):
            yield of_change(
                change,
                "protection",
                SERIOUS,
                "the lock of objects in {} stays in AWS, and is no longer in the stack",
                "new objects are locked as before, which nothing shows any longer",
                "keep the setting, which says what holds",
            )
    lifted = plan.operation.unprotected
    if lifted:
        data = [urn for urn in lifted if type_of(urn) in HOLDS_DATA]
        yield Danger(
            kind="protection",
            severity=GRAVE if data else SERIOUS,
            says="protection is lifted from {}",
            names=tuple(name_of(urn) for urn in sorted(lifted, key=lambda urn: urn not in data)),
            at_stake=f"{counted(len(lifted), 'resource')}, {len(data)} of them with data",
            consequence="the next change may delete them, and nothing refuses it",
            gently="lift it for one resource, in the change that removes it"
            + ("; for a door, in the `up` before" if any(type_of(urn) == GATEWAY for urn in lifted) else ""),
            urns=lifted,
        )
