"""Nodes, whoever starts them: what one costs, and what a part of one of its GPUs costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catalog.instance_types import INSTANCE_TYPES
from catalog.prices import HOME_REGION, Price, node_usd_per_hour, spot_usd_per_hour, unpriced_reason
from catalog.sharing import SHARING_LABEL, Sharing
from costs.line import LineItem, Unpriced
from costs.pricing import Context, approximations
from costs.resource import Resource

CAPACITY_BLOCK = "nodes in a Capacity Block were paid for when the block was bought: nothing more is billed by the hour"
_MIXED = "the most that any mix of its types comes to, counted in nodes of the dearest"
_RESERVED = (
    "a capacity reservation is billed at this rate, whether its nodes run or not; one that is a Capacity Block was "
    "paid for when it was bought"
)

Bought = Literal["on-demand", "spot", "reserved"]


@dataclass(frozen=True)
class _Offer:
    """One way to get a node: an instance type at a price."""

    instance_type: str
    price: Price


def node_lines(
    owner: Resource,
    context: Context,
    types: Sequence[str],
    bought: Sequence[Bought],
    least: float,
    bounds: Sequence[Mapping[str, float]],
    labels: Any,
) -> Iterator[LineItem | Unpriced]:
    """The nodes of a pool, from the fewest of the cheapest type to the dearest that any mix of types may come to.

    bounds: one for each limit of the pool: instance type -> nodes of that type that use it up. labels: those of the
    nodes, which say how GPUs are shared.
    """
    region = context.region_of(owner)
    offers: list[_Offer] = []
    doubts: list[str] = []
    for name in types:
        for way in bought:
            price = node_usd_per_hour(name, region, way)
            if price is None:
                why = unpriced_reason(name) or f"no price for {region}, nor for {HOME_REGION}"
                yield Unpriced(owner.urn, owner.type, f"{name}: {why}")
                break
            offers.append(_Offer(name, price))
            doubts += _doubts(name, region) if way == "spot" else []
    if not offers:
        return
    low = min(offers, key=lambda offer: offer.price.usd)
    high, most = _dearest(offers, bounds)
    same = low.price.usd == high.price.usd or low.instance_type == high.instance_type
    shown = low.instance_type if same else f"{low.instance_type} to {high.instance_type}"
    slices = _slices(offers, _sharing(labels))
    notes = [] if most == int(most) else [_MIXED]
    notes += [_RESERVED] if "reserved" in bought else []
    yield LineItem(
        urn=owner.urn,
        item=f"nodes, {shown}, {' or '.join(bought)}",
        quantity_min=least,
        quantity_max=most,
        unit="node",
        price_min=low.price,
        price_max=high.price,
        approximations=tuple(dict.fromkeys((*doubts, *approximations((low.price, high.price), region)))),
        notes=(*notes, *_slice_notes(slices)),
        slices={resource: dearest for resource, (_, dearest) in slices.items()},
    )


def most_nodes(types: Iterable[str], bounds: Sequence[Mapping[str, float]]) -> int:
    """The most nodes that any mix of types comes to."""
    fitting = _fitting(types, bounds)
    shared = [bound for bound in bounds if fitting <= bound.keys()]
    return int(min((max(bound[name] for name in fitting) for bound in shared), default=0)) if fitting else 0


def _dearest(offers: Sequence[_Offer], bounds: Sequence[Mapping[str, float]]) -> tuple[_Offer, float]:
    """The type that the tightest limit is spent on at the highest price, and how many nodes of it that is.

    No mix within a limit costs more than the limit spent on the type that is dearest for what it uses.
    """
    fitting = _fitting((offer.instance_type for offer in offers), bounds)
    able = [offer for offer in offers if offer.instance_type in fitting]
    spent: list[tuple[float, _Offer, float]] = []
    for bound in bounds:
        if able and fitting <= bound.keys():
            top = max(able, key=lambda offer: (offer.price.usd * bound[offer.instance_type], offer.price.usd))
            spent.append((top.price.usd * bound[top.instance_type], top, bound[top.instance_type]))
    if not spent:
        return max(offers, key=lambda offer: offer.price.usd), 0
    _, high, most = min(spent, key=lambda each: each[0])
    return high, float(int(most)) if len(fitting) == 1 else most


def _fitting(types: Iterable[str], bounds: Sequence[Mapping[str, float]]) -> set[str]:
    """The types of which at least one node is within every limit."""
    return {name for name in types if all(bound.get(name, 1) >= 1 for bound in bounds)}


def _doubts(instance_type: str, region: str) -> list[str]:
    if spot_usd_per_hour(instance_type, region) is None:
        return [f"no spot price for {instance_type}: its on-demand price, an upper bound"]
    return ["spot price, which moves by zone and hour: a typical one"]


def _sharing(labels: Any) -> Sharing | None:
    """How the GPUs are shared; whole where no label says so, None where what it says is not known."""
    said = {} if labels is None else labels
    label = said.get(SHARING_LABEL, "none") if isinstance(said, Mapping) else None
    sharing = Sharing.of_label(label) if isinstance(label, str) else None
    counts = [] if sharing is None else [sharing.replicas, *(count for _, count in sharing.layout)]
    return sharing if counts and min(counts) > 0 else None


def _slices(offers: Iterable[_Offer], sharing: Sharing | None) -> dict[str, tuple[float, float]]:
    """Extended resource -> USD an hour of one unit, at the cheapest offer and at the dearest."""
    found: dict[str, list[float]] = {}
    for offer in offers:
        machine = INSTANCE_TYPES.get(offer.instance_type)
        accelerator = machine.accelerator if machine else None
        if sharing is None or accelerator is None or accelerator.manufacturer not in ("NVIDIA", "AWS"):
            continue
        for resource, share in sharing.shares(accelerator).items():
            found.setdefault(resource, []).append(offer.price.usd / accelerator.count * share)
    return {resource: (round(min(usd), 4), round(max(usd), 4)) for resource, usd in found.items()}


def _slice_notes(slices: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    for resource, (low, high) in slices.items():
        span = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
        yield f"one {resource} costs {span} USD an hour"
