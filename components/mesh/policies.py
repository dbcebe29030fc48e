"""Who may call which pods: Linkerd's policies for the Services of `mesh.services` and of `ingress.routes`.

A Server takes a port of pods out of the default, `mesh.inbound`. Where two Servers take the same port of a pod, the
older one decides and the other is ignored without a message; so everything about the same pods and port is in one.
A load balancer has no identity: it is known by the subnets that it is in, in which nodes may be too.
Probes of kind httpGet pass each policy while no route has the Server as its parent. Routes here have the Service as
parent: clients read them. The pods of the control plane have a default of their own, which takes everything.
Prometheus does not pass `deny` on the proxies' own port, so that of viz gets a policy. Nor does it on ports of
programs: each that it reads gets a Server that lets in the range of pods, where no entry is about the same port.
Sources: linkerd2 edge-26.8.3, policy-controller/k8s/index/src/{inbound/index,inbound/workload,outbound/index}.rs,
policy-controller/runtime/src/admission.rs, charts/linkerd-control-plane/templates, viz/cmd/allow-scrapes.go; read
2026-11.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.mesh_network import PROXY_ADMIN
from components.core.metrics import Scrape
from components.core.namespaces import VIZ
from components.core.untyped import Manifest
from settings.core.services import may_be_both
from settings.ingress.ingress import Door, IngressSettings, RouteSettings
from settings.mesh.mesh import CallerSettings, Inbound, MeshedServiceSettings, MeshSettings

SERVER, GROUP, GATEWAY_GROUP = "Server", "policy.linkerd.io", "gateway.networking.k8s.io"
PLATFORM_READS = "proxy-admin-monitoring"
_PROTOCOLS = {"detected": "unknown", "http": "HTTP/1", "http2": "HTTP/2", "grpc": "gRPC", "opaque": "opaque"}
_PODS = {"group": GROUP, "kind": "NetworkAuthentication", "name": "pods"}
_RETRIED = {"http": "5xx", "grpc": "internal,unavailable"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A port of pods, with everything that is said about it.

    inbound: what happens to those whom nothing names. read: whether the platform's Prometheus reads it.
    """

    name: str
    namespace: str
    pods: Mapping[str, str]
    port: int
    protocol: str
    inbound: Inbound
    callers: tuple[CallerSettings, ...] = ()
    doors: tuple[Door, ...] = ()
    read: bool = False


def targets(
    mesh: MeshSettings, ingress: IngressSettings | None, namespaces: Iterable[str], read: Iterable[Scrape] = ()
) -> Iterator[Target]:
    """Yields every target in the meshed namespaces among `namespaces`, by namespace and name.

    read: programs of teams that Prometheus reads.
    """
    entries: dict[object, list[MeshedServiceSettings | RouteSettings]] = {}
    meshed = set(namespaces) & set(mesh.namespaces)
    for entry in [*mesh.services.values(), *(ingress.routes.values() if ingress else ())]:
        if entry.namespace in meshed:
            entries.setdefault(entry.target, []).append(entry)
    found = [_target(mesh, each) for each in entries.values()]
    found += _read(mesh, [each for each in read if each.namespace in meshed], found)
    yield from sorted(found, key=lambda target: (target.namespace, target.name))


def _read(mesh: MeshSettings, read: Iterable[Scrape], others: Sequence[Target]) -> list[Target]:
    """Returns the ports that Prometheus reads and proxies would refuse. A dot parts their names from Services'."""
    found: dict[object, Target] = {}
    for scrape in read if mesh.inbound != "audit" else ():
        place = scrape.namespace, scrape.port
        if any((each.namespace, each.port) == place and may_be_both(each.pods, scrape.pods) for each in others):
            continue  # it audits: the checks refuse every other one
        target = Target(
            name=f"metrics.{scrape.job.rpartition('/')[2]}",
            namespace=scrape.namespace,
            pods=scrape.pods,
            port=scrape.port,
            protocol="detected",
            inbound=mesh.inbound,
            read=True,
        )
        found.setdefault((place, tuple(sorted(scrape.pods.items()))), target)
    return list(found.values())


def _target(mesh: MeshSettings, entries: Sequence[MeshedServiceSettings | RouteSettings]) -> Target:
    services = [each for each in entries if isinstance(each, MeshedServiceSettings)]
    routes = [each for each in entries if isinstance(each, RouteSettings)]
    first = min(entries, key=lambda each: each.service)
    namespace, pods, port = first.target
    said: set[Inbound] = {each.inbound or mesh.inbound_of_services for each in services}
    callers = {(each.namespace, each.service_account): each for entry in services for each in entry.callers}
    return Target(
        name=f"{first.service}-{port}",
        namespace=namespace,
        pods=dict(pods),
        port=port,
        protocol=first.protocol,
        inbound="deny" if "deny" in said else "audit" if said else mesh.inbound,
        callers=tuple(callers[key] for key in sorted(callers)),
        doors=tuple(sorted({each.door for each in routes})),
    )


