"""The context of a pricer, and helpers that build its lines."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from catalog.prices import SERVICE_PRICES, Price
from costs.line import LineItem, Unpriced
from costs.resource import NoPriceError, Resource
from costs.usage import Amount, Usage


@dataclass(frozen=True)
class Context:
    """What a pricer may read besides its own resource.

    resources: every resource of the estimate by URN, e.g. to find the launch template of a node group.
    children: URN of a parent -> its child resources.
    """

    region: str
    resources: Mapping[str, Resource]
    children: Mapping[str, tuple[Resource, ...]]
    usage: Usage
    today: date

    def region_of(self, resource: Resource) -> str:
        """Returns the region that the resource sets itself, else the stack's."""
        own = resource.inputs.get("region")
        return own if isinstance(own, str) and own else self.region


Pricer = Callable[[Resource, Context], Iterable[LineItem | Unpriced]]
"""Yields the lines of one resource. Raises NoPriceError when it has no price; the estimate lists the reason."""


def line(
    resource: Resource,
    context: Context,
    item: str,
    price_key: str,
    unit: str,
    quantity: float | Amount,
    usage: str = "",
    notes: tuple[str, ...] = (),
) -> LineItem:
    """Returns a line at a price of the catalog's service list, with a mark when the price is of another region.

    Raises NoPriceError when the catalog has no such price.
    """
    price = service_price(price_key)
    low, high = (quantity.low, quantity.high) if isinstance(quantity, Amount) else (quantity, quantity)
    return LineItem(
        urn=resource.urn,
        item=item,
        quantity_min=low,
        quantity_max=high,
        unit=unit,
        price_min=price,
        price_max=price,
        usage=usage,
        approximations=approximations((price,), context.region_of(resource)),
        notes=notes,
    )


def service_price(key: str) -> Price:
    """Returns a price of the catalog's service list. Raises NoPriceError when there is none."""
    price = SERVICE_PRICES.get(key)
    if price is None:
        raise NoPriceError(f"the catalog has no price {key}")
    return price


def approximations(prices: Iterable[Price], region: str) -> tuple[str, ...]:
    """Returns why these prices are approximate in a region: another region's list, or no verified source."""
    notes: list[str] = []
    for price in prices:
        if price.region != region:
            notes.append(f"price of {price.region}, used for {region}")
        if not price.verified:
            notes.append("price not verified")
    return tuple(dict.fromkeys(notes))


def assumed(amount: Amount, what: str) -> str:
    """Returns the text of an assumption, e.g. `5 to 50 GB of control-plane logs`."""
    return f"{amount.low:g} to {amount.high:g} {what}"
