"""Errors and limits of GPUs. A counter carries the labels of the pod that holds the GPU: these go before `increase`.

The classes of Xid follow what EKS's node monitoring agent takes for fatal, and of NVLink 5 (B200, GB200) those of which
NVIDIA calls some cases fatal: 147 and 148 have none. The window of the counted ones is five
minutes, so that they end; the gauge of the last Xid keeps its value until the exporter starts again.
Sources: aws/eks-node-monitoring-agent v1.7.0, dcgm_policies.go; NVIDIA/dcgm-exporter 4.5.3-4.8.2, xid_collector.go;
NVIDIA, "Analyzing Xid Errors with the Xid Catalog"; read 2026-11. Temperatures and shares of time are our choice.
"""

from collections.abc import Iterable, Mapping
from itertools import chain

from components.core.metrics import Alert, Recording, RuleGroup
from components.core.promql import promql
from components.observability.rules.gpu_usage import has_gpus

XIDS: Mapping[str, tuple[int, ...]] = {
    "GPUXidMemory": (48, 63, 64, 95, 140, 156),
    "GPUXidLink": (74, 136, 144, 145, 146, 149, 150, 155),
    "GPUXidDevice": (46, 54, 62, 79, 109, 110, 119, 120, 142, 143, 151, 158),
    "GPUXidApplication": (13, 31, 43, 45, 94),
}
"""Alert -> Xids that it tells of. Of all others there is GPUXidOther."""
NO_ERRORS = (0, 154)
"""0 is no Xid; with 154 the driver says again what another one asks for."""


def _xids(alert: str, by: str, more: str = "") -> str:
    return f'max by ({by}) (DCGM_EXP_XID_ERRORS_COUNT{{xid=~"{_any(XIDS[alert])}"{more}}}) > 0'


def _any(codes: Iterable[int]) -> str:
    return "|".join(map(str, codes))


def _of_device(name: str, metric: str, about: str) -> Recording:
    return Recording(name=name, expr=f"max by (node, gpu, UUID) ({metric})", about=about)


GROUP = RuleGroup(
    name="gpu-health",
    when=has_gpus,
    rules=(
        _of_device(
            "gpu:uncorrectable_errors", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "Double-bit errors of memory since boot."
        ),
        _of_device(
            "gpu:uncorrectable_rows", "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "Rows of memory that were replaced."
        ),
        _of_device("gpu:thermal_violation_ns", "DCGM_FI_DEV_THERMAL_VIOLATION", "Nanoseconds slowed down by heat."),
        _of_device("gpu:power_violation_ns", "DCGM_FI_DEV_POWER_VIOLATION", "Nanoseconds slowed down by power."),
        _of_device("gpu:pcie_replays", "DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "Transfers over PCIe that were sent again."),
        _of_device("gpu:nvlink_recoveries", "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "Recoveries of NVLinks."),
        Alert(
            name="GPUXidMemory",
            expr=_xids("GPUXidMemory", "node, gpu, UUID, xid"),
            minutes=0,
            severity="critical",
            summary="The memory of GPU {{ $labels.gpu }} of {{ $labels.node }} fails (Xid {{ $labels.xid }}).",
        ),
        Alert(
            name="GPUXidLink",
            expr=_xids("GPUXidLink", "node, gpu, UUID, xid"),
            minutes=0,
            severity="critical",
            summary="An NVLink of GPU {{ $labels.gpu }} of {{ $labels.node }} fails (Xid {{ $labels.xid }}).",
        ),
        Alert(
            name="GPUXidDevice",
            expr=_xids("GPUXidDevice", "node, gpu, UUID, xid"),
            minutes=0,
            severity="critical",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} has stopped working (Xid {{ $labels.xid }}).",
        ),
        Alert(
            name="GPUXidApplication",
            expr=_xids("GPUXidApplication", "namespace, pod, xid", ',vgpu=""'),
            minutes=0,
            severity="warning",
            audience="team",
            summary="A process of {{ $labels.namespace }}/{{ $labels.pod }} was ended by its GPU "
            "(Xid {{ $labels.xid }}).",
        ),
        Alert(
            name="GPUXidShared",
            expr=_xids("GPUXidApplication", "node, gpu, xid", ',vgpu!=""'),
            minutes=0,
            severity="warning",
            summary="A process of one of the pods that share GPU {{ $labels.gpu }} of {{ $labels.node }} was ended by "
            "it (Xid {{ $labels.xid }}).",
        ),
        Alert(
            name="GPUXidOther",
            expr="max by (node, gpu, UUID, xid) "
            f'(DCGM_EXP_XID_ERRORS_COUNT{{xid!~"{_any((*NO_ERRORS, *chain(*XIDS.values())))}"}}) > 0',
            minutes=0,
            severity="warning",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} reports Xid {{ $labels.xid }}, which is rare.",
        ),
        Alert(
            name="GPUMemoryErrors",
            expr="increase(gpu:uncorrectable_errors[1h]) > 0",
            minutes=0,
            severity="critical",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} has had memory errors that it could not correct.",
        ),
        Alert(
            name="GPURowRemapFailure",
            expr="max by (node, gpu, UUID) (DCGM_FI_DEV_ROW_REMAP_FAILURE) > 0",
            minutes=0,
            severity="critical",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} cannot replace a broken row of its memory.",
        ),
        Alert(
            name="GPURowsReplaced",
            expr="increase(gpu:uncorrectable_rows[1h]) > 0",
            minutes=0,
            severity="warning",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} has replaced rows of its memory.",
        ),
        Alert(
            name="GPUHot",
            expr="max by (node, gpu, UUID) (DCGM_FI_DEV_GPU_TEMP) > 85 "
            "or max by (node, gpu, UUID) (DCGM_FI_DEV_MEMORY_TEMP) > 95",
            minutes=10,
            severity="warning",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} is at {{ $value }} °C.",
        ),
        Alert(
            name="GPUSlowedByHeat",
            expr="rate(gpu:thermal_violation_ns[5m]) / 1e9 > 0.01",
            minutes=10,
            severity="warning",
            summary="Heat slows GPU {{ $labels.gpu }} of {{ $labels.node }} down "
            "{{ $value | humanizePercentage }} of the time.",
        ),
        Alert(
            name="GPUSlowedByPower",
            expr="rate(gpu:power_violation_ns[5m]) / 1e9 > 0.5",
            minutes=30,
            severity="info",
            summary="The limit of power slows GPU {{ $labels.gpu }} of {{ $labels.node }} down "
            "{{ $value | humanizePercentage }} of the time.",
        ),
        Alert(
            name="GPULinkErrors",
            expr="increase(gpu:nvlink_recoveries[30m]) > 0",
            minutes=0,
            severity="warning",
            summary="NVLinks of GPU {{ $labels.gpu }} of {{ $labels.node }} had to recover from errors.",
        ),
        Alert(
            name="GPUPCIeErrors",
            expr="increase(gpu:pcie_replays[30m]) > 100",
            minutes=0,
            severity="warning",
            summary="GPU {{ $labels.gpu }} of {{ $labels.node }} repeats transfers over PCIe.",
        ),
        Alert(
            name="AcceleratorUnhealthy",
            expr=promql(
                """max by (node)
                (kube_node_status_condition{KSM,condition="AcceleratedHardwareReady",status="false"}) == 1"""
            ),
            minutes=2,
            severity="critical",
            summary="EKS finds a GPU or Neuron device of {{ $labels.node }} broken.",
        ),
    ),
)
