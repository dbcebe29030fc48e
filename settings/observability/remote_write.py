"""`observability.metrics.remote_write`: metrics that are also kept outside of the cluster."""

import re

from pydantic import Field, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated

_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*(\.\*)?")


class RemoteWriteSettings(Settings):
    """A workspace of Amazon Managed Prometheus for each cluster. It outlives the cluster's volumes and nodes.

    Source: Amazon Managed Service for Prometheus user guide, "Configure your workspace" and "Service quotas"; read
    2026-11.
    """

    retention_days: int = Field(
        default=150, ge=1, le=1095, description="Days for which the workspace keeps samples. Fewer delete older ones."
    )
    max_series: int = Field(
        default=200_000,
        ge=1,
        le=10_000_000,
        description="Most series that may be active at once: AWS refuses more, which bounds the bill. A series that is "
        "read each half minute is about 88 000 samples a month. AWS's own quota is ten million until you ask for more.",
    )
    metrics: tuple[str, ...] = Field(
        default=(
            *("ALERTS", "cluster_cost_usd", "gpu:.*", "gpu_utilization", "node_count", "pending_pods"),
            *("resource_quota_usage", "up"),
        ),
        min_length=1,
        description="Metrics that are sent, by name or by its beginning with `.*`; each sample is billed. Names "
        "of catalog/data/metrics, and those that rules record.",
        examples=[["gpu:.*", "node_count", "up"]],
    )
    other_metrics: tuple[str, ...] = Field(
        default=(),
        description="More of them, whose names are taken as they are written: of your own programs, for example.",
        examples=[["vllm:.*"]],
    )

    @field_validator("metrics", "other_metrics")
    @classmethod
    def metrics_are_names_or_beginnings(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{name!r} is neither the name of a metric nor a beginning. Write for example node_count, or gpu:.* for "
            "all that begin so."
            for name in metrics
            if not _NAME.fullmatch(name)
        ]
        if twice := repeated(metrics):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return metrics
