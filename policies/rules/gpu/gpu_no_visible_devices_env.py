"""Only the device plugin decides which GPUs a container sees.

Source: NVIDIA container toolkit, "Specialized Configurations with Docker", environment variables; read 2026-08.
"""

from collections.abc import Iterator, Sequence

from policies.pods import KUBERNETES, pods
from policies.rule import Case, Option, Resource, Rule, View, check_each, present, text
from policies.samples import pod

NAMES = ("NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
NO_GPUS = ("", "void", "none")  # with these values a container gives up GPUs, which does no harm to others


def _variable(variable: View) -> Iterator[tuple[str, str]]:
    if text(variable, "name") not in NAMES:
        return
    if present(variable, "valueFrom") or text(variable, "value") not in NO_GPUS:
        yield variable.under("value"), "selects GPUs without the device plugin, which assigns them"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pod_spec in pods(resource):
        if pod_spec.namespace not in exempt_namespaces:
            yield from pod_spec.containers(lambda container: check_each(container, "env", _variable))


POD = "kubernetes:core/v1:Pod"
FIRST_AT = "spec.containers[0].env[0].value"


def _pod(name: str, namespace: str = "", **value: object) -> dict[str, object]:
    return pod(namespace=namespace, containers=[{"name": "main", "env": [{"name": name, **value}]}])


RULE = Rule(
    id="gpu-no-visible-devices-env",
    applies_to=KUBERNETES,
    severity="high",
    standards=("NVIDIA container toolkit: environment variables",),
    why="With this variable a container can use all GPUs of the node, even those of other pods.",
    fix="Remove the variable and request GPUs under resources.limits; the device plugin then sets it.",
    options={"exempt_namespaces": Option("Namespaces of software that manages GPUs.", ["gpu-operator", "kube-system"])},
    dev="advisory",
    check=check,
    good={
        "nothing set": Case(pod({}), type=POD),
        "another variable": Case(_pod("NCCL_DEBUG", value="INFO"), type=POD),
        "GPUs given up": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="void"), type=POD),
        "an empty value": Case(_pod("CUDA_VISIBLE_DEVICES"), type=POD),
        "an exempt namespace": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="all", namespace="gpu-operator"), type=POD),
    },
    bad={
        "GPUs by number": Case(_pod("CUDA_VISIBLE_DEVICES", value="0,1,2,3"), type=POD, at=FIRST_AT),
        "all GPUs": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="all"), type=POD, at=FIRST_AT),
        "value from a ConfigMap": Case(
            _pod("CUDA_VISIBLE_DEVICES", valueFrom={"configMapKeyRef": {"name": "gpus"}}), type=POD, at=FIRST_AT
        ),
        "a namespace that is not exempt": Case(
            _pod("NVIDIA_VISIBLE_DEVICES", value="all", namespace="team"), type=POD, at=FIRST_AT
        ),
        "a Deployment": Case(
            {"spec": {"template": _pod("CUDA_VISIBLE_DEVICES", value="0")}},
            type="kubernetes:apps/v1:Deployment",
            at=f"spec.template.{FIRST_AT}",
        ),
    },
)
