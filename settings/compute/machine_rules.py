"""Rules of a pool's instance types: what can stand in one pool, what an image drives, how types are sold.

Each rule gets a value and the values before it in the pool (those of them that are right), and yields what is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from settings.compute.reservation import ReservationSettings
from settings.core.problems import did_you_mean, listed, repeated

SoFar = Mapping[str, Any]

# Accelerators that the images which EKS keeps have no driver for.
# Source: awslabs/amazon-eks-ami, doc/usage/g7-ami.md, read 2026-11. Of Bottlerocket no source says otherwise.
UNDRIVEN: Mapping[str, str] = {"RTX PRO 4500": "needs NVIDIA driver 595, and the images that EKS keeps bring 580"}

PREFERENCE = ("reserved", "spot", "on-demand")  # Karpenter's own order. Source: Karpenter, NodePools, read 2026-08


def machines(pool: SoFar) -> list[InstanceType]:
    """The pool's instance types as the catalog knows them; none when they are wrong."""
    return [INSTANCE_TYPES[name] for name in pool.get("instance_types", ())]


def is_driven(instance_type: InstanceType) -> bool:
    """Whether the images that EKS keeps have a driver for the accelerators of the type, if there are any."""
    return instance_type.accelerator is None or instance_type.accelerator.name not in UNDRIVEN


def offered(types: Sequence[InstanceType]) -> str:
    """Some of these that AWS sells somewhere, and that an image drives, smallest first."""
    usable = sorted((t for t in types if t.regions and is_driven(t)), key=lambda t: (t.vcpus, t.name))
    return listed(t.name for t in usable[:4])


def types_are_known(names: tuple[str, ...], _: SoFar) -> Iterator[str]:
    for name in names:
        if name not in INSTANCE_TYPES:
            yield (
                f"{name} is no instance type that the catalog knows.{did_you_mean(name, INSTANCE_TYPES)} "
                "A new type is one row of catalog/data/instance_types.json."
            )
    if twice := repeated(names):
        yield f"{listed(twice)} named twice. Name each type once."


def types_share_one_machine_image(names: tuple[str, ...], _: SoFar) -> Iterator[str]:
    types = _known(names)
    if len({t.arch for t in types}) > 1:
        yield (
            f"architectures are mixed ({listed(f'{t.name} is {t.arch}' for t in types)}), but the nodes of a pool "
            "share one machine image. Make a pool for each architecture."
        )
    for t in types:
        if t.accelerator and (reason := UNDRIVEN.get(t.accelerator.name)):
            yield (
                f"{t.name} carries {t.accelerator.name}, which {reason}: it would be paid for and never scheduled. "
                f"Take for example {offered(_driven_instead(t.accelerator))}."
            )


def types_have_the_same_accelerator(names: tuple[str, ...], _: SoFar) -> Iterator[str]:
    """Prices, slices and the label of the accelerator hold for the whole pool."""
    types = _known(names)
    kinds = {(t.accelerator.name, t.accelerator.memory_mib) if t.accelerator else None for t in types}
    if len(kinds) < 2:
        return
    first = types[0].accelerator
    alike = [
        t.name
        for t in types
        if (first is None and t.accelerator is None)
        or (
            first and t.accelerator and (first.name, first.memory_mib) == (t.accelerator.name, t.accelerator.memory_mib)
        )
    ]
    has = listed(f"{t.name} has {t.accelerator or 'none'}" for t in types)
    yield (
        f"accelerators are mixed ({has}), so pods could not tell what they get. Keep {listed(alike)} here, and make "
        "another pool for the rest."
    )


def types_are_sold_that_way(capacity_type: str, pool: SoFar) -> Iterator[str]:
    ways = {"reserved": ("on-demand", "capacity-block")}.get(capacity_type, (capacity_type,))
    unsold = _unsold(pool, ways)
    if unsold:
        yield (
            f"AWS does not sell {listed(unsold)} as {capacity_type}. Write capacity_type: on-demand, or take other "
            "types."
        )


