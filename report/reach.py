"""Who may talk to whom: every way that the mesh, the doors and the network policies know, from the settings alone.

A row says what the mesh does with a call, and what network policies do. These must leave the ports of the model in
catalog/mesh_network.py open, or they part what the mesh allows: `cut` says which rows.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from catalog import mesh_network
from catalog.charts import CHARTS
from catalog.mesh_network import APP, MESHED_POD, PROXY_ADMIN, PROXY_INBOUND, OpenPort
from components.cluster.scrapes import of_teams
from components.core.addon_spec import every_add_on
from components.core.flows import PROMETHEUS, Flow, Pods
from components.core.metrics import Scrape
from components.core.namespaces import CONTROL_PLANE, VIZ
from components.isolation.flows_of import flows_of
from components.mesh.policies import PLATFORM_READS, Target, targets
from report.network_reach import (
    CLOSED,
    OPEN,
    OWN_NODE,
    Flows,
    callers,
    enters,
    has_port,
    not_enforced,
    passes,
    peer_named,
    ports_of,
)
from report.network_reach import named as pods_named
from report.tables import markdown
from settings.cluster.addon_rules import installed
from settings.ingress.ingress import Door, IngressSettings
from settings.mesh.mesh import Inbound, MeshSettings
from settings.stack.namespaces import peoples_namespaces
from settings.stack.stack import StackSettings

Verdict = Literal["allowed", "audited", "refused"]
OTHER_MESHED, UNMESHED, NODES, PROBES = "other meshed pods", "pods without the mesh", "nodes", "httpGet probes"
CONTROL_PLANE_PORTS = {"linkerd-identity": 8080, "linkerd-dst": 8086, "linkerd-policy": 8090}
DOORS: tuple[Door, ...] = ("internal", "public")
EVERY_POD, MESHED, EKS = "every pod", "meshed pods", "EKS control plane"
_PROMETHEUS = pods_named(PROMETHEUS.namespace, PROMETHEUS.labels)
OUTWARD = ("Cluster", "From", "To", "Port")
HEADER = ("Cluster", "From", "To", "Port", "On the wire", "Mesh", "Network", "Because")


@dataclass(frozen=True)
class Reach:
    """One way to some pods, or out of them. port: as the caller knows it. wire: as a network policy sees it.

    verdict: of the mesh; "" where it does not speak. network: of the network policies; "" where the cluster has none.
    peer: who the source is in the model of the network; "" where the model does not speak of it. pods: labels of those
    that are called. outward: whether it leads to no pod.
    """

    source: str
    to: str
    port: int | str
    wire: int | str
    verdict: Verdict | Literal[""]
    because: str
    peer: str = ""
    pods: Mapping[str, str] = field(default_factory=dict)
    cluster: str = ""
    network: str = ""
    outward: bool = False


def reach(settings: StackSettings) -> list[Reach]:
    """Returns every row of a stack, by cluster."""
    return [replace(row, cluster=cluster) for cluster in settings.clusters for row in _in_cluster(settings, cluster)]


def _in_cluster(settings: StackSettings, cluster: str) -> Iterator[Reach]:
    rows = [*_to_pods(settings, cluster), *_to_webhooks(settings, cluster)]
    if settings.isolation_of(cluster) is None:
        yield from rows
        return
    flows, mesh = _flows(settings, cluster), settings.mesh_of(cluster)
    meshed = [*mesh.namespaces, CONTROL_PLANE, *([VIZ] if mesh.viz else [])] if mesh else []
    judged = [replace(row, network=_network(row, flows, meshed)) for row in rows]
    yield from judged
    yield from _of_flows(flows, judged, _Mesh.of(settings, cluster))


def _flows(settings: StackSettings, cluster: str) -> Flows:
    """Returns the flows of a cluster, without those to endpoints that the VPC does not have."""
    there = bool(settings.network.endpoints.interface)
    return {
        namespace: [flow for flow in flows if there or flow.peer != "endpoints"]
        for namespace, flows in flows_of(settings, cluster).items()
    }


def cut(rows: Iterable[Reach], model: Sequence[OpenPort] = MESHED_POD) -> list[Reach]:
    """Returns the calls that the mesh lets pass, and that network policies with these open ports would not.

    Those too whose callers the mesh names, and that the network policies of the stack itself do not let pass.
    """
    passing = [row for row in rows if row.peer and row.verdict != "refused"]
    return [row for row in passing if not _is_open(row, model) or (row.network == CLOSED and "/" in row.source)]


def _is_open(row: Reach, model: Sequence[OpenPort]) -> bool:
    needed = [each for each in MESHED_POD if each.peer == row.peer and each.port in (row.wire, APP)]
    return bool(needed) and all(each in model for each in needed)


def _to_pods(settings: StackSettings, cluster: str) -> Iterator[Reach]:
    mesh, ingress = settings.mesh_of(cluster), settings.ingress_of(cluster)
    people = peoples_namespaces(settings.teams, settings.storage, settings.clusters)
    namespaces = {name for where, name in people if where == cluster}
    meshed = sorted(namespaces & set(mesh.namespaces)) if mesh else []
    if mesh is not None and meshed:
        for target in targets(mesh, ingress, meshed, _read(settings, cluster)):
            yield from _to_target(target)
        for namespace in meshed:
            yield from _to_namespace(mesh, ingress, namespace)
            if settings.observability_of(cluster) is not None:
                yield _to_proxies(mesh, namespace)
        # Without these a pod does not start, or its proxy lives on what it has learnt until its identity ends.
        for to, port in CONTROL_PLANE_PORTS.items():
            peer = mesh_network.CONTROL_PLANE
            yield Reach(MESHED, f"{CONTROL_PLANE}/{to}", port, port, "allowed", "each proxy needs it", peer)
        yield Reach(MESHED, "kube-system/kube-dns", 53, 53, "allowed", "each proxy needs it", mesh_network.DNS)
    for route in ingress.routes.values() if ingress else ():
        if route.namespace in namespaces - set(meshed):
            port, to, why = route.pod_port or route.port, f"{route.namespace}/{route.service}", "it is not meshed"
            yield Reach(load_balancer(route.door), to, port, port, "allowed", why, pods=route.pods)
            yield Reach(EVERY_POD, to, port, port, "allowed", why, pods=route.pods)


def _to_webhooks(settings: StackSettings, cluster: str) -> Iterator[Reach]:
    parts = settings.parts_of(cluster)
    for chart, add_on in installed(every_add_on(), parts).items():
        for flow in add_on.flows(parts):
            for port in flow.ports if flow.peer == "control-plane" else ():
                to = f"{CHARTS[chart].namespace}/{chart}"
                yield Reach(EKS, to, port, port, "allowed", "webhooks take every call", pods=flow.pods)


def _read(settings: StackSettings, cluster: str) -> list[Scrape]:
    return of_teams(settings.teams_of(cluster)) if settings.observability_of(cluster) is not None else []


def load_balancer(door: Door) -> str:
    """Returns the name of a load balancer in a row."""
    return f"load balancer, {door}"


def _to_target(target: Target) -> Iterator[Reach]:
    for row in _of_target(target):
        yield replace(row, pods=target.pods)


def _of_target(target: Target) -> Iterator[Reach]:
    to, port, server = f"{target.namespace}/{target.name}", target.port, f"Server {target.name}"
    meshed, unmeshed = _verdicts_of(target)
    for caller in target.callers:
        source, why = f"{caller.namespace}/{caller.service_account}", f"AuthorizationPolicy {target.name}-callers"
        yield Reach(source, to, port, PROXY_INBOUND, "allowed", why, mesh_network.MESHED)
    for door in target.doors:
        why = f"AuthorizationPolicy {target.name}-{door}"
        yield Reach(load_balancer(door), to, port, port, "allowed", why, mesh_network.LOAD_BALANCER)
        if door == "internal":
            yield Reach(NODES, to, port, port, "allowed", f"{why}: nodes are in the load balancer's subnets")
    if target.read:
        why = f"AuthorizationPolicy {target.name}-monitoring"
        yield Reach(_PROMETHEUS, to, port, port, "allowed", why)
        yield Reach(NODES, to, port, port, _verdicts(target.inbound)[1], server)
    yield Reach(OTHER_MESHED, to, port, PROXY_INBOUND, meshed, server, mesh_network.MESHED)
    yield Reach(UNMESHED, to, port, port, unmeshed, server)
    yield Reach(PROBES, to, port, port, "allowed", "no route has the Server as its parent")


def _to_namespace(mesh: MeshSettings, ingress: IngressSettings | None, namespace: str) -> Iterator[Reach]:
    to, why = f"{namespace}/*", "mesh.inbound"
    meshed, unmeshed = _verdicts(mesh.inbound)
    yield Reach(OTHER_MESHED, to, "others", PROXY_INBOUND, meshed, why, mesh_network.MESHED)
    yield Reach(UNMESHED, to, "others", "others", unmeshed, why)
    for door in DOORS:
        if ingress is not None and namespace in ingress.namespaces_of(door):
            yield Reach(load_balancer(door), to, "others", "others", unmeshed, why, mesh_network.LOAD_BALANCER)
    if mesh.viz:
        scrapes = meshed
        if mesh.inbound == "deny":
            scrapes, why = "allowed", "AuthorizationPolicy proxy-admin-prometheus"
        yield Reach(f"{VIZ}/prometheus", to, PROXY_ADMIN, PROXY_ADMIN, scrapes, why, mesh_network.MONITORING)


def _to_proxies(mesh: MeshSettings, namespace: str) -> Reach:
    """Returns the reading of proxies by the platform's own Prometheus, which is not meshed."""
    audited = mesh.inbound == "audit"
    why = "mesh.inbound" if audited else f"AuthorizationPolicy {PLATFORM_READS}"
    return Reach(_PROMETHEUS, f"{namespace}/*", PROXY_ADMIN, PROXY_ADMIN, "audited" if audited else "allowed", why)


