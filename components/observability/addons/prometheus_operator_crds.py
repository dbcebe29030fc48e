"""The custom resources of the Prometheus operator, as a chart of their own.

In kube-prometheus-stack they are in a folder `crds/`, which Helm never upgrades. They stay when the release goes:
monitors and rules that others have made would go with them. All that names one of their kinds comes after this chart.
Source: prometheus-community/helm-charts prometheus-operator-crds-31.0.1; read 2026-11.
"""

from components.core.addon_spec import AddOnSpec
from settings.cluster.addon_rules import needed_by_observability
from settings.cluster.fixed_values import FixedValue, never

ADD_ON = AddOnSpec(
    name="prometheus-operator-crds",
    needed_by=needed_by_observability,
    instead="observability.clusters without this cluster",
    pod_security="restricted",
    daemons=(),
    pulls_images=False,
    values=lambda context: {"crds": {"annotations": {"helm.sh/resource-policy": "keep"}}},
    fixed=(
        FixedValue(
            path="crds",
            keeps=never,
            why="All of the kinds are needed, and with the annotation they outlive the release, as do their objects.",
        ),
    ),
)
