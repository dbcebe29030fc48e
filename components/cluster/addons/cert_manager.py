"""cert-manager: certificates for webhooks and mesh, of authorities that it makes itself, so it calls nobody outside.

Sources: https://cert-manager.io/docs/installation/best-practice/; cert-manager v1.21.1, deploy/charts; read 2026-11.
"""

from collections.abc import Mapping

from components.cluster.addon_rules.cert_manager import RULES
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.disruption import ALSO_WHEN_BROKEN, budget
from components.core.flows import CONTROLLER, webhooks
from components.core.metrics import Scrape
from components.core.untyped import Manifest, Values
from settings.cluster.fixed_values import FixedValue, of_budgets, only


def values(context: AddOnContext) -> Values:
    production = context.stage.production

    def part(replicas: int, memory: str) -> Values:
        return {
            "automountServiceAccountToken": True,  # said, so that nobody takes it for forgotten
            "replicaCount": replicas if production else 1,
            "podDisruptionBudget": budget(replicas if production else 1, ALSO_WHEN_BROKEN),
            "resources": {"requests": {"cpu": "25m", "memory": memory}, "limits": {"memory": memory}},
        }

    return {
        "global": {
            "priorityClassName": "system-cluster-critical",  # otherwise pods of teams with a class may end it
            "rbac": {"aggregateClusterRoles": False},  # in namespaces of the mesh's own its issuer signs any identity
        },
        "crds": {"enabled": True, "keep": True},  # uninstalling the chart must not delete every certificate
        **part(2, "256Mi"),
        "webhook": part(3, "64Mi"),
        "cainjector": part(2, "512Mi"),
        "startupapicheck": {
            "automountServiceAccountToken": True,
            "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
        },
    }


def manifests(context: AddOnContext) -> Mapping[str, Manifest]:
    return {
        "self-signed": {
            "apiVersion": "cert-manager.io/v1",
            "kind": "ClusterIssuer",
            "metadata": {"name": "self-signed"},
            "spec": {"selfSigned": {}},
        }
    }


ADD_ON = AddOnSpec(
    name="cert-manager",
    pod_security="restricted",
    daemons=(),
    values=values,
    manifests=manifests,
    flows=lambda cluster: (*CONTROLLER, webhooks(10250)),
    rules=RULES,
    metrics=lambda cluster: (
        Scrape(job="cert-manager", pods={"app.kubernetes.io/instance": "cert-manager"}, port=9402),
    ),
    on=True,
    fixed=(
        *of_budgets("", "webhook", "cainjector"),
        *(
            FixedValue(path=path, keeps=only("10250"), why="Network policies let the API server in on port 10250.")
            for path in ("webhook.securePort", "webhook.config.securePort")
        ),
        FixedValue(
            path="global.rbac.aggregateClusterRoles",
            keeps=only(False),
            why="Who may edit a namespace of the mesh's own could have its issuer sign, and be any pod of it.",
        ),
    ),
)
