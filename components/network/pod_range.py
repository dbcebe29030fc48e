"""Whether the pod range of a stack that is up may change as the stack file says: no interface may be in what goes.

AWS deletes no subnet with a network interface in it, and a node keeps its interface for pods until it ends. An `up`
would wait and then fail half-way.
Source: EC2 API reference, DeleteSubnet, read 2026-11.
"""

import pulumi
import pulumi_aws as aws

from components.core.stage import DISCOVERY_TAG, Stage
from settings.network.network_plan import pod_subnets


def check_nodes_keep_their_pod_subnets(stage: Stage, pod_cidr: str, opts: pulumi.InvokeOptions) -> None:
    """Raises RunError when nodes have interfaces in a pod subnet of this stage that `pod_cidr` does not contain.

    The subnets of a zone that goes are no reason, since its node groups go first.
    """
    tags = {DISCOVERY_TAG: stage.pod_subnets}
    present = aws.ec2.get_subnets(tags=tags, opts=opts).ids
    if not present:
        return
    planned = aws.ec2.get_subnets(
        tags=tags, filters=[{"name": "cidr-block", "values": pod_subnets(pod_cidr)}], opts=opts
    )
    leaving = sorted(set(present) - set(planned.ids))
    if not leaving:
        return
    interfaces = aws.ec2.get_network_interfaces(filters=[{"name": "subnet-id", "values": leaving}], opts=opts).ids
    if interfaces:
        raise pulumi.RunError(
            f"network.pod_cidr: {pod_cidr} takes away subnets of pods ({', '.join(leaving)}), but nodes have network "
            f"interfaces in them ({len(interfaces)}), and AWS deletes no such subnet. Write the range that the stack "
            "was built with, or a larger one that begins at the same address. How to empty subnets first: "
            "docs/guides/network/addresses.md."
        )
