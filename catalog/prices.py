"""List prices in USD, each with its source and day. The figures and sources are in `data/*_prices.json`.

Every price is a public list price, without discounts, Savings Plans and taxes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.rows import LazyTable, read_table

HOURS_PER_MONTH = 730  # AWS's own convention for monthly figures
HOME_REGION = "us-east-1"  # its price is used when the price of a region is not known


@dataclass(frozen=True, kw_only=True)
class Price:
    """One unit price.

    as_of: the day, month or year the source gives; "unknown" where it gives none.
    verified: False for estimates, figures of one secondary source, and figures on which sources disagree.
    """

    usd: float
    unit: str
    source: str
    as_of: str
    region: str
    verified: bool


@cache
def _instance_table() -> dict[str, Any]:
    return read_table("instance_prices")


def _sourced(usd: float, source_id: str, region: str) -> Price:
    source = _instance_table()["sources"][source_id]
    return Price(
        usd=usd,
        unit="instance-hour",
        source=source["text"],
        as_of=source["as_of"],
        region=region,
        verified=source["verified"],
    )


def on_demand_usd_per_hour(instance_type: str, region: str) -> Price | None:
    """Returns the price for Linux, shared tenancy and no Savings Plan; None when no source has it for the region."""
    table = _instance_table()
    figure = table["types"].get(instance_type, {}).get("on_demand", {}).get(region)
    if figure is None:
        return None
    usd, source_id = figure if isinstance(figure, list) else (figure, table["region_sources"][region])
    return _sourced(usd, source_id, region)


def spot_usd_per_hour(instance_type: str, region: str) -> Price | None:
    """Returns an estimate of the spot price, or None. It is never verified: the spot market changes by the hour.

    It is the price of the dearest zone in a snapshot of the region. Without a snapshot it is the on-demand price less
    the typical saving; a region without a figure takes the smallest saving known for the type.
    """
    row = _instance_table()["types"].get(instance_type, {})
    seen = row.get("spot_seen", {}).get(region)
    if seen is not None:
        return _sourced(seen[1], "spot-seen", region)
    savings = row.get("spot_saving_pct", {})
    on_demand = on_demand_usd_per_hour(instance_type, region)
    if on_demand is None or not savings:
        return None
    saving_pct = savings.get(region, min(savings.values()))
    return _sourced(round(on_demand.usd * (100 - saving_pct) / 100, 6), "spot-advisor", region)


def node_usd_per_hour(instance_type: str, region: str, capacity_type: str) -> Price | None:
    """Returns the estimated price of a node per hour, bought `on-demand`, `spot` or `reserved`.

    Without a spot price it is the on-demand price, an upper bound. An On-Demand Capacity Reservation costs the
    on-demand price, used or not. A region without a price takes the price of us-east-1; `Price.region` then says
    us-east-1.
    """
    spot = spot_usd_per_hour(instance_type, region) if capacity_type == "spot" else None
    return spot or on_demand_usd_per_hour(instance_type, region) or on_demand_usd_per_hour(instance_type, HOME_REGION)


def unpriced_reason(instance_type: str) -> str | None:
    """Returns why AWS lists no on-demand price for the type, e.g. that only Capacity Blocks sell it, or None."""
    reason: str | None = _instance_table()["types"].get(instance_type, {}).get("unpriced")
    return reason


def _service_prices() -> dict[str, Price]:
    table = read_table("service_prices")
    return {
        key: Price(
            usd=row["usd"],
            unit=row["unit"],
            source=row["source"],
            as_of=row["as_of"],
            region=table["region"],
            verified=row["verified"],
        )
        for key, row in table["prices"].items()
    }


SERVICE_PRICES: Mapping[str, Price] = LazyTable(_service_prices)
