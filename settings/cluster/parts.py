"""One cluster of a stack file, as far as it is right in itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settings.cluster.cluster import ClusterSettings
from settings.compute.node_pool import NodePoolSettings


@dataclass(frozen=True, kw_only=True)
class ClusterParts:
    """What is right in itself of one cluster. None: wrong or not given.

    addons, managed_addons: as the stack file has them, by name. pools: position -> pool.
    complete: whether every pool is right, so that what no pool asks for is asked for by none.
    """

    version: str | None
    support_type: str | None
    managed_addons: Mapping[str, Any] | None
    addons: Mapping[str, Any] | None
    gpu_allocation: str | None
    control_plane_zones: tuple[str, ...] | None
    snapshots: bool | None
    pools: Mapping[int, NodePoolSettings]
    complete: bool

    @classmethod
    def of(cls, settings: ClusterSettings) -> "ClusterParts":
        """The parts of a cluster that is right as a whole."""
        return cls(
            version=settings.version,
            support_type=settings.support_type,
            managed_addons={name: addon.model_dump() for name, addon in settings.managed_addons.items()},
            addons={name: addon.model_dump() for name, addon in settings.addons.items()},
            gpu_allocation=settings.gpu_allocation,
            control_plane_zones=settings.control_plane_zones,
            snapshots=settings.storage_classes.snapshots,
            pools=dict(enumerate(settings.pools)),
            complete=True,
        )

    def turned_on(self, addon: str) -> bool | None:
        """Whether the stack file turns a Helm add-on on or off; None where it says nothing that is right."""
        asked = (self.addons or {}).get(addon)
        return bool(asked.get("enabled", True)) if isinstance(asked, Mapping) else None
