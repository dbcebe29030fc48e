"""Every rule that a pool has to keep by itself, by the setting that it is told at.

A rule between two settings is told at the later of them, so that a mistake elsewhere in the pool does not hide it: it
gets the value, and the values before it that are right, and yields a sentence for each mistake.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import EKS_LABELS_PER_NODE_GROUP, EKS_TAINTS_PER_NODE_GROUP
from settings.compute import machine_rules, sharing_rules
from settings.compute.disruption import DisruptionSettings
from settings.compute.machine_rules import SoFar, machines, offered
from settings.compute.off_peak import OffPeakSettings
from settings.compute.presets import PRESETS
from settings.core.problems import listed, nearest_or_all, repeated

Rule = Callable[[Any, SoFar], Iterator[str]]

# The platform sets some by itself: the pool, the accelerator, its sharing, what the GPU operator is to do on the node.
ROOM_FOR_LABELS = EKS_LABELS_PER_NODE_GROUP - 10
DEFAULT_MAX_UNAVAILABLE = 33  # percent


def is_karpenter(pool: SoFar) -> bool:
    return pool.get("provisioner") == "karpenter"


def preset_is_known(preset: str | None, _: SoFar) -> Iterator[str]:
    if preset is not None and preset not in PRESETS:
        yield f"{preset} is no preset.{nearest_or_all(preset, PRESETS)}"


def min_is_kept_by_node_groups_alone(least: int, pool: SoFar) -> Iterator[str]:
    if is_karpenter(pool) and least:
        yield (
            f"is {least}, but Karpenter keeps no nodes that no pod asks for. Drop it, or write provisioner: managed."
        )
    reservation = pool.get("reservation")
    if not is_karpenter(pool) and reservation and reservation.kind == "capacity-block" and least:
        yield (
            f"is {least}, but outside of its Capacity Block the pool has no nodes; at its start the group goes to "
            "max_per_zone by itself. Drop it."
        )


def max_is_not_under_min(most: int, pool: SoFar) -> Iterator[str]:
    least = pool.get("min_per_zone")
    if least is not None and most < least:
        yield (
            f"{most} is under min_per_zone, {least}, so no number of nodes would do. "
            "Lower min_per_zone or raise max_per_zone."
        )


def desired_is_within(desired: int | None, pool: SoFar) -> Iterator[str]:
    least, most, reservation = pool.get("min_per_zone"), pool.get("max_per_zone"), pool.get("reservation")
    if desired is None:
        return
    if is_karpenter(pool):
        yield "is given, but Karpenter counts pods, not wishes. Drop it, or write provisioner: managed."
    elif reservation and reservation.kind == "capacity-block":
        yield "is given, but at the start of its Capacity Block the group goes to max_per_zone. Drop it."
    elif least is not None and most is not None and not least <= desired <= most:
        yield (
            f"{desired} is not within {least} (min_per_zone) and {most} (max_per_zone), and EKS would "
            "refuse it. Move it there, or leave it out to begin with the minimum."
        )


def max_gpus_leaves_room_for_a_node(most: int | None, pool: SoFar) -> Iterator[str]:
    types = machines(pool)
    if most is None or not types:
        return
    if types[0].accelerator is None:
        yield f"is given, but {types[0].name} has no accelerators, so it would do nothing. Drop it; max_per_zone holds."
        return
    too_large = [t for t in types if t.accelerator and t.accelerator.count > most]
    if too_large:
        needed = max(t.accelerator.count for t in too_large if t.accelerator)
        others = [t.name for t in types if t not in too_large]
        drop = f", or drop {listed(t.name for t in too_large)}" if others else ""
        yield (
            f"is {most}, and one {too_large[-1].name} has {needed}, so it could never start. Write {needed} or "
            f"more{drop}."
        )


def always_on_is_for_accelerated_node_groups(always_on: bool, pool: SoFar) -> Iterator[str]:
    if not always_on:
        return
    if is_karpenter(pool):
        yield "is on, but Karpenter takes idle nodes away all the same. Drop it, or write provisioner: managed."
    elif (types := machines(pool)) and types[0].accelerator is None:
        yield f"is on, but nobody asks pools of {types[0].name} to go to zero, so it would do nothing. Drop it."


def efa_is_on_every_node_alike(efa: bool, pool: SoFar) -> Iterator[str]:
    """NCCL does not work across shared GPUs. Source: NVIDIA, NCCL and MIG user guides, read 2026-08."""
    types = machines(pool)
    if not efa or not types:
        return
    if bare := [t.name for t in types if not efa_interfaces(t)]:
        alike = [
            t
            for t in INSTANCE_TYPES.values()
            if efa_interfaces(t)
            and t.arch == types[0].arch
            and (t.accelerator.name if t.accelerator else None)
            == (types[0].accelerator.name if types[0].accelerator else None)
        ]
        instead = f", or take a type that has some: {offered(alike)}" if offered(alike) else ""
        yield (
            f"is on, but {listed(bare)} has no EFA interface that is known, so NCCL would fall back to TCP unnoticed. "
            f"Set efa: false{instead}."
        )
    elif len({efa_interfaces(t) for t in types}) > 1:
        counts = listed(f"{t.name} has {t.efa_interfaces}" for t in types)
        yield (
            f"is on, but the types have different interfaces ({counts}), and the nodes of a pool share one layout. "
            f"Keep {types[0].name} here, and make another pool for the rest."
        )
    sharing = pool.get("sharing")
    if sharing and sharing.strategy != "none":
        yield (
            f"is on while the GPUs are shared ({sharing.strategy}), but training over many nodes needs whole GPUs: "
            "NCCL works neither over slices nor for two pods on one GPU. Drop sharing, or set efa: false."
        )


def a_placement_group_can_hold_the_nodes(close: bool, pool: SoFar) -> Iterator[str]:
    """Source: EC2 user guide, "Placement group rules and limitations" and "Capacity Blocks for ML", read 2026-11."""
    if not close:
        return
    if unfit := [t.name for t in machines(pool) if re.match(r"t\d|.*-flex", t.family)]:
        yield (
            f"is on, but EC2 takes no {listed(unfit)} into a cluster placement group. Write placement_group: false, or "
            "take m7i types."
        )
    ways = [pool.get("capacity_type"), *pool.get("fallback_capacity_types", ())]
    if "spot" in ways:
        where = "capacity_type: on-demand" if ways[0] == "spot" else "fallback_capacity_types: [on-demand]"
        yield (
            "is on, but spot nodes go one by one, and a group with a gap rarely finds the place again. "
            f"Write {where}, or placement_group: false."
        )
    if "reserved" in ways:
        yield (
            "is on, but reserved capacity has its place already: that of a Capacity Block is close together by itself, "
            "and an On-Demand Capacity Reservation cannot be moved into a group. Write placement_group: false."
        )


def off_peak_is_for_pools_that_may_rest(off_peak: OffPeakSettings | None, pool: SoFar) -> Iterator[str]:
    if off_peak is None:
        return
    if pool.get("always_on"):
        yield "is given while always_on says that the pool runs at night as well. Drop one of them."
    if pool.get("capacity_type") == "reserved":
        yield "is given, but reserved capacity is paid for by day and night. Drop it."


def disruption_is_karpenters(disruption: DisruptionSettings, pool: SoFar) -> Iterator[str]:
    if pool.get("provisioner") == "managed" and disruption != DisruptionSettings():
        yield (
            "is given, but EKS takes no node of a managed pool away by itself, so it would do nothing. Drop it, or "
            "write provisioner: karpenter. Updates keep max_unavailable_percentage."
        )


def labels_are_not_too_many(labels: Mapping[str, str], _: SoFar) -> Iterator[str]:
    if len(labels) > ROOM_FOR_LABELS:
        yield (
            f"{len(labels)} labels are given; EKS takes {EKS_LABELS_PER_NODE_GROUP} a group, and the platform needs "
            f"some. Keep at most {ROOM_FOR_LABELS}."
        )


def taints_are_few_and_differ(taints: tuple[Any, ...], _: SoFar) -> Iterator[str]:
    if twice := repeated([f"{taint.key}:{taint.effect}" for taint in taints]):
        yield f"{listed(twice)} given twice, and a node has one taint of a key and effect. Drop one."
    if len(taints) > EKS_TAINTS_PER_NODE_GROUP:
        yield f"{len(taints)} taints are given, and EKS takes {EKS_TAINTS_PER_NODE_GROUP} a group. Drop some."


def shared_gpus_keep_others_away(taints: tuple[Any, ...], pool: SoFar) -> Iterator[str]:
    """Karpenter takes its nodes for ones with whole GPUs too: an overlay adds resources and takes none away.

    Source: Karpenter, NodeOverlays, read 2026-08.
    """
    sharing = pool.get("sharing")
    if not is_karpenter(pool) or sharing is None or sharing.strategy == "none":
        return
    if all(taint.effect == "PreferNoSchedule" for taint in taints):
        yield (
            "keeps no pod away, and Karpenter believes that a node of shared GPUs has whole ones as well: for a pod "
            "that asks for a whole GPU it would buy nodes which never take it. Write "
            '`taints: [{key: gpu, value: "true"}]`, or provisioner: managed.'
        )


def zones_are_named_once(zones: tuple[str, ...] | None, pool: SoFar) -> Iterator[str]:
    if twice := repeated(zones or ()):
        yield f"{listed(twice)} named twice. Name each zone once."
    reservation = pool.get("reservation")
    if zones and reservation and set(zones) != {reservation.zone}:
        yield (
            f"names {listed(zones)}, but the reservation is in {reservation.zone}, and its capacity is nowhere else. "
            f"Write zones: [{reservation.zone}], or drop zones."
        )


def updates_of_karpenter_nodes_keep_its_budget(share: int, pool: SoFar) -> Iterator[str]:
    if is_karpenter(pool) and share != DEFAULT_MAX_UNAVAILABLE:
        yield (
            "is for node groups, and Karpenter has a budget of its own. Write it as "
            f"`disruption: {{max_unavailable_percentage: {share}}}`."
        )


RULES: Mapping[str, tuple[Rule, ...]] = {
    "preset": (preset_is_known,),
    "instance_types": (
        machine_rules.types_are_known,
        machine_rules.types_share_one_machine_image,
        machine_rules.types_have_the_same_accelerator,
    ),
    "capacity_type": (machine_rules.types_are_sold_that_way,),
    "fallback_capacity_types": (machine_rules.fallbacks_come_after_what_is_wanted,),
    "reservation": (machine_rules.a_reservation_is_named_where_one_is_used,),
    "min_per_zone": (min_is_kept_by_node_groups_alone,),
    "max_per_zone": (max_is_not_under_min,),
    "desired_per_zone": (desired_is_within,),
    "max_gpus": (max_gpus_leaves_room_for_a_node,),
    "always_on": (always_on_is_for_accelerated_node_groups,),
    "operating_system": (machine_rules.the_image_drives_neuron,),
    "local_nvme": (machine_rules.disks_are_there,),
    "sharing": (sharing_rules.gpus_can_be_shared,),
    "efa": (efa_is_on_every_node_alike,),
    "placement_group": (a_placement_group_can_hold_the_nodes,),
    "off_peak": (off_peak_is_for_pools_that_may_rest,),
    "disruption": (disruption_is_karpenters,),
    "labels": (labels_are_not_too_many,),
    "taints": (taints_are_few_and_differ, shared_gpus_keep_others_away),
    "zones": (zones_are_named_once,),
    "max_unavailable_percentage": (updates_of_karpenter_nodes_keep_its_budget,),
}
