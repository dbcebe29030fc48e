"""Whole pools by name: `- preset: h100` in a stack file is one of these, and what the file says beside it holds.

Each is plain data, laid under the pool's own values and over the profile of the environment. Labels and other maps are
joined key by key; lists are replaced; `sharing` that names a strategy is replaced as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """about: what the pool is for, in a sentence or two. values: as under `pools[]` of a stack file."""

    about: str
    values: Mapping[str, Any]


def _taint(key: str, value: str = "true") -> list[dict[str, str]]:
    return [{"key": key, "value": value, "effect": "NoSchedule"}]


NVIDIA_TAINT = _taint("nvidia.com/gpu")  # what charts of others tolerate
NEURON_TAINT = _taint("aws.amazon.com/neuron")
BIG_DISK = {"size_gib": 200}  # images with CUDA have 10 GiB and more

PRESETS: Mapping[str, Preset] = {
    "cpu": Preset(
        "Control plane of the ML services, and MLOps.",
        {
            "instance_types": ["m5.2xlarge", "m5.4xlarge"],
            "max_per_zone": 4,
            "disk": BIG_DISK,
            "labels": {"control": "true", "mlops": "true"},
        },
    ),
    "a100-time-slicing": Preset(
        "A100 whose pods take turns: for development, research, and inference that may wait. Nothing keeps the pods of "
        "a GPU apart. Nodes that come and go with their pods: `provisioner: karpenter`.",
        {
            "instance_types": ["p4d.24xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "sharing": {"strategy": "time-slicing", "replicas": 4},
            "labels": {"development": "true", "inference": "true", "research": "true"},
            "taints": _taint("gpu"),
        },
    ),
    "a100-mig": Preset(
        "A100 of 80 GB, each cut into slices of three sizes with memory and faults of their own: inference in "
        "production, and agents that others wait for.",
        {
            "instance_types": ["p4de.24xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}},
            "labels": {"critical-agents": "true", "production-inference": "true"},
            "taints": _taint("gpu", "mig"),
        },
    ),
    "a100-40gb-mig": Preset(
        "As a100-mig, on the A100 of 40 GB: slices of half the memory, in more regions.",
        {
            "instance_types": ["p4d.24xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "sharing": {"strategy": "mig", "layout": {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}},
            "labels": {"critical-agents": "true", "production-inference": "true"},
            "taints": _taint("gpu", "mig"),
        },
    ),
    "h100": Preset(
        "H100 with two pods a GPU, in turns: training and fine-tuning on one node.",
        {
            "instance_types": ["p5.48xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "sharing": {"strategy": "time-slicing", "replicas": 2},
            "labels": {"fine-tuning": "true", "training": "true"},
            "taints": _taint("gpu", "h100"),
        },
    ),
    "h100-training": Preset(
        "Whole H100 with EFA, close together: training over many nodes. Name the zone: `zones: [us-west-2a]`.",
        {
            "instance_types": ["p5.48xlarge"],
            "capacity_type": "on-demand",
            "max_per_zone": 2,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "efa": True,
            "placement_group": True,
            "labels": {"training": "true"},
            "taints": NVIDIA_TAINT,
        },
    ),
    "h200": Preset(
        "H200 with 141 GB a GPU: large models on one node.",
        {
            "instance_types": ["p5en.48xlarge", "p5e.48xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "labels": {"inference": "true", "training": "true"},
            "taints": NVIDIA_TAINT,
        },
    ),
    "b200": Preset(
        "B200: the largest models on one node.",
        {
            "instance_types": ["p6-b200.48xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "labels": {"inference": "true", "training": "true"},
            "taints": NVIDIA_TAINT,
        },
    ),
    "l4": Preset(
        "L4, one to eight a node: inference that comes and goes.",
        {
            "provisioner": "karpenter",
            "instance_types": ["g6.xlarge", "g6.2xlarge", "g6.4xlarge", "g6.8xlarge", "g6.12xlarge", "g6.48xlarge"],
            "max_per_zone": 4,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "labels": {"inference": "true"},
            "taints": NVIDIA_TAINT,
        },
    ),
    "l40s": Preset(
        "L40S, one to eight a node: inference and fine-tuning that come and go.",
        {
            "provisioner": "karpenter",
            "instance_types": [
                *("g6e.xlarge", "g6e.2xlarge", "g6e.4xlarge", "g6e.8xlarge", "g6e.12xlarge", "g6e.48xlarge"),
            ],
            "max_per_zone": 4,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "labels": {"fine-tuning": "true", "inference": "true"},
            "taints": NVIDIA_TAINT,
        },
    ),
    "gpu-small": Preset(
        "One L4 a node, for notebooks: a node goes when its notebook has ended, never before.",
        {
            "provisioner": "karpenter",
            "instance_types": ["g6.xlarge", "g6.2xlarge", "g6.4xlarge"],
            "max_per_zone": 4,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "disruption": {"consolidate": "when-empty"},
            "labels": {"notebooks": "true"},
            "taints": NVIDIA_TAINT,
        },
    ),
    "inf2": Preset(
        "Inferentia2, one to twelve devices a node: inference of models compiled for Neuron.",
        {
            "provisioner": "karpenter",
            "instance_types": ["inf2.xlarge", "inf2.8xlarge", "inf2.24xlarge", "inf2.48xlarge"],
            "max_per_zone": 2,
            "disk": BIG_DISK,
            "labels": {"inference": "true"},
            "taints": NEURON_TAINT,
        },
    ),
    "trn2": Preset(
        "Trainium2, sixteen devices a node: training of models compiled for Neuron.",
        {
            "instance_types": ["trn2.48xlarge"],
            "max_per_zone": 1,
            "disk": BIG_DISK,
            "local_nvme": "raid0",
            "labels": {"training": "true"},
            "taints": NEURON_TAINT,
        },
    ),
}


def preset_values(name: str) -> dict[str, Any]:
    """What a preset says of a pool: its own name and no nodes at rest, unless it says otherwise."""
    return {"name": name, "min_per_zone": 0, **PRESETS[name].values}


def with_presets(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The stack file's values with the preset of each pool laid under the pool."""
    clusters = raw.get("clusters")
    if not isinstance(clusters, Mapping):
        return dict(raw)
    return {**raw, "clusters": {key: _cluster(cluster) for key, cluster in clusters.items()}}


def _cluster(cluster: Any) -> Any:
    pools = cluster.get("pools") if isinstance(cluster, Mapping) else None
    return {**cluster, "pools": [_pool(pool) for pool in pools]} if isinstance(pools, list) else cluster


def _pool(pool: Any) -> Any:
    name = pool.get("preset") if isinstance(pool, Mapping) else None
    return _under(preset_values(name), pool) if isinstance(name, str) and name in PRESETS else pool


def _under(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    laid = {**preset, **own}
    for key, value in preset.items():
        said = own.get(key)
        if isinstance(value, Mapping) and isinstance(said, Mapping):
            laid[key] = _shared(value, said) if key == "sharing" else {**value, **said}
    return laid


def _shared(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A strategy, a profile or a layout is a choice: what the preset chose in its place goes."""
    if "strategy" in own:
        return dict(own)
    chosen = {"profile", "layout"} if {"profile", "layout"} & set(own) else set()
    return {**{key: value for key, value in preset.items() if key not in chosen}, **own}
