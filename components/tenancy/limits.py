"""LimitRange of a namespace of a team: requests for containers that state none, and the largest that make sense.

The quota on CPU and memory refuses pods without requests, also those whose proxy or helper has none. There is no
default limit of its own: Kubernetes takes the maximum for it, and a smaller one would refuse larger requests.
Sources: Kubernetes 1.35, pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem); EC2 API, EbsBlockDevice (io2 has up
to 65,536 GiB, more than other types); read 2026-11.
"""

from collections.abc import Iterable, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from catalog.instance_types import InstanceType
from components.tenancy.marks import pools_of
from components.tenancy.quantities import count, mebibytes
from settings.compute.node_pool import NodePoolSettings
from settings.tenancy.team import TeamSettings

REQUESTED = {"cpu": "100m", "memory": "128Mi"}
LARGEST_VOLUME = "64Ti"


def limits(team: TeamSettings, pools: Sequence[NodePoolSettings]) -> list[kubernetes.core.v1.LimitRangeItemArgsDict]:
    """Returns the limits for containers and claims of a team. pools: of its cluster.

    A container that is larger than every machine that the team may be on would wait for ever.
    """
    named = pools_of(team, pools)
    machines = [machine for pool in pools if pool.name in named for machine in pool.machines]
    containers: kubernetes.core.v1.LimitRangeItemArgsDict = {"type": "Container", "default_request": REQUESTED}
    if machines:
        # The server takes the maximum for the limit of a container that states none, and a refresh would show it.
        containers["max"] = containers["default"] = _largest(machines)
    return [containers, {"type": "PersistentVolumeClaim", "max": {"storage": LARGEST_VOLUME}}]


def _largest(machines: Iterable[InstanceType]) -> dict[str, str]:
    sizes = [(machine.vcpus, machine.memory_mib) for machine in machines]
    return {"cpu": count(max(vcpus for vcpus, _ in sizes)), "memory": mebibytes(max(memory for _, memory in sizes))}


def register(
    name: str, team: TeamSettings, namespace: str, pools: Sequence[NodePoolSettings], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Registers the LimitRange of a namespace, and returns it."""
    made: pulumi.Resource = kubernetes.core.v1.LimitRange(
        name,
        metadata={"name": f"team-{team.name}", "namespace": namespace},
        spec={"limits": limits(team, pools)},
        opts=opts,
    )
    return made
