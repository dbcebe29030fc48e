"""What the cluster costs, whose GPUs they are, and what of it is idle."""

from components.core.dashboards import Dashboard, Row, bars, has_costs, has_gpus, lines, stat, table

HOURS_A_MONTH = 730
HELD = "sum by (namespace) (gpu:cost_usd_hour)"
BUSY = 'avg by (namespace) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{pod!=""})'
IDLE = f"{HELD} * on (namespace) (1 - {BUSY})"
OF_NODES = "max by (node) (node_total_hourly_cost)"
POOL = "label_ml_platform_pool"

DASHBOARD = Dashboard(
    uid="costs",
    title="Cost and idle by team",
    folder="Costs",
    about="Run-rates in USD an hour at list prices. The bill is in Cost Explorer, and lags by a day.",
    when=has_costs,
    rows=(
        Row(
            title="Now",
            panels=(
                stat("USD an hour", "currencyUSD", "cluster_cost_usd", "Nodes, volumes and load balancers."),
                stat(
                    *("A month at this rate", "currencyUSD", f"cluster_cost_usd * {HOURS_A_MONTH}"),
                    "The hour times 730.",
                ),
                stat(
                    *("Last 24 hours", "currencyUSD", "avg_over_time(cluster_cost_usd[1d]) * 24"),
                    "The mean of the last day, times 24.",
                ),
                stat(
                    *("Against a week ago", "percentunit"),
                    "avg_over_time(cluster_cost_usd[1h]) / avg_over_time(cluster_cost_usd[1d] offset 7d) - 1",
                    "How much dearer the last hour is than the mean of the day a week ago.",
                    thresholds=((0.5, "orange"), (1, "red")),
                    empty="no week yet",
                ),
            ),
        ),
        Row(
            title="GPUs by team",
            when=has_gpus,
            panels=(
                lines(
                    *("Held by namespaces", "currencyUSD", HELD),
                    "USD an hour of what pods hold: whole GPUs, shares and slices at their part of the price.",
                    "namespace",
                    stacked=True,
                    to="gpu-workload",
                ),
                lines(
                    *("Of it idle", "currencyUSD", IDLE),
                    "USD an hour of the time in which held GPUs run no kernel.",
                    "namespace",
                    stacked=True,
                    to="gpu-workload",
                ),
                table(
                    *("Namespaces", "currencyUSD"),
                    {
                        "USD an hour": HELD,
                        "of it idle": IDLE,
                        "busy": BUSY,
                        "a month, as in the last day": "sum by (namespace) "
                        f"(avg_over_time(gpu:cost_usd_hour[1d])) * {HOURS_A_MONTH}",
                    },
                    "What each namespace holds, and how much of it works.",
                    "namespace",
                    units={"busy": "percentunit"},
                    to="gpu-workload",
                ),
                table(
                    *("Kinds of GPUs", "currencyUSD"),
                    {
                        "USD an hour": f"sum by ({POOL}, resource) (gpu:cost_usd_hour)",
                        "price of one": f"max by ({POOL}, resource) (gpu:slice_price_usd_hour)",
                    },
                    "What is held of each pool, and the price of one GPU, share or slice of it.",
                    *(POOL, "resource"),
                    to="gpus",
                ),
                lines(
                    *("Idle GPU time", "currencyUSD"),
                    {"all GPUs": "gpu:idle_cost_usd_hour", "held by pods": f"sum({IDLE})"},
                    "USD an hour in which GPUs run no kernel. Between the lines: GPUs that nobody holds.",
                    width=24,
                    to="gpus",
                ),
            ),
        ),
        Row(
            title="Everything",
            panels=(
                lines(
                    *("Parts", "currencyUSD"),
                    {
                        "nodes": f"sum({OF_NODES})",
                        "volumes": "sum(max by (persistentvolume) (pv_hourly_cost) * max by (persistentvolume) "
                        "(kube_persistentvolume_capacity_bytes{KSM}) / 2^30)",
                        "load balancers": "sum(kubecost_load_balancer_cost)",
                    },
                    "USD an hour.",
                    stacked=True,
                ),
                lines(
                    *("Pools", "currencyUSD"),
                    f"sum by ({POOL}) ({OF_NODES} * on (node) group_left ({POOL}) "
                    f"max by (node, {POOL}) (kube_node_labels{{KSM}}))",
                    "USD an hour of the nodes of each pool.",
                    POOL,
                    stacked=True,
                ),
                bars("The dearest nodes", "currencyUSD", f"topk(8, {OF_NODES})", "USD an hour of a node.", "node"),
                lines(
                    *("CPUs that namespaces request", "short"),
                    'topk(8, sum by (namespace) (kube_pod_container_resource_requests{KSM,resource="cpu",node!=""}))',
                    "Cores that pods hold, in the eight largest namespaces.",
                    "namespace",
                    stacked=True,
                ),
            ),
        ),
    ),
)
