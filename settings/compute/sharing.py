"""`pools[].sharing`: how the pods of a pool share its GPUs. `sharing_rules.py` has what each GPU allows."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from catalog.limits import GPU_REPLICAS_MPS, GPU_REPLICAS_TIME_SLICING
from settings.core.base import Settings
from settings.core.problems import listed, raise_if

MAX_REPLICAS = {"time-slicing": GPU_REPLICAS_TIME_SLICING, "mps": GPU_REPLICAS_MPS}


class SharingSettings(Settings):
    """With none, each pod has whole GPUs. docs/guides/compute/choose-gpu-sharing.md compares the other strategies."""

    strategy: Literal["none", "time-slicing", "mps", "mig"] = Field(
        default="none",
        description=(
            "none: each pod has whole GPUs. time-slicing: pods take turns on a GPU, and nothing separates their "
            "memory. mps: equal, enforced shares of memory and threads. mig: hardware slices with memory and faults "
            "of their own."
        ),
    )
    replicas: int | None = Field(
        default=None,
        ge=2,
        validate_default=True,
        description="With time-slicing and mps: how many pods share one GPU.",
        examples=[4],
    )
    profile: str | None = Field(
        default=None,
        description="With mig: one profile; every GPU gets as many slices of it as fit.",
        examples=["1g.10gb"],
    )
    layout: Mapping[str, int] = Field(
        default_factory=dict,
        description="With mig, instead of profile: profile -> number of its slices on each GPU.",
        examples=[{"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}],
    )

    @field_validator("replicas")
    @classmethod
    def replicas_belong_to_time_slicing_and_mps(cls, replicas: int | None, info: ValidationInfo) -> int | None:
        strategy = info.data.get("strategy")
        if strategy is None:
            return replicas
        max_replicas = MAX_REPLICAS.get(strategy)
        if max_replicas is None and replicas is not None:
            raise ValueError(
                f"is given, but with strategy {strategy} it would do nothing. Drop it, or write strategy: time-slicing."
            )
        if max_replicas is not None and replicas is None:
            raise ValueError(f"is missing: how many pods share one GPU. Write replicas: 2, or up to {max_replicas}.")
        if max_replicas is not None and replicas is not None and replicas > max_replicas:
            raise ValueError(
                f"{replicas} is more than the {max_replicas} pods that can use one GPU. Write {max_replicas} or less."
            )
        return replicas

    @field_validator("profile")
    @classmethod
    def profile_belongs_to_mig(cls, profile: str | None, info: ValidationInfo) -> str | None:
        strategy = info.data.get("strategy")
        if profile is not None and strategy not in (None, "mig"):
            raise ValueError(f"is given, but strategy is {strategy}. Drop it, or write strategy: mig.")
        return profile

    @field_validator("layout")
    @classmethod
    def a_layout_belongs_to_mig(cls, layout: Mapping[str, int], info: ValidationInfo) -> Mapping[str, int]:
        strategy, profile = info.data.get("strategy"), info.data.get("profile")
        mistakes = []
        if layout and strategy not in (None, "mig"):
            mistakes.append(f"is given, but strategy is {strategy}. Drop it, or write strategy: mig.")
        elif layout and profile is not None:
            mistakes.append(f"is given in addition to profile, {profile}, but only one of them can hold. Drop one.")
        if empty := [name for name, count in layout.items() if count < 1]:
            mistakes.append(f"has no slice of {listed(empty)}. Write 1 or more, or drop the profile.")
        raise_if(mistakes)
        return layout