def _verdicts(inbound: Inbound) -> tuple[Verdict, Verdict]:
    """Returns what happens to meshed pods that no policy names, and to those that are not meshed."""
    if inbound == "audit":
        return "audited", "audited"
    return "allowed" if inbound == "all-authenticated" else "refused", "refused"


def _verdicts_of(target: Target) -> tuple[Verdict, Verdict]:
    return ("allowed", "allowed") if target.read else _verdicts(target.inbound)


@dataclass(frozen=True)
class _Mesh:
    """What the mesh does with calls that no row names. namespaces: meshed ones of people."""

    namespaces: frozenset[str] = frozenset()
    inbound: Inbound = "all-authenticated"
    targets: tuple[Target, ...] = ()

    @classmethod
    def of(cls, settings: StackSettings, cluster: str) -> "_Mesh":
        mesh = settings.mesh_of(cluster)
        if mesh is None:
            return cls()
        people = peoples_namespaces(settings.teams, settings.storage, settings.clusters)
        meshed = {name for where, name in people if where == cluster} & set(mesh.namespaces)
        found = targets(mesh, settings.ingress_of(cluster), meshed, _read(settings, cluster))
        return cls(frozenset(meshed), mesh.inbound, tuple(found))

    def verdict(self, namespace: str, labels: Mapping[str, str], port: int, *, meshed: bool) -> Verdict:
        """Returns what becomes of a call into a meshed namespace. meshed: whether the caller has a proxy."""
        verdicts = next(
            (
                _verdicts_of(each)
                for each in self.targets
                if (each.namespace, each.port) == (namespace, port) and each.pods.items() <= labels.items()
            ),
            _verdicts(self.inbound),
        )
        return verdicts[0 if meshed else 1]


