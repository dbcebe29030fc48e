"""What measures one cluster, besides its add-ons: monitors, rules, budgets."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.core.disruption import ALSO_WHEN_BROKEN
from components.core.flows import PROMETHEUS
from components.core.metrics import Recording, RuleGroup, Scrape
from components.core.untyped import Manifest
from components.observability.dashboard_objects import dashboards
from components.observability.monitors import monitors
from components.observability.rules_of import prometheus_rule
from settings.cluster.parts import ClusterParts
from settings.observability.observability import ObservabilitySettings

BUDGETED = ("prometheus", "alertmanager")


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """Arguments of what measures a cluster. scrapes, groups: what is read, and what is computed and told.

    parts: of the cluster.
    """

    settings: ObservabilitySettings
    cluster: ClusterRef
    parts: ClusterParts
    scrapes: Sequence[Scrape]
    groups: Sequence[RuleGroup]


class Observability(pulumi.ComponentResource):
    """Named `<cluster>-observability`; its objects come after the operator, which reads them, and go before it."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:Observability", name, None, opts)
        opts = pulumi.ResourceOptions(
            parent=self,
            provider=args.cluster.provider,
            depends_on=[args.cluster.controllers["kube-prometheus-stack"]],
        )
        rules = (rule for group in args.groups for rule in group.rules)
        recorded = sorted({rule.name for rule in rules if isinstance(rule, Recording)})
        manifests = [
            *monitors(args.scrapes, recorded),
            *(prometheus_rule(group, args.settings.runbooks) for group in args.groups),
            *(_budget(app) for app in BUDGETED),
        ]
        for manifest in manifests:
            key = f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}"
            custom_resource(key, manifest, opts, awaited=False)
        if args.settings.grafana is not None:
            dashboards(name, args.parts, opts)
        self.register_outputs({})


def _budget(app: str) -> Manifest:
    """Returns what lets one pod go at a time. The chart's own have a minAvailable, which no value takes away."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": app, "namespace": PROMETHEUS.namespace},
        "spec": {
            **ALSO_WHEN_BROKEN,
            "selector": {"matchLabels": {"app.kubernetes.io/name": app}},
        },
    }
