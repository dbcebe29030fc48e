"""Neuron device plugin: offers Inferentia and Trainium devices to pods, as `aws.amazon.com/neuron`.

Source: aws-neuron/neuron-helm-charts 1.9.0, values; read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from components.addon import AddOnContext, AddOnSpec


def values(context: AddOnContext) -> Mapping[str, Any]:
    return {
        "devicePlugin": {"enabled": True},
        "scheduler": {"enabled": False},
        "npd": {"enabled": False},  # the EKS node monitoring agent sees and reports faults of all nodes
    }


ADD_ON = AddOnSpec(
    name="neuron-helm-chart", pod_security="privileged", values=values, daemons=("devicePlugin.tolerations",)
)
