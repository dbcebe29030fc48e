"""What each chart reads and makes, in `data/charts/facts/<chart>.json`.

`python -m catalog.renew.chart_facts` writes a file from the folder of the chart.
Charts of EKS add-ons have a file too, although they have no row in `catalog/charts.py`.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.rows import DATA, read_table

FOLDER = DATA / "charts" / "facts"


@dataclass(frozen=True, kw_only=True)
class ChartFacts:
    """One chart at one version.

    values: key -> the tree below it, or what the chart's own value is: boolean, number, string, list, map (with keys of
        the user's), scalar (a string, a number or a boolean), any, or unread: values.yaml has it, and no template reads
        it. Tolerations, and tolerateAllTaints, are the chart's own.
    templates_read: whether the templates were read. Otherwise the keys are those of values.yaml, and hooks, pods and
        service_accounts are empty.
    brings: key in the values -> the chart that it configures, and the values that switch that one on.
    schema: of the values, as Helm checks them; None where the chart has none.
    hooks: the manifests that an operation of the release runs, with their events and weight. Those with pods have the
        fields of pods.
    pods: kind and name of each workload; `*` stands for what the chart computes. if: the values that decide whether
        there is one. node_selector, tolerations: their path in the values. host_network: true, or the path of the
        value. priority_class: its name, or `value` and the path.
    service_accounts: name, and in named_by the path of the value that replaces the name.
    """

    name: str
    version: str
    source: str
    read: str
    templates_read: bool
    brings: Mapping[str, tuple[str, ...]]
    schema: Mapping[str, Any] | None
    hooks: tuple[Mapping[str, Any], ...]
    pods: tuple[Mapping[str, Any], ...]
    service_accounts: tuple[Mapping[str, Any], ...]
    values: Mapping[str, Any]


def has_facts(chart: str) -> bool:
    """Returns whether there is a file about the chart."""
    return (FOLDER / f"{chart}.json").exists()


@cache
def chart_facts(chart: str) -> ChartFacts:
    """Returns the facts of a chart, by its name. Callers share them."""
    row = read_table(f"charts/facts/{chart}")
    return ChartFacts(
        name=chart,
        version=row["version"],
        source=row["source"],
        read=row["read"],
        templates_read=row["templates"],
        brings={key: tuple(part) for key, part in row["brings"].items()},
        schema=row.get("schema"),
        hooks=tuple(row.get("hooks", ())),
        pods=tuple(row.get("pods", ())),
        service_accounts=tuple(row.get("service_accounts", ())),
        values=row["values"],
    )


@cache
def values_tree(chart: str) -> Mapping[str, Any]:
    """Returns the tree of the values with that of each chart it brings, and the keys that Helm itself reads."""
    facts = chart_facts(chart)
    tree = {**deepcopy(dict(facts.values)), "global": "map", "tags": "map"}
    for key, (part, *switches) in facts.brings.items():
        tree[key] = values_tree(part) if has_facts(part) else "map"
        for switch in switches:
            below = tree
            *parents, last = switch.split(".")
            for parent in parents:
                below = below.setdefault(parent, {})
            below.setdefault(last, "boolean")
    return tree


def schemas(chart: str) -> dict[tuple[str, ...], tuple[str, Mapping[str, Any]]]:
    """Returns, for each path in the values that Helm checks, the chart and its schema."""
    facts = chart_facts(chart)
    found: dict[tuple[str, ...], tuple[str, Mapping[str, Any]]] = {}
    if facts.schema is not None:
        found[()] = (chart, facts.schema)
    for key, (part, *_) in facts.brings.items():
        if has_facts(part):
            found |= {(key, *path): each for path, each in schemas(part).items()}
    return found
