"""Security group and network interfaces for the Elastic Fabric Adapters of a pool.

Source: EC2 user guide, "Get started with EFA and MPI", step 1; read 2026-11.
"""

import pulumi
import pulumi_aws as aws

from catalog.efa import efa_interfaces
from components.core.stage import DISCOVERY_TAG
from settings.compute.node_pool import NodePoolSettings


def efa_security_group(
    name: str, vpc_id: pulumi.Input[str], physical_name: str, parent: pulumi.Resource
) -> aws.ec2.SecurityGroup:
    """Registers a security group that is open to itself in both directions: EFA needs a group that is its own peer.

    physical_name: also the value of the tag by which an EC2NodeClass finds the group.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        name,
        description="EFA between the nodes of one pool",
        vpc_id=vpc_id,
        tags={"Name": physical_name, DISCOVERY_TAG: physical_name},
        opts=opts,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-in",
        description="EFA from nodes of the pool",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        ip_protocol="-1",
        opts=opts,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-out",
        description="EFA to nodes of the pool",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        ip_protocol="-1",
        opts=opts,
    )
    return group


def template_interfaces(
    pool: NodePoolSettings, security_groups: list[pulumi.Input[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
    """Returns network interfaces for a launch template. They have the security groups: the template then cannot."""
    return [
        {
            "network_card_index": interface.card,
            "device_index": interface.device,
            "interface_type": interface.kind,
            "security_groups": security_groups,
            "delete_on_termination": "true",
        }
        for interface in efa_interfaces(pool.machines[0])
    ]
