"""What the NVIDIA GPU operator is told about sharing: a configuration for each way in use, chosen by node label.

Sources: NVIDIA device plugin 0.20, README, "Shared Access to GPUs"; NVIDIA/mig-parted, configuration; read 2026-08.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog.sharing import WHOLE_GPU, Sharing
from settings.compute.node_pool import NodePoolSettings

WITHOUT_SHARING = Sharing().label  # the configuration of nodes that carry no label for one
NO_MIG = "all-disabled"  # the layout of nodes that carry no label for one


def device_plugin_configs(pools: Iterable[NodePoolSettings]) -> dict[str, dict[str, Any]]:
    """Name of a configuration, which is `Sharing.label` -> what its file says."""
    shared = {sharing.label: sharing for sharing in _of_the_operator(pools) if sharing.strategy in _SECTIONS}
    configs: dict[str, dict[str, Any]] = {WITHOUT_SHARING: {"version": "v1", "flags": {"migStrategy": "mixed"}}}
    for label, sharing in sorted(shared.items()):
        strategy = "none" if sharing.strategy == "mps" else "mixed"  # the plugin refuses MPS together with "mixed"
        configs[label] = {
            "version": "v1",
            "flags": {"migStrategy": strategy},
            "sharing": {
                _SECTIONS[sharing.strategy]: {
                    "renameByDefault": True,  # nvidia.com/gpu.shared: a part of a GPU is not given for a whole one
                    "failRequestsGreaterThanOne": True,  # two parts are no larger share, so nobody may ask for them
                    "resources": [{"name": WHOLE_GPU, "replicas": sharing.replicas}],
                }
            },
        }
    return configs


def mig_configs(pools: Iterable[NodePoolSettings]) -> dict[str, Any]:
    """The MIG manager's file: each layout in use, under the name that `Sharing.mig_config` gives it."""
    layouts = {s.mig_config: dict(s.layout) for s in _of_the_operator(pools) if s.strategy == "mig"}
    cut = {
        name: [{"devices": "all", "mig-enabled": True, "mig-devices": layout}]
        for name, layout in sorted(layouts.items())
    }
    return {"version": "v1", "mig-configs": {NO_MIG: [{"devices": "all", "mig-enabled": False}], **cut}}


_SECTIONS: Mapping[str, str] = {"time-slicing": "timeSlicing", "mps": "mps"}


def _of_the_operator(pools: Iterable[NodePoolSettings]) -> Iterator[Sharing]:
    """Bottlerocket shares by itself, at boot."""
    return (pool.shared for pool in pools if pool.accelerator and pool.operating_system == "al2023")
