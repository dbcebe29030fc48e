"""Pod specs are found in every kind of object."""

from collections.abc import Mapping
from typing import Any

import pytest

from common.values import UNKNOWN, Secret
from common.wire import from_struct, to_struct
from policies.pods import all_pods, in_pods, pods
from policies.rule import EvaluationContext, NotKnownError, Stack, View, flag, number
from policies.views import Reads, Resource
from tests.policies.policy_harness import TODAY, urn

SPEC = {"containers": [{"name": "main"}]}
TEMPLATED = {"spec": {"template": {"spec": SPEC}}}
WORKLOADS = {
    "core/v1:Pod": ({"spec": SPEC}, "spec"),
    "core/v1:PodTemplate": ({"template": {"spec": SPEC}}, "template.spec"),
    **{f"apps/v1:{kind}": (TEMPLATED, "spec.template.spec") for kind in ("Deployment", "StatefulSet", "DaemonSet")},
    "apps/v1:ReplicaSet": (TEMPLATED, "spec.template.spec"),
    "apps/v1:DeploymentPatch": (TEMPLATED, "spec.template.spec"),
    "apps/v1:DeploymentList": ({"items": [TEMPLATED]}, "items[0].spec.template.spec"),
    "batch/v1:Job": (TEMPLATED, "spec.template.spec"),
    "batch/v1:CronJob": ({"spec": {"jobTemplate": TEMPLATED}}, "spec.jobTemplate.spec.template.spec"),
    "kubeflow.org/v1:PyTorchJob": (
        {"spec": {"pytorchReplicaSpecs": {"Worker": {"template": {"spec": SPEC}}}}},
        "spec.pytorchReplicaSpecs.Worker.template.spec",
    ),
    "serving.kserve.io/v1beta1:InferenceService": ({"spec": {"predictor": SPEC}}, "spec.predictor"),
    "core/v1:PodPatch": ({"spec": {"hostNetwork": True}}, "spec"),
    "batch/v1:CronJobPatch": (
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostPID": True}}}}}},
        "spec.jobTemplate.spec.template.spec",
    ),
    "example.com/v1:OnlyInit": ({"spec": {"worker": {"initContainers": [{}]}}}, "spec.worker"),
}


def resource(kind: str, props: Mapping[str, Any]) -> Resource:
    token = f"kubernetes:{kind}"
    return Resource(
        urn=urn(token),
        kind=token,
        read=lambda: from_struct(to_struct(props)),
        context=EvaluationContext("prod", TODAY),
        reads=Reads(),
    )


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_pod_spec_is_found_in_every_workload(kind: str) -> None:
    props, path = WORKLOADS[kind]
    assert [pod.spec.path for pod in pods(resource(kind, props))] == [path]


def test_every_pod_spec_of_an_object_is_found() -> None:
    cluster = {"spec": {"head": {"template": {"spec": SPEC}}, "workers": [{"template": {"spec": SPEC}}] * 2}}
    assert len(list(pods(resource("ray.io/v1:RayCluster", cluster)))) == 3


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        ("core/v1:ConfigMap", {"data": {"containers": "- name: main"}}),
        ("helm.sh/v3:Release", {"values": SPEC}),
        ("apiextensions.k8s.io/v1:CustomResourceDefinition", {"spec": {"default": SPEC}}),
        ("core/v1:PersistentVolumeClaim", {"spec": UNKNOWN}),
        ("core/v1:Pod", {"metadata": {"labels": {"later": UNKNOWN}}}),
        ("apps/v1:DeploymentPatch", {"spec": {"replicas": 2}}),
        ("serving.kserve.io/v1beta1:InferenceServicePatch", {"spec": {"template": {"spec": {"size": 1}}}}),
    ],
)
def test_other_objects_have_no_pod_specs(kind: str, props: Mapping[str, Any]) -> None:
    assert list(pods(resource(kind, props))) == []


@pytest.mark.parametrize(
    ("kind", "props", "path"),
    [
        ("core/v1:Pod", {"spec": UNKNOWN}, "spec"),
        ("core/v1:PodPatch", {"spec": UNKNOWN}, "spec"),
        ("batch/v1:CronJob", {"spec": UNKNOWN}, "spec"),
        ("apps/v1:Deployment", {"spec": {"template": UNKNOWN}}, "spec.template"),
        ("batch/v1:CronJob", {"spec": {"jobTemplate": UNKNOWN}}, "spec.jobTemplate"),
        ("ray.io/v1:RayCluster", {"spec": {"workers": [{"template": UNKNOWN}]}}, "spec.workers[0].template"),
        ("core/v1:Pod", {"spec": {"containers": UNKNOWN}}, "spec.containers"),
    ],
)
def test_an_unknown_value_may_contain_a_pod_spec(kind: str, props: Mapping[str, Any], path: str) -> None:
    with pytest.raises(NotKnownError) as error:
        list(pods(resource(kind, props)))
    assert error.value.path == path, "the reader must see which value is unknown"


