"""The control plane of one EKS cluster. All other parts of the cluster are in modules of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks

from components.cluster.log_groups import log_group_name, stack_tags
from components.core.stage import Stage
from components.security.deployer import Deployer
from components.security.guardduty import UNMANAGED
from settings.cluster.cluster import ClusterSettings


def cluster_role_pattern(stage: Stage, cluster: str) -> str:
    """Returns the ARN pattern of the role that pulumi-eks makes for the control plane of `clusters.<cluster>`."""
    return stage.iam_arn(f"role/{cluster}-eksRole-role-*")


def control_plane_zones(
    cluster: str, settings: ClusterSettings, network: Sequence[str], live: Sequence[str] = ()
) -> Sequence[str]:
    """Returns the zones of the network interfaces of `clusters.<cluster>`. live: where a cluster that exists has them.

    Two are the default. They are enough, and with all zones EKS would refuse a new zone of the network. A cluster that
    exists keeps its own. Raises RunError when it could not: EKS would refuse that half-way.
    """
    zones = settings.control_plane_zones or [zone for zone in live if zone in network] or list(network)[:2]
    if live and (len(zones) < 2 or not set(zones) <= set(live)):
        raise pulumi.RunError(
            f"clusters.{cluster}: the control plane is in {', '.join(live)}. EKS lets it keep two or more of these "
            f"zones and take no others, and the stack file gives {', '.join(zones)}. Keep its zones in network.zones "
            "and control_plane_zones, or make another cluster beside it."
        )
    return zones


def transformed(
    vpc: aws.ec2.Vpc, creator_is_admin: bool, boundary: str | None = None
) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
    """Returns a transform of the cluster itself and of its role, for which pulumi-eks has no inputs.

    It replaces the control plane with its VPC: EKS cannot move a cluster to another VPC. Unless the creator is to be
    admin, it makes a new cluster without an access entry for the creator, so that every admin is in the state. EKS
    reads this flag only when it makes a cluster, and the provider would replace a live one for it. Therefore pulumi-eks
    ignores changes of the flag, and on a live cluster this does nothing.
    It is one transform, since the SDK drops replace_with where a second one follows (pulumi 3.259, tried 2026-11).
    Source: pulumi-eks 4.4, nodejs/eks/cluster/cluster.ts; aws provider 7.51, internal/service/eks/cluster.go; read
    2026-11
    """

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ == "aws:iam/role:Role" and boundary:
            return pulumi.ResourceTransformResult({**args.props, "permissionsBoundary": boundary}, args.opts)
        if args.type_ != "aws:eks/cluster:Cluster":
            return None
        # The old cluster goes first, because two clusters cannot have the same name.
        options = pulumi.ResourceOptions(replace_with=[vpc], delete_before_replace=True)
        props = dict(args.props)
        if not creator_is_admin:
            props["accessConfig"] = pulumi.Output.from_input(args.props["accessConfig"]).apply(
                lambda config: {**config, "bootstrapClusterCreatorAdminPermissions": False}
            )
        return pulumi.ResourceTransformResult(props, pulumi.ResourceOptions.merge(args.opts, options))

    return transform


@dataclass(frozen=True, kw_only=True)
class ControlPlaneArgs:
    """Arguments of a control plane.

    intra_subnet_ids: zone name -> id of a subnet for its network interfaces.
    zones: those of them that it uses.
    deployer: the role that makes the cluster; None: the principal that makes it stays its admin.
    guardduty: whether the stack brings the agent of GuardDuty, which then has to leave the cluster alone.
    """

    settings: ClusterSettings
    stage: Stage
    vpc: aws.ec2.Vpc
    intra_subnet_ids: Mapping[str, pulumi.Input[str]]
    zones: Sequence[str]
    secrets_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    deployer: Deployer | None = None
    guardduty: bool = False


def control_plane(name: str, args: ControlPlaneArgs, parent: pulumi.Resource) -> eks.Cluster:
    """Registers the control plane of `clusters.<name>` and its log group.

    Sources: https://docs.aws.amazon.com/eks/latest/userguide/ and pulumi-eks 4.4
    """
    settings, stage, deployer = args.settings, args.stage, args.deployer
    physical_name = stage.cluster_name(name)
    log_group = aws.cloudwatch.LogGroup(
        f"{name}-logs",
        name=log_group_name(stage, name),
        retention_in_days=settings.logs.retention_days,
        kms_key_id=args.logs_key_arn,
        tags=stack_tags(stage, name),
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=stage.deletion_protection,
            import_=log_group_name(stage, name) if name in stage.left_log_groups else None,
        ),
    )
    # pulumi-eks accepts any key here; this type has the known ones.
    upgrades: aws.eks.ClusterUpgradePolicyArgsDict = {"support_type": settings.support_type}
    return eks.Cluster(
        name,
        # The name comes from the log group, so that the log group is created first and deleted last. Otherwise EKS
        # makes a log group itself, which is kept forever and is not encrypted with our key.
        name=log_group.name.apply(lambda _: physical_name),
        version=settings.version,
        vpc_id=args.vpc.id,
        subnet_ids=[args.intra_subnet_ids[zone] for zone in args.zones],
        endpoint_private_access=True,
        endpoint_public_access=settings.endpoint.public,
        public_access_cidrs=list(settings.endpoint.public_cidrs) if settings.endpoint.public else None,
        kubernetes_service_ip_address_range=settings.service_cidr,
        authentication_mode=eks.AuthenticationMode.API,
        encryption_config_key_arn=args.secrets_key_arn,
        enabled_cluster_log_types=list(settings.logs.types),
        upgrade_policy=upgrades,
        cluster_tags=UNMANAGED if args.guardduty else None,
        deletion_protection=stage.deletion_protection,
        # Other modules make pools, security groups, add-ons and roles for pods.
        skip_default_node_group=True,
        create_instance_role=False,
        skip_default_security_groups=True,
        bootstrap_self_managed_addons=False,
        use_default_vpc_cni=True,
        kube_proxy_addon_options={"enabled": False},
        coredns_addon_options={"enabled": False},
        create_oidc_provider=False,
        # The kubeconfig calls `aws eks get-token`, which has the caller's credentials and not those of the provider.
        provider_credential_opts={"role_arn": deployer.role_arn} if deployer and deployer.assumed else None,
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=stage.deletion_protection,
            transforms=[transformed(args.vpc, creator_is_admin=deployer is None, boundary=stage.boundary)],
        ),
    )
