"""What EC2 refuses in a network, beyond what an entry of `ec2.py` can declare."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import zlib
from collections.abc import Iterator
from typing import Any

from catalog.instance_types import INSTANCE_TYPES
from simulator.aws import paths, templates, tokens
from simulator.aws.constraints import network
from simulator.aws.messages import AwsError, ProviderError
from simulator.aws.services import documents
from simulator.aws.situation import Situation
from simulator.cloud import CloudResource
from simulator.values import UNKNOWN, Props

# Which private ranges may not join a VPC of which other one.
# Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html, "CIDR block association restrictions"
_PRIVATE = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def blocks_of(s: Situation, vpc: CloudResource) -> list[str]:
    """All IPv4 blocks of a VPC, the primary one first."""
    secondary = [row.state["cidrBlock"] for row in s.naming(tokens.CIDR_ASSOCIATION, "vpcId", vpc.id)]
    return [vpc.state["cidrBlock"], *secondary]


def _overlap(one: str, other: str) -> bool:
    first, second = network(one), network(other)
    return bool(first and second and first.version == second.version and first.overlaps(second))


def _inside(inner: str, outer: str) -> bool:
    first, second = network(inner), network(outer)
    if not isinstance(first, ipaddress.IPv4Network) or not isinstance(second, ipaddress.IPv4Network):
        return False
    return first.subnet_of(second)


def vpc_needs_addresses(s: Situation) -> None:
    """A block, or a pool to take one from."""
    if s.get("cidrBlock") is None and s.get("ipv4IpamPoolId") is None:
        raise AwsError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")


def vpc_dns_names_need_dns(s: Situation) -> None:
    """Host names without name resolution."""
    if s.get("enableDnsHostnames", False) and not s.get("enableDnsSupport", True):
        raise AwsError("InvalidParameterCombination", "enableDnsHostnames needs enableDnsSupport.")


def vpc_brings_defaults(s: Situation) -> None:
    """The default security group and the main route table, which go with the VPC."""
    owner = f"{s.kind.type}::{s.id}"
    common: Props = {"vpcId": s.id, "region": s.region, "ownerId": s.account, "__owner": owner}
    group = {**common, "name": "default", "description": "default VPC security group", "ingress": [], "egress": []}
    s.cloud.put(tokens.SECURITY_GROUP, s.state["defaultSecurityGroupId"], group)
    s.cloud.put(tokens.ROUTE_TABLE, s.state["mainRouteTableId"], common)


def block_fits_the_vpc(s: Situation) -> None:
    """A secondary block: at most five in all by default, no overlap, and not of another private range."""
    vpc = s.cloud.get(tokens.VPC, s.get("vpcId"))
    wanted = s.get("cidrBlock")
    if vpc is None or wanted is None:
        return
    present = blocks_of(s, vpc)
    limit = s.limit("L-83CA0A9D", 5)
    if len(present) >= limit or (not s.call.preview and s.faults.strikes("quota", "L-83CA0A9D")):
        message = f"This network '{vpc.id}' has met its maximum number of allowed CIDRs: {limit}"
        raise AwsError("CidrLimitExceeded", message)
    if any(_overlap(wanted, block) for block in present):
        message = f"The CIDR '{wanted}' conflicts with another CIDR block of the VPC or a route of its route tables."
        raise AwsError("CidrConflict", message)
    home = next((block for block in _PRIVATE if _inside(present[0], str(block))), None)
    if any(_inside(wanted, str(block)) for block in _PRIVATE if block != home) and home is not None:
        message = (
            f"The CIDR '{wanted}' is restricted. Use a CIDR from the same private address range as the current VPC "
            "CIDR, or use a publicly-routable CIDR."
        )
        raise AwsError("InvalidVpc.Range", message)


def block_holds_no_subnet(s: Situation) -> None:
    """A block cannot leave while a subnet lies in it."""
    block, vpc = s.before["cidrBlock"], s.before["vpcId"]
    for row in s.naming(tokens.SUBNET, "vpcId", vpc):
        if _inside(row.state.get("cidrBlock", ""), block):
            message = f"The vpc '{vpc}' currently has a subnet within CIDR block {block}"
            raise AwsError("InvalidCidrBlock.InUse", message, settles=True)


def subnet_zone_exists(s: Situation) -> None:
    """A zone of the region, by name or id."""
    names = [zone.name for zone in s.place.zones]
    ids = [zone.zone_id for zone in s.place.zones]
    for path, known in (("availabilityZone", names), ("availabilityZoneId", ids)):
        zone = s.get(path)
        if zone is not None and zone not in known:
            message = (
                f"Value ({zone}) for parameter {path} is invalid. Subnets can currently only be created in the "
                f"following availability zones: {', '.join(known)}."
            )
            raise AwsError("InvalidParameterValue", message)


def subnet_fits_the_vpc(s: Situation) -> None:
    """Inside a block of the VPC, and over no other subnet."""
    vpc = s.cloud.get(tokens.VPC, s.get("vpcId"))
    wanted = s.get("cidrBlock")
    if vpc is None or wanted is None:
        return
    if not any(_inside(wanted, block) for block in blocks_of(s, vpc)):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{wanted}' is invalid.")
    for row in s.others():
        if row.state.get("vpcId") == vpc.id and _overlap(wanted, row.state.get("cidrBlock", "")):
            raise AwsError("InvalidSubnet.Conflict", f"The CIDR '{wanted}' conflicts with another subnet")


def subnet_zone(s: Situation) -> str:
    """The zone that was asked for by id, or the first one."""
    wanted = s.inputs.get("availabilityZoneId")
    return next((zone.name for zone in s.place.zones if zone.zone_id == wanted), s.place.zones[0].name)


def subnet_zone_id(s: Situation) -> str:
    """The id of the subnet's zone."""
    name = s.state.get("availabilityZone")
    return next(zone.zone_id for zone in s.place.zones if zone.name == name)


