"""Rules of EC2 for networks that an entry of `ec2.py` cannot declare."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from catalog.endpoints import WITHOUT_POLICY
from catalog.instance_types import INSTANCE_TYPES
from catalog.known_quotas import CIDR_BLOCKS, NAT_GATEWAYS, RULES_OF_A_GROUP, KnownQuota
from catalog.limits import UNROUTABLE_CIDRS
from common.spelling import nearest
from simulator.aws import paths, templates, tokens
from simulator.aws.constraints import network, within
from simulator.aws.inputs import fields
from simulator.aws.messages import AwsError, ProviderError
from simulator.aws.model import Rule
from simulator.aws.operation_context import OperationContext, UnknownValueError
from simulator.aws.services import documents
from simulator.aws.services.refusals import combinations, of_one_vpc, refuse
from simulator.cloud import CloudResource
from simulator.values import UNKNOWN, Props, has_unknown

# Range of a present block -> ranges that a further block must not be in; _OTHER: beside a block outside these ranges.
# Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html, "IPv4 CIDR block association
# restrictions", read 2026-11. A VPC that began in RFC 1918 space may add blocks of it later, whatever it has since.
_TEN, _SEVENTEEN, _NINETEEN = "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"
_BENCHMARK, _LINK_LOCAL = "198.19.0.0/16", "169.254.0.0/16"
_RESTRICTED = {
    "10.0.0.0/15": ("10.0.0.0/16",),
    _TEN: (_SEVENTEEN, _NINETEEN, _BENCHMARK),
    _SEVENTEEN: (_TEN, _NINETEEN, "172.31.0.0/16", _BENCHMARK),
    _NINETEEN: (_TEN, _SEVENTEEN, _BENCHMARK),
    _BENCHMARK: (_TEN, _SEVENTEEN, _NINETEEN),
}
_OTHER = (_TEN, _SEVENTEEN, _NINETEEN, _BENCHMARK)


def blocks_of(op: OperationContext, vpc: CloudResource) -> list[str]:
    """Returns all IPv4 blocks of a VPC, the primary one first."""
    secondary = [row.state["cidrBlock"] for row in op.resources_with(tokens.CIDR_ASSOCIATION, "vpcId", vpc.id)]
    return [vpc.state["cidrBlock"], *secondary]


def _overlap(one: str, other: str) -> bool:
    first, second = network(one), network(other)
    return bool(first and second and first.version == second.version and first.overlaps(second))


def vpc_dns_names_need_dns(op: OperationContext) -> None:
    """DNS host names need DNS resolution."""
    if op.get("enableDnsHostnames", False) and not op.get("enableDnsSupport", True):
        raise AwsError("InvalidParameterCombination", "enableDnsHostnames needs enableDnsSupport.")


def vpc_companions(op: OperationContext) -> None:
    """Creates the default security group and the main route table, which are deleted with the VPC."""
    owner = f"{op.type}::{op.id}"
    common: Props = {"vpcId": op.id, "region": op.region, "ownerId": op.account, "__owner": owner}
    group = {**common, "name": "default", "description": "default VPC security group", "ingress": [], "egress": []}
    op.cloud.put(tokens.SECURITY_GROUP, op.state["defaultSecurityGroupId"], group)
    op.cloud.put(tokens.ROUTE_TABLE, op.state["mainRouteTableId"], common)


def _used_up(op: OperationContext, quota: KnownQuota, count: int) -> str:
    """Returns the limit of a quota that is used up, or that a fault says is; "" otherwise."""
    limit = op.limit(*quota.limit)
    used_up = count >= limit or (not op.call.preview and op.faults.strikes("quota", quota.code))
    return str(limit) if used_up else ""


def block_fits_the_vpc(op: OperationContext) -> None:
    """A VPC may have five blocks by default; they must not overlap, and AWS restricts which go together."""
    vpc = op.cloud.get(tokens.VPC, op.get("vpcId"))
    cidr = op.get("cidrBlock")
    if vpc is None or cidr is None:
        return
    present = blocks_of(op, vpc)
    if limit := _used_up(op, CIDR_BLOCKS, len(present)):
        message = f"This network '{vpc.id}' has met its maximum number of allowed CIDRs: {limit}"
        raise AwsError("CidrLimitExceeded", message)
    if any(_overlap(cidr, block) for block in present):
        message = f"The CIDR '{cidr}' conflicts with another CIDR block of the VPC or a route of its route tables."
        raise AwsError("CidrConflict", message)
    if within(cidr, _LINK_LOCAL) or any(within(cidr, block) for block in _restricted_beside(present)):
        message = (
            f"The CIDR '{cidr}' is restricted. Use a CIDR from the same private address range as the current VPC "
            "CIDR, or use a publicly-routable CIDR."
        )
        raise AwsError("InvalidVpc.Range", message)


def _restricted_beside(present: list[str]) -> set[str]:
    """Returns the restricted ranges. A later block outside RFC 1918 restricts nothing that the first block permits."""
    restricted = {
        block for of in present for known, ranges in _RESTRICTED.items() if within(of, known) for block in ranges
    }
    return restricted or set(_OTHER)


def block_holds_no_subnet(op: OperationContext) -> None:
    """A block that contains a subnet cannot be removed."""
    block, vpc = op.before["cidrBlock"], op.before["vpcId"]
    for row in op.resources_with(tokens.SUBNET, "vpcId", vpc):
        if within(row.state.get("cidrBlock", ""), block):
            message = f"The vpc '{vpc}' currently has a subnet within CIDR block {block}"
            raise AwsError("InvalidCidrBlock.InUse", message, retried=True)


def subnet_zone_exists(op: OperationContext) -> None:
    """The zone must be in the region, by name or id."""
    names = [zone.name for zone in op.region_facts.zones]
    ids = [zone.zone_id for zone in op.region_facts.zones]
    for path, known in (("availabilityZone", names), ("availabilityZoneId", ids)):
        zone = op.get(path)
        if zone is not None and zone not in known:
            message = (
                f"Value ({zone}) for parameter {path} is invalid. Subnets can currently only be created in the "
                f"following availability zones: {', '.join(known)}."
            )
            raise AwsError("InvalidParameterValue", message)


def subnet_fits_the_vpc(op: OperationContext) -> None:
    """The subnet must be inside a block of the VPC, and must not overlap with another subnet.

    At a preview the block may be one that the same update associates.
    """
    vpc = op.cloud.get(tokens.VPC, op.get("vpcId"))
    cidr = op.get("cidrBlock")
    if vpc is None or cidr is None:
        return
    if not op.call.preview and not any(within(cidr, block) for block in blocks_of(op, vpc)):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    for row in op.others():
        if row.state.get("vpcId") == vpc.id and _overlap(cidr, row.state.get("cidrBlock", "")):
            raise AwsError("InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet")


def subnet_zone(op: OperationContext) -> str:
    """Returns the zone that the inputs name by id, or the first zone of the region."""
    zone_id = op.inputs.get("availabilityZoneId")
    return next((zone.name for zone in op.region_facts.zones if zone.zone_id == zone_id), op.region_facts.zones[0].name)


def subnet_zone_id(op: OperationContext) -> str:
    """Returns the id of the subnet's zone."""
    name = op.state.get("availabilityZone")
    return next(zone.zone_id for zone in op.region_facts.zones if zone.name == name)


