"""NVIDIA GPU operator: device plugin, MIG manager, metrics and labels of NVIDIA nodes that run Amazon Linux.

Driver and container toolkit are in the machine image. How a node's GPUs are shared is chosen by its labels.
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

# Parts that give GPUs to virtual machines, or keep such machines confidential. Most are on by default.
NO_VIRTUAL_MACHINES = (
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
            "upgradeCRD": True,  # Helm alone leaves CRDs as they were
            "nodeSelector": landing,
            "resources": {"requests": {"cpu": "200m", "memory": "350Mi"}, "limits": {"memory": "350Mi"}},
        },
        "driver": {"enabled": False},
        "toolkit": {"enabled": False},
        # Left to each configuration of the device plugin. Stated here, it would beat them all, and the plugin refuses
        # MPS beside "mixed".
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
            # An A100 that is passed through to its machine may refuse to be reset: it changes mode by a reboot.
            "env": [{"name": "WITH_REBOOT", "value": "true"}],
            "config": {
                "name": "mig-layouts",
                "create": True,
                "default": NO_MIG,
                "data": {"config.yaml": _text(mig_configs(context.pools))},
            },
        },
        # Until there is Prometheus, whose kind a ServiceMonitor is.
        "dcgmExporter": {"enabled": True, "serviceMonitor": {"enabled": False}},
        "nfd": {"enabled": True},
        "sandboxWorkloads": {"enabled": False},
        **{part: {"enabled": False} for part in NO_VIRTUAL_MACHINES},
        "node-feature-discovery": {
            "master": {"nodeSelector": landing},
            "gc": {"nodeSelector": landing},
        },
    }


def _text(config: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False)


def runs_operator(pool: NodePoolSettings) -> bool:
    """Bottlerocket brings driver, device plugin and MIG by itself."""
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