def vpc_has_no_gateway(s: Situation) -> None:
    """One internet gateway a VPC."""
    vpc = s.get("vpcId")
    for row in s.others():
        if vpc and row.state.get("vpcId") == vpc:
            message = f"resource {vpc} is already attached to network {row.id}"
            raise AwsError("Resource.AlreadyAssociated", message)


def no_addresses_are_mapped(s: Situation) -> None:
    """A gateway stays as long as public addresses of the VPC go through it."""
    vpc = s.before.get("vpcId")
    for row in s.rows(tokens.NAT_GATEWAY):
        subnet = s.cloud.get(tokens.SUBNET, row.state.get("subnetId", ""))
        home = subnet.state["vpcId"] if subnet else row.state.get("vpcId")
        if vpc and home == vpc and row.state.get("connectivityType") == "public":
            message = (
                f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before "
                "detaching the gateway."
            )
            raise AwsError("DependencyViolation", message, settles=True)


def gateway_leaves_no_addresses(s: Situation) -> None:
    """Moving the gateway to another VPC detaches it from the old one first."""
    if s.get("vpcId", "") != s.before.get("vpcId"):
        no_addresses_are_mapped(s)
        vpc_has_no_gateway(s)


def public_address(s: Situation) -> str:
    """An address of the block that is kept for documentation."""
    return f"203.0.113.{int(templates.draw('hex', 4, f'{s.call.urn}|{s.id}'), 16) % 254 + 1}"


def public_name(s: Situation) -> str:
    """The DNS name of the elastic IP's address."""
    host = "ec2-" + s.state.get("publicIp", public_address(s)).replace(".", "-")
    return f"{host}.compute-1.amazonaws.com" if s.region == "us-east-1" else f"{host}.{s.region}.compute.amazonaws.com"


