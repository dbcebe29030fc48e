"""NVIDIA GPU operator: device plugin, metrics and labels for NVIDIA nodes with Amazon Linux.

Driver and container toolkit are in the machine image. The labels of a node select how its GPUs are shared. Nodes with
MIG cut their GPUs at boot (`mig_at_boot.py`).
Sources: NVIDIA/gpu-operator v26.7.0, values and object_controls.go; NVIDIA GPU operator documentation, "Time-Slicing
GPUs in Kubernetes"; awslabs/amazon-eks-ami, nodeadm, config2.template.toml (`enable_cdi`); read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from catalog.sharing import POOL_LABEL
from components.compute.gpu_sharing import WITHOUT_SHARING, device_plugin_configs
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.fixed_values import FixedValue, only, without
from settings.compute.node_pool import NodePoolSettings

# Components for GPUs in virtual machines and for confidential computing. Most are on by default.
VIRTUAL_MACHINE_COMPONENTS = (
    "vgpuDeviceManager",
    "vfioManager",
    "sandboxDevicePlugin",
    "kataSandboxDevicePlugin",
    "ccManager",
)


def values(context: AddOnContext) -> Values:
    landing = {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name}
    return {
        "operator": {
            "upgradeCRD": True,  # Helm itself never updates CRDs
            "nodeSelector": landing,
            "resources": {"requests": {"cpu": "200m", "memory": "350Mi"}, "limits": {"memory": "350Mi"}},
        },
        "driver": {"enabled": False},
        "toolkit": {"enabled": False},
        # The nodes ignore NVIDIA_VISIBLE_DEVICES, the plugin's other way to assign a GPU (`node_user_data.py`).
        "cdi": {"enabled": True},
        # Each configuration of the device plugin sets it. A value here would override them all, and the plugin refuses
        # MPS with "mixed".
        "mig": {"strategy": ""},
        "devicePlugin": {
            "enabled": context.gpu_allocation != "dra",
            "config": {
                "name": "device-plugin-configs",
                "create": True,
                "default": WITHOUT_SHARING,
                "data": {name: _text(config) for name, config in device_plugin_configs(context.pools).items()},
            },
        },
        "migManager": {"enabled": False},
        # A ServiceMonitor needs the CRDs of Prometheus, which the cluster does not have.
        "dcgmExporter": {"enabled": True, "serviceMonitor": {"enabled": False}},
        "nfd": {"enabled": True},
        "sandboxWorkloads": {"enabled": False},
        **{part: {"enabled": False} for part in VIRTUAL_MACHINE_COMPONENTS},
        "node-feature-discovery": {
            "master": {"nodeSelector": landing},
            "gc": {"nodeSelector": landing},
        },
    }


def _text(config: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False)


def runs_operator(pool: NodePoolSettings) -> bool:
    """Returns whether nodes of the pool run the operator. Bottlerocket has its own driver, device plugin and MIG."""
    accelerator = pool.accelerator
    return accelerator is not None and accelerator.manufacturer == "NVIDIA" and pool.operating_system == "al2023"


OTHER_STRATEGY = "may give the device plugin a way to assign GPUs that the nodes ignore: pods would find no GPU."
FIXED = (
    FixedValue(
        path="toolkit.enabled",
        keeps=only(False),
        why="puts a runtime on the nodes that gives each container the GPUs that its image names, without a request.",
    ),
    FixedValue(
        path="migManager.enabled",
        keeps=only(False),
        why="lets the MIG manager cut the GPUs of nodes that have joined, under their pods; they are cut at boot.",
    ),
    FixedValue(
        path="cdi.enabled",
        keeps=only(True),
        why="makes the device plugin assign GPUs by a variable that the nodes ignore: pods would find no GPU.",
    ),
    *(
        FixedValue(path=f"devicePlugin.{part}", keeps=without("deviceliststrategy"), why=OTHER_STRATEGY)
        for part in ("args", "config", "env")
    ),
)

ADD_ON = AddOnSpec(
    name="gpu-operator",
    needed_by=needed_by_pools(runs_operator),
    instead="operating_system: bottlerocket, which brings driver and device plugin",
    pod_security="privileged",
    values=values,
    daemons=("daemonsets.tolerations", "node-feature-discovery.worker.tolerations"),
    fixed=FIXED,
)