def vpc_has_no_gateway(op: OperationContext) -> None:
    """A VPC may have one internet gateway."""
    vpc = op.get("vpcId")
    for row in op.others():
        if vpc and row.state.get("vpcId") == vpc:
            message = f"resource {vpc} is already attached to network {row.id}"
            raise AwsError("Resource.AlreadyAssociated", message)


_MAPPED = (
    "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the "
    "gateway."
)


def no_addresses_are_mapped(op: OperationContext) -> None:
    """An internet gateway cannot be detached while NAT gateways or interfaces of the VPC have public addresses."""
    vpc = op.before.get("vpcId")
    for row in op.rows(tokens.NAT_GATEWAY):
        subnet = op.cloud.get(tokens.SUBNET, row.state.get("subnetId", ""))
        vpc_of_gateway = subnet.state["vpcId"] if subnet else row.state.get("vpcId")
        if vpc and vpc_of_gateway == vpc and row.state.get("connectivityType") == "public":
            raise AwsError("DependencyViolation", _MAPPED.format(vpc=vpc), retried=True)
    for row in op.rows(tokens.NETWORK_INTERFACE):
        if vpc and row.state["VpcId"] == vpc and "Association" in row.state:
            raise AwsError("DependencyViolation", _MAPPED.format(vpc=vpc), retried=True)


def gateway_leaves_no_addresses(op: OperationContext) -> None:
    """Moving the gateway to another VPC first detaches it from the old one."""
    if op.get("vpcId", "") != op.before.get("vpcId"):
        no_addresses_are_mapped(op)
        vpc_has_no_gateway(op)


def public_address(op: OperationContext) -> str:
    """Returns an address of the block that is reserved for documentation."""
    return f"203.0.113.{int(op.fill('{hex4:address}'), 16) % 254 + 1}"


