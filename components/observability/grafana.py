"""Grafana, as values of kube-prometheus-stack."""

from components.core.addon_spec import AddOnContext
from components.core.untyped import Values


def grafana_values(context: AddOnContext) -> Values:
    return {"enabled": False}
