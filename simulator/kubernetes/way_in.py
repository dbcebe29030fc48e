"""Who gets to an API server: by the endpoints of its EKS cluster, by routes and security groups, and by access entries.

Sources: EKS user guide, "Cluster API server endpoint" and "Grant IAM users access to Kubernetes with EKS access
entries"; Amazon VPC user guide, "Route priority"; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from simulator.aws import tokens
from simulator.aws.constraints import network
from simulator.caller import USER, Caller
from simulator.cloud import Cloud, CloudResource
from simulator.faults import Faults
from simulator.kubernetes.clusters import Address

_ANYWHERE = "0.0.0.0/0"
_HTTPS = 443
_ADMIN = "AmazonEKSClusterAdminPolicy"
_WAYS = (
    "Ways in from outside the VPC: a public endpoint that admits the address; or, where that is off, the private one, "
    "with a route to the address by transit gateway or peering, and 443 from it into the security group {group}. "
    "`--from ADDRESS` says where the caller stands"
)


def refusal(cloud: Cloud, cluster: CloudResource, named: Address, caller: Caller, faults: Faults) -> str:
    """Returns why the API server does not serve the caller, in the words of a real run; "" when it does."""
    if why := _unreachable(cloud, cluster, caller):
        return f'Get "{named.server}/openapi/v2?timeout=32s": dial tcp: i/o timeout: {why}'
    if (cluster.state.get("accessConfig") or {}).get("authenticationMode") != "API":
        return ""  # the creator is admin by the aws-auth ConfigMap
    principal = named.role or caller.principal or _user(str(cluster.state["arn"]))
    return _unknown_principal(cloud, cluster, principal, faults)


def _unreachable(cloud: Cloud, cluster: CloudResource, caller: Caller) -> str:
    config: Mapping[str, Any] = cluster.state.get("vpcConfig") or {}
    public = config.get("endpointPublicAccess", True)
    ranges = (config.get("publicAccessCidrs") or [_ANYWHERE]) if public else []
    if _ANYWHERE in ranges or (caller.address and _inside(caller.address, ranges)):
        return ""
    private = bool(config.get("endpointPrivateAccess"))
    if caller.address and private and _reaches_inside(cloud, config, caller.address, alone=not public):
        return ""
    ways = _WAYS.format(group=config.get("clusterSecurityGroupId"))
    kinds = f"admits {', '.join(ranges)}" if public else "is off"
    return f"{caller} cannot reach it: its public endpoint {kinds}. {ways}"


def _reaches_inside(cloud: Cloud, config: Mapping[str, Any], address: IPv4Address, *, alone: bool) -> bool:
    """Returns whether the address reaches the private endpoint.

    An address in the VPC counts as that of a node or pod: members of the cluster's security group, which it admits.
    alone: whether there is no public endpoint. Otherwise only hosts of the VPC get the private addresses by the name.
    """
    vpc = str(config.get("vpcId"))
    if _inside(address, _blocks(cloud, vpc)):
        return True
    subnets = config.get("subnetIds") or ()
    routes = [_route_to(cloud, subnet, address) for subnet in subnets]
    if not alone or not all(_leads(cloud, vpc, subnet, way) for subnet, way in zip(subnets, routes, strict=True)):
        return False
    peered = all(way and way.get("vpcPeeringConnectionId") for way in routes)
    rules = _rules(cloud, str(config.get("clusterSecurityGroupId")))
    return any(_admits(rule.state, address, peered=peered) for rule in rules)


def _blocks(cloud: Cloud, vpc: str) -> list[str]:
    row = cloud.get(tokens.VPC, vpc)
    added = [each.state for each in cloud.of_type(tokens.CIDR_ASSOCIATION) if each.state.get("vpcId") == vpc]
    return [state["cidrBlock"] for state in ([row.state] if row else []) + added if state.get("cidrBlock")]


def _rules(cloud: Cloud, group: str) -> Iterator[CloudResource]:
    for row in cloud.of_type(tokens.INGRESS_RULE):
        if row.state.get("securityGroupId") == group:
            yield row


def _admits(rule: Mapping[str, Any], address: IPv4Address, *, peered: bool) -> bool:
    """Returns whether a rule admits HTTPS from the address, or from members of another group, as a peer may be one.

    Across a transit gateway a group counts only if its owner turned referencing on, which is off by default.
    """
    if rule.get("ipProtocol") not in ("-1", "all"):
        first, last = rule.get("fromPort"), rule.get("toPort")
        if rule.get("ipProtocol") != "tcp" or first is None or last is None or not first <= _HTTPS <= last:
            return False
    if group := rule.get("referencedSecurityGroupId"):
        return peered and bool(group != rule.get("securityGroupId"))
    return _inside(address, [rule.get("cidrIpv4")])


def _route_to(cloud: Cloud, subnet: str, address: IPv4Address) -> Mapping[str, Any] | None:
    """Returns the route that answers of a network interface in the subnet take: the narrowest one."""
    table = next(
        (
            row.state["routeTableId"]
            for row in cloud.of_type(tokens.ROUTE_TABLE_ASSOCIATION)
            if row.state.get("subnetId") == subnet
        ),
        None,
    )
    fitting = [
        (IPv4Network(row.state["destinationCidrBlock"]).prefixlen, row.state)
        for row in cloud.of_type(tokens.ROUTE)
        if row.state.get("routeTableId") == table and _inside(address, [row.state.get("destinationCidrBlock")])
    ]
    return max(fitting, key=lambda each: each[0])[1] if fitting else None


def _leads(cloud: Cloud, vpc: str, subnet: str, route: Mapping[str, Any] | None) -> bool:
    if route is None:
        return False
    if gateway := route.get("transitGatewayId"):
        return _zone(cloud, subnet) in _attached_zones(cloud, vpc, gateway)
    return bool(route.get("vpcPeeringConnectionId"))


def _attached_zones(cloud: Cloud, vpc: str, gateway: str) -> Iterator[str]:
    """Yields the zones from which a VPC reaches a transit gateway: those in which the attachment has a subnet."""
    for row in cloud.of_type(tokens.TRANSIT_GATEWAY_ATTACHMENT):
        if (row.state.get("transitGatewayId"), row.state.get("vpcId")) == (gateway, vpc):
            yield from (_zone(cloud, subnet) for subnet in row.state.get("subnetIds") or ())


def _zone(cloud: Cloud, subnet: str) -> str:
    row = cloud.get(tokens.SUBNET, subnet)
    return str(row.state.get("availabilityZone")) if row else ""


def _inside(address: IPv4Address, ranges: Sequence[str | None]) -> bool:
    blocks = [network(cidr) for cidr in ranges if cidr]
    return any(isinstance(block, IPv4Network) and address in block for block in blocks)


def _unknown_principal(cloud: Cloud, cluster: CloudResource, principal: str, faults: Faults) -> str:
    """Returns why a cluster with access entries does not know the principal, or grants it nothing."""
    key = (cluster.id, principal)
    entry = next((row for row in cloud.of_type(tokens.ACCESS_ENTRY) if _key(row) == key), None)
    unauthorized = "the server has asked for the client to provide credentials: "
    if entry is None:
        return (
            f"{unauthorized}{principal} has no access entry in {cluster.id}. deployer.role_arn and "
            "clusters.<name>.access make them"
        )
    if _is_new(cloud, entry) and faults.strikes("late-entry", cluster.id):
        return f"{unauthorized}the access entry of {principal} in {cluster.id} is too new to count"
    policies = [row.state for row in cloud.of_type(tokens.ACCESS_POLICY) if _key(row) == key]
    admin = any(
        state["policyArn"].endswith(f"/{_ADMIN}") and state["accessScope"]["type"] == "cluster" for state in policies
    )
    if admin or entry.state.get("kubernetesGroups"):  # RBAC decides about groups, and is not simulated
        return ""
    return f"forbidden: {principal} has an access entry in {cluster.id}, but {_ADMIN} is not associated with it"


def _is_new(cloud: Cloud, entry: CloudResource) -> bool:
    """Returns whether no node group was made after the entry, so that only seconds have passed.

    Source: EKS user guide, "Create access entries": they are eventually consistent; read 2026-11
    """
    groups = cloud.of_type(tokens.NODE_GROUP)
    cluster = entry.state["clusterName"]
    return all(row.made < entry.made for row in groups if row.state.get("clusterName") == cluster)


def _user(arn_of_cluster: str) -> str:
    """Returns the ARN of the caller that has no other, in the account of a cluster."""
    _, partition, _, _, account, _ = arn_of_cluster.split(":", 5)
    return f"arn:{partition}:iam::{account}:{USER}"


def _key(row: CloudResource) -> tuple[Any, Any]:
    return row.state.get("clusterName"), row.state.get("principalArn")
