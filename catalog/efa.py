"""The network interfaces of a node with Elastic Fabric Adapters (EFA), arranged by EC2's rules.

The first interface of card 0 carries IP. Every EFA is `efa-only`: it has no IP address and cannot be the first
interface, so it is device 1 on card 0, and device 0 on any other card. A card has one EFA: DescribeInstanceTypes counts
as many cards as EFAs. Where the cards are not the first ones, the instance type's row has `efa_cards`.
Source: EC2 user guide, "Maximize network bandwidth on EC2 instances with multiple network cards", read 2026-08;
DescribeInstanceTypes as in moto 5.2.5, read 2026-11.
"""

from dataclasses import dataclass
from typing import Literal

from catalog.instance_types import InstanceType

EFA = "vpc.amazonaws.com/efa"
"""The extended resource that the EFA device plugin offers."""


@dataclass(frozen=True, kw_only=True)
class NetworkInterface:
    """One interface of a launch template, or of an EC2NodeClass."""

    card: int
    device: int
    kind: Literal["interface", "efa-only"]


def efa_interfaces(instance_type: InstanceType) -> tuple[NetworkInterface, ...]:
    """Returns all interfaces of a node that uses every EFA of its type; the one with the IP address comes first.

    The result is empty when the type has no EFA, or when the catalog does not know how many it has.
    """
    if not instance_type.efa_interfaces:
        return ()
    cards = instance_type.efa_cards or range(instance_type.efa_interfaces)
    efas = (NetworkInterface(card=card, device=1 if card == 0 else 0, kind="efa-only") for card in cards)
    return (NetworkInterface(card=0, device=0, kind="interface"), *efas)
