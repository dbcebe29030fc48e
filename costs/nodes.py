"""Prices the nodes of node groups and NodePools, and the slices of their GPUs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catalog.instance_types import INSTANCE_TYPES
from catalog.prices import HOME_REGION, Price, node_usd_per_hour, spot_usd_per_hour, unpriced_reason
from catalog.sharing import SHARING_LABEL, Sharing
from costs.line import LineItem, Unpriced
from costs.pricing import Context, approximations
from costs.resource import Resource

CAPACITY_BLOCK = "nodes in a Capacity Block were paid when the block was bought: they have no price per hour"
_MIXED = "the maximum is the most expensive mix of its types, counted in nodes of the most expensive type"
_RESERVED = (
    "a capacity reservation is billed at this rate even when no node runs in it; a Capacity Block was paid when it was "
    "bought"
)

CapacityType = Literal["on-demand", "spot", "reserved"]


@dataclass(frozen=True)
class _Offer:
    """An instance type at the price of one capacity type."""

    instance_type: str
    price: Price


def node_lines(
    owner: Resource,
    context: Context,
    types: Sequence[str],
    capacity_types: Sequence[CapacityType],
    minimum: float,
    bounds: Sequence[Mapping[str, float]],
    labels: Any,
) -> Iterator[LineItem | Unpriced]:
    """Yields the line of a pool's nodes: from the minimum at the cheapest type to the most expensive mix of types.

    bounds: for each limit of the pool, instance type -> number of nodes of that type that reach the limit.
    labels: node labels; one of them says how GPUs are shared.
    """
    region = context.region_of(owner)
    offers: list[_Offer] = []
    spot_notes: list[str] = []
    for name in types:
        for capacity_type in capacity_types:
            price = node_usd_per_hour(name, region, capacity_type)
            if price is None:
                why = unpriced_reason(name) or f"no price for {region} or {HOME_REGION}"
                yield Unpriced(owner.urn, owner.type, f"{name}: {why}")
                break
            offers.append(_Offer(name, price))
            spot_notes += _spot_notes(name, region) if capacity_type == "spot" else []
    if not offers:
        return
    cheapest = min(offers, key=lambda offer: offer.price.usd)
    most_expensive, maximum = _most_expensive(offers, bounds)
    same = cheapest.price.usd == most_expensive.price.usd or cheapest.instance_type == most_expensive.instance_type
    type_range = cheapest.instance_type if same else f"{cheapest.instance_type} to {most_expensive.instance_type}"
    slices = _slices(offers, _sharing(labels))
    notes = [] if maximum == int(maximum) else [_MIXED]
    notes += [_RESERVED] if "reserved" in capacity_types else []
    yield LineItem(
        urn=owner.urn,
        item=f"nodes, {type_range}, {' or '.join(capacity_types)}",
        quantity_min=minimum,
        quantity_max=maximum,
        unit="node",
        price_min=cheapest.price,
        price_max=most_expensive.price,
        approximations=tuple(
            dict.fromkeys((*spot_notes, *approximations((cheapest.price, most_expensive.price), region)))
        ),
        notes=(*notes, *_slice_notes(slices)),
        slices={resource: highest for resource, (_, highest) in slices.items()},
    )


def most_nodes(types: Iterable[str], bounds: Sequence[Mapping[str, float]]) -> int:
    """Returns the most nodes that any mix of types may have."""
    allowed = _allowed(types, bounds)
    common = [bound for bound in bounds if allowed <= bound.keys()]
    return int(min((max(bound[name] for name in allowed) for bound in common), default=0)) if allowed else 0


def _most_expensive(offers: Sequence[_Offer], bounds: Sequence[Mapping[str, float]]) -> tuple[_Offer, float]:
    """Returns the type, and the number of its nodes, that cost the most under the tightest limit.

    Under one limit, no mix of types costs more than reaching the limit with one type: the one with the highest price
    for what it uses of the limit.
    """
    allowed = _allowed((offer.instance_type for offer in offers), bounds)
    allowed_offers = [offer for offer in offers if offer.instance_type in allowed]
    costs: list[tuple[float, _Offer, float]] = []
    for bound in bounds:
        if allowed_offers and allowed <= bound.keys():
            top = max(allowed_offers, key=lambda offer: (offer.price.usd * bound[offer.instance_type], offer.price.usd))
            costs.append((top.price.usd * bound[top.instance_type], top, bound[top.instance_type]))
    if not costs:
        return max(offers, key=lambda offer: offer.price.usd), 0
    _, offer, maximum = min(costs, key=lambda cost: cost[0])
    return offer, float(int(maximum)) if len(allowed) == 1 else maximum


def _allowed(types: Iterable[str], bounds: Sequence[Mapping[str, float]]) -> set[str]:
    """Returns the types of which at least one node is within every limit."""
    return {name for name in types if all(bound.get(name, 1) >= 1 for bound in bounds)}


def _spot_notes(instance_type: str, region: str) -> list[str]:
    if spot_usd_per_hour(instance_type, region) is None:
        return [f"no spot price for {instance_type}: the on-demand price, which is an upper bound"]
    return ["typical spot price; spot prices change by zone and hour"]


def _sharing(labels: Any) -> Sharing | None:
    """Returns how the GPUs are shared: not at all when no label is set, None when the label is unknown or invalid."""
    known_labels = {} if labels is None else labels
    label = known_labels.get(SHARING_LABEL, "none") if isinstance(known_labels, Mapping) else None
    sharing = Sharing.of_label(label) if isinstance(label, str) else None
    counts = [] if sharing is None else [sharing.replicas, *(count for _, count in sharing.layout)]
    return sharing if counts and min(counts) > 0 else None


def _slices(offers: Iterable[_Offer], sharing: Sharing | None) -> dict[str, tuple[float, float]]:
    """Returns extended resource -> USD per hour of one unit, at the cheapest and at the most expensive offer."""
    prices: dict[str, list[float]] = {}
    for offer in offers:
        machine = INSTANCE_TYPES.get(offer.instance_type)
        accelerator = machine.accelerator if machine else None
        if sharing is None or accelerator is None or accelerator.manufacturer not in ("NVIDIA", "AWS"):
            continue
        for resource, share in sharing.shares(accelerator).items():
            prices.setdefault(resource, []).append(offer.price.usd / accelerator.count * share)
    return {resource: (round(min(usd), 4), round(max(usd), 4)) for resource, usd in prices.items()}


def _slice_notes(slices: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    for resource, (low, high) in slices.items():
        span = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
        yield f"one {resource} costs {span} USD per hour"
