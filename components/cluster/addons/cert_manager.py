"""cert-manager: certificates for webhooks, ingress and mesh. Source: https://cert-manager.io/docs/installation/best-practice/"""

from collections.abc import Mapping

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.disruption import ALSO_WHEN_BROKEN, budget
from components.core.untyped import Manifest, Values
from settings.cluster.fixed_values import of_budgets


def values(context: AddOnContext) -> Values:
    production = context.stage.production

    def part(replicas: int, memory: str) -> Values:
        return {
            "replicaCount": replicas if production else 1,
            "podDisruptionBudget": budget(replicas if production else 1, ALSO_WHEN_BROKEN),
            "resources": {"requests": {"cpu": "25m", "memory": memory}, "limits": {"memory": memory}},
        }

    return {
        "global": {"priorityClassName": "system-cluster-critical"},  # otherwise pods of teams with a class may end it
        "crds": {"enabled": True, "keep": True},  # uninstalling the chart must not delete every certificate
        **part(2, "256Mi"),
        "webhook": part(3, "64Mi"),
        "cainjector": part(2, "512Mi"),
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
    on=True,
    fixed=tuple(of_budgets("", "webhook", "cainjector")),
)
