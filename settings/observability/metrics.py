"""`observability.metrics`: Prometheus in the cluster, and what it keeps."""

from pydantic import Field

from settings.core.base import Settings
from settings.observability.remote_write import RemoteWriteSettings

TELEMETRY = "telemetry"
"""The storage class of what a cluster is measured with."""


class MetricsSettings(Settings):
    """Prometheus: how long it keeps samples, and how many of it there are."""

    retention_days: int = Field(default=15, ge=1, le=90, description="Days for which each Prometheus keeps samples.")
    volume_gib: int = Field(
        default=100,
        ge=10,
        le=16_384,
        description="GiB of each Prometheus's volume, of which it fills four fifths: then the oldest samples go. A "
        "volume never gets smaller.",
    )
    memory_gib: int = Field(
        default=4,
        ge=1,
        le=512,
        description="GiB of memory of each Prometheus, which ends at its limit. A million series take about 4 to 8.",
    )
    replicas: int | None = Field(
        default=None,
        ge=1,
        le=2,
        description="Number of Prometheus and of Alertmanager pods. 1: its node's loss is a gap. Not given: 2 in "
        "production, elsewhere 1.",
    )
    remote_write: RemoteWriteSettings | None = Field(
        default=None,
        description="What is also kept in Amazon Managed Prometheus. Without it, history ends with the volumes.",
    )
