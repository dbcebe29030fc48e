"""One EKS cluster: control plane, access, EKS add-ons, pools, storage classes, Helm add-ons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from catalog.eks_addons import ADDONS, GUARDDUTY_AGENT
from components.cluster.access import access_entry, api_rules, member_entry
from components.cluster.control_plane import ControlPlaneArgs, control_plane, control_plane_zones
from components.cluster.issuer_guard import issuer_guard
from components.cluster.managed_addons import (
    BEFORE_NODES,
    ManagedAddonArgs,
    in_order,
    managed_addon,
    tolerating_daemon,
)
from components.cluster.mount_identity import file_mounts, mount_role, mount_role_name
from components.cluster.service_guard import service_guard
from components.cluster.storage_classes import StorageClasses, StorageClassesArgs
from components.compute.karpenter.karpenter_pool import KarpenterPool, KarpenterPoolArgs
from components.compute.live_pools import LivePools
from components.compute.node_pool import NodePool, NodePoolArgs
from components.compute.node_role import node_role
from components.core.addon import AddOn, AddOnArgs, make_namespaces
from components.core.addon_spec import COMES_WITH_THE_CLUSTER, AddOnContext, AddOnSpec, AwsSideArgs, to_install
from components.core.cluster_ref import Close, ClusterRef, FileMounts, closes_nothing
from components.core.definitions import custom_resource_definitions
from components.core.namespaces import CONTROL_PLANE
from components.core.stage import DataClass, Stage
from components.security.deployer import Deployer
from settings.cluster.addons import AddonSettings, ManagedAddonSettings
from settings.cluster.cluster import AccessSettings, ClusterSettings
from settings.cluster.landing import landing_pool
from settings.cluster.managed_addons import eks_addons
from settings.cluster.parts import ClusterParts
from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.admission import AdmissionSettings

EBS_DRIVER = "aws-ebs-csi-driver"
ENFORCING_MODE = "NETWORK_POLICY_ENFORCING_MODE"
"""Variable of the VPC CNI; `standard` when not given. Source: aws/amazon-vpc-cni-k8s 1.22.4, README; read 2026-11."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """Arguments of a cluster.

    intra_subnet_ids: zone name -> id of the subnet that the control plane may put its network interfaces in.
    control_plane_zones: where the control plane is; without them, what the settings say.
    node_subnet_ids: zone name -> private subnet id.
    pod_subnet_ids: zone name -> pod subnet id, for nodes with EFA.
    routes_and_endpoints: of the network; nodes need them to reach the control plane and their images.
    storage_drivers: EKS add-ons that mount the storage of the cluster's pods.
    add_ons: every Helm add-on, by name; the settings select those that the cluster gets.
    addon_key_arns: data class -> KMS key, for data that add-ons keep in AWS.
    mesh, ingress: of the cluster; None where it has none. networks: the ranges of nodes and pods.
    secrets: None where nothing of its is kept. observability: None where nothing is measured.
    teams: name -> namespaces, of its teams.
    deployer: the role that makes the cluster and is its admin; None: the principal that makes it.
    connections: of the network; the deployer reaches a private API through them.
    live_pools: what is up of the managed pools.
    groups: ARN of a principal -> the groups that teams give it.
    isolate: makes what closes the cluster's namespaces, from its provider and the range of its Services; None: they
        stay open. strict: whether a pod that no network policy selects reaches nobody.
    guardduty: what its agent on the nodes needs; None: nodes have no agent.
    """

    settings: ClusterSettings
    stage: Stage
    vpc: aws.ec2.Vpc
    intra_subnet_ids: Mapping[str, pulumi.Input[str]]
    node_subnet_ids: Mapping[str, pulumi.Input[str]]
    pod_subnet_ids: Mapping[str, pulumi.Input[str]]
    secrets_key_arn: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    add_ons: Mapping[str, AddOnSpec]
    routes_and_endpoints: Sequence[pulumi.Resource] = ()
    storage_drivers: Sequence[str] = ()
    addon_key_arns: Mapping[DataClass, pulumi.Input[str]] = field(default_factory=dict)
    deployer: Deployer | None = None
    connections: Sequence[pulumi.Resource] = ()
    control_plane_zones: Sequence[str] = ()
    live_pools: LivePools = field(default_factory=LivePools)
    mesh: MeshSettings | None = None
    ingress: IngressSettings | None = None
    secrets: SecretsSettings | None = None
    observability: ObservabilitySettings | None = None
    admission: AdmissionSettings = field(default_factory=AdmissionSettings)
    networks: Sequence[str] = ()
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    isolate: Callable[[kubernetes.Provider, pulumi.Output[str]], Close] | None = None
    strict: bool = False
    guardduty: Sequence[pulumi.Resource] | None = None


class Cluster(pulumi.ComponentResource):
    """One cluster, named by its key under `clusters`. Components of other domains build on `ref`.

    Nodes and control plane share the security group that EKS makes, which admits nothing else.
    """

    control_plane_zones: Sequence[str]
    pools: Mapping[str, Mapping[str, Any]]
    name: pulumi.Output[str]
    version: str
    endpoint: pulumi.Output[str]
    service_cidr: pulumi.Output[str]
    node_role_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    provider: kubernetes.Provider
    ref: ClusterRef

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:cluster:Cluster", name, None, opts)
        self._key, self._args = name, args
        self._file_mounts: FileMounts | None = None
        self._parts = ClusterParts.of(
            *(args.settings, args.mesh, args.ingress, args.secrets, args.admission.kyverno, args.observability),
            guardduty=args.guardduty is not None,
        )
        self.control_plane_zones = args.control_plane_zones or control_plane_zones(
            name, args.settings, list(args.intra_subnet_ids)
        )
        plane = control_plane(
            name,
            ControlPlaneArgs(
                settings=args.settings,
                stage=args.stage,
                vpc=args.vpc,
                intra_subnet_ids=args.intra_subnet_ids,
                zones=self.control_plane_zones,
                secrets_key_arn=args.secrets_key_arn,
                logs_key_arn=args.logs_key_arn,
                deployer=args.deployer,
                guardduty=args.guardduty is not None,
            ),
            self,
        )
        # From the cluster itself, not from its known name: a replacement of the cluster then replaces what is on it.
        self.name = plane.eks_cluster.apply(lambda cluster: cluster.name)
        self.endpoint = plane.eks_cluster.apply(lambda cluster: cluster.endpoint)
        self.version = args.settings.version
        self.service_cidr = plane.eks_cluster.apply(lambda cluster: cluster.kubernetes_network_config.service_ipv4_cidr)
        self.security_group_id = plane.cluster_security_group_id
        admin = self._entries()
        rules = api_rules(name, args.settings.endpoint, self.security_group_id, self)
        addons_before_nodes = [self._managed_addon(addon) for addon in BEFORE_NODES]
        # Nodes without CNI, proxy and credentials do not become ready.
        pools = self._pools([*addons_before_nodes, *admin])
        self.pools = {name: pool.record for name, pool in pools.items()}
        landing = pools[landing_pool(args.settings.pools).name].node_groups
        self.provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=plane.kubeconfig_json,
            enable_config_map_mutable=True,  # otherwise a dashboard that changes is deleted, and made again
            # Until the way in is there, the API cannot be reached, or answers 401, and the provider gives up for the
            # whole run at its first error. An access entry works only some seconds after EKS has made it: nodes, which
            # come after it, take minutes. At destroy all of these go last.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.connections, *rules, *admin, *landing]),
        )
        self._close: Close = args.isolate(self.provider, self.service_cidr) if args.isolate else closes_nothing
        namespaces, controllers = self._addons_and_objects(landing, addons_before_nodes)
        self.ref = ClusterRef(
            name=self.name,
            version=args.settings.version,
            provider=self.provider,
            security_group_id=self.security_group_id,
            namespaces=namespaces,
            mesh=args.mesh,
            ingress=args.ingress,
            file_mounts=self._file_mounts,
            controllers={name: addon.last for name, addon in controllers.items()},
            close=self._close,
        )
        self.register_outputs(
            {"name": self.name, "endpoint": self.endpoint, "security_group_id": self.security_group_id}
        )

    def _entries(self) -> list[pulumi.Resource]:
        """Registers the access entries. Returns the one that makes the deployer admin, if there is a deployer."""
        ours: dict[str, AccessSettings] = {}
        if deployer := self._args.deployer:
            ours["deployer"] = AccessSettings(principal_arn=deployer.role_arn, policy="cluster-admin")
            if deployer.preview_role_arn:
                ours["preview"] = AccessSettings(principal_arn=deployer.preview_role_arn, policy="view")
        made = {key: self._entry(entry, f"{self._key}-{key}") for key, entry in ours.items()}
        for key, entry in self._args.settings.access.items():
            # Two resources cannot have one alias, and only an access key without the role had this name.
            self._entry(entry, *([] if key in made else [f"{self._key}-{key}"]))
        named = {entry.principal_arn for entry in self._args.settings.access.values()}
        for principal, groups in self._args.groups.items():
            if principal not in named:
                member_entry(self._key, principal, groups, self.name, self)
        return [made["deployer"]] if deployer else []

    def _entry(self, entry: AccessSettings, *earlier_names: str) -> aws.eks.AccessPolicyAssociation:
        of_teams = self._args.groups.get(entry.principal_arn, ())
        return access_entry(self._key, entry, self._args.stage, self.name, self, earlier_names, of_teams)

    def _options_with_provider(self) -> pulumi.ResourceOptions:
        """Returns options for components with Kubernetes objects in this cluster."""
        return pulumi.ResourceOptions(parent=self, providers={"kubernetes": self.provider})

    def _addons_and_objects(
        self, landing: Sequence[pulumi.Resource], addons_before_nodes: Sequence[pulumi.Resource]
    ) -> tuple[Mapping[str, pulumi.Resource], Mapping[str, AddOn]]:
        """Registers add-ons, storage classes and Karpenter pools in their order.

        Returns the add-ons' namespaces and the add-ons, both by name.
        """
        settings = self._args.settings
        # With `strict` CoreDNS reaches nobody without a policy, and EKS would wait for it in vain.
        opened = self._close(COMES_WITH_THE_CLUSTER, None)
        addons_after_nodes = self._addons_after_nodes([*landing, *([opened] if opened else [])])
        StorageClasses(
            f"{self._key}-storage",
            StorageClassesArgs(
                settings=settings.storage_classes,
                stage=self._args.stage,
                volume_key_arn=self._args.volume_key_arn,
                snapshot_controller=addons_after_nodes.get("snapshot-controller"),
                telemetry=sorted(
                    spec.chart.namespace
                    for spec in to_install(self._args.add_ons, self._parts)
                    if spec.claims_volumes and self._args.observability is not None
                ),
            ),
            self._options_with_provider(),
        )
        service_guard(f"{self._key}-services", self._args.ingress is not None, self._options_with_provider())
        # Without DNS the pods cannot start, and the Helm releases would time out. DNS waits for the nodes.
        before = [addons_after_nodes["coredns"]]
        namespaces, installed = self._addons(before, addons_after_nodes[EBS_DRIVER])
        self._karpenter_pools(installed, [*self._args.routes_and_endpoints, *addons_before_nodes])
        return namespaces, installed

    def _addons_after_nodes(self, landing: Sequence[pulumi.Resource]) -> dict[str, pulumi.Resource]:
        """Registers the EKS add-ons that need a node, since EKS waits for their pods. Returns them by name."""
        names = eks_addons(self._parts, self._args.storage_drivers) - set(BEFORE_NODES)
        registered: dict[str, pulumi.Resource] = {}
        for addon, earlier in in_order(names):
            after = [*landing, *(registered[name] for name in earlier)]
            after += (self._args.guardduty or ()) if addon == GUARDDUTY_AGENT else ()
            registered[addon] = (
                self._mounting_addon(addon, after)
                if ADDONS[addon].node_service_account
                else self._managed_addon(addon, after)
            )
            opts = pulumi.ResourceOptions(parent=self, provider=self.provider)
            tolerating_daemon(f"{self._key}-{addon}", addon, self._args.settings.pools, registered[addon], opts)
        return registered

    def _mounting_addon(self, addon: str, after: Sequence[pulumi.Resource]) -> aws.eks.Addon:
        """Registers an add-on whose pods on nodes have a role, which has to be there before them."""
        name = f"{self._key}-{addon}-node"
        role = mount_role(name, addon, self._args.stage, self._key, self.name, self)
        installed = self._managed_addon(addon, [*after, *role.permissions])
        opts = pulumi.ResourceOptions(parent=self, provider=self.provider)
        arn = self._args.stage.iam_arn(f"role/{mount_role_name(self._args.stage, self._key, addon)}")
        self._file_mounts = file_mounts(name, addon, arn, role, installed, opts)
        return installed

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
                cluster_scoped=addon == EBS_DRIVER and self._args.settings.ebs_driver_is_cluster_scoped,
                pools=self._args.settings.pools,
                values={"env": {ENFORCING_MODE: "strict"}} if addon == "vpc-cni" and self._args.strict else {},
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
                    # With EFA a p5 node has no second interface for pods: its only one has to be in a subnet for pods.
                    subnet_ids=self._args.pod_subnet_ids if pool.efa else self._args.node_subnet_ids,
                    volume_key_arn=self._args.volume_key_arn,
                    gpu_allocation=self._args.settings.gpu_allocation,
                    after=[*self._args.routes_and_endpoints, *before, *role.permissions],
                    is_up=pool.name in self._args.live_pools.names,
                    live_sizes=self._args.live_pools.sizes.get(pool.name, {}),
                ),
                pulumi.ResourceOptions(parent=self),
            )
            for pool in self._args.settings.pools
            if pool.provisioner == "managed"
        }

    def _karpenter_pools(self, addons: Mapping[str, AddOn], before: Sequence[pulumi.Resource]) -> None:
        """Registers them last, so that they are deleted first: without Karpenter nothing would end their nodes."""
        for pool in self._args.settings.pools:
            if pool.provisioner == "karpenter":
                KarpenterPool(
                    f"{self._key}-{pool.name}",
                    KarpenterPoolArgs(
                        settings=pool,
                        stage=self._args.stage,
                        cluster=self._key,
                        kubernetes_version=self._args.settings.version,
                        zones=list(self._args.node_subnet_ids),
                        vpc_id=self._args.vpc.id,
                        volume_key_arn=self._args.volume_key_arn,
                        after=[*before, addons["karpenter"].last],
                    ),
                    self._options_with_provider(),
                )

    def _addons(
        self, before: Sequence[pulumi.Resource], driver: pulumi.Resource
    ) -> tuple[Mapping[str, pulumi.Resource], Mapping[str, AddOn]]:
        """Registers the Helm add-ons. Returns the namespaces and the add-ons, both by name. driver: of volumes."""
        cluster = self._args.settings
        context = AddOnContext(
            stage=self._args.stage,
            cluster=self._key,
            kubernetes_version=cluster.version,
            pools=cluster.pools,
            gpu_allocation=cluster.gpu_allocation,
            mesh=self._args.mesh,
            ingress=self._args.ingress,
            secrets=self._args.secrets,
            admission=self._args.admission,
            observability=self._args.observability,
            teams=self._args.teams,
            zones=len(self._args.node_subnet_ids),
            networks=(*self._args.networks, *([cluster.service_cidr] if cluster.service_cidr else [])),
        )
        specs = to_install(self._args.add_ons, self._parts)
        aws_side = {spec.name: self._aws_side(spec, context) for spec in specs}
        namespaces = make_namespaces(self._key, specs, context, self._options_with_provider(), driver)
        groups = sorted({group for spec in specs for group in spec.definitions})
        definitions = {
            group: custom_resource_definitions(f"{self._key}-{group}", group, self._options_with_provider())
            for group in groups
        }
        closed = {name: self._close(name, made) for name, made in namespaces.items()}
        installed: dict[str, AddOn] = {}
        guards: dict[str, pulumi.Resource] = {}  # namespace -> what is there before its add-ons
        if self._args.mesh is not None:  # who came between its issuer and the policy would have an identity
            guards[CONTROL_PLANE] = issuer_guard(f"{self._key}-mesh-issuer", self._options_with_provider())
        for spec in specs:
            guard = guards.get(spec.chart.namespace)
            namespace = closed.get(spec.chart.namespace)
            installed[spec.name] = AddOn(
                f"{self._key}-{spec.name}",
                AddOnArgs(
                    spec=spec,
                    settings=cluster.addons.get(spec.name, AddonSettings()),
                    context=context,
                    cluster_name=self.name,
                    in_aws=aws_side[spec.name],
                    after=[
                        *before,
                        *([guard] if guard else []),
                        *([namespace] if namespace else []),
                        *(installed[name].last for name in spec.before_it(installed)),
                        *(each for group in spec.definitions for each in definitions[group]),
                    ],
                ),
                self._options_with_provider(),
            )
        return namespaces, installed

    def _aws_side(self, spec: AddOnSpec, context: AddOnContext) -> pulumi.Resource | None:
        """Registers what an add-on uses in AWS besides its permissions. It must exist as long as the add-on runs."""
        if spec.in_aws is None:
            return None
        aws_side_args = AwsSideArgs(
            name=f"{self._key}-{spec.name}",
            cluster_name=self.name,
            key_arns={data_class: self._args.addon_key_arns[data_class] for data_class in spec.keys},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return spec.in_aws(context, aws_side_args)
