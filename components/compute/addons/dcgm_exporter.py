"""DCGM exporter: metrics of the GPUs of Bottlerocket nodes, which the GPU operator leaves alone.

It has an engine of DCGM of its own. That of EKS's node monitoring agent, at port 5555 of a node, lets everybody in,
runs on x86_64 only, and its image lacks the library for profiling since v1.7. And an exporter without a GPU would know
neither the pods of MIG instances nor the memory of each pod. CAP_SYS_ADMIN is for profiling; with it Bottlerocket
gives a container the GPUs that its image names. That replaces the linker's cache, in which a check at the start looks
for DCGM's library (issue 636). The library itself is found without the cache, so the check is off.
Nobody tried this on a node of ours. Missing metrics must not fail an update, so nothing waits for its pods.
Sources: NVIDIA/dcgm-exporter 4.5.3-4.8.2, deployment/, docker/Dockerfile, pkg/cmd/app.go, dcgmlib_rule.go and issue
636; bottlerocket-os/bottlerocket issue 3992; aws-observability/helm-charts pull 217 (seen to work on Bottlerocket
1.40); aws/eks-node-monitoring-agent v1.7.0, Dockerfile and dcgm-daemonset.yaml; read 2026-11.
"""

from collections.abc import Iterable, Sequence

from components.compute.dcgm_counters import (
    PORT,
    RESOURCES,
    are_shared,
    counters,
    digest,
    environment,
    fixed,
    scrape,
)
from components.compute.node_labels import NO_OPERANDS
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import READS_OBJECTS, Flow
from components.core.tolerations import EVERY_TAINT
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.fixed_values import FixedValue, never, only
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings

LIST = "/etc/dcgm-exporter/default-counters.csv"  # where the chart mounts customMetrics


def runs_exporter(pool: NodePoolSettings) -> bool:
    """Returns whether the metrics of the pool's GPUs come from here."""
    accelerator = pool.accelerator
    return accelerator is not None and accelerator.manufacturer == "NVIDIA" and pool.operating_system == "bottlerocket"


def _of(pools: Iterable[NodePoolSettings]) -> list[NodePoolSettings]:
    return [pool for pool in pools if runs_exporter(pool)]


def values(context: AddOnContext) -> Values:
    pools = _of(context.pools)
    by_process = {"hostPID": True, "kubernetes": {"enablePodUID": True}}  # whose process holds how much of a GPU
    return {
        "nodeSelector": {"nvidia.com/gpu.present": "true", **NO_OPERANDS},
        "tolerations": EVERY_TAINT,
        "arguments": ["-f", LIST, "--disable-startup-validate"],
        "customMetrics": counters(),
        "podAnnotations": {"ml-platform/counters": digest()},
        "extraEnv": environment(pools, context.gpu_allocation),
        "resources": RESOURCES,
        "serviceMonitor": {"enabled": False},  # `metrics` says what is read
        **(by_process if are_shared(pools) else {}),
    }


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    return [READS_OBJECTS] if are_shared(_of(cluster.pools.values())) else []


ADD_ON = AddOnSpec(
    name="dcgm-exporter",
    needed_by=needed_by_pools(runs_exporter),
    instead="operating_system: al2023, whose metrics the GPU operator exports",
    pod_security="privileged",  # it mounts the kubelet's socket, which names the pod of each GPU
    values=values,
    daemons=("tolerations",),
    flows=flows,
    metrics=lambda cluster: (scrape({"app.kubernetes.io/name": "dcgm-exporter"}),),
    fixed=(
        *fixed("", "customMetrics"),
        FixedValue(path="nameOverride", keeps=never, why="Prometheus knows its pods by its name."),
        FixedValue(path="service.port", keeps=only(str(PORT)), why=f"Prometheus reads port {PORT}."),
        FixedValue(path="service.address", keeps=only(f":{PORT}"), why=f"Prometheus reads port {PORT}."),
    ),
    awaited=False,
)
