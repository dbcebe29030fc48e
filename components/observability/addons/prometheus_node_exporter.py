"""node-exporter: CPU, memory, disks and network of each node, whatever taints it has.

It reads the files and the network of its node, so it has a namespace of its own. It listens on the address of its
node, where no network policy holds, so it has no flows; the security group of the nodes admits nobody else.
Mounts of pods, and the interfaces that the VPC CNI makes for them, would be series that come and go with each pod.
Source: prometheus-community/helm-charts prometheus-node-exporter-4.56.1; prometheus/node_exporter v1.12.1,
collector/filesystem_linux.go, netdev_common.go; read 2026-11.
"""

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.metrics import Scrape
from components.core.tolerations import EVERY_TAINT
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_observability
from settings.cluster.fixed_values import FixedValue, only

NAME = "prometheus-node-exporter"
PORT = 9100
OF_PODS = "^/(dev|proc|run/.+|sys|var/lib/(containerd|kubelet)/.+)($|/)"
INTERFACES_OF_PODS = "^(eni[0-9a-f]+|lo|veth.*)$"


def values(context: AddOnContext) -> Values:
    return {
        "tolerations": EVERY_TAINT,
        "priorityClassName": "system-node-critical",
        "extraArgs": [
            f"--collector.filesystem.mount-points-exclude={OF_PODS}",
            f"--collector.netclass.ignored-devices={INTERFACES_OF_PODS}",
            f"--collector.netdev.device-exclude={INTERFACES_OF_PODS}",
        ],
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        # No seccomp profile: the default one refuses the call by which the collector timex reads the clock.
        "containerSecurityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        # One node at a time would take hours, and the update would time out.
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
        "service": {"enabled": False},  # a monitor finds its pods
    }


ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by_observability,
    instead="observability.clusters without this cluster",
    pod_security="privileged",
    daemons=("tolerations",),
    values=values,
    metrics=lambda cluster: (
        Scrape(
            job="node-exporter",
            pods={"app.kubernetes.io/name": NAME},
            port=PORT,
            of_nodes=True,
            keeps_pod=True,  # rules of kube-prometheus-stack join by it
            host_network=True,
        ),
    ),
    fixed=(
        FixedValue(path="service.port", keeps=only(str(PORT)), why="Prometheus is let out to nodes on port 9100."),
        FixedValue(path="kubeRBACProxy.enabled", keeps=only(False), why="Prometheus reads without a token."),
    ),
)
