"""`pools[].sharing`: how the pods of a pool share its GPUs."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from settings.base import Settings


class SharingSettings(Settings):
    """None: each GPU goes to one pod. The others are compared in docs/guides/choose-gpu-sharing.md."""

    strategy: Literal["none", "time-slicing", "mps", "mig"] = Field(
        default="none",
        description="none: a GPU a pod. time-slicing: pods take turns, and nothing keeps them apart. mps: equal, "
        "enforced shares of memory and threads. mig: slices of hardware with memory and faults of their own.",
    )
    replicas: int | None = Field(
        default=None, ge=2, description="With time-slicing and mps: how many pods take one GPU.", examples=[4]
    )
    profile: str | None = Field(
        default=None,
        description="With mig: the one profile that every GPU is cut into, as often as it fits.",
        examples=["1g.10gb"],
    )
    layout: Mapping[str, int] = Field(
        default_factory=dict,
        description="With mig, instead of profile: profile -> how many of it on each GPU.",
        examples=[{"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}],
    )
