"""The metrics that rules and dashboards read, one table an exporter: only those, and a few that are near.

A name, label or value that no table has is a mistake of who reads it: such an expression finds nothing, and is silent.
Tests hold expressions against the labels and values of the tables.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from catalog.rows import read_table, tables

PARTS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "histogram": {"_bucket": frozenset({"le"}), "_sum": frozenset(), "_count": frozenset()},
    "summary": {"": frozenset({"quantile"}), "_sum": frozenset(), "_count": frozenset()},
}
"""type -> ending of a name -> labels that its series have besides."""


@cache
def exporters() -> Mapping[str, Mapping[str, Any]]:
    """Returns the tables by the name of their exporter.

    job: label of its series, if not the name; "" for what is made of every scrape, or of rules. target: labels that
    Prometheus gives its series, where they do not follow from a `Scrape`. keeps_labels: whether the exporter's own
    label stands where both have one; otherwise it becomes `exported_<label>`. metrics: name -> type, labels, and
    values: label -> all values that it has; other labels have any.
    """
    return {name: read_table(f"metrics/{name}") for name in tables("metrics")}


def series(exporter: str) -> tuple[str, ...]:
    """Returns the names of the series that an exporter serves."""
    metrics = exporters()[exporter]["metrics"].items()
    return tuple(name + ending for name, row in metrics for ending in PARTS.get(row["type"], ("",)))


@cache
def jobs() -> Mapping[str, tuple[str, ...]]:
    """Returns the jobs of each series, by its name: several where more than one exporter serves it."""
    found: dict[str, tuple[str, ...]] = {}
    for exporter, table in exporters().items():
        if job := table.get("job", exporter):
            for name in series(exporter):
                found[name] = (*found.get(name, ()), job)
    return found