def nat_has_what_its_mode_needs(s: Situation) -> None:
    """Zonal gateways have a subnet and, if public, an address; regional ones a VPC."""
    regional = s.get("availabilityMode", "zonal") == "regional"
    if regional and s.get("vpcId") is None:
        raise AwsError("MissingParameter", "The request must contain the parameter VpcId")
    if not regional and s.get("subnetId") is None:
        raise AwsError("MissingParameter", "The request must contain the parameter SubnetId")
    public = s.get("connectivityType") == "public"
    if public and not regional and s.get("allocationId") is None:
        raise AwsError("MissingParameter", "The request must contain the parameter AllocationId")
    if not public and s.get("allocationId") is not None:
        raise AwsError("InvalidParameter", "allocationId is not supported with connectivityType private")


def nat_address_is_free(s: Situation) -> None:
    """One gateway an elastic IP."""
    address = s.get("allocationId")
    if address and any(row.state.get("allocationId") == address for row in s.others()):
        raise AwsError("Resource.AlreadyAssociated", f"elastic IP {address} is already associated")


def nat_zone_has_room(s: Situation) -> None:
    """Five gateways a zone, unless the account has more. Quota L-FE5A380F."""
    subnet = s.cloud.get(tokens.SUBNET, s.get("subnetId") or "")
    zone = subnet.state["availabilityZone"] if subnet else None
    homes = [s.cloud.get(tokens.SUBNET, row.state.get("subnetId", "")) for row in s.others()]
    count = sum(1 for home in homes if home and home.state["availabilityZone"] == zone)
    limit = s.limit("L-FE5A380F", 5)
    if count >= limit or (not s.call.preview and s.faults.strikes("quota", "L-FE5A380F")):
        message = f"Performing this operation would exceed the limit of {limit} NAT gateways"
        raise AwsError("NatGatewayLimitExceeded", message)


def nat_has_a_way_out(s: Situation) -> None:
    """A public gateway in a VPC without an internet gateway fails some minutes after its creation."""
    subnet = s.cloud.get(tokens.SUBNET, s.get("subnetId") or "")
    vpc = subnet.state["vpcId"] if subnet else s.get("vpcId")
    if s.call.preview or s.get("connectivityType") != "public" or vpc is None:
        return
    if not any(row.state.get("vpcId") == vpc for row in s.rows(tokens.INTERNET_GATEWAY)):
        raise ProviderError(
            "waiting for EC2 NAT Gateway create: unexpected state 'failed', wanted target 'available'. last error: "
            f"Gateway.NotAttached: Network {vpc} has no Internet gateway attached",
            whole=True,
        )


def nat_address(s: Situation) -> str:
    """The public address of a gateway is that of its elastic IP."""
    address = s.cloud.get(tokens.EIP, s.inputs.get("allocationId") or "")
    return address.state["publicIp"] if address else ""


def nat_private_address(s: Situation) -> str:
    """The fifth address of the subnet: AWS keeps the first four."""
    subnet = s.cloud.get(tokens.SUBNET, s.inputs.get("subnetId") or "")
    block = network(subnet.state["cidrBlock"]) if subnet else None
    return str(block[4]) if block else ""


def route_id(s: Situation) -> str:
    """`r-`, the table and the CRC-32 of the destination."""
    return f"r-{s.get('routeTableId')}{zlib.crc32(destination(s.inputs).encode())}"


def destination(route: Props) -> str:
    """Where a route leads."""
    keys = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    return next((str(route[key]) for key in keys if route.get(key)), "")


def route_is_new(s: Situation) -> None:
    """One route a table and destination; the provider looks before it asks AWS."""
    table, target = s.get("routeTableId"), destination(s.inputs)
    for row in s.others():
        if row.state.get("routeTableId") == table and destination(row.state) == target:
            where = f"Route in Route Table ({table}) with destination ({target})"
            raise ProviderError(f"RouteAlreadyExists: {where} already exists")


def endpoint_service_is_in_the_region(s: Situation) -> None:
    """Service names carry the region; only three services are reached through a gateway."""
    name = s.get("serviceName")
    if name is None or not name.startswith("com.amazonaws."):
        return
    _, _, *rest = name.split(".")
    gateway = s.get("vpcEndpointType", "Gateway") == "Gateway"
    known = rest[:1] == [s.get("serviceRegion", s.region)] and len(rest) > 1
    if not known or (gateway and rest[1:] not in (["s3"], ["dynamodb"], ["s3express"])):
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


