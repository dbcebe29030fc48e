"""The flows of a team: what each team has, what its entry opens, its routes, and the mesh."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from catalog.mesh_network import CONTROL_PLANE as MESH_PEER
from catalog.mesh_network import MESHED_POD, PROXY_ADMIN, PROXY_INBOUND, PROXY_TAP
from components.core.flows import OTLP_GRPC, OTLP_HTTP, TRACE_AGENTS, Flow, Pods, Range, into, out
from components.core.namespaces import CONTROL_PLANE, VIZ
from settings.ingress.ingress import Door, IngressSettings
from settings.mesh.mesh import MeshSettings
from settings.observability.traces import TraceSettings
from settings.tenancy.team import TeamSettings

CALLS_API = {"ml-platform/calls-api": "true"}
"""Label of the pods of a team that reach the API server."""
MESH_PORTS = tuple(int(each.port) for each in MESHED_POD if each.direction == "out" and each.peer == MESH_PEER)
DOORS: tuple[Door, ...] = ("internal", "public")


@dataclass(frozen=True, kw_only=True)
class Call:
    """Pods of one namespace call those of another one: each of the two needs a flow of its own.

    labels: of the pods that are called; {} for all. ports: of these pods.
    """

    source: str
    target: str
    why: str
    ports: tuple[int, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def of_source(self) -> Flow:
        return out(Pods(namespace=self.target, labels=self.labels), self.why, *self.ports)

    def of_target(self) -> Flow:
        return into(Pods(namespace=self.source), self.why, *self.ports, pods=self.labels)


def own(team: TeamSettings) -> Iterator[Flow]:
    """Yields what every pod of a team has, in each of its namespaces."""
    yield out("dns", "finds others by name")
    yield out("pod-identity", "gets the credentials of its role")
    if team.network.internet:
        yield out("aws", "calls AWS, and what else is on port 443 of the internet")
    else:
        yield out("endpoints", "calls what of AWS has an endpoint in the VPC")
    yield out("api-server", f"has the label {next(iter(CALLS_API))}", pods=CALLS_API)
    yield out("own-namespace", "pods of one namespace belong together")
    yield into("own-namespace", "pods of one namespace belong together")
    for entry in team.network.ranges:
        yield out(Range(cidr=entry.cidr), "teams[].network.ranges", *entry.ports)


def of_doors(ingress: IngressSettings | None, namespace: str) -> Iterator[Flow]:
    """Yields what load balancers send to the pods of a namespace."""
    for name, route in ingress.routes.items() if ingress else ():
        if route.namespace == namespace:
            port = route.pod_port or route.port
            yield _from_door(route.door, f"ingress.routes.{name}", port, pods=route.pods)
    for door in DOORS:
        if ingress is not None and namespace in ingress.namespaces_of(door):
            yield _from_door(door, f"ingress.{door}.namespaces")


def _from_door(door: Door, why: str, *ports: int, pods: Mapping[str, str] | None = None) -> Flow:
    return into("door-public" if door == "public" else "door-internal", why, *ports, pods=pods)


def calls(team: TeamSettings, mesh: MeshSettings | None) -> Iterator[Call]:
    """Yields the calls between the namespaces of a team, and those of others that its entry opens."""
    for source in team.namespaces:
        for target in team.namespaces:
            if source != target:
                yield Call(source=source, target=target, why=f"namespaces of {team.name}")
    meshed = mesh.namespaces if mesh else ()
    for entry in team.network.open:
        for caller in entry.callers:
            both = entry.namespace in meshed and caller in meshed
            yield Call(
                source=caller,
                target=entry.namespace,
                why="teams[].network.open",
                ports=(*entry.ports, *((PROXY_INBOUND,) if both else ())),
                labels=entry.pods,
            )


def calls_with_spans(traces: TraceSettings | None, namespaces: Iterable[str]) -> Iterator[Call]:
    """Yields the calls to the agents that take spans. namespaces: of people, in the cluster."""
    for namespace in sorted(namespaces) if traces is not None else ():
        yield Call(
            source=namespace,
            target=TRACE_AGENTS.namespace,
            why="observability.traces",
            ports=(OTLP_GRPC, OTLP_HTTP),
            labels=TRACE_AGENTS.labels,
        )


def calls_of_mesh(mesh: MeshSettings | None, namespaces: Iterable[str]) -> Iterator[Call]:
    """Yields what proxies and their control plane send. namespaces: of people, in the cluster."""
    if mesh is None:
        return
    there = set(namespaces)
    if mesh.tracing:
        for_spans = (mesh.tracing.port,)
        for part in (CONTROL_PLANE, *([VIZ] if mesh.viz else ())):
            yield Call(source=part, target=mesh.tracing.namespace, why="spans of its own proxies", ports=for_spans)
    for name, entry in mesh.services.items():
        for caller in dict.fromkeys(each.namespace for each in entry.callers):
            if entry.namespace in there and caller in there and caller != entry.namespace:
                yield Call(
                    source=caller,
                    target=entry.namespace,
                    why=f"mesh.services.{name}",
                    ports=(PROXY_INBOUND,),
                    labels=entry.pods,
                )
    for namespace in sorted(there & set(mesh.namespaces)):
        yield Call(source=namespace, target=CONTROL_PLANE, why="each proxy needs it", ports=MESH_PORTS)
        if mesh.viz:
            ports = (PROXY_TAP, PROXY_ADMIN)
            yield Call(source=VIZ, target=namespace, why="metrics of proxies, and `linkerd tap`", ports=ports)
        if mesh.tracing and mesh.tracing.namespace != namespace:
            for_spans = (mesh.tracing.port,)
            yield Call(source=namespace, target=mesh.tracing.namespace, why="spans of proxies", ports=for_spans)
