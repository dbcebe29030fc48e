"""Who may talk to whom: every way into the pods that the mesh and the ingress know, from the settings alone.

A row says what the mesh does with a call. Network policies, where there are some, must leave the ports of the model in
catalog/mesh_network.py open, or they part what the mesh allows: `cut` says which rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from catalog import mesh_network
from catalog.charts import CHARTS
from catalog.mesh_network import APP, MESHED_POD, PROXY_ADMIN, PROXY_INBOUND, OpenPort
from components.core.addon_spec import every_add_on
from components.core.namespaces import CONTROL_PLANE, VIZ
from components.mesh.policies import Target, targets
from report.tables import markdown
from settings.cluster.addon_rules import installed
from settings.cluster.parts import ClusterParts
from settings.ingress.ingress import Door, IngressSettings
from settings.mesh.mesh import Inbound, MeshSettings
from settings.stack.namespaces import peoples_namespaces
from settings.stack.stack import StackSettings

Verdict = Literal["allowed", "audited", "refused"]
OTHER_MESHED, UNMESHED, NODES, PROBES = "other meshed pods", "pods without the mesh", "nodes", "httpGet probes"
CONTROL_PLANE_PORTS = {"linkerd-identity": 8080, "linkerd-dst": 8086, "linkerd-policy": 8090}
DOORS: tuple[Door, ...] = ("internal", "public")
HEADER = ("Cluster", "From", "To", "Port", "On the wire", "Verdict", "Because")


@dataclass(frozen=True)
class Reach:
    """One way to some pods. port: as the caller knows it. wire: as a network policy sees it.

    peer: who the source is in the model of the network; "" where the model does not speak of it.
    """

    source: str
    to: str
    port: int | str
    wire: int | str
    verdict: Verdict
    because: str
    peer: str = ""
    cluster: str = ""


def reach(settings: StackSettings) -> list[Reach]:
    """Returns every row of a stack, by cluster."""
    return [
        replace(row, cluster=cluster)
        for cluster in settings.clusters
        for row in (*_to_pods(settings, cluster), *_to_webhooks(settings, cluster))
    ]


def cut(rows: Iterable[Reach], model: Sequence[OpenPort] = MESHED_POD) -> list[Reach]:
    """Returns the calls that the mesh lets pass, and that network policies with these open ports would not."""
    return [row for row in rows if row.peer and row.verdict != "refused" and not _is_open(row, model)]


def _is_open(row: Reach, model: Sequence[OpenPort]) -> bool:
    needed = [each for each in MESHED_POD if each.peer == row.peer and each.port in (row.wire, APP)]
    return bool(needed) and all(each in model for each in needed)


def _to_pods(settings: StackSettings, cluster: str) -> Iterator[Reach]:
    mesh, ingress = settings.mesh_of(cluster), settings.ingress_of(cluster)
    people = peoples_namespaces(settings.teams, settings.storage, settings.clusters)
    namespaces = {name for where, name in people if where == cluster}
    meshed = sorted(namespaces & set(mesh.namespaces)) if mesh else []
    if mesh is not None and meshed:
        for target in targets(mesh, ingress, meshed):
            yield from _to_target(target)
        for namespace in meshed:
            yield from _to_namespace(mesh, ingress, namespace)
        # Without these a pod does not start, or its proxy lives on what it has learnt until its identity ends.
        for to, port in CONTROL_PLANE_PORTS.items():
            peer = mesh_network.CONTROL_PLANE
            yield Reach("meshed pods", f"{CONTROL_PLANE}/{to}", port, port, "allowed", "each proxy needs it", peer)
        yield Reach("meshed pods", "kube-system/kube-dns", 53, 53, "allowed", "each proxy needs it", mesh_network.DNS)
    for route in ingress.routes.values() if ingress else ():
        if route.namespace in namespaces - set(meshed):
            port, to, why = route.pod_port or route.port, f"{route.namespace}/{route.service}", "it is not meshed"
            yield Reach(load_balancer(route.door), to, port, port, "allowed", why)
            yield Reach("every pod", to, port, port, "allowed", why)


def _to_webhooks(settings: StackSettings, cluster: str) -> Iterator[Reach]:
    parts = ClusterParts.of(
        settings.clusters[cluster],
        settings.mesh_of(cluster),
        settings.ingress_of(cluster),
        settings.secrets_of(cluster),
        settings.admission.kyverno,
    )
    for chart, add_on in installed(every_add_on(), parts).items():
        for flow in add_on.flows(parts):
            for port in flow.ports if flow.peer == "control-plane" else ():
                to = f"{CHARTS[chart].namespace}/{chart}"
                yield Reach("EKS control plane", to, port, port, "allowed", "webhooks take every call")


def load_balancer(door: Door) -> str:
    """Returns the name of a load balancer in a row."""
    return f"load balancer, {door}"


def _to_target(target: Target) -> Iterator[Reach]:
    to, port, server = f"{target.namespace}/{target.name}", target.port, f"Server {target.name}"
    meshed, unmeshed = _verdicts(target.inbound)
    for caller in target.callers:
        source, why = f"{caller.namespace}/{caller.service_account}", f"AuthorizationPolicy {target.name}-callers"
        yield Reach(source, to, port, PROXY_INBOUND, "allowed", why, mesh_network.MESHED)
    for door in target.doors:
        why = f"AuthorizationPolicy {target.name}-{door}"
        yield Reach(load_balancer(door), to, port, port, "allowed", why, mesh_network.LOAD_BALANCER)
        if door == "internal":
            yield Reach(NODES, to, port, port, "allowed", f"{why}: nodes are in the load balancer's subnets")
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
    prometheus, scrapes = (f"{VIZ}/prometheus", meshed) if mesh.viz else ("Prometheus", unmeshed)
    if mesh.viz and mesh.inbound == "deny":
        scrapes, why = "allowed", "AuthorizationPolicy proxy-admin-prometheus"
    yield Reach(prometheus, to, PROXY_ADMIN, PROXY_ADMIN, scrapes, why, mesh_network.MONITORING)


def _verdicts(inbound: Inbound) -> tuple[Verdict, Verdict]:
    """Returns what happens to meshed pods that no policy names, and to those that are not meshed."""
    if inbound == "audit":
        return "audited", "audited"
    return "allowed" if inbound == "all-authenticated" else "refused", "refused"


def as_markdown(settings: StackSettings, stack: str) -> str:
    """Returns the whole page."""
    rows = reach(settings)
    head = [f"# Who may talk to whom in {stack}", ""]
    if settings.mesh is None:
        head += ["The stack has no mesh: every pod may call every other one of its cluster.", ""]
    if not rows:
        return "\n".join(head)
    cells = [
        (row.cluster, row.source, row.to, str(row.port), str(row.wire), _emphasised(row), row.because) for row in rows
    ]
    model = [(each.direction, str(each.port), each.peer) for each in MESHED_POD]
    return "\n".join(
        [
            *head,
            "`audited` calls pass, and the proxy logs what a policy would refuse. `nodes` are their kubelets, and pods",
            "with `hostNetwork`. The ways that no row names are closed by nothing but network policies.",
            "",
            *markdown(HEADER, cells, right=(3, 4)),
            "",
            "## Ports that network policies must leave open for meshed pods",
            "",
            *markdown(("Direction", "Port", "Peer"), model, right=(1,)),
            "",
        ]
    )


def _emphasised(row: Reach) -> str:
    return f"**{row.verdict}**" if row.verdict == "audited" else row.verdict
