"""Whether the control plane of a mesh may run three times: each on a node of its own, without tolerations."""

from collections.abc import Iterable

from settings.cluster.landing import landing_pools
from settings.compute.node_pool import NodePoolSettings
from settings.mesh.mesh import MeshSettings

REPLICAS = 3


def kept_nodes(pools: Iterable[NodePoolSettings], zones: int) -> int:
    """Returns how many nodes without taints these pools always have. zones: of the network."""
    return sum(pool.kept_per_zone * len(pool.named_zones or range(zones)) for pool in landing_pools(pools))


def highly_available(mesh: MeshSettings, pools: Iterable[NodePoolSettings], zones: int) -> bool:
    """Returns whether the control plane runs three times."""
    return kept_nodes(pools, zones) >= REPLICAS if mesh.high_availability is None else mesh.high_availability
