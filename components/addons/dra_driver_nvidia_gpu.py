"""NVIDIA's driver for Dynamic Resource Allocation: GPUs and MIG instances by claims, in place of the device plugin.

On only where `gpu_allocation` is dra. Source: kubernetes-sigs/dra-driver-nvidia-gpu v0.4.1, values; read 2026-08.
"""

from collections.abc import Mapping
from typing import Any

from components.addon import AddOnContext, AddOnSpec


def values(context: AddOnContext) -> Mapping[str, Any]:
    return {
        "gpuResourcesEnabledOverride": True,  # the chart refuses to start beside a device plugin; ours is off then
        "nvidiaDriverRoot": "/",  # the driver is in the machine image
        "resources": {"gpus": {"enabled": True}, "computeDomains": {"enabled": False}},
    }


ADD_ON = AddOnSpec(
    name="dra-driver-nvidia-gpu",
    pod_security="privileged",
    after=("gpu-operator",),
    values=values,
    daemons=("kubeletPlugin.tolerations",),
)
