"""trust-manager: writes certificates of authorities into the ConfigMaps of namespaces. It copies no private key.

Source: cert-manager/trust-manager v0.24.0, deploy/charts/trust-manager; read 2026-11.
"""

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.disruption import ONE_AT_A_TIME, budget
from components.core.flows import CONTROLLER, webhooks
from components.core.metrics import Scrape
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_mesh
from settings.cluster.fixed_values import FixedValue, of_budgets, only


def values(context: AddOnContext) -> Values:
    replicas = 2 if context.stage.production else 1
    return {
        "crds": {"enabled": True, "keep": True},  # uninstalling the chart must not delete the anchors of a mesh
        "replicaCount": replicas,
        "podDisruptionBudget": budget(replicas, ONE_AT_A_TIME),
        "defaultPackage": {"enabled": False},  # the public authorities, which no bundle of ours has
        "resources": {"requests": {"cpu": "25m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }


ADD_ON = AddOnSpec(
    name="trust-manager",
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_mesh,
    instead="mesh.clusters without this cluster",
    after=("cert-manager",),
    values=values,
    flows=lambda cluster: (*CONTROLLER, webhooks(6443)),
    metrics=lambda cluster: (
        Scrape(job="trust-manager", pods={"app.kubernetes.io/instance": "trust-manager"}, port=9402),
    ),
    fixed=(
        *of_budgets(""),
        FixedValue(
            path="app.webhook.port", keeps=only("6443"), why="Network policies let the API server in on port 6443."
        ),
    ),
)
