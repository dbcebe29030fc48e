"""The GPUs of all nodes: held, busy, healthy."""

from components.core.dashboards import Dashboard, Panel, Row, Variable, has_gpus, lines, stat, table

NODES = 'node=~"$node"'
PODS = f'pod!="",{NODES}'
OFFERED = (
    "gpu:allocatable * on (node) group_left (label_ml_platform_pool) max by (node, label_ml_platform_pool) "
    "(node:labels) * on (label_ml_platform_pool, resource) group_left () gpu:slice_share"
)
"""What nodes offer, in whole GPUs."""
HELD = 'pod:gpus{node!=""}'
"""What pods hold, in whole GPUs."""
UNMONITORED = (
    "count(sum by (node) (gpu:allocatable) > 0 unless on (node) max by (node) (DCGM_FI_DEV_GPU_TEMP)) or vector(0)"
)


def of_node(metric: str, how: str = "avg") -> str:
    """Returns a metric by node, over its GPUs: on a shared GPU every pod repeats its value."""
    return f"{how} by (node) (max by (node, gpu, UUID, GPU_I_ID) ({metric}{{{NODES}}}))"


def part(title: str, expr: str, about: str) -> Panel:
    return lines(title, "percentunit", expr, about, "node", most=1)


DASHBOARD = Dashboard(
    uid="gpus",
    title="GPU fleet",
    folder="GPUs",
    about="What is held, what works, and what is ill, by node.",
    when=has_gpus,
    variables=(Variable(name="node", metric="gpu:allocatable", label="node"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *("GPUs", "short", f"sum({OFFERED})"),
                    "Whole GPUs that all nodes offer.",
                    width=4,
                ),
                stat(
                    *("Held", "percentunit", f"(sum({HELD}) or vector(0)) / sum({OFFERED})"),
                    "Part of them that pods hold.",
                    width=5,
                ),
                stat(
                    *("Busy", "percentunit", f"avg(gpu:utilization{{{NODES}}})"),
                    "Part of time in which kernels run, as a mean over GPUs; a slice is its part of one.",
                    width=5,
                ),
                stat(
                    *("Idle, USD an hour", "currencyUSD", "sum(gpu:idle_cost_usd_hour)"),
                    "Price of the GPU time in which no kernel runs, in all of the cluster.",
                    width=5,
                    to="costs",
                ),
                stat(
                    *("Nodes without GPU metrics", "short", UNMONITORED),
                    "Nodes with GPUs of which nothing is read: all else here is silent about them.",
                    width=5,
                    thresholds=((1, "red"),),
                ),
            ),
        ),
        Row(
            title="Use",
            panels=(
                part(
                    "Held",
                    f"max by (node) (gpu:allocation_ratio{{{NODES}}})",
                    "Part of each node's GPUs that pods hold.",
                ),
                part("Busy", f"avg by (node) (gpu:utilization{{{NODES}}})", "Part of time in which kernels run."),
                part(
                    "Multiprocessors at work",
                    of_node("DCGM_FI_PROF_SM_ACTIVE"),
                    "Part of the multiprocessors that have work. Low while busy is high: kernels are too small.",
                ),
                part(
                    "Tensor cores at work",
                    of_node("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"),
                    "Part of cycles in which tensor cores compute.",
                ),
                part(
                    "Memory taken",
                    f"{of_node('DCGM_FI_DEV_FB_USED')} / "
                    f"({of_node('DCGM_FI_DEV_FB_USED')} + {of_node('DCGM_FI_DEV_FB_FREE')})",
                    "Part of GPU memory that is taken. vLLM fills it on purpose.",
                ),
                part(
                    "Memory traffic",
                    of_node("DCGM_FI_PROF_DRAM_ACTIVE"),
                    "Part of cycles in which memory is read or written. Near 0 while all is busy: a hung collective.",
                ),
            ),
        ),
        Row(
            title="Health",
            panels=(
                lines(
                    *("Power", "watt", f"sum by (node) (max by (node, gpu) (DCGM_FI_DEV_POWER_USAGE{{{NODES}}}))"),
                    "Power of all GPUs of a node; each instance of MIG has that of its GPU.",
                    "node",
                    width=8,
                ),
                lines(
                    *("Hottest GPU", "celsius", of_node("DCGM_FI_DEV_GPU_TEMP", "max")),
                    "Temperature of the hottest GPU of each node.",
                    "node",
                    width=8,
                    thresholds=((85, "red"),),
                ),
                lines(
                    *("From and to the host", "Bps"),
                    {
                        "to GPUs": f"sum(max by (node, gpu, UUID) (DCGM_FI_PROF_PCIE_RX_BYTES{{{NODES}}}))",
                        "from GPUs": f"sum(max by (node, gpu, UUID) (DCGM_FI_PROF_PCIE_TX_BYTES{{{NODES}}}))",
                    },
                    "Bytes a second over PCIe, of all GPUs.",
                    width=8,
                ),
                table(
                    *("Last Xid of each GPU", "none"),
                    {"Xid": f"max by (node, gpu) (DCGM_FI_DEV_XID_ERRORS{{{NODES}}}) > 0"},
                    "The code of the last error; it stays until the exporter starts again.",
                    *("node", "gpu"),
                    width=8,
                    height=6,
                    empty="no error",
                ),
                table(
                    *("Remapped rows of memory", "short"),
                    {
                        "uncorrectable": f"max by (node, gpu) (gpu:uncorrectable_rows{{{NODES}}}) > 0",
                        "correctable": f"max by (node, gpu) (DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS{{{NODES}}}) > 0",
                    },
                    "Rows that spare ones stand in for. Each uncorrectable one has cost a job.",
                    *("node", "gpu"),
                    width=8,
                    height=6,
                    empty="no row",
                ),
                table(
                    *("Reduced clocks", "short"),
                    {"in 5 minutes": f"max by (node, gpu, clock_event) (DCGM_EXP_CLOCK_EVENTS_COUNT{{{NODES}}}) > 0"},
                    "Readings in five minutes with a reason for less speed: heat, power, or nothing to do.",
                    *("node", "gpu", "clock_event"),
                    width=8,
                    height=6,
                ),
            ),
        ),
        Row(
            title="Who holds them",
            panels=(
                table(
                    *("Workloads", "percentunit"),
                    {
                        "busy": "avg by (pod, namespace, node) "
                        f"(avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{PODS}}}[30m]))",
                        "tensor cores": f"avg by (pod, namespace, node) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{PODS}}})",
                        "memory": f"sum by (pod, namespace, node) (DCGM_FI_DEV_FB_USED{{{PODS}}}) * 2^20",
                    },
                    "Busy over the last 30 minutes. On a shared GPU the figures are those of the GPU.",
                    *("pod", "namespace", "node"),
                    width=24,
                    height=10,
                    units={"memory": "bytes"},
                    to="gpu-workload",
                ),
            ),
        ),
    ),
)
