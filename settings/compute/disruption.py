"""`pools[].disruption`: when Karpenter may remove a node."""

from typing import Literal

from pydantic import Field

from settings.core.base import Settings


class DisruptionSettings(Settings):
    """For Karpenter pools. A pod with the annotation `karpenter.sh/do-not-disrupt` keeps its node."""

    consolidate: Literal["when-empty", "when-underutilized"] = Field(
        default="when-underutilized",
        description=(
            "Whether Karpenter removes nodes only when nothing runs on them, or also when their pods fit elsewhere. "
            "With efa always when-empty: training over many nodes fails when one node goes."
        ),
    )
    consolidate_after_minutes: int = Field(
        default=10, ge=0, le=1440, description="How many minutes a node is not needed before Karpenter removes it."
    )
    expire_after_hours: int = Field(
        default=720, ge=1, le=8760, description="Age at which a node is replaced, so that no node runs an old image."
    )
    drain_hours: int = Field(
        default=24, ge=1, le=168, description="How many hours a node waits for its pods to end before they are stopped."
    )
    max_unavailable_percentage: int = Field(
        default=10, ge=1, le=100, description="Share of the pool's nodes that Karpenter may remove at the same time."
    )