def public_name(op: OperationContext) -> str:
    """Returns the DNS name of the Elastic IP's address."""
    host = "ec2-" + op.state.get("publicIp", public_address(op)).replace(".", "-")
    return (
        f"{host}.compute-1.amazonaws.com" if op.region == "us-east-1" else f"{host}.{op.region}.compute.amazonaws.com"
    )


def nat_has_what_its_mode_needs(op: OperationContext) -> None:
    """A zonal gateway needs a subnet and, if it is public, an address; a regional one needs a VPC."""
    regional = op.get("availabilityMode", "zonal") == "regional"
    if regional and not op.get("vpcId"):
        raise AwsError("MissingParameter", "The request must contain the parameter VpcId")
    if not regional and not op.get("subnetId"):
        raise AwsError("MissingParameter", "The request must contain the parameter SubnetId")
    if op.get("connectivityType") == "public" and not regional and not op.get("allocationId"):
        raise AwsError("MissingParameter", "The request must contain the parameter AllocationId")


# Source: EC2 API, CreateNatGateway: a VPC is for regional ones, which are public; read 2026-11; wordings unverified.
NAT_INPUTS = combinations(
    "InvalidParameter",
    "connectivityType=private: no allocationId secondaryAllocationIds vpcId",
    "connectivityType=public: no secondaryPrivateIpAddressCount",
    "availabilityMode=regional: no subnetId",
)


def nat_address_is_free(op: OperationContext) -> None:
    """An Elastic IP can be used by one gateway."""
    address = op.get("allocationId")
    if address and any(row.state.get("allocationId") == address for row in op.others()):
        raise AwsError("Resource.AlreadyAssociated", f"elastic IP {address} is already associated")


def nat_zone_is_within_quota(op: OperationContext) -> None:
    """A zone may have five gateways, unless the account has a higher quota."""
    subnet = op.cloud.get(tokens.SUBNET, op.get("subnetId") or "")
    zone = subnet.state["availabilityZone"] if subnet else None
    subnets = [op.cloud.get(tokens.SUBNET, row.state.get("subnetId", "")) for row in op.others()]
    count = sum(1 for subnet_ in subnets if subnet_ and subnet_.state["availabilityZone"] == zone)
    if limit := _used_up(op, NAT_GATEWAYS, count):
        message = f"Performing this operation would exceed the limit of {limit} NAT gateways"
        raise AwsError("NatGatewayLimitExceeded", message)


def nat_vpc_has_an_internet_gateway(op: OperationContext) -> None:
    """The VPC of a public gateway needs an internet gateway; without one, creation fails after some minutes."""
    subnet = op.cloud.get(tokens.SUBNET, op.get("subnetId") or "")
    vpc = subnet.state["vpcId"] if subnet else op.get("vpcId")
    if op.call.preview or op.get("connectivityType") != "public" or vpc is None:
        return
    if not any(row.state.get("vpcId") == vpc for row in op.rows(tokens.INTERNET_GATEWAY)):
        raise ProviderError(
            "waiting for EC2 NAT Gateway create: unexpected state 'failed', wanted target 'available'. last error: "
            f"Gateway.NotAttached: Network {vpc} has no Internet gateway attached",
            whole=True,
        )


def nat_address(op: OperationContext) -> str:
    """Returns the public address of a gateway: the address of its Elastic IP."""
    address = op.cloud.get(tokens.EIP, op.inputs.get("allocationId") or "")
    return address.state["publicIp"] if address else ""


def nat_private_address(op: OperationContext) -> str:
    """Returns the fifth address of the subnet: AWS reserves the first four."""
    subnet = op.cloud.get(tokens.SUBNET, op.inputs.get("subnetId") or "")
    block = network(subnet.state["cidrBlock"]) if subnet else None
    return str(block[4]) if block else ""


def route_id(op: OperationContext) -> str:
    """Returns `r-`, the route table, and the CRC-32 of the destination."""
    return f"r-{op.get('routeTableId')}{zlib.crc32(destination(op.inputs).encode())}"


def destination(route: Props) -> str:
    """Returns the destination of a route. Raises UnknownValueError when it is not known yet."""
    keys = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    given = [route[key] for key in keys if route.get(key) not in (None, "")]
    if has_unknown(given):
        raise UnknownValueError
    return str(given[0]) if given else ""


def route_is_new(op: OperationContext) -> None:
    """A route table may have one route for each destination; the provider checks this before it calls AWS."""
    table, target = op.get("routeTableId"), destination(op.inputs)
    for row in op.others():
        if row.state.get("routeTableId") == table and destination(row.state) == target:
            route = f"Route in Route Table ({table}) with destination ({target})"
            raise ProviderError(f"RouteAlreadyExists: {route} already exists")


