"""A container sets GPUs in its limits, as a whole number, and its requests are equal or absent.

Source: Kubernetes, "Schedule GPUs" and "Extended Resources"; read 2026-08.
"""

from collections.abc import Iterator

from policies.pods import KUBERNETES, in_containers
from policies.pools import quantity
from policies.rule import Case, Resource, Rule, View, keys
from policies.samples import limits, pod

PREFIXES = ("nvidia.com/", "aws.amazon.com/neuron", "amd.com/", "gpu.intel.com/", "habana.ai/", "google.com/tpu")


def accelerators(container: View) -> list[str]:
    """Returns the accelerator resources in the limits and requests of a container."""
    names = {name for kind in ("limits", "requests") for name in keys(container, ("resources", kind))}
    return sorted(name for name in names if name.startswith(PREFIXES))


def _container(container: View) -> Iterator[tuple[str, str]]:
    for name in accelerators(container):
        limit, request = (quantity(container, ("resources", kind, name)) for kind in ("limits", "requests"))
        path = container.under(("resources", "limits", name))
        if limit is None:
            yield path, "is not set, but requests name it, so the API server refuses the pod"
        elif limit % 1 != 0:
            yield path, f"is {limit:g}, but Kubernetes assigns whole GPUs only; request a MIG slice or a replica"
        elif request not in (None, limit):
            yield path, f"is {limit:g}, but the request is {request:g}; they must be equal"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_containers(resource, _container)


POD, DEPLOYMENT = "kubernetes:core/v1:Pod", "kubernetes:apps/v1:Deployment"
CLUSTER = "kubernetes:ray.io/v1:RayCluster"
GPU, NEURON = "nvidia.com/gpu", "aws.amazon.com/neuroncore"
LIMIT_AT = 'resources.limits["nvidia.com/gpu"]'
FIRST_AT = f"spec.containers[0].{LIMIT_AT}"


def _cluster(resources: dict[str, object]) -> dict[str, object]:
    return {"spec": {"workerGroupSpecs": [{"replicas": 2, "template": pod(resources)}]}}


RULE = Rule(
    id="gpu-request-equals-limit",
    applies_to=KUBERNETES,
    severity="high",
    standards=("Kubernetes: extended resources",),
    why="GPUs cannot be overcommitted, so the API server refuses a pod whose request and limit differ.",
    fix="Set the GPU in resources.limits only, as a whole number; Kubernetes sets the request to the same.",
    check=check,
    good={
        "nothing set, so no GPUs": Case(pod({}), type=POD),
        "only a limit": Case(pod({"limits": {GPU: 1}}), type=POD),
        "equal limit and request, as string and number": Case(
            pod({"limits": {GPU: "2"}, "requests": {GPU: 2}}), type=POD
        ),
        "fractions of a CPU": Case(pod({"limits": {"cpu": "500m"}, "requests": {"cpu": "250m"}}), type=POD),
        "a custom resource": Case(_cluster(limits(**{GPU: 8})), type=CLUSTER),
        "an object without pods": Case({"data": {"containers": "none"}}, type="kubernetes:core/v1:ConfigMap"),
    },
    bad={
        "only a request": Case(pod({"requests": {GPU: 1}}), type=POD, at=FIRST_AT),
        "limit and request differ": Case(pod({"limits": {GPU: 2}, "requests": {GPU: 1}}), type=POD, at=FIRST_AT),
        **{
            f"a device of {maker}": Case(
                pod({"requests": {f"{maker}x": 1}}), type=POD, at=f'spec.containers[0].resources.limits["{maker}x"]'
            )
            for maker in PREFIXES
        },
        "a model of KServe": Case(
            {"spec": {"predictor": {"model": {"modelFormat": {"name": "x"}, "resources": {"requests": {GPU: 1}}}}}},
            type="kubernetes:serving.kserve.io/v1beta1:InferenceService",
            at=f"spec.predictor.model.{LIMIT_AT}",
        ),
        "a trainer": Case(
            {"spec": {"trainer": {"resourcesPerNode": {"requests": {GPU: 8}}}}},
            type="kubernetes:trainer.kubeflow.org/v1alpha1:TrainJob",
            at='spec.trainer.resourcesPerNode.limits["nvidia.com/gpu"]',
        ),
        "half a GPU": Case(pod({"limits": {GPU: "0.5"}}), type=POD, at=FIRST_AT),
        "half a GPU, in thousandths": Case(pod({"limits": {GPU: "500m"}}), type=POD, at=FIRST_AT),
        "Neuron": Case(
            pod({"requests": {NEURON: 1}}),
            type=POD,
            at='spec.containers[0].resources.limits["aws.amazon.com/neuroncore"]',
        ),
        "the second container": Case(pod({}, {"requests": {GPU: 1}}), type=POD, at=f"spec.containers[1].{LIMIT_AT}"),
        "an init container": Case(
            pod({}, initContainers=[{"resources": {"requests": {GPU: 1}}}]),
            type=POD,
            at=f"spec.initContainers[0].{LIMIT_AT}",
        ),
        "a Deployment": Case(
            {"spec": {"template": pod({"requests": {GPU: 1}})}}, type=DEPLOYMENT, at=f"spec.template.{FIRST_AT}"
        ),
        "a DeploymentPatch": Case(
            {"spec": {"template": pod({"requests": {GPU: 1}})}},
            type=f"{DEPLOYMENT}Patch",
            at=f"spec.template.{FIRST_AT}",
        ),
        "a PodList": Case({"items": [pod({"requests": {GPU: 1}})]}, type=f"{POD}List", at=f"items[0].{FIRST_AT}"),
        "a CronJob": Case(
            {"spec": {"jobTemplate": {"spec": {"template": pod({"requests": {GPU: 1}})}}}},
            type="kubernetes:batch/v1:CronJob",
            at=f"spec.jobTemplate.spec.template.{FIRST_AT}",
        ),
        "a custom resource": Case(
            _cluster({"requests": {GPU: 1}}), type=CLUSTER, at=f"spec.workerGroupSpecs[0].template.{FIRST_AT}"
        ),
    },
)
