"""The doors of the clusters: certificates, web ACL and logs of the stack, and in each cluster Gateways and routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.bucket_names import bucket_name
from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.core.namespaces import in_mesh, pod_security
from components.core.stage import Stage
from components.core.untyped import Manifest
from components.ingress import doors, routes
from components.ingress.certificate import Records, certificate_arn
from components.ingress.door_logs import NAME, door_log_bucket
from components.ingress.doors import DoorPlan
from components.ingress.guards import guards, taken
from components.ingress.web_acl import web_acl
from settings.ingress.ingress import (
    NAMESPACE,
    Door,
    DoorSettings,
    IngressSettings,
    InternalDoorSettings,
    PublicDoorSettings,
)
from settings.network.network import NetworkSettings

CONTROLLER = "aws-load-balancer-controller"
Resources = Sequence[pulumi.Resource]


@dataclass(frozen=True, kw_only=True)
class IngressArgs:
    """Arguments of the doors.

    clusters: those that have them. subnet_ids: tier -> zone -> id.
    namespaces: (cluster, namespace) -> what objects in it must wait for, of the namespaces that the stack makes.
    """

    settings: IngressSettings
    network: NetworkSettings
    stage: Stage
    subnet_ids: Mapping[str, Mapping[str, pulumi.Input[str]]]
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[tuple[str, str], pulumi.Resource]


def own_networks(network: NetworkSettings) -> list[str]:
    """Returns the VPC, its pods, and the networks that it is connected to."""
    connected = [cidr for connection in network.connections.values() for cidr in connection.cidrs]
    return list(dict.fromkeys([network.cidr, network.pod_cidr, *connected]))


def door_commands(ingress: IngressSettings) -> dict[str, str]:
    """Returns, for each door, the command that reads the host name of its load balancer."""
    doors_of = ["internal", *(["public"] if ingress.public else [])]
    return {
        door: f"kubectl get gateway {door} -n {NAMESPACE} -o jsonpath='{{.status.addresses[0].value}}'"
        for door in doors_of
    }


def protected_doors(ingress: IngressSettings, stage: Stage) -> list[str]:
    """Returns the doors whose load balancer cannot be deleted."""
    doors_of = {"internal": ingress.internal, **({"public": ingress.public} if ingress.public else {})}
    return [door for door, settings in doors_of.items() if is_protected(settings, stage)]


def is_protected(settings: DoorSettings, stage: Stage) -> bool:
    return stage.deletion_protection if settings.deletion_protection is None else settings.deletion_protection


class Ingress(pulumi.ComponentResource):
    """What a door needs is there before it: definitions, controller, class, Gateway, routes; and goes after it."""

    def __init__(self, name: str, args: IngressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:ingress:Ingress", name, None, opts)
        self._name, self._args, self._opts = name, args, pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self._doors: dict[Door, InternalDoorSettings | PublicDoorSettings] = {"internal": settings.internal}
        if settings.public:
            self._doors["public"] = settings.public
        records: Records = {}
        self._certificates = {
            door: certificate_arn(f"{name}-{door}", each.certificate, records, self._opts)
            for door, each in self._doors.items()
        }
        self._acl = web_acl(f"{name}-public", settings.public.waf, args.stage, self._opts) if settings.public else None
        self._logs = (
            door_log_bucket(f"{name}-{NAME}", args.stage, settings.access_log_days, self._opts)
            if settings.public or settings.internal.access_logs
            else None
        )
        for key, cluster in args.clusters.items():
            ClusterDoors(
                f"{key}-doors",
                ClusterDoorsArgs(
                    cluster=cluster,
                    plans=[self._plan(key, door) for door in self._doors],
                    ingress=args,
                    namespaces={name: made for (of, name), made in args.namespaces.items() if of == key},
                    before=list(self._logs.settings) if self._logs else [],
                ),
                pulumi.ResourceOptions(parent=self, providers={"kubernetes": cluster.provider}),
            )
        self.register_outputs({})

    def _plan(self, cluster: str, door: Door) -> DoorPlan:
        args, settings = self._args, self._doors[door]
        tier = "public" if door == "public" else "private"
        return DoorPlan(
            door=door,
            settings=settings,
            sources=settings.source_ranges or own_networks(args.network),
            subnet_ids=list(args.subnet_ids[tier].values()),
            certificate=self._certificates[door],
            web_acl=self._acl.arn if self._acl and door == "public" else None,
            log_attributes=self._log_attributes(cluster, door),
            namespaces=args.settings.namespaces_of(door),
            protect=is_protected(settings, args.stage),
        )

    def _log_attributes(self, cluster: str, door: Door) -> Mapping[str, str]:
        if self._logs is None or (door == "internal" and not self._args.settings.internal.access_logs):
            return doors.ATTRIBUTES_OFF
        return {
            "access_logs.s3.enabled": "true",
            "access_logs.s3.bucket": bucket_name(self._args.stage, NAME),
            "access_logs.s3.prefix": f"{cluster}/{door}",
        }


@dataclass(frozen=True, kw_only=True)
class ClusterDoorsArgs:
    """Arguments of the doors of one cluster.

    namespaces: of the stack in the cluster, by name. before: what load balancers need besides, such as their logs.
    """

    cluster: ClusterRef
    plans: Sequence[DoorPlan]
    ingress: IngressArgs
    namespaces: Mapping[str, pulumi.Resource]
    before: Resources


class ClusterDoors(pulumi.ComponentResource):
    """The objects of one cluster."""

    def __init__(self, name: str, args: ClusterDoorsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:ingress:ClusterDoors", name, None, opts)
        self._name, self._args, cluster = name, args, args.cluster
        self._settings = cluster.ingress or args.ingress.settings  # with the routes of this cluster
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": NAMESPACE,
                "labels": {**pod_security("restricted", cluster.version), **in_mesh(cluster.mesh, NAMESPACE)},
                "annotations": taken(self._settings.routes.values()),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        guards(name, pulumi.ResourceOptions(parent=self, depends_on=[namespace]))
        # The controller puts finalizers on these objects, so it must be there until they are gone; and external-dns
        # removes the records of their hosts.
        self._controllers = [cluster.controllers.get("external-dns") or cluster.controllers[CONTROLLER]]
        targets = self._object("targets", doors.default_targets(), [namespace, *self._controllers, *args.before])
        self._gateways = {plan.door: self._door(plan, targets) for plan in args.plans}
        internal = next(plan for plan in args.plans if plan.door == "internal")
        self._class(doors.INTERNAL_NLB, doors.NLB, doors.nlb_configuration(internal), [targets])
        self._ingress_class(internal)
        self._routes()
        self.register_outputs({})

    def _object(self, name: str, manifest: Manifest, after: Resources, protect: bool | None = None) -> pulumi.Resource:
        opts = pulumi.ResourceOptions(parent=self, depends_on=after, protect=protect)
        made: pulumi.Resource = custom_resource(f"{self._name}-{name}", manifest, opts, awaited=False)
        return made

    def _class(self, name: str, controller: str, configuration: Manifest, after: Resources) -> pulumi.Resource:
        configured = self._object(f"{name}-configuration", configuration, after)
        return self._object(f"{name}-class", doors.gateway_class(name, controller), [configured])

    def _door(self, plan: DoorPlan, targets: pulumi.Resource) -> pulumi.Resource:
        made = self._class(plan.door, doors.ALB, doors.class_configuration(plan), [targets])
        own = self._object(f"{plan.door}-gateway-configuration", doors.gateway_configuration(plan), [made])
        # Its load balancer cannot be deleted, so a preview says so, and not an `up` after ten minutes.
        gateway = self._object(f"{plan.door}-gateway", doors.gateway(plan), [own], plan.protect or None)
        if plan.certificate is not None:
            self._object(f"{plan.door}-to-https", doors.redirect(plan.door), [gateway])
        return gateway

    def _ingress_class(self, internal: DoorPlan) -> None:
        """Registers the class of Ingresses, which many charts bring: internal like the door."""
        parameters = self._object("ingress-class", doors.ingress_class_parameters(internal), self._controllers)
        kubernetes.networking.v1.IngressClass(
            f"{self._name}-ingress-class",
            metadata={"name": doors.INGRESS_CLASS},
            spec={
                "controller": "ingress.k8s.aws/alb",
                "parameters": {
                    "api_group": "elbv2.k8s.aws",
                    "kind": "IngressClassParams",
                    "name": doors.INGRESS_CLASS,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[parameters]),
        )

    def _routes(self) -> None:
        plans = {plan.door: plan for plan in self._args.plans}
        targets: dict[tuple[str, str], pulumi.Resource] = {}
        for key, route in self._settings.routes.items():
            made = self._args.namespaces.get(route.namespace)
            namespace = [made] if made else []  # teams make others
            service = (route.namespace, route.service)
            if service not in targets:
                after = [*self._controllers, *namespace]
                grant = self._object(f"grant-{'.'.join(service)}", routes.grant(route), after)
                targets[service] = self._object(f"targets-{'.'.join(service)}", routes.service_targets(route), [grant])
            manifest = routes.route_manifest(key, route, plans[route.door].listener)
            self._object(f"route-{key}", manifest, [self._gateways[route.door], targets[service]])
