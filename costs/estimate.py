"""Builds an estimate: every resource is priced, known to be free, or listed as unpriced."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from costs.free import why_free
from costs.line import Estimate, LineItem, Unpriced
from costs.pricers import PRICERS
from costs.pricing import Context
from costs.resource import NoPriceError, Resource
from costs.usage import Usage

__all__ = ["Estimate", "LineItem", "Unpriced", "estimate"]


def estimate(
    resources: Iterable[Resource], region: str, *, usage: Usage | None = None, today: date | None = None
) -> Estimate:
    """Returns the monthly cost of these resources.

    region: the region of resources that set none themselves.
    usage: assumed amounts of what is billed by use. Each line states its assumption.
    today: decides whether a Kubernetes version is in extended support; by default the current date.
    Never raises because of a resource: one that cannot be priced is listed with the reason.
    """
    by_urn = {resource.urn: resource for resource in resources}
    children: dict[str, tuple[Resource, ...]] = {}
    for resource in by_urn.values():
        children[resource.parent] = (*children.get(resource.parent, ()), resource)
    context = Context(region, by_urn, children, usage or Usage(), today or datetime.now(UTC).date())
    items: list[LineItem] = []
    unpriced: list[Unpriced] = []
    free = 0
    for resource in by_urn.values():
        lines = _lines_of(resource, context)
        items += [entry for entry in lines if isinstance(entry, LineItem)]
        unpriced += [entry for entry in lines if isinstance(entry, Unpriced)]
        free += not lines
    return Estimate(region, tuple(items), tuple(unpriced), free)


def _lines_of(resource: Resource, context: Context) -> list[LineItem | Unpriced]:
    """Returns the lines of one resource; an empty list when it is known to be free."""
    pricer = PRICERS.get(resource.type)
    if pricer is None:
        if why_free(resource.type):
            return []
        return [Unpriced(resource.urn, resource.type, "no price is known for this type; add one in costs/pricers/")]
    lines: list[LineItem | Unpriced] = []
    try:
        for entry in pricer(resource, context):  # one by one, so that lines before an error are kept
            lines.append(entry)
    except NoPriceError as error:
        lines.append(Unpriced(resource.urn, resource.type, str(error)))
    return lines
