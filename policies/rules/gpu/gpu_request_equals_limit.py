"""What a container asks of GPUs stands in its limits, whole, and its requests say the same.

Source: Kubernetes, "Schedule GPUs" and "Extended Resources"; read 2026-08.
"""

from collections.abc import Iterator

from policies.pods import KUBERNETES, in_containers
from policies.pools import quantity
from policies.rule import Case, Resource, Rule, View, keys
from policies.samples import limits, pod

PREFIXES = ("nvidia.com/", "aws.amazon.com/neuron")


def accelerators(container: View) -> list[str]:
    """The accelerator resources that the container names, in limits or in requests."""
    named = {name for kind in ("limits", "requests") for name in keys(container, ("resources", kind))}
    return sorted(name for name in named if name.startswith(PREFIXES))


def _container(container: View) -> Iterator[tuple[str, str]]:
    for name in accelerators(container):
        limit, request = (quantity(container, ("resources", kind, name)) for kind in ("limits", "requests"))
        place = container.under(("resources", "limits", name))
        if limit is None:
            yield place, "is not set, though requests name it, and the API server refuses the pod"
        elif limit % 1 != 0:
            yield place, f"is {limit:g}, and there are no parts of a GPU to be had so; ask for a slice"
        elif request not in (None, limit):
            yield place, f"is {limit:g} and the request {request:g}; they have to be equal"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_containers(resource, _container)


POD, DEPLOYMENT = "kubernetes:core/v1:Pod", "kubernetes:apps/v1:Deployment"
CLUSTER = "kubernetes:ray.io/v1:RayCluster"
GPU, NEURON = "nvidia.com/gpu", "aws.amazon.com/neuroncore"
LIMIT_AT = 'resources.limits["nvidia.com/gpu"]'
FIRST_AT = f"spec.containers[0].{LIMIT_AT}"


def _cluster(asked: dict[str, object]) -> dict[str, object]:
    return {"spec": {"workerGroupSpecs": [{"replicas": 2, "template": pod(asked)}]}}


RULE = Rule(
    id="gpu-request-equals-limit",
    applies_to=KUBERNETES,
    severity="high",
    standards=("Kubernetes: extended resources",),
    why="GPUs cannot be overcommitted, so the API server refuses a pod that asks for two numbers of them.",
    fix="Name the GPU under resources.limits alone, as a whole number; the request follows from it.",
    check=check,
    good={
        "nothing said of GPUs": Case(pod({}), type=POD),
        "the limit alone": Case(pod({"limits": {GPU: 1}}), type=POD),
        "both, written in two ways": Case(pod({"limits": {GPU: "2"}, "requests": {GPU: 2}}), type=POD),
        "parts of a processor": Case(pod({"limits": {"cpu": "500m"}, "requests": {"cpu": "250m"}}), type=POD),
        "in a custom resource": Case(_cluster(limits(**{GPU: 8})), type=CLUSTER),
        "no pod at all": Case({"data": {"containers": "none"}}, type="kubernetes:core/v1:ConfigMap"),
    },
    bad={
        "the request alone": Case(pod({"requests": {GPU: 1}}), type=POD, at=FIRST_AT),
        "two numbers": Case(pod({"limits": {GPU: 2}, "requests": {GPU: 1}}), type=POD, at=FIRST_AT),
        "half of one": Case(pod({"limits": {GPU: "0.5"}}), type=POD, at=FIRST_AT),
        "thousandths": Case(pod({"limits": {GPU: "500m"}}), type=POD, at=FIRST_AT),
        "Neuron": Case(
            pod({"requests": {NEURON: 1}}),
            type=POD,
            at='spec.containers[0].resources.limits["aws.amazon.com/neuroncore"]',
        ),
        "the second container": Case(pod({}, {"requests": {GPU: 1}}), type=POD, at=f"spec.containers[1].{LIMIT_AT}"),
        "a container that runs first": Case(
            pod({}, initContainers=[{"resources": {"requests": {GPU: 1}}}]),
            type=POD,
            at=f"spec.initContainers[0].{LIMIT_AT}",
        ),
        "in a deployment": Case(
            {"spec": {"template": pod({"requests": {GPU: 1}})}}, type=DEPLOYMENT, at=f"spec.template.{FIRST_AT}"
        ),
        "in a patch": Case(
            {"spec": {"template": pod({"requests": {GPU: 1}})}},
            type=f"{DEPLOYMENT}Patch",
            at=f"spec.template.{FIRST_AT}",
        ),
        "in a list": Case({"items": [pod({"requests": {GPU: 1}})]}, type=f"{POD}List", at=f"items[0].{FIRST_AT}"),
        "in a job that comes back": Case(
            {"spec": {"jobTemplate": {"spec": {"template": pod({"requests": {GPU: 1}})}}}},
            type="kubernetes:batch/v1:CronJob",
            at=f"spec.jobTemplate.spec.template.{FIRST_AT}",
        ),
        "in a custom resource": Case(
            _cluster({"requests": {GPU: 1}}),
            type=CLUSTER,
            at=f"spec.workerGroupSpecs[0].template.{FIRST_AT}",
        ),
    },
)
