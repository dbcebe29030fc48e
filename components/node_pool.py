"""One pool of equal nodes: an EKS managed node group in each zone, with a launch template of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from catalog.instance_types import INSTANCE_TYPES
from components.stage import Stage
from settings.node_pool import DiskSettings, NodePoolSettings

TAINT_EFFECTS = {  # Kubernetes -> EKS
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
CAPACITY_TYPES = {"on-demand": "ON_DEMAND", "spot": "SPOT"}
AMI_FAMILIES = {  # Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html (amiType)
    ("al2023", "x86_64", False): "AL2023_x86_64_STANDARD",
    ("al2023", "arm64", False): "AL2023_ARM_64_STANDARD",
    ("al2023", "x86_64", True): "AL2023_x86_64_NVIDIA",
    ("al2023", "arm64", True): "AL2023_ARM_64_NVIDIA",
    ("bottlerocket", "x86_64", False): "BOTTLEROCKET_x86_64",
    ("bottlerocket", "arm64", False): "BOTTLEROCKET_ARM_64",
    ("bottlerocket", "x86_64", True): "BOTTLEROCKET_x86_64_NVIDIA",
    ("bottlerocket", "arm64", True): "BOTTLEROCKET_ARM_64_NVIDIA",
}


def ami_type(operating_system: str, instance_types: Sequence[str]) -> str:
    """The AMI family that EKS keeps for these machines.

    Raises ValueError when the types need different ones: a node group has one AMI for all of its nodes.
    """
    kinds = {
        (INSTANCE_TYPES[name].arch, getattr(INSTANCE_TYPES[name].accelerator, "manufacturer", "").lower() == "nvidia")
        for name in instance_types
    }
    if len(kinds) != 1:
        raise ValueError(
            f"instance_types {', '.join(instance_types)} differ in architecture or GPU, but the nodes of a pool share "
            "one AMI. Put them into pools of their own."
        )
    arch, nvidia = next(iter(kinds))
    return AMI_FAMILIES[operating_system, arch, nvidia]


def block_devices(operating_system: str, disk: DiskSettings, key_arn: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Volumes of a node: gp3, under our key. Bottlerocket has its system apart, on a small one of its own."""

    def volume(device: str, **ebs: Any) -> dict[str, Any]:
        fixed = {"volume_type": "gp3", "encrypted": "true", "kms_key_id": key_arn, "delete_on_termination": "true"}
        return {"device_name": device, "ebs": {**fixed, **ebs}}

    sized = {"volume_size": disk.size_gib, "iops": disk.iops, "throughput": disk.throughput_mibps}
    if operating_system == "bottlerocket":
        return [volume("/dev/xvda", volume_size=4), volume("/dev/xvdb", **sized)]
    return [volume("/dev/xvda", **sized)]


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """What the pool is told, and what it stands on.

    cluster_name: carries the dependency on the cluster, so that replacing the cluster replaces its pools.
    after: what nodes cannot start without, and must not lose before they are gone: their permissions, the CNI.
    subnet_ids: zone name -> private subnet id. Pods get their addresses from the pod subnets, by the tag on those.
    Raises ValueError when the pool names a zone that the network does not have.
    """

    settings: NodePoolSettings
    stage: Stage
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    node_role_arn: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    volume_key_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()

    def __post_init__(self) -> None:
        missing = sorted(set(self.zones) - set(self.subnet_ids))
        if missing:
            raise ValueError(
                f"pool {self.settings.name} asks for zones {', '.join(missing)}, but the network has "
                f"{', '.join(self.subnet_ids)}. Name zones of the network, or leave zones out to use all of them."
            )

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(self.subnet_ids) if self.settings.zones is None else self.settings.zones


class NodePool(pulumi.ComponentResource):
    """A node group in each zone: EKS replaces a group whose subnets change, so a zone more must be a group more.

    Nodes take the cluster's own security group, since the template names none: all they need is open there.
    The number of nodes wanted is set at creation and then left to whoever scales the pool. So a minimum above the
    present number is refused by EKS until somebody has scaled up.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """

    node_group_names: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:compute:NodePool", name, None, opts)
        template = self._launch_template(name, args)
        self.node_group_names = {zone: self._node_group(name, zone, args, template) for zone in args.zones}
        self.register_outputs({"node_group_names": self.node_group_names})

    def _node_group(
        self, name: str, zone: str, args: NodePoolArgs, template: aws.ec2.LaunchTemplate
    ) -> pulumi.Output[str]:
        settings = args.settings
        node_group = aws.eks.NodeGroup(
            f"{name}-{zone}",  # no physical name: a replacement can then be there before the old nodes go
            cluster_name=args.cluster_name,
            version=args.kubernetes_version,
            node_role_arn=args.node_role_arn,
            subnet_ids=[args.subnet_ids[zone]],
            ami_type=ami_type(settings.operating_system, settings.instance_types),
            instance_types=list(settings.instance_types),
            capacity_type=CAPACITY_TYPES[settings.capacity_type],
            scaling_config={
                "min_size": settings.min_per_zone,
                "max_size": settings.max_per_zone,
                "desired_size": settings.start_per_zone,
            },
            launch_template={"id": template.id, "version": template.latest_version.apply(lambda v: str(int(v)))},
            labels=dict(settings.labels),
            taints=[{"key": t.key, "value": t.value, "effect": TAINT_EFFECTS[t.effect]} for t in settings.taints],
            update_config={"max_unavailable_percentage": settings.max_unavailable_percentage},
            node_repair_config={"enabled": settings.node_repair},
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["scalingConfig.desiredSize"], depends_on=list(args.after)
            ),
        )
        group_name: pulumi.Output[str] = node_group.node_group_name
        return group_name

    def _launch_template(self, name: str, args: NodePoolArgs) -> aws.ec2.LaunchTemplate:
        # Default tags of the provider stop at the template: what it launches is tagged here, or cannot be billed.
        launched = {**args.stage.tags, "Name": f"{args.stage.prefix}-{name}"}
        return aws.ec2.LaunchTemplate(
            name,
            description=f"Nodes of pool {args.settings.name}",
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,  # pods do not reach the node's credentials
                "instance_metadata_tags": "disabled",
            },
            block_device_mappings=block_devices(
                args.settings.operating_system, args.settings.disk, args.volume_key_arn
            ),
            tag_specifications=[
                {"resource_type": kind, "tags": launched} for kind in ("instance", "volume", "network-interface")
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