def _network(row: Reach, flows: Flows, meshed: Sequence[str]) -> str:
    """Returns what network policies do with the call of a row of the mesh, of a door or of a webhook."""
    namespace, port = row.to.partition("/")[0], row.wire if isinstance(row.wire, int) else None
    if row.source == PROBES:
        return OWN_NODE
    peers: dict[str, tuple[str, ...]] = {load_balancer(door): (f"door-{door}",) for door in DOORS}
    # The internal load balancer is in the subnets of nodes.
    peers |= {EKS: ("control-plane",), NODES: ("nodes", "door-internal")}
    if row.source in peers:
        is_open = any(enters(flows, peer, namespace, row.pods, port) for peer in peers[row.source])
        return OPEN if is_open else OWN_NODE if row.source == NODES else CLOSED
    if row.source == MESHED:
        if row.peer == mesh_network.DNS:
            cut_off = [each for each in meshed if each in flows and not any(x.peer == "dns" for x in flows[each])]
        else:
            cut_off = [each for each in meshed if each in flows and not passes(flows, each, namespace, {}, port)]
        return f"{CLOSED} for {', '.join(cut_off)}" if cut_off else OPEN
    if "/" in row.source:
        source, own = row.source.partition("/")[0], PROMETHEUS.labels if row.source == _PROMETHEUS else {}
        return OPEN if passes(flows, source, namespace, row.pods, port, own) else CLOSED
    return callers(flows, namespace, row.pods, port, meshed if row.source == OTHER_MESHED else ())


