"""DCGM exporter: metrics of the GPUs of Bottlerocket nodes, which the GPU operator leaves alone.

It reads them from the DCGM that EKS's node monitoring agent runs on each GPU node, at port 5555 of the node. Two DCGMs
on a node would compete for the profiling counters. So the exporter needs neither a GPU nor CAP_SYS_ADMIN; its checks at
startup look for the libraries of a GPU of its own, and are off: they are what fails on Bottlerocket (issue 636). The
agent runs its DCGM on x86_64 only.
Nobody tried this on a node. If the agent's DCGM does not answer, the exporter ends and Kubernetes starts it again and
again, while the agent's own pod looks healthy. Missing metrics must not fail an update, so nothing waits for its pods.
Sources: NVIDIA/dcgm-exporter 4.5.3-4.8.2, deployment/, pkg/cmd/app.go, dcgmlib_rule.go and dcgmprovider/dcgm.go, issues
612 and 636; aws/eks-node-monitoring-agent v1.6.4, dcgm-daemonset.yaml; read 2026-11.
"""

from catalog.sharing import POOL_LABEL
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import scraped
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.compute.node_pool import NodePoolSettings

METRICS = "/etc/dcgm-exporter/default-counters.csv"


def runs_exporter(pool: NodePoolSettings) -> bool:
    """Returns whether the metrics of the pool's GPUs come from here."""
    accelerator = pool.accelerator
    nvidia = accelerator is not None and accelerator.manufacturer == "NVIDIA"
    return nvidia and pool.operating_system == "bottlerocket" and pool.machines[0].arch == "x86_64"


def values(context: AddOnContext) -> Values:
    pools = [pool.name for pool in context.pools if runs_exporter(pool)]
    on_our_pools = {"matchExpressions": [{"key": POOL_LABEL, "operator": "In", "values": pools}]}
    return {
        "affinity": {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [on_our_pools]}}
        },
        "arguments": ["-f", METRICS, "-r", "$(NODE_IP):5555", "--disable-startup-validate"],
        "extraEnv": [{"name": "NODE_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}],
        "securityContext": {"capabilities": {"add": [], "drop": ["ALL"]}},
        # A ServiceMonitor needs the CRDs of Prometheus, which the cluster does not have.
        "serviceMonitor": {"enabled": False},
    }


ADD_ON = AddOnSpec(
    name="dcgm-exporter",
    needed_by=needed_by_pools(runs_exporter),
    instead="operating_system: al2023, whose metrics the GPU operator exports",
    pod_security="privileged",  # it mounts the kubelet's socket, which names the pod of each GPU
    values=values,
    daemons=("tolerations",),
    # It calls the DCGM of its own node, which is never closed to it, and has no token for the API server.
    flows=lambda cluster: (scraped(9400),),
    awaited=False,
)
