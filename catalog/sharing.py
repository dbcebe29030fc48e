"""How a GPU is shared, as one value with one spelling, which is a node label: what schedulers, prices and rules read.

Shared by time or by MPS, a GPU is offered as `nvidia.com/gpu.shared`, never as `nvidia.com/gpu`: whoever asks for a
whole GPU must not be given a part of one. Karpenter can only add resources to an instance type, so that it, too, needs
another name. Source: NVIDIA/k8s-device-plugin, README, "Shared Access to GPUs"; Karpenter, NodeOverlays; read 2026-08.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from catalog.instance_types import Accelerator
from catalog.mig import mig_gpu

Strategy = Literal["none", "time-slicing", "mps", "mig"]

WHOLE_GPU = "nvidia.com/gpu"
SHARED_GPU = "nvidia.com/gpu.shared"
NEURON_DEVICE = "aws.amazon.com/neuron"

# Labels of the nodes of accelerated pools.
POOL_LABEL = "ml-platform/pool"
ACCELERATOR_LABEL = "ml-platform/accelerator"  # e.g. a100-40gb
SHARING_LABEL = "ml-platform/sharing"  # `Sharing.label`


@dataclass(frozen=True)
class Sharing:
    """One way to share a GPU.

    replicas: with time-slicing and MPS, how many pods take one GPU. layout: with MIG, profile -> instances on one GPU.
    """

    strategy: Strategy = "none"
    replicas: int = 1
    layout: tuple[tuple[str, int], ...] = ()

    @property
    def label(self) -> str:
        """A label value, e.g. `none`, `time-slicing-4`, `mig-2x1g.10gb_1x2g.20gb_1x3g.40gb`."""
        if self.strategy == "mig":
            return f"mig-{self.mig_config}"
        return "none" if self.strategy == "none" else f"{self.strategy}-{self.replicas}"

    @property
    def mig_config(self) -> str:
        """Name of the layout for the MIG manager: the same layout has the same name wherever it is used."""
        return "_".join(f"{count}x{name.replace('+', '.')}" for name, count in self.layout)

    @classmethod
    def of_label(cls, label: str) -> "Sharing | None":
        """The sharing that a label spells; None when it spells none."""
        if label == "none":
            return cls()
        if found := re.fullmatch(r"(time-slicing|mps)-(\d+)", label):
            return cls("time-slicing" if found[1] == "time-slicing" else "mps", int(found[2]))
        parts = [re.fullmatch(r"(\d+)x(\d+g\.\d+gb)(\.me)?", part) for part in label.removeprefix("mig-").split("_")]
        if not label.startswith("mig-") or not all(parts):
            return None
        return cls(
            "mig", 1, tuple((part[2] + (part[3] or "").replace(".", "+"), int(part[1])) for part in parts if part)
        )

    def resources(self, accelerator: Accelerator) -> dict[str, int]:
        """What one accelerator is offered as: extended resource -> how many of it."""
        if accelerator.kind == "neuron":
            return {NEURON_DEVICE: 1}
        if self.strategy == "none":
            return {WHOLE_GPU: 1}
        if self.strategy != "mig":
            return {SHARED_GPU: self.replicas}
        return {f"nvidia.com/mig-{name.replace('+', '.')}": count for name, count in self.layout}

    def shares(self, accelerator: Accelerator) -> dict[str, float]:
        """What part of the accelerator's cost one unit of each resource carries; what stays idle is spread over all.

        Instances of MIG count by their memory slices, since those run out first.
        """
        gpu = mig_gpu(accelerator)
        if self.strategy != "mig" or gpu is None:
            return {name: 1 / count for name, count in self.resources(accelerator).items()}
        weights = {gpu.profiles[name]: count for name, count in self.layout if name in gpu.profiles}
        whole = sum(profile.memory_slices * count for profile, count in weights.items())
        return {profile.resource: profile.memory_slices / whole for profile in weights}


def accelerator_label(accelerator: Accelerator) -> str:
    """Value of the accelerator's label, e.g. `a100-40gb`, `l40s`: with memory where the name alone does not tell."""
    name = accelerator.name.lower().replace(" ", "-")
    if accelerator.fractional:
        return f"{name}-{accelerator.memory_gb}gb"
    gpu = mig_gpu(accelerator)
    return gpu.name.lower() if gpu is not None else name


def layout_of(layout: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """A layout in the order of its names, so that one layout has one spelling."""
    return tuple(sorted(layout.items()))
