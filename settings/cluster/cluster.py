"""`clusters.<name>`: one EKS cluster."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from catalog.eks_addons import ADDONS
from catalog.kubernetes import VERSIONS
from catalog.limits import EKS_PUBLIC_ACCESS_CIDRS, EKS_SERVICE_CIDRS, LOG_RETENTION_DAYS, RULES_PER_SECURITY_GROUP
from settings.cluster.addons import AddonSettings, ManagedAddonName, ManagedAddonSettings
from settings.compute.node_pool import NodePoolSettings
from settings.core.base import Settings
from settings.core.naming import AccessName, iam_principal_mistakes, namespace_is_a_dns_label
from settings.core.problems import listed, raise_if, repeated
from settings.network.network import nearest_retention
from settings.network.network_plan import range_mistakes

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
RFC_1918 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
NOT_PUBLIC = (*RFC_1918, *map(IPv4Network, ("100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")))
SECURITY_GROUP_ID = re.compile(r"sg-[0-9a-f]{8}([0-9a-f]{9})?")
LARGEST_PRIVATE_RANGE = 8  # 10.0.0.0/8 is the largest private range of RFC 1918
RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")


class ApiEndpointSettings(Settings):
    """Who may reach the Kubernetes API. The private endpoint is always on."""

    public: bool = Field(
        default=False, description="Whether the API also answers from outside the VPC, to public_cidrs only."
    )
    public_cidrs: tuple[str, ...] = Field(
        default=(),
        validate_default=True,
        description="Public ranges that may reach the API, for example the range of an office.",
    )
    private_cidrs: tuple[str, ...] = Field(
        default=(),
        description=(
            "Ranges of the company, or of the VPC, that may reach the private endpoint: 443 into the cluster's "
            "security group. network.transit_gateway or network.peering has the route to them."
        ),
    )
    private_security_group_ids: tuple[str, ...] = Field(
        default=(),
        validate_default=True,
        description=(
            "Existing security groups whose members may reach the private endpoint, in the VPC or one connected to it."
        ),
    )

    @field_validator("public_cidrs")
    @classmethod
    def a_public_endpoint_names_who_may_come(cls, cidrs: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        public = info.data.get("public")
        mistakes = [mistake for cidr in cidrs for mistake in _public_range_mistakes(cidr)]
        if len(cidrs) > EKS_PUBLIC_ACCESS_CIDRS:
            mistakes.append(
                f"{len(cidrs)} ranges are given, and EKS allows {EKS_PUBLIC_ACCESS_CIDRS}. Join some of them."
            )
        if public and not cidrs:
            mistakes.append(
                "is empty while public is on, which EKS reads as 0.0.0.0/0: anyone could try credentials on the API. "
                "Name your ranges, or set public: false."
            )
        if cidrs and public is False:
            mistakes.append("is given while public is off, so it would do nothing. Set public: true, or drop it.")
        raise_if(mistakes)
        return cidrs

    @field_validator("private_cidrs")
    @classmethod
    def private_ranges_are_networks(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [mistake for cidr in cidrs for mistake in range_mistakes(cidr)]
        mistakes = mistakes or [
            f"{cidr} is larger than one company's network: any host that is routed to the VPC could try credentials on "
            "the API. Name the ranges that administrators and pipelines come from."
            for cidr in cidrs
            if IPv4Network(cidr).prefixlen < LARGEST_PRIVATE_RANGE
        ]
        raise_if([*mistakes, *_way_mistakes(cidrs)])
        return cidrs

    @field_validator("private_security_group_ids")
    @classmethod
    def private_groups_are_security_groups(cls, ids: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        mistakes = [
            f"{id_!r} is not the id of a security group. Write for example sg-0123456789abcdef0."
            for id_ in ids
            if not SECURITY_GROUP_ID.fullmatch(id_)
        ]
        mistakes += _way_mistakes(ids)
        count = len(ids) + len(info.data.get("private_cidrs", ())) + 1
        if count > RULES_PER_SECURITY_GROUP:
            mistakes.append(
                f"{count} rules would be in the cluster's security group: one of EKS, and one for each of "
                f"private_cidrs and private_security_group_ids. EC2 allows {RULES_PER_SECURITY_GROUP}. Join some of "
                "the ranges."
            )
        raise_if(mistakes)
        return ids


def _way_mistakes(names: tuple[str, ...]) -> list[str]:
    twice = repeated(names)
    return [f"{listed(twice)} is named twice. Name each once."] if twice else []


def group_is_not_reserved(group: str) -> str:
    """Returns the group unchanged. Raises ValueError when EKS refuses it."""
    if not group:
        raise ValueError("is empty, and EKS refuses such a group. Name it, or drop it.")
    if group.startswith(RESERVED_GROUPS):
        raise ValueError(
            f"{group!r} begins with a prefix that EKS reserves ({listed(RESERVED_GROUPS)}). Use a group of your own "
            "and bind it with RBAC, or use policy."
        )
    return group


AccessNamespace = Annotated[str, AfterValidator(namespace_is_a_dns_label)]
AccessGroup = Annotated[str, AfterValidator(group_is_not_reserved)]


class ControlPlaneLogSettings(Settings):
    """Control-plane logs, in a CloudWatch log group that the stack owns."""

    types: tuple[LogType, ...] = Field(
        default=("api", "audit", "authenticator", "controllerManager", "scheduler"),
        description="Which control-plane logs are written. Without audit there is no record of who did what.",
    )
    retention_days: int = Field(
        default=365, description="Days until the logs are deleted; a value that CloudWatch offers."
    )

    @field_validator("types")
    @classmethod
    def types_are_named_once(cls, types: tuple[LogType, ...]) -> tuple[LogType, ...]:
        if twice := repeated(types):
            raise ValueError(f"{listed(twice)} is named twice. Name each type once.")
        return types

    @field_validator("retention_days")
    @classmethod
    def retention_is_one_that_cloudwatch_takes(cls, days: int) -> int:
        if days not in LOG_RETENTION_DAYS:
            raise ValueError(f"{days} is not a retention that CloudWatch offers. {nearest_retention(days)}")
        return days


class AccessSettings(Settings):
    """One access entry: an IAM principal and what it may do."""

    principal_arn: str = Field(
        description="ARN of an IAM role or user: arn:aws:iam::<account>:role/<name>.",
        examples=["arn:aws:iam::123456789012:role/ml-admins"],
    )
    policy: Literal["cluster-admin", "admin", "edit", "view"] = Field(
        default="view",
        description="What the principal may do: as the Kubernetes role of this name; view shows no secrets.",
    )
    namespaces: tuple[AccessNamespace, ...] = Field(
        default=(), description="Namespaces in which the policy holds. Empty: the whole cluster."
    )
    groups: tuple[AccessGroup, ...] = Field(
        default=(), description="Kubernetes groups of the principal, for RBAC rules of your own."
    )

    @field_validator("principal_arn")
    @classmethod
    def principal_is_a_role_or_user(cls, arn: str) -> str:
        raise_if(iam_principal_mistakes(arn))
        return arn


class StorageClassSettings(Settings):
    """EBS storage classes and volume snapshots. gp3 is the default class; io2 is for databases."""

    gp3: bool = Field(default=True, description="Default storage class, on gp3 volumes.")
    io2: bool = Field(default=False, description="Storage class for databases, on io2 volumes.")
    io2_iops: int = Field(default=4000, ge=100, le=64000, description="I/O operations per second of each io2 volume.")
    snapshots: bool = Field(
        default=True,
        description=(
            "Volume snapshots: their controller and a default class. Without them Kubernetes cannot copy or restore "
            "volumes."
        ),
    )
    volume_scope: Literal["cluster", "account"] | None = Field(
        default=None,
        description=(
            "Volumes that the EBS driver may manage: those of its cluster, or of all clusters in the account. Not "
            "given: those of its cluster, if the driver is v1.58 or later. Volumes of an older driver need the tag "
            "`ebs.csi.aws.com/cluster-name` first: write account until they have it."
        ),
    )


def _ebs_driver_knows_its_cluster(version: str, managed_addons: Mapping[str, ManagedAddonSettings]) -> bool:
    driver = ADDONS["aws-ebs-csi-driver"]
    named = managed_addons.get(driver.name, ManagedAddonSettings()).version or driver.versions.get(version)
    return named is not None and driver.knows_its_cluster(named)


class ClusterSettings(Settings):
    """One EKS cluster with its pools and add-ons."""

    version: str = Field(description='Kubernetes version in quotes, for example "1.35".', examples=["1.35"])
    endpoint: ApiEndpointSettings = Field(
        default=ApiEndpointSettings(), description="Who may reach the Kubernetes API."
    )
    service_cidr: str | None = Field(
        default=None,
        description=(
            "Range of the addresses of Kubernetes services, /12 to /24, apart from all connected networks. Not given: "
            f"EKS takes {EKS_SERVICE_CIDRS[1]} if the VPC is in 10.0.0.0/8, and {EKS_SERVICE_CIDRS[0]} otherwise. "
            "A cluster that is up keeps its range, and another one is refused: add a second cluster with it."
        ),
        examples=["172.31.0.0/16"],
    )
    access: Mapping[AccessName, AccessSettings] = Field(
        default_factory=dict, description="Who may do what in the cluster, each under a name of your choice."
    )
    logs: ControlPlaneLogSettings = Field(default=ControlPlaneLogSettings(), description="Control-plane logs.")
    control_plane_zones: tuple[str, ...] | None = Field(
        default=None,
        min_length=2,
        description=(
            "Zones of the control plane's network interfaces; EKS refuses other zones later. The first two of the "
            "network when not given."
        ),
    )
    support_type: Literal["STANDARD", "EXTENDED"] = Field(
        default="STANDARD",
        description=(
            "At the end of standard support: STANDARD lets AWS upgrade the cluster; EXTENDED keeps the version for "
            "six times the price an hour."
        ),
    )
    managed_addons: Mapping[ManagedAddonName, ManagedAddonSettings] = Field(
        default_factory=dict, description="EKS add-ons by name: their versions and configuration."
    )
    addons: Mapping[str, AddonSettings] = Field(default_factory=dict, description="Helm add-ons by name.")
    storage_classes: StorageClassSettings = Field(
        default=StorageClassSettings(), description="Which EBS storage classes the cluster has."
    )
    gpu_allocation: Literal["device-plugin", "dra"] = Field(
        default="device-plugin",
        description=(
            "How pods get GPUs: device-plugin supports every kind of sharing; dra (Dynamic Resource Allocation) "
            "supports whole GPUs and MIG, on managed pools only."
        ),
    )
    pools: tuple[NodePoolSettings, ...] = Field(min_length=1, description="The machines of the cluster.")

    @field_validator("version")
    @classmethod
    def version_is_one_that_eks_runs(cls, version: str) -> str:
        if version not in VERSIONS:
            raise ValueError(
                f"{version} is not a Kubernetes version of the catalog. Write one of {listed(VERSIONS)}, or add a row "
                "to catalog/kubernetes.py."
            )
        return version

    @field_validator("service_cidr")
    @classmethod
    def service_cidr_is_one_that_eks_takes(cls, cidr: str | None) -> str | None:
        raise_if(range_mistakes(cidr) if cidr is not None else [])
        if cidr is not None and not _services_may_have(IPv4Network(cidr)):
            raise ValueError(
                f"{cidr} is not a range that EKS takes for services. Give a /12 to /24 inside 10.0.0.0/8, "
                "172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)."
            )
        return cidr

    @field_validator("storage_classes")
    @classmethod
    def the_driver_knows_the_volumes_of_its_cluster(
        cls, classes: StorageClassSettings, info: ValidationInfo
    ) -> StorageClassSettings:
        version, managed_addons = info.data.get("version"), info.data.get("managed_addons")
        if version is None or managed_addons is None:
            return classes
        if classes.volume_scope == "cluster" and not _ebs_driver_knows_its_cluster(version, managed_addons):
            raise ValueError(
                f"volume_scope is cluster, but the EBS driver for Kubernetes {version} is older than v1.58 and tags no "
                "volume with its cluster, so it could manage none. Write volume_scope: account, or a newer version in "
                "managed_addons.aws-ebs-csi-driver."
            )
        return classes

    @property
    def ebs_driver_is_cluster_scoped(self) -> bool:
        """Whether the EBS driver may manage volumes of its own cluster only."""
        scope = self.storage_classes.volume_scope
        return scope != "account" and _ebs_driver_knows_its_cluster(self.version, self.managed_addons)

    @field_validator("control_plane_zones")
    @classmethod
    def zones_are_named_once(cls, zones: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = repeated(zones or ())
        raise_if([f"{listed(twice)} is named twice. Name each zone once."] if twice else [])
        return zones

    @field_validator("access")
    @classmethod
    def principals_have_one_entry_each(cls, access: Mapping[str, AccessSettings]) -> Mapping[str, AccessSettings]:
        if twice := repeated([entry.principal_arn for entry in access.values()]):
            raise ValueError(f"{listed(twice)} has two entries, and EKS allows one for each principal. Join them.")
        return access


def _services_may_have(network: IPv4Network) -> bool:
    """Source: EKS API reference, KubernetesNetworkConfigRequest; read 2026-11."""
    return 12 <= network.prefixlen <= 24 and any(network.subnet_of(space) for space in RFC_1918)


def _public_range_mistakes(cidr: str) -> list[str]:
    if mistakes_in_form := range_mistakes(cidr):
        return mistakes_in_form
    network = IPv4Network(cidr)
    if network.prefixlen == 0:
        return [f"{cidr} admits every address: anyone could try credentials on the API. Name your own ranges."]
    if any(network.subnet_of(space) for space in NOT_PUBLIC):
        sentence = (
            f"{cidr} is not public address space, and EKS refuses it here. Hosts in the VPC use the private endpoint; "
            "name the public addresses that others come from."
        )
        return [sentence]
    return []
