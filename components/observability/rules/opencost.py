"""Whether OpenCost tells what things cost."""

from components.core.metrics import Alert, RuleGroup
from settings.cluster.parts import ClusterParts


def has_costs(cluster: ClusterParts) -> bool:
    return cluster.observability is not None and cluster.observability.costs


GROUP = RuleGroup(
    name="opencost",
    when=has_costs,
    rules=(
        Alert(
            name="OpenCostAbsent",
            expr="absent(node_total_hourly_cost)",
            minutes=30,
            severity="warning",
            summary="OpenCost tells no prices: costs are those of the catalog, which of spot nodes are estimates.",
        ),
    ),
)
