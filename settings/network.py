"""`network`: the VPC that all clusters of the stack share."""

from typing import Literal

from pydantic import Field

from settings.base import Settings


class FlowLogSettings(Settings):
    """`network.flow_logs`: where the VPC's flow logs go, and for how long they are kept."""

    destination: Literal["s3", "cloudwatch"] = "s3"
    retention_days: int = Field(default=90, ge=1, le=3653)
    aggregation_seconds: Literal[60, 600] = 600


class EndpointSettings(Settings):
    """`network.endpoints`: AWS services reached without leaving the VPC. Names are service suffixes, e.g. `ecr.api`."""

    gateway: tuple[str, ...] = ("s3",)
    interface: tuple[str, ...] = ()


class NetworkSettings(Settings):
    """One VPC: public, private, intra and pod subnets in each zone."""

    cidr: str = "10.0.0.0/16"
    pod_cidr: str = "100.64.0.0/16"
    zones: int | tuple[str, ...] = 3
    nat: Literal["none", "single", "per-zone"] = "per-zone"
    endpoints: EndpointSettings = EndpointSettings()
    flow_logs: FlowLogSettings = FlowLogSettings()
