"""The parts of an estimate: priced lines, unpriced resources, and the sums."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.prices import HOURS_PER_MONTH, Price


@dataclass(frozen=True, kw_only=True)
class LineItem:
    """One billed item of one resource.

    quantity_min, quantity_max: the number of units; they differ by pool size or by assumed use.
    price_min, price_max: unit prices in USD; they differ when a pool may use several instance types.
    unit: what the quantity counts, e.g. `node` or `GB`.
    usage: the assumption about use, "" when the quantity follows from the resource itself.
    approximations: why the price is approximate: another region's list, no verified source, a spot market.
    notes: what will change the amount, or explains its range.
    slices: extended resource of an accelerated node -> USD per hour of one unit, at the most expensive type.
    """

    urn: str
    item: str
    quantity_min: float
    quantity_max: float
    unit: str
    price_min: Price
    price_max: Price
    usage: str = ""
    approximations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    slices: Mapping[str, float] = field(default_factory=dict)

    @property
    def units_per_month(self) -> int:
        """How many times per month the unit price is paid: 730 for a price per hour, else 1."""
        return HOURS_PER_MONTH if self.hourly else 1

    @property
    def hourly(self) -> bool:
        """Tells whether the unit price is per hour."""
        return "hour" in self.price_min.unit

    @property
    def monthly_min_usd(self) -> float:
        """USD per month at the smallest size and the cheapest type."""
        return self.quantity_min * self.units_per_month * self.price_min.usd

    @property
    def monthly_max_usd(self) -> float:
        """USD per month at the largest size and the most expensive type."""
        return self.quantity_max * self.units_per_month * self.price_max.usd

    def as_json(self) -> Mapping[str, Any]:
        """Returns plain values for JSON, with the source of each price."""
        return {
            "urn": self.urn,
            "item": self.item,
            "quantity": {"min": self.quantity_min, "max": self.quantity_max, "unit": self.unit},
            "unitPriceUsd": {"min": _price(self.price_min), "max": _price(self.price_max)},
            "monthlyUsd": {"min": round(self.monthly_min_usd, 2), "max": round(self.monthly_max_usd, 2)},
            "assumedUsage": self.usage,
            "approximations": list(self.approximations),
            "notes": list(self.notes),
            "slices": dict(self.slices),
        }


@dataclass(frozen=True)
class Unpriced:
    """A resource, or a part of one, whose cost is not in the sums, with the reason."""

    urn: str
    type: str
    reason: str

    def as_json(self) -> Mapping[str, Any]:
        """Returns plain values for JSON."""
        return {"urn": self.urn, "type": self.type, "reason": self.reason}


@dataclass(frozen=True)
class Estimate:
    """A monthly estimate in USD, at list prices without tax or discount.

    items: everything with a price. unpriced: everything without one. free: how many resources cost nothing.
    """

    region: str
    items: tuple[LineItem, ...]
    unpriced: tuple[Unpriced, ...]
    free: int = 0

    @property
    def monthly_min_usd(self) -> float:
        """USD per month with every pool at its minimum, its cheapest type, and the use of a quiet month."""
        return sum(item.monthly_min_usd for item in self.items)

    @property
    def monthly_max_usd(self) -> float:
        """USD per month with every pool at its maximum, its most expensive type, and the use of a busy month."""
        return sum(item.monthly_max_usd for item in self.items)

    def as_json(self) -> Mapping[str, Any]:
        """Returns plain values for JSON, for other programs and later comparisons."""
        return {
            "region": self.region,
            "currency": "USD",
            "hoursPerMonth": HOURS_PER_MONTH,
            "monthlyUsd": {"min": round(self.monthly_min_usd, 2), "max": round(self.monthly_max_usd, 2)},
            "items": [item.as_json() for item in self.items],
            "unpriced": [entry.as_json() for entry in self.unpriced],
            "freeResources": self.free,
            "notIncluded": list(NOT_INCLUDED),
        }


NOT_INCLUDED = (
    "data transfer between zones, between regions and to the internet",
    "resources that workloads create: volumes, load balancers, log groups, objects",
    "support plans, tax, Savings Plans and other discounts",
)


def _price(price: Price) -> Mapping[str, Any]:
    return {
        "usd": price.usd,
        "unit": price.unit,
        "region": price.region,
        "source": price.source,
        "asOf": price.as_of,
        "verified": price.verified,
    }
