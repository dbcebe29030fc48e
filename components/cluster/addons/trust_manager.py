"""trust-manager: writes certificates of authorities into the ConfigMaps of namespaces. It copies no private key.

Source: cert-manager/trust-manager v0.24.0, deploy/charts/trust-manager; read 2026-11.
"""

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import CONTROLLER, scraped, webhooks
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_mesh
from settings.cluster.fixed_values import FixedValue, only


def values(context: AddOnContext) -> Values:
    production = context.stage.production
    return {
        "crds": {"enabled": True, "keep": True},  # uninstalling the chart must not delete the anchors of a mesh
        "replicaCount": 2 if production else 1,
        "podDisruptionBudget": {"enabled": production},  # with one replica it would block every node drain
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
    flows=lambda cluster: (*CONTROLLER, webhooks(6443), scraped(9402)),
    fixed=(
        FixedValue(
            path="app.webhook.port", keeps=only("6443"), why="Network policies let the API server in on port 6443."
        ),
    ),
)
