"""The parts of a stack file that are right in themselves, so that one mistake does not hide the next."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quotas import QuotaSettings
from settings.core.base import Settings
from settings.core.physical_names import cluster_name, name_prefix
from settings.core.problems import Path, PathPart
from settings.network.network import NetworkSettings
from settings.storage.storage import StorageSettings

Model = TypeVar("Model", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is right in itself of a stack file. None: wrong or not given."""

    environment: str | None
    region: str | None
    name: str | None
    network: NetworkSettings | None
    quotas: QuotaSettings | None
    clusters: Mapping[str, ClusterParts]
    storage: StorageSettings | None = None

    def pools(self) -> Iterator[tuple[Path, NodePoolSettings]]:
        """Every pool with its place in the file."""
        for cluster, parts in self.clusters.items():
            for index, pool in parts.pools.items():
                yield ("clusters", cluster, "pools", index), pool

    def cluster_name(self, cluster: str) -> str | None:
        """The name that a cluster has in AWS. None while what it is made of is wrong."""
        if not self.name or not self.environment:
            return None
        return cluster_name(name_prefix(self.name, self.environment), cluster)

    def named_zones(self) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
        """Every choice among the zones of the network: its place, whose it is, and the zones."""
        for cluster, parts in self.clusters.items():
            if parts.control_plane_zones is not None:
                yield ("clusters", cluster, "control_plane_zones"), "the cluster", parts.control_plane_zones
        for place, pool in self.pools():
            if pool.zones is not None:
                yield (*place, "zones"), "the pool", pool.zones
            elif pool.named_zones is not None:
                yield (*place, "reservation", "zone"), "the reservation", pool.named_zones


def parts_of(data: Mapping[str, Any], wrong: Sequence[Path]) -> Parts:
    """The parts of `data` that hold none of the places in `wrong`."""

    def right(path: Path) -> bool:
        return not any(place[: len(path)] == path for place in wrong)

    def value(default: Any, *path: PathPart) -> Any:
        found: Any = data
        for part in path:
            found = found.get(part, default) if isinstance(found, Mapping) else default
        return found if right(path) else None

    def cluster(name: str, content: Any) -> ClusterParts:
        place: Path = ("clusters", name)
        items = content.get("pools") if isinstance(content, Mapping) else None
        pools = {
            index: pool
            for index, item in enumerate(items if isinstance(items, list) else ())
            if right((*place, "pools", index)) and (pool := _model(NodePoolSettings, item)) is not None
        }
        return ClusterParts(
            version=value(None, *place, "version"),
            support_type=value("STANDARD", *place, "support_type"),
            managed_addons=value({}, *place, "managed_addons"),
            addons=value({}, *place, "addons"),
            gpu_allocation=value("device-plugin", *place, "gpu_allocation"),
            control_plane_zones=tuple(zones) if (zones := value(None, *place, "control_plane_zones")) else None,
            snapshots=value(True, *place, "storage_classes", "snapshots"),
            pools=pools,
            complete=isinstance(items, list) and len(pools) == len(items) > 0,
        )

    clusters = data.get("clusters")
    return Parts(
        environment=value(None, "environment"),
        region=value(None, "region"),
        name=value("ml-platform", "name"),
        network=_model(NetworkSettings, data.get("network", {})) if right(("network",)) else None,
        quotas=_model(QuotaSettings, data.get("quotas", {})) if right(("quotas",)) else None,
        clusters={str(k): cluster(str(k), v) for k, v in clusters.items()} if isinstance(clusters, Mapping) else {},
        storage=_model(StorageSettings, data.get("storage", {})) if right(("storage",)) else None,
    )


def _model(kind: type[Model], data: Any) -> Model | None:
    try:
        return kind.model_validate_json(json.dumps(data), strict=True)
    except ValidationError:
        return None