def endpoint_subnets_lie_in_different_zones(s: Situation) -> None:
    """One subnet a zone."""
    zones: set[str] = set()
    for id_ in s.get("subnetIds", []):
        subnet = s.cloud.get(tokens.SUBNET, id_)
        if subnet and subnet.state["availabilityZone"] in zones:
            message = f"Found another VPC endpoint subnet in the availability zone of {id_}"
            raise AwsError("DuplicateSubnetsInSameZone", message)
        if subnet:
            zones.add(subnet.state["availabilityZone"])


def endpoint_is_new(s: Situation) -> None:
    """One gateway for a service and table; one interface with private DNS for a service and VPC."""
    tables = set(s.get("routeTableIds", []))
    name, private = s.get("serviceName"), s.get("privateDnsEnabled", False)
    for row in s.others():
        if row.state.get("serviceName") != name or row.state.get("vpcId") != s.get("vpcId"):
            continue
        for table in tables & set(row.state.get("routeTableIds", [])):
            message = (
                f"route table {table} already has a route with destination-prefix-list-id {row.state['prefixListId']}"
            )
            raise AwsError("RouteAlreadyExists", message)
        if private and row.state.get("privateDnsEnabled"):
            domain = f"{str(name).rsplit('.', 1)[-1]}.{s.region}.amazonaws.com"
            message = (
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {domain} in "
                f"the VPC {s.get('vpcId')}"
            )
            raise AwsError("InvalidParameter", message)


def endpoint_names_need_dns(s: Situation) -> None:
    """Private DNS needs both DNS attributes of the VPC."""
    vpc = s.cloud.get(tokens.VPC, s.get("vpcId"))
    if not s.get("privateDnsEnabled", False) or vpc is None:
        return
    if not (vpc.state.get("enableDnsSupport") and vpc.state.get("enableDnsHostnames")):
        message = (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}"
        )
        raise AwsError("InvalidParameter", message)


def _of_interface(s: Situation) -> bool:
    return s.state.get("vpcEndpointType") == "Interface"


def endpoint_groups(s: Situation) -> list[str]:
    """The default security group of the VPC, for an interface endpoint without one."""
    vpc = s.cloud.get(tokens.VPC, s.state["vpcId"])
    return [vpc.state["defaultSecurityGroupId"]] if vpc and _of_interface(s) else []


def endpoint_interfaces(s: Situation) -> list[str]:
    """One network interface a subnet."""
    subnets = s.state.get("subnetIds", []) if _of_interface(s) else []
    return [s.fill(f"eni-{{hex17:{subnet}}}") for subnet in subnets]


def endpoint_names(s: Situation) -> list[Props]:
    """The endpoint's own DNS name."""
    if not _of_interface(s):
        return []
    service = str(s.state.get("serviceName", "")).rsplit(".", 1)[-1]
    name = s.fill("{id}-{alnum8:dns}." + service + ".{region}.vpce.amazonaws.com")
    return [{"dnsName": name, "hostedZoneId": "Z7HUB22UULQXV"}]


def endpoint_prefix_list(s: Situation) -> str:
    """The prefix list that routes to a gateway endpoint name."""
    return "" if _of_interface(s) else templates.fill("pl-{hex8}", str(s.state.get("serviceName")), lambda name: None)


def endpoint_blocks(s: Situation) -> list[str]:
    """The addresses behind that list, from the block that is kept for benchmarks."""
    return [] if _of_interface(s) else ["198.18.0.0/16"]


def flow_log_is_new(s: Situation) -> None:
    """One flow log for a resource, a destination and a kind of traffic."""
    paths_ = ("vpcId", "subnetId", "eniId", "trafficType", "logDestination", "logDestinationType")
    wanted = [s.get(path) for path in paths_]
    if any([row.state.get(path) or None for path in paths_] == wanted for row in s.others()):
        message = "Error. There is an existing Flow Log with the same configuration and log destination."
        raise AwsError("FlowLogAlreadyExists", message)


