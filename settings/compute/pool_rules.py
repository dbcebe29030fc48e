"""All rules within one pool, by the setting that reports the mistake.

Pydantic validates settings in the order of the model. A rule about two settings therefore belongs to the later one: it
gets that value and the valid settings before it, and yields a sentence for each mistake. So a mistake elsewhere in the
pool does not hide this one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import EKS_LABELS_PER_NODE_GROUP, EKS_TAINTS_PER_NODE_GROUP
from catalog.sharing import WHOLE_GPU, WHOLE_GPUS_LABEL
from settings.compute import machine_rules, sharing_rules
from settings.compute.disruption import DisruptionSettings
from settings.compute.machine_rules import ValidSettings, machines, offered
from settings.compute.off_peak import OffPeakSettings
from settings.compute.presets import PRESETS
from settings.core.problems import listed, nearest_or_all, repeated

Rule = Callable[[Any, ValidSettings], Iterator[str]]

# The platform sets labels too: for the pool, the accelerator, its sharing, and the GPU operator's work on the node.
MAX_LABELS = EKS_LABELS_PER_NODE_GROUP - 10
DEFAULT_MAX_UNAVAILABLE = 33  # percent


def is_karpenter(pool: ValidSettings) -> bool:
    return pool.get("provisioner") == "karpenter"


def preset_is_known(preset: str | None, _: ValidSettings) -> Iterator[str]:
    if preset is not None and preset not in PRESETS:
        yield f"{preset} is not a preset.{nearest_or_all(preset, PRESETS)}"


def min_is_for_node_groups(min_nodes: int, pool: ValidSettings) -> Iterator[str]:
    if is_karpenter(pool) and min_nodes:
        yield (
            f"is {min_nodes}, but Karpenter keeps only nodes that pods need. Drop it, or write provisioner: managed."
        )
    reservation = pool.get("reservation")
    if not is_karpenter(pool) and reservation and reservation.kind == "capacity-block" and min_nodes:
        yield (
            f"is {min_nodes}, but the pool has no nodes outside its Capacity Block; at the start of the block it "
            "scales to max_per_zone by itself. Drop it."
        )


def max_is_at_least_min(max_nodes: int, pool: ValidSettings) -> Iterator[str]:
    min_nodes = pool.get("min_per_zone")
    if min_nodes is not None and max_nodes < min_nodes:
        yield f"{max_nodes} is less than min_per_zone, {min_nodes}. Lower min_per_zone or raise max_per_zone."


def desired_is_within(desired: int | None, pool: ValidSettings) -> Iterator[str]:
    min_nodes, max_nodes, reservation = pool.get("min_per_zone"), pool.get("max_per_zone"), pool.get("reservation")
    if desired is None:
        return
    if is_karpenter(pool):
        yield "is given, but Karpenter adds nodes only for pods. Drop it, or write provisioner: managed."
    elif reservation and reservation.kind == "capacity-block":
        yield "is given, but the pool scales to max_per_zone at the start of its Capacity Block. Drop it."
    elif min_nodes is not None and max_nodes is not None and not min_nodes <= desired <= max_nodes:
        yield (
            f"{desired} is not between {min_nodes} (min_per_zone) and {max_nodes} (max_per_zone), so EKS would refuse "
            "it. Correct it, or drop it to begin with the minimum."
        )


def only_node_groups_with_room_can_be_fixed(scaling: str, pool: ValidSettings) -> Iterator[str]:
    min_nodes, max_nodes, reservation = pool.get("min_per_zone"), pool.get("max_per_zone"), pool.get("reservation")
    if scaling != "fixed":
        return
    if is_karpenter(pool):
        yield "is fixed, but Karpenter adds and removes nodes with the pods. Drop it, or write provisioner: managed."
    elif reservation and reservation.kind == "capacity-block":
        yield "is fixed, but the pool is as large as its Capacity Block anyway. Drop it."
    elif min_nodes is not None and min_nodes == max_nodes:
        yield f"is fixed, but minimum and maximum are both {min_nodes}, so nothing scales the pool anyway. Drop it."


def max_gpus_leaves_room_for_a_node(max_gpus: int | None, pool: ValidSettings) -> Iterator[str]:
    types = machines(pool)
    if max_gpus is None or not types:
        return
    if types[0].accelerator is None:
        yield (
            f"is given, but {types[0].name} has no accelerators, so it would do nothing. Drop it; max_per_zone is the "
            "limit."
        )
        return
    too_large = [t for t in types if t.accelerator and t.accelerator.count > max_gpus]
    if too_large:
        needed = max(t.accelerator.count for t in too_large if t.accelerator)
        others = [t.name for t in types if t not in too_large]
        drop = f", or drop {listed(t.name for t in too_large)}" if others else ""
        yield (
            f"is {max_gpus}, but one {too_large[-1].name} has {needed} accelerators, so it could never start. Write "
            f"{needed} or more{drop}."
        )


def always_on_is_for_accelerated_node_groups(always_on: bool, pool: ValidSettings) -> Iterator[str]:
    if not always_on:
        return
    if is_karpenter(pool):
        yield "is on, but Karpenter removes idle nodes anyway. Drop it, or write provisioner: managed."
    elif (types := machines(pool)) and types[0].accelerator is None:
        yield f"is on, but no policy asks pools of {types[0].name} to scale to zero, so it would do nothing. Drop it."


def efa_is_the_same_on_every_node(efa: bool, pool: ValidSettings) -> Iterator[str]:
    """NCCL does not work across shared GPUs. Source: NVIDIA, NCCL and MIG user guides, read 2026-08."""
    types = machines(pool)
    if not efa or not types:
        return
    if without_efa := [t.name for t in types if not efa_interfaces(t)]:
        similar = [
            t
            for t in INSTANCE_TYPES.values()
            if efa_interfaces(t)
            and t.arch == types[0].arch
            and (t.accelerator.name if t.accelerator else None)
            == (types[0].accelerator.name if types[0].accelerator else None)
        ]
        instead = f", or take a type with EFA: {offered(similar)}" if offered(similar) else ""
        yield (
            f"is on, but {listed(without_efa)} has no known EFA interface, so NCCL would silently fall back to TCP. "
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
            "NCCL works with neither slices nor two pods on one GPU. Drop sharing, or set efa: false."
        )


def a_placement_group_can_hold_the_nodes(placement_group: bool, pool: ValidSettings) -> Iterator[str]:
    """Source: EC2 user guide, "Placement group rules and limitations" and "Capacity Blocks for ML", read 2026-11."""
    if not placement_group:
        return
    if unfit := [t.name for t in machines(pool) if re.match(r"t\d|.*-flex", t.family)]:
        yield (
            f"is on, but EC2 does not allow {listed(unfit)} in a cluster placement group. Write placement_group: "
            "false, or take m7i types."
        )
    capacity_types = [pool.get("capacity_type"), *pool.get("fallback_capacity_types", ())]
    if "spot" in capacity_types:
        advice = "capacity_type: on-demand" if capacity_types[0] == "spot" else "fallback_capacity_types: [on-demand]"
        yield (
            "is on, but AWS takes spot nodes back one by one, and then rarely has room for a new one near the others. "
            f"Write {advice}, or placement_group: false."
        )
    if "reserved" in capacity_types:
        yield (
            "is on, but reserved capacity already has a location: the nodes of a Capacity Block are close together "
            "anyway, and an On-Demand Capacity Reservation cannot be moved into a placement group. Write "
            "placement_group: false."
        )


def off_peak_is_for_pools_that_may_stop(off_peak: OffPeakSettings | None, pool: ValidSettings) -> Iterator[str]:
    if off_peak is None:
        return
    if pool.get("always_on"):
        yield "is given, but always_on says that the pool runs at night too. Drop one of them."
    if pool.get("capacity_type") == "reserved":
        yield "is given, but reserved capacity is paid for day and night. Drop it."


def disruption_is_for_karpenter(disruption: DisruptionSettings, pool: ValidSettings) -> Iterator[str]:
    if pool.get("provisioner") == "managed" and disruption != DisruptionSettings():
        yield (
            "is given, but it is for Karpenter, which does not run this pool, so it would do nothing. Drop it, or "
            "write provisioner: karpenter. For updates there is max_unavailable_percentage."
        )


def labels_are_not_too_many(labels: Mapping[str, str], _: ValidSettings) -> Iterator[str]:
    if len(labels) > MAX_LABELS:
        yield (
            f"{len(labels)} labels are given, but EKS allows {EKS_LABELS_PER_NODE_GROUP} for each node group, and the "
            f"platform needs some of them. Keep at most {MAX_LABELS}."
        )


def only_whole_gpus_are_waited_for(labels: Mapping[str, str], pool: ValidSettings) -> Iterator[str]:
    types, sharing = machines(pool), pool.get("sharing")
    if WHOLE_GPUS_LABEL not in labels or not types or sharing is None:
        return
    accelerator = types[0].accelerator
    if accelerator is None or accelerator.kind != "gpu" or sharing.strategy != "none":
        yield (
            f"{WHOLE_GPUS_LABEL} is given, but the nodes offer no {WHOLE_GPU}, so cluster-autoscaler would take them "
            "for unready for ever. Drop it: the platform sets it where it helps."
        )


def taints_are_few_and_distinct(taints: tuple[Any, ...], _: ValidSettings) -> Iterator[str]:
    if twice := repeated([f"{taint.key}:{taint.effect}" for taint in taints]):
        yield f"{listed(twice)} is given twice, but a node has one taint for each key and effect. Drop one."
    if len(taints) > EKS_TAINTS_PER_NODE_GROUP:
        yield (
            f"{len(taints)} taints are given, but EKS allows {EKS_TAINTS_PER_NODE_GROUP} for each node group. Drop "
            "some."
        )


def zones_are_named_once(zones: tuple[str, ...] | None, pool: ValidSettings) -> Iterator[str]:
    if twice := repeated(zones or ()):
        yield f"{listed(twice)} is named twice. Name each zone once."
    reservation = pool.get("reservation")
    if zones and reservation and set(zones) != {reservation.zone}:
        yield (
            f"names {listed(zones)}, but the reservation is in {reservation.zone}, and has no capacity in another "
            f"zone. Write zones: [{reservation.zone}], or drop zones."
        )


def karpenter_has_a_budget_of_its_own(share: int, pool: ValidSettings) -> Iterator[str]:
    if is_karpenter(pool) and share != DEFAULT_MAX_UNAVAILABLE:
        yield (
            "is for node groups, but Karpenter has a disruption budget of its own. Write it as `disruption: "
            f"{{max_unavailable_percentage: {share}}}`."
        )


def karpenter_replaces_node_by_node(replacement: str, pool: ValidSettings) -> Iterator[str]:
    if is_karpenter(pool) and replacement == "delete-first" and pool.get("capacity_type") != "reserved":
        yield "is for node groups, but Karpenter replaces nodes one by one. Drop it; for its pace write `disruption`."


def a_release_has_the_form_of_its_system(release: str | None, pool: ValidSettings) -> Iterator[str]:
    """Source: releases of awslabs/amazon-eks-ami and of bottlerocket-os/bottlerocket, read 2026-11."""
    system = pool.get("operating_system")
    form, example = RELEASE_FORMS.get(str(system), (None, ""))
    if release is not None and form and not re.fullmatch(form, release):
        yield f"{release} is no release of {system}. Write for example image_release: {example}."


RELEASE_FORMS = {  # operating system -> form of a release, and an example
    "al2023": (r"20[0-9]{6}", '"20261012"'),
    "bottlerocket": (r"[0-9]+\.[0-9]+\.[0-9]+", "1.67.0"),
}
RULES: Mapping[str, tuple[Rule, ...]] = {
    "preset": (preset_is_known,),
    "instance_types": (
        machine_rules.types_are_known,
        machine_rules.types_share_one_machine_image,
        machine_rules.types_have_the_same_accelerator,
        machine_rules.pods_of_managed_nodes_get_addresses,
    ),
    "capacity_type": (machine_rules.types_are_sold_as_requested,),
    "fallback_capacity_types": (machine_rules.fallbacks_come_after_the_capacity_type,),
    "reservation": (machine_rules.a_reservation_is_named_where_one_is_used,),
    "min_per_zone": (min_is_for_node_groups,),
    "max_per_zone": (max_is_at_least_min,),
    "desired_per_zone": (desired_is_within,),
    "scaling": (only_node_groups_with_room_can_be_fixed,),
    "max_gpus": (max_gpus_leaves_room_for_a_node,),
    "always_on": (always_on_is_for_accelerated_node_groups,),
    "operating_system": (machine_rules.the_image_has_a_driver,),
    "local_nvme": (machine_rules.disks_exist,),
    "sharing": (sharing_rules.gpus_can_be_shared,),
    "efa": (efa_is_the_same_on_every_node,),
    "placement_group": (a_placement_group_can_hold_the_nodes,),
    "off_peak": (off_peak_is_for_pools_that_may_stop,),
    "disruption": (disruption_is_for_karpenter,),
    "labels": (labels_are_not_too_many, only_whole_gpus_are_waited_for),
    "taints": (taints_are_few_and_distinct,),
    "zones": (zones_are_named_once,),
    "max_unavailable_percentage": (karpenter_has_a_budget_of_its_own,),
    "replacement": (karpenter_replaces_node_by_node,),
    "image_release": (a_release_has_the_form_of_its_system,),
}
