"""One managed pool of equal nodes: an EKS node group in each zone, with a launch template of their own."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws

from components.compute.efa import efa_security_group, template_interfaces
from components.compute.machine_image import ami_type
from components.compute.node_labels import labels_of
from components.compute.node_user_data import user_data
from components.compute.node_volumes import NodeVolume, node_volumes
from components.compute.off_peak import schedule
from components.core.stage import Stage
from settings.compute.node_pool import DiskSettings, NodePoolSettings
from settings.compute.reservation import ReservationSettings

TAINT_EFFECTS = {  # Kubernetes -> EKS
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
CAPACITY_TYPES = {"on-demand": "ON_DEMAND", "spot": "SPOT", "reserved": "ON_DEMAND"}
CAPACITY_BLOCK = "capacity-block"


def block_devices(
    operating_system: str, disk: DiskSettings, key_arn: pulumi.Input[str]
) -> list[aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict]:
    """Volumes of a node, as a launch template spells them."""

    def spelt(volume: NodeVolume) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict:
        ebs: aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
            "volume_type": "gp3",
            "encrypted": "true",
            "kms_key_id": key_arn,
            "delete_on_termination": "true",
            "volume_size": volume.size_gib,
        }
        if volume.speed is not None:
            ebs["iops"], ebs["throughput"] = volume.speed.iops, volume.speed.throughput_mibps
        return {"device_name": volume.device, "ebs": ebs}

    return [spelt(volume) for volume in node_volumes(operating_system, disk)]


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """What the pool is told, and what it stands on.

    cluster: key of the cluster in the stack file.
    cluster_name: carries the dependency on the cluster, so that replacing the cluster replaces its pools.
    cluster_security_group_id: what nodes and control plane share. A template with network interfaces has to name it.
    after: what nodes cannot start without, and must not lose before they are gone: their permissions, the CNI.
    subnet_ids: zone name -> private subnet id. Pods get their addresses from the pod subnets, by the tag on those.
    now: tells whether a Capacity Block has begun.
    Raises ValueError when the pool names a zone that the network does not have.
    """

    settings: NodePoolSettings
    stage: Stage
    cluster: str
    cluster_name: pulumi.Input[str]
    cluster_security_group_id: pulumi.Input[str]
    kubernetes_version: str
    node_role_arn: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    volume_key_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        missing = sorted(set(self.zones) - set(self.subnet_ids))
        if missing:
            raise ValueError(
                f"pool {self.settings.name} asks for zones {', '.join(missing)}, but the network has "
                f"{', '.join(self.subnet_ids)}. Name zones of the network, or leave zones out to use all of them."
            )

    @property
    def zones(self) -> tuple[str, ...]:
        named = self.settings.named_zones
        return tuple(self.subnet_ids) if named is None else named

    @property
    def physical_name(self) -> str:
        return self.stage.pool_name(self.cluster, self.settings.name)

    @property
    def capacity_block(self) -> ReservationSettings | None:
        """The Capacity Block of the pool, if it has one."""
        reservation = self.settings.reservation
        return reservation if reservation is not None and reservation.kind == CAPACITY_BLOCK else None

    @property
    def waits_for_block(self) -> bool:
        """Whether its Capacity Block is still to come: until then EC2 would refuse every node."""
        block = self.capacity_block
        return block is not None and block.starts is not None and self.now < block.starts


def sizes(args: NodePoolArgs) -> aws.eks.NodeGroupScalingConfigArgsDict:
    """Nodes of each group. A Capacity Block is paid for whole, so that its pool is as large as may be while it lasts.

    Outside of the block the least is none, or EKS would go on trying.
    """
    settings = args.settings
    wanted = settings.start_per_zone
    if args.capacity_block is not None:
        wanted = 0 if args.waits_for_block else settings.max_per_zone
    return {"min_size": settings.min_per_zone, "max_size": settings.max_per_zone, "desired_size": wanted}


def in_reservation(
    reservation: ReservationSettings,
) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgsDict:
    """What a launch template says so that its instances start in the reservation.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html, read 2026-08.
    """
    return {"capacity_reservation_target": {"capacity_reservation_id": reservation.id}}


def auto_scaling_group(resources: Sequence[aws.eks.outputs.NodeGroupResource]) -> str:
    """Name of the Auto Scaling group behind a node group. Raises ValueError when EKS names none."""
    names: list[str] = [group.name for one in resources for group in one.autoscaling_groups or () if group.name]
    if not names:
        raise ValueError(
            "EKS names no Auto Scaling group of the node group, so its size cannot be scheduled. Try again."
        )
    return names[0]


class NodePool(pulumi.ComponentResource):
    """A node group in each zone: EKS replaces a group whose subnets change, so a zone more must be a group more.

    Nodes take the cluster's own security group, also where the template names none: all they need is open there.
    The number of nodes wanted is set at creation and then left to whoever scales the pool. So a minimum above the
    present number is refused by EKS until somebody has scaled up.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """

    node_group_names: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:compute:NodePool", name, None, opts)
        template = self._launch_template(name, args)
        groups = {zone: self._node_group(f"{name}-{zone}", zone, args, template) for zone in args.zones}
        for zone, group in groups.items():
            self._schedule(f"{name}-{zone}", args, group)
        self.node_group_names = {zone: group.node_group_name for zone, group in groups.items()}
        self.register_outputs({"node_group_names": self.node_group_names})

    def _node_group(
        self, name: str, zone: str, args: NodePoolArgs, template: aws.ec2.LaunchTemplate
    ) -> aws.eks.NodeGroup:
        settings, block = args.settings, args.capacity_block is not None
        update: aws.eks.NodeGroupUpdateConfigArgsDict = {
            "max_unavailable_percentage": settings.max_unavailable_percentage
        }
        if settings.reservation is not None:
            update["update_strategy"] = "MINIMAL"  # a full reservation has no room for a new node before the old goes
        return aws.eks.NodeGroup(
            name,  # no physical name: a replacement can then be there before the old nodes go
            cluster_name=args.cluster_name,
            version=args.kubernetes_version,
            node_role_arn=args.node_role_arn,
            subnet_ids=[args.subnet_ids[zone]],
            ami_type=ami_type(settings.operating_system, settings.instance_types),
            instance_types=None if block else list(settings.instance_types),  # a block's template has it
            capacity_type="CAPACITY_BLOCK" if block else CAPACITY_TYPES[settings.capacity_type],
            scaling_config=sizes(args),
            launch_template={"id": template.id, "version": template.latest_version.apply(lambda v: str(int(v)))},
            labels=labels_of(settings),
            taints=[{"key": t.key, "value": t.value, "effect": TAINT_EFFECTS[t.effect]} for t in settings.taints],
            update_config=update,
            node_repair_config={"enabled": settings.node_repair},
            tags={"always-on": "true"} if settings.always_on else None,
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["scalingConfig.desiredSize"], depends_on=list(args.after)
            ),
        )

    def _launch_template(self, name: str, args: NodePoolArgs) -> aws.ec2.LaunchTemplate:
        settings, reservation, block = args.settings, args.settings.reservation, args.capacity_block is not None
        # Default tags of the provider stop at the template: what it launches is tagged here, or cannot be billed.
        launched = {**args.stage.tags, "Name": f"{args.stage.prefix}-{name}"}
        told = user_data(settings)
        return aws.ec2.LaunchTemplate(
            name,
            description=f"Nodes of pool {settings.name}",
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,  # pods do not reach the node's credentials
                "instance_metadata_tags": "disabled",
            },
            block_device_mappings=block_devices(settings.operating_system, settings.disk, args.volume_key_arn),
            tag_specifications=[
                {"resource_type": kind, "tags": launched} for kind in ("instance", "volume", "network-interface")
            ],
            user_data=base64.b64encode(told.encode()).decode() if told else None,
            network_interfaces=self._network_interfaces(name, args) if settings.efa else None,
            placement=self._placement(name, args) if settings.placement_group else None,
            capacity_reservation_specification=in_reservation(reservation) if reservation is not None else None,
            instance_market_options={"market_type": CAPACITY_BLOCK} if block else None,
            instance_type=settings.instance_types[0] if block else None,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _network_interfaces(
        self, name: str, args: NodePoolArgs
    ) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
        group = efa_security_group(f"{name}-efa", args.vpc_id, args.physical_name, self)
        return template_interfaces(args.settings, [args.cluster_security_group_id, group.id])

    def _placement(self, name: str, args: NodePoolArgs) -> aws.ec2.LaunchTemplatePlacementArgsDict:
        opts = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.PlacementGroup(name, name=args.physical_name, strategy="cluster", opts=opts)
        return {"group_name": group.name}

    def _schedule(self, name: str, args: NodePoolArgs, node_group: aws.eks.NodeGroup) -> None:
        """EKS changes the sizes of its Auto Scaling group only when the node group is updated; in between, we do."""
        off_peak, block = args.settings.off_peak, args.capacity_block
        on = sizes(args)
        off: aws.eks.NodeGroupScalingConfigArgsDict = {**on, "min_size": 0, "desired_size": 0}
        for action in schedule(off_peak) if off_peak is not None else ():
            self._action(name, action.name, node_group, off if action.off else on, recurrence=action.recurrence)
        if block is not None and block.starts is not None and args.waits_for_block:
            starts = block.starts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # none may lie in the past
            whole: aws.eks.NodeGroupScalingConfigArgsDict = {**on, "desired_size": args.settings.max_per_zone}
            self._action(name, "block-starts", node_group, whole, start_time=starts)

    def _action(
        self,
        name: str,
        action: str,
        node_group: aws.eks.NodeGroup,
        size: aws.eks.NodeGroupScalingConfigArgsDict,
        *,
        recurrence: str | None = None,
        start_time: str | None = None,
    ) -> None:
        aws.autoscaling.Schedule(
            f"{name}-{action}",
            scheduled_action_name=action,
            autoscaling_group_name=node_group.resources.apply(auto_scaling_group),
            min_size=size["min_size"],
            max_size=size["max_size"],
            desired_capacity=size["desired_size"],
            recurrence=recurrence,
            time_zone=None if recurrence is None else "Etc/UTC",
            start_time=start_time,
            opts=pulumi.ResourceOptions(parent=self),
        )
