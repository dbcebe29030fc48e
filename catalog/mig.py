"""MIG (Multi-Instance GPU): the GPUs that can be partitioned, and their profiles.

A GPU has compute slices and memory slices. A MIG instance takes as many of both as its profile says, and can start only
at certain memory slices. So a layout may not fit although its sums do. The data file names the sources and the month
they were read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.instance_types import Accelerator
from catalog.rows import LazyTable, read_table


@dataclass(frozen=True, kw_only=True)
class MigProfile:
    """One size of MIG instance. memory_gb: as NVIDIA names it; a process can use a little less."""

    name: str
    compute_slices: int
    memory_slices: int
    memory_gb: int
    placement_starts: tuple[int, ...]
    max_instances: int

    @property
    def resource(self) -> str:
        """The extended resource that pods request, e.g. `nvidia.com/mig-1g.10gb`."""
        return f"nvidia.com/mig-{self.name.replace('+', '.')}"


@dataclass(frozen=True, kw_only=True)
class MigGpu:
    """One model of GPU. memory_mib: distinguishes models that share a name; None when the name is enough."""

    name: str
    accelerator: str
    memory_mib: int | None
    compute_slices: int
    memory_slices: int
    profiles: Mapping[str, MigProfile]

    def fits(self, layout: Mapping[str, int]) -> bool:
        """Returns whether one GPU can hold these instances (profile of this GPU -> count) at the same time."""
        profiles = [self.profiles[name] for name, count in layout.items() for _ in range(count)]
        if sum(profile.compute_slices for profile in profiles) > self.compute_slices:
            return False
        if any(count > self.profiles[name].max_instances for name, count in layout.items()):
            return False
        if sum(count for name, count in layout.items() if name.endswith("+me")) > 1:
            return False
        return self.placements(layout) is not None

    def placements(self, layout: Mapping[str, int]) -> tuple[tuple[str, int], ...] | None:
        """Returns (profile, first memory slice) of each instance, largest first; None when they do not fit."""
        profiles = [self.profiles[name] for name, count in layout.items() for _ in range(count)]
        largest_first = sorted(profiles, key=lambda profile: (-profile.memory_slices, len(profile.placement_starts)))
        starts = _starts(tuple(largest_first), frozenset())
        if starts is None:
            return None
        return tuple((profile.name, start) for profile, start in zip(largest_first, starts, strict=True))


@cache
def _starts(profiles: Sequence[MigProfile], taken: frozenset[int]) -> tuple[int, ...] | None:
    if not profiles:
        return ()
    for start in profiles[0].placement_starts:
        space = frozenset(range(start, start + profiles[0].memory_slices))
        rest = None if space & taken else _starts(profiles[1:], taken | space)
        if rest is not None:
            return (start, *rest)
    return None


def _gpu(name: str, row: Mapping[str, Any]) -> MigGpu:
    profiles = [
        MigProfile(
            name=profile,
            compute_slices=compute,
            memory_slices=memory,
            memory_gb=memory_gb,
            placement_starts=tuple(starts),
            max_instances=most,
        )
        for profile, compute, memory, memory_gb, starts, most in row["profiles"]
    ]
    return MigGpu(
        name=name,
        accelerator=row["accelerator"],
        memory_mib=row["memory_mib"],
        compute_slices=row["compute_slices"],
        memory_slices=row["memory_slices"],
        profiles={profile.name: profile for profile in profiles},
    )


def _load() -> dict[str, MigGpu]:
    return {name: _gpu(name, row) for name, row in read_table("mig_profiles")["gpus"].items()}


MIG_GPUS: Mapping[str, MigGpu] = LazyTable(_load)


def mig_gpu(accelerator: Accelerator) -> MigGpu | None:
    """Returns the MIG facts of an instance type's accelerators; None when they cannot be partitioned."""
    for gpu in MIG_GPUS.values():
        if gpu.accelerator == accelerator.name and gpu.memory_mib in (None, accelerator.memory_mib):
            return gpu
    return None
