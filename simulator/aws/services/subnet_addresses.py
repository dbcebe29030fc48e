"""The network interfaces of nodes, and whether their subnets have addresses for them.

A node has its primary interface in a subnet of its group. The VPC CNI gives it a second one in a subnet for pods,
unless the primary one may serve pods. Only as much is counted as the CNI takes for a few pods: with prefixes one block
of 16 addresses in use and one in reserve, without them one address, since it takes fewer where there are few. Only a
CNI that is an EKS add-on is seen. The interfaces of Karpenter's nodes are not simulated.
Sources: amazon-vpc-cni-k8s v1.22.4, pkg/awsutils (createENI, GetVpcSubnets, IsSubnetExcluded), and
docs/prefix-and-ip-target.md; EKS best practices, "Prefix mode for Linux"; EC2 API reference, error codes; VPC user
guide, "Subnet sizing"; read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from catalog.eks_addons import release_of
from catalog.instance_types import INSTANCE_TYPES
from catalog.pods_per_node import PREFIX_ADDRESSES, blocks_per_node
from simulator.aws import tokens
from simulator.aws.constraints import network
from simulator.aws.messages import AwsError
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.launch_templates import INTERFACES
from simulator.cloud import Cloud, CloudResource
from simulator.values import Props

POD_TAG = "kubernetes.io/role/cni"
_EXCLUDES_SINCE = (1, 22, 1)
_RESERVED = 5  # addresses of each subnet that AWS keeps
_OTHERS = (
    (tokens.MOUNT_TARGET, "subnetId"),
    (tokens.NAT_GATEWAY, "subnetId"),
    (tokens.VPC_ENDPOINT, "subnetIds[*]"),
)


def interfaces_of_nodes(
    op: OperationContext, group: Props, machine: str | None, nodes: Iterable[int]
) -> tuple[list[Props], str | None]:
    """Returns the interfaces of nodes that a group launches, and EC2's error when a subnet has no room for them.

    nodes: their numbers in the group. machine: their instance type.
    """
    subnets = [row for id_ in group["subnetIds"] if (row := op.cloud.get(tokens.SUBNET, id_)) is not None]
    if not subnets:
        return [], None
    cluster = group["clusterName"]
    cni = _vpc_cni(op, cluster)
    for_pods = {each.id: _pod_subnets_of_a_node(op, cluster, each) if cni else [] for each in subnets}
    free = {row.id: _free(op, row) for rows in (subnets, *for_pods.values()) for row in rows}
    interfaces: list[Props] = []

    def take(choice: list[CloudResource], addresses: int, node: int) -> CloudResource | None:
        emptiest = max(choice, key=lambda subnet: free[subnet.id])
        if free[emptiest.id] < addresses:
            return None
        free[emptiest.id] -= addresses
        interfaces.append({"subnetId": emptiest.id, "addresses": addresses, "node": node})
        return emptiest

    for node in nodes:
        subnet = take(subnets, 1, node)
        if subnet is None:
            return [], (
                "InsufficientFreeAddressesInSubnet - There are not enough free addresses in subnet "
                f"'{subnets[0].id}' to satisfy the requested number of instances."
            )
        choice = for_pods[subnet.id]
        if choice and take(choice, _addresses_for_pods(cni, machine), node) is None:
            return [], (
                "InsufficientCidrBlocks - The specified subnet does not have enough free cidr blocks to satisfy the "
                f"request. ({choice[0].id}: the real EC2 starts the instances, and pods on them get no address.)"
            )
    return interfaces, None


def interface_ids(cloud: Cloud, subnet_id: str) -> list[str]:
    """Returns the ids of the interfaces in a subnet. A primary one of a node that serves pods is listed once."""
    ids = [
        f"eni-of-node-{interface['node']}-of-{row.id}"
        for row in cloud.of_type(tokens.NODE_GROUP)
        for interface in row.state.get(INTERFACES, [])
        if interface["subnetId"] == subnet_id
    ]
    others = [row.id for row in cloud.of_type(tokens.NETWORK_INTERFACE) if row.state["SubnetId"] == subnet_id]
    return [*dict.fromkeys(ids), *others]


def subnet_has_no_interface(op: OperationContext) -> None:
    """A subnet with an interface cannot be deleted. One of a node goes with it; the provider waits 20 minutes.

    It deletes only those of Lambda, Comprehend and DMS by itself. Source: terraform-provider-aws, resourceSubnetDelete
    and deleteLingeringENIs; read 2026-11.
    """
    if interface_ids(op.cloud, op.id):
        message = f"The subnet '{op.id}' has dependencies and cannot be deleted."
        raise AwsError("DependencyViolation", message, retried=True)


def is_excluded(op: OperationContext, cluster: str, subnet: CloudResource) -> bool:
    """Returns whether pods get no address of the subnet: it has the tag, and the cluster's VPC CNI obeys it."""
    cni = _vpc_cni(op, cluster)
    obeys = cni is not None and release_of(cni.get("addonVersion") or "") >= _EXCLUDES_SINCE
    return obeys and _tag(subnet) == "0"


def subnets_for_pods(op: OperationContext, node_subnet: CloudResource) -> list[CloudResource]:
    """Returns the subnets that are tagged for pods in the zone and the VPC of a node's subnet."""
    vpc, zone = node_subnet.state["vpcId"], node_subnet.state["availabilityZone"]
    rows = op.resources_with(tokens.SUBNET, "vpcId", vpc)
    return [row for row in rows if row.state["availabilityZone"] == zone and _tag(row) == "1"]


def _pod_subnets_of_a_node(op: OperationContext, cluster: str, subnet: CloudResource) -> list[CloudResource]:
    return subnets_for_pods(op, subnet) if is_excluded(op, cluster, subnet) else [subnet]


def _tag(subnet: CloudResource) -> str | None:
    tag: str | None = (subnet.state.get("tagsAll") or subnet.state.get("tags") or {}).get(POD_TAG)
    return tag


def _vpc_cni(op: OperationContext, cluster: str) -> Props | None:
    addons = op.resources_with(tokens.ADDON, "clusterName", cluster)
    return next((row.state for row in addons if row.state.get("addonName") == "vpc-cni"), None)


def _addresses_for_pods(cni: Props | None, machine: str | None) -> int:
    known = INSTANCE_TYPES.get(machine or "")
    values = json.loads((cni or {}).get("configurationValues") or "{}")
    environment: Mapping[str, str] = values.get("env") or {}
    if str(environment.get("ENABLE_PREFIX_DELEGATION")).lower() != "true":
        return 2
    return PREFIX_ADDRESSES * (blocks_per_node(known, pods=1) if known else 1)


def _free(op: OperationContext, subnet: CloudResource) -> int:
    block = network(subnet.state.get("cidrBlock", ""))
    size = block.num_addresses - _RESERVED if block else 0
    of_nodes: int = sum(
        interface["addresses"]
        for row in op.rows(tokens.NODE_GROUP)
        for interface in (op.before if row.id == op.id else row.state).get(INTERFACES, [])
        if interface["subnetId"] == subnet.id
    )
    return size - of_nodes - sum(1 for type_, path in _OTHERS for _ in op.resources_with(type_, path, subnet.id))
