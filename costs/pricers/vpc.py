"""VPC: NAT gateways, public addresses, endpoints, attachments to transit gateways, flow logs."""

from collections.abc import Iterable, Iterator, Mapping

from catalog.endpoints import GUARDDUTY_DATA
from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read_list, read_text

SUBNET = "aws:ec2/subnet:Subnet"


def nat_gateway(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Billed per hour, and per GB in both directions. Its address is billed with the Eip."""
    gib = context.usage.nat_gib
    usage = assumed(gib, "GB through each NAT gateway")
    yield line(resource, context, "NAT gateway", "nat_gateway.hour", "gateway", 1)
    yield line(resource, context, "NAT data", "nat_gateway.data_processed", "GB", gib, usage)


def public_address(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Every public IPv4 address is billed, used or not, unless it comes from the account's own pool."""
    if read_text(resource.inputs, "publicIpv4Pool", "amazon") != "amazon":
        return
    yield line(resource, context, "public IPv4 address", "vpc.public_ipv4_hour", "address", 1)


def endpoint(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Gateway endpoints are free, and GuardDuty's. An interface endpoint is billed for each subnet, and per GB."""
    kind = read_text(resource.inputs, "vpcEndpointType", "Gateway")
    if kind == "Gateway" or read_text(resource.inputs, "serviceName", "").endswith(f".{GUARDDUTY_DATA}"):
        return
    if kind != "Interface":
        raise NoPriceError(f"{kind} endpoints have no price in the catalog")
    gib = context.usage.endpoint_gib
    subnets = _subnet_count(resource, context)
    usage = assumed(gib, "GB through each interface endpoint")
    yield line(resource, context, "interface endpoints", "vpc.interface_endpoint_hour", "subnet", subnets)
    yield line(resource, context, "endpoint data", "vpc.interface_endpoint_data", "GB", gib, usage)


def transit_gateway_attachment(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Billed per hour to the owner of the VPC, and per GB that the VPC sends. The gateway itself costs nothing."""
    gib = context.usage.transit_gateway_gib
    usage = assumed(gib, "GB sent to each transit gateway")
    yield line(resource, context, "transit gateway attachment", "transit_gateway.attachment_hour", "attachment", 1)
    yield line(resource, context, "transit gateway data", "transit_gateway.data_processed", "GB", gib, usage)


def flow_log(resource: Resource, context: Context) -> Iterable[LineItem | Unpriced]:
    """Delivery is billed per GB for every destination. To CloudWatch, it is counted with the log group."""
    if read_text(resource.inputs, "logDestinationType", "cloud-watch-logs") != "cloud-watch-logs":
        raise NoPriceError("delivery of vended logs is billed per GB, without a price in the catalog")
    return ()


def _subnet_count(resource: Resource, context: Context) -> int:
    """Returns the number of subnets. When the list is unknown, counts the subnets that the endpoint depends on."""
    try:
        return len(read_list(resource.inputs, "subnetIds"))
    except NoPriceError:
        linked = [context.resources.get(urn) for urn in resource.property_dependencies.get("subnetIds", ())]
        count = sum(1 for resource in linked if resource is not None and resource.type == SUBNET)
        if not count:
            raise
        return count


PRICERS: Mapping[str, Pricer] = {
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": transit_gateway_attachment,
    "aws:ec2/eip:Eip": public_address,
    "aws:ec2/vpcEndpoint:VpcEndpoint": endpoint,
    "aws:ec2/flowLog:FlowLog": flow_log,
}
