"""The platform at a glance: is it well, is it used, what does it cost."""

from components.core.dashboards import Dashboard, Row, bars, has_gpus, lines, stat, table
from components.observability.dashboards.gpus import HELD, OFFERED

FIRING = 'ALERTS{alertstate="firing",severity=~"critical|warning"}'
WAITING = "Pods that have no node yet, or whose images are still pulled."

DASHBOARD = Dashboard(
    uid="platform",
    title="Platform overview",
    folder="Platform",
    about="Whether the platform is well, how much of it is used, and what it costs. A click opens the next level.",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *(
                        "Critical alerts",
                        "short",
                        'count(ALERTS{alertstate="firing",severity="critical"}) or vector(0)',
                    ),
                    "Alerts that wake somebody. The table below names them.",
                    thresholds=((1, "red"),),
                ),
                stat("Nodes", "short", "sum(node_count)", "Nodes of all pools.", to="cluster"),
                stat(
                    *("Nodes not ready", "short"),
                    'sum(kube_node_status_condition{KSM,condition="Ready",status="true"} == bool 0)',
                    "Nodes whose kubelet says so, or says nothing.",
                    thresholds=((1, "red"),),
                    to="cluster",
                ),
                stat(
                    *("Pods that wait", "short", "sum(pending_pods)", WAITING),
                    thresholds=((20, "orange"),),
                    to="karpenter",
                ),
            ),
        ),
        Row(
            title="GPUs",
            when=has_gpus,
            panels=(
                stat(
                    *("GPUs that compute", "percentunit", "avg(gpu:utilization)"),
                    "Part of the time of all GPUs in which kernels run.",
                    height=8,
                    to="gpus",
                ),
                lines(
                    *("GPUs", "short"),
                    {
                        "offered": f"sum({OFFERED})",
                        "held": f"sum({HELD}) or vector(0)",
                        "computing": "sum(gpu:utilization)",
                    },
                    "Whole GPUs that nodes offer, that pods hold, and that compute; slices are parts of them.",
                    width=18,
                    to="gpus",
                ),
            ),
        ),
        Row(
            title="Money",
            panels=(
                stat(
                    *("USD an hour", "currencyUSD", "cluster_cost_usd"),
                    "What nodes, volumes and load balancers cost by the hour, at list prices; not the bill.",
                    height=8,
                    to="costs",
                ),
                lines(
                    *("USD an hour, over time", "currencyUSD", {"run-rate": "cluster_cost_usd"}),
                    "The same over time.",
                    width=18,
                    to="costs",
                ),
            ),
        ),
        Row(
            title="What needs somebody",
            panels=(
                table(
                    *("Alerts", "short", {"firing": f"sum by (alertname, severity, namespace, node) ({FIRING})"}),
                    "Alerts that fire; each has a runbook of its name.",
                    *("alertname", "severity", "namespace", "node"),
                    empty="nothing fires",
                ),
                bars(
                    *("The fullest quotas", "percentunit", "topk(8, resource_quota_usage)"),
                    "Used part of the quotas of namespaces.",
                    *("namespace", "resource"),
                    thresholds=((0.8, "orange"), (0.95, "red")),
                    most=1,
                ),
                lines(
                    *("Pods that wait, by namespace", "short", "pending_pods > 0", WAITING, "namespace"),
                    width=24,
                    stacked=True,
                    to="karpenter",
                ),
            ),
        ),
    ),
)
