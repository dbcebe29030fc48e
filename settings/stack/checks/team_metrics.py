"""Checks that Prometheus is there for the programs of teams, and would reach them."""

from collections.abc import Iterator

from catalog.limits import PORTS_PER_ADDRESS
from catalog.mesh_network import PROXY_ADMIN
from settings.cluster.parts import ClusterParts
from settings.core.problems import Mistake, Path, join_path
from settings.core.services import ServiceEntry, may_be_both
from settings.mesh.mesh import Inbound, MeshSettings
from settings.stack.namespaces import cluster_of
from settings.stack.parts import Parts
from settings.tenancy.team import TeamSettings
from settings.tenancy.team_metrics import TeamMetricsSettings


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields programs that nobody would read, that are read twice, or whose proxies would refuse Prometheus."""
    for index, team in parts.teams.items():
        path: Path = ("teams", index, "metrics")
        cluster = cluster_of(team, parts.clusters)
        if not team.metrics or cluster is None or cluster not in parts.clusters:
            continue
        content = parts.clusters[cluster]
        if content.observability is None:
            if parts.knows_observability:
                add = f"Add {cluster} to observability.clusters" if parts.observability else "Write `observability: {}`"
                yield path, f"does nothing: {cluster} has no Prometheus. {add}, or drop it."
            continue
        yield from _twice(team, path)
        if parts.isolates(cluster):
            yield from _ports(team, content, path)
        for name, entry in team.metrics.items():
            if content.mesh is not None and entry.namespace in content.mesh.namespaces:
                yield from _of_meshed(content.mesh, content, entry, (*path, name, "port"))


def _twice(team: TeamSettings, path: Path) -> Iterator[Mistake]:
    found: dict[object, str] = {}
    for name, entry in team.metrics.items():
        first = found.setdefault((entry.namespace, tuple(sorted(entry.pods.items())), entry.port, entry.path), name)
        if first != name:
            yield (*path, name), f"reads the same as {first}, so each sum would be twice as large. Drop one of them."


def _ports(team: TeamSettings, content: ClusterParts, path: Path) -> Iterator[Mistake]:
    for namespace in team.namespaces:
        ports = {entry.port for entry in team.metrics.values() if entry.namespace == namespace}
        meshed = content.mesh is not None and namespace in content.mesh.namespaces
        if len(ports) + meshed > PORTS_PER_ADDRESS:
            yield (
                path,
                (
                    f"reads {len(ports)} ports in {namespace}{' beside that of the mesh' * meshed}, and the agent of "
                    f"the VPC CNI keeps {PORTS_PER_ADDRESS} for one address: the others would stay closed. Let "
                    "programs serve on the same port."
                ),
            )


def _of_meshed(mesh: MeshSettings, content: ClusterParts, entry: TeamMetricsSettings, path: Path) -> Iterator[Mistake]:
    """Yields what the proxy of a pod would refuse: Prometheus is not meshed, so no policy can name it by identity."""
    if entry.port == PROXY_ADMIN:
        yield path, f"is {PROXY_ADMIN}, that of the mesh's proxies, which are read without it. Drop the entry."
        return
    services = {("mesh", "services", name): each for name, each in mesh.services.items()}
    said = {each.target for each in services.values()}
    decides: list[tuple[Path, ServiceEntry, Inbound]] = [
        (where, each, each.inbound or mesh.inbound_of_services) for where, each in services.items()
    ]
    decides += [
        (("ingress", "routes", name), each, mesh.inbound)
        for name, each in (content.ingress.routes.items() if content.ingress else ())
        if each.target not in said
    ]
    for where, each, inbound in decides:
        same = (each.namespace, each.pod_port or each.port) == (entry.namespace, entry.port)
        covers = inbound == "audit" and each.pods.items() <= entry.pods.items()
        if same and may_be_both(each.pods, entry.pods) and not covers:
            yield (
                path,
                (
                    f"is {entry.port}, about which {join_path(where)} decides, and Prometheus has no identity: the "
                    "proxies would answer 403. Let the program serve its metrics on a port of its own; or name the "
                    "same pods in both, and let that entry audit."
                ),
            )
            return
