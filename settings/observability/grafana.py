"""`observability.grafana`: the dashboards."""

from settings.core.base import Settings


class GrafanaSettings(Settings):
    """Grafana in the cluster."""
