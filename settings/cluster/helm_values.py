"""Checks `clusters.<name>.addons.<add-on>.values` against what the chart reads. Helm itself ignores a misspelt key."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from catalog.chart_facts import chart_facts, has_facts, schemas, values_tree
from common.helm_values import Path as ValuePath
from common.helm_values import idle, part_of, refused, wrong_kinds
from settings.core.problems import Mistake


def value_mistakes(data: Mapping[str, Any], add_ons: Collection[str]) -> Iterator[Mistake]:
    """Yields every value that a chart would ignore or refuse. data: a stack file, which may have any mistake."""
    for cluster, content in _entries(data.get("clusters")):
        for add_on, entry in _entries(content.get("addons")):
            values = entry.get("values")
            if add_on in add_ons and has_facts(add_on) and isinstance(values, Mapping):
                for path, sentence in mistakes_of(add_on, values):
                    yield ("clusters", cluster, "addons", add_on, "values", *path), sentence


def _entries(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, content in value.items() if isinstance(value, Mapping) else ():
        if isinstance(content, Mapping):
            yield name, content


def mistakes_of(chart: str, values: Mapping[str, Any]) -> Iterator[tuple[ValuePath, str]]:
    """Yields each value that the chart would ignore or refuse, and what to write: one mistake for each path."""
    facts, tree, of_charts = chart_facts(chart), values_tree(chart), schemas(chart)
    label = f"{chart} {facts.version}"
    by_schema = [
        ((*at, *path), sentence)
        for at, (part, schema) in of_charts.items()
        for path, sentence in refused(part_of(values, at), schema, part if at else label)
    ]
    described = {(*at, key) for at, (_, schema) in of_charts.items() for key in schema.get("properties", ())}
    by_default = [  # a schema knows the type better than the chart's own value does
        (path, sentence)
        for path, sentence in wrong_kinds(values, tree, label)
        if not any(path[:end] in described for end in range(len(path) + 1))
    ]
    reported: set[ValuePath] = set()
    for path, sentence in (*idle(values, tree, label, facts.templates_read), *by_schema, *by_default):
        if not any(path[: len(each)] == each or each[: len(path)] == path for each in reported):
            reported.add(path)
            yield path, sentence
