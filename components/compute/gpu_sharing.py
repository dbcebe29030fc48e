"""Configurations of the NVIDIA GPU operator for GPU sharing, one for each kind in use, selected by a node label.

Source: NVIDIA device plugin 0.20, README, "Shared Access to GPUs"; read 2026-08.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog.sharing import WHOLE_GPU, Sharing
from settings.compute.node_pool import NodePoolSettings

WITHOUT_SHARING = Sharing().label  # the configuration of nodes without a label


def device_plugin_configs(pools: Iterable[NodePoolSettings]) -> dict[str, dict[str, Any]]:
    """Returns the device plugin's configurations: name, which is `Sharing.label` -> content."""
    shared = {sharing.label: sharing for sharing in _shared_by_the_operator(pools) if sharing.strategy in _SECTIONS}
    return {
        label: device_plugin_config(sharing)
        for label, sharing in ((WITHOUT_SHARING, Sharing()), *sorted(shared.items()))
    }


def device_plugin_config(sharing: Sharing) -> dict[str, Any]:
    """Returns the device plugin's configuration for nodes whose GPUs are shared in this way."""
    strategy = "none" if sharing.strategy == "mps" else "mixed"  # the plugin refuses MPS with "mixed"
    config: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": strategy}}
    if sharing.strategy in _SECTIONS:
        config["sharing"] = {
            _SECTIONS[sharing.strategy]: {
                "renameByDefault": True,  # nvidia.com/gpu.shared: a request for a whole GPU gets no part
                "failRequestsGreaterThanOne": True,  # two replicas are not a larger share
                "resources": [{"name": WHOLE_GPU, "replicas": sharing.replicas}],
            }
        }
    return config


_SECTIONS: Mapping[str, str] = {"time-slicing": "timeSlicing", "mps": "mps"}


def _shared_by_the_operator(pools: Iterable[NodePoolSettings]) -> Iterator[Sharing]:
    """Yields the sharing of the pools that the operator configures. Bottlerocket configures sharing itself, at boot."""
    return (pool.shared for pool in pools if pool.accelerator and pool.operating_system == "al2023")
