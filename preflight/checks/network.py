"""The network: ranges, connections of the company, endpoints of AWS services, and the way to each API."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import urlsplit

from catalog.endpoints import GUARDDUTY_DATA
from preflight.account import Ask
from preflight.check import Finding, check, failure, ok, warning
from preflight.checks.machines import zone_names
from preflight.needs import Needs, tags_of

_ATTACHED, _VPCS = "ec2:DescribeTransitGatewayVpcAttachments", "ec2:DescribeVpcs"
SECONDS = 3.0
# States in which a route leads to a VPC, or soon will. EC2 keeps showing attachments and ranges that are gone.
# Source: EC2 API reference, DescribeTransitGatewayVpcAttachments and VpcCidrBlockState, read 2026-11.
_JOINED = ("initiatingRequest", "pendingAcceptance", "pending", "available", "modifying", "rollingBack")
_IN_USE = ("associating", "associated")
DOCUMENTATION = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
"""Ranges of RFC 5737, which nobody has: the placeholders of stack files, which the simulator takes.

EKS refuses them: "The following CIDRs are not allowed in publicAccessCidrs: [203.0.113.0/24]", in public reports; read
2026-11.
"""


@check("Transit gateway", calls=("ec2:DescribeTransitGateways", _ATTACHED, _VPCS))
def transit_gateway(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The transit gateway is there, and no other VPC of the account that is attached to it has our range."""
    gateway = needs.settings.network.transit_gateway
    if gateway is None:
        return
    gone = ("InvalidTransitGatewayID.NotFound", "InvalidTransitGatewayID.Malformed")
    answer = ask("ec2:DescribeTransitGateways", absent=gone, TransitGatewayIds=[gateway.id])
    found = answer["TransitGateways"] if answer else []
    if not found:
        yield failure(
            f"{gateway.id} is not in {needs.settings.region}, or not shared with this account",
            "the VPC cannot be attached, and the private API is out of reach: `up` stops half-way",
            "Let its owner share it (AWS RAM), or write the id of another one in network.transit_gateway.id:",
            f"aws ec2 describe-transit-gateways --region {needs.settings.region} "
            "--query 'TransitGateways[].[TransitGatewayId,Description]' --output text",
        )
        return
    state = found[0]["State"]
    if state not in ("available", "pending", "modifying"):
        yield failure(f"{gateway.id} is {state}", "the VPC cannot be attached", "Name another one.")
        return
    by_hand = found[0].get("Options", {}).get("AutoAcceptSharedAttachments") == "disable"
    if state != "available":
        yield warning(f"{gateway.id} is {state}", "the VPC cannot be attached until that ends", "Wait, and look again.")
    elif found[0].get("OwnerId") != needs.account_id and by_hand:
        yield warning(
            f"{gateway.id} is of account {found[0].get('OwnerId')}, which accepts attachments by hand",
            "`up` waits for it",
            "Tell its owner when you run `up`.",
        )
    else:
        yield ok(f"{gateway.id} is available")
    filters = [{"Name": "transit-gateway-id", "Values": [gateway.id]}]
    attachments = ask(_ATTACHED, Filters=filters)["TransitGatewayVpcAttachments"]
    attached = {each["VpcId"] for each in attachments if each["State"] in _JOINED}
    yield from _clashes(needs, [vpc for vpc in ask(_VPCS)["Vpcs"] if vpc["VpcId"] in attached], gateway.id)


def _clashes(needs: Needs, vpcs: list[dict[str, Any]], gateway: str) -> Iterator[Finding]:
    """Yields the VPCs behind the gateway with our range of nodes. Ranges of pods are not routed there."""
    ours = IPv4Network(needs.settings.network.cidr)
    for vpc in vpcs:
        tags = tags_of(vpc)
        ranges = vpc.get("CidrBlockAssociationSet", ())
        blocks = [each["CidrBlock"] for each in ranges if each["CidrBlockState"]["State"] in _IN_USE]
        same = [block for block in blocks if IPv4Network(block).overlaps(ours)]
        if same and not needs.owns(tags):
            yield failure(
                f"{vpc['VpcId']} ({tags.get('Name', 'without a name')}) has {', '.join(same)} behind {gateway}",
                f"network.cidr is {ours}: the gateway has one route for both, and one of them gets no answers",
                "Write another range in network.cidr before the first `up`: it cannot be changed later.",
            )