def route_leaves_the_vpc(op: OperationContext) -> None:
    """A gateway's route must not be for a range of the VPC itself, or for a part of one.

    Source: Amazon VPC user guide, "Route tables", "Subnet route tables"; read 2026-11; wording unverified.
    """
    table = op.cloud.get(tokens.ROUTE_TABLE, op.get("routeTableId"))
    vpc = op.cloud.get(tokens.VPC, table.state["vpcId"]) if table else None
    cidr = op.get("destinationCidrBlock")
    targets = ("gatewayId", "natGatewayId", "transitGatewayId", "vpcPeeringConnectionId")
    if vpc is None or cidr is None or not any(op.get(target) for target in targets):
        return
    if any(within(cidr, block) for block in blocks_of(op, vpc)):
        message = (
            f"The destination CIDR block {cidr} is equal to or more specific than one of this VPC's CIDR blocks. This "
            "route can target only an interface or an instance."
        )
        raise AwsError("InvalidParameterValue", message)


def route_is_not_reserved(op: OperationContext) -> None:
    """No route may be for addresses that AWS has for itself, or that no network has.

    Source: Amazon VPC user guide, "Subnet route tables"; read 2026-11; wording unverified.
    """
    cidr = op.get("destinationCidrBlock")
    if cidr is not None and any(within(cidr, block) for block in UNROUTABLE_CIDRS):
        raise AwsError("InvalidParameterValue", f"The destination CIDR block {cidr} is reserved.")


def transit_gateway_is_attached(op: OperationContext) -> None:
    """EC2 knows a transit gateway in a VPC only when it is attached, and its owner has accepted the attachment.

    Source: hashicorp/terraform-provider-aws issues 9222 and 10025, read 2026-11.
    """
    gateway, table = op.get("transitGatewayId"), op.cloud.get(tokens.ROUTE_TABLE, op.get("routeTableId"))
    if not gateway or table is None or op.call.preview:
        return
    attached = op.resources_with(tokens.TRANSIT_GATEWAY_ATTACHMENT, "vpcId", table.state["vpcId"])
    known = any(row.state["transitGatewayId"] == gateway for row in attached)
    if not known or op.faults.strikes("pending-gateway", gateway):
        message = f"The transitGateway ID '{gateway}' does not exist."
        raise AwsError("InvalidTransitGatewayID.NotFound", message)


def transit_gateway_exists(op: OperationContext) -> None:
    """The company's gateway exists, unless the fault `missing-gateway` says that it does not."""
    gateway = op.get("transitGatewayId")
    if not op.call.preview and op.faults.strikes("missing-gateway", gateway):
        raise AwsError("InvalidTransitGatewayID.NotFound", f"Transit Gateway {gateway} was deleted or does not exist.")


def subnets_lie_in_different_zones(message: str) -> Rule:
    """Returns the rule that a zone has one of the subnets. message: EC2's, before the id of a second one."""

    def rule(op: OperationContext) -> None:
        zones: set[str] = set()
        for id_ in op.get("subnetIds", []):
            subnet = op.cloud.get(tokens.SUBNET, id_)
            if subnet and subnet.state["availabilityZone"] in zones:
                raise AwsError("DuplicateSubnetsInSameZone", f"{message} {id_}")
            zones |= {subnet.state["availabilityZone"]} if subnet else set()

    return rule


# Source: Amazon VPC Transit Gateways guide, "Transit gateway VPC attachments"; read 2026-11; wordings unverified.
ATTACHMENT_SUBNETS = (
    of_one_vpc(
        "InvalidSubnetID.NotFound", "The subnet ID '{value}' is not in the VPC of the attachment", "vpcId subnetIds[*]"
    ),
    subnets_lie_in_different_zones("Duplicate subnets for the availability zone of"),
)


# Source: EC2 API, CreateVpcEndpoint: which kind takes which parameter; read 2026-11; wordings unverified.
ENDPOINT_INPUTS = (
    combinations(
        "InvalidParameter",
        "vpcEndpointType=Gateway: no subnetIds securityGroupIds privateDnsEnabled",
        "vpcEndpointType=Interface: no routeTableIds",
    ),
    of_one_vpc(
        "InvalidParameter",
        "{value} is not in the VPC of the endpoint",
        "vpcId subnetIds[*] securityGroupIds[*] routeTableIds[*]",
    ),
)


def endpoint_service_is_in_the_region(op: OperationContext) -> None:
    """The service name must contain the region; only three services have gateway endpoints."""
    name = op.get("serviceName")
    if name is None or not name.startswith("com.amazonaws."):
        return
    _, _, *rest = name.split(".")
    if rest[:1] == ["vpce"]:  # a service of somebody else: com.amazonaws.vpce.<region>.<id>
        rest = rest[1:]
    gateway = op.get("vpcEndpointType", "Gateway") == "Gateway"
    known = rest[:1] == [op.get("serviceRegion", op.region)] and len(rest) > 1
    if not known or (gateway and rest[1:] not in (["s3"], ["dynamodb"], ["s3express"])):
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


