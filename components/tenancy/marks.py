"""Annotations of a team's namespace that say what its pods may have: rules of admission read them.

So a team more, or a pool more of one, changes one namespace and no rule. Only the platform may change a namespace.
"""

from collections.abc import Collection, Iterable, Sequence

from catalog.priorities import up_to
from components.core.tolerations import KEEPS_PODS_OUT
from settings.compute.node_pool import NodePoolSettings
from settings.tenancy.team import TeamSettings

TEAM = "ml-platform/team"
"""Label of a team's namespace. Rules for the pods of teams hold where it is."""
POOLS, PRIORITIES, SERVICE_ACCOUNTS = (f"ml-platform/{name}" for name in ("pools", "priorities", "service-accounts"))
"""Annotations: names, separated by commas."""
TAINTS, OTHER_POOLS = "ml-platform/taints", "ml-platform/other-pools"
"""Annotations: `<key>=<value>` of the taints of its pools; `<pool>:<key>=<value>+<key>=<value>` of all others."""
ADDED = " that a webhook adds"
"""Ends the words for an image that the platform itself puts into pods."""
OVERSUBSCRIBED = "ml-platform/oversubscribed"
"""Annotation of a quota: its devices may be promised to others as well."""


def pools_of(team: TeamSettings, pools: Sequence[NodePoolSettings]) -> list[str]:
    """Returns the names of the pools whose nodes a team's pods may be on. pools: of its cluster."""
    if team.pools is not None:
        return [pool.name for pool in pools if pool.name in team.pools]
    asked = {name for quota in team.quota.values() for name in quota.gpus}
    return [pool.name for pool in pools if pool.accelerator is None or pool.name in asked]


def marks(team: TeamSettings, pools: Sequence[NodePoolSettings], service_accounts: Collection[str]) -> dict[str, str]:
    """Returns the annotations of a namespace of a team.

    pools: of its cluster. service_accounts: those that storage names in this namespace, beside the team's own.
    """
    own = pools_of(team, pools)
    taints = {pool.name: _taints(pool) for pool in pools}
    return {
        POOLS: _joined(own),
        TAINTS: _joined(sorted({taint for name in own for taint in taints[name]})),
        OTHER_POOLS: _joined(f"{name}:{'+'.join(of_it)}" for name, of_it in taints.items() if name not in own),
        PRIORITIES: _joined(up_to(team.priority)),
        SERVICE_ACCOUNTS: _joined(sorted(accounts_of(team, service_accounts))),
    }


def accounts_of(team: TeamSettings, named_by_storage: Collection[str]) -> set[str]:
    """Returns the service accounts that a team's pods may have in a namespace."""
    return {"default", *team.service_accounts, *named_by_storage}


def _taints(pool: NodePoolSettings) -> list[str]:
    return sorted({f"{taint.key}={taint.value}" for taint in pool.taints if taint.effect in KEEPS_PODS_OUT})


def _joined(names: Iterable[str]) -> str:
    return ",".join(names)
