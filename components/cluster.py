"""One EKS cluster: control plane, who may enter it, managed add-ons, pools, storage classes, Helm add-ons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes

from catalog import iam as arns
from components.addon import AddOn, AddOnArgs, AddOnContext, discover, make_namespaces, wanted
from components.karpenter import Karpenter, KarpenterArgs
from components.karpenter_pool import KarpenterPool, KarpenterPoolArgs
from components.managed_addons import AFTER_NODES, BEFORE_NODES, FIRST, ManagedAddonArgs, managed_addon
from components.node_pool import NodePool, NodePoolArgs
from components.node_role import node_role
from components.stage import Stage
from components.storage_classes import StorageClasses, StorageClassesArgs
from components.velero import Velero, VeleroArgs
from settings.cluster import AccessSettings, AddonSettings, ClusterSettings, ManagedAddonSettings
from settings.landing import landing_pool
from settings.needed_addons import needed_addons, needed_managed_addons


def cluster_role_pattern(stage: Stage, cluster: str) -> str:
    """ARN pattern of the role that pulumi-eks makes for the control plane of `clusters.<cluster>`."""
    return stage.iam_arn(f"role/{cluster}-eksRole-role-*")


def replaced_with(vpc: aws.ec2.Vpc) -> pulumi.ResourceTransform:
    """Replaces the control plane whenever its VPC is: EKS takes other subnets, but never those of another VPC."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:eks/cluster:Cluster":
            return None
        ours = pulumi.ResourceOptions(replace_with=[vpc], delete_before_replace=True)  # its name is taken until then
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, ours))

    return transform


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What the cluster is told, and what it stands on.

    intra_subnet_ids: zone name -> id of the subnet that the control plane may put its network interfaces in.
    node_subnet_ids: zone name -> private subnet id.
    ways_out: what nodes need of the network in order to reach the control plane and their images.
    storage_addons: EKS add-ons that mount what pods of the cluster use.
    data_key_arn: key for backups in a bucket; needed for the add-on velero only.
    """

    settings: ClusterSettings
    stage: Stage
    vpc: aws.ec2.Vpc
    intra_subnet_ids: Mapping[str, pulumi.Input[str]]
    node_subnet_ids: Mapping[str, pulumi.Input[str]]
    secrets_key_arn: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    ways_out: Sequence[pulumi.Resource] = ()
    storage_addons: Sequence[str] = ()
    data_key_arn: pulumi.Input[str] | None = None


class Cluster(pulumi.ComponentResource):
    """Named by its key under `clusters`.

    version: of Kubernetes. namespaces: those that its add-ons brought, by name; other namespaces are others' to make.
    Nodes and control plane share the security group that EKS makes; nobody else is let in by it.
    Sources: https://docs.aws.amazon.com/eks/latest/userguide/ and pulumi-eks 4.4
    """

    name: pulumi.Output[str]
    version: str
    namespaces: Mapping[str, pulumi.Resource]
    endpoint: pulumi.Output[str]
    node_role_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    provider: kubernetes.Provider

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:cluster:Cluster", name, None, opts)
        self._key, self._args, self.version = name, args, args.settings.version
        control_plane = self._control_plane()
        # Taken from the cluster itself and not from its known name: replacing it then replaces what is on it.
        self.name = control_plane.eks_cluster.apply(lambda cluster: cluster.name)
        self.endpoint = control_plane.eks_cluster.apply(lambda cluster: cluster.endpoint)
        self.security_group_id = control_plane.cluster_security_group_id
        self.provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=control_plane.kubeconfig_json,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for key, entry in args.settings.access.items():
            self._access(key, entry)
        self._nodes_and_addons()
        self.register_outputs(
            {"name": self.name, "endpoint": self.endpoint, "security_group_id": self.security_group_id}
        )

    def _control_plane(self) -> eks.Cluster:
        settings, stage, name = self._args.settings, self._args.stage, self._key
        physical_name = stage.cluster_name(name)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/eks/{physical_name}/cluster",
            retention_in_days=settings.logs.retention_days,
            kms_key_id=self._args.logs_key_arn,
            opts=pulumi.ResourceOptions(parent=self, protect=stage.deletion_protection),
        )
        return eks.Cluster(
            name,
            # By way of the log group, which has to be there first and to go last: else EKS makes one of its own, which
            # is kept for ever and under no key of ours.
            name=log_group.name.apply(lambda _: physical_name),
            version=settings.version,
            vpc_id=self._args.vpc.id,
            subnet_ids=[self._args.intra_subnet_ids[zone] for zone in self._control_plane_zones()],
            endpoint_private_access=True,
            endpoint_public_access=settings.endpoint.public,
            public_access_cidrs=list(settings.endpoint.public_cidrs) if settings.endpoint.public else None,
            authentication_mode=eks.AuthenticationMode.API,
            encryption_config_key_arn=self._args.secrets_key_arn,
            enabled_cluster_log_types=list(settings.logs.types),
            upgrade_policy={"support_type": settings.support_type},
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
                parent=self, protect=stage.deletion_protection, transforms=[replaced_with(self._args.vpc)]
            ),
        )

    def _control_plane_zones(self) -> Sequence[str]:
        """Two are enough, and EKS refuses any other one later: with all of them, the network could never grow."""
        return self._args.settings.control_plane_zones or list(self._args.intra_subnet_ids)[:2]

    def _access(self, key: str, entry: AccessSettings) -> None:
        access = aws.eks.AccessEntry(
            f"{self._key}-{key}",
            cluster_name=self.name,
            principal_arn=entry.principal_arn,
            kubernetes_groups=list(entry.groups),
            opts=pulumi.ResourceOptions(parent=self),
        )
        scope = {"type": "namespace", "namespaces": list(entry.namespaces)} if entry.namespaces else {"type": "cluster"}
        aws.eks.AccessPolicyAssociation(
            f"{self._key}-{key}",
            cluster_name=self.name,
            principal_arn=access.principal_arn,
            policy_arn=self._args.stage.in_partition(arns.EKS_ACCESS_POLICIES[entry.policy]),
            access_scope=scope,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _nodes_and_addons(self) -> None:
        settings = self._args.settings
        early = [self._managed_addon(addon) for addon in BEFORE_NODES]
        pools = self._pools(early)  # nodes without CNI, proxy and credentials would not become ready
        landing = pools[landing_pool(settings.pools).name]
        running = self._late_addons(landing)
        StorageClasses(
            f"{self._key}-storage",
            StorageClassesArgs(
                settings=settings.storage_classes,
                stage=self._args.stage,
                volume_key_arn=self._args.volume_key_arn,
                snapshot_controller=running.get("snapshot-controller"),
            ),
            pulumi.ResourceOptions(parent=self, providers={"kubernetes": self.provider}),
        )
        # Pods find nothing without DNS, and the releases would time out.
        installed = self._addons([landing, running["coredns"]])
        self._karpenter_pools(installed, [*self._args.ways_out, *early])

    def _late_addons(self, landing: pulumi.Resource) -> dict[str, pulumi.Resource]:
        """By name. EKS waits for their pods, which wait for a node."""
        settings = self._args.settings
        needed = needed_managed_addons(settings.pools, settings.storage_classes.snapshots)
        names = dict.fromkeys((*AFTER_NODES, *needed, *self._args.storage_addons, *settings.managed_addons))
        running: dict[str, pulumi.Resource] = {}
        for addon in sorted(names.keys() - set(BEFORE_NODES), key=lambda name: (name in FIRST, name)):
            before = [running[name] for name in FIRST.get(addon, ()) if name in running]
            running[addon] = self._managed_addon(addon, [landing, *before])
        return running

    def _managed_addon(self, addon: str, depends_on: Sequence[pulumi.Resource] = ()) -> aws.eks.Addon:
        return managed_addon(
            f"{self._key}-{addon}",
            ManagedAddonArgs(
                addon=addon,
                settings=self._args.settings.managed_addons.get(addon, ManagedAddonSettings()),
                stage=self._args.stage,
                cluster=self._key,
                cluster_name=self.name,
                kubernetes_version=self._args.settings.version,
                pools=self._args.settings.pools,
            ),
            self,
            depends_on,
        )

    def _pools(self, before: Sequence[pulumi.Resource]) -> dict[str, NodePool]:
        role = node_role(f"{self._key}-node-role", self._args.stage, self)
        self.node_role_arn = role.arn
        return {
            pool.name: NodePool(
                f"{self._key}-{pool.name}",
                NodePoolArgs(
                    settings=pool,
                    stage=self._args.stage,
                    cluster=self._key,
                    cluster_name=self.name,
                    cluster_security_group_id=self.security_group_id,
                    kubernetes_version=self._args.settings.version,
                    node_role_arn=role.arn,
                    vpc_id=self._args.vpc.id,
                    subnet_ids=self._args.node_subnet_ids,
                    volume_key_arn=self._args.volume_key_arn,
                    after=[*self._args.ways_out, *before, *role.permissions],
                ),
                pulumi.ResourceOptions(parent=self),
            )
            for pool in self._args.settings.pools
            if pool.provisioner == "managed"
        }

    def _karpenter_pools(self, addons: Mapping[str, AddOn], before: Sequence[pulumi.Resource]) -> None:
        """Last to come and first to go: nodes that Karpenter is no longer there to end would run for ever."""
        for pool in self._args.settings.pools:
            if pool.provisioner == "karpenter":
                KarpenterPool(
                    f"{self._key}-{pool.name}",
                    KarpenterPoolArgs(
                        settings=pool,
                        stage=self._args.stage,
                        cluster=self._key,
                        zones=list(self._args.node_subnet_ids),
                        vpc_id=self._args.vpc.id,
                        volume_key_arn=self._args.volume_key_arn,
                        after=[*before, addons["karpenter"]],
                    ),
                    pulumi.ResourceOptions(parent=self, providers={"kubernetes": self.provider}),
                )

    def _addons(self, before: Sequence[pulumi.Resource]) -> dict[str, AddOn]:
        cluster = self._args.settings
        context = AddOnContext(
            stage=self._args.stage,
            cluster=self._key,
            kubernetes_version=cluster.version,
            pools=cluster.pools,
            gpu_allocation=cluster.gpu_allocation,
            needed=frozenset(needed_addons(cluster.pools, cluster.gpu_allocation)),
        )
        settings = cluster.addons
        opts = pulumi.ResourceOptions(parent=self, providers={"kubernetes": self.provider})
        specs = wanted(discover(), settings, context.needed)
        stands_on = self._in_aws([spec.name for spec in specs])
        self.namespaces = namespaces = make_namespaces(self._key, specs, context, opts)
        installed: dict[str, AddOn] = {}
        for spec in specs:
            namespace = namespaces.get(spec.chart.namespace)
            installed[spec.name] = AddOn(
                f"{self._key}-{spec.name}",
                AddOnArgs(
                    spec=spec,
                    settings=settings.get(spec.name, AddonSettings()),
                    context=context,
                    cluster_name=self.name,
                    after=[
                        *before,
                        *([namespace] if namespace else []),
                        *stands_on.get(spec.name, ()),
                        *(installed[name] for name in spec.after),
                    ],
                ),
                opts,
            )
        return installed

    def _in_aws(self, addons: Sequence[str]) -> dict[str, list[pulumi.Resource]]:
        """Add-on -> what it uses in AWS beside its own permissions: there before it starts, and after it has ended."""
        stage, opts = self._args.stage, pulumi.ResourceOptions(parent=self)
        made: dict[str, list[pulumi.Resource]] = {}
        if "karpenter" in addons:
            interruptions = KarpenterArgs(stage=stage, cluster=self._key, cluster_name=self.name)
            made["karpenter"] = [Karpenter(f"{self._key}-karpenter", interruptions, opts)]
        if "velero" in addons:
            backups = VeleroArgs(stage=stage, cluster=self._key, data_key_arn=self._args.data_key_arn)
            made["velero"] = [Velero(f"{self._key}-velero", backups, opts)]
        return made