def endpoint_policy_fits_the_kind(op: OperationContext) -> None:
    """Some kinds and services have no policy; gateways know everybody alone, and conditions.

    Source: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; of services
    awslabs/landing-zone-accelerator-on-aws, issue 224; other wordings unverified.
    """
    kind, policy = op.get("vpcEndpointType", "Gateway"), op.get("policy")
    if not isinstance(policy, str) or not policy:
        return
    if kind == "GatewayLoadBalancer":
        raise AwsError("InvalidParameter", f"Endpoint policies are not supported for endpoints of type {kind}")
    name = str(op.get("serviceName"))
    if name.removeprefix(f"com.amazonaws.{op.region}.") in WITHOUT_POLICY:
        raise AwsError("InvalidParameter", f"Service {name} only supports the full-access endpoint policy.")
    if len(policy) > _MAX_ENDPOINT_POLICY:
        raise AwsError("InvalidParameter", f"The Policy Document is longer than {_MAX_ENDPOINT_POLICY} characters")
    for statement in documents.listed(json.loads(policy).get("Statement")) if kind == "Gateway" else ():
        principal = statement.get("Principal")
        if "*" not in (principal, *documents.listed((principal or {}).get("AWS") if principal != "*" else None)):
            op.call.warn(
                "the policy of a gateway endpoint names a principal. AWS takes it, and then only the root user of that "
                "account goes through. Write * and the condition aws:PrincipalArn."
            )


_MAX_ENDPOINT_POLICY = 20_480


def endpoint_is_new(op: OperationContext) -> None:
    """A route table may have one gateway endpoint for a service, a VPC one interface endpoint with private DNS."""
    tables = set(op.get("routeTableIds", []))
    name, private = op.get("serviceName"), op.get("privateDnsEnabled", False)
    for row in op.others():
        if row.state.get("serviceName") != name or row.state.get("vpcId") != op.get("vpcId"):
            continue
        for table in tables & set(row.state.get("routeTableIds", [])):
            message = (
                f"route table {table} already has a route with destination-prefix-list-id {row.state['prefixListId']}"
            )
            raise AwsError("RouteAlreadyExists", message)
        if private and row.state.get("privateDnsEnabled"):
            domain = f"{str(name).rsplit('.', 1)[-1]}.{op.region}.amazonaws.com"
            message = (
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {domain} in "
                f"the VPC {op.get('vpcId')}"
            )
            raise AwsError("InvalidParameter", message)


def endpoint_names_need_dns(op: OperationContext) -> None:
    """Private DNS needs both DNS attributes of the VPC."""
    vpc = op.cloud.get(tokens.VPC, op.get("vpcId"))
    if not op.get("privateDnsEnabled", False) or vpc is None:
        return
    if not (vpc.state.get("enableDnsSupport") and vpc.state.get("enableDnsHostnames")):
        message = (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}"
        )
        raise AwsError("InvalidParameter", message)


def _is_interface_endpoint(op: OperationContext) -> bool:
    return op.state.get("vpcEndpointType") == "Interface"


def endpoint_groups(op: OperationContext) -> list[str]:
    """Returns the VPC's default security group, for an interface endpoint without groups."""
    vpc = op.cloud.get(tokens.VPC, op.state["vpcId"])
    return [vpc.state["defaultSecurityGroupId"]] if vpc and _is_interface_endpoint(op) else []


def endpoint_interfaces(op: OperationContext) -> list[str]:
    """Returns one network interface for each subnet."""
    subnets = op.state.get("subnetIds", []) if _is_interface_endpoint(op) else []
    return [op.fill(f"eni-{{hex17:{subnet}}}") for subnet in subnets]


def endpoint_names(op: OperationContext) -> list[Props]:
    """Returns the endpoint's own DNS name."""
    if not _is_interface_endpoint(op):
        return []
    service = str(op.state.get("serviceName", "")).rsplit(".", 1)[-1]
    name = op.fill("{id}-{alnum8:dns}." + service + ".{region}.vpce.amazonaws.com")
    return [{"dnsName": name, "hostedZoneId": "Z7HUB22UULQXV"}]


def endpoint_prefix_list(op: OperationContext) -> str:
    """Returns the prefix list that routes to a gateway endpoint name."""
    return (
        ""
        if _is_interface_endpoint(op)
        else templates.fill("pl-{hex8}", str(op.state.get("serviceName")), lambda name: None)
    )


