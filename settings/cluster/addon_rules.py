"""When a cluster has a Helm add-on, and what the add-on needs of the stack file.

Settings know no add-on by name. Each is a module of a room of `components/`, whose `AddOnSpec` is one of these rules;
whoever reads a stack file hands all of them to the loader.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake

Need = Callable[[ClusterParts], str | None]
Requirement = Callable[[ClusterParts], Iterable[Mistake]]


def nothing_needs_it(cluster: ClusterParts) -> str | None:
    """For an add-on that is there by default, or by the stack file's word alone."""
    return None


def requires_nothing(cluster: ClusterParts) -> Iterable[Mistake]:
    """For an add-on that works whatever the rest of the stack file says."""
    return ()


@dataclass(frozen=True, kw_only=True)
class AddOnRules:
    """What settings have to know of one Helm add-on.

    on: whether a cluster has it when its stack file says nothing of it and nothing needs it.
    needed_by: names what in a cluster cannot do without it, e.g. `pool gpu`; None where nothing needs it.
    instead: what to write in order to do without it. Given where an add-on that nothing needs would be idle, so that a
        stack file may not turn it on by itself.
    after: add-ons that have to be installed before it.
    conflicts: add-on that cannot stand beside it -> why.
    requires: what is wrong for it with the rest of the cluster: places below the cluster, and a sentence for each.
    """

    name: str
    on: bool = False
    needed_by: Need = nothing_needs_it
    instead: str | None = None
    after: tuple[str, ...] = ()
    conflicts: Mapping[str, str] = field(default_factory=dict)
    requires: Requirement = requires_nothing

    def is_on(self, cluster: ClusterParts) -> bool:
        """Whether the cluster has it: as the stack file says or, where it says nothing, by need or by default."""
        asked = cluster.turned_on(self.name)
        return asked if asked is not None else self.on or self.needed_by(cluster) is not None


Rules = TypeVar("Rules", bound=AddOnRules)


def installed(add_ons: Mapping[str, Rules], cluster: ClusterParts) -> dict[str, Rules]:
    """The add-ons that a cluster has, by name."""
    return {name: add_on for name, add_on in add_ons.items() if add_on.is_on(cluster)}


def needed_by_pools(needs: Callable[[NodePoolSettings], bool]) -> Need:
    """For an add-on that some pools cannot do without. needs: whether a pool is one of them."""

    def needed_by(cluster: ClusterParts) -> str | None:
        return next((f"pool {pool.name}" for pool in cluster.pools.values() if needs(pool)), None)

    return needed_by
