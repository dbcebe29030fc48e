"""ResourceQuotas of a namespace of a team: what its pods may have at once, and which priorities they may not have.

A quota counts only what it lists, so it lists all that any pool of the cluster offers: 0 of what the namespace has not.
Only requests: on limits, it would refuse each pod with a container that names none, such as a proxy of the mesh.
Sources: Kubernetes 1.35, "Resource Quotas", "Pod Priority and Preemption"; read 2026-11.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from catalog.efa import EFA
from catalog.priorities import NAMES, SYSTEM, Name, up_to
from components.tenancy.marks import OVERSUBSCRIBED, pools_of
from components.tenancy.quantities import count, mebibytes
from settings.compute.devices import efas_per_node, granted, offered
from settings.compute.node_pool import NodePoolSettings
from settings.tenancy.team import TeamSettings
from settings.tenancy.team_quota import MOST_OBJECTS, TeamQuotaSettings

NEVER = (
    "gp2.storageclass.storage.k8s.io/requests.storage",  # not encrypted with the platform's key
    "services.loadbalancers",  # what is exposed has a route of a door
    "services.nodeports",
)


def hard(
    team: TeamSettings, namespace: str, pools: Sequence[NodePoolSettings], zones: int, gpu_allocation: str
) -> dict[str, str]:
    """Returns what the quota of a namespace of a team says. pools: of its cluster. zones: of the network."""
    quota = team.quota.get(namespace, TeamQuotaSettings())
    devices: Counter[str] = Counter()
    for pool in pools:
        devices.update(dict.fromkeys(offered(pool), 0))
        if pool.name in quota.gpus:
            devices.update(granted(pool, quota.gpus[pool.name], gpu_allocation))
        elif pool.efa and pool.accelerator is None and pool.name in pools_of(team, pools):
            # Nobody counts its nodes in GPUs: who may be there has its EFAs.
            own_zones = len(pool.named_zones) if pool.named_zones else zones
            devices[f"requests.{EFA}"] += pool.most_nodes(own_zones) * efas_per_node(pool)
    counts = {**MOST_OBJECTS, **quota.objects}
    return {
        "requests.cpu": count(quota.cpu),
        "requests.memory": mebibytes(quota.memory_gib * 1024),
        "requests.storage": mebibytes(quota.storage_gib * 1024),
        **{_counted(kind): count(number) for kind, number in counts.items()},
        **dict.fromkeys(NEVER, "0"),
        **{name: count(number) for name, number in sorted(devices.items())},
    }


def _counted(kind: str) -> str:
    """Returns the name of a kind in a quota: kinds of a group have one of another form."""
    return f"count/{kind}" if "." in kind else kind


def above(priority: Name) -> list[str]:
    """Returns the PriorityClasses that pods of a team may not have whose highest one is given."""
    return [*(name for name in NAMES if name not in up_to(priority)), *SYSTEM]


def register(
    name: str, team: TeamSettings, namespace: str, counts: Mapping[str, str], opts: pulumi.ResourceOptions
) -> None:
    """Registers the quotas of a namespace. counts: from `hard`.

    The objects have the team's name: a namespace that goes to another team has both for a moment.
    """
    oversubscribed = team.quota.get(namespace, TeamQuotaSettings()).oversubscribed
    kubernetes.core.v1.ResourceQuota(
        name,
        metadata={
            "name": f"team-{team.name}",
            "namespace": namespace,
            "annotations": {OVERSUBSCRIBED: "true"} if oversubscribed else None,
        },
        spec={"hard": counts},
        opts=opts,
    )
    kubernetes.core.v1.ResourceQuota(
        f"{name}-priorities",
        metadata={"name": f"team-{team.name}-priorities", "namespace": namespace},
        spec={
            "hard": {"pods": "0"},
            "scope_selector": {
                "match_expressions": [{"scope_name": "PriorityClass", "operator": "In", "values": above(team.priority)}]
            },
        },
        opts=opts,
    )