def fallbacks_come_after_what_is_wanted(fallbacks: tuple[str, ...], pool: SoFar) -> Iterator[str]:
    wanted = pool.get("capacity_type")
    if not fallbacks:
        return
    if pool.get("provisioner") == "managed":
        yield (
            "is given, but an EKS node group buys in one way alone. Drop it, or write provisioner: karpenter, which "
            "tries one after the other."
        )
        return
    if twice := repeated(fallbacks):
        yield f"{listed(twice)} named twice. Name each way once."
    elif wanted in fallbacks:
        yield f"{wanted} is capacity_type already. Drop it here."
    elif wanted and [wanted, *fallbacks] != sorted([wanted, *fallbacks], key=PREFERENCE.index):
        first, *rest = sorted([wanted, *fallbacks], key=PREFERENCE.index)
        yield (
            f"Karpenter takes {first} before {rest[0]}, whatever stands here. Write capacity_type: {first} and "
            f"fallback_capacity_types: [{listed(rest)}]."
        )
    for way in fallbacks:
        if unsold := _unsold(pool, (way,)):
            yield f"AWS does not sell {listed(unsold)} as {way}. Drop {way} here."


def a_reservation_is_named_where_one_is_used(reservation: ReservationSettings | None, pool: SoFar) -> Iterator[str]:
    capacity_type = pool.get("capacity_type")
    if reservation is None:
        if capacity_type == "reserved":
            yield (
                "is missing, and capacity_type reserved buys nothing by itself. Write "
                "`reservation: {id: cr-..., zone: ...}` as `aws ec2 describe-capacity-reservations` lists it, or "
                "capacity_type: on-demand."
            )
        return
    if capacity_type is not None and capacity_type != "reserved":
        yield f"is given, but capacity_type is {capacity_type}, so it would lie idle. Write capacity_type: reserved."
    types = machines(pool)
    if len(types) > 1:
        yield (
            f"is for one instance type, and the pool has {listed(t.name for t in types)}. Keep the type that was "
            "reserved, and make another pool for the others."
        )
    elif types and types[0].usage_classes and reservation.kind not in types[0].usage_classes:
        sold = listed(way for way in types[0].usage_classes if way != "spot")
        yield f"AWS does not sell {types[0].name} as {reservation.kind}, but as {sold}. Name one of that kind."


def disks_are_there(local_nvme: str, pool: SoFar) -> Iterator[str]:
    if local_nvme == "none":
        return
    without = [t.name for t in machines(pool) if not t.local_nvme_gb]
    if without:
        yield f"{listed(without)} has no NVMe disks of its own. Write local_nvme: none, or take types that have some."


def the_image_drives_neuron(operating_system: str, pool: SoFar) -> Iterator[str]:
    """Source: Amazon EKS API reference, Nodegroup amiType: of Neuron there is AL2023 on x86_64 alone; read 2026-08."""
    neuron = [t.name for t in machines(pool) if t.accelerator and t.accelerator.kind == "neuron"]
    if neuron and operating_system != "al2023":
        yield f"no image of {operating_system} drives the Neuron devices of {listed(neuron)}. Write al2023."


def _driven_instead(undriven: Accelerator) -> list[InstanceType]:
    """Types of one whole GPU each with as much memory."""
    return [
        t
        for t in INSTANCE_TYPES.values()
        if (other := t.accelerator)
        and (other.kind, other.count) == (undriven.kind, 1)
        and (other.memory_mib or 0) >= (undriven.memory_mib or 0)
    ]


def _known(names: Sequence[str]) -> list[InstanceType]:
    return [INSTANCE_TYPES[name] for name in names if name in INSTANCE_TYPES]


def _unsold(pool: SoFar, ways: Sequence[str]) -> list[str]:
    return [t.name for t in machines(pool) if t.usage_classes and not set(ways) & set(t.usage_classes)]