def flow_log_destination_exists(s: Situation) -> None:
    """A bucket or a log group, and for the latter a role that the service may take."""
    target, kind = s.get("logDestination", ""), s.get("logDestinationType", "cloud-watch-logs")
    if s.call.preview:
        return
    if kind == "s3" and _bucket(s, target) is None:
        raise AwsError("LogDestinationNotFoundException", f"LogDestination: {target.rsplit(':', 1)[-1]} does not exist")
    role = s.find(tokens.ROLE, "arn", s.get("iamRoleArn", ""))
    if kind == "cloud-watch-logs":
        if s.find(tokens.LOG_GROUP, "arn", target.removesuffix(":*")) is None:
            message = f"LogDestination: {target.rsplit(':', 1)[-1]} does not exist"
            raise AwsError("LogDestinationNotFoundException", message)
        if role is None or not documents.trusts(role.state, "vpc-flow-logs.amazonaws.com"):
            raise AwsError("InvalidParameter", "Unable to assume given IAM role")


def flow_log_fills_its_bucket(s: Situation) -> None:
    """From now on the bucket is not empty."""
    bucket = _bucket(s, s.state.get("logDestination", ""))
    if bucket is not None:
        s.cloud.put(bucket.type, bucket.id, {**bucket.state, "__objects": 1})


def _bucket(s: Situation, arn: str) -> CloudResource | None:
    return s.cloud.get(tokens.BUCKET, arn.split(":::", 1)[-1].split("/", 1)[0])


def groups_of_nodes(s: Situation) -> None:
    """Nodes of a managed node group hold the security groups that their launch template names."""
    for row in s.rows(tokens.NODE_GROUP):
        template = _template(s, row.state)
        if template and s.id in set(_template_groups(template.state)):
            raise AwsError("DependencyViolation", f"resource {s.id} has a dependent object", settles=True)


def _template(s: Situation, group: Props) -> CloudResource | None:
    named = group.get("launchTemplate") or {}
    if named.get("id"):
        return s.cloud.get(tokens.LAUNCH_TEMPLATE, named["id"])
    return s.find(tokens.LAUNCH_TEMPLATE, "name", named.get("name"))


def _template_groups(template: Props) -> Iterator[Any]:
    for path in ("vpcSecurityGroupIds[*]", "networkInterfaces[*].securityGroups[*]"):
        yield from (value for _, value in paths.find(template, path))


def group_has_a_vpc(s: Situation) -> None:
    """This account has no default VPC, as new accounts of many companies."""
    if s.get("vpcId") is None:
        raise AwsError("VPCIdNotSpecified", "No default VPC for this user")


def group_rules_fit(s: Situation) -> None:
    """At most 60 rules each way. Quota L-0EA8095F."""
    for path in ("ingress", "egress"):
        if len(s.get(path, [])) > 60:
            message = "The maximum number of rules per security group has been reached."
            raise AwsError("RulesPerSecurityGroupLimitExceeded", message)


_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def rule_is_new(s: Situation) -> None:
    """No rule twice in a group."""
    keys = ("securityGroupId", "ipProtocol", "fromPort", "toPort", *_SOURCES)
    wanted = [s.get(key) for key in keys]
    for row in s.others():
        if [row.state.get(key) for key in keys] == wanted:
            peer = next((str(s.inputs[key]) for key in _SOURCES if s.inputs.get(key)), "")
            raise _duplicate(peer, s.get("ipProtocol"), s.get("fromPort"), s.get("toPort"))


def classic_rule_is_new(s: Situation) -> None:
    """No rule twice in a group, for the older type that takes lists."""
    keys = ("securityGroupId", "type", "protocol", "fromPort", "toPort", "self", "sourceSecurityGroupId")
    lists = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
    wanted = [s.get(key) for key in keys]
    for row in s.others():
        same = [row.state.get(key) for key in keys] == wanted
        if same and all((row.state.get(key) or None) == (s.get(key) or None) for key in lists):
            peer = s.get("sourceSecurityGroupId") or next((s.get(key)[0] for key in lists if s.get(key)), s.id)
            raise _duplicate(str(peer), s.get("protocol"), s.get("fromPort"), s.get("toPort"))


