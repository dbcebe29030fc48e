"""linkerd2-cni: redirects the traffic of meshed pods to their proxy, which a restricted pod may not do by itself.

Its pod starts after the node is ready, so the first meshed pods of a node may start without redirection; their check
ends them, and the repair controller deletes them. A pod that nobody makes again is then gone.
It asks the API server about every pod that starts on its node, so it stays off nodes on which nobody is meshed.
Sources: linkerd/linkerd2 edge-26.8.3, charts/linkerd2-cni (nodeAffinity is read by its template, and is not among its
values); linkerd2 issues 11073, 13780, 14538; read 2026-11.
"""

from catalog.sharing import POOL_LABEL
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import CONTROLLER
from components.core.metrics import Scrape
from components.core.tolerations import TOLERATES_ALL
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_mesh
from settings.cluster.fixed_values import FixedValue, never, only


def values(context: AddOnContext) -> Values:
    unmeshed = [pool.name for pool in context.pools if pool.efa or not pool.meshed]
    meshed_nodes = {"matchExpressions": [{"key": POOL_LABEL, "operator": "NotIn", "values": unmeshed}]}
    return {
        "iptablesMode": "plain",  # AL2023 has both forms, and Bottlerocket no iptables-nft
        "priorityClassName": "system-node-critical",
        "repairController": {
            "enabled": True,
            "resources": {
                "cpu": {"request": "10m", "limit": ""},
                "memory": {"request": "32Mi", "limit": "64Mi"},
                "ephemeral-storage": {"request": "", "limit": ""},
            },
        },
        # Where it is killed for memory, its token is no longer good, and no pod starts on the node.
        "resources": {
            "cpu": {"request": "25m", "limit": ""},
            "memory": {"request": "64Mi", "limit": "256Mi"},
            "ephemeral-storage": {"request": "", "limit": ""},
        },
        **(
            {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [meshed_nodes]}}}
            if unmeshed
            else {}
        ),
    }


ADD_ON = AddOnSpec(
    name="linkerd2-cni",
    pod_security="privileged",  # it writes into the node's folders
    daemons=(TOLERATES_ALL,),
    needed_by=needed_by_mesh,
    instead="mesh.clusters without this cluster",
    values=values,
    flows=lambda cluster: CONTROLLER,
    metrics=lambda cluster: (  # of the repair controller
        Scrape(job="linkerd2-cni", pods={"k8s-app": "linkerd-cni"}, port=9990),
    ),
    fixed=(
        FixedValue(path="iptablesMode", keeps=only("plain"), why="Bottlerocket has no other form of iptables."),
        FixedValue(
            path="repairController.enabled",
            keeps=only(True),
            why="The first meshed pods of each new node would stay without redirection, and never start.",
        ),
        FixedValue(path="nodeAffinity", keeps=never, why="It keeps the plugin off nodes where nobody is meshed."),
    ),
)
