"""Rules about Helm add-ons: when a cluster has one, and what it requires of the stack file.

Settings know no add-on by name. Each add-on is a module under `components/` whose `AddOnSpec` extends `AddOnRules`. The
reader of a stack file gives all of them to the loader.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from settings.cluster.fixed_values import FixedValue
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake, listed

Need = Callable[[ClusterParts], str | None]
Requirement = Callable[[ClusterParts], Iterable[Mistake]]


def nothing_needs_it(cluster: ClusterParts) -> str | None:
    """For an add-on that is installed by default, or only when the stack file turns it on."""
    return None


def requires_nothing(cluster: ClusterParts) -> Iterable[Mistake]:
    """For an add-on that works with every stack file."""
    return ()


@dataclass(frozen=True, kw_only=True)
class AddOnRules:
    """What settings need to know about one Helm add-on.

    on: whether a cluster has it by default, when its stack file does not mention it and nothing needs it.
    needed_by: returns what in a cluster needs it, for example `pool gpu`; None where nothing needs it.
    instead: what to write to avoid it. Set for an add-on that would be idle when nothing needs it: a stack file then
        may not turn it on without need.
    after: add-ons that must be installed before it. after_if_on: add-ons that come before it where a cluster has them.
    conflicts: add-on that cannot run in the same cluster -> why, as the rest of a sentence after "but".
    requires: yields what is wrong for it in the rest of the cluster: a path below the cluster, and a sentence.
    pulls_images: whether its pods have images, which come from the internet unless its values name a registry.
    endpoints: AWS services that it calls besides those that nodes use, as in `network.endpoints.interface`.
    makes_buckets: whether it makes buckets in AWS; their names begin with its own.
    fixed: values that the stack file may not change.
    records: returns the names of the metrics that its rules, or with it those of all others, make.
    """

    name: str
    on: bool = False
    needed_by: Need = nothing_needs_it
    instead: str | None = None
    after: tuple[str, ...] = ()
    after_if_on: tuple[str, ...] = ()
    conflicts: Mapping[str, str] = field(default_factory=dict)
    requires: Requirement = requires_nothing
    pulls_images: bool = True
    endpoints: tuple[str, ...] = ()
    makes_buckets: bool = False
    fixed: tuple[FixedValue, ...] = ()
    records: Callable[[], Collection[str]] = tuple

    @property
    def service_accounts(self) -> Collection[tuple[str, str]]:
        """Namespace and name of each of its service accounts with a role in AWS. EKS allows one role for each."""
        return ()

    @property
    def namespaces(self) -> Collection[str]:
        """The namespace of its chart."""
        return ()

    def before_it(self, add_ons: Collection[str]) -> tuple[str, ...]:
        """Returns what comes before it in a cluster. add_ons: those that the cluster has."""
        return (*self.after, *(name for name in self.after_if_on if name in add_ons))

    def is_on(self, cluster: ClusterParts) -> bool:
        """Returns whether the cluster has it: as the stack file says; without a word there, by need or by default."""
        turned_on = cluster.turned_on(self.name)
        return turned_on if turned_on is not None else self.on or self.needed_by(cluster) is not None


def owners_of_namespaces(add_ons: Mapping[str, AddOnRules]) -> dict[str, str]:
    """Returns namespace -> whose it is: `the add-on x` that has its name, or `the add-ons x, y` that are in it."""
    found: dict[str, list[str]] = {}
    for name, rules in add_ons.items():
        for namespace in rules.namespaces:
            found.setdefault(namespace, []).append(name)
    own = {namespace: [namespace] if namespace in names else names for namespace, names in found.items()}
    return {key: f"the add-on{'s' if len(names) > 1 else ''} {listed(names)}" for key, names in own.items()}


Rules = TypeVar("Rules", bound=AddOnRules)


def installed(add_ons: Mapping[str, Rules], cluster: ClusterParts) -> dict[str, Rules]:
    """Returns the add-ons that a cluster has, by name."""
    return {name: add_on for name, add_on in add_ons.items() if add_on.is_on(cluster)}


def needed_by_pools(needs: Callable[[NodePoolSettings], bool]) -> Need:
    """Builds `needed_by` of an add-on that some pools need. needs: whether a pool is one of them."""

    def needed_by(cluster: ClusterParts) -> str | None:
        return next((f"pool {pool.name}" for pool in cluster.pools.values() if needs(pool)), None)

    return needed_by


def needed_by_mesh(cluster: ClusterParts) -> str | None:
    """For an add-on of the service mesh."""
    return "mesh" if cluster.mesh is not None else None


def needed_by_viz(cluster: ClusterParts) -> str | None:
    """For the dashboard of the service mesh."""
    return "mesh.viz" if cluster.mesh is not None and cluster.mesh.viz else None


def needed_by_ingress(cluster: ClusterParts) -> str | None:
    """For the controller of load balancers."""
    return "ingress" if cluster.ingress is not None else None


def needed_by_secrets(cluster: ClusterParts) -> str | None:
    """For the operator that brings secrets into the cluster."""
    measured = cluster.observability
    if measured is not None and (measured.grafana is not None or measured.has_secrets):
        return "observability"
    return "secrets of a team" if cluster.secrets is not None else None


def needed_by_kyverno(cluster: ClusterParts) -> str | None:
    """For Kyverno."""
    return "admission.kyverno" if cluster.kyverno is not None else None


def needed_by_dns(cluster: ClusterParts) -> str | None:
    """For an add-on that makes records of hosts."""
    return "ingress.dns" if cluster.ingress is not None and cluster.ingress.dns is not None else None


def needed_by_costs(cluster: ClusterParts) -> str | None:
    """For what tells costs."""
    return "observability.costs" if cluster.observability is not None and cluster.observability.costs else None


def needed_by_observability(cluster: ClusterParts) -> str | None:
    """For what measures a cluster."""
    return "observability" if cluster.observability is not None else None


def needed_by_traces(cluster: ClusterParts) -> str | None:
    """For what takes traces."""
    measured = cluster.observability
    return "observability.traces" if measured is not None and measured.traces is not None else None
