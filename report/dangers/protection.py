"""Protection of Pulumi that is lifted: it refuses a deletion today, and would no longer."""

from collections.abc import Iterator

from common.urns import name_of, type_of
from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan
from report.dangers.data import HOLDS_DATA
from report.tables import counted


def find(plan: Plan) -> Iterator[Danger]:
    """Yields the resources that Pulumi no longer protects; `weaker` has the protection of AWS."""
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
            gently="lift it for one resource, in the change that removes it",
            urns=lifted,
        )
