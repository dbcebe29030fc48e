"""The control plane of one EKS cluster. Everything else of the cluster is ours to make, each part in its own module."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks

from components.core.stage import Stage
from settings.cluster.cluster import ClusterSettings


def cluster_role_pattern(stage: Stage, cluster: str) -> str:
    """ARN pattern of the role that pulumi-eks makes for the control plane of `clusters.<cluster>`."""
    return stage.iam_arn(f"role/{cluster}-eksRole-role-*")


def replaced_with(
    vpc: aws.ec2.Vpc,
) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
    """Replaces the control plane whenever its VPC is: EKS takes other subnets, but never those of another VPC."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:eks/cluster:Cluster":
            return None
        ours = pulumi.ResourceOptions(replace_with=[vpc], delete_before_replace=True)  # its name is taken until then
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, ours))

    return transform


@dataclass(frozen=True, kw_only=True)
class ControlPlaneArgs:
    """What it is told, and what it stands on.

    intra_subnet_ids: zone name -> id of a subnet that its network interfaces may be put in.
    """

    settings: ClusterSettings
    stage: Stage
    vpc: aws.ec2.Vpc
    intra_subnet_ids: Mapping[str, pulumi.Input[str]]
    secrets_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]


def control_plane(name: str, args: ControlPlaneArgs, parent: pulumi.Resource) -> eks.Cluster:
    """Register the control plane of `clusters.<name>` and the group of its logs.

    Sources: https://docs.aws.amazon.com/eks/latest/userguide/ and pulumi-eks 4.4
    """
    settings, stage = args.settings, args.stage
    physical_name = stage.cluster_name(name)
    log_group = aws.cloudwatch.LogGroup(
        f"{name}-logs",
        name=f"/aws/eks/{physical_name}/cluster",
        retention_in_days=settings.logs.retention_days,
        kms_key_id=args.logs_key_arn,
        opts=pulumi.ResourceOptions(parent=parent, protect=stage.deletion_protection),
    )
    # pulumi-eks takes any key here; this type knows which there are.
    upgrades: aws.eks.ClusterUpgradePolicyArgsDict = {"support_type": settings.support_type}
    return eks.Cluster(
        name,
        # By way of the log group, which has to be there first and to go last: else EKS makes one of its own, which
        # is kept for ever and under no key of ours.
        name=log_group.name.apply(lambda _: physical_name),
        version=settings.version,
        vpc_id=args.vpc.id,
        subnet_ids=[args.intra_subnet_ids[zone] for zone in _zones(args)],
        endpoint_private_access=True,
        endpoint_public_access=settings.endpoint.public,
        public_access_cidrs=list(settings.endpoint.public_cidrs) if settings.endpoint.public else None,
        authentication_mode=eks.AuthenticationMode.API,
        encryption_config_key_arn=args.secrets_key_arn,
        enabled_cluster_log_types=list(settings.logs.types),
        upgrade_policy=upgrades,
        deletion_protection=stage.deletion_protection,
        # Pools, security groups, add-ons and roles for pods are ours, each with its own module.
        skip_default_node_group=True,
        create_instance_role=False,
        skip_default_security_groups=True,
        bootstrap_self_managed_addons=False,
        use_default_vpc_cni=True,
        kube_proxy_addon_options={"enabled": False},
        coredns_addon_options={"enabled": False},
        create_oidc_provider=False,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=stage.deletion_protection, transforms=[replaced_with(args.vpc)]
        ),
    )


def _zones(args: ControlPlaneArgs) -> Sequence[str]:
    """Two are enough, and EKS refuses any other one later: with all of them, the network could never grow."""
    return args.settings.control_plane_zones or list(args.intra_subnet_ids)[:2]
