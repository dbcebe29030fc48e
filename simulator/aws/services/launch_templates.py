"""Launch templates that EC2 accepts, but from which it refuses every launch.

Source: EC2 user guide, "Maximize network bandwidth on EC2 instances with multiple network cards", read 2026-08.
Wordings about device indexes, public addresses and security groups come from public reports, read 2026-11; the others
are unverified.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES, InstanceType
from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.refusals import combinations
from simulator.values import Props, has_unknown

RUNNING = "__nodes"  # key in the state of a node group: the number of its running nodes
# key in the state of a node group: the interfaces of its nodes, each with subnet, addresses and the node's number
INTERFACES = "__interfaces"
RESERVATION = "capacityReservationSpecification.capacityReservationTarget.capacityReservationId"
# A target goes with capacity-reservations-only, as Karpenter sends it. Sources: EC2 API,
# LaunchTemplateCapacityReservationSpecificationRequest; karpenter-provider-aws pkg/providers/launchtemplate; 2026-11.
RESERVATION_IS_TARGETED = combinations(
    "InvalidParameterCombination",
    "capacityReservationSpecification.capacityReservationPreference=none|open: no "
    "capacityReservationSpecification.capacityReservationTarget",
)
_DEVICES_PER_CARD = 2
_EFA = ("efa", "efa-only")


# Volume type -> least and largest size in GiB, least and largest IOPS, and IOPS for each GiB.
# Sources: EC2 API, EbsBlockDevice; Amazon EBS user guide, "EBS volume types"; read 2026-11.
_VOLUMES: Mapping[str, tuple[int, int, int, int, int]] = {
    "gp2": (1, 16384, 0, 0, 0),
    "gp3": (1, 65536, 3000, 80000, 500),
    "io1": (4, 16384, 100, 64000, 50),
    "io2": (4, 65536, 100, 256000, 1000),
    "sc1": (125, 16384, 0, 0, 0),
    "st1": (125, 16384, 0, 0, 0),
    "standard": (1, 1024, 0, 0, 0),
}


def volume_mistake(argument: str, ebs: Any) -> str | None:
    """Returns what is wrong with the size, IOPS, throughput or key of a volume. EC2 says so at each launch."""
    kind = ebs.get("volumeType") or ""  # without one, the image says which
    low, high, least, most, per_gib = _VOLUMES.get(kind, (1, 65536, 0, 0, 0))
    size, iops, throughput = ebs.get("volumeSize"), ebs.get("iops"), ebs.get("throughput")
    if ebs.get("kmsKeyId") and ebs.get("encrypted") not in ("true", True):
        return "The parameter kms_key_id requires the parameter encrypted to be set."
    if size is not None and not low <= size <= high:
        return f"Volume of {size} GiB is invalid; volume_size of {kind} is {low} to {high} GiB"
    if iops is None and kind in ("io1", "io2"):
        return f"The parameter iops must be specified for {kind} volumes."
    if kind and iops and not least <= iops <= most:
        return f"iops of {iops} is not supported for {kind} volumes" + (f", {least} to {most} are" if most else "")
    if per_gib and iops and size and iops > max(per_gib * size, 3000 if kind == "gp3" else 0):
        return f"iops to volume size ratio of {iops / size:.0f} is too high; maximum is {per_gib} for {kind}"
    if throughput and kind not in ("", "gp3"):
        return f"The parameter throughput is not supported for {kind} volumes."
    if throughput and not 125 <= throughput <= min(2000, (iops or 3000) // 4):
        return f"throughput of {throughput} MiB/s is not within 125 and a quarter of the iops, {(iops or 3000) // 4}"
    return None


def template_can_be_launched(op: OperationContext) -> None:
    """The template must be valid for any node group, and for the instance type that it names."""
    mistake = _template_mistake(op)
    if mistake:
        code, _, message = mistake.partition(" - ")
        raise AwsError(code, f"{message} (The real EC2 accepts the template, and refuses every launch from it.)")


def _template_mistake(op: OperationContext) -> str | None:
    interfaces = op.inputs.get("networkInterfaces") or []
    seen = ("networkCardIndex", "deviceIndex", "interfaceType", "associatePublicIpAddress")
    shapes = [{key: each.get(key) for key in seen} for each in interfaces]  # security groups may still be unknown
    if has_unknown(shapes):
        return None
    if shapes and op.inputs.get("vpcSecurityGroupIds") not in (None, []):
        return (
            "InvalidParameterCombination - Network interfaces and an instance-level security groups may not be "
            "specified on the same request"
        )
    type_ = INSTANCE_TYPES.get(op.get("instanceType", ""))
    return layout_mistake(shapes) or (type_mistake(type_, shapes) if type_ else None) or _market_mistake(op)


def _market_mistake(op: OperationContext) -> str | None:
    target = op.get(RESERVATION)
    if target and not re.fullmatch(r"cr-[0-9a-f]{17}", target):
        return f"InvalidCapacityReservationId.Malformed - Invalid id: {target}"
    if op.get("instanceMarketOptions.marketType") == "capacity-block" and not (target and op.get("instanceType")):
        return (
            "InvalidParameterCombination - Capacity Block reservations need marketType capacity-block, a capacity "
            "reservation target and an instance type"
        )
    return None


def placement_group_is_empty(op: OperationContext) -> None:
    """The placement group must have no running nodes."""
    for row in op.rows(tokens.NODE_GROUP):
        template = op.cloud.get(tokens.LAUNCH_TEMPLATE, (row.state.get("launchTemplate") or {}).get("id") or "")
        if (
            template
            and row.state.get(RUNNING)
            and paths.get(template.state, "placement.groupName") == op.before["name"]
        ):
            message = f"The placement group '{op.before['name']}' is in use and may not be deleted."
            raise AwsError("InvalidPlacementGroup.InUse", message, retried=True)


def position(interface: Props) -> tuple[int, int]:
    """Returns the card index and the device index of an interface."""
    return int(interface.get("networkCardIndex") or 0), int(interface.get("deviceIndex") or 0)


def layout_mistake(interfaces: Sequence[Props]) -> str | None:
    """Returns what is wrong for any instance type. Indexes that a launch template leaves out are 0."""
    positions = [position(interface) for interface in interfaces]
    if len(set(positions)) < len(positions):
        return "InvalidParameterValue - Each network interface requires a unique device index."
    primary = next((each for each in interfaces if position(each) == (0, 0)), None)
    if interfaces and (primary is None or primary.get("interfaceType") == "efa-only"):
        return (
            "InvalidParameterCombination - The primary network interface is device 0 of network card 0, and cannot be "
            "efa-only."
        )
    if len(interfaces) > 1 and any(str(each.get("associatePublicIpAddress")).lower() == "true" for each in interfaces):
        return (
            "InvalidParameterCombination - The associatePublicIPAddress parameter cannot be specified when launching "
            "with multiple network interfaces."
        )
    return None


def type_mistake(type_: InstanceType, interfaces: Sequence[Props]) -> str | None:
    """Returns what is wrong for the instance type; None when the catalog does not know its number of EFAs."""
    if type_.efa_interfaces is None:
        return None
    fitting = efa_interfaces(type_)
    cards = max((each.card for each in fitting), default=0) + 1
    with_efa = {each.card for each in fitting if each.kind == "efa-only"}
    efas: set[int] = set()
    for interface in interfaces:
        card, device = position(interface)
        if card >= cards:
            return (
                f"InvalidParameterValue - The specified number '{card}' for the network card index exceeds the network "
                f"cards of {type_.name}. Specify a number from 0 to {cards - 1}, and try again."
            )
        if card and device >= _DEVICES_PER_CARD:
            return (
                f"InvalidParameterValue - The specified number '{device}' for the device index exceeds the maximum "
                f"number of network interfaces supported by the network card at network card index {card}. The maximum "
                f"devices for this network card is {_DEVICES_PER_CARD}. Specify a number from 0 to "
                f"{_DEVICES_PER_CARD - 1}, and try again."
            )
        if interface.get("interfaceType") in _EFA:
            if card not in with_efa or card in efas:
                more = "a second one on" if card in efas else "any on"
                return (
                    "InvalidParameterCombination - The requested Elastic Fabric Adapters are not supported: "
                    f"{type_.name} cannot have {more} network card {card}."
                )
            efas.add(card)
    return None
