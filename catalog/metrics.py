"""The metrics that rules and dashboards read, one table an exporter: only those, and a few that are near.

A name, label or value that no table has is a mistake of who reads it: such an expression finds nothing, and is silent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from catalog.rows import read_table, tables

Type = Literal["gauge", "counter", "histogram", "summary"]
PARTS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "histogram": {"_bucket": frozenset({"le"}), "_sum": frozenset(), "_count": frozenset()},
    "summary": {"": frozenset({"quantile"}), "_sum": frozenset(), "_count": frozenset()},
}
"""type -> ending of a name -> labels that its series have besides."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric as its exporter serves it. values: label -> all values that it has; other labels have any."""

    name: str
    type: Type
    labels: frozenset[str]
    values: Mapping[str, frozenset[str]]

    def series(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yields each name of its series, with their labels."""
        for ending, labels in PARTS.get(self.type, {"": frozenset()}).items():
            yield self.name + ending, self.labels | labels


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """What serves metrics.

    job: label of its series; "" for what is made of every scrape, or of rules. target: labels that Prometheus gives its
    series; None where they follow from a `Scrape`. keeps_labels: whether the exporter's own label stands where both
    have one; otherwise it becomes `exported_<label>`.
    """

    name: str
    job: str
    metrics: tuple[Metric, ...]
    target: frozenset[str] | None
    keeps_labels: bool


def _exporter(name: str, table: Mapping[str, Any]) -> Exporter:
    return Exporter(
        name=name,
        job=table.get("job", name),
        metrics=tuple(
            Metric(
                name=metric,
                type=row["type"],
                labels=frozenset(row["labels"]),
                values={label: frozenset(values) for label, values in row.get("values", {}).items()},
            )
            for metric, row in table["metrics"].items()
        ),
        target=frozenset(table["target"]) if "target" in table else None,
        keeps_labels=table.get("keeps_labels", False),
    )


@cache
def exporters() -> Mapping[str, Exporter]:
    """Returns the exporters by name."""
    return {name: _exporter(name, read_table(f"metrics/{name}")) for name in tables("metrics")}


@cache
def jobs() -> Mapping[str, tuple[str, ...]]:
    """Returns the jobs of each series, by its name: several where more than one exporter serves it."""
    found: dict[str, tuple[str, ...]] = {}
    for exporter in exporters().values():
        for metric in exporter.metrics if exporter.job else ():
            for name, _ in metric.series():
                found[name] = (*found.get(name, ()), exporter.job)
    return found
