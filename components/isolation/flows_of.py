"""Who sends and receives what in a cluster with isolation, from the settings alone: namespace -> its flows."""

from components.core.addon_spec import every_add_on
from components.core.flows import Flow
from settings.cluster.addon_rules import installed
from settings.cluster.parts import ClusterParts
from settings.stack.stack import StackSettings


def flows_of(settings: StackSettings, cluster: str) -> dict[str, tuple[Flow, ...]]:
    """Returns the closed namespaces of a cluster, each with its flows. Nothing where it has no isolation."""
    if settings.isolation_of(cluster) is None:
        return {}
    parts = ClusterParts.of(
        settings.clusters[cluster],
        settings.mesh_of(cluster),
        settings.ingress_of(cluster),
        settings.secrets_of(cluster),
    )
    found: dict[str, tuple[Flow, ...]] = {}
    for spec in installed(every_add_on(), parts).values():
        found[spec.chart.namespace] = (*found.get(spec.chart.namespace, ()), *spec.flows(parts))
    return found
