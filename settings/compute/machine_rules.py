"""Rules about the instance types of a pool: which types fit together, have a driver, and are sold as requested.

Each rule gets the value of a setting and the valid settings above it in the model, and yields what is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.limits import EKS_PODS_PER_NODE
from catalog.pods_per_node import pods_on, pods_per_node
from common.spelling import did_you_mean
from settings.compute.reservation import ReservationSettings
from settings.core.problems import listed, repeated

ValidSettings = Mapping[str, Any]

# Accelerators that only images of AL2023 have a driver for. From v20260917 on these bring two drivers, and use the
# newer one for such a GPU; managed groups start with the newest image, Karpenter with the release of the catalog.
# Sources: awslabs/amazon-eks-ami, issue 2768 and resolve-nvidia-driver.sh at 46d3c70; bottlerocket-os/bottlerocket,
# issue 4889 and pull request 4867, both open; read 2026-11.
ONLY_AL2023: Mapping[str, str] = {"RTX PRO 4500": "needs NVIDIA driver 595, and images of Bottlerocket have 580"}

PREFERENCE = ("reserved", "spot", "on-demand")  # Karpenter's own order. Source: Karpenter, NodePools, read 2026-08


def machines(pool: ValidSettings) -> list[InstanceType]:
    """Returns the pool's instance types from the catalog; none when the setting is wrong."""
    return [INSTANCE_TYPES[name] for name in pool.get("instance_types", ())]


def offered(types: Sequence[InstanceType]) -> str:
    """Returns some of the types as text, smallest first: types that AWS sells and that every image has a driver for."""
    usable = [t for t in types if t.regions and not (t.accelerator and t.accelerator.name in ONLY_AL2023)]
    return listed(t.name for t in sorted(usable, key=lambda t: (t.vcpus, t.name))[:4])


def types_are_known(names: tuple[str, ...], _: ValidSettings) -> Iterator[str]:
    for name in names:
        if name not in INSTANCE_TYPES:
            yield (
                f"{name} is not an instance type of the catalog.{did_you_mean(name, INSTANCE_TYPES)} To add one, add "
                "a row to catalog/data/instance_types.json."
            )
    if twice := repeated(names):
        yield f"{listed(twice)} is named twice. Name each type once."


def types_share_one_machine_image(names: tuple[str, ...], _: ValidSettings) -> Iterator[str]:
    types = _known(names)
    if len({t.arch for t in types}) > 1:
        yield (
            f"architectures are mixed ({listed(f'{t.name} is {t.arch}' for t in types)}), but the nodes of a pool "
            "share one machine image. Make a pool for each architecture."
        )


def types_have_the_same_accelerator(names: tuple[str, ...], _: ValidSettings) -> Iterator[str]:
    """The price, the slices and the accelerator label are the same for all nodes of a pool."""
    types = _known(names)
    kinds = {(t.accelerator.name, t.accelerator.memory_mib) if t.accelerator else None for t in types}
    if len(kinds) < 2:
        return
    first = types[0].accelerator
    similar = [
        t.name
        for t in types
        if (first is None and t.accelerator is None)
        or (
            first and t.accelerator and (first.name, first.memory_mib) == (t.accelerator.name, t.accelerator.memory_mib)
        )
    ]
    accelerators = listed(f"{t.name} has {t.accelerator or 'none'}" for t in types)
    yield (
        f"accelerators are mixed ({accelerators}), so a pod could not choose what it gets. Keep {listed(similar)} "
        "here, and make another pool for the rest."
    )


def pods_of_managed_nodes_get_addresses(names: tuple[str, ...], pool: ValidSettings) -> Iterator[str]:
    """EKS computes the number of pods itself, and counts the primary interface, which serves no pods here."""
    types = _known(names)
    counted = [pods_on(t, efas_on_card_0=0, primary_serves_pods=True) or EKS_PODS_PER_NODE for t in types]
    short = [t for t in types if (pods := pods_per_node(t, efa=False)) is not None and pods < min(counted)]
    if pool.get("provisioner") == "managed" and short:
        yield (
            f"EKS would place {min(counted)} pods on a node, but only {pods_per_node(short[0], efa=False)} of "
            f"{short[0].name} get an address, and the others would never start. Take larger types than "
            f"{listed(t.name for t in short)}, or write provisioner: karpenter, which is told the number."
        )


