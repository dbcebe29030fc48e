"""What each chart reads and makes, in `data/charts/facts/<chart>.json`.

`python -m catalog.renew.chart_facts` writes a file from the folder of the chart.
Charts of EKS add-ons have a file too, although they have no row in `catalog/charts.py`.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Any

from catalog.rows import DATA, read_table

FOLDER = DATA / "charts" / "facts"


@dataclass(frozen=True, kw_only=True)
class BroughtChart:
    """A chart that another one brings.

    chart: "" for one that stands in the folder of its parent alone. version: may end in `*`.
    switches: the values that decide whether it is on.
    """

    chart: str
    version: str
    switches: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether there are facts of this chart at this version. Otherwise its values pass unseen."""
        if not has_facts(self.chart):
            return False
        return fnmatch(chart_facts(self.chart).version.lstrip("v"), self.version.lstrip("v"))


@dataclass(frozen=True, kw_only=True)
class ChartFacts:
    """One chart at one version. Its file also has the source, and the month it was read.

    values: key -> the tree below it, or what the chart's own value is: boolean, number, string, list, map (with keys of
        the user's), scalar (a string, a number or a boolean), any, or unread: values.yaml has it, and no template reads
        it. Tolerations, and tolerateAllTaints, are the chart's own.
    templates_read: whether the templates were read. Otherwise the keys are those of values.yaml, and hooks, pods and
        service_accounts are empty.
    brings: key in the values -> the chart that it configures.
    schema: of the values, as Helm checks them; None where the chart has none.
    hooks: the manifests that an operation of the release runs, with their events and weight. Those with pods have the
        fields of pods.
    pods: kind and name of each workload; `*` stands for what the chart computes. if: the values that decide whether
        there is one. node_selector, tolerations: their path in the values. host_network: true, or the path of the
        value. priority_class: its name, or `value` and the path.
    service_accounts: name, and in named_by the path of the value that replaces the name.
    """

    version: str
    templates_read: bool
    brings: Mapping[str, BroughtChart]
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
        version=row["version"],
        templates_read=row["templates"],
        brings={
            key: BroughtChart(chart=part["chart"] or "", version=part["version"], switches=tuple(part.get("if", ())))
            for key, part in row["brings"].items()
        },
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
    for key, brought in facts.brings.items():
        if brought.known:
            tree[key] = merged(tree.get(key, {}), values_tree(brought.chart))
        elif brought.chart or key not in tree:  # one in the folder of its parent has its values there
            tree[key] = "map"
    for switch in (switch for brought in facts.brings.values() for switch in brought.switches):
        below: Any = tree
        *parents, last = switch.split(".")
        for parent in parents:
            below = below.setdefault(parent, {}) if isinstance(below, dict) else below
        if isinstance(below, dict):
            below.setdefault(last, "boolean")
    return tree


def merged(tree: Any, over: Any) -> Any:
    """Returns one tree with another one over it, key by key."""
    if not isinstance(tree, Mapping) or not isinstance(over, Mapping):
        return deepcopy(over)
    return {key: merged(tree.get(key), over[key]) if key in over else tree[key] for key in {**tree, **over}}


def schemas(chart: str) -> dict[tuple[str, ...], tuple[str, Mapping[str, Any]]]:
    """Returns, for each path in the values that Helm checks, the chart and its schema."""
    facts = chart_facts(chart)
    found: dict[tuple[str, ...], tuple[str, Mapping[str, Any]]] = {}
    if facts.schema is not None:
        found[()] = (chart, facts.schema)
    for key, brought in facts.brings.items():
        if brought.known:
            found |= {(key, *path): each for path, each in schemas(brought.chart).items()}
    return found
