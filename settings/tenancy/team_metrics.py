"""`teams[].metrics`: programs of a team whose metrics Prometheus reads."""

from pydantic import Field

from settings.core.base import Settings
from settings.core.services import NamespaceName, PodLabels


class TeamMetricsSettings(Settings):
    """Pods whose metrics are read. Their series have the labels job (<team>/<name>), team, namespace and pod."""

    namespace: NamespaceName = Field(description="Namespace of the team.", examples=["inference"])
    pods: PodLabels = Field(min_length=1, description="Labels of the pods.", examples=[{"app": "chat"}])
    port: int = Field(ge=1, le=65_535, description="Port of the pods, not of a Service.", examples=[8000])
    path: str = Field(
        default="/metrics",
        pattern=r"^/[A-Za-z0-9._~/-]*$",
        description="Path where they serve them, by http, without a login and a query: for example /metrics.",
    )
    every_seconds: int = Field(default=30, ge=15, le=120, description="Seconds from one reading to the next.")
    samples: int = Field(
        default=5_000, ge=1, le=20_000, description="Most series of one pod: of a pod with more, none is kept."
    )
    most_pods: int = Field(
        default=50, ge=1, le=1_000, description="Most pods that are read: with more, none of them is."
    )
