"""What a DCGM exporter reads of GPUs, and how it finds their pods. Two charts install one; each node has one of both.

Sources: NVIDIA/dcgm-exporter 4.5.3-4.8.2, pkg/cmd/app.go, counter_config.go, kubernetes.go, process_metrics.go and
pidmapper.go, and issue 590 (claims of Kubernetes 1.34 since 4.8.3, which the operator brings); NVIDIA/gpu-operator
v26.7.0, manifests/state-dcgm-exporter and TransformDCGMExporter; read 2026-11.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from catalog.rows import read_table
from catalog.sharing import SHARED_GPU
from components.core.metrics import Scrape
from settings.cluster.fixed_values import FixedValue, never, only
from settings.compute.node_pool import NodePoolSettings

JOB = "dcgm"
PORT = 9400
SECONDS = 15
RESOURCES = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
"""The engine of DCGM is in the exporter, and keeps the samples of all GPUs of a node."""


def counters() -> str:
    """Returns the list of counters as the exporter reads it: name, type and help of each."""
    rows = read_table("metrics/dcgm")["metrics"]
    return "".join(f"{name}, {row['type']}, {row['about']}\n" for name, row in rows.items())


def digest() -> str:
    """Returns digits that change with the list. Exporters read it only when they start, so it is in their pods."""
    return hashlib.sha256(counters().encode()).hexdigest()[:8]


def are_shared(pools: Iterable[NodePoolSettings]) -> bool:
    """Returns whether several pods use one GPU of these pools. A MIG instance is no shared GPU: it has one pod."""
    return any(pool.shared.strategy in ("time-slicing", "mps") for pool in pools)


def environment(pools: Iterable[NodePoolSettings], gpu_allocation: str) -> list[dict[str, str]]:
    """Returns the variables of an exporter. pools: whose nodes it runs on. gpu_allocation: of the cluster.

    By itself it looks for pods at `nvidia.com/gpu` and MIG instances, and gives a GPU to the last pod that it finds.
    """
    shared = {"NVIDIA_RESOURCE_NAMES": SHARED_GPU, "KUBERNETES_VIRTUAL_GPUS": "true"}
    values = {
        "DCGM_EXPORTER_INTERVAL": str(SECONDS * 1000),  # by itself 30 s: each second reading would find nothing new
        **(shared if are_shared(pools) else {}),
        **({"KUBERNETES_ENABLE_DRA": "true"} if gpu_allocation == "dra" else {}),
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def scrape(pods: Mapping[str, str]) -> Scrape:
    """Returns how Prometheus reads the exporter. pods: labels of its pods."""
    return Scrape(job=JOB, pods=pods, port=PORT, seconds=SECONDS, of_nodes=True)


def fixed(prefix: str, counters_at: str) -> Iterator[FixedValue]:
    """Yields what rules, dashboards and network policies rely on. prefix: of the exporter's values, with a dot."""
    read = "is what rules and dashboards read: a list without one of them leaves alerts silent."
    yield FixedValue(path=f"{prefix}{counters_at}", keeps=never, why=read)
    yield FixedValue(
        path=f"{prefix}serviceMonitor.enabled", keeps=only(False), why="lets Prometheus read each GPU twice."
    )
    yield FixedValue(
        path=f"{prefix}hostNetwork",
        keeps=only(False),
        why="opens its port to everybody: no network policy holds there.",
    )
