"""`network.transit_gateway` and `network.peering`: connections of the VPC to the company's other networks."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Annotated, Protocol

from pydantic import AfterValidator, Field, field_validator

from catalog.limits import UNROUTABLE_CIDRS
from settings.core.base import Settings
from settings.core.naming import namespace_is_a_dns_label
from settings.core.problems import listed, raise_if, repeated
from settings.network.network_plan import range_mistakes

ConnectionName = Annotated[str, AfterValidator(namespace_is_a_dns_label)]


def _ranges(cidrs: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the ranges unchanged. Raises ValueError with every mistake in them."""
    mistakes = [mistake for cidr in cidrs for mistake in range_mistakes(cidr)]
    if not mistakes:
        if twice := repeated(cidrs):
            mistakes.append(f"{listed(twice)} is named twice. Name each range once.")
        mistakes += [
            f"{cidr} is every address, and the NAT gateways have this route. Name the ranges of the company."
            for cidr in cidrs
            if IPv4Network(cidr).prefixlen == 0
        ]
        mistakes += [
            f"{cidr} is inside {block}, where no company has hosts, and EC2 refuses a route to it. Drop it."
            for cidr in cidrs
            for block in UNROUTABLE_CIDRS
            if IPv4Network(cidr).subnet_of(IPv4Network(block))
        ]
    raise_if(mistakes)
    return cidrs


class Connection(Protocol):
    """A connection with the ranges behind it."""

    @property
    def cidrs(self) -> tuple[str, ...]: ...


class TransitGatewaySettings(Settings):
    """An existing transit gateway that the VPC is attached to. Its route tables are the company's."""

    id: str = Field(
        pattern=r"^tgw-[0-9a-f]{8}([0-9a-f]{9})?$",
        description="Id of the transit gateway; it exists, and this account may attach to it.",
        examples=["tgw-0123456789abcdef0"],
    )
    cidrs: tuple[str, ...] = Field(
        min_length=1,
        description="Ranges of the company that the VPC's private, pod and intra subnets reach through it.",
        examples=[["10.100.0.0/16"]],
    )

    @field_validator("cidrs")
    @classmethod
    def ranges_can_be_routed(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        return _ranges(cidrs)


class PeeringSettings(Settings):
    """An existing, accepted peering connection of the VPC."""

    id: str = Field(
        pattern=r"^pcx-[0-9a-f]{8}([0-9a-f]{9})?$",
        description="Id of the peering connection; it is active.",
        examples=["pcx-0123456789abcdef0"],
    )
    cidrs: tuple[str, ...] = Field(
        min_length=1,
        description="Ranges of the other VPC that the VPC's private, pod and intra subnets reach through it.",
        examples=[["10.101.0.0/16"]],
    )

    @field_validator("cidrs")
    @classmethod
    def ranges_can_be_routed(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        return _ranges(cidrs)


def route_mistakes(own: Sequence[str], others: Mapping[str, Connection], cidrs: Sequence[str]) -> Iterator[str]:
    """Yields why the VPC cannot have routes to these ranges.

    own: the ranges of the VPC. others: the connections that take their routes first, by their settings.
    EC2 refuses a route to a part of the VPC's own range through a gateway, and a second route to one range.
    Source: Amazon VPC user guide, "Route priority"; VPC peering guide, "Limitations"; read 2026-11.
    """
    for cidr in cidrs:
        for block in own:
            if not range_mistakes(block) and IPv4Network(cidr).subnet_of(IPv4Network(block)):
                yield (
                    f"{cidr} is inside {block}, a range of the VPC itself, and EC2 refuses such a route. Give the VPC "
                    "or its pods another range, or drop it."
                )
        for path, other in others.items():
            if cidr in other.cidrs:
                yield f"{cidr} is already routed by {path}, and a range has one route. Name it in one place."