def _of_flows(flows: Flows, rows: Sequence[Reach], mesh: _Mesh) -> Iterator[Reach]:
    """Yields the flows that no row of the mesh speaks of."""
    said = {
        (source, _end(row.to), row.wire)
        for row in rows
        for source in (mesh.namespaces if row.source == MESHED else (_end(row.source),))
    }
    for namespace, own in flows.items():
        for flow in own:
            if flow.direction == "in":
                yield from _into(flow, namespace, flows, mesh, said)
                if flow.peer == "door-internal":
                    why = f"{flow.why}: nodes are in the load balancer's subnets"
                    yield from _into(replace(flow, peer="nodes", why=why), namespace, flows, mesh, said)
            elif isinstance(flow.peer, Pods):
                if left := [
                    port for port in flow.ports or ("all",) if not _is_taken(port, flow.peer, namespace, flows)
                ]:
                    network = CLOSED if flow.peer.namespace in flows else OPEN
                    yield _row(flow, namespace, ", ".join(map(str, left)), network=network)
            elif flow.peer != "own-namespace":
                yield _row(flow, namespace, ports_of(flow), network=OPEN, outward=True)


def _row(flow: Flow, namespace: str, port: int | str, **more: Any) -> Reach:
    """Returns a row of a flow of a namespace, of which the mesh does not speak."""
    source, to = pods_named(namespace, flow.pods), peer_named(namespace, flow)
    if flow.direction == "in":
        source, to = to, source
    return Reach(source, to, port, **{"wire": port, "verdict": "", "because": flow.why, "pods": flow.pods, **more})


def _into(
    flow: Flow, namespace: str, flows: Flows, mesh: _Mesh, said: Collection[tuple[str, str, int | str]]
) -> Iterator[Reach]:
    """Yields the rows of what pods receive, in a meshed namespace one for each port."""
    pods = flow.peer.namespace if isinstance(flow.peer, Pods) else namespace if flow.peer == "own-namespace" else ""
    meshed, both = namespace in mesh.namespaces, {pods, namespace} <= mesh.namespaces

    def network(port: int | None) -> str:
        own = flow.peer.labels if isinstance(flow.peer, Pods) else {}
        return OPEN if not pods or passes(flows, pods, namespace, flow.pods, port, own) else CLOSED

    if not flow.ports:
        # Those of meshed namespaces are in the rows of their other ports.
        if not meshed or flow.peer in ("nodes", "control-plane"):
            verdict = _verdicts(mesh.inbound)[1] if meshed else ""
            yield _row(flow, namespace, ports_of(flow), verdict=verdict, network=network(None))
        return
    source = pods or peer_named(namespace, flow)
    ports = [port for port in flow.ports if (source, namespace, port) not in said]
    if both and len(ports) > 1:  # port 4143 is the way of the others
        ports = [port for port in ports if port != PROXY_INBOUND]
    if not meshed and len({network(port) for port in ports}) == 1:
        yield _row(flow, namespace, ", ".join(map(str, ports)), network=network(ports[0]))
        return
    for port in ports:
        # Pods without a proxy call the port itself, which is open to them as well.
        for wire in dict.fromkeys((PROXY_INBOUND, port) if both else (port,)):
            spoken = meshed and pods not in ("", VIZ)  # viz calls ports of the proxies themselves
            verdict = mesh.verdict(namespace, flow.pods, port, meshed=wire == PROXY_INBOUND) if spoken else ""
            yield _row(flow, namespace, port, wire=wire, verdict=verdict, network=network(wire))