def policies(
    mesh: MeshSettings,
    ingress: IngressSettings | None,
    namespaces: Iterable[str],
    door_networks: Mapping[Door, Sequence[str]],
    readers: Sequence[str] = (),
    read: Sequence[Scrape] = (),
) -> dict[str, Manifest]:
    """Returns name -> object for a cluster, Servers last. door_networks: door -> where its load balancer calls from.

    readers: where a Prometheus outside of the mesh calls from. read: the programs of teams that it reads.
    """
    meshed = sorted(set(namespaces) & set(mesh.namespaces))
    found = list(targets(mesh, ingress, meshed, read))
    doors = sorted({(target.namespace, door) for target in found for door in target.doors})
    objects = [
        *(_networks(namespace, _load_balancer(door), door_networks[door]) for namespace, door in doors),
        *(each for target in found for each in _of_target(target)),
        *(each for namespace in meshed for each in _scrapes(mesh, namespace, readers)),
        *(
            _route(entry)
            for entry in mesh.services.values()
            if entry.namespace in meshed and (entry.timeout_seconds or entry.retries)
        ),
    ]
    objects.sort(key=lambda each: each["kind"] == SERVER)
    return {
        f"{each['metadata']['namespace']}-{each['metadata']['name']}-{each['kind'].lower()}": each for each in objects
    }


def _of_target(target: Target) -> Iterator[Manifest]:
    yield _server(target.namespace, target.name, _spec(target))
    if target.callers:
        name = f"{target.name}-callers"
        accounts = [
            {"kind": "ServiceAccount", "name": each.service_account, "namespace": each.namespace}
            for each in target.callers
        ]
        yield _object("MeshTLSAuthentication", target.namespace, name, {"identityRefs": accounts})
        allowed = {"group": GROUP, "kind": "MeshTLSAuthentication", "name": name}
        yield _authorization(target.namespace, name, target.name, allowed)
    for door in target.doors:
        allowed = {"group": GROUP, "kind": "NetworkAuthentication", "name": _load_balancer(door)}
        yield _authorization(target.namespace, f"{target.name}-{door}", target.name, allowed)
    if target.read:
        yield _authorization(target.namespace, f"{target.name}-monitoring", target.name, _PODS)


def _spec(target: Target) -> Manifest:
    return {
        "podSelector": {"matchLabels": dict(target.pods)},
        "port": target.port,
        "proxyProtocol": _PROTOCOLS[target.protocol],
        "accessPolicy": target.inbound,
    }


def _scrapes(mesh: MeshSettings, namespace: str, readers: Sequence[str]) -> Iterator[Manifest]:
    """Yields what lets Prometheus read the proxies of a namespace where the default policy would not.

    That of viz is meshed. The platform's own has no identity, and comes by the range of pods; network policies, where
    there are some, let no other pod in. Proxies judge calls of their own ports by the policies, too. Source:
    linkerd2-proxy, linkerd/app/admin/src/stack.rs; read 2026-11.
    """
    of_viz, of_platform = mesh.viz and mesh.inbound == "deny", bool(readers) and mesh.inbound != "audit"
    if not (of_viz or of_platform):
        return
    meshed = {"matchExpressions": [{"key": "linkerd.io/control-plane-ns", "operator": "Exists"}]}
    spec = {"podSelector": meshed, "port": PROXY_ADMIN, "proxyProtocol": "HTTP/1", "accessPolicy": mesh.inbound}
    yield _server(namespace, "proxy-admin", spec)
    if of_viz:
        prometheus = {"kind": "ServiceAccount", "name": "prometheus", "namespace": VIZ}
        yield _authorization(namespace, "proxy-admin-prometheus", "proxy-admin", prometheus)
    if of_platform:
        yield _networks(namespace, "pods", readers)
        yield _authorization(namespace, PLATFORM_READS, "proxy-admin", _PODS)


def _networks(namespace: str, name: str, cidrs: Sequence[str]) -> Manifest:
    return _object("NetworkAuthentication", namespace, name, {"networks": [{"cidr": cidr} for cidr in cidrs]})


def _load_balancer(door: Door) -> str:
    return f"load-balancer-{door}"


def _authorization(namespace: str, name: str, server: str, allowed: Manifest) -> Manifest:
    target = {"group": GROUP, "kind": SERVER, "name": server}
    return _object(
        "AuthorizationPolicy", namespace, name, {"targetRef": target, "requiredAuthenticationRefs": [allowed]}
    )


def _server(namespace: str, name: str, spec: Manifest) -> Manifest:
    """Returns a Server. Versions before v1beta3 have no accessPolicy, and drop it without a message."""
    return {**_object(SERVER, namespace, name, spec), "apiVersion": f"{GROUP}/v1beta3"}


def _route(entry: MeshedServiceSettings) -> Manifest:
    """Returns the route by which meshed clients know how long they wait for a Service, and how often they try again."""
    kind = "grpc" if entry.protocol == "grpc" else "http"
    waits = {"timeout.linkerd.io/request": f"{entry.timeout_seconds}s"} if entry.timeout_seconds else {}
    tries = {f"retry.linkerd.io/{kind}": _RETRIED[kind], "retry.linkerd.io/limit": str(entry.retries)}
    service = {"group": "", "kind": "Service", "name": entry.service, "port": entry.port}
    return {
        "apiVersion": f"{GATEWAY_GROUP}/v1",
        "kind": f"{kind.upper()}Route",
        "metadata": {
            "name": f"{entry.service}-{entry.port}-in-mesh",
            "namespace": entry.namespace,
            "annotations": {**waits, **(tries if entry.retries else {})},
        },
        "spec": {"parentRefs": [service], "rules": [{"backendRefs": [service]}]},
    }


def _object(kind: str, namespace: str, name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
