"""Rules of sharing: what the GPUs of a pool, and its operating system, make of it.

Sources: NVIDIA MIG user guide; NVIDIA GPU operator, "GPU Operator with MIG", read 2026-08. Of Bottlerocket:
bottlerocket-core-kit, configuration of nvidia-k8s-device-plugin, read 2026-11.
"""

from collections.abc import Iterator, Mapping

from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import MigGpu, mig_gpu
from settings.compute.machine_rules import SoFar, machines, offered
from settings.compute.sharing import SharingSettings
from settings.core.problems import listed


def gpus_can_be_shared(sharing: SharingSettings, pool: SoFar) -> Iterator[str]:
    types = machines(pool)
    if sharing.strategy == "none" or not types:
        return
    accelerator = types[0].accelerator
    if accelerator is None:
        yield f"is {sharing.strategy}, but {types[0].name} has no GPU to share. Drop sharing, or take a type with GPUs."
    elif accelerator.kind == "neuron":
        yield (
            f"is {sharing.strategy}, but the Neuron device plugin hands out whole {accelerator.name} devices. Drop "
            "sharing; a pod that needs less fits a smaller type."
        )
    elif accelerator.fractional:
        yield (
            f"is {sharing.strategy}, but the device of {types[0].name} is a part of a GPU already, cut by AWS. Drop "
            "sharing, or share a whole GPU, for example on g6.xlarge."
        )
    elif sharing.strategy != "mig":
        return  # any other GPU can be shared so, by either operating system
    elif (gpu := mig_gpu(accelerator)) is None:
        yield (
            f"is mig, but {accelerator.name} cannot be partitioned. Write "
            f"`sharing: {{strategy: time-slicing, replicas: 2}}`, or take a type with MIG: {_with_mig()}."
        )
    else:
        yield from _mig(sharing, gpu, pool)


def _mig(sharing: SharingSettings, gpu: MigGpu, pool: SoFar) -> Iterator[str]:
    largest = max(gpu.profiles.values(), key=lambda profile: profile.max_instances)
    if sharing.profile is None and not sharing.layout:
        yield (
            "is mig without a profile or a layout, so the GPUs would stay whole. Write for example "
            f"`profile: {largest.name}`, which gives {largest.max_instances} on each GPU."
        )
        return
    wanted = dict(sharing.layout) or {str(sharing.profile): 0}
    unknown = [name for name in wanted if name not in gpu.profiles]
    for name in unknown:
        elsewhere = _with_mig(name)
        yield (
            f"names {name}, and {gpu.name} has no such profile. Take one of {listed(gpu.profiles)}"
            f"{f', or for {name} a type that has it: {elsewhere}' if elsewhere else ''}."
        )
    if unknown:
        return
    if sharing.layout and not gpu.fits(sharing.layout):
        yield f"{_why_not(gpu, sharing.layout)} {_what_fits(gpu, sharing.layout)}"
    if pool.get("operating_system") == "bottlerocket":
        yield (
            "is mig, but Bottlerocket offers slices under the name of whole GPUs, nvidia.com/gpu: whoever asks for a "
            "GPU would get a slice, and whoever asks for a slice would wait for ever. Write operating_system: al2023."
        )


def _why_not(gpu: MigGpu, layout: Mapping[str, int]) -> str:
    compute = sum(gpu.profiles[name].compute_slices * count for name, count in layout.items())
    memory = sum(gpu.profiles[name].memory_slices * count for name, count in layout.items())
    spelt = _spelt(layout)
    if compute > gpu.compute_slices:
        return f"{spelt} takes {compute} compute slices, and {gpu.name} has {gpu.compute_slices}."
    if memory > gpu.memory_slices:
        return f"{spelt} takes {memory} memory slices, and {gpu.name} has {gpu.memory_slices}."
    most = listed(f"{profile.max_instances} of {name}" for name, profile in gpu.profiles.items() if name in layout)
    return f"{spelt} finds no place: {gpu.name} takes at most {most}."


def _what_fits(gpu: MigGpu, layout: Mapping[str, int]) -> str:
    """The most of the layout, largest instances first, that fits."""
    fitting: dict[str, int] = {}
    for name in sorted(layout, key=lambda name: -gpu.profiles[name].memory_slices):
        for _ in range(min(layout[name], gpu.profiles[name].max_instances)):
            more = {**fitting, name: fitting.get(name, 0) + 1}
            if gpu.fits(more):
                fitting = more
    return f"Nearest that fits: `layout: {_spelt(fitting)}`."


def _spelt(layout: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{name}: {count}" for name, count in layout.items()) + "}"


def _with_mig(profile: str | None = None) -> str:
    """Instance types that can be cut, or cut into this profile; empty when there is none."""
    return offered(
        [
            t
            for t in INSTANCE_TYPES.values()
            if t.accelerator and (gpu := mig_gpu(t.accelerator)) and (profile is None or profile in gpu.profiles)
        ]
    )
