"""Karpenter and capacity: do pods get nodes, of what kind, and what keeps them waiting."""

from components.core.dashboards import Dashboard, Row, Variable, bars, lines, stat, table
from settings.cluster.parts import ClusterParts

POOLS = 'nodepool=~"$nodepool"'
CAPACITY = "label_karpenter_sh_capacity_type"
STARTUP = "karpenter_pods_startup_duration_seconds"  # a summary: its quantiles are those of ten minutes


def when(cluster: ClusterParts) -> bool:
    return any(pool.provisioner == "karpenter" for pool in cluster.pools.values())


DASHBOARD = Dashboard(
    uid="karpenter",
    title="Karpenter and capacity",
    folder="Cluster",
    about="Whether pods get nodes, what nodes there are, and what AWS refuses.",
    when=when,
    variables=(Variable(name="nodepool", metric="karpenter_nodepools_limit", label="nodepool"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *("Pods that no pool can take", "short", "max(karpenter_scheduler_unschedulable_pods_count)"),
                    "They wait for ever: no pool has such a node, or its limit is reached.",
                    thresholds=((1, "red"),),
                ),
                stat(
                    *("Pods that wait", "short", "sum(pending_pods)", "Pods without a node, or that pull images."),
                    thresholds=((20, "orange"),),
                ),
                stat(
                    *("Nodes that start", "short"),
                    "round(sum(increase(karpenter_nodeclaims_created_total[15m]))) or vector(0)",
                    "Nodes that were asked for in the last 15 minutes.",
                ),
                stat(
                    *("Spot interruptions, last day", "short"),
                    "round(sum(increase(karpenter_interruption_received_messages_total"
                    '{message_type="spot_interrupted"}[1d]))) or vector(0)',
                    "Notices of AWS that it takes a node back in two minutes.",
                    thresholds=((10, "orange"),),
                ),
            ),
        ),
        Row(
            title="Capacity",
            panels=(
                lines(
                    *("Nodes by pool", "short", "node_count", "Nodes of each pool, managed ones too."),
                    "label_ml_platform_pool",
                    stacked=True,
                ),
                lines(
                    *("Nodes by kind of capacity", "short"),
                    f'label_replace(count by ({CAPACITY}) (kube_node_labels{{KSM}}), "{CAPACITY}", "other pools", '
                    f'"{CAPACITY}", "")',
                    "Nodes of Karpenter by what they are bought as, and those of other pools.",
                    CAPACITY,
                    stacked=True,
                ),
                bars(
                    *("Used part of the limits of pools", "percentunit"),
                    f"max by (nodepool, resource_type) (karpenter_nodepools_usage{{{POOLS}}}) / "
                    f"(max by (nodepool, resource_type) (karpenter_nodepools_limit{{{POOLS}}}) > 0)",
                    "At the limit a pool makes no more nodes.",
                    *("nodepool", "resource_type"),
                    thresholds=((0.8, "orange"), (0.95, "red")),
                    most=1,
                ),
                lines(
                    *("Pods that wait, by namespace", "short", "pending_pods > 0"),
                    "Pods without a node, or that pull images.",
                    "namespace",
                    stacked=True,
                ),
            ),
        ),
        Row(
            title="How fast",
            panels=(
                lines(
                    *("From made to running", "s"),
                    {
                        "half": f'max({STARTUP}{{quantile="0.5"}})',
                        "9 of 10": f'max({STARTUP}{{quantile="0.9"}})',
                    },
                    "Seconds from the making of a pod until it runs, as Karpenter sees them.",
                ),
                lines(
                    *("Answers of the EC2 API", "s"),
                    "histogram_quantile(0.95, sum by (le, method) "
                    "(rate(karpenter_cloudprovider_duration_seconds_bucket[15m])))",
                    "95 of 100 calls are quicker.",
                    "method",
                ),
            ),
        ),
        Row(
            title="What fails, what goes",
            panels=(
                lines(
                    *("Errors of AWS", "cpm"),
                    "sum by (error) (rate(karpenter_cloudprovider_errors_total[15m])) * 60",
                    "Errors a minute by kind. InsufficientCapacityError: AWS has none of that type in that zone.",
                    "error",
                    width=8,
                ),
                lines(
                    *("Nodes disrupted", "short"),
                    f"sum by (reason) (increase(karpenter_nodeclaims_disrupted_total{{{POOLS}}}[1h]))",
                    "Nodes in an hour that were taken down, by reason.",
                    "reason",
                    width=8,
                    stacked=True,
                ),
                table(
                    *("Conditions of pools", "short"),
                    {"not true": 'sum by (name, type) (operator_nodepool_status_condition_count{status!="True"}) > 0'},
                    "A pool that is not ready makes no nodes.",
                    *("name", "type"),
                    width=8,
                    empty="all are ready",
                ),
            ),
        ),
    ),
)
