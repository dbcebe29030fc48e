"""`network`: the VPC that all clusters of the stack share."""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from catalog import endpoints
from catalog.limits import LOG_RETENTION_DAYS
from settings.core.base import Settings
from settings.core.problems import listed, nearest_or_all, raise_if, repeated
from settings.network import network_plan
from settings.network.connections import (
    Connection,
    ConnectionName,
    PeeringSettings,
    TransitGatewaySettings,
    route_mistakes,
)


class FlowLogSettings(Settings):
    """`network.flow_logs`: where the VPC's flow logs go, and for how long they are kept."""

    destination: Literal["s3", "cloudwatch"] = Field(
        default="s3", description="s3 is cheap to keep; cloudwatch is quick to search."
    )
    retention_days: int = Field(default=90, ge=1, le=3653, description="Days until flow logs are deleted.")
    aggregation_seconds: Literal[60, 600] = Field(
        default=600, description="Seconds over which connections are summed up before they are written; 60 costs more."
    )

    @field_validator("retention_days")
    @classmethod
    def retention_is_one_that_cloudwatch_takes(cls, days: int, info: ValidationInfo) -> int:
        if info.data.get("destination") == "cloudwatch" and days not in LOG_RETENTION_DAYS:
            raise ValueError(
                f"{days} is not a retention that CloudWatch offers. {nearest_retention(days)} Or set destination: s3, "
                "which takes any number of days."
            )
        return days


