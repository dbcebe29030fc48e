"""Grafana's JSON of a dashboard: its layout, its links, and how each kind of panel shows its queries.

A link passes on the variables of the dashboard that it opens: a label of the panel, or the variable of its own.
Sources: grafana/grafana 13.2, kinds/dashboard (schema version 42), packages/grafana-schema (options of panels), docs
"Configure data links" and "Transform data"; read 2026-11.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.core.dashboards import COLUMNS, Dashboard, Panel, Row, Variable, every_dashboard
from components.core.promql import promql
from settings.cluster.parts import ClusterParts

SCHEMA = 42
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
TAG = "ml-platform"
HEADINGS = {
    "label_ml_platform_pool": "pool",
    "label_ml_platform_team": "team",
    "exported_namespace": "namespace",
    "persistentvolumeclaim": "claim",
    "alertname": "alert",
}
"""Label -> its column in a table, where people call it otherwise."""
Place = tuple[Panel, int, int]


def of_cluster(cluster: ClusterParts) -> dict[str, Dashboard]:
    """Returns the dashboards that a cluster has, by uid."""
    return {uid: dashboard for uid, dashboard in every_dashboard().items() if dashboard.when(cluster)}


def dashboard_json(dashboard: Dashboard, cluster: ClusterParts) -> dict[str, Any]:
    """Returns a dashboard as Grafana reads it. Links to dashboards that the cluster has not are left out.

    Raises ValueError when a line of panels is not full, or a link opens a dashboard that nobody has.
    """
    shown = of_cluster(cluster)
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "schemaVersion": SCHEMA,
        "tags": [TAG],
        "editable": False,
        "graphTooltip": 1,  # the same time in all panels
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [_others()],
        "templating": {"list": [_variable(each) for each in dashboard.variables]},
        "panels": list(_panels([row for row in dashboard.rows if row.when(cluster)], dashboard, shown)),
    }


def _others() -> dict[str, Any]:
    """Returns the menu of all other dashboards, which keeps the time and the variables."""
    return {
        "type": "dashboards",
        "title": "Dashboards",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "icon": "external link",
    }


def _variable(variable: Variable) -> dict[str, Any]:
    query = f"label_values({promql(variable.metric)}, {variable.label})"
    return {
        "type": "query",
        "name": variable.name,
        "label": variable.name,
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": variable.name},
        "refresh": 2,  # with the time range
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",  # what lacks the label belongs to none of them
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def placed(panels: Iterable[Panel], top: int) -> tuple[list[Place], int]:
    """Returns panels with their x and y, and the y below them. Raises ValueError when a line is not full."""
    places: list[Place] = []
    x = height = 0
    for panel in panels:
        if x + panel.width > COLUMNS or (x and panel.height != height):
            raise ValueError(f"the panel {panel.title} does not fit into its line. Change its width or its height.")
        places.append((panel, x, top))
        x, height = x + panel.width, panel.height
        if x == COLUMNS:
            x, top = 0, top + height
    if x:
        raise ValueError(f"the last line ends at {x} of {COLUMNS} columns. Make its panels wider.")
    return places, top


def _panels(rows: Iterable[Row], dashboard: Dashboard, shown: Mapping[str, Dashboard]) -> Iterator[dict[str, Any]]:
    number = top = 0
    for row in rows:
        number, grid = number + 1, {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": grid, "panels": []}
        places, below = placed(row.panels, top + 1)
        for panel, x, y in places:
            number += 1
            yield {
                "id": number,
                "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
                **_panel(panel, dashboard, shown),
            }
        top = below


def _panel(panel: Panel, dashboard: Dashboard, shown: Mapping[str, Dashboard]) -> dict[str, Any]:
    link = _links(panel, dashboard, shown)
    table = panel.kind == "table"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "targets": [_target(panel, *each) for each in enumerate(panel.queries.items())],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "noValue": panel.empty,
                **({"min": 0} if not table else {}),
                **({"max": panel.most} if panel.most is not None else {}),
                "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
                "thresholds": {"mode": "absolute", "steps": _steps(panel)},
                "custom": _custom(panel),
                "links": [] if table else link,
            },
            "overrides": [*_columns(panel), *_linked(panel, link)] if table else [],
        },
        "options": {
            **_OPTIONS[panel.kind],
            **({"sortBy": [{"displayName": _titles(panel)[0], "desc": not panel.rising}]} if table else {}),
        },
        "transformations": _transformations(panel) if table else [],
    }


_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Mapping[str, dict[str, Any]] = {
    "stat": {"reduceOptions": _LAST, "colorMode": "value", "graphMode": "none", "textMode": "auto"},
    "bargauge": {
        "reduceOptions": _LAST,
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
    },
    "timeseries": {
        "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}


def _custom(panel: Panel) -> dict[str, Any]:
    if panel.kind == "table":
        return {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}
    if panel.kind != "timeseries":
        return {}
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 40 if panel.stacked else 0 if panel.labels else 10,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if panel.thresholds else "off"},
    }


def _steps(panel: Panel) -> list[dict[str, Any]]:
    first = {"value": None, "color": "green" if panel.thresholds else "blue"}
    return [first, *({"value": value, "color": color} for value, color in panel.thresholds)]


def _target(panel: Panel, index: int, query: tuple[str, str]) -> dict[str, Any]:
    name, expr = query
    now = panel.kind != "timeseries"
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "expr": expr,
        "legendFormat": name or " / ".join(f"{{{{{label}}}}}" for label in panel.labels) or panel.title,
        "format": "table" if panel.kind == "table" else "time_series",
        "instant": now,
        "range": not now,
    }


def _links(panel: Panel, dashboard: Dashboard, shown: Mapping[str, Dashboard]) -> list[dict[str, Any]]:
    if not panel.to:
        return []
    if panel.to not in every_dashboard():
        raise ValueError(f"the panel {panel.title} opens {panel.to}, which is no dashboard. Write the uid of one.")
    if panel.to not in shown:
        return []
    target, own = shown[panel.to], {each.name for each in dashboard.variables}

    def of_click(label: str) -> str:
        return f"__data.fields.{_heading(label)}" if panel.kind == "table" else f"__field.labels.{label}"

    values = [
        f"var-{each.name}=${{{of_click(each.label)}}}" if each.label in panel.labels else f"${{{each.name}:queryparam}}"
        for each in target.variables
        if each.label in panel.labels or each.name in own
    ]
    url = "&".join([f"/d/{target.uid}?${{__url_time_range}}", *values])
    return [{"title": target.title, "url": url, "targetBlank": False}]


def _heading(label: str) -> str:
    return HEADINGS.get(label, label)


def _titles(panel: Panel) -> list[str]:
    """Returns the names of the columns with values."""
    return [name or panel.title for name in panel.queries]


def _columns(panel: Panel) -> Iterator[dict[str, Any]]:
    for title, unit in panel.units.items():
        yield {"matcher": {"id": "byName", "options": title}, "properties": [{"id": "unit", "value": unit}]}


def _linked(panel: Panel, link: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if link:
        yield {
            "matcher": {"id": "byName", "options": _heading(panel.labels[0])},
            "properties": [{"id": "links", "value": link}],
        }


def _transformations(panel: Panel) -> list[dict[str, Any]]:
    """Returns how the answers of a table become one: a line for each set of labels, and a column for each query.

    Grafana calls the value of an only query `Value`, and those of several `Value #A` and so on.
    """
    values = [f"Value #{chr(ord('A') + index)}" for index in range(len(panel.queries))]
    names = {label: _heading(label) for label in panel.labels}
    names |= zip(values if len(values) > 1 else ["Value"], _titles(panel), strict=True)
    order = {name: index for index, name in enumerate(names)}
    options = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": options}]


def as_text(dashboard: Dashboard, cluster: ClusterParts) -> str:
    """Returns the JSON as text, the same for the same dashboard."""
    return json.dumps(dashboard_json(dashboard, cluster), sort_keys=True, separators=(",", ":"))
