"""Nobody asks for two turns on a GPU that is shared by time or by MPS.

Source: NVIDIA/k8s-device-plugin, README, "Shared Access to GPUs" (failRequestsGreaterThanOne); read 2026-08.
"""

from collections.abc import Iterator

from catalog.sharing import SHARED_GPU
from policies.pods import KUBERNETES, in_containers
from policies.pools import quantity
from policies.rule import Case, Resource, Rule, View
from policies.samples import pod


def _container(container: View) -> Iterator[tuple[str, str]]:
    path = ("resources", "limits", SHARED_GPU)
    if (quantity(container, path) or 0) > 1:
        yield (
            container.under(path),
            "is more than 1: the kubelet refuses such a pod, since it would get no more of the GPU",
        )


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_containers(resource, _container)


POD = "kubernetes:core/v1:Pod"
FIRST_AT = 'spec.containers[0].resources.limits["nvidia.com/gpu.shared"]'

RULE = Rule(
    id="gpu-shared-request-one",
    applies_to=KUBERNETES,
    severity="medium",
    standards=("NVIDIA device plugin: shared access to GPUs",),
    why="Two turns on one GPU are no larger share of it; such a pod ends in UnexpectedAdmissionError and stays there.",
    fix="Ask for nvidia.com/gpu.shared: 1; for more than a turn take a MIG slice or a whole GPU.",
    dev="advisory",
    check=check,
    good={
        "nothing said of GPUs": Case(pod({}), type=POD),
        "one turn": Case(pod({"limits": {SHARED_GPU: 1}}), type=POD),
        "two whole GPUs": Case(pod({"limits": {"nvidia.com/gpu": 2}}), type=POD),
    },
    bad={
        "two turns": Case(pod({"limits": {SHARED_GPU: "2"}}), type=POD, at=FIRST_AT),
        "in a deployment": Case(
            {"spec": {"template": pod({"limits": {SHARED_GPU: 4}})}},
            type="kubernetes:apps/v1:Deployment",
            at=f"spec.template.{FIRST_AT}",
        ),
    },
)
