"""The expressions of all dashboards."""

from collections.abc import Iterator

from components.core.dashboards import every_dashboard
from components.core.promql import promql


def expressions() -> Iterator[tuple[str, str]]:
    """Yields where it is, and the expression, of each query and each variable of all dashboards."""
    for uid, dashboard in every_dashboard().items():
        yield from ((f"{uid}: ${each.name}", promql(each.metric)) for each in dashboard.variables)
        for row in dashboard.rows:
            yield from ((f"{uid}: {panel.title}", query) for panel in row.panels for query in panel.queries.values())
