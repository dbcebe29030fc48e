"""The valid settings of one cluster in a stack file that may have mistakes elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settings.cluster.cluster import AccessSettings, ApiEndpointSettings, ClusterSettings
from settings.compute.node_pool import NodePoolSettings
from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.signatures import KyvernoSettings


@dataclass(frozen=True, kw_only=True)
class ClusterParts:
    """The valid settings of one cluster. None: wrong or not given.

    addons, managed_addons: as the stack file has them, by name. pools: index -> pool.
    complete: whether every pool is valid, so that a check may rely on what no pool has.
    mesh, ingress: of the cluster; None also where it has none. secrets: None where nothing of its is kept.
    kyverno: None where the stack has none. observability: None where nothing is measured.
    guardduty: whether its nodes run the agent of GuardDuty.
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
    endpoint: ApiEndpointSettings | None = None
    access: Mapping[str, AccessSettings] | None = None
    service_cidr: str | None = None
    log_types: tuple[str, ...] | None = None
    mesh: MeshSettings | None = None
    ingress: IngressSettings | None = None
    secrets: SecretsSettings | None = None
    kyverno: KyvernoSettings | None = None
    observability: ObservabilitySettings | None = None
    guardduty: bool = False

    @classmethod
    def of(
        cls,
        settings: ClusterSettings,
        mesh: MeshSettings | None = None,
        ingress: IngressSettings | None = None,
        secrets: SecretsSettings | None = None,
        kyverno: KyvernoSettings | None = None,
        observability: ObservabilitySettings | None = None,
        *,
        guardduty: bool = False,
    ) -> "ClusterParts":
        """Builds the parts of a cluster that is valid as a whole. The others are of the cluster."""
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
            endpoint=settings.endpoint,
            access=settings.access,
            service_cidr=settings.service_cidr,
            log_types=settings.logs.types,
            mesh=mesh,
            ingress=ingress,
            secrets=secrets,
            kyverno=kyverno,
            observability=observability,
            guardduty=guardduty,
        )

    def turned_on(self, addon: str) -> bool | None:
        """Returns whether the stack file turns a Helm add-on on; None where it does not mention it or is wrong."""
        entry = (self.addons or {}).get(addon)
        return bool(entry.get("enabled", True)) if isinstance(entry, Mapping) else None
