"""OpenCost: what nodes, their GPUs, volumes and load balancers cost by the hour, as metrics.

It downloads AWS's public price list of the region, without credentials; where it cannot, it has prices of its own.
Prices of spot nodes come from EC2, and fall back to those of on-demand. It knows no discounts. Of GPUs it knows
`nvidia.com/gpu` alone: pods with slices cost nothing there, so rules of ours tell what slices cost. Its own copies of
kube-state-metrics are off, or nodes and GPUs would count twice; so its API, which needs them, is for nobody.
Sources: opencost/opencost-helm-chart 2.5.17, values and templates; opencost/opencost of 2024-10, aws/provider.go,
costmodel.go and costmodelenv.go, and issue 3995 (EC2's prices of spot). Whether 1.120.1 asks EC2: unread; read 2026-11.
"""

from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.flows import CONTROLLER, PROMETHEUS, WITH_ROLE, Pods, out
from components.core.metrics import Scrape
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_costs
from settings.cluster.fixed_values import FixedValue, only

PORT = 9003
SERVICE_ACCOUNT = "opencost"
PODS = {"app.kubernetes.io/name": "opencost"}
UNPRIVILEGED = {
    "runAsNonRoot": True,
    "runAsUser": 1001,  # as its image says
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def values(context: AddOnContext) -> Values:
    return {
        "serviceAccount": {"create": True, "name": SERVICE_ACCOUNT},
        "opencost": {
            "exporter": {
                "defaultClusterId": context.cluster_name,
                "securityContext": UNPRIVILEGED,
                "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
            },
            "prometheus": {
                "internal": {
                    "serviceName": "kube-prometheus-stack-prometheus",
                    "namespaceName": PROMETHEUS.namespace,
                    "port": 9090,
                }
            },
            "metrics": {"kubeStateMetrics": {"emitKsmV1Metrics": False, "emitKsmV1MetricsOnly": False}},
            "ui": {"enabled": False},
            "mcp": {"enabled": False},  # an API for agents, without authentication
        },
    }


ADD_ON = AddOnSpec(
    name="opencost",
    needed_by=needed_by_costs,
    instead="observability.costs: false",
    after=("kube-prometheus-stack",),  # without an answer of Prometheus it ends
    pod_security="restricted",
    daemons=(),
    values=values,
    identities=(
        Identity(
            service_account=SERVICE_ACCOUNT,
            statements=lambda context: [iam.allow("ReadSpotPrices", ["ec2:DescribeSpotPriceHistory"], ["*"])],
        ),
    ),
    endpoints=("ec2",),
    flows=lambda cluster: (
        *CONTROLLER,
        *WITH_ROLE,  # the price list is one of what AWS serves outside of the VPC
        out(Pods(namespace=PROMETHEUS.namespace), "asks Prometheus", 9090),
    ),
    metrics=lambda cluster: (Scrape(job="opencost", pods=PODS, port=PORT, drop="kube_.*", keeps_labels=True),),
    fixed=(
        FixedValue(
            path="opencost.metrics.kubeStateMetrics.emitKsmV1Metrics",
            keeps=only(False),
            why="repeats kube-state-metrics: nodes and GPUs would count twice.",
        ),
        FixedValue(path="opencost.exporter.apiPort", keeps=only(str(PORT)), why=f"Prometheus reads port {PORT}."),
    ),
)
