"""The whole platform of one stack: provider, keys, network, clusters and storage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from catalog.endpoints import GUARDDUTY_DATA
from catalog.regions import REGIONS
from components.cluster import log_groups
from components.cluster.cluster import Cluster, ClusterArgs
from components.cluster.control_plane import cluster_role_pattern, control_plane_zones
from components.cluster.scrapes import of_teams, scrapes_of
from components.compute.karpenter import karpenter_iam
from components.compute.live_pools import LivePools, live_pools
from components.compute.quotas import request_quotas, requests
from components.core.addon_spec import every_add_on
from components.core.aws_access import AwsAccess
from components.core.cluster_ref import Close
from components.core.stage import DataClass, Stage, cost_tags
from components.core.standing import standing
from components.ingress.ingress import Ingress, IngressArgs, door_commands, protected_doors
from components.isolation.flows_of import flows_of
from components.isolation.isolation import Isolation, IsolationArgs
from components.isolation.policies import Networks, api_server_of
from components.mesh.addons.linkerd_control_plane import proxy_images
from components.mesh.guards import mesh_guard
from components.mesh.mesh_policies import MeshPolicies, MeshPoliciesArgs
from components.mesh.policies import policies
from components.network.network import Network, NetworkArgs
from components.network.pod_range import check_nodes_keep_their_pod_subnets
from components.observability.addons.opentelemetry_operator import injected_images
from components.observability.alert_topics import AlertSecrets, AlertSecretsArgs, AlertTopics, AlertTopicsArgs
from components.observability.cloud_alarms import (
    CloudAlarms,
    CloudAlarmsArgs,
    file_systems,
    lustre,
    nats,
    vault,
    vcpus,
)
from components.observability.observability import Observability, ObservabilityArgs
from components.observability.rules_of import rule_groups
from components.secrets.team_secrets import keeps_in_aws
from components.security.audit_alarms import AuditAlarms, AuditAlarmsArgs
from components.security.deployer import Deployer, sessions_of
from components.security.guardduty import GuardDuty, GuardDutyArgs, detector
from components.security.keys import Keys, KeysArgs
from components.stack.guard import Guard
from components.stack.kept import Kept
from components.stack.live import LiveStack
from components.stack.support import support_warnings
from components.storage.recovery.backup import vault_name
from components.storage.storage import Storage, StorageArgs
from components.tenancy.cluster_tenancy import ClusterTenancy
from components.tenancy.guards import GuardsArgs, guards
from components.tenancy.image_cache import ImageCache, ImageCacheArgs
from components.tenancy.marks import marks
from components.tenancy.members import groups_of, permission_set_roles
from components.tenancy.namespaces import Namespaces, NamespacesArgs
from components.tenancy.signatures import signatures
from components.tenancy.team import Team, TeamArgs
from settings.cluster.addon_rules import installed
from settings.compute.quota_needs import quota_needs
from settings.ingress.ingress import Door
from settings.mesh.mesh import MeshSettings
from settings.network.network import NetworkSettings
from settings.network.network_plan import plan
from settings.observability.alerts import PLATFORM
from settings.stack.namespaces import named_service_accounts, peoples_namespaces, teams_of_storage
from settings.stack.stack import StackSettings
from settings.storage.drivers import needed_drivers
from settings.storage.recovery_plan import schedules
from settings.tenancy.registries import has_own


def zone_names(
    settings: NetworkSettings, region: str, live: Sequence[str], opts: pulumi.InvokeOptions
) -> Sequence[str]:
    """Returns the zones that the stack file names or, if it gives a number, that many zones of this account.

    Zone names differ between accounts, so zones that EKS cannot use are excluded by id. live: the zones that the stack
    has. It keeps them when the account gets another zone with an earlier letter.
    Raises RunError when the account has too few zones.
    """
    if not isinstance(settings.zones, int):
        return settings.zones
    available = aws.get_availability_zones(
        state="available",
        exclude_zone_ids=list(REGIONS[region].eks_excluded_zone_ids),
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],  # otherwise Local Zones are included
        opts=opts,
    )
    names = sorted(available.names, key=lambda zone: (zone not in live, zone))[: settings.zones]
    if len(names) < settings.zones:
        raise pulumi.RunError(
            f"network.zones: {settings.zones} zones are requested, but EKS can use only {len(names)} in {region} with "
            f"this account ({', '.join(names)}). Lower network.zones."
        )
    return sorted(names)


def _addon_keys(settings: StackSettings) -> set[DataClass]:
    """Returns the data classes whose key the add-ons of the clusters use."""
    clusters = [settings.parts_of(key) for key in settings.clusters]
    specs = [spec for one in clusters for spec in installed(every_add_on(), one).values()]
    return {key for spec in specs for key in spec.keys}


class Platform(pulumi.ComponentResource):
    """All resources of a stack, in one tree.

    clusters: key in the stack file -> cluster.
    """

    network: Network
    clusters: dict[str, Cluster]
    namespaces: Namespaces
    storage: Storage | None

    def __init__(self, name: str, settings: StackSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:platform:Platform", name, None, opts)
        self._deployer = self._deployer_of(name, settings)
        access = AwsAccess(
            account_id=settings.account_id,
            role_arn=self._deployer.role_arn if self._deployer is not None and self._deployer.assumed else None,
            tags=cost_tags(settings),
            foreign_tags=settings.foreign_tags,
        )
        provider = access.provider(f"{name}-aws", settings.region, self)
        invoke_options = pulumi.InvokeOptions(provider=provider)
        stage = Stage.of(settings, settings.account_id or aws.get_caller_identity(opts=invoke_options).account_id)
        self._live = LiveStack.read()
        self._live.check(stage, settings)
        for warning in support_warnings(settings.clusters, datetime.now(UTC).date()):
            pulumi.log.warn(warning)
        self._live.check_way_in(settings, lambda: aws.get_caller_identity(opts=invoke_options).arn)
        self._kept = Kept.of(self._live.outputs, settings.storage)
        # Only where something outlives its entry: every question to AWS delays the preview.
        regions = (settings.region, *settings.storage.copy_regions) if stage.retains else ()
        logs = log_groups.find(stage, settings.clusters.keys(), self._live.clusters, invoke_options)
        self._live.check_versions(
            settings.clusters,
            logs.running,
            lambda key: aws.eks.get_cluster(name=stage.cluster_name(key), opts=invoke_options).version,
        )
        self.stage = replace(
            stage,
            older_names=logs.older,
            left_log_groups=logs.left_by_eks,
            standing=standing(stage, regions, invoke_options),
            is_new=not self._live.outputs,
            older_copies=self._kept.older_copies,
        )
        check_nodes_keep_their_pod_subnets(self.stage, settings.network.pod_cidr, invoke_options)
        # All children get the provider from their parent, so tags and account are only set here.
        self._opts = pulumi.ResourceOptions(parent=self, providers={"aws": provider})
        zones = tuple(zone_names(settings.network, settings.region, self._live.zones, invoke_options))
        self._control_plane_zones = {
            key: control_plane_zones(key, cluster, sorted(zones), self._live.control_plane_zones(key))
            for key, cluster in settings.clusters.items()
        }
        self._live_pools = {
            key: live_pools(key, stage.cluster_name(key), self._live.pools(key), cluster.pools, invoke_options)
            if key in logs.running
            else LivePools()
            for key, cluster in settings.clusters.items()
        }
        self._repositories: dict[str, Mapping[str, pulumi.Output[str]]] = {}
        self._cache_addresses: Mapping[str, str] = {}
        self._groups = self._groups_of(settings, invoke_options)
        self._guardduty: Sequence[pulumi.Resource] = ()
        if guardduty := settings.security.guardduty:
            found = detector(guardduty, settings.region, invoke_options)
            made = GuardDuty("guardduty", GuardDutyArgs(settings=guardduty, found=found), self._opts)
            self._guardduty = made.needed_by_agents
        keys = self._keys(settings)
        self._requested_quotas: Mapping[str, float] = {}
        pools = {f"{key}.{pool.name}": pool for key, cluster in settings.clusters.items() for pool in cluster.pools}
        needs = quota_needs(pools, zones, settings.quotas.vcpus)
        if settings.quotas.request:
            self._requested_quotas = requests(needs, settings.quotas.vcpus, self._live.requested_quotas)
            request_quotas(name, self._requested_quotas, self._opts)
        self.network = Network(
            "network",
            NetworkArgs(
                settings=settings.network,
                stage=self.stage,
                zones=zones,
                live_nat_zones=self._live.nat_zones,
                more_endpoints=[GUARDDUTY_DATA] if settings.security.runtime else [],
                logs_key_arn=keys.logs,
                bucket_key_arn=keys.data,
            ),
            self._opts,
        )
        self.clusters = {key: self._cluster(key, settings, keys, zones) for key in settings.clusters}
        self.namespaces = self._namespaces(settings)
        self.storage = None
        if keys.data is not None and any(settings.storage.entries()):
            self.storage = Storage(
                "storage",
                StorageArgs(
                    settings=settings.storage,
                    keys=settings.keys,
                    stage=self.stage,
                    access=access,
                    vpc=self.network.vpc,
                    subnet_ids=self.network.subnet_ids["private"],
                    clusters={key: cluster.ref for key, cluster in self.clusters.items()},
                    data_key_arn=keys.data,
                    backup_key_arn=keys.backup,
                    logs_key_arn=keys.logs,
                    namespaces=self.namespaces.resources,
                    live_links=self._kept.links,
                    once_locked=self._kept.locked,
                    teams=teams_of_storage(settings.teams, settings.storage, settings.clusters),
                ),
                self._opts,
            )
        self._guards(settings)
        self._teams(settings, len(zones), keys)
        self._image_cache(settings)
        self._mesh_policies(settings, zones)
        topics = self._alert_topics(settings, keys)
        self._observability(settings, topics)
        self._cloud_alarms(settings, [need.code for need in needs], topics)
        self._ingress(settings)
        self._alarms(settings, keys)
        self._kept = self._kept.after(
            settings.storage,
            self.namespaces.made,
            self.clusters,
            secrets_key=keys.secrets is not None,
            images_key=keys.images is not None,
        )
        Guard(f"{name}-deletion-protection", self, protect=stage.deletion_protection)
        self.register_outputs({"vpc_id": self.network.vpc_id})

    def _namespaces(self, settings: StackSettings) -> Namespaces:
        people = peoples_namespaces(settings.teams, settings.storage, settings.clusters)
        teams = {(cluster, name): team for (cluster, name), team in people.items() if cluster is not None}
        return Namespaces(
            "namespaces",
            NamespacesArgs(
                teams=teams,
                marks=self._marks(settings),
                clusters={key: cluster.ref for key, cluster in self.clusters.items()},
                retained=self._kept.retained_namespaces,
                earlier_parent=pulumi.create_urn("storage", "mlplatform:storage:Storage", parent=self),
            ),
            self._opts,
        )

    def _marks(self, settings: StackSettings) -> dict[tuple[str, str], Mapping[str, str]]:
        accounts = named_service_accounts(settings.storage, settings.clusters)
        return {
            (key, namespace): marks(team, settings.clusters[key].pools, accounts.get((key, namespace), ()))
            for team in settings.teams
            for key in [team.cluster_among(settings.clusters)]
            for namespace in team.namespaces
        }

    def _teams(self, settings: StackSettings, zones: int, keys: Keys) -> None:
        """Registers what clusters have for all teams, and what each team gets beside its namespaces."""
        for key, cluster in self.clusters.items():
            ClusterTenancy(f"{key}-tenancy", cluster.ref, self._opts)
        accounts = named_service_accounts(settings.storage, settings.clusters)
        signed = settings.admission.signatures is not None
        for team in settings.teams:
            key = team.cluster_among(settings.clusters)
            made = Team(
                f"{key}-team-{team.name}",
                TeamArgs(
                    settings=team,
                    stage=self.stage,
                    cluster_key=key,
                    cluster=self.clusters[key].ref,
                    pools=settings.clusters[key].pools,
                    zones=zones,
                    gpu_allocation=settings.clusters[key].gpu_allocation,
                    secrets=settings.secrets,
                    secrets_key_arn=keys.secrets,
                    images=settings.images.keeping_signatures() if signed else settings.images,
                    images_key_arn=keys.images,
                    roles=self._roles,
                    namespaces={name: self.namespaces.resources[key, name] for name in team.namespaces},
                    service_accounts={name: accounts.get((key, name), set()) for name in team.namespaces},
                ),
                self._opts,
            )
            if made.repositories:
                self._repositories[team.name] = made.repositories

    def _image_cache(self, settings: StackSettings) -> None:
        """Registers the cache of other registries, and the rights of all nodes to fill it."""
        if settings.images.cache is None:
            return
        roles: dict[str, tuple[pulumi.Input[str], pulumi.Resource | None]] = {}
        for key, cluster in self.clusters.items():
            roles[key] = cluster.node_role_arn.apply(lambda arn: arn.rpartition("/")[2]), None
            if any(pool.provisioner == "karpenter" for pool in settings.clusters[key].pools):
                roles[f"{key}-karpenter"] = (
                    karpenter_iam.node_role_name(self.stage, key),
                    cluster.ref.controllers["karpenter"],
                )
        cache = ImageCache(
            "image-cache",
            ImageCacheArgs(
                cache=settings.images.cache,
                settings=settings.images,
                secrets=settings.secrets,
                stage=self.stage,
                node_roles=roles,
            ),
            self._opts,
        )
        self._cache_addresses = cache.addresses

    def _guards(self, settings: StackSettings) -> None:
        """Registers what the pods of teams need to be let in, in each cluster that has teams."""
        with_teams = {team.cluster_among(settings.clusters) for team in settings.teams}
        for key in sorted(with_teams):
            ref, addons = self.clusters[key].ref, settings.clusters[key].addons
            has_images = has_own(settings.images, settings.teams)
            args = GuardsArgs(
                settings=settings.admission,
                registry=self.stage.registry,
                own=f"{self.stage.registry}/{self.stage.prefix}" if has_images else "",
                injected_images=(
                    *(proxy_images(addons) if ref.mesh is not None else ()),
                    *(injected_images(addons) if "opentelemetry-operator" in ref.controllers else ()),
                ),
            )
            guards(f"{key}-admission", args, pulumi.ResourceOptions(parent=self, provider=ref.provider))
            if settings.admission.signatures is not None:
                signatures(f"{key}-signatures", settings.admission.signatures, ref, self)

    def _alarms(self, settings: StackSettings, keys: Keys) -> None:
        """Registers the alarms about what is done in the clusters."""
        if settings.alarms.audit is None:
            return
        AuditAlarms(
            "audit-alarms",
            AuditAlarmsArgs(
                settings=settings.alarms.audit,
                stage=self.stage,
                log_groups={key: each.name.apply(log_groups.eks_log_group) for key, each in self.clusters.items()},
                key_arn=keys.logs,
                deployer_session=sessions_of(self._deployer.role_arn) if self._deployer else None,
                findings_from=settings.security.mail_from_severity,
            ),
            self._opts,
        )

    def _cloud_alarms(self, settings: StackSettings, quotas: Sequence[str], topics: AlertTopics | None) -> None:
        """Registers the alarms about what only AWS sees. quotas: codes of those that the pools count against."""
        observability = settings.observability
        topic_arn = topics.arns.get(PLATFORM) if topics is not None else None
        if observability is None or observability.cloud_alarms is None or topic_arn is None:
            return
        things = [*nats(self.network.nat_ids), *vcpus(quotas)]
        if self.storage is not None:
            things += file_systems(self.storage.file_system_ids, settings.storage.file_systems)
            things += lustre(self.storage.lustre_ids, settings.storage.lustre)
            if self.storage.restore_role_arn is not None:
                things.append(vault(vault_name(self.stage)))
        CloudAlarms(
            "cloud-alarms",
            CloudAlarmsArgs(
                settings=observability.cloud_alarms,
                stage=self.stage,
                topic_arn=topic_arn,
                mail=observability.alerts.platform.mail,
                runbooks=observability.runbooks,
                things=things,
            ),
            self._opts,
        )

    def _deployer_of(self, name: str, settings: StackSettings) -> Deployer | None:
        """Returns the role that deploys. A provider of the caller's own credentials tells whether the caller has it."""
        if settings.deployer.role_arn is None:
            return None
        caller = aws.Provider(f"{name}-caller", region=settings.region, opts=pulumi.ResourceOptions(parent=self))
        identity = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=caller))
        return Deployer.of(settings.deployer.role_arn, settings.deployer.preview_role_arn, identity.arn)

    def _keys(self, settings: StackSettings) -> Keys:
        addon_keys = _addon_keys(settings)
        return Keys(
            "keys",
            KeysArgs(
                settings=settings.keys,
                stage=self.stage,
                cluster_role_arns=[cluster_role_pattern(self.stage, key) for key in settings.clusters],
                holds_data=settings.network.flow_logs.destination == "s3"
                or any(settings.storage.entries())
                or "data" in addon_keys,
                links_buckets=any(file_system.links for file_system in settings.storage.lustre.values()),
                sends_alarms=settings.alarms.audit is not None
                or (settings.observability is not None and settings.observability.alerts.sends_mails),
                sends_findings=settings.security.mail_from_severity is not None,
                keeps_secrets=keeps_in_aws(settings.secrets, settings.teams, settings.observability)
                or "secrets" in addon_keys
                or (self._kept.secrets_key and bool(settings.teams or settings.observability)),
                keeps_images=(settings.images.kms and any(team.repositories for team in settings.teams))
                or "images" in addon_keys
                or (self._kept.images_key and self.stage.retains),
                backs_up=bool(schedules(settings.storage, settings.clusters.keys())) or "backup" in addon_keys,
            ),
            self._opts,
        )

    def _isolate(
        self, key: str, settings: StackSettings, zones: Sequence[str]
    ) -> Callable[[kubernetes.Provider, pulumi.Output[str]], Close] | None:
        """Returns what makes the isolation of a cluster, from its provider and the range of its Services."""
        if (isolation := settings.isolation_of(key)) is None:
            return None
        network = settings.network
        subnets = plan(network.cidr, network.pod_cidr, zones).zones

        def close(provider: kubernetes.Provider, service_cidr: pulumi.Output[str]) -> Close:
            networks = Networks(
                vpc=network.cidr,
                pods=network.pod_cidr,
                services=service_cidr,
                api_server=service_cidr.apply(api_server_of),
                connected=[cidr for connection in network.connections.values() for cidr in connection.cidrs],
                control_plane=[subnets[zone].intra for zone in self._control_plane_zones[key]],
                private=[subnet.private for subnet in subnets.values()],
                public=[subnet.public for subnet in subnets.values()],
                endpoints=bool(network.endpoints.interface) or settings.security.runtime,
            )
            args = IsolationArgs(
                provider=provider, flows=flows_of(settings, key), networks=networks, strict=isolation.strict
            )
            return Isolation(f"{key}-isolation", args, self._opts).close

        return close

    def _cluster(self, key: str, settings: StackSettings, keys: Keys, zones: Sequence[str]) -> Cluster:
        subnet_ids = self.network.subnet_ids
        return Cluster(
            key,
            ClusterArgs(
                settings=settings.clusters[key],
                stage=self.stage,
                vpc=self.network.vpc,
                intra_subnet_ids=subnet_ids["intra"],
                control_plane_zones=self._control_plane_zones[key],
                live_pools=self._live_pools[key],
                node_subnet_ids=subnet_ids["private"],
                pod_subnet_ids=subnet_ids["pods"],
                secrets_key_arn=keys.eks,
                volume_key_arn=keys.ebs,
                logs_key_arn=keys.logs,
                add_ons=every_add_on(),
                addon_key_arns=keys.arns,
                deployer=self._deployer,
                connections=self.network.connections,
                routes_and_endpoints=self.network.routes_and_endpoints,
                storage_drivers=needed_drivers(settings.storage, key, settings.clusters),
                mesh=settings.mesh_of(key),
                ingress=settings.ingress_of(key),
                secrets=settings.secrets_of(key),
                observability=settings.observability_of(key),
                teams={team.name: team.namespaces for team in settings.teams_of(key)},
                admission=settings.admission,
                networks=(settings.network.cidr, settings.network.pod_cidr),
                groups=self._groups[key],
                isolate=self._isolate(key, settings, zones),
                guardduty=self._guardduty if settings.security.runtime else None,
                strict=(isolation := settings.isolation_of(key)) is not None and isolation.strict,
            ),
            self._opts,
        )

    def _groups_of(self, settings: StackSettings, opts: pulumi.InvokeOptions) -> Mapping[str, Mapping[str, list[str]]]:
        """Returns cluster -> principal -> the groups that its teams give it."""
        deployer = settings.deployer
        taken = {arn for arn in (deployer.role_arn, deployer.preview_role_arn) if arn}
        self._roles = permission_set_roles(settings.teams, taken, opts)
        return {key: groups_of(settings.teams_of(key), self._roles) for key in settings.clusters}

    def _mesh_policies(self, settings: StackSettings, zones: Sequence[str]) -> None:
        """Registers who may call whom in the meshed namespaces."""
        network = settings.network
        subnets = plan(network.cidr, network.pod_cidr, zones).zones.values()
        door_networks: dict[Door, list[str]] = {
            "internal": [zone.private for zone in subnets],
            "public": [zone.public for zone in subnets],
        }
        for key, cluster in self.clusters.items():
            ref = cluster.ref
            namespaces = {name: made for (where, name), made in self.namespaces.resources.items() if where == key}
            if ref.mesh is None:
                continue
            mesh_guard(f"{key}-mesh-routes", pulumi.ResourceOptions(parent=self, provider=ref.provider))
            readers = [network.pod_cidr] if settings.observability_of(key) else []
            read = of_teams(settings.teams_of(key)) if readers else []
            if manifests := policies(ref.mesh, ref.ingress, namespaces, door_networks, readers, read):
                args = MeshPoliciesArgs(cluster=ref, namespaces=namespaces, manifests=manifests)
                MeshPolicies(f"{key}-mesh", args, self._opts)

    def _observability(self, settings: StackSettings, topics: AlertTopics | None) -> None:
        """Registers what is read, computed and told of each cluster that is measured."""
        for key, cluster in self.clusters.items():
            if (observability := settings.observability_of(key)) is None:
                continue
            parts = settings.parts_of(key)
            args = ObservabilityArgs(
                settings=observability,
                cluster=cluster.ref,
                parts=parts,
                scrapes=scrapes_of(
                    parts,
                    [name for where, name in self.namespaces.resources if where == key],
                    settings.teams_of(key),
                ),
                groups=rule_groups(parts, settings.region),
            )
            Observability(f"{key}-observability", args, self._opts)
            if topics is not None and observability.has_secrets:
                args_of_secrets = AlertSecretsArgs(
                    filled=observability.secrets(),
                    secrets=settings.secrets,
                    stage=self.stage,
                    cluster_key=key,
                    cluster=cluster.ref,
                    topics=topics,
                )
                AlertSecrets(f"{key}-alerts", args_of_secrets, self._opts)

    def _alert_topics(self, settings: StackSettings, keys: Keys) -> AlertTopics | None:
        """Registers the topics and secrets of those who hear of alerts."""
        if settings.observability is None:
            return None
        args = AlertTopicsArgs(
            settings=settings.observability.alerts,
            filled=settings.observability.secrets(),
            secrets=settings.secrets,
            stage=self.stage,
            key_arn=keys.logs,
            secrets_key_arn=keys.secrets,
        )
        return AlertTopics("alerts", args, self._opts)

    def _ingress(self, settings: StackSettings) -> None:
        """Registers the doors of the clusters that have them, in namespaces of add-ons and people."""
        clusters = {key: cluster.ref for key, cluster in self.clusters.items() if cluster.ref.ingress is not None}
        if settings.ingress is None or not clusters:
            return
        of_add_ons = {(key, name): each for key, ref in clusters.items() for name, each in ref.namespaces.items()}
        people = {key: each for key, each in self.namespaces.resources.items() if each is not None}
        Ingress(
            "ingress",
            IngressArgs(
                settings=settings.ingress,
                network=settings.network,
                stage=self.stage,
                subnet_ids=self.network.subnet_ids,
                clusters=clusters,
                namespaces={**of_add_ons, **people},
            ),
            self._opts,
        )

    def outputs(self) -> dict[str, Any]:
        """Returns the stack's outputs: how to reach the clusters, and what other stacks need to build on this one."""
        region = self.stage.region
        return {
            "region": region,
            "account_id": self.stage.account_id,
            "vpc_id": self.network.vpc_id,
            "network": {
                "cidr": self.network.cidr,
                "zones": list(self.network.subnet_ids["private"]),
                "nat_zones": list(self.network.nat_ids),
            },
            "clusters": {
                key: {
                    "name": cluster.name,
                    "version": cluster.version,
                    "endpoint": cluster.endpoint,
                    "node_role_arn": cluster.node_role_arn,
                    "security_group_id": cluster.security_group_id,
                    "control_plane_zones": list(cluster.control_plane_zones),
                    "service_cidr": cluster.service_cidr,
                    "pools": cluster.pools,
                    **({"teams": teams} if (teams := self._teams_in(key)) else {}),
                    **({"mesh": self._mesh_outputs(key, mesh)} if (mesh := cluster.ref.mesh) else {}),
                    **(
                        {"doors": door_commands(ingress), "protected_doors": protected_doors(ingress, self.stage)}
                        if (ingress := cluster.ref.ingress)
                        else {}
                    ),
                    "kubeconfig_command": pulumi.Output.format(
                        "aws eks update-kubeconfig --name {0} --region {1}", cluster.name, region
                    ),
                }
                for key, cluster in self.clusters.items()
            },
            **({"deployer_role_arn": self._deployer.role_arn} if self._deployer else {}),
            **({"requested_quotas": self._requested_quotas} if self._requested_quotas else {}),
            **({"repositories": self._repositories} if self._repositories else {}),
            **({"image_cache": dict(self._cache_addresses)} if self._cache_addresses else {}),
            "kept": self._kept.outputs(),
            **(self._storage_outputs(self.storage) if self.storage else {}),
        }

    def _teams_in(self, cluster: str) -> dict[str, str]:
        """Returns namespace -> its team, for the next run."""
        return {name: team for (where, name), team in self.namespaces.teams.items() if team and where == cluster}

    def _mesh_outputs(self, cluster: str, mesh: MeshSettings) -> dict[str, Any]:
        """Returns what the next run needs to know, so as not to part pods that are up."""
        meshed = [name for where, name in self.namespaces.resources if where == cluster and name in mesh.namespaces]
        left = [name for name in self._live.meshed(cluster) if (cluster, name) in self._kept.retained_namespaces]
        return {"anchors": mesh.anchors, "issuer": mesh.issuer, "namespaces": [*meshed, *left]}

    @staticmethod
    def _storage_outputs(storage: Storage) -> dict[str, Any]:
        return {"buckets": storage.bucket_names, "restore_role_arn": storage.restore_role_arn}
