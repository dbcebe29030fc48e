"""How a GPU is shared. Each way has one spelling, the value of a node label that schedulers, prices and rules read.

With time-slicing and MPS, a node offers `nvidia.com/gpu.shared` instead of `nvidia.com/gpu`: a pod that requests a
whole GPU must not get a part of one.
Source: NVIDIA/k8s-device-plugin, README, "Shared Access to GPUs"; read 2026-08.
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
WHOLE_GPUS_LABEL = "k8s.amazonaws.com/accelerator"
"""cluster-autoscaler takes a node with it for unready until its device plugin offers `nvidia.com/gpu`.

Without it, pods that wait for the plugin would start another node. A node that never offers whole GPUs must not have
it. Source: cluster-autoscaler 1.35.2, gpu_processor.go, README of the AWS provider; read 2026-11.
"""


@dataclass(frozen=True)
class Sharing:
    """One way to share a GPU.

    replicas: with time-slicing and MPS, how many pods share one GPU. layout: with MIG, profile -> instances on one GPU.
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
        """The name of the layout, as in a label of the MIG manager. The same layout has the same name on every pool."""
        return "_".join(f"{count}x{name.replace('+', '.')}" for name, count in self.layout)

    @classmethod
    def of_label(cls, label: str) -> "Sharing | None":
        """Returns the sharing that a label value stands for; None when it stands for none."""
        if label == "none":
            return cls()
        if match := re.fullmatch(r"(time-slicing|mps)-(\d+)", label):
            return cls("time-slicing" if match[1] == "time-slicing" else "mps", int(match[2]))
        parts = [re.fullmatch(r"(\d+)x(\d+g\.\d+gb)(\.me)?", part) for part in label.removeprefix("mig-").split("_")]
        if not label.startswith("mig-") or not all(parts):
            return None
        return cls(
            "mig", 1, tuple((part[2] + (part[3] or "").replace(".", "+"), int(part[1])) for part in parts if part)
        )

    def resources(self, accelerator: Accelerator) -> dict[str, int]:
        """Returns the extended resources that a node offers for one accelerator, with their counts."""
        if accelerator.kind == "neuron":
            return {NEURON_DEVICE: 1}
        if self.strategy == "none":
            return {WHOLE_GPU: 1}
        if self.strategy != "mig":
            return {SHARED_GPU: self.replicas}
        return {f"nvidia.com/mig-{name.replace('+', '.')}": count for name, count in self.layout}

    def shares(self, accelerator: Accelerator) -> dict[str, float]:
        """Returns, for each resource, the share of the accelerator's cost that one unit carries.

        The cost of slices that stay idle is spread over all units. MIG instances count by their memory slices, since
        memory runs out first.
        """
        gpu = mig_gpu(accelerator)
        if self.strategy != "mig" or gpu is None:
            return {name: 1 / count for name, count in self.resources(accelerator).items()}
        weights = {gpu.profiles[name]: count for name, count in self.layout if name in gpu.profiles}
        whole = sum(profile.memory_slices * count for profile, count in weights.items())
        return {profile.resource: profile.memory_slices / whole for profile in weights}


def accelerator_label(accelerator: Accelerator) -> str:
    """Returns the value of the accelerator's label: `l40s`, or `a100-40gb` for a model with several memory sizes."""
    name = accelerator.name.lower().replace(" ", "-")
    if accelerator.fractional:
        return f"{name}-{accelerator.memory_gb}gb"
    gpu = mig_gpu(accelerator)
    return gpu.name.lower() if gpu is not None else name


def layout_of(layout: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Returns the layout sorted by profile name, so that each layout has one spelling."""
    return tuple(sorted(layout.items()))
