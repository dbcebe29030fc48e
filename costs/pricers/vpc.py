"""VPC: NAT gateways, public addresses, endpoints, flow logs."""

from collections.abc import Iterable, Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read_list, read_text

SUBNET = "aws:ec2/subnet:Subnet"


def nat_gateway(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """By the hour, and by the GB in either direction; the address is billed with its Eip."""
    gib = context.usage.nat_gib
    yield line(resource, context, "NAT gateway", "nat_gateway.hour", "gateway", 1)
    yield line(
        resource,
        context,
        "NAT data",
        "nat_gateway.data_processed",
        "GB",
        gib,
        assumed(gib, "GB through each NAT gateway"),
    )


def public_address(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Every public IPv4 address is billed, in use or not, unless it comes from one's own pool."""
    if read_text(resource.inputs, "publicIpv4Pool", "amazon") != "amazon":
        return
    yield line(resource, context, "public IPv4 address", "vpc.public_ipv4_hour", "address", 1)


def endpoint(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Gateway endpoints are free; an interface endpoint is billed for each subnet it stands in, and by the GB."""
    kind = read_text(resource.inputs, "vpcEndpointType", "Gateway")
    if kind == "Gateway":
        return
    if kind != "Interface":
        raise NoPriceError(f"{kind} endpoints have no price in the catalog")
    gib = context.usage.endpoint_gib
    subnets = _subnet_count(resource, context)
    said = assumed(gib, "GB through each interface endpoint")
    yield line(resource, context, "interface endpoints", "vpc.interface_endpoint_hour", "subnet", subnets)
    yield line(resource, context, "endpoint data", "vpc.interface_endpoint_data", "GB", gib, said)


def flow_log(resource: Resource, context: Context) -> Iterable[LineItem | Unpriced]:
    """Delivery is billed by the GB wherever the log goes; into CloudWatch it is counted with the log group."""
    if read_text(resource.inputs, "logDestinationType", "cloud-watch-logs") != "cloud-watch-logs":
        raise NoPriceError("delivery of vended logs is billed by the GB; the catalog has no price for it")
    return ()


def _subnet_count(resource: Resource, context: Context) -> int:
    """How many subnets; the subnets it depends on where the list itself is not known yet."""
    try:
        return len(read_list(resource.inputs, "subnetIds"))
    except NoPriceError:
        linked = [context.resources.get(urn) for urn in resource.property_dependencies.get("subnetIds", ())]
        count = sum(1 for found in linked if found is not None and found.type == SUBNET)
        if not count:
            raise
        return count


PRICERS: Mapping[str, Pricer] = {
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/eip:Eip": public_address,
    "aws:ec2/vpcEndpoint:VpcEndpoint": endpoint,
    "aws:ec2/flowLog:FlowLog": flow_log,
}