def _is_taken(port: int | str, pods: Pods, namespace: str, flows: Flows) -> bool:
    """Tells whether the namespace that is called has a flow of its own for the call, and so a row."""
    return any(
        each.direction == "in"
        and isinstance(each.peer, Pods)
        and each.peer.namespace == namespace
        and each.pods.items() <= pods.labels.items()
        and has_port(each, port if isinstance(port, int) else None)
        for each in flows.get(pods.namespace, ())
    )


def _end(name: str) -> str:
    return name.partition("/")[0]


def as_markdown(settings: StackSettings, stack: str) -> str:
    """Returns the whole page."""
    rows = reach(settings)
    closed = [cluster for cluster in settings.clusters if settings.isolation_of(cluster)]
    parts = [f"# Who may talk to whom in {stack}", "", *_what_it_lacks(settings, closed)]
    inward, outward = ([row for row in rows if row.outward == each] for each in (False, True))
    where = f"in {', '.join(closed)}" if closed else "by nothing but network policies"
    if inward:
        parts += [
            "`audited` calls pass, and the proxy logs what a policy would refuse. `nodes` are their kubelets, and pods",
            "with `hostNetwork`. A call passes where mesh and network both let it; an empty cell does not speak of it.",
            f"The ways that no row names are closed {where}.",
            "",
            *markdown(HEADER, [_cells(row) for row in inward], right=(3, 4)),
            "",
        ]
    if outward:
        parts += ["## What pods call outside of namespaces", "", *markdown(OUTWARD, _grouped(outward), right=(3,)), ""]
    for cluster in closed:
        parts += _not_enforced(settings, cluster)
    if settings.mesh is not None:
        spoken = [each for each in MESHED_POD if settings.mesh.viz or each.peer != mesh_network.MONITORING]
        model = [(each.direction, str(each.port), each.peer) for each in spoken]
        parts += [
            "## Ports that network policies must leave open for meshed pods",
            "",
            *markdown(("Direction", "Port", "Peer"), model, right=(1,)),
            "",
        ]
    return "\n".join(parts)


def _what_it_lacks(settings: StackSettings, closed: Sequence[str]) -> list[str]:
    without = [cluster for cluster in settings.clusters if cluster not in closed]
    lines = []
    if settings.mesh is None and not closed:
        lines += ["The stack has no mesh: every pod may call every other one of its cluster."]
    elif settings.mesh is None:
        lines += ["The stack has no mesh: network policies alone decide."]
    if without:
        of = f" in {', '.join(without)}" if closed else ""
        lines += [f"Without `isolation`{of} no network policy closes a namespace."]
    return [*lines, ""] if lines else []


def _not_enforced(settings: StackSettings, cluster: str) -> list[str]:
    isolation = settings.isolation_of(cluster)
    pools = [pool.name for pool in settings.clusters[cluster].pools if pool.efa]
    items = not_enforced(
        flows_of(settings, cluster), pools, strict=isolation is not None and isolation.mode == "strict"
    )
    return [f"## What the CNI does not enforce in {cluster}", "", *(f"- {each}" for each in items), ""]


def _grouped(rows: Sequence[Reach]) -> list[tuple[str, ...]]:
    """Returns the cells of calls to what is no pod, those to the same in one row."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in rows:
        found.setdefault((row.cluster, row.to, str(row.port)), {})[row.source] = None
    return [(cluster, ", ".join(sources), to, port) for (cluster, to, port), sources in sorted(found.items())]


def _cells(row: Reach) -> tuple[str, ...]:
    network = f"**{row.network}**" if row.network == CLOSED and row.verdict in ("allowed", "audited") else row.network
    mesh = _emphasised(row)
    return row.cluster, row.source, row.to, str(row.port), str(row.wire), mesh, network, row.because


def _emphasised(row: Reach) -> str:
    return f"**{row.verdict}**" if row.verdict == "audited" else row.verdict
