"""The valid parts of a stack file, so that checks run on them and one mistake does not hide the next."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from settings.cluster.cluster import (
    AccessSettings,
    ApiEndpointSettings,
    ClusterSettings,
    ControlPlaneLogSettings,
    StorageClassSettings,
)
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quotas import QuotaSettings
from settings.core.base import Settings
from settings.core.physical_names import cluster_name, name_prefix
from settings.core.problems import Path, PathPart
from settings.ingress.ingress import IngressSettings
from settings.isolation.isolation import IsolationSettings
from settings.mesh.mesh import MeshSettings
from settings.network.network import NetworkSettings
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.security.alarms import AlarmSettings
from settings.security.deployer import DeployerSettings
from settings.security.guardduty import SecuritySettings
from settings.stack.namespaces import peoples_namespaces
from settings.stack.stack import StackSettings
from settings.storage.storage import StorageSettings
from settings.tenancy.admission import AdmissionSettings
from settings.tenancy.images import ImagesSettings
from settings.tenancy.team import TeamSettings

Model = TypeVar("Model", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The valid parts of a stack file. None: wrong or not given.

    teams: index -> team. knows_isolation, knows_observability: whether it is valid or not given. knows_namespaces:
    whether every team and all of storage is valid, so that a check may rely on what nobody makes.
    """

    environment: str | None
    region: str | None
    name: str | None
    network: NetworkSettings | None
    quotas: QuotaSettings | None
    clusters: Mapping[str, ClusterParts]
    storage: StorageSettings | None = None
    account_id: str | None = None
    alarms: AlarmSettings | None = None
    security: SecuritySettings | None = None
    deployer: DeployerSettings | None = None
    mesh: MeshSettings | None = None
    ingress: IngressSettings | None = None
    secrets: SecretsSettings | None = None
    admission: AdmissionSettings | None = None
    images: ImagesSettings | None = None
    isolation: IsolationSettings | None = None
    observability: ObservabilitySettings | None = None
    knows_isolation: bool = True
    knows_observability: bool = True
    policies: Mapping[str, Any] = field(default_factory=dict)
    teams: Mapping[int, TeamSettings] = field(default_factory=dict)
    knows_namespaces: bool = True

    def isolates(self, cluster: str) -> bool:
        """Returns whether a cluster has isolation."""
        return self.isolation is not None and (not self.isolation.clusters or cluster in self.isolation.clusters)

    def strictly_isolates(self, cluster: str) -> bool:
        """Returns whether a pod of a cluster that no network policy selects reaches nobody."""
        return self.isolates(cluster) and self.isolation is not None and self.isolation.strict

    def pools(self) -> Iterator[tuple[Path, NodePoolSettings]]:
        """Yields every pool with its path."""
        for cluster, parts in self.clusters.items():
            for index, pool in parts.pools.items():
                yield ("clusters", cluster, "pools", index), pool

    def peoples_namespaces(self) -> Collection[tuple[str | None, str]]:
        """Returns cluster and name of the namespaces of people; None for a cluster that has to be named."""
        return peoples_namespaces(self.teams.values(), self.storage, self.clusters).keys()

    def cluster_name(self, cluster: str) -> str | None:
        """Returns the name of a cluster in AWS; None when a setting that it is made of is wrong."""
        if not self.name or not self.environment:
            return None
        return cluster_name(name_prefix(self.name, self.environment), cluster)

    def named_zones(self) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
        """Yields every setting that names zones of the network: its path, what it belongs to, and the zones."""
        for cluster, parts in self.clusters.items():
            if parts.control_plane_zones is not None:
                yield ("clusters", cluster, "control_plane_zones"), "the cluster", parts.control_plane_zones
        for path, pool in self.pools():
            if pool.zones is not None:
                yield (*path, "zones"), "the pool", pool.zones
            elif pool.named_zones is not None:
                yield (*path, "reservation", "zone"), "the reservation", pool.named_zones


