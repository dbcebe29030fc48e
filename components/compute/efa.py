"""What the Elastic Fabric Adapters of a pool need of the network.

Source: EC2 user guide, "Get started with EFA and MPI", step 1; read 2026-11.
"""

import pulumi
import pulumi_aws as aws

from catalog.efa import efa_interfaces
from settings.compute.node_pool import NodePoolSettings


def efa_security_group(
    name: str, vpc_id: pulumi.Input[str], physical_name: str, parent: pulumi.Resource
) -> aws.ec2.SecurityGroup:
    """A group open to itself both ways: EFA's traffic passes only where a group names itself as its peer.

    physical_name: also the value of the tag by which an EC2NodeClass finds the group.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        name,
        description="EFA between the nodes of one pool",
        vpc_id=vpc_id,
        tags={"Name": physical_name, "karpenter.sh/discovery": physical_name},
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
    """Network interfaces for a launch template. They name the groups themselves, since the template then may not."""
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