def test_a_pod_runs_in_the_namespace_of_its_workload() -> None:
    named = {"metadata": {"namespace": "team"}, **TEMPLATED}
    assert [pod.namespace for pod in pods(resource("apps/v1:Deployment", named))] == ["team"]
    in_a_list = {"items": [named, TEMPLATED]}
    assert [pod.namespace for pod in pods(resource("apps/v1:DeploymentList", in_a_list))] == ["team", "default"]
    assert [pod.namespace for pod in pods(resource("core/v1:Pod", {"metadata": UNKNOWN, "spec": SPEC}))] == ["default"]


@pytest.mark.parametrize(
    ("props", "secret"),
    [
        ({"spec": SPEC}, False),
        ({"spec": Secret(SPEC)}, True),
        ({"spec": {"containers": Secret(SPEC["containers"])}}, True),
    ],
    ids=["nothing", "the spec", "the containers"],
)
def test_a_pod_spec_in_a_secret_is_found_and_marked_as_secret(props: Mapping[str, Any], secret: bool) -> None:
    pod_resource = resource("core/v1:Pod", props)
    assert [number(pod.spec, "containers[0].port", 1) for pod in pods(pod_resource)] == [1]
    assert pod_resource.reads.secret is secret, "a finding about it must not repeat its values"


def test_a_secret_beside_a_pod_spec_does_not_mark_it() -> None:
    props = {"metadata": {"annotations": Secret({"token": "x"})}, "spec": SPEC}
    pod_resource = resource("core/v1:Pod", props)
    assert len(list(pods(pod_resource))) == 1
    assert not pod_resource.reads.secret, "a finding may repeat values when no secret was read"


def test_an_unknown_object_does_not_hide_the_next() -> None:
    unknown, known = resource("core/v1:Pod", {"spec": UNKNOWN}), resource("core/v1:Pod", {"spec": SPEC})
    pod_specs = all_pods(Stack("", EvaluationContext("prod", TODAY), [unknown, known]))
    assert next(pod_specs).spec.resource is known
    with pytest.raises(NotKnownError):
        next(pod_specs)


def paths_with(check: Any) -> tuple[list[str], bool]:
    """Returns the paths that `check` yields, and whether it met an unknown value at the end."""
    paths: list[str] = []
    try:
        for path in check:
            paths.append(path)
    except NotKnownError:
        return paths, True
    return paths, False


def test_an_unknown_container_hides_neither_the_next_nor_the_init_containers() -> None:
    spec = {"containers": [UNKNOWN, {"x": True}], "initContainers": [{"x": True}]}
    (pod,) = pods(resource("core/v1:Pod", {"spec": spec}))
    found = paths_with(pod.containers(lambda container: [container.path] if flag(container, "x") else []))
    assert found == (["spec.containers[1]", "spec.initContainers[0]"], True)


@pytest.mark.parametrize(
    ("of_pod", "of_containers", "deciding"),
    [
        ({}, [{}, {"x": 1}], ["spec.containers[0]", "spec.containers[1]"]),
        ({"x": 1}, [{}, {"x": 1}], ["spec", "spec.containers[1]"]),
        ({"x": UNKNOWN}, [{}], ["spec"]),
        ({"x": 1}, [], ["spec"]),
    ],
    ids=["the containers", "both", "the pod, later", "a pod without containers"],
)
def test_pod_and_containers_decide_about_a_field_as_kubernetes_has_it(
    of_pod: dict[str, object], of_containers: list[dict[str, object]], deciding: list[str]
) -> None:
    (pod,) = pods(resource("core/v1:Pod", {"spec": {"containers": of_containers, **of_pod}}))
    assert [holder.path for holder in pod.levels("x", lambda holder: [holder])] == deciding


def test_an_unknown_value_of_the_pod_does_not_hide_its_containers() -> None:
    (pod,) = pods(resource("core/v1:Pod", {"spec": {"x": {"y": UNKNOWN}, "containers": [{"x": {"y": True}}]}}))

    def on(holder: View) -> list[str]:
        return [holder.path] if flag(holder, "x.y") else []

    assert paths_with(pod.levels("x.y", on)) == (["spec.containers[0]"], True)


def test_pods_of_exempt_namespaces_are_left_out() -> None:
    in_a_list = {"items": [{"metadata": {"namespace": name}, **TEMPLATED} for name in ("drivers", "team")]}
    deployments = resource("apps/v1:DeploymentList", in_a_list)
    assert list(in_pods(deployments, ["drivers"], lambda pod: [pod.namespace])) == ["team"]
