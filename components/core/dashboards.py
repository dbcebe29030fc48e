"""What a dashboard is, before it becomes JSON of Grafana; and all of them.

Any module in a folder `components/*/dashboards/` with a `DASHBOARD` is one.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import components
from components.core.metrics import always
from components.core.promql import promql
from settings.cluster.parts import ClusterParts

Kind = Literal["stat", "timeseries", "table", "bargauge"]
Folder = Literal["Platform", "GPUs", "Costs", "Cluster", "Workloads"]
COLUMNS = 24
"""Of Grafana's grid."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel. unit: of Grafana, e.g. percentunit, short, bytes, currencyUSD. width: of 24. about: as its tooltip.

    queries: name -> expression; a table has a column of each name, and "" is the panel's title.
    labels: that tell its series apart, or are the first columns of a table. units: of columns that have another one.
    thresholds: value -> colour from there on. most: top of its axis. rising: whether the least is first in a table.
    empty: what it says where nothing is found.
    to: uid of the dashboard that a click opens, with the labels and variables that it has too.
    """

    kind: Kind
    title: str
    unit: str
    queries: Mapping[str, str]
    about: str
    labels: tuple[str, ...] = ()
    width: int = 12
    height: int = 8
    units: Mapping[str, str] = field(default_factory=dict)
    thresholds: tuple[tuple[float, str], ...] = ()
    most: float | None = None
    stacked: bool = False
    rising: bool = False
    empty: str = "none"
    to: str = ""


Exprs = str | Mapping[str, str]


def _panel(kind: Kind, title: str, unit: str, exprs: Exprs, about: str, **more: Any) -> Panel:
    queries = {"": exprs} if isinstance(exprs, str) else exprs
    texts = {name: promql(expr) for name, expr in queries.items()}
    return Panel(kind=kind, title=title, unit=unit, queries=texts, about=about, **more)


def stat(title: str, unit: str, expr: str, about: str, **more: Any) -> Panel:
    """Returns a panel with one number. expr: with the words of `promql`. more: fields of `Panel`."""
    return _panel("stat", title, unit, expr, about, **{"width": 6, "height": 4, **more})


def lines(title: str, unit: str, exprs: Exprs, about: str, *labels: str, **more: Any) -> Panel:
    """Returns a panel with a line for each series over time."""
    return _panel("timeseries", title, unit, exprs, about, labels=labels, **more)


def bars(title: str, unit: str, expr: str, about: str, *labels: str, **more: Any) -> Panel:
    """Returns a panel with a bar for each series."""
    return _panel("bargauge", title, unit, expr, about, labels=labels, **more)


def table(title: str, unit: str, exprs: Exprs, about: str, *labels: str, **more: Any) -> Panel:
    """Returns a panel with a line for each set of labels, sorted by the first column with values."""
    return _panel("table", title, unit, exprs, about, labels=labels, **more)


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A choice at the top of a dashboard: the values of a label of a metric, which may have matchers."""

    name: str
    metric: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under one heading, laid out from left to right in lines of 24. when: whether a cluster has it."""

    title: str
    panels: tuple[Panel, ...]
    when: Callable[[ClusterParts], bool] = always


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One dashboard. uid: stable, at most 40 characters. about: one sentence. when: whether a cluster has it."""

    uid: str
    title: str
    folder: Folder
    about: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    when: Callable[[ClusterParts], bool] = always


@cache
def every_dashboard() -> Mapping[str, Dashboard]:
    """Returns every dashboard by its uid.

    Raises ValueError when a module in a folder `dashboards/` has none, or two have one uid.
    """
    modules = pkgutil.walk_packages(components.__path__, f"{components.__name__}.")
    found: dict[str, Dashboard] = {}
    for name in sorted(module.name for module in modules if ".dashboards." in module.name):
        dashboard = getattr(importlib.import_module(name), "DASHBOARD", None)
        if not isinstance(dashboard, Dashboard):
            raise ValueError(f"{name} has no dashboard. Write DASHBOARD = Dashboard(...) in it, or move the file.")
        if dashboard.uid in found:
            raise ValueError(f"{name}: the uid {dashboard.uid} is that of another dashboard. Give it another one.")
        found[dashboard.uid] = dashboard
    return found


def has_gpus(cluster: ClusterParts) -> bool:
    return any(pool.accelerator and pool.accelerator.kind != "neuron" for pool in cluster.pools.values())