_ACCOUNT, _BUCKET = (
    re.compile(r"[0-9]{12}"),
    re.compile(r"(?!.*\.\.|[0-9]+(\.[0-9]+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
)
_POLICY_LENGTH = 18_000
"""Characters that accounts and buckets may take in an endpoint policy, which AWS ends at 20,480.

Source: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; read 2026-11.
"""


class EndpointSettings(Settings):
    """`network.endpoints`: AWS services that the VPC reaches privately, by service suffix, such as `ecr.api`."""

    gateway: tuple[str, ...] = Field(default=("s3",), description="Gateway endpoints; they cost nothing.")
    interface: tuple[str, ...] = Field(
        default=(), description="Interface endpoints, with a network interface in each zone; billed by zone and hour."
    )

    policies: Literal["own", "open"] = Field(
        default="open",
        description=(
            "own: only principals of this account go through, and gateways lead to its own data and to what nodes "
            "need of AWS; other buckets of the region are shut off, also public ones. open: everybody, to everything."
        ),
    )
    accounts: tuple[str, ...] = Field(
        default=(), description="With own: further accounts, in quotes.", examples=[["210987654321"]]
    )
    buckets: tuple[str, ...] = Field(
        default=(),
        description="With own: buckets of others in the region that anybody may read, such as public data sets.",
        examples=[["noaa-goes16"]],
    )

    @field_validator("accounts")
    @classmethod
    def accounts_have_12_digits(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        raise_if(
            f"{each!r} is no AWS account. Write its 12 digits, in quotes."
            for each in names
            if not _ACCOUNT.fullmatch(each)
        )
        return names

    @field_validator("buckets")
    @classmethod
    def buckets_are_named(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        raise_if(
            f"{each!r} is no name of a bucket. Write the name alone, for example noaa-goes16."
            for each in names
            if not _BUCKET.fullmatch(each)
        )
        return names

    @field_validator("accounts", "buckets")
    @classmethod
    def exceptions_are_of_policies(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if names and info.data.get("policies") == "open":
            raise ValueError("would change nothing, since policies is open. Write policies: own, or drop it.")
        if twice := repeated(names):
            raise ValueError(f"{listed(twice)} is named twice. Name each once.")
        return names

    @model_validator(mode="after")
    def policies_have_an_endpoint_and_room(self) -> "EndpointSettings":
        if self.policies == "open":
            return self
        if not (self.gateway or self.interface):
            raise ValueError("policies: own would change nothing without an endpoint. Write gateway: [s3], or drop it.")
        if self.buckets and "s3" not in self.gateway:
            raise ValueError("buckets would change nothing without s3 in gateway. Add it there, or drop buckets.")
        # each account stands in two conditions, each bucket in two ARNs
        if sum(
            2 * len(f'"{each}", ') for each in (*self.accounts, *(f"arn:aws-us-gov:s3:::{b}/*" for b in self.buckets))
        ) > (_POLICY_LENGTH):
            raise ValueError(
                f"{len(self.accounts)} accounts and {len(self.buckets)} buckets do not fit into the policy of an "
                "endpoint, which AWS ends at 20,480 characters. Name fewer."
            )
        return self

    @field_validator("gateway")
    @classmethod
    def gateways_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _known("gateway", names, endpoints.GATEWAY, endpoints.INTERFACE)
        return names

    @field_validator("interface")
    @classmethod
    def interfaces_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _known("interface", names, endpoints.INTERFACE, endpoints.GATEWAY)
        return names


class NetworkSettings(Settings):
    """One VPC: public, private, intra and pod subnets in each zone."""

    cidr: str = Field(default="10.0.0.0/16", description="Range of the VPC, /16 to /20. Changing it replaces the VPC.")
    pod_cidr: str = Field(
        default="100.64.0.0/16",
        validate_default=True,
        description=(
            "Range of the pods, /14 to /20, inside 100.64.0.0/10. A /16 can later grow to a /15 or /14 that begins at "
            "the same address, and keeps its subnets; a smaller range cannot grow."
        ),
    )
    zones: int | tuple[str, ...] = Field(
        default=3, description="How many zones, 2 to 6, or their names. A named zone keeps its subnets permanently."
    )
    nat: Literal["none", "single", "per-zone"] = Field(
        default="per-zone", description="NAT gateways. With a single one, the loss of its zone cuts all nodes off."
    )
    endpoints: EndpointSettings = Field(
        default=EndpointSettings(), description="AWS services that the VPC reaches privately."
    )
    flow_logs: FlowLogSettings = Field(default=FlowLogSettings(), description="Log of the VPC's connections.")
    transit_gateway: TransitGatewaySettings | None = Field(
        default=None,
        description="The company's transit gateway; its owner makes the routes back to the VPC.",
    )
    peering: Mapping[ConnectionName, PeeringSettings] = Field(
        default_factory=dict,
        description="Peering connections of the VPC, by a name of your choice. Routes back are the other VPC's.",
    )

    @property
    def connections(self) -> dict[str, Connection]:
        """The connections to other networks, by the paths of their settings."""
        gateway: dict[str, Connection] = (
            {"network.transit_gateway": self.transit_gateway} if self.transit_gateway else {}
        )
        return gateway | {f"network.peering.{name}": peering for name, peering in self.peering.items()}

    @field_validator("cidr")
    @classmethod
    def cidr_can_be_cut(cls, cidr: str) -> str:
        raise_if(network_plan.vpc_range_mistakes(cidr))
        return cidr

    @field_validator("pod_cidr")
    @classmethod
    def pod_cidr_can_be_cut(cls, pod_cidr: str, info: ValidationInfo) -> str:
        vpc = info.data.get("cidr")
        overlap = network_plan.overlap_mistakes(vpc, pod_cidr) if vpc else []
        raise_if([*network_plan.pod_range_mistakes(pod_cidr), *overlap])
        return pod_cidr

    @field_validator("transit_gateway")
    @classmethod
    def transit_gateway_can_be_routed_to(
        cls, gateway: TransitGatewaySettings | None, info: ValidationInfo
    ) -> TransitGatewaySettings | None:
        raise_if(route_mistakes(_own_ranges(info), {}, gateway.cidrs) if gateway else [])
        return gateway

    @field_validator("peering")
    @classmethod
    def peers_can_be_routed_to(
        cls, peering: Mapping[str, PeeringSettings], info: ValidationInfo
    ) -> Mapping[str, PeeringSettings]:
        gateway = info.data.get("transit_gateway")
        others: dict[str, Connection] = {"network.transit_gateway": gateway} if gateway else {}
        mistakes: list[str] = []
        for name, peer in peering.items():
            mistakes += [f"{name}: {mistake}" for mistake in route_mistakes(_own_ranges(info), others, peer.cidrs)]
            others[f"network.peering.{name}"] = peer
        raise_if(mistakes)
        return peering

    @field_validator("zones")
    @classmethod
    def zones_are_two_to_six(cls, zones: int | tuple[str, ...]) -> int | tuple[str, ...]:
        raise_if(
            network_plan.zone_count_mistakes(zones) if isinstance(zones, int) else network_plan.zone_mistakes(zones)
        )
        return zones


def _own_ranges(info: ValidationInfo) -> list[str]:
    return [info.data[key] for key in ("cidr", "pod_cidr") if key in info.data]


def nearest_retention(days: int) -> str:
    """Returns advice: the retention that CloudWatch offers for this number of days, and all that it offers."""
    longer = next((value for value in LOG_RETENTION_DAYS if value >= days), LOG_RETENTION_DAYS[-1])
    return f"Write {longer}, or one of {listed(LOG_RETENTION_DAYS)}."


def _known(kind: str, names: tuple[str, ...], known: tuple[str, ...], others: tuple[str, ...]) -> None:
    mistakes = []
    for name in names:
        if name in others:
            mistakes.append(f"{name} is not reached through {kind} endpoints. Move it to the other list.")
        elif name not in known:
            mistakes.append(
                f"{name} is not a {kind} endpoint of the catalog.{nearest_or_all(name, known)} To add one, add its "
                "name to catalog/endpoints.py."
            )
    if twice := repeated(names):
        mistakes.append(f"{listed(twice)} is named twice. Name each service once.")
    raise_if(mistakes)
