"""Nodes, whoever starts them: what one costs, and what a part of one of its GPUs costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catalog.instance_types import INSTANCE_TYPES
from catalog.prices import Price, on_demand_usd_per_hour, spot_usd_per_hour, unpriced_reason
from catalog.sharing import SHARING_LABEL, Sharing
from costs.line import LineItem, Unpriced
from costs.pricing import Context, approximations
from costs.resource import Resource

HOME_REGION = "us-east-1"
CAPACITY_BLOCK = "nodes in a Capacity Block were paid for when the block was bought: nothing more is billed by the hour"
_RESERVED = (
    "a capacity reservation is billed at this rate, whether its nodes run or not; one that is a Capacity Block was "
    "paid for when it was bought"
)

Bought = Literal["on-demand", "spot", "reserved"]


@dataclass(frozen=True)
class _Offer:
    """One way to get a node: an instance type at a price, and how many there may be."""

    instance_type: str
    price: Price
    most: float


def node_lines(
    owner: Resource,
    context: Context,
    most: Mapping[str, float],
    least: float,
    bought: Sequence[Bought],
    labels: Any,
    notes: tuple[str, ...] = (),
) -> Iterator[LineItem | Unpriced]:
    """The nodes of a pool, from the fewest of the cheapest kind to the dearest that it may come to.

    most: instance type -> most nodes, were all of that type. labels: those of the nodes, which say how GPUs are shared.
    """
    region = context.region_of(owner)
    offers: list[_Offer] = []
    doubts: list[str] = []
    for name, count in most.items():
        for way in bought:
            price, doubt = _price(name, region, way == "spot")
            if price is None:
                why = unpriced_reason(name) or f"no price for {region}, nor for {HOME_REGION}"
                yield Unpriced(owner.urn, owner.type, f"{name}: {why}")
                break
            offers.append(_Offer(name, price, count))
            doubts += [doubt] if doubt else []
    if not offers:
        return
    low = min(offers, key=lambda offer: offer.price.usd)
    high = max(offers, key=lambda offer: (offer.price.usd * offer.most, offer.price.usd))
    same = low.price.usd == high.price.usd or low.instance_type == high.instance_type
    shown = low.instance_type if same else f"{low.instance_type} to {high.instance_type}"
    slices = _slices(offers, _sharing(labels))
    yield LineItem(
        urn=owner.urn,
        item=f"nodes, {shown}, {' or '.join(bought)}",
        quantity_min=least,
        quantity_max=high.most,
        unit="node",
        price_min=low.price,
        price_max=high.price,
        approximations=tuple(dict.fromkeys((*doubts, *approximations((low.price, high.price), region)))),
        notes=(*notes, *([_RESERVED] if "reserved" in bought else []), *_slice_notes(slices)),
        slices={resource: dearest for resource, (_, dearest) in slices.items()},
    )


def _price(instance_type: str, region: str, spot: bool) -> tuple[Price | None, str]:
    """The price of one type, and what to say when it is not the one that was asked for."""
    if spot:
        price = spot_usd_per_hour(instance_type, region)
        if price is not None:
            return price, "spot price, which moves by zone and hour: a typical one"
    price = on_demand_usd_per_hour(instance_type, region) or on_demand_usd_per_hour(instance_type, HOME_REGION)
    note = f"no spot price for {instance_type}: its on-demand price, an upper bound" if spot and price else ""
    return price, note


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
