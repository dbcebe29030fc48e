"""`pools[].disruption`: when Karpenter may remove a node."""

from typing import Literal

from pydantic import Field

from settings.core.base import Settings


class DisruptionSettings(Settings):
    """For Karpenter pools. docs/guides/compute/run-on-a-gpu-slice.md says what ends a training pod.

    The annotation `karpenter.sh/do-not-disrupt` keeps the node of a pod from consolidation. When a node is out of date
    or too old, the pod ends after drain_hours all the same. Source: Karpenter v1.14, "Disruption"; read 2026-11.
    """

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
    drain_hours: int | None = Field(
        default=24,
        ge=1,
        le=168,
        description=(
            "How many hours a node waits for its pods to end before they are stopped, also pods with the annotation "
            "karpenter.sh/do-not-disrupt. null: for as long as a pod has the annotation; its node then keeps an old "
            "image, and a destroy of the stack waits for somebody to delete the pod."
        ),
    )
    max_unavailable_percentage: int = Field(
        default=10, ge=1, le=100, description="Share of the pool's nodes that Karpenter may remove at the same time."
    )
