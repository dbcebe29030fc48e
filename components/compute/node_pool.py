"""One managed pool: an EKS node group in each zone, and the launch template that they share."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_aws as aws

from components.compute.autoscaling import node_group_tags, scaling_group_tags
from components.compute.efa import efa_security_group, template_interfaces
from components.compute.image_release import image_release
from components.compute.live_pools import recorded
from components.compute.machine_image import ami_type
from components.compute.node_labels import labels_of
from components.compute.node_user_data import user_data
from components.compute.node_volumes import NodeVolume, node_volumes
from components.compute.off_peak import GroupSize, group_size, schedule
from components.core.stage import FIXED_TAGS, Stage
from settings.compute.node_pool import DiskSettings, NodePoolSettings
from settings.compute.reservation import ReservationSettings
from settings.core.physical_names import node_group_name

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
    """Returns the volumes of a node in the form of a launch template."""

    def mapping(volume: NodeVolume) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict:
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

    return [mapping(volume) for volume in node_volumes(operating_system, disk)]


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """Arguments of a managed pool.

    cluster: key of the cluster in the stack file.
    cluster_name: carries the dependency on the cluster, so that a replacement of the cluster replaces its pools.
    cluster_security_group_id: the group of nodes and control plane. A template with network interfaces must name it.
    gpu_allocation: that of the cluster.
    after: what nodes need from start to end, such as their permissions and the CNI.
    subnet_ids: zone name -> id of the subnet of nodes: private, or with EFA a pod subnet.
    is_up: whether the pool has node groups; they are then updated zone by zone.
    live_sizes: zone -> the desired size to set, where the sizes of a pool that is up change.
    now: the time that decides whether a Capacity Block has begun.
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
    gpu_allocation: str = "device-plugin"
    after: Sequence[pulumi.Resource] = ()
    is_up: bool = False
    live_sizes: Mapping[str, int] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        missing = sorted(set(self.zones) - set(self.subnet_ids))
        if missing:
            raise ValueError(
                f"pool {self.settings.name} names zones {', '.join(missing)}, but the network has "
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
        """Whether its Capacity Block has not begun: until then EC2 refuses every node."""
        block = self.capacity_block
        return block is not None and block.starts is not None and self.now < block.starts


def sizes(args: NodePoolArgs) -> aws.eks.NodeGroupScalingConfigArgsDict:
    """Returns the size of each node group. A Capacity Block is fully paid, so its pool has the maximum size during it.

    The minimum is zero, because EKS would try forever to start nodes before and after the block.
    """
    settings = args.settings
    desired = settings.start_per_zone
    if args.capacity_block is not None:
        desired = 0 if args.waits_for_block else settings.max_per_zone
    return {"min_size": settings.min_per_zone, "max_size": settings.max_per_zone, "desired_size": desired}


def in_reservation(
    reservation: ReservationSettings,
) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgsDict:
    """Returns the part of a launch template that starts instances in the reservation.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html, read 2026-08.
    """
    return {"capacity_reservation_target": {"capacity_reservation_id": reservation.id}}


def auto_scaling_group(resources: Sequence[aws.eks.outputs.NodeGroupResource]) -> str:
    """Returns the name of the Auto Scaling group of a node group. Raises ValueError when EKS names none."""
    names: list[str] = [group.name for one in resources for group in one.autoscaling_groups or () if group.name]
    if not names:
        raise ValueError(
            "EKS names no Auto Scaling group of the node group, so it gets no schedules and no tags. Try again."
        )
    return names[0]


class NodePool(pulumi.ComponentResource):
    """A node group in each zone. EKS replaces a group whose subnets change, so a new zone needs a new group.

    Nodes get the cluster's security group, even when the template names none; it allows all that they need.
    The desired size is set at creation and later ignored, so that cluster-autoscaler, people and schedules can scale
    the pool, except when the stack file changes the sizes: `live_pools.py`.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """

    node_groups: Sequence[pulumi.Resource]
    node_group_names: Mapping[str, pulumi.Output[str]]
    record: Mapping[str, Any]

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:compute:NodePool", name, None, opts)
        template = self._launch_template(name, args)
        groups: dict[str, aws.eks.NodeGroup] = {}
        for zone in args.zones:
            # What takes the nodes of one zone away waits for the zone before. New groups are made side by side.
            earlier = list(groups.values())[-1:] if args.is_up else []
            groups[zone] = self._node_group(node_group_name(name, zone), zone, args, template, earlier)
        for zone, group in groups.items():
            self._tag(node_group_name(name, zone), args, group)
            self._schedule(node_group_name(name, zone), args, group)
        self.node_groups = list(groups.values())
        self.node_group_names = {zone: group.node_group_name for zone, group in groups.items()}
        self.record = recorded(args.settings, self.node_group_names)
        self.register_outputs({"node_group_names": self.node_group_names})

    def _node_group(
        self,
        name: str,
        zone: str,
        args: NodePoolArgs,
        template: aws.ec2.LaunchTemplate,
        earlier: Sequence[aws.eks.NodeGroup],
    ) -> aws.eks.NodeGroup:
        settings, block = args.settings, args.capacity_block is not None
        size, scaling = None if block else args.live_sizes.get(zone), sizes(args)
        if size is not None:
            scaling["desired_size"] = size
        update: aws.eks.NodeGroupUpdateConfigArgsDict = {
            "max_unavailable_percentage": settings.max_unavailable_percentage
        }
        if settings.accelerator is not None or settings.reservation is not None:
            update["update_strategy"] = "MINIMAL"  # GPUs are scarce: there may be none for a node beside the old one
        return aws.eks.NodeGroup(
            name,  # no physical name: a replacement can then start before the old nodes stop
            cluster_name=args.cluster_name,
            version=args.kubernetes_version,
            release_version=image_release(settings, args.cluster, args.kubernetes_version, self),
            node_role_arn=args.node_role_arn,
            subnet_ids=[args.subnet_ids[zone]],
            ami_type=ami_type(settings.operating_system, settings.instance_types),
            instance_types=None if block else list(settings.instance_types),  # a block's template has it
            capacity_type="CAPACITY_BLOCK" if block else CAPACITY_TYPES[settings.capacity_type],
            scaling_config=scaling,
            launch_template={"id": template.id, "version": template.latest_version.apply(lambda v: str(int(v)))},
            labels=labels_of(settings, args.gpu_allocation),
            taints=[{"key": t.key, "value": t.value, "effect": TAINT_EFFECTS[t.effect]} for t in settings.taints],
            update_config=update,
            node_repair_config={"enabled": settings.node_repair},
            tags={**({"always-on": "true"} if settings.always_on else {}), **node_group_tags(settings)} or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["scalingConfig.desiredSize"] if size is None else None,
                delete_before_replace=settings.replacement == "delete-first" or None,
                depends_on=[*args.after, *earlier],
            ),
        )

    def _launch_template(self, name: str, args: NodePoolArgs) -> aws.ec2.LaunchTemplate:
        settings, reservation, block = args.settings, args.settings.reservation, args.capacity_block is not None
        # The provider's default tags do not reach what the template launches; without tags the bill cannot be split.
        launched_tags = {**args.stage.tags, "Name": f"{args.stage.prefix}-{name}"}
        boot_data = user_data(settings)
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
                {"resource_type": kind, "tags": launched_tags} for kind in ("instance", "volume", "network-interface")
            ],
            user_data=base64.b64encode(boot_data.encode()).decode() if boot_data else None,
            network_interfaces=self._network_interfaces(name, args) if settings.efa else None,
            placement=self._placement(name, args) if settings.placement_group else None,
            capacity_reservation_specification=in_reservation(reservation) if reservation is not None else None,
            instance_market_options={"market_type": CAPACITY_BLOCK} if block else None,
            instance_type=settings.instance_types[0] if block else None,
            # Each new version of the template starts all nodes of the pool again. So its tags stay those of the first
            # build, and `_tag` gives new instances the present ones.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["tagSpecifications"]),
        )

    def _tag(self, name: str, args: NodePoolArgs, node_group: aws.eks.NodeGroup) -> None:
        """Registers tags of the Auto Scaling group: those of the autoscaler, and cost tags that may change.

        No node is started again for cost tags. They override tags of the launch template on instances that start from
        then on. Volumes and network interfaces keep those of the template.
        Source: API reference of EC2 Auto Scaling, CreateAutoScalingGroup; read 2026-11.
        """
        cost = {key: value for key, value in args.stage.tags.items() if key not in FIXED_TAGS}
        for key, value in {**cost, **scaling_group_tags(args.settings, args.stage.cluster_name(args.cluster))}.items():
            aws.autoscaling.Tag(
                f"{name}-tag-{key}",
                autoscaling_group_name=node_group.resources.apply(auto_scaling_group),
                tag={"key": key, "value": value, "propagate_at_launch": key in cost},
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
        """Registers scheduled sizes of the Auto Scaling group; EKS sizes it only when the node group is updated."""
        settings, block = args.settings, args.capacity_block
        for action in schedule(settings.off_peak) if settings.off_peak is not None else ():
            size = group_size(settings, action.off)
            self._scheduled_action(name, action.name, node_group, size, recurrence=action.recurrence)
        if block is not None and block.starts is not None and args.waits_for_block:
            starts = block.starts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # AWS refuses a start in the past
            full_size = GroupSize(settings.min_per_zone, settings.max_per_zone, settings.max_per_zone)
            self._scheduled_action(name, "block-starts", node_group, full_size, start_time=starts)

    def _scheduled_action(
        self,
        name: str,
        action: str,
        node_group: aws.eks.NodeGroup,
        size: GroupSize,
        *,
        recurrence: str | None = None,
        start_time: str | None = None,
    ) -> None:
        aws.autoscaling.Schedule(
            f"{name}-{action}",
            scheduled_action_name=action,
            autoscaling_group_name=node_group.resources.apply(auto_scaling_group),
            min_size=size.minimum,
            max_size=size.maximum,
            desired_capacity=size.desired,
            recurrence=recurrence,
            time_zone=None if recurrence is None else "Etc/UTC",
            start_time=start_time,
            opts=pulumi.ResourceOptions(parent=self),
        )
