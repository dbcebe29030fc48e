"""Which GPUs a container sees is for the device plugin to say.

Source: NVIDIA container toolkit, "Specialized Configurations with Docker", environment variables; read 2026-08.
"""

from collections.abc import Iterator, Sequence

from policies.pods import KUBERNETES, pods
from policies.rule import Case, Option, Resource, Rule, View, every, present, text
from policies.samples import pod

NAMES = ("NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
NOTHING_SEEN = ("", "void", "none")  # with these a container gives GPUs up, which takes nothing from others


def _variable(variable: View) -> Iterator[tuple[str, str]]:
    if text(variable, "name") not in NAMES:
        return
    if present(variable, "valueFrom") or text(variable, "value") not in NOTHING_SEEN:
        yield variable.under("value"), "names GPUs by itself, past the device plugin that hands them out"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    for found in pods(resource):
        if found.namespace not in exempt_namespaces:
            yield from found.containers(lambda container: every(container, "env", _variable))


POD = "kubernetes:core/v1:Pod"
FIRST_AT = "spec.containers[0].env[0].value"


def _pod(name: str, namespace: str = "", **value: object) -> dict[str, object]:
    return pod(namespace=namespace, containers=[{"name": "main", "env": [{"name": name, **value}]}])


RULE = Rule(
    id="gpu-no-visible-devices-env",
    applies_to=KUBERNETES,
    severity="high",
    standards=("NVIDIA container toolkit: environment variables",),
    why="With this variable a container reaches GPUs that were given to other pods, or all of them without asking.",
    fix="Take the variable out and ask for GPUs under resources.limits; the device plugin sets it.",
    options={"exempt_namespaces": Option("Namespaces of what manages GPUs itself.", ["gpu-operator", "kube-system"])},
    dev="advisory",
    check=check,
    good={
        "nothing said": Case(pod({}), type=POD),
        "another variable": Case(_pod("NCCL_DEBUG", value="INFO"), type=POD),
        "GPUs given up": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="void"), type=POD),
        "left empty": Case(_pod("CUDA_VISIBLE_DEVICES"), type=POD),
        "what manages GPUs": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="all", namespace="gpu-operator"), type=POD),
    },
    bad={
        "by number": Case(_pod("CUDA_VISIBLE_DEVICES", value="0,1,2,3"), type=POD, at=FIRST_AT),
        "all": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="all"), type=POD, at=FIRST_AT),
        "from somewhere else": Case(
            _pod("CUDA_VISIBLE_DEVICES", valueFrom={"configMapKeyRef": {"name": "gpus"}}), type=POD, at=FIRST_AT
        ),
        "in another namespace": Case(
            _pod("NVIDIA_VISIBLE_DEVICES", value="all", namespace="team"), type=POD, at=FIRST_AT
        ),
        "in a deployment": Case(
            {"spec": {"template": _pod("CUDA_VISIBLE_DEVICES", value="0")}},
            type="kubernetes:apps/v1:Deployment",
            at=f"spec.template.{FIRST_AT}",
        ),
    },
)
