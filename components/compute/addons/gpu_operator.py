"""NVIDIA GPU operator: device plugin, metrics and labels for NVIDIA nodes with Amazon Linux.

Driver and container toolkit are in the machine image. The labels of a node select how its GPUs are shared. Nodes with
MIG cut their GPUs at boot (`mig_at_boot.py`).
Sources: NVIDIA/gpu-operator v26.7.0, values, clusterpolicy.yaml, object_controls.go and the DaemonSet of the device
plugin; NVIDIA/k8s-device-plugin v0.20.0, config.go and flags.go; NVIDIA GPU operator documentation, "Time-Slicing GPUs
in Kubernetes"; awslabs/amazon-eks-ami, nodeadm, config2.template.toml (`enable_cdi`); read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from catalog.sharing import POOL_LABEL, Sharing
from common.helm_values import part_of
from components.compute.dcgm_counters import (
    RESOURCES,
    are_shared,
    counters,
    digest,
    environment,
    fixed,
    scrape,
)
from components.compute.gpu_sharing import WITHOUT_SHARING, device_plugin_config, device_plugin_configs
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import CONTROLLER
from components.core.tolerations import EVERY_TAINT
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.fixed_values import FixedValue, only, without
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake

# Components for GPUs in virtual machines and for confidential computing. Most are on by default.
VIRTUAL_MACHINE_COMPONENTS = (
    "vgpuDeviceManager",
    "vfioManager",
    "sandboxDevicePlugin",
    "kataSandboxDevicePlugin",
    "ccManager",
)


DEFAULT_PROFILE = {"seccompProfile": {"type": "RuntimeDefault"}}
PLUGIN_CONFIGS = "device-plugin-configs"  # the ConfigMap with the device plugin's configurations


def values(context: AddOnContext) -> Values:
    landing = {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name}
    return {
        "operator": {
            "upgradeCRD": True,  # Helm itself never updates CRDs
            "nodeSelector": landing,
            "resources": {"requests": {"cpu": "200m", "memory": "350Mi"}, "limits": {"memory": "350Mi"}},
        },
        "daemonsets": {"tolerations": EVERY_TAINT},
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
                "name": PLUGIN_CONFIGS,
                "create": True,
                "default": WITHOUT_SHARING,
                "data": {name: _text(config) for name, config in device_plugin_configs(context.pools).items()},
            },
        },
        "migManager": {"enabled": False},
        "dcgmExporter": _exporter(context),
        "nfd": {"enabled": True},
        "sandboxWorkloads": {"enabled": False},
        **{part: {"enabled": False} for part in VIRTUAL_MACHINE_COMPONENTS},
        "node-feature-discovery": {
            "worker": {"tolerations": EVERY_TAINT},
            "master": {"nodeSelector": landing, "securityContext": DEFAULT_PROFILE},  # that of the prune Job, too
            "gc": {"nodeSelector": landing, "podSecurityContext": DEFAULT_PROFILE},
        },
    }


def _exporter(context: AddOnContext) -> Values:
    """Returns the values of the exporter. One DaemonSet runs on all pools, so what one needs holds for all.

    It reads pods by process where GPUs are shared. With DRA it needs a token, which comes with the same value.
    """
    pools = [pool for pool in context.pools if runs_operator(pool)]
    shared, dra = are_shared(pools), context.gpu_allocation == "dra"
    return {
        "enabled": True,
        "serviceMonitor": {"enabled": False},  # `metrics` says what is read
        "config": {"name": f"dcgm-counters-{digest()}", "create": True, "data": counters()},
        "env": environment(pools, context.gpu_allocation),
        "resources": RESOURCES,
        **({"hostPID": True} if shared else {}),
        **({"enablePodUID": True} if shared or dra else {}),
    }


def reads(context: AddOnContext) -> Mapping[str, Sequence[tuple[str, str]]]:
    """The exporter finds the pod of a claimed device by its slice. The operator has these rights for another kind only.

    Source: NVIDIA/gpu-operator v26.7.0, assets/state-dcgm-exporter/0210_clusterrole.yaml; read 2026-11.
    """
    return {"nvidia-dcgm-exporter": [("resource.k8s.io", "resourceslices")]} if context.gpu_allocation == "dra" else {}


def _text(config: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False)


def runs_operator(pool: NodePoolSettings) -> bool:
    """Returns whether nodes of the pool run the operator. Bottlerocket has its own driver, device plugin and MIG."""
    accelerator = pool.accelerator
    return accelerator is not None and accelerator.manufacturer == "NVIDIA" and pool.operating_system == "al2023"


def requires(cluster: ClusterParts) -> Iterator[Mistake]:
    entry = (cluster.addons or {}).get("gpu-operator")
    values = entry.get("values") if isinstance(entry, Mapping) else None
    if isinstance(values, Mapping) and "enabled" in part_of(values, ("devicePlugin",)):
        yield (
            ("addons", "gpu-operator", "values", "devicePlugin", "enabled"),
            "is what gpu_allocation says: beside DRA, the plugin would give pods GPUs that others have. Drop it.",
        )


def _as_written(data: Any) -> bool:
    """Returns whether each configuration is the one that the platform writes under this name."""
    ways = {name: Sharing.of_label(str(name)) for name in data} if isinstance(data, Mapping) else {"": None}
    return all(way is not None and data[name] == _text(device_plugin_config(way)) for name, way in ways.items())


OTHER_PLUGIN = (
    "may start the device plugin with other settings than the nodes are made for: pods would find no GPU, or get one "
    "that others use."
)
OTHER_CONFIGS = "replaces what pools[].sharing says: MIG slices or shared GPUs could be offered as whole GPUs."
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
    FixedValue(
        path="cdi.nriPluginEnabled",
        keeps=only(False),
        why="takes the runtime from the device plugin and waits for a toolkit that is off: pods would find no GPU.",
    ),
    FixedValue(
        path="mig.strategy",
        keeps=only(""),
        why="overrides the device plugin's configurations: equal MIG slices could be offered as whole GPUs.",
    ),
    FixedValue(path="devicePlugin.args", keeps=lambda given: not given, why=OTHER_PLUGIN),  # a script, run by a shell
    FixedValue(
        path="devicePlugin.env", keeps=without("deviceliststrategy", "migstrategy", "configfile"), why=OTHER_PLUGIN
    ),
    FixedValue(path="devicePlugin.config.name", keeps=only(PLUGIN_CONFIGS), why=OTHER_CONFIGS),
    FixedValue(path="devicePlugin.config.create", keeps=only(True), why=OTHER_CONFIGS),
    FixedValue(path="devicePlugin.config.default", keeps=only(WITHOUT_SHARING), why=OTHER_CONFIGS),
    FixedValue(path="devicePlugin.config.data", keeps=_as_written, why=OTHER_CONFIGS),
    *fixed("dcgmExporter.", "config"),
)

ADD_ON = AddOnSpec(
    name="gpu-operator",
    needed_by=needed_by_pools(runs_operator),
    instead="operating_system: bottlerocket, which brings driver and device plugin",
    pod_security="privileged",
    values=values,
    daemons=("daemonsets.tolerations", "node-feature-discovery.worker.tolerations"),
    requires=requires,
    fixed=FIXED,
    # None of its pods calls another one: features of nodes go by the API server, and DCGM is in its exporter.
    flows=lambda cluster: CONTROLLER,
    reads=reads,
    metrics=lambda cluster: (scrape({"app": "nvidia-dcgm-exporter"}),),
)
