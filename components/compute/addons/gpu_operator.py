"""NVIDIA GPU operator: device plugin, MIG manager, metrics and labels for NVIDIA nodes with Amazon Linux.

Driver and container toolkit are in the machine image. The labels of a node select how its GPUs are shared.
Sources: NVIDIA/gpu-operator v26.7.0, values; NVIDIA GPU operator documentation, "MIG Manager", "Time-Slicing GPUs in
Kubernetes"; read 2026-08.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from catalog.sharing import POOL_LABEL
from components.compute.gpu_sharing import NO_MIG, WITHOUT_SHARING, device_plugin_configs, mig_configs
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
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
        "migManager": {
            "enabled": True,
            # An A100 in an EC2 instance may refuse a reset, and then changes its MIG mode only with a reboot.
            "env": [{"name": "WITH_REBOOT", "value": "true"}],
            "config": {
                "name": "mig-layouts",
                "create": True,
                "default": NO_MIG,
                "data": {"config.yaml": _text(mig_configs(context.pools))},
            },
        },
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


ADD_ON = AddOnSpec(
    name="gpu-operator",
    needed_by=needed_by_pools(runs_operator),
    instead="operating_system: bottlerocket, which brings driver and device plugin",
    pod_security="privileged",
    values=values,
    daemons=("daemonsets.tolerations", "node-feature-discovery.worker.tolerations"),
)