def types_are_sold_as_requested(capacity_type: str, pool: ValidSettings) -> Iterator[str]:
    usage_classes = {"reserved": ("on-demand", "capacity-block")}.get(capacity_type, (capacity_type,))
    unsold = _unsold(pool, usage_classes)
    if unsold:
        yield (
            f"AWS does not sell {listed(unsold)} as {capacity_type}. Write capacity_type: on-demand, or take other "
            "types."
        )


def fallbacks_come_after_the_capacity_type(fallbacks: tuple[str, ...], pool: ValidSettings) -> Iterator[str]:
    capacity_type = pool.get("capacity_type")
    if not fallbacks:
        return
    if pool.get("provisioner") == "managed":
        yield (
            "is given, but an EKS node group has only one capacity type. Drop it, or write provisioner: karpenter, "
            "which tries one after the other."
        )
        return
    if twice := repeated(fallbacks):
        yield f"{listed(twice)} is named twice. Name each capacity type once."
    elif capacity_type in fallbacks:
        yield f"{capacity_type} is already the capacity_type. Drop it here."
    elif capacity_type and [capacity_type, *fallbacks] != sorted([capacity_type, *fallbacks], key=PREFERENCE.index):
        first, *rest = sorted([capacity_type, *fallbacks], key=PREFERENCE.index)
        yield (
            f"Karpenter always takes {first} before {rest[0]}. Write capacity_type: {first} and "
            f"fallback_capacity_types: [{listed(rest)}]."
        )
    for fallback in fallbacks:
        if unsold := _unsold(pool, (fallback,)):
            yield f"AWS does not sell {listed(unsold)} as {fallback}. Drop {fallback} here."


def a_reservation_is_named_where_one_is_used(
    reservation: ReservationSettings | None, pool: ValidSettings
) -> Iterator[str]:
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
        yield (
            f"is given, but capacity_type is {capacity_type}, so the reservation would be idle. Write capacity_type: "
            "reserved."
        )
    types = machines(pool)
    if len(types) > 1:
        yield (
            f"is for one instance type, but the pool has {listed(t.name for t in types)}. Keep the reserved type, and "
            "make another pool for the others."
        )
    elif types and types[0].usage_classes and reservation.kind not in types[0].usage_classes:
        sold = listed(way for way in types[0].usage_classes if way != "spot")
        yield f"AWS does not sell {types[0].name} as {reservation.kind}, but as {sold}. Name one of that kind."


def disks_exist(local_nvme: str, pool: ValidSettings) -> Iterator[str]:
    if local_nvme == "none":
        return
    without = [t.name for t in machines(pool) if not t.local_nvme_gb]
    if without:
        yield f"{listed(without)} has no local NVMe disks. Write local_nvme: none, or take types with local disks."


def the_image_has_a_driver(operating_system: str, pool: ValidSettings) -> Iterator[str]:
    """Source: Amazon EKS API reference, Nodegroup amiType: Neuron has only AL2023 on x86_64; read 2026-08."""
    if operating_system == "al2023":
        return
    accelerated = [(t.name, t.accelerator) for t in machines(pool) if t.accelerator]
    if neuron := [name for name, accelerator in accelerated if accelerator.kind == "neuron"]:
        yield f"no {operating_system} image has a driver for the Neuron devices of {listed(neuron)}. Write al2023."
    for name, accelerator in accelerated:
        if reason := ONLY_AL2023.get(accelerator.name):
            yield f"{name} has an {accelerator.name}, which {reason}. Write al2023."


def _known(names: Sequence[str]) -> list[InstanceType]:
    return [INSTANCE_TYPES[name] for name in names if name in INSTANCE_TYPES]


def _unsold(pool: ValidSettings, usage_classes: Sequence[str]) -> list[str]:
    return [t.name for t in machines(pool) if t.usage_classes and not set(usage_classes) & set(t.usage_classes)]
