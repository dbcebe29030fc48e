"""Rules about sharing: what the GPUs of a pool and its operating system allow.

Sources: NVIDIA MIG user guide; NVIDIA GPU operator, "GPU Operator with MIG", read 2026-08. For Bottlerocket:
bottlerocket-core-kit, configuration of nvidia-k8s-device-plugin, read 2026-11.
"""

from collections.abc import Iterator, Mapping

from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import MigGpu, mig_gpu
from settings.compute.machine_rules import ValidSettings, machines, offered
from settings.compute.sharing import SharingSettings
from settings.core.problems import listed


def gpus_can_be_shared(sharing: SharingSettings, pool: ValidSettings) -> Iterator[str]:
    types = machines(pool)
    if sharing.strategy == "none" or not types:
        return
    accelerator = types[0].accelerator
    if accelerator is None:
        yield f"is {sharing.strategy}, but {types[0].name} has no GPU to share. Drop sharing, or take a type with GPUs."
    elif accelerator.kind == "neuron":
        yield (
            f"is {sharing.strategy}, but the Neuron device plugin offers only whole {accelerator.name} devices. Drop "
            "sharing, and take a smaller type for pods that need less."
        )
    elif accelerator.fractional:
        yield (
            f"is {sharing.strategy}, but {types[0].name} already has only a part of a GPU. Drop sharing, or share a "
            "whole GPU, for example on g6.xlarge."
        )
    elif sharing.strategy != "mig":
        return  # both operating systems can share any other GPU by time-slicing or MPS
    elif (gpu := mig_gpu(accelerator)) is None:
        yield (
            f"is mig, but {accelerator.name} cannot be partitioned. Write "
            f"`sharing: {{strategy: time-slicing, replicas: 2}}`, or take a type with MIG: {_types_with_mig()}."
        )
    else:
        yield from _mig_mistakes(sharing, gpu, pool)


def _mig_mistakes(sharing: SharingSettings, gpu: MigGpu, pool: ValidSettings) -> Iterator[str]:
    largest = max(gpu.profiles.values(), key=lambda profile: profile.max_instances)
    if sharing.profile is None and not sharing.layout:
        yield (
            "is mig without a profile or a layout, so the GPUs would stay whole. Write for example "
            f"`profile: {largest.name}`, which gives {largest.max_instances} on each GPU."
        )
        return
    requested = dict(sharing.layout) or {str(sharing.profile): 0}
    unknown = [name for name in requested if name not in gpu.profiles]
    for name in unknown:
        elsewhere = _types_with_mig(name)
        yield (
            f"names {name}, but {gpu.name} has no such profile. Take one of "
            f"{listed(gpu.profiles)}{f', or for {name} one of the types {elsewhere}' if elsewhere else ''}."
        )
    if unknown:
        return
    if sharing.layout and not gpu.fits(sharing.layout):
        yield f"{_why_it_does_not_fit(gpu, sharing.layout)} {_nearest_fitting_layout(gpu, sharing.layout)}"
    if pool.get("operating_system") == "bottlerocket":
        yield (
            "is mig, but Bottlerocket offers slices under the name of whole GPUs, nvidia.com/gpu: a pod that requests "
            "a GPU would get a slice, and a pod that requests a slice would wait forever. Write operating_system: "
            "al2023."
        )


def _why_it_does_not_fit(gpu: MigGpu, layout: Mapping[str, int]) -> str:
    compute = sum(gpu.profiles[name].compute_slices * count for name, count in layout.items())
    memory = sum(gpu.profiles[name].memory_slices * count for name, count in layout.items())
    text = _layout_text(layout)
    if compute > gpu.compute_slices:
        return f"{text} needs {compute} compute slices, and {gpu.name} has {gpu.compute_slices}."
    if memory > gpu.memory_slices:
        return f"{text} needs {memory} memory slices, and {gpu.name} has {gpu.memory_slices}."
    limits = listed(f"{profile.max_instances} of {name}" for name, profile in gpu.profiles.items() if name in layout)
    return f"{text} does not fit: {gpu.name} has room for at most {limits}."


def _nearest_fitting_layout(gpu: MigGpu, layout: Mapping[str, int]) -> str:
    """Returns advice: as much of the layout as fits, with the largest slices first."""
    fitting: dict[str, int] = {}
    for name in sorted(layout, key=lambda name: -gpu.profiles[name].memory_slices):
        for _ in range(min(layout[name], gpu.profiles[name].max_instances)):
            more = {**fitting, name: fitting.get(name, 0) + 1}
            if gpu.fits(more):
                fitting = more
    return f"The nearest layout that fits is `layout: {_layout_text(fitting)}`."


def _layout_text(layout: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{name}: {count}" for name, count in layout.items()) + "}"


def _types_with_mig(profile: str | None = None) -> str:
    """Returns instance types whose GPUs have MIG, or have this MIG profile; empty when there is none."""
    return offered(
        [
            t
            for t in INSTANCE_TYPES.values()
            if t.accelerator and (gpu := mig_gpu(t.accelerator)) and (profile is None or profile in gpu.profiles)
        ]
    )
