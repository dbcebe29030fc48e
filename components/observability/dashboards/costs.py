"""What the cluster costs, whose GPUs they are, and what of it is idle."""

from components.core.dashboards import Dashboard, Row, bars, has_gpus, lines, stat, table

HOURS_A_MONTH = 730
POOL, TEAM = "label_ml_platform_pool", "label_ml_platform_team"
WORKLOAD = (TEAM, "namespace", "workload")
HELD, IDLE = "gpu:cost_usd_hour", "namespace:gpu_idle_cost_usd_hour"


def of_teams(expr: str) -> str:
    held = f"sum by ({TEAM}) (sum by (namespace) ({expr}) * on (namespace) group_left ({TEAM}) namespace:team)"
    return f'label_replace({held}, "{TEAM}", "no team", "{TEAM}", "")'


DASHBOARD = Dashboard(
    uid="costs",
    title="Cost and idle by team",
    folder="Costs",
    about="Run-rates in USD an hour at list prices. The bill is in Cost Explorer, and lags by a day.",
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
                    *("Idle GPU time, USD an hour", "currencyUSD", "sum(gpu:idle_cost_usd_hour)"),
                    "Price of the GPU time in which no kernel runs, held or not.",
                    empty="no GPUs",
                ),
                lines(
                    *("USD an hour", "currencyUSD"),
                    {"now": "cluster_cost_usd", "a week before": "cluster_cost_usd offset 1w"},
                    "The run-rate, and that of a week before.",
                    width=24,
                ),
            ),
        ),
        Row(
            title="GPUs by team",
            when=has_gpus,
            panels=(
                lines(
                    *("Held by teams", "currencyUSD", of_teams(HELD)),
                    "USD an hour of what pods hold: whole GPUs, shares and slices at their part of the price.",
                    TEAM,
                    width=8,
                    stacked=True,
                ),
                lines(
                    *("Of it idle", "currencyUSD", of_teams(IDLE)),
                    "USD an hour of the time in which held GPUs run no kernel.",
                    TEAM,
                    width=8,
                    stacked=True,
                ),
                table(
                    *("Teams", "currencyUSD"),
                    {
                        "USD an hour": of_teams(HELD),
                        "of it idle": of_teams(IDLE),
                        "a month": f"{of_teams('avg_over_time(gpu:cost_usd_hour[1d])')} * {HOURS_A_MONTH}",
                    },
                    "What each team holds, and how much of it works. A month: as in the last day.",
                    TEAM,
                    width=8,
                ),
                table(
                    *("Namespaces", "currencyUSD"),
                    {
                        "USD an hour": f"sum by (namespace) ({HELD})",
                        "of it idle": IDLE,
                        "computes": 'sum by (namespace) (pod:gpus_used) / sum by (namespace) (pod:gpus{node!=""})',
                    },
                    "What each namespace holds, and how much of it works.",
                    "namespace",
                    units={"computes": "percentunit"},
                    to="gpu-workload",
                ),
                table(
                    *("GPU hours of the last hour", "short"),
                    {
                        "held": f"sum by ({', '.join(WORKLOAD)}) (gpu_hours:allocated)",
                        "computed": f"sum by ({', '.join(WORKLOAD)}) (gpu_hours:used)",
                    },
                    "Of whole GPUs, by workload: what it held, and what of that it computed.",
                    *("namespace", "workload", TEAM),
                    to="gpu-workload",
                ),
                lines(
                    *("Idle GPU time", "currencyUSD"),
                    {"all GPUs": "sum(gpu:idle_cost_usd_hour)", "held by pods": f"sum({IDLE})"},
                    "USD an hour in which GPUs run no kernel. Between the lines: GPUs that nobody holds.",
                    to="gpus",
                ),
                table(
                    *("Kinds of GPUs", "currencyUSD"),
                    {
                        "held, USD an hour": f"sum by ({POOL}, resource) ({HELD})",
                        "price of one": f"max by ({POOL}, resource) (gpu:slice_price_usd_hour)",
                    },
                    "What is held of each pool, and the price of one GPU, share or slice of it.",
                    *(POOL, "resource"),
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
                        "nodes": "sum(node:price_usd_hour)",
                        "volumes": "sum(volume:cost_usd_hour)",
                        "load balancers": "sum(load_balancer:cost_usd_hour)",
                    },
                    "USD an hour: nodes, volumes of EBS and load balancers of Services.",
                    stacked=True,
                ),
                lines(
                    *("Pools", "currencyUSD"),
                    f"sum by ({POOL}) (node:labels * on (node) group_left () node:price_usd_hour)",
                    "USD an hour of the nodes of each pool.",
                    POOL,
                    stacked=True,
                ),
                bars("The dearest nodes", "currencyUSD", "topk(8, node:price_usd_hour)", "USD an hour.", "node"),
                lines(
                    *("CPUs that namespaces request", "short"),
                    "topk(8, namespace:cpus_requested)",
                    "Cores that pods hold, in the eight largest namespaces.",
                    "namespace",
                    stacked=True,
                ),
            ),
        ),
    ),
)
