"""The free addresses of a subnet, which end the launch of nodes.

Source: EC2 API reference, error codes; VPC user guide, "Subnet sizing"; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.aws import tokens
from simulator.aws.constraints import network
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.launch_templates import RUNNING
from simulator.cloud import CloudResource
from simulator.values import Props

_RESERVED = 5  # addresses of each subnet that AWS keeps


def addresses_error(op: OperationContext, group: Props, nodes: int) -> str | None:
    """Returns EC2's error when the subnets of a group have fewer free addresses than the nodes that it launches."""
    subnets = [row for id_ in group["subnetIds"] if (row := op.cloud.get(tokens.SUBNET, id_)) is not None]
    free = sum(_size(subnet) - sum(_in_use(op, subnet)) for subnet in subnets)
    if not subnets or nodes <= free:
        return None
    return (
        f"InsufficientFreeAddressesInSubnet - There are not enough free addresses in subnet '{subnets[0].id}' to "
        "satisfy the requested number of instances."
    )


def _size(subnet: CloudResource) -> int:
    block = network(subnet.state.get("cidrBlock", ""))
    return block.num_addresses - _RESERVED if block else 0


def _in_use(op: OperationContext, subnet: CloudResource) -> Iterator[int]:
    """Yields the addresses in use. Nodes of a group in several subnets count in the first one."""
    for row in op.rows(tokens.NODE_GROUP):
        if row.state["subnetIds"][:1] == [subnet.id]:
            yield int((op.before if row.id == op.id else row.state).get(RUNNING, 0))
    for type_, path in (
        (tokens.MOUNT_TARGET, "subnetId"),
        (tokens.NAT_GATEWAY, "subnetId"),
        (tokens.VPC_ENDPOINT, "subnetIds[*]"),
    ):
        yield sum(1 for _ in op.resources_with(type_, path, subnet.id))