def parts_of(data: Mapping[str, Any], wrong: Sequence[Path]) -> Parts:
    """Returns the parts of `data` that have no mistake. wrong: the paths of all mistakes."""

    def is_valid(path: Path) -> bool:
        return not any(mistake[: len(path)] == path for mistake in wrong)

    def value(model: type[Settings], *path: PathPart) -> Any:
        """Returns the value of the model's field at the path, or its default; None where it is wrong."""
        default = model.default_of(str(path[-1]))
        result: Any = data
        for part in path:
            result = result.get(part, default) if isinstance(result, Mapping) else default
        return result if is_valid(path) else None

    def cluster(name: str, content: Any) -> ClusterParts:
        path: Path = ("clusters", name)
        items = content.get("pools") if isinstance(content, Mapping) else None
        pools = {
            index: pool
            for index, item in enumerate(items if isinstance(items, list) else ())
            if is_valid((*path, "pools", index)) and (pool := _validated(NodePoolSettings, item)) is not None
        }
        measured = observability is not None and (not observability.clusters or name in observability.clusters)
        of_teams = any(team.secrets and team.cluster in (None, name) for team in made.values())
        zones = value(ClusterSettings, *path, "control_plane_zones")
        types = value(ControlPlaneLogSettings, *path, "logs", "types")
        return ClusterParts(
            version=value(ClusterSettings, *path, "version"),
            support_type=value(ClusterSettings, *path, "support_type"),
            managed_addons=value(ClusterSettings, *path, "managed_addons"),
            addons=value(ClusterSettings, *path, "addons"),
            gpu_allocation=value(ClusterSettings, *path, "gpu_allocation"),
            control_plane_zones=tuple(zones) if zones else None,
            snapshots=value(StorageClassSettings, *path, "storage_classes", "snapshots"),
            pools=pools,
            complete=isinstance(items, list) and len(pools) == len(items) > 0,
            endpoint=part(ApiEndpointSettings, *path, "endpoint"),
            access=access(path),
            log_types=tuple(types) if isinstance(types, list | tuple) else None,
            service_cidr=value(ClusterSettings, *path, "service_cidr"),
            mesh=mesh if mesh is not None and (not mesh.clusters or name in mesh.clusters) else None,
            ingress=ingress.of_cluster(name) if ingress is not None else None,
            kyverno=admission.kyverno if admission is not None else None,
            observability=observability if measured else None,
            guardduty=security is not None and security.runtime,
            secrets=secrets if of_teams or (measured and observability and observability.has_secrets) else None,
        )

    def part(model: type[Model], *path: PathPart) -> Model | None:
        """Returns the settings at the path, or their defaults; None where they are wrong."""
        content: Any = data
        for step in path:
            content = content.get(step, {}) if isinstance(content, Mapping) else {}
        return _validated(model, content) if is_valid(path) else None

    def access(path: Path) -> Mapping[str, AccessSettings] | None:
        entries = value(ClusterSettings, *path, "access")
        if not isinstance(entries, Mapping):
            return None
        found = {str(name): _validated(AccessSettings, entry) for name, entry in entries.items()}
        return {name: entry for name, entry in found.items() if entry is not None}

    mesh = part(MeshSettings, "mesh") if data.get("mesh") is not None else None
    ingress = part(IngressSettings, "ingress") if data.get("ingress") is not None else None
    admission = part(AdmissionSettings, "admission")
    security = part(SecuritySettings, "security")
    has_observability = data.get("observability") is not None
    observability = part(ObservabilitySettings, "observability") if has_observability else None
    isolation = part(IsolationSettings, "isolation") if data.get("isolation") is not None else None
    clusters, teams = data.get("clusters"), data.get("teams", [])
    items = teams if isinstance(teams, list) else [None]
    found = {index: _validated(TeamSettings, item) for index, item in enumerate(items) if is_valid(("teams", index))}
    made = {index: team for index, team in found.items() if team is not None}
    secrets, storage = part(SecretsSettings, "secrets") or SecretsSettings(), part(StorageSettings, "storage")
    return Parts(
        environment=value(StackSettings, "environment"),
        region=value(StackSettings, "region"),
        name=value(StackSettings, "name"),
        account_id=value(StackSettings, "account_id"),
        alarms=part(AlarmSettings, "alarms"),
        security=security,
        deployer=part(DeployerSettings, "deployer"),
        network=part(NetworkSettings, "network"),
        quotas=part(QuotaSettings, "quotas"),
        clusters={str(k): cluster(str(k), v) for k, v in clusters.items()} if isinstance(clusters, Mapping) else {},
        storage=storage,
        mesh=mesh,
        ingress=ingress,
        secrets=secrets,
        admission=admission,
        images=part(ImagesSettings, "images"),
        isolation=isolation,
        observability=observability,
        knows_isolation=is_valid(("isolation",)),
        knows_observability=is_valid(("observability",)),
        policies=value(StackSettings, "policies") or {},
        teams=made,
        knows_namespaces=len(made) == len(items) and storage is not None,
    )


def _validated(kind: type[Model], data: Any) -> Model | None:
    try:
        return kind.model_validate_json(json.dumps(data), strict=True)
    except ValidationError:
        return None
