"""What EC2 refuses to launch from a launch template, though it takes the template itself.

Source: EC2 user guide, "Maximize network bandwidth on EC2 instances with multiple network cards", read 2026-08.
Wordings about device indexes, public addresses and security groups were seen in public reports of them, read 2026-11;
the others are unverified.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES, InstanceType
from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError
from simulator.aws.operation_context import OperationContext
from simulator.values import Props, has_unknown

RUNNING = "__nodes"  # the cloud's own note on a node group: how many of its nodes there are
RESERVATION = "capacityReservationSpecification.capacityReservationTarget.capacityReservationId"
_DEVICES_PER_CARD = 2
_EFA = ("efa", "efa-only")


def can_be_launched(op: OperationContext) -> None:
    """What is wrong whatever group uses the template, and with the type that it names."""
    found = _mistake(op)
    if found:
        code, _, message = found.partition(" - ")
        raise AwsError(code, f"{message} (The real EC2 takes the template, and refuses every launch from it.)")


def _mistake(op: OperationContext) -> str | None:
    interfaces = op.inputs.get("networkInterfaces") or []
    seen = ("networkCardIndex", "deviceIndex", "interfaceType", "associatePublicIpAddress")
    shapes = [{key: each.get(key) for key in seen} for each in interfaces]  # their security groups may be unknown yet
    if has_unknown(shapes):
        return None
    if shapes and op.inputs.get("vpcSecurityGroupIds") not in (None, []):
        return (
            "InvalidParameterCombination - Network interfaces and an instance-level security groups may not be "
            "specified on the same request"
        )
    type_ = INSTANCE_TYPES.get(op.get("instanceType", ""))
    return layout_mistake(shapes) or (mistake(type_, shapes) if type_ else None) or _market_mistake(op)


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


def group_is_empty(op: OperationContext) -> None:
    """A placement group stays while there are nodes in it."""
    for row in op.rows(tokens.NODE_GROUP):
        template = op.cloud.get(tokens.LAUNCH_TEMPLATE, (row.state.get("launchTemplate") or {}).get("id") or "")
        if (
            template
            and row.state.get(RUNNING)
            and paths.get(template.state, "placement.groupName") == op.before["name"]
        ):
            message = f"The placement group '{op.before['name']}' is in use and may not be deleted."
            raise AwsError("InvalidPlacementGroup.InUse", message, settles=True)


def place(interface: Props) -> tuple[int, int]:
    """Card and device."""
    return int(interface.get("networkCardIndex") or 0), int(interface.get("deviceIndex") or 0)


def layout_mistake(interfaces: Sequence[Props]) -> str | None:
    """What no instance type can have. A launch template may leave indexes out: they are 0."""
    places = [place(interface) for interface in interfaces]
    if len(set(places)) < len(places):
        return "InvalidParameterValue - Each network interface requires a unique device index."
    primary = next((each for each in interfaces if place(each) == (0, 0)), None)
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


def mistake(type_: InstanceType, interfaces: Sequence[Props]) -> str | None:
    """What the instance type cannot have. Where the catalog does not know its EFAs, nothing is said."""
    if type_.efa_interfaces is None:
        return None
    fitting = efa_interfaces(type_)
    cards = max((each.card for each in fitting), default=0) + 1
    with_efa = {each.card for each in fitting if each.kind == "efa-only"}
    efas: set[int] = set()
    for interface in interfaces:
        card, device = place(interface)
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
