"""Checks the mesh against the clusters and their pools."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules, owners_of_namespaces
from settings.cluster.mesh_replicas import REPLICAS, kept_nodes
from settings.core.naming import KUBERNETES_NAMESPACES
from settings.core.problems import Mistake, Path, join_path, listed, nearest_or_all
from settings.ingress.ingress import NAMESPACE, RouteSettings
from settings.mesh.mesh import MeshedServiceSettings, MeshSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules], zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Yields every mistake about the mesh. zones: of the network; None when not known."""
    mesh = parts.mesh
    if mesh is None:
        return
    for index, cluster in enumerate(mesh.clusters):
        if cluster not in parts.clusters:
            yield (
                ("mesh", "clusters", index),
                f"there is no cluster {cluster}.{nearest_or_all(cluster, parts.clusters)}",
            )
    yield from _made_by_nobody(parts, mesh, add_ons)
    yield from _services(parts, mesh, add_ons)
    yield from _same_pods(parts, mesh)
    for cluster, content in parts.clusters.items():
        if content.mesh is None or not content.complete:
            continue
        pools = content.pools.values()
        if all(pool.efa or not pool.meshed for pool in pools):
            yield (
                ("mesh", "clusters"),
                (
                    f"every pool of {cluster} has EFA or says meshed: false, and no pod on such a node is meshed: "
                    "traffic over EFA passes by the kernel, where the proxy is. Name other clusters, or add a pool."
                ),
            )
        if mesh.high_availability and zones is not None and (nodes := kept_nodes(pools, len(zones))) < REPLICAS:
            yield (
                ("mesh", "high_availability"),
                (
                    f"is true, but the pools for add-ons of {cluster} keep {nodes} nodes, and each of the "
                    f"{REPLICAS} replicas must have one of its own: `pulumi up` would wait for them in vain. Raise "
                    "min_per_zone of a managed pool without taints, or drop it."
                ),
            )


