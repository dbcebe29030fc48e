"""Presets: the values of whole pools by name, for example `- preset: h100` in a stack file.

A preset is plain data. The pool's own values override it, and it overrides the profile of the environment. Labels and
other maps are merged key by key; lists are replaced; `sharing` that names a strategy is replaced as a whole. Values
that only the other provisioner has are dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.spelling import nearest


@dataclass(frozen=True)
class Preset:
    """One preset. about: the use of the pool, in one or two sentences. values: as under `pools[]` of a stack file."""

    about: str
    values: Mapping[str, Any]


def _taint(key: str, value: str = "true") -> list[dict[str, str]]:
    return [{"key": key, "value": value, "effect": "NoSchedule"}]


NVIDIA_TAINT = _taint("nvidia.com/gpu")  # public charts tolerate this taint
NEURON_TAINT = _taint("aws.amazon.com/neuron")
BIG_DISK = {"size_gib": 200}  # images with CUDA are 10 GiB and larger


def _gpu_pool(instance_types: list[str], **more: Any) -> dict[str, Any]:
    """Returns the values of a pool of Karpenter whose nodes have accelerators and local disks."""
    values = {"provisioner": "karpenter", "instance_types": instance_types, "max_per_zone": 1, "disk": BIG_DISK}
    return {**values, "local_nvme": "raid0", **more}


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
        "A100, time-slicing with 4 replicas: for research, development, training of small models, and batch inference. "
        "Nothing separates the pods on one GPU.",
        _gpu_pool(
            ["p4d.24xlarge"],
            sharing={"strategy": "time-slicing", "replicas": 4},
            labels=dict.fromkeys(("batch-inference", "development", "inference", "research", "training"), "true"),
            taints=_taint("gpu"),
        ),
    ),
    "a100-mig": Preset(
        "A100 with 80 GB, cut into MIG slices of three sizes, each with memory and faults of its own: for inference "
        "in production, and for agents that users wait for.",
        _gpu_pool(
            ["p4de.24xlarge"],
            sharing={"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}},
            labels={"critical-agents": "true", "production-inference": "true"},
            taints=_taint("gpu", "mig"),
        ),
    ),
    "a100-40gb-mig": Preset(
        "As a100-mig, on the A100 with 40 GB: slices with half the memory, in more regions.",
        _gpu_pool(
            ["p4d.24xlarge"],
            sharing={"strategy": "mig", "layout": {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}},
            labels={"critical-agents": "true", "production-inference": "true"},
            taints=_taint("gpu", "mig"),
        ),
    ),
    "h100": Preset(
        "H100, time-slicing with 2 replicas: for training and fine-tuning on one node.",
        _gpu_pool(
            ["p5.48xlarge"],
            sharing={"strategy": "time-slicing", "replicas": 2},
            meshed=False,  # processes of one training find each other at random ports
            labels={"fine-tuning": "true", "training": "true"},
            taints=_taint("gpu", "h100"),
        ),
    ),
    "h100-training": Preset(
        "Whole H100 with EFA, close together: for training over many nodes. Name the zone: `zones: [us-west-2a]`. On "
        "an EKS node group, whose nodes nobody consolidates under a job.",
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
        "H200 with 141 GB a GPU: for large models on one node.",
        _gpu_pool(
            ["p5en.48xlarge", "p5e.48xlarge"],
            labels={"inference": "true", "training": "true"},
            taints=NVIDIA_TAINT,
        ),
    ),
    "b200": Preset(
        "B200: for the largest models on one node.",
        _gpu_pool(
            ["p6-b200.48xlarge"],
            labels={"inference": "true", "training": "true"},
            taints=NVIDIA_TAINT,
        ),
    ),
    "l4": Preset(
        "L4, one to eight a node: for inference with changing load.",
        _gpu_pool(
            ["g6.xlarge", "g6.2xlarge", "g6.4xlarge", "g6.8xlarge", "g6.12xlarge", "g6.48xlarge"],
            max_per_zone=4,
            labels={"inference": "true"},
            taints=NVIDIA_TAINT,
        ),
    ),
    "l40s": Preset(
        "L40S, one to eight a node: for inference and fine-tuning with changing load.",
        _gpu_pool(
            [
                *("g6e.xlarge", "g6e.2xlarge", "g6e.4xlarge", "g6e.8xlarge", "g6e.12xlarge", "g6e.48xlarge"),
            ],
            max_per_zone=4,
            labels={"fine-tuning": "true", "inference": "true"},
            taints=NVIDIA_TAINT,
        ),
    ),
    "gpu-small": Preset(
        "One L4 a node, for notebooks: a node is removed only after its notebook has ended.",
        _gpu_pool(
            ["g6.xlarge", "g6.2xlarge", "g6.4xlarge"],
            max_per_zone=4,
            disruption={"consolidate": "when-empty"},
            labels={"notebooks": "true"},
            taints=NVIDIA_TAINT,
        ),
    ),
    "inf2": Preset(
        "Inferentia2, one to twelve devices a node: for inference of models compiled for Neuron.",
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
        "Trainium2, sixteen devices a node: for training of models compiled for Neuron.",
        _gpu_pool(
            ["trn2.48xlarge"],
            labels={"training": "true"},
            taints=NEURON_TAINT,
        ),
    ),
}


# Values that a pool of this provisioner cannot have; those of a preset are dropped there.
FOREIGN: Mapping[str, tuple[str, ...]] = {
    "managed": ("disruption", "fallback_capacity_types"),
    "karpenter": ("always_on", "desired_per_zone", "max_unavailable_percentage", "scaling"),
}


def preset_values(name: str) -> dict[str, Any]:
    """Returns the values of a preset. By default, the pool has the name of the preset and a minimum of no nodes."""
    return {"name": name, "min_per_zone": 0, **PRESETS[name].values}


def with_presets(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the stack file's values with the preset of each pool as defaults."""
    clusters = raw.get("clusters")
    if not isinstance(clusters, Mapping):
        return dict(raw)
    return {**raw, "clusters": {key: _cluster_with_presets(cluster) for key, cluster in clusters.items()}}


