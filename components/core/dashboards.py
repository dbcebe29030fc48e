"""What a dashboard is, before it becomes JSON of Grafana."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from components.core.metrics import always
from settings.cluster.parts import ClusterParts

Kind = Literal["stat", "timeseries", "table", "bargauge", "heatmap"]
Folder = Literal["Platform", "GPUs", "Costs", "Cluster", "Workloads"]


@dataclass(frozen=True, kw_only=True)
class Query:
    """One expression of PromQL. legend: with `{{label}}`; "" for the labels as they are."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel. unit: of Grafana, e.g. percentunit, short, bytes, currencyUSD. width: of 24. about: as its tooltip.

    thresholds: value -> colour from there on. to: uid of the dashboard that a click opens, with the label's value.
    """

    title: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8
    about: str = ""
    thresholds: tuple[tuple[float, str], ...] = ()
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A choice at the top of a dashboard: the values of a label of a metric."""

    name: str
    metric: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under one heading, laid out from left to right in lines of 24."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One dashboard. uid: stable, at most 40 characters. when: whether a cluster has it."""

    uid: str
    title: str
    folder: Folder
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    when: Callable[[ClusterParts], bool] = always