def _made_by_nobody(parts: Parts, mesh: MeshSettings, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    where, owners = _clusters_of_namespaces(parts), _owners(parts, add_ons)
    for index, namespace in enumerate(mesh.namespaces):
        if owner := owners.get(namespace):
            yield (
                ("mesh", "namespaces", index),
                f"{namespace} is the namespace of {owner}, which must start without the mesh. Drop it.",
            )
        elif not parts.knows_namespaces:
            continue
        elif namespace not in where:
            yield (
                ("mesh", "namespaces", index),
                (
                    f"nothing in this file makes the namespace {namespace}, so nobody would mesh it."
                    f"{did_you_mean(namespace, where)} Add it to the namespaces of a team, or drop it here."
                ),
            )
        elif mesh.clusters and (own := where.get(namespace)) and not own & set(mesh.clusters):
            yield (
                ("mesh", "namespaces", index),
                (
                    f"{namespace} is in {listed(sorted(own))}, and mesh.clusters names {listed(mesh.clusters)}, so its "
                    "pods would get no proxy. Add the cluster there, or drop it here."
                ),
            )


def _owners(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Mapping[str, str]:
    """Returns the namespaces that no team may have -> whose they are. Nobody is told to add one to a team."""
    owners = dict.fromkeys(KUBERNETES_NAMESPACES, "Kubernetes") | ({NAMESPACE: "the doors"} if parts.ingress else {})
    return {**owners_of_namespaces(add_ons), **owners}


def _services(parts: Parts, mesh: MeshSettings, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields callers without an identity, and Services that could refuse nobody or would refuse everybody."""
    routes = parts.ingress.routes.values() if parts.ingress else ()
    exposed = {route.target for route in routes}
    where, owners = _clusters_of_namespaces(parts), _owners(parts, add_ons)
    for name, entry in mesh.services.items():
        path: Path = ("mesh", "services", name)
        if owner := owners.get(entry.namespace):
            yield (
                (*path, "namespace"),
                f"{entry.namespace} is the namespace of {owner}, whose pods have no proxy. Drop the entry.",
            )
        elif entry.namespace not in mesh.namespaces:
            yield (
                (*path, "namespace"),
                (
                    f"{entry.namespace} is not one of mesh.namespaces, so its pods have no proxy that could refuse "
                    f"anybody.{did_you_mean(entry.namespace, mesh.namespaces)} Add it there, or drop the entry."
                ),
            )
        for index, caller in enumerate(entry.callers):
            if why := _no_identity(parts, mesh, add_ons, caller.namespace):
                yield (*path, "callers", index, "namespace"), why
            elif (
                parts.knows_namespaces
                and (own := where.get(entry.namespace))
                and not own & where.get(caller.namespace, own)
            ):
                yield (
                    (*path, "callers", index, "namespace"),
                    (
                        f"{caller.namespace} is not in {listed(sorted(own))}, where {entry.namespace} is, and an "
                        "identity of one cluster means nothing in another. Drop it, or make it there too."
                    ),
                )
        if not entry.callers and (entry.inbound or mesh.inbound_of_services) == "deny" and entry.target not in exposed:
            yield (
                path,
                (
                    "has no callers and no route of ingress leads to it, so it would refuse everybody. Write callers, "
                    "or inbound: audit to see who calls."
                ),
            )
    if mesh.tracing and (why := _no_identity(parts, mesh, add_ons, mesh.tracing.namespace)):
        yield ("mesh", "tracing", "namespace"), why


def _clusters_of_namespaces(parts: Parts) -> Mapping[str, set[str]]:
    """Returns the namespaces of people, each with its clusters: none where they have to be named."""
    found: dict[str, set[str]] = {}
    for cluster, namespace in parts.peoples_namespaces():
        found.setdefault(namespace, set()).update({cluster} if cluster is not None else ())
    return found


def _no_identity(parts: Parts, mesh: MeshSettings, add_ons: Mapping[str, AddOnRules], namespace: str) -> str | None:
    """Returns why pods of a namespace cannot prove who they are; None when they can."""
    if owner := _owners(parts, add_ons).get(namespace):
        return f"{namespace} is the namespace of {owner}, whose pods have no identity. Drop it."
    if namespace in mesh.namespaces:
        return None
    if not parts.knows_namespaces or namespace in _clusters_of_namespaces(parts):
        return f"{namespace} is not meshed, so its pods have no identity. Add it to mesh.namespaces."
    return (
        f"nothing in this file makes the namespace {namespace}, so nobody there has an identity."
        f"{did_you_mean(namespace, mesh.namespaces)} Add it to the namespaces of a team, and to mesh.namespaces."
    )


def _same_pods(parts: Parts, mesh: MeshSettings) -> Iterator[Mistake]:
    """Yields entries about the same pods that contradict each other."""
    routes = parts.ingress.routes if parts.ingress else {}
    entries: list[tuple[Path, MeshedServiceSettings | RouteSettings]] = [
        *((("mesh", "services", name), entry) for name, entry in mesh.services.items()),
        *((("ingress", "routes", name), entry) for name, entry in routes.items() if entry.namespace in mesh.namespaces),
    ]
    for (first_path, first), (path, entry) in combinations(entries, 2):
        apart = isinstance(first, RouteSettings) and isinstance(entry, RouteSettings) and not first.meets(entry.cluster)
        if first.namespace == entry.namespace and not apart and (why := _contradiction(first, entry)):
            yield path, why.format(first=join_path(first_path))


def _contradiction(
    first: MeshedServiceSettings | RouteSettings, entry: MeshedServiceSettings | RouteSettings
) -> str | None:
    if (first.service, first.port) == (entry.service, entry.port):
        if first.target != entry.target:
            return (
                "is about the same Service and port as {first}, and a Service has one selector and one port of its "
                "pods. Write the same pods and pod_port in both."
            )
        if isinstance(first, MeshedServiceSettings) and isinstance(entry, MeshedServiceSettings):
            return "is about the same Service and port as {first}. Write one entry, with the callers of both."
    if first.target == entry.target:
        if first.protocol != entry.protocol:
            return (
                f"says that its pods speak {entry.protocol}, and {{first}} says {first.protocol} of the same port. "
                "Write the same protocol in both."
            )
        return None
    (_, pods, port), (_, others, other_port) = entry.target, first.target
    if port == other_port and (set(pods) <= set(others) or set(others) <= set(pods)):
        return (
            "has some pods in common with {first}, on the same port, and of two policies for one port the older one "
            "decides alone. Give both the same pods, or labels by which none is in both."
        )
    return None