def endpoint_blocks(op: OperationContext) -> list[str]:
    """Returns the addresses of that list, from the block that is reserved for benchmarks."""
    return [] if _is_interface_endpoint(op) else ["198.18.0.0/16"]


def flow_log_is_new(op: OperationContext) -> None:
    """A resource may have one flow log for each destination and kind of traffic."""
    paths_ = ("vpcId", "subnetId", "eniId", "trafficType", "logDestination", "logDestinationType")
    values = [op.get(path) for path in paths_]
    if any([row.state.get(path) or None for path in paths_] == values for row in op.others()):
        message = "Error. There is an existing Flow Log with the same configuration and log destination."
        raise AwsError("FlowLogAlreadyExists", message)


# Source: Amazon VPC user guide, "Flow log records", read 2026-11. A field to come is none of these, and near none.
_FLOW_FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
    "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path reject-reason resource-id "
    "encryption-status"
)


def flow_log_format(argument: str, value: Any) -> str | None:
    """Requires fields such as `${srcaddr}`, separated by spaces. A field that is nearly a known one is misspelt."""
    known, names = _FLOW_FIELDS.split(), re.findall(r"\$\{([a-z0-9-]+)\}", value)
    if " ".join(f"${{{name}}}" for name in names) != value:
        return f"{argument} must be a format such as ${{srcaddr}} ${{dstaddr}}, got: {value}"
    wrong = next((name for name in names if name not in known and nearest(name, known, 0.85)), None)
    return f"Unknown field {wrong} in {argument}" if wrong else None


# Source: EC2 API, CreateFlowLogs; read 2026-11. The wording about s3 is EC2's, from public reports.
FLOW_LOG_INPUTS = (
    refuse(
        "InvalidParameter",
        "DeliverLogsPermissionArn is not applicable for s3 delivery",
        lambda op: op.get("logDestinationType") == "s3" and op.get("iamRoleArn"),
    ),
    combinations(
        "InvalidParameter",
        "logDestinationType=cloud-watch-logs|kinesis-data-firehose: no destinationOptions",
        *(f"{resource}: needs trafficType" for resource in ("eniId", "regionalNatGatewayId", "subnetId", "vpcId")),
    ),
)


def flow_log_destination_exists(op: OperationContext) -> None:
    """The bucket or log group must exist; a log group also needs a role that the service may assume."""
    target, kind = op.get("logDestination", ""), op.get("logDestinationType", "cloud-watch-logs")
    if op.call.preview:
        return
    if kind == "s3" and _bucket(op, target) is None:
        raise AwsError("LogDestinationNotFoundException", f"LogDestination: {target.rsplit(':', 1)[-1]} does not exist")
    role = op.find(tokens.ROLE, "arn", op.get("iamRoleArn", ""))
    if kind == "cloud-watch-logs":
        if op.find(tokens.LOG_GROUP, "arn", target.removesuffix(":*")) is None:
            message = f"LogDestination: {target.rsplit(':', 1)[-1]} does not exist"
            raise AwsError("LogDestinationNotFoundException", message)
        if role is None or not documents.trusts(role.state, "vpc-flow-logs.amazonaws.com"):
            raise AwsError("InvalidParameter", "Unable to assume given IAM role")


def flow_log_fills_its_bucket(op: OperationContext) -> None:
    """Marks the bucket as not empty."""
    bucket = _bucket(op, op.state.get("logDestination", ""))
    if bucket is not None:
        op.cloud.put(bucket.type, bucket.id, {**bucket.state, "__objects": 1})


def _bucket(op: OperationContext, arn: str) -> CloudResource | None:
    return op.cloud.get(tokens.BUCKET, arn.split(":::", 1)[-1].split("/", 1)[0])


def no_node_has_the_group(op: OperationContext) -> None:
    """No launch template of a node group may name the security group."""
    for row in op.rows(tokens.NODE_GROUP):
        template = _template(op, row.state)
        if template and op.id in set(_template_groups(template.state)):
            raise AwsError("DependencyViolation", f"resource {op.id} has a dependent object", retried=True)


def no_interface_has_the_group(op: OperationContext) -> None:
    """No network interface of a load balancer or a node of Karpenter may have the security group."""
    for row in op.rows(tokens.NETWORK_INTERFACE):
        if any(group["GroupId"] == op.id for group in row.state.get("Groups", ())):
            raise AwsError("DependencyViolation", f"resource {op.id} has a dependent object", retried=True)


