"""The parts of an estimate: what is priced, what is not, and the sums."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.prices import HOURS_PER_MONTH, Price


@dataclass(frozen=True, kw_only=True)
class LineItem:
    """One thing that is billed for one resource.

    quantity_min, quantity_max: how many units the unit price is for; they differ by pool size or by assumed use.
    price_min, price_max: unit prices in USD; they differ where a pool may pick from several instance types.
    unit: what is counted, e.g. `node` or `GB`.
    usage: what was assumed about use, "" where the quantity follows from the resource alone.
    approximations: what makes the price an approximation: another region's list, no verified source, a spot market.
    notes: what will change the figure, or what is behind its range.
    slices: what pods ask for of an accelerated node -> USD an hour of one, at the dearest type.
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
        """How many times a month the unit price is paid: hours for what is billed by the hour, else one."""
        return HOURS_PER_MONTH if self.hourly else 1

    @property
    def hourly(self) -> bool:
        """Whether the unit price is for an hour."""
        return "hour" in self.price_min.unit

    @property
    def monthly_min_usd(self) -> float:
        """USD a month at the smallest size and the cheapest type."""
        return self.quantity_min * self.units_per_month * self.price_min.usd

    @property
    def monthly_max_usd(self) -> float:
        """USD a month at the largest size and the dearest type."""
        return self.quantity_max * self.units_per_month * self.price_max.usd

    def as_json(self) -> Mapping[str, Any]:
        """Plain values, with the source of each price."""
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
    """A resource, or a part of one, whose cost is not in the sums, and why."""

    urn: str
    type: str
    reason: str

    def as_json(self) -> Mapping[str, Any]:
        """Plain values."""
        return {"urn": self.urn, "type": self.type, "reason": self.reason}


@dataclass(frozen=True)
class Estimate:
    """An itemised monthly estimate, USD, list prices without tax or discount.

    items: what has a price. unpriced: what has none, each with the reason. free: how many resources cost nothing.
    """

    region: str
    items: tuple[LineItem, ...]
    unpriced: tuple[Unpriced, ...]
    free: int = 0

    @property
    def monthly_min_usd(self) -> float:
        """USD a month with every pool at its minimum, its cheapest type, and a quiet month's use."""
        return sum(item.monthly_min_usd for item in self.items)

    @property
    def monthly_max_usd(self) -> float:
        """USD a month with every pool at its maximum, its dearest type, and a busy month's use."""
        return sum(item.monthly_max_usd for item in self.items)

    def as_json(self) -> Mapping[str, Any]:
        """Plain values, for machines and for later comparison."""
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
    "what workloads create at run time: volumes, load balancers, log groups, objects",
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
