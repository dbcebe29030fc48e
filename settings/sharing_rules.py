"""Rules of sharing: what the GPUs of a pool, its operating system and its provisioner make of it.

On AL2023 NVIDIA's GPU operator shares and cuts, and stops the kubelet to cut; Bottlerocket does both at boot, and cuts
into one profile. Sources: NVIDIA GPU operator, "GPU Operator with MIG"; NVIDIA MIG user guide; Bottlerocket,
`settings.kubelet-device-plugins`; read 2026-08.
"""

from collections.abc import Iterator, Mapping

from catalog.instance_types import INSTANCE_TYPES, Accelerator
from catalog.machine_images import bottlerocket_mig_profiles
from catalog.mig import MigGpu, mig_gpu
from settings.machine_rules import SoFar, machines, offered
from settings.problems import listed, nearest_or_all
from settings.sharing import SharingSettings


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
        if _operator_on_karpenter(pool):
            yield f"{OPERATOR_ON_KARPENTER} Write operating_system: bottlerocket, or provisioner: managed."
    elif (gpu := mig_gpu(accelerator)) is None:
        yield (
            f"is mig, but {accelerator.name} cannot be partitioned. Write strategy: time-slicing with replicas, or "
            f"take a type with MIG: {_with_mig()}."
        )
    else:
        yield from _mig(sharing, gpu, accelerator, pool)


OPERATOR_ON_KARPENTER = (
    "would be the work of the GPU operator, which sets nodes up after they have joined, while Karpenter already counts "
    "on their slices and pods."
)


def _operator_on_karpenter(pool: SoFar) -> bool:
    return pool.get("provisioner") == "karpenter" and pool.get("operating_system") == "al2023"


def _mig(sharing: SharingSettings, gpu: MigGpu, accelerator: Accelerator, pool: SoFar) -> Iterator[str]:
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
            f"names {name}, and {accelerator.name} with {accelerator.memory_gb or '?'} GB has no such profile."
            f"{nearest_or_all(name, gpu.profiles) if not elsewhere else f' Its profiles: {listed(gpu.profiles)}.'}"
            f"{f' {name} is there on {elsewhere}.' if elsewhere else ''}"
        )
    if unknown:
        return
    if sharing.layout and not gpu.fits(sharing.layout):
        yield f"{_why_not(gpu, sharing.layout)} {_what_fits(gpu, sharing.layout)}"
        return
    yield from _at_boot(sharing, gpu, pool)


def _at_boot(sharing: SharingSettings, gpu: MigGpu, pool: SoFar) -> Iterator[str]:
    """What Bottlerocket can cut, and whether the pool has to be Bottlerocket."""
    known = bottlerocket_mig_profiles(gpu)
    only = sharing.profile or next(iter(sharing.layout))
    whole = sharing.profile is not None or dict(sharing.layout) == {only: gpu.profiles[only].max_instances}
    alike = whole and only in known
    if _operator_on_karpenter(pool):
        way_out = "operating_system: bottlerocket, or provisioner: managed" if alike else "provisioner: managed"
        yield f"{OPERATOR_ON_KARPENTER} Write {way_out}."
    if pool.get("operating_system") != "bottlerocket" or alike:
        return
    managed = "operating_system: al2023 and provisioner: managed, whose nodes the GPU operator cuts"
    if not known:
        yield f"is mig, and Bottlerocket does not know how to cut {gpu.name}. Write {managed}."
    elif only not in known:
        yield f"names {only}, and Bottlerocket cuts {gpu.name} into {listed(known)} . Take one, or write {managed}."
    else:
        yield (
            f"is a mixed layout, and Bottlerocket cuts every GPU into one profile, as often as it fits. Write "
            f"`profile: {only}` in place of layout, or {managed}."
        )


def _why_not(gpu: MigGpu, layout: Mapping[str, int]) -> str:
    compute = sum(gpu.profiles[name].compute_slices * count for name, count in layout.items())
    memory = sum(gpu.profiles[name].memory_slices * count for name, count in layout.items())
    spelt = _spelt(layout)
    if compute > gpu.compute_slices:
        return f"{spelt} takes {compute} compute slices, and {gpu.name} has {gpu.compute_slices}."
    if memory > gpu.memory_slices:
        return f"{spelt} takes {memory} memory slices, and {gpu.name} has {gpu.memory_slices}."
    for name, count in layout.items():
        if count > gpu.profiles[name].max_instances:
            return f"{spelt} has {count} of {name}, and {gpu.name} takes {gpu.profiles[name].max_instances}."
    if sum(count for name, count in layout.items() if name.endswith("+me")) > 1:
        return f"{spelt} has more than one +me, and {gpu.name} has its media engines once."
    return f"{spelt} adds up, but each profile begins at certain memory slices alone, and these find no place together."


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
