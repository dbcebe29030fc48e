"""Prices of instance types: on demand from the AWS price list, and the typical saving of spot from the Spot Advisor.

All prices of a region with an answer are renewed, with the publication date of the list. A price that is no longer in
the list stays, with its old source. The advisor's file is that of its web page; AWS does not document its form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from catalog.renew import price_list
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table

ACCOUNT = False
TABLE = DATA / "instance_prices.json"
SERVICE = "AmazonEC2"
ADVISOR = Question(name="spot-advisor.json", url="https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json")
PLAIN = {"Operating System": "Linux", "Tenancy": "Shared", "Pre Installed S/W": "NA", "CapacityStatus": "Used"}
NOTABLE = 0.1  # a note reports a price that changes by more than this part of it


def questions() -> list[Question]:
    regions = read_table("instance_prices")["region_sources"]
    return [*(price_list.question(SERVICE, region) for region in regions), ADVISOR]


def renew(answers: Answers, today: date) -> Renewal:
    table = read_table("instance_prices")
    table["types"] = {
        name: table["types"].get(name, {"on_demand": {}}) for name in read_table("instance_types")["types"]
    }
    notes: list[str] = []
    for region in table["region_sources"]:
        listed = price_list.read(answers, SERVICE, region)
        if listed is not None:
            source = f"price-list-{listed.published}"
            text = f"AWS price list, {SERVICE}, published {listed.published}"
            table["sources"][source] = {"text": text, "as_of": listed.published, "verified": True}
            notes += _put(table, region, source, prices_of(listed.rows, table["types"]))
    advice = answers.json(ADVISOR)
    if advice is not None:
        _advise(table, advice, today)
    _drop_unused_sources(table)
    text = laid_out(table)
    return Renewal({} if text == TABLE.read_text(encoding="utf-8") else {TABLE: text}, notes)


def prices_of(rows: Iterable[Mapping[str, str]], types: Mapping[str, Any]) -> dict[str, float]:
    """Returns type -> USD an hour. Raises ValueError when the list has two prices for one type."""
    prices: dict[str, float] = {}
    for row in rows:
        name, usd = row["Instance Type"], float(row["PricePerUnit"])
        hourly = row["Unit"] == "Hrs" and row.get("MarketOption") in (None, "", "OnDemand") and usd > 0
        plain = name in types and hourly and all(row[column] == value for column, value in PLAIN.items())
        if plain and prices.setdefault(name, usd) != usd:
            raise ValueError(
                f"{name} has two prices in one list, {prices[name]} and {usd}. Find the column in which they differ, "
                "and add it to PLAIN."
            )
    return prices


def _put(table: dict[str, Any], region: str, source: str, prices: Mapping[str, float]) -> list[str]:
    """Writes the prices of a region, and returns notes about those that changed."""
    notes, default = [], table["region_sources"][region]
    table["region_sources"][region] = source
    for name, row in table["types"].items():
        figure = row["on_demand"].get(region)
        usd, old_source = figure if isinstance(figure, list) else (figure, default)
        new = prices.get(name)
        if new is None:
            if usd is not None:
                row["on_demand"][region] = [usd, old_source]
            continue
        row["on_demand"][region] = new
        row["on_demand"] = {
            each: row["on_demand"][each] for each in table["region_sources"] if each in row["on_demand"]
        }
        if row.pop("unpriced", None):
            notes.append(f"{name}: has a price now, {new} in {region}")
        elif usd is not None and abs(new - usd) > NOTABLE * usd:
            notes.append(f"{name} in {region}: {usd} before, {new} now")
    return notes


def _advise(table: dict[str, Any], advice: Mapping[str, Any], today: date) -> None:
    """Writes the savings of the regions that have savings in the table already."""
    regions = {region for row in table["types"].values() for region in row.get("spot_saving_pct", ())}
    table["sources"]["spot-advisor"] = {
        "text": "on-demand price less the typical saving of the Spot Instance Advisor",
        "as_of": f"{today}",
        "verified": False,
    }
    for name, row in table["types"].items():
        advised = {region: advice["spot_advisor"].get(region, {}).get("Linux", {}).get(name) for region in regions}
        savings = {region: advised[region]["s"] for region in table["region_sources"] if advised.get(region)}
        if savings:
            order = {"on_demand": row["on_demand"], "spot_saving_pct": savings}
            table["types"][name] = {**order, **{key: value for key, value in row.items() if key not in order}}


def _drop_unused_sources(table: dict[str, Any]) -> None:
    figures = (figure for row in table["types"].values() for figure in row["on_demand"].values())
    used = {figure[1] for figure in figures if isinstance(figure, list)} | set(table["region_sources"].values())
    kept = used | {"spot-seen", "spot-advisor"}
    table["sources"] = {name: source for name, source in table["sources"].items() if name in kept}