def _template(op: OperationContext, group: Props) -> CloudResource | None:
    named = group.get("launchTemplate") or {}
    if named.get("id"):
        return op.cloud.get(tokens.LAUNCH_TEMPLATE, named["id"])
    return op.find(tokens.LAUNCH_TEMPLATE, "name", named.get("name"))


def _template_groups(template: Props) -> Iterator[Any]:
    for path in ("vpcSecurityGroupIds[*]", "networkInterfaces[*].securityGroups[*]"):
        yield from (value for _, value in paths.find(template, path))


def group_has_a_vpc(op: OperationContext) -> None:
    """A security group needs a VPC: this account has no default VPC, like new accounts of many companies."""
    if op.get("vpcId") is None:
        raise AwsError("VPCIdNotSpecified", "No default VPC for this user")


def group_rules_fit(op: OperationContext) -> None:
    """A security group may have 60 rules in each direction, those that are inputs of the group itself."""
    for path in ("ingress", "egress"):
        if len(op.get(path, [])) > op.limit(*RULES_OF_A_GROUP.limit):
            message = "The maximum number of rules per security group has been reached."
            raise AwsError("RulesPerSecurityGroupLimitExceeded", message)


_PROTOCOLS = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}


def ports_mistake(protocol: str, low: Any, high: Any) -> str | None:
    """Returns what is wrong with the ports of a rule. With all other protocols, EC2 ignores them.

    Source: EC2 API, IpPermission, read 2026-11. Of the wordings, only that about both ports is verified.
    """
    number = _PROTOCOLS.get(str(protocol).lower(), str(protocol))
    if number != "-1" and not (number.isdigit() and int(number) <= 255):
        return f"Invalid value '{protocol}' for IP protocol. Unknown protocol."
    if number in ("6", "17"):
        if low is None or high is None:
            return "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        if not 0 <= low <= high <= 65535:
            return f"Invalid {protocol.upper()} port range ({low} - {high})"
    if number in ("1", "58") and not (-1 <= (low or 0) <= 255 and -1 <= (high or 0) <= 255):
        return f"ICMP code or type ({low}, {high}) is not from -1 to 255"
    return None


def rule_has_ports(op: OperationContext) -> None:
    """The ports of a rule must fit its protocol."""
    protocol = op.get("protocol") or op.get("ipProtocol")
    if mistake := ports_mistake(protocol, op.get("fromPort"), op.get("toPort")):
        raise AwsError("InvalidParameterValue", mistake)


def inline_rules_have_ports(op: OperationContext) -> None:
    """The ports of each rule of a group must fit its protocol; the provider refuses ports of all protocols."""
    for rule in (*op.get("ingress", []), *op.get("egress", [])):
        low, high = rule.get("fromPort") or 0, rule.get("toPort") or 0
        if str(rule.get("protocol")) in ("-1", "all") and (low or high):
            text = f"from_port ({low}) and to_port ({high}) must both be 0 to use the 'ALL' \"-1\" protocol!"
            raise ProviderError(text, whole=True)
        if mistake := ports_mistake(str(rule.get("protocol")), low, high):
            raise AwsError("InvalidParameterValue", mistake)


_BLOCKS = ("cidrBlocks", "ipv6CidrBlocks")
CLASSIC_SOURCES = (
    refuse(
        "",
        "one of `cidr_blocks,ipv6_cidr_blocks,prefix_list_ids,self,source_security_group_id` must be specified",
        lambda op: not any(op.get(key) for key in (*_BLOCKS, "prefixListIds", "self", "sourceSecurityGroupId")),
    ),
    refuse(
        "",
        "Conflicting configuration arguments: of self, a source group and blocks, a rule has one",
        lambda op: bool(op.get("self")) + bool(op.get("sourceSecurityGroupId")) + any(map(op.get, _BLOCKS)) > 1,
    ),
)
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def rule_is_new(op: OperationContext) -> None:
    """A security group may not have the same rule twice."""
    keys = ("securityGroupId", "ipProtocol", "fromPort", "toPort", *_SOURCES)
    values = [op.get(key) for key in keys]
    for row in op.others():
        if [row.state.get(key) for key in keys] == values:
            peer = next((str(op.inputs[key]) for key in _SOURCES if op.inputs.get(key)), "")
            raise _duplicate(peer, op.get("ipProtocol"), op.get("fromPort"), op.get("toPort"))


def classic_rule_is_new(op: OperationContext) -> None:
    """A security group may not have the same rule twice; for the older type, whose sources are lists."""
    keys = ("securityGroupId", "type", "protocol", "fromPort", "toPort", "self", "sourceSecurityGroupId")
    lists = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
    values = [op.get(key) for key in keys]
    for row in op.others():
        same = [row.state.get(key) for key in keys] == values
        if same and all((row.state.get(key) or None) == (op.get(key) or None) for key in lists):
            peer = op.get("sourceSecurityGroupId") or next((op.get(key)[0] for key in lists if op.get(key)), op.id)
            raise _duplicate(str(peer), op.get("protocol"), op.get("fromPort"), op.get("toPort"))


