"""The GPUs of one workload: does it use what it holds."""

from components.core.dashboards import (
    Dashboard,
    Panel,
    Row,
    Variable,
    has_gpus,
    lines,
    stat,
)

PODS = 'namespace=~"$namespace",pod=~"$pod"'
HELD = f'pod:gpus{{node!="",{PODS}}}'
BUSY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"


def each(metric: str) -> str:
    """Returns a metric once for each GPU and MIG instance: on a shared one every pod repeats it."""
    return f"max by (node, gpu, UUID, GPU_I_ID) ({metric}{{{PODS}}})"


def part(title: str, metric: str, about: str) -> Panel:
    return lines(title, "percentunit", f"avg by (pod, gpu) ({metric}{{{PODS}}})", about, "pod", "gpu", most=1)


DASHBOARD = Dashboard(
    uid="gpu-workload",
    title="GPU of one workload",
    folder="GPUs",
    about="Whether pods use the GPUs that they hold, and what keeps them from it. Choose a namespace and pods.",
    when=has_gpus,
    variables=(
        Variable(name="namespace", metric=f'{BUSY}{{pod!=""}}', label="namespace"),
        Variable(name="pod", metric=f'{BUSY}{{namespace=~"$namespace",pod!=""}}', label="pod"),
    ),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *("GPUs held", "short", f"sum({HELD})"),
                    "Whole GPUs that the pods hold; a slice or share is its part of one.",
                ),
                stat(
                    *("Busy", "percentunit"),
                    f"sum(pod:gpus_used{{{PODS}}}) / sum({HELD}) or avg(pod:gpu_utilization{{{PODS}}})",
                    "Part of time in which kernels run, as a mean over the GPUs held.",
                ),
                stat(
                    *("Multiprocessors at work", "percentunit", f"avg({each('DCGM_FI_PROF_SM_ACTIVE')})"),
                    "Part of the multiprocessors that have work.",
                ),
                stat(
                    *("Memory taken", "bytes", f"sum({each('DCGM_FI_DEV_FB_USED')}) * 2^20"),
                    "GPU memory that is taken.",
                ),
            ),
        ),
        Row(
            title="Work",
            panels=(
                part("Busy", BUSY, "Part of time in which kernels run."),
                part(
                    "Multiprocessors at work",
                    "DCGM_FI_PROF_SM_ACTIVE",
                    "Low while busy is high: kernels or batches are too small.",
                ),
                part(
                    "Tensor cores at work",
                    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
                    "Near 0: the numbers have a type that tensor cores do not take.",
                ),
                part(
                    "Memory traffic",
                    "DCGM_FI_PROF_DRAM_ACTIVE",
                    "High with idle tensor cores: memory is the limit. Near 0 while busy: a hung collective.",
                ),
            ),
        ),
        Row(
            title="Memory, power and feed",
            panels=(
                lines(
                    *("Memory taken", "bytes", f"sum by (pod, gpu) (DCGM_FI_DEV_FB_USED{{{PODS}}}) * 2^20"),
                    "GPU memory that is taken.",
                    *("pod", "gpu"),
                ),
                lines(
                    *("Power", "watt", f"max by (pod, gpu) (DCGM_FI_DEV_POWER_USAGE{{{PODS}}})"),
                    "Power of each GPU; of a shared one that of all its pods.",
                    *("pod", "gpu"),
                ),
                lines(
                    *("From the host", "Bps", f"sum by (pod) (DCGM_FI_PROF_PCIE_RX_BYTES{{{PODS}}})"),
                    "Bytes a second over PCIe to the GPUs.",
                    "pod",
                    width=6,
                ),
                lines(
                    *("Over NVLink", "Bps"),
                    f"sum by (pod) (DCGM_FI_PROF_NVLINK_TX_BYTES{{{PODS}}} + DCGM_FI_PROF_NVLINK_RX_BYTES{{{PODS}}})",
                    "Bytes a second between GPUs of one node.",
                    "pod",
                    width=6,
                ),
                lines(
                    *("Processors", "short"),
                    f'sum by (pod) (rate(container_cpu_usage_seconds_total{{container!="",{PODS}}}[5m]))',
                    "CPU cores in use. At its limit, the data loader is what the GPU waits for.",
                    "pod",
                    width=6,
                ),
                lines(
                    *("Network, received", "Bps"),
                    f"sum by (pod) (rate(container_network_receive_bytes_total{{{PODS}}}[5m]))",
                    "Bytes a second into the pod; EFA is not among them.",
                    "pod",
                    width=6,
                ),
            ),
        ),
    ),
)
