"""An estimate as text and Markdown: by component, most expensive first, followed by what makes it uncertain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.prices import Price
from common.urns import type_of
from costs.estimate import Estimate, LineItem
from costs.line import NOT_INCLUDED
from report.tables import aligned, markdown, some, wrapped
from report.tree import component_of, title


@dataclass(frozen=True)
class Row:
    """Equal lines of one component, added up."""

    lines: tuple[LineItem, ...]

    @property
    def first(self) -> LineItem:
        """A line that stands for all of them."""
        return self.lines[0]

    @property
    def low(self) -> float:
        """USD per month at least."""
        return sum(line.monthly_min_usd for line in self.lines)

    @property
    def high(self) -> float:
        """USD per month at most."""
        return sum(line.monthly_max_usd for line in self.lines)

    @property
    def quantity(self) -> str:
        """The number of units, e.g. `2-5 nodes`."""
        low, high = (sum(getattr(line, which) for line in self.lines) for which in ("quantity_min", "quantity_max"))
        span = _number(low) if low == high else f"{_number(low)}-{_number(high)}"
        unit = self.first.unit
        return f"{span} {unit if high == 1 else _plural(unit)}"

    @property
    def marks(self) -> str:
        """`*` for assumed use, `~` for an approximate price."""
        return ("*" if self.first.usage else "") + ("~" if any(line.approximations for line in self.lines) else "")


Groups = Sequence[tuple[str, Sequence[Row]]]


def grouped(estimate: Estimate, parents: Mapping[str, str]) -> Groups:
    """Returns (component, its rows), both sorted by cost, most expensive first."""
    by_component: dict[str, dict[tuple[object, ...], list[LineItem]]] = {}
    for item in estimate.items:
        key = (item.item, item.price_min.usd, item.price_max.usd, item.unit, item.usage)
        by_component.setdefault(component_of(item.urn, parents), {}).setdefault(key, []).append(item)
    groups = {
        name: sorted((Row(tuple(lines)) for lines in rows.values()), key=lambda row: (-row.high, row.first.item))
        for name, rows in by_component.items()
    }
    return sorted(groups.items(), key=lambda group: (-sum(row.high for row in group[1]), group[0]))


def as_text(estimate: Estimate, parents: Mapping[str, str], stack: str) -> str:
    """Returns the table for a terminal, with its footnotes."""
    rows: list[Sequence[str]] = [("", "quantity", "unit price", "min/month", "max/month")]
    for component, lines in grouped(estimate, parents):
        low, high = sum(row.low for row in lines), sum(row.high for row in lines)
        rows.append((component, "", "", _usd(low), _usd(high)))
        rows += [
            (f"  {row.first.item} {row.marks}".rstrip(), row.quantity, _unit_price(row.first), *_span(row))
            for row in lines
        ]
    rows.append(("Total", "", "", _usd(estimate.monthly_min_usd), _usd(estimate.monthly_max_usd)))
    low, high = _assumed(estimate)
    rows.append(("  of which assumed use *", "", "", _usd(low), _usd(high)))
    heading = f"Monthly cost of {stack}, USD, list prices, {estimate.region}"
    body = aligned(rows, right=(1, 2, 3, 4))
    return "\n".join([heading, "", *body, "", *_footnotes(estimate)])


def as_markdown(estimate: Estimate, parents: Mapping[str, str], stack: str) -> str:
    """Returns the whole estimate with the source and the date of each price."""
    header = ("Item", "Quantity", "Unit price", "Min/month", "Max/month", "Source")
    rows: list[Sequence[str]] = []
    sources: dict[tuple[str, str], int] = {}
    for component, lines in grouped(estimate, parents):
        low, high = sum(row.low for row in lines), sum(row.high for row in lines)
        rows.append((f"**{component}**", "", "", f"**{_usd(low)}**", f"**{_usd(high)}**", ""))
        for row in lines:
            prices = dict.fromkeys((row.first.price_min, row.first.price_max))
            numbers = {sources.setdefault((price.source, price.as_of), len(sources) + 1) for price in prices}
            name = f"{row.first.item} {row.marks}".replace("*", "\\*").replace("~", "\\~")
            rows.append((name, row.quantity, _unit_price(row.first), *_span(row), ", ".join(map(str, sorted(numbers)))))
    total = (_usd(estimate.monthly_min_usd), _usd(estimate.monthly_max_usd))
    rows.append(("**Total**", "", "", f"**{total[0]}**", f"**{total[1]}**", ""))
    notes = "\n".join(_footnotes(estimate))
    return "\n".join(
        [
            f"# Monthly cost of {stack}",
            "",
            f"USD at list prices in {estimate.region}, with 730 hours per month. Free resources: {estimate.free}.",
            "",
            *markdown(header, rows, right=(1, 2, 3, 4, 5)),
            "",
            f"```text\n{notes}\n```",
            "",
            "## Sources of the prices",
            "",
            *(f"{number}. {source} (as of {date})" for (source, date), number in sources.items()),
            "",
        ]
    )


def _footnotes(estimate: Estimate) -> list[str]:
    assumptions = sorted({line.usage.split(", kept")[0] for line in estimate.items if line.usage})
    approximations = Counter(why for line in estimate.items for why in line.approximations)
    lines: list[str] = []
    if assumptions:
        lines += wrapped(f"* Assumed use per month: {'; '.join(assumptions)}.", "  ")
    for why, count in sorted(approximations.items(), key=lambda entry: (-entry[1], entry[0])):
        lines += wrapped(f"~ Approximate: {why} ({count} of {len(estimate.items)} prices).", "  ")
    for note in sorted({f"- {line.item}: {note}." for line in estimate.items for note in line.notes}):
        lines += wrapped(note, "  ")
    if estimate.unpriced:
        lines += ["", f"  Without a price, so not in the total ({len(estimate.unpriced)}):"]
        by_reason: dict[tuple[str, str], list[str]] = {}
        for entry in estimate.unpriced:
            by_reason.setdefault((type_of(entry.urn).rpartition(":")[2], entry.reason), []).append(title(entry.urn))
        for (_, reason), names in sorted(by_reason.items()):
            lines += wrapped(f"- {some(sorted(names))}: {reason}.", "  ")
    lines += ["", *wrapped(f"Not included: {'; '.join(NOT_INCLUDED)}.", "  ")]
    return lines


def _assumed(estimate: Estimate) -> tuple[float, float]:
    by_use = [line for line in estimate.items if line.usage]
    return sum(line.monthly_min_usd for line in by_use), sum(line.monthly_max_usd for line in by_use)


def _span(row: Row) -> tuple[str, str]:
    return _usd(row.low), _usd(row.high)


def _usd(amount: float) -> str:
    return f"{amount:,.2f}"


def _unit_price(line: LineItem) -> str:
    low, high = _price(line.price_min), _price(line.price_max)
    span = low if low == high else f"{low}-{high}"
    return f"{span}/{'h' if line.hourly else line.unit.removeprefix('x ')}"


def _price(price: Price) -> str:
    """Returns the price with two to four decimals."""
    whole, _, decimals = f"{price.usd:.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def _plural(unit: str) -> str:
    """Returns the plural of a word; an abbreviation stays as it is."""
    if not (unit.isalpha() and unit.islower()):
        return unit
    return f"{unit}es" if unit.endswith("s") else f"{unit}s"


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.1f}"
