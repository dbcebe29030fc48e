"""NVIDIA's driver for Dynamic Resource Allocation: pods claim GPUs and MIG slices, instead of the device plugin.

It is only on when `gpu_allocation` is dra. Source: kubernetes-sigs/dra-driver-nvidia-gpu v0.4.1, values; read 2026-08.
"""

from components.compute.addons.gpu_operator import runs_operator
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import CONTROLLER
from components.core.metrics import Scrape
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.parts import ClusterParts


def values(context: AddOnContext) -> Values:
    container = {"resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}}
    return {
        "kubeletPlugin": {"containers": {"gpus": container}},
        "gpuResourcesEnabledOverride": True,  # the chart refuses to start with a device plugin; ours is off with dra
        "nvidiaDriverRoot": "/",  # the driver is in the machine image
        "resources": {"gpus": {"enabled": True}, "computeDomains": {"enabled": False}},
    }


def needed_by(cluster: ClusterParts) -> str | None:
    return needed_by_pools(runs_operator)(cluster) if cluster.gpu_allocation == "dra" else None


ADD_ON = AddOnSpec(
    name="dra-driver-nvidia-gpu",
    needed_by=needed_by,
    instead="gpu_allocation: device-plugin in the cluster",
    pod_security="privileged",
    after=("gpu-operator",),
    values=values,
    daemons=("kubeletPlugin.tolerations",),
    flows=lambda cluster: CONTROLLER,
    metrics=lambda cluster: (  # 8081 would be that of compute domains
        Scrape(job="dra-driver-nvidia-gpu", pods={"dra-driver-nvidia-gpu-component": "kubelet-plugin"}, port=8080),
    ),
)
