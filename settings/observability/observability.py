"""`observability`: metrics, alerts, dashboards, logs and traces of the clusters."""

from pydantic import Field, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated
from settings.observability.alerts import AlertSettings
from settings.observability.cloud_alarms import CloudAlarmSettings
from settings.observability.grafana import CLIENT_SECRET, SSO, GrafanaSettings
from settings.observability.logs import LogSettings
from settings.observability.metrics import MetricsSettings
from settings.observability.traces import TraceSettings


class ObservabilitySettings(Settings):
    """What is measured in the clusters, and who hears of it."""

    clusters: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Clusters that have it, by name. Not given: all.", examples=[["main"]]
    )
    runbooks: str = Field(
        default="docs/runbooks/alerts",
        description="Where people read the pages of docs/runbooks/alerts: the first part of the link in each alert.",
        examples=["https://git.example.com/ml/platform/blob/main/docs/runbooks/alerts"],
    )
    metrics: MetricsSettings = Field(default=MetricsSettings(), description="Prometheus.")
    alerts: AlertSettings = Field(default=AlertSettings(), description="Who hears of what is wrong.")
    cloud_alarms: CloudAlarmSettings | None = Field(
        default=CloudAlarmSettings(), description="What only AWS sees. null: nobody is told of it."
    )
    grafana: GrafanaSettings | None = Field(default=None, description="Dashboards. Without it there is no Grafana.")
    costs: bool = Field(default=True, description="Whether OpenCost tells what nodes and volumes cost by the hour.")
    logs: LogSettings | None = Field(
        default=None, description="What containers write. Without it their logs end with their nodes."
    )
    traces: TraceSettings | None = Field(default=None, description="Traces. Without it nobody collects any.")

    @property
    def has_secrets(self) -> bool:
        """Whether it has secrets in the store."""
        return bool(self.secrets())

    def secrets(self) -> dict[str, tuple[str, ...]]:
        """Returns name -> keys of each secret that somebody has to fill."""
        has_sso = self.grafana is not None and self.grafana.sso is not None
        return self.alerts.secrets() | ({SSO: (CLIENT_SECRET,)} if has_sso else {})

    @field_validator("clusters")
    @classmethod
    def clusters_are_named_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        raise_if(f"{listed(twice)} is named twice. Name each once." for twice in [repeated(names or ())] if twice)
        return names