@check("Peering connections", calls=("ec2:DescribeVpcPeeringConnections",))
def peering(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Each peering connection is active."""
    for name, peer in needs.settings.network.peering.items():
        answer = ask(
            "ec2:DescribeVpcPeeringConnections",
            absent=("InvalidVpcPeeringConnectionID.NotFound",),
            VpcPeeringConnectionIds=[peer.id],
        )
        found = answer["VpcPeeringConnections"] if answer else []
        state = found[0]["Status"]["Code"] if found else "not there"
        if state != "active":
            yield failure(
                f"network.peering.{name}: {peer.id} is {state}",
                "EC2 refuses routes to it, and `up` stops half-way",
                "Wait until it is active, let the other side accept it, or write the id of another one.",
            )
            continue
        yield ok(f"network.peering.{name}: {peer.id} is active")


@check("Security groups", calls=("ec2:DescribeSecurityGroups",))
def security_groups(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Security groups that may reach a private endpoint exist."""
    for key, cluster in needs.settings.clusters.items():
        for group in cluster.endpoint.private_security_group_ids:
            setting = f"clusters.{key}.endpoint.private_security_group_ids"
            if ask("ec2:DescribeSecurityGroups", absent=("InvalidGroup.NotFound",), GroupIds=[group]) is None:
                yield failure(f"{setting}: there is no {group}", "EC2 refuses the rule", "Write another id.")
            else:
                yield ok(f"{setting}: {group}")


_RUNTIME = ", and runtime from security.guardduty.features"


@check("Endpoints of AWS services", calls=("ec2:DescribeVpcEndpointServices", "ec2:DescribeAvailabilityZones"))
def endpoint_services(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """AWS offers each interface endpoint in the zones of the stack."""
    region = needs.settings.region
    more = [GUARDDUTY_DATA] if needs.settings.security.runtime else []
    named = {f"com.amazonaws.{region}.{each}": each for each in [*needs.settings.network.endpoints.interface, *more]}
    if not named:
        return
    answer = ask("ec2:DescribeVpcEndpointServices", Filters=[{"Name": "service-name", "Values": list(named)}])
    offered = {each["ServiceName"]: set(each["AvailabilityZones"]) for each in answer["ServiceDetails"]}
    zones = zone_names(needs, ask)
    missing = {name: [zone for zone in zones if zone not in offered.get(key, ())] for key, name in named.items()}
    if absent := [name for name, without in missing.items() if len(without) == len(zones)]:
        yield failure(
            f"{region} has no {', '.join(absent)}",
            "EC2 refuses the endpoints",
            f"Drop {', '.join(absent)} from network.endpoints.interface{_RUNTIME * (GUARDDUTY_DATA in absent)}.",
        )
    for name, without in missing.items():
        if not without:
            yield ok(name)
        elif name not in absent:
            yield failure(
                f"{name} is not in {', '.join(without)}",
                "EC2 refuses an endpoint with a subnet in a zone without the service",
                f"Drop {name} from network.endpoints.interface{_RUNTIME * (name == GUARDDUTY_DATA)}, or take other "
                "zones.",
            )


def _is_of_documentation(cidr: str) -> bool:
    return any(IPv4Network(cidr).subnet_of(one) for one in DOCUMENTATION)


@check("Way to the API", calls=("eks:DescribeCluster",))
def way_in(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """A cluster that is up is reached from here. Where there is none yet, `up` has to stand where the file says."""
    for key, cluster in needs.settings.clusters.items():
        if refused := [cidr for cidr in cluster.endpoint.public_cidrs if _is_of_documentation(cidr)]:
            yield failure(
                f"clusters.{key}.endpoint.public_cidrs: {', '.join(refused)} is for documentation",
                "EKS refuses it, and nobody has such an address",
                "Write the range that you come from: `curl https://checkip.amazonaws.com`.",
            )
        name = needs.stage.cluster_name(key)
        answer = ask("eks:DescribeCluster", absent=("ResourceNotFoundException",), name=name)
        if answer is None:
            place = needs.settings.deployer.address or "an address that the endpoint admits"
            yield ok(f"{name} is not up yet; its first `up` has to run at {place}")
            continue
        if not needs.owns(tags_of(answer["cluster"])):
            continue  # it is somebody else's, as another check says
        address = answer["cluster"].get("endpoint", "")
        problem = reached(urlsplit(address).hostname) if address else None
        if not address:
            yield ok(f"{name} is {answer['cluster'].get('status')} and has no address yet")
        elif problem is None:
            yield ok(f"{address} answers from here")
        else:
            ranges = cluster.endpoint.public_cidrs if cluster.endpoint.public else cluster.endpoint.private_cidrs
            yield warning(
                f"{address} is out of reach from here: {problem}",
                "`up` waits for it in vain if it runs here",
                f"Run where the endpoint admits it: {', '.join(ranges)}; docs/guides/cluster/way-in.md.",
            )


def reached(host: str | None) -> str | None:
    """Opens a connection to port 443 and closes it. Returns why that failed; None when it did not."""
    try:
        socket.create_connection((host, 443), SECONDS).close()
    except OSError as error:
        return str(error) or type(error).__name__
    return None