def _cluster_with_presets(cluster: Any) -> Any:
    pools = cluster.get("pools") if isinstance(cluster, Mapping) else None
    return {**cluster, "pools": [_pool_with_preset(pool) for pool in pools]} if isinstance(pools, list) else cluster


def _pool_with_preset(pool: Any) -> Any:
    name = pool.get("preset") if isinstance(pool, Mapping) else None
    known = nearest(name, PRESETS) if isinstance(name, str) else None  # values of a misspelt preset are not missing
    return _merge(_for_provisioner(preset_values(known), pool), pool) if known else pool


def _for_provisioner(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a preset that fit the pool's provisioner. EFA and reservations are for node groups."""
    values = dict(preset)
    if own.get("efa") is True or own.get("reservation"):
        values.pop("provisioner", None)
    provisioner = own.get("provisioner", values.get("provisioner", "managed"))
    foreign = FOREIGN.get(provisioner, ()) if isinstance(provisioner, str) else ()
    return {key: value for key, value in values.items() if key not in foreign}


def _merge(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**preset, **own}
    for key, value in preset.items():
        own_value = own.get(key)
        if isinstance(value, Mapping) and isinstance(own_value, Mapping):
            merged[key] = _merge_sharing(value, own_value) if key == "sharing" else {**value, **own_value}
    return merged


def _merge_sharing(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A new strategy replaces all of the preset's sharing; a new profile or layout replaces that of the preset."""
    if "strategy" in own:
        return dict(own)
    replaced = {"profile", "layout"} if {"profile", "layout"} & set(own) else set()
    return {**{key: value for key, value in preset.items() if key not in replaced}, **own}
