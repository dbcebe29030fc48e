"""`clusters.<name>.pools[]`: the machines of a cluster. Which values go together: `pool_rules.py`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.limits import EKS_PODS_PER_NODE
from catalog.mig import mig_gpu
from catalog.pods_per_node import pods_per_node
from catalog.sharing import Sharing, layout_of
from settings.compute.disruption import DisruptionSettings
from settings.compute.machine_rules import machines
from settings.compute.off_peak import OffPeakSettings
from settings.compute.pool_rules import DEFAULT_MAX_UNAVAILABLE, RULES, only_node_groups_with_room_can_be_fixed
from settings.compute.reservation import ReservationSettings
from settings.compute.sharing import SharingSettings
from settings.core.base import Settings
from settings.core.naming import label_key, label_value, node_label_key
from settings.core.problems import raise_if

LabelKey = Annotated[str, AfterValidator(label_key)]
NodeLabelKey = Annotated[str, AfterValidator(node_label_key)]
LabelValue = Annotated[str, AfterValidator(label_value)]


class DiskSettings(Settings):
    """Root volume of each node: gp3, always encrypted."""

    size_gib: int = Field(
        default=100, ge=20, le=16384, description="Size in GiB; images and pods' local data live here."
    )
    iops: int = Field(
        default=3000, ge=3000, le=16000, description="I/O operations per second; 3000 cost nothing extra."
    )
    throughput_mibps: int = Field(
        default=125, ge=125, le=1000, description="Throughput in MiB/s; 125 cost nothing extra."
    )

    @field_validator("iops")
    @classmethod
    def iops_follow_from_size(cls, iops: int, info: ValidationInfo) -> int:
        """Source: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"""
        size_gib = info.data.get("size_gib")
        if size_gib and iops > 500 * size_gib:
            raise ValueError(
                f"{iops} is more than gp3 gives a volume of {size_gib} GiB (500 per GiB). "
                f"Raise size_gib to {-(-iops // 500)}, or lower iops."
            )
        return iops

    @field_validator("throughput_mibps")
    @classmethod
    def throughput_follows_from_iops(cls, throughput_mibps: int, info: ValidationInfo) -> int:
        """Source: as for iops."""
        iops = info.data.get("iops")
        if iops and throughput_mibps * 4 > iops:
            raise ValueError(
                f"{throughput_mibps} is more than gp3 gives with {iops} IOPS (a quarter MiB/s each). "
                f"Raise iops to {throughput_mibps * 4}, or lower throughput_mibps."
            )
        return throughput_mibps


class TaintSettings(Settings):
    """One Kubernetes taint, in Kubernetes spelling."""

    key: LabelKey = Field(description="Taint key; a bare name or <your domain>/<name>.")
    value: LabelValue = Field(default="", description="Taint value; may be empty.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        default="NoSchedule", description="What happens to pods that do not tolerate it."
    )


def _default_min_per_zone(pool: Mapping[str, Any]) -> int:
    """Karpenter adds nodes with the pods, and a Capacity Block has nodes only while it lasts: both begin with none."""
    reservation = pool.get("reservation")
    block = reservation is not None and reservation.kind == "capacity-block"
    return 0 if block or pool.get("provisioner") == "karpenter" else 1


def _default_replacement(pool: Mapping[str, Any]) -> Literal["create-first", "delete-first"]:
    """A reservation has no room for a second node group."""
    return "delete-first" if pool.get("capacity_type") == "reserved" else "create-first"


def _default_scaling(pool: Mapping[str, Any]) -> Literal["auto", "fixed"]:
    """The autoscaler measures the use of whole GPUs only: it would end a node under pods with slices or Neuron."""
    types, sharing = machines(pool), pool.get("sharing")
    accelerator = types[0].accelerator if types else None
    unseen = accelerator is not None and (accelerator.kind == "neuron" or (sharing and sharing.strategy != "none"))
    may_be_fixed = not any(only_node_groups_with_room_can_be_fixed("fixed", pool))
    return "fixed" if unseen and may_be_fixed else "auto"


class NodePoolSettings(Settings):
    """One pool of equal nodes.

    Managed: an EKS node group in each zone. cluster-autoscaler scales it, or people and schedules do. Karpenter: nodes
    are added and removed with the pods that need them.
    """

    model_config = ConfigDict(validate_default=True)  # rules also check the defaults

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
        description="Name of the pool, unique in its cluster: up to 31 lower-case letters, digits and '-'.",
        examples=["system"],
    )
    preset: str | None = Field(
        default=None,
        description="Name of a preset, whose values are the defaults of this pool; see docs/presets.md.",
        examples=["h100"],
    )
    provisioner: Literal["managed", "karpenter"] = Field(
        default="managed",
        description=(
            "managed: EKS node groups of equal machines, see scaling. karpenter: machines of any of the types are "
            "added and removed with the pods that need them."
        ),
    )
    instance_types: tuple[str, ...] = Field(
        min_length=1,
        description="EC2 instance types, the preferred one first. A spot pool should have several.",
        examples=[["m7i.large", "m6i.large"]],
    )
    capacity_type: Literal["on-demand", "spot", "reserved"] = Field(
        default="on-demand",
        description=(
            "How the nodes are bought. Spot is cheaper, but AWS may take a node back with two minutes' notice; "
            "reserved capacity was bought before, see reservation."
        ),
    )
    fallback_capacity_types: tuple[Literal["spot", "on-demand"], ...] = Field(
        default=(),
        description="For Karpenter pools: what to buy when capacity_type is not available; spot before on-demand.",
    )
    reservation: ReservationSettings | None = Field(
        default=None, description="With capacity_type reserved: which reservation."
    )
    min_per_zone: int = Field(
        default_factory=_default_min_per_zone,
        ge=0,
        le=1000,
        description=(
            "Minimum number of nodes in each zone: 1 when not given, and 0 for Karpenter pools and Capacity Blocks."
        ),
    )
    max_per_zone: int = Field(
        default=3,
        ge=1,
        le=1000,
        description=(
            "Maximum number of nodes in each zone; the address plan and the maximum cost follow from it. A Karpenter "
            "pool may have this number times its zones, in any of them."
        ),
    )
    desired_per_zone: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description=(
            "Number of nodes in each zone at creation; the minimum when not given. Later it counts when it changes: "
            "otherwise a pool keeps the size that it has, as far as minimum and maximum allow."
        ),
    )
    max_gpus: int | None = Field(
        default=None,
        ge=1,
        description=(
            "Maximum number of GPUs (or Neuron devices) in the pool. Karpenter stops there; the maximum size of a "
            "managed pool must not exceed it."
        ),
    )
    always_on: bool = Field(
        default=False,
        description=(
            "Whether the pool is meant to run at night too; otherwise a policy expects GPU pools to scale to zero."
        ),
    )
    operating_system: Literal["al2023", "bottlerocket"] = Field(
        default="al2023", description="Amazon Linux 2023, or Bottlerocket (read-only root, no package manager)."
    )
    disk: DiskSettings = Field(default=DiskSettings(), description="Root volume of each node.")
    local_nvme: Literal["none", "raid0"] = Field(
        default="none",
        description=(
            "Use of the instance's local NVMe disks: none, or one RAID 0 that holds images and the pods' local data."
        ),
    )
    sharing: SharingSettings = Field(default=SharingSettings(), description="How the pods of the pool share its GPUs.")
    scaling: Literal["auto", "fixed"] = Field(
        default_factory=_default_scaling,
        description=(
            "For managed pools. auto: cluster-autoscaler adds nodes for pods that do not fit, up to max_per_zone, and "
            "ends nodes that are not needed, down to min_per_zone. fixed: only people and off_peak change the number. "
            "fixed when not given and pods share the GPUs, or the devices are Neuron: there auto counts only CPU and "
            "memory, so each pod has to request some, or have the annotation "
            '`cluster-autoscaler.kubernetes.io/safe-to-evict: "false"`; otherwise its node ends under it.'
        ),
    )
    efa: bool = Field(
        default=False,
        description="Whether nodes get all Elastic Fabric Adapters of their type, for training over many nodes.",
    )
    meshed: bool = Field(
        default=True,
        description=(
            "Whether pods of the mesh may be on its nodes. Without them no pod waits for the mesh's plugin there; with "
            "EFA none may."
        ),
    )
    placement_group: bool = Field(
        default=False, description="Whether the nodes are close together, in one cluster placement group."
    )
    off_peak: OffPeakSettings | None = Field(default=None, description="The hours in which the pool is not needed.")
    disruption: DisruptionSettings = Field(
        default=DisruptionSettings(), description="For Karpenter pools: when Karpenter may remove a node."
    )
    labels: Mapping[NodeLabelKey, LabelValue] = Field(
        default_factory=dict, description="Kubernetes labels of the nodes."
    )
    taints: tuple[TaintSettings, ...] = Field(default=(), description="Kubernetes taints of the nodes.")
    zones: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Zones of the network to use; all of them when not given."
    )
    max_unavailable_percentage: int = Field(
        default=DEFAULT_MAX_UNAVAILABLE,
        ge=1,
        le=100,
        description="For managed pools: share of the nodes that an update may replace at the same time.",
    )
    replacement: Literal["create-first", "delete-first"] = Field(
        default_factory=_default_replacement,
        description=(
            "For managed pools: what comes first when a change replaces the node groups, such as other instance types. "
            "create-first needs capacity, quota and addresses for both; delete-first has no nodes in between, and "
            "gives the capacity back before it asks for new one. delete-first when not given and capacity is reserved."
        ),
    )
    image_release: str | None = Field(
        default=None,
        description=(
            "Release of the machine image: of al2023 its date, of bottlerocket its version. Without it, a managed pool "
            "starts with the newest one and keeps it until its Kubernetes version changes; a Karpenter pool has the "
            "one that the platform names. A change starts all nodes of the pool again: one pool after another."
        ),
        examples=["20261012"],
    )
    node_repair: bool = Field(default=True, description="Whether EKS replaces nodes that stay unhealthy.")

    @property
    def start_per_zone(self) -> int:
        """Number of nodes in each zone at creation."""
        return self.min_per_zone if self.desired_per_zone is None else self.desired_per_zone

    @property
    def kept_per_zone(self) -> int:
        """Number of nodes in each zone that stay: cluster-autoscaler may end all above the minimum."""
        return self.min_per_zone if self.autoscaled else self.start_per_zone

    @property
    def autoscaled(self) -> bool:
        """Whether cluster-autoscaler scales the pool. That of a Capacity Block is as large as the block."""
        block = self.reservation is not None and self.reservation.kind == "capacity-block"
        room = self.max_per_zone > self.min_per_zone
        return self.provisioner == "managed" and self.scaling == "auto" and room and not block

    @property
    def machines(self) -> tuple[InstanceType, ...]:
        """The instance types from the catalog, the preferred one first."""
        return tuple(INSTANCE_TYPES[name] for name in self.instance_types)

    @property
    def accelerator(self) -> Accelerator | None:
        """The accelerators of the preferred type; the other types have the same model."""
        return self.machines[0].accelerator

    @property
    def shared(self) -> Sharing:
        """How each GPU is shared. A single MIG profile becomes a layout with as many slices as fit."""
        settings = self.sharing
        if settings.strategy != "mig":
            return Sharing(settings.strategy, settings.replicas or 1)
        gpu = mig_gpu(self.accelerator) if self.accelerator else None
        if settings.profile is None or gpu is None:
            return Sharing("mig", 1, layout_of(settings.layout))
        return Sharing("mig", 1, ((settings.profile, gpu.profiles[settings.profile].max_instances),))

    @property
    def pods_per_node(self) -> int:
        """The maximum number of pods on every node: EKS and Karpenter use the smallest number of all types."""
        return min(
            EKS_PODS_PER_NODE if (pods := pods_per_node(machine, self.efa)) is None else pods
            for machine in self.machines
        )

    @property
    def named_zones(self) -> tuple[str, ...] | None:
        """The zones that the pool names, or the zone of its reservation. None: all zones of the network."""
        if self.zones is None and self.reservation is not None:
            return (self.reservation.zone,)
        return self.zones

    def most_nodes(self, zones: int) -> int:
        """Returns the maximum number of nodes in the pool, given its number of zones."""
        nodes = self.max_per_zone * zones
        if self.provisioner == "karpenter" and self.max_gpus is not None and self.accelerator is not None:
            gpus_per_node = min(machine.accelerator.count for machine in self.machines if machine.accelerator)
            nodes = min(nodes, self.max_gpus // gpus_per_node)
        return nodes

    @field_validator("*")
    @classmethod
    def every_rule_of_a_pool_is_kept(cls, value: Any, info: ValidationInfo) -> Any:
        rules = RULES.get(info.field_name or "", ())
        raise_if(sentence for rule in rules for sentence in rule(value, info.data))
        return value