def _duplicate(peer: str, protocol: Any, low: Any, high: Any) -> AwsError:
    ports = f", from port: {low}, to port: {high}" if low is not None else ""
    name = "ALL" if str(protocol) == "-1" else str(protocol).upper()
    return AwsError(
        "InvalidPermission.Duplicate", f'the specified rule "peer: {peer}, {name}{ports}, ALLOW" already exists'
    )


def kind_of_source_changes(old: Props, new: Props) -> bool:
    """Returns whether the kind of source changes: AWS cannot change it in place."""
    return any((old.get(key) is None) != (new.get(key) is None) for key in _SOURCES)


def template_gets_a_version(op: OperationContext) -> None:
    """Any change creates a new version, except of tags, description and the default version."""
    unversioned = {"tags", "tagsAll", "description", "defaultVersion", "updateDefaultVersion", "region"}
    versioned = {*(fields(op.type) or ())} - unversioned - {"name", "namePrefix"}
    changed = any(op.inputs.get(key) != op.before.get(key) for key in versioned)
    if not changed:
        return
    latest = UNKNOWN if op.call.preview else int(op.before.get("latestVersion", 1)) + 1
    op.state["latestVersion"] = latest
    if op.inputs.get("updateDefaultVersion"):
        op.state["defaultVersion"] = latest


def user_data_is_encoded(argument: str, value: Any) -> str | None:
    """User data must be base64, of at most 16 KiB before encoding."""
    try:
        size = len(base64.b64decode(value, validate=True))
    except (ValueError, binascii.Error):
        return f"expected {argument} to be base64 encoded"
    return None if size <= 16384 else f"{argument} holds {size} bytes, over the limit of 16384"


# Source: EC2 API, CreateCapacityReservation; read 2026-11; wordings unverified.
RESERVATION_END = (
    combinations(
        "InvalidParameterCombination", "endDateType=limited: needs endDate", "endDateType=unlimited: no endDate"
    ),
    refuse(
        "InvalidParameterValue",
        "The endDate {endDate} is in the past",
        lambda op: op.get("endDate") and datetime.fromisoformat(op.get("endDate")) <= datetime.now(UTC),
    ),
)


def reservation_can_be_met(op: OperationContext) -> None:
    """The zone must be in the region, the region must offer the instance type, and there must be capacity."""
    zone, type_ = op.get("availabilityZone"), op.get("instanceType")
    if type_ not in INSTANCE_TYPES or op.region not in INSTANCE_TYPES[type_].regions:
        message = (
            "The requested configuration is currently not supported. Please check the documentation for supported "
            "configurations."
        )
        raise AwsError("Unsupported", message)
    if zone not in [each.name for each in op.region_facts.zones]:
        raise AwsError("InvalidAvailabilityZone", f"The availability zone '{zone}' does not exist")
    if not op.call.preview and op.faults.strikes("capacity", type_):
        message = (
            f"We currently do not have sufficient {type_} capacity in the Availability Zone you requested ({zone}). "
            "Our system will be working on provisioning additional capacity."
        )
        raise AwsError("InsufficientInstanceCapacity", message, 500)


def adopted_group(op: OperationContext) -> str:
    """Returns the VPC's default security group: the resource adopts it and creates nothing."""
    vpc = op.cloud.get(tokens.VPC, op.get("vpcId") or "")
    if vpc is None:
        raise ProviderError("EC2 Default Security Group (default) not found")
    return str(vpc.state["defaultSecurityGroupId"])


def tagged_resource_exists(op: OperationContext) -> None:
    """A resource with the id must exist; ids are unique over all types."""
    id_ = op.get("resourceId")
    if not op.call.preview and all(row.id != id_ for row in op.cloud.all()):
        raise AwsError("InvalidID", f"The ID '{id_}' is not valid")


def no_other_group_refers_to_it(op: OperationContext) -> None:
    """No rule of another security group may have this group as its source."""
    users = (
        (tokens.INGRESS_RULE, "referencedSecurityGroupId"),
        (tokens.EGRESS_RULE, "referencedSecurityGroupId"),
        (tokens.SECURITY_GROUP_RULE, "sourceSecurityGroupId"),
    )
    for type_, path in users:
        if any(row.state.get("securityGroupId") != op.id for row in op.resources_with(type_, path, op.id)):
            raise AwsError("DependencyViolation", f"resource {op.id} has a dependent object", retried=True)
