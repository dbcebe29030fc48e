"""The configuration of Alertmanager, as values of kube-prometheus-stack."""

from components.core.addon_spec import AddOnContext
from components.core.untyped import Values


def alertmanager_values(context: AddOnContext) -> Values:
    return {}