def _duplicate(peer: str, protocol: Any, low: Any, high: Any) -> AwsError:
    ports = f", from port: {low}, to port: {high}" if low is not None else ""
    name = "ALL" if str(protocol) == "-1" else str(protocol).upper()
    return AwsError(
        "InvalidPermission.Duplicate", f'the specified rule "peer: {peer}, {name}{ports}, ALLOW" already exists'
    )


def kind_of_source_changes(old: Props, new: Props) -> bool:
    """A rule keeps its kind of source for life."""
    return any((old.get(key) is None) != (new.get(key) is None) for key in _SOURCES)


def template_gets_a_version(s: Situation) -> None:
    """Everything but tags and the choice of a version makes a new version."""
    quiet = {"tags", "tagsAll", "description", "defaultVersion", "updateDefaultVersion", "region"}
    changed = any(
        s.inputs.get(key) != s.before.get(key) for key in s.kind.known - quiet if key not in ("namePrefix", "name")
    )
    if not changed:
        return
    latest = UNKNOWN if s.call.preview else int(s.before.get("latestVersion", 1)) + 1
    s.state["latestVersion"] = latest
    if s.inputs.get("updateDefaultVersion"):
        s.state["defaultVersion"] = latest


def user_data_is_encoded(argument: str, value: Any) -> str | None:
    """Base64, at most 16 KiB before encoding."""
    try:
        size = len(base64.b64decode(value, validate=True))
    except (ValueError, binascii.Error):
        return f"expected {argument} to be base64 encoded"
    return None if size <= 16384 else f"{argument} holds {size} bytes, over the limit of 16384"


def reservation_can_be_met(s: Situation) -> None:
    """The zone is one of the region, the type is offered there, and there is capacity left."""
    zone, type_ = s.get("availabilityZone"), s.get("instanceType")
    if type_ not in INSTANCE_TYPES or s.region not in INSTANCE_TYPES[type_].regions:
        message = (
            "The requested configuration is currently not supported. Please check the documentation for supported "
            "configurations."
        )
        raise AwsError("Unsupported", message)
    if zone not in [each.name for each in s.place.zones]:
        raise AwsError("InvalidAvailabilityZone", f"The availability zone '{zone}' does not exist")
    if not s.call.preview and s.faults.strikes("capacity", type_):
        message = (
            f"We currently do not have sufficient {type_} capacity in the Availability Zone you requested ({zone}). "
            "Our system will be working on provisioning additional capacity."
        )
        raise AwsError("InsufficientInstanceCapacity", message, 500)


def adopted_group(s: Situation) -> str:
    """The default security group of the VPC: nothing is made, it is taken over."""
    vpc = s.cloud.get(tokens.VPC, s.get("vpcId") or "")
    if vpc is None:
        raise ProviderError("EC2 Default Security Group (default) not found")
    return str(vpc.state["defaultSecurityGroupId"])


def tagged_resource_exists(s: Situation) -> None:
    """Ids are unique over all types."""
    id_ = s.get("resourceId")
    if not s.call.preview and all(row.id != id_ for row in s.cloud.all()):
        raise AwsError("InvalidID", f"The ID '{id_}' is not valid")


def no_other_group_names_it(s: Situation) -> None:
    """Rules of other groups that have this one as their source."""
    users = (
        (tokens.INGRESS_RULE, "referencedSecurityGroupId"),
        (tokens.EGRESS_RULE, "referencedSecurityGroupId"),
        (tokens.SECURITY_GROUP_RULE, "sourceSecurityGroupId"),
    )
    for type_, path in users:
        if any(row.state.get("securityGroupId") != s.id for row in s.naming(type_, path, s.id)):
            raise AwsError("DependencyViolation", f"resource {s.id} has a dependent object", settles=True)
