"""A container requests at most one replica of a GPU that is shared by time-slicing or MPS.

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
            "is more than 1: the kubelet refuses such a pod, because it would get no larger share of the GPU",
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
    why="Two replicas are not a larger share; such a pod fails with UnexpectedAdmissionError and does not recover.",
    fix="Request nvidia.com/gpu.shared: 1; for more than that, use a MIG slice or a whole GPU.",
    mend={'["nvidia.com/gpu.shared"]': 1},
    dev="advisory",
    check=check,
    good={
        "nothing set, so no GPUs": Case(pod({}), type=POD),
        "one replica": Case(pod({"limits": {SHARED_GPU: 1}}), type=POD),
        "two whole GPUs": Case(pod({"limits": {"nvidia.com/gpu": 2}}), type=POD),
    },
    bad={
        "two replicas": Case(pod({"limits": {SHARED_GPU: "2"}}), type=POD, at=FIRST_AT),
        "a Deployment": Case(
            {"spec": {"template": pod({"limits": {SHARED_GPU: 4}})}},
            type="kubernetes:apps/v1:Deployment",
            at=f"spec.template.{FIRST_AT}",
        ),
    },
)
