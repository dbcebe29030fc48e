"""EC2 instance types and what a node of each has. The data file names the sources and the month they were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from catalog.rows import LazyTable, read_table


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """The accelerators of one instance type. `memory_mib` is the memory of one device; None when it is not known.

    fractional: each device is a part of a GPU that AWS has divided (g6f, gr6f); EC2's API says the type has no GPU.
    """

    kind: Literal["gpu", "neuron"]
    manufacturer: str
    name: str
    count: int
    memory_mib: int | None
    fractional: bool = False

    @property
    def memory_gb(self) -> int | None:
        """Memory as the maker names it: some makers count in GiB, some in GB, and EC2 reports MiB for all."""
        if self.memory_mib is None:
            return None
        return self.memory_mib // 1024 if self.memory_mib % 1024 == 0 else round(self.memory_mib * 1.048576 / 1000)

    def __str__(self) -> str:
        """Returns a text for people, e.g. `8 x A100 40 GB`."""
        memory = "" if self.memory_gb is None else f" {self.memory_gb} GB"
        return f"{self.count} x {'part of ' if self.fractional else ''}{self.name}{memory}"


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """One EC2 instance type. None means that no source gives the figure.

    max_pods: with the VPC CNI and single addresses; max_pods_prefix_delegation: with /28 prefixes (Nitro only).
    efa_cards: the network cards with an EFA, when they are not the first ones; see catalog/efa.py.
    max_enis: the sum over all network cards. local_nvme_gb: the sum in decimal gigabytes, 0 without instance store.
    regions: where AWS offers the type. That says nothing about capacity or quotas.
    """

    name: str
    family: str
    vcpus: int
    memory_mib: int
    arch: Literal["x86_64", "arm64"]
    accelerator: Accelerator | None
    efa_interfaces: int | None
    efa_cards: tuple[int, ...]
    local_nvme_gb: float
    max_pods: int | None
    max_pods_prefix_delegation: int | None
    max_enis: int | None
    ipv4_per_eni: int | None
    usage_classes: tuple[str, ...]
    bare_metal: bool
    current_generation: bool
    regions: frozenset[str]


def _instance_type(name: str, row: Mapping[str, Any]) -> InstanceType:
    return InstanceType(
        name=name,
        family=name.split(".")[0],
        vcpus=row["vcpus"],
        memory_mib=row["memory_mib"],
        arch=row["arch"],
        accelerator=Accelerator(**row["accelerator"]) if "accelerator" in row else None,
        efa_interfaces=row.get("efa_interfaces", 0),
        efa_cards=tuple(row.get("efa_cards", ())),
        local_nvme_gb=row.get("local_nvme_gb", 0),
        max_pods=row["max_pods"],
        max_pods_prefix_delegation=row["max_pods_prefix_delegation"],
        max_enis=row["max_enis"],
        ipv4_per_eni=row["ipv4_per_eni"],
        usage_classes=tuple(row["usage_classes"]),
        bare_metal=row.get("bare_metal", False),
        current_generation=row.get("current_generation", True),
        regions=frozenset(row["regions"].split()),
    )


def _load() -> dict[str, InstanceType]:
    return {name: _instance_type(name, row) for name, row in read_table("instance_types")["types"].items()}


INSTANCE_TYPES: Mapping[str, InstanceType] = LazyTable(_load)
