"""Neuron device plugin: offers Inferentia and Trainium devices to pods, as `aws.amazon.com/neuron`.

Source: aws-neuron/neuron-helm-charts 1.9.0, values; labels of its pods at commit ff9982d; read 2026-11.
"""

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import CONTROLLER, of_pods
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.fixed_values import FixedValue, never

NAME = "neuron-helm-chart"
PODS = dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), NAME)


def values(context: AddOnContext) -> Values:
    return {
        "devicePlugin": {"enabled": True},
        "scheduler": {"enabled": False},
        "npd": {"enabled": False},  # the EKS node monitoring agent detects and reports faults of all nodes
    }


ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by_pools(lambda pool: pool.accelerator is not None and pool.accelerator.kind == "neuron"),
    instead="instance types with NVIDIA GPUs, or with none",
    pod_security="privileged",
    values=values,
    daemons=("devicePlugin.tolerations",),
    flows=lambda cluster: of_pods(PODS, *CONTROLLER),
    fixed=(
        FixedValue(path="devicePlugin.nameOverride", keeps=never, why="Network policies know its pods by its name."),
    ),
)
