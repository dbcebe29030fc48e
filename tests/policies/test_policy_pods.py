"""Pod specs are found in every kind of object."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from common.values import UNKNOWN, Secret
from common.wire import from_struct, to_struct
from policies.evaluate import evaluate_rule, evaluate_stack_rule
from policies.pods import ADDING, Pod, all_pods, in_pods, pods
from policies.rule import Case, EvaluationContext, NotKnownError, Stack, View, flag, number
from policies.views import Reads, Resource
from simulator.kubernetes.custom import schema_of
from tests.policies.policy_harness import ALL, RESOURCE_RULES, STACK_RULES, TODAY, findings, urn

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
    "jobset.x-k8s.io/v1alpha2:JobSet": (
        {"spec": {"replicatedJobs": [{"template": TEMPLATED}]}},
        "spec.replicatedJobs[0].template.spec.template.spec",
    ),
    "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet": (
        {"spec": {"leaderWorkerTemplate": {"workerTemplate": {"spec": SPEC}}}},
        "spec.leaderWorkerTemplate.workerTemplate.spec",
    ),
    "trainer.kubeflow.org/v1alpha1:TrainingRuntime": (
        {"spec": {"template": {"spec": {"replicatedJobs": [{"template": TEMPLATED}]}}}},
        "spec.template.spec.replicatedJobs[0].template.spec.template.spec",
    ),
    "core/v1:PodPatch": ({"spec": {"hostNetwork": True}}, "spec"),
    "batch/v1:CronJobPatch": (
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostPID": True}}}}}},
        "spec.jobTemplate.spec.template.spec",
    ),
    "example.com/v1:OnlyInit": ({"spec": {"worker": {"initContainers": [{}]}}}, "spec.worker"),
}


_PATCHED, _TEMPLATE = "spec.runtimePatches[0].trainingRuntimeSpec.template.spec", "spec.workflowSpec.templates[1]"
MODEL = {"modelFormat": {"name": "vllm"}, "securityContext": {"privileged": True}}
TRAINER = {"numNodes": 2, "resourcesPerNode": {"limits": {"x": 1}}}
PARTS: dict[str, tuple[dict[str, Any], list[tuple[str, list[str]]]]] = {
    "serving.kserve.io/v1beta1:InferenceService": (
        {"spec": {"predictor": {"model": MODEL, "workerSpec": {"hostIPC": True}}, "transformer": {"hostPID": True}}},
        [("spec.predictor", ["spec.predictor.model"]), ("spec.predictor.workerSpec", []), ("spec.transformer", [])],
    ),
    "serving.kserve.io/v1alpha2:LLMInferenceService": (
        {"spec": {"template": {"hostPID": True}, "prefill": {"worker": {"hostIPC": True}}}},
        [("spec.template", []), ("spec.prefill.worker", [])],
    ),
    "trainer.kubeflow.org/v1alpha1:TrainJob": (
        {
            "spec": {
                "trainer": TRAINER,
                "initializer": {"model": {"env": []}},
                "runtimePatches": [{"trainingRuntimeSpec": {"template": {"spec": SPEC}}}],
            }
        },
        [
            ("spec", ["spec.trainer"]),
            ("spec.initializer", ["spec.initializer.model"]),
            ("spec.runtimePatches[0].trainingRuntimeSpec.template.spec", [f"{_PATCHED}.containers[0]"]),
        ],
    ),
    "argoproj.io/v1alpha1:CronWorkflow": (
        {"spec": {"workflowSpec": {"templates": [{"dag": {}}, {"script": {"image": "x"}, "sidecars": [{}]}]}}},
        [
            ("spec.workflowSpec", []),
            ("spec.workflowSpec.templates[0]", []),
            (f"{_TEMPLATE}", [f"{_TEMPLATE}.sidecars[0]", f"{_TEMPLATE}.script"]),
        ],
    ),
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


@pytest.mark.parametrize("kind", PARTS)
def test_what_adds_to_the_pods_of_a_runtime_is_found(kind: str) -> None:
    props, expected = PARTS[kind]

    def places(pod: Pod) -> list[str]:
        return list(pod.containers(lambda container: [container.path]))

    for given, start in ((resource(kind, props), ""), (resource(f"{kind}List", {"items": [props]}), "items[0].")):
        found = list(pods(given))
        expected_there = [(start + path, [start + each for each in containers]) for path, containers in expected]
        assert sorted((pod.spec.path, places(pod)) for pod in found) == sorted(expected_there)
        assert all(pod.adds for pod in found), "what it leaves out may be set in the runtime"


def test_a_predictor_with_containers_of_its_own_is_a_whole_pod() -> None:
    whole = {"spec": {"predictor": {"containers": [{}]}}}
    assert [pod.adds for pod in pods(resource("serving.kserve.io/v1beta1:InferenceService", whole))] == [False]


def test_a_trainer_has_its_resources_under_their_own_name() -> None:
    (pod,) = pods(resource("trainer.kubeflow.org/v1alpha1:TrainJob", {"spec": {"trainer": TRAINER}}))
    seen = pod.containers(lambda view: [(view.under("resources.limits.x"), number(view, "resources.limits.x"))])
    assert list(seen) == [("spec.trainer.resourcesPerNode.limits.x", 1)]


def test_of_what_adds_to_a_pod_only_what_it_sets_is_judged() -> None:
    given = resource("serving.kserve.io/v1beta1:InferenceService", {"spec": {"predictor": {"model": MODEL}}})

    def check(pod: Pod) -> Iterator[tuple[str, str]]:
        for key in ("securityContext.privileged", "securityContext.runAsNonRoot"):
            yield from pod.containers(lambda container, key=key: [(container.under(key), "is wrong")])

    assert [path for path, _ in in_pods(given, (), check)] == ["spec.predictor.model.securityContext.privileged"]


def test_every_place_that_adds_to_a_pod_is_in_the_definition_of_its_kind() -> None:
    for kind, places in ADDING.items():
        group, _, name = kind.partition(":")
        versions = [
            version for version in ("v1", "v1beta1", "v1alpha1", "v1alpha2") if schema_of(f"{group}/{version}", name)
        ]
        assert versions, f"no chart of the catalog brings {kind}"
        for place, singles in places.items():
            schema = schema_of(f"{group}/{versions[0]}", name) or {}
            for step in place:
                schema = schema["items"] if step == "*" else schema["properties"][step]
            assert {*singles} - {""} <= schema["properties"].keys(), place


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
        ("serving.kserve.io/v1beta1:InferenceService", {"spec": {"predictor": UNKNOWN}}, "spec.predictor"),
        ("trainer.kubeflow.org/v1alpha1:TrainJobList", {"items": [{"spec": UNKNOWN}]}, "items[0].spec"),
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
    unknown.urn = urn("kubernetes:core/v1:Pod", "later")
    stack = Stack("", EvaluationContext("prod", TODAY), [unknown, known])

    def check(all_of: Stack) -> Iterator[tuple[Resource, str, str]]:
        return ((pod.spec.resource, pod.spec.path, "is a pod") for pod in all_pods(all_of))

    found = evaluate_stack_rule(replace(STACK_RULES[0], check=check, on_unknown="defer"), stack, {})
    assert [(each.kind, each.path) for each in found] == [("violation", "spec"), ("deferred", "spec")]


def paths_with(spec: Mapping[str, Any], check: Callable[[Pod], Iterable[str]]) -> list[tuple[str, str]]:
    """Returns kind and path of what a rule says whose check yields paths in the pod."""
    one = resource("core/v1:Pod", {"spec": spec})

    def yields(given: Resource) -> Iterator[tuple[str, str]]:
        return ((path, "is wrong") for pod in pods(given) for path in check(pod))

    rule = replace(RESOURCE_RULES[0], check=yields, on_unknown="defer", severity="high")
    return [(found.kind, found.path) for found in evaluate_rule(rule, one, {})]


def test_an_unknown_container_hides_neither_the_next_nor_the_init_containers() -> None:
    spec = {"containers": [UNKNOWN, {"x": True}], "initContainers": [{"x": True}]}
    found = paths_with(spec, lambda pod: pod.containers(lambda one: [one.path] if flag(one, "x") else []))
    assert found == [
        *(("violation", path) for path in ("spec.containers[1]", "spec.initContainers[0]")),
        ("deferred", "spec.containers[0]"),
    ]


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
    spec = {"x": {"y": UNKNOWN}, "containers": [{"x": {"y": True}}]}

    def on(holder: View) -> list[str]:
        return [holder.path] if flag(holder, "x.y") else []

    found = paths_with(spec, lambda pod: pod.levels("x.y", on))
    assert found == [("violation", "spec.containers[0]"), ("deferred", "spec.x.y")]


def test_pods_of_exempt_namespaces_are_left_out() -> None:
    in_a_list = {"items": [{"metadata": {"namespace": name}, **TEMPLATED} for name in ("drivers", "team")]}
    deployments = resource("apps/v1:DeploymentList", in_a_list)
    assert list(in_pods(deployments, ["drivers"], lambda pod: [(pod.namespace, "")])) == [("team", "")]


@pytest.mark.parametrize("kind", ["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"])
def test_what_the_prometheus_operator_runs_is_judged_like_a_pod(kind: str) -> None:
    def found(rule_id: str, **spec: Any) -> list[str]:
        case = Case({"spec": spec}, type=f"kubernetes:monitoring.coreos.com/v1:{kind}")
        return [each.path for each in findings(ALL[rule_id], case)]

    assert found("pss-no-host-access", hostNetwork=True) == ["spec.hostNetwork"]
    assert found("pss-no-host-access", volumes=[{"name": "x", "hostPath": {"path": "/"}}]) == [
        "spec.volumes[0].hostPath"
    ]
    assert found("img-pinned", image="quay.io/prometheus/x:latest") == ["spec.image"]
    assert found("img-pinned", containers=[{"name": "x", "image": "x:latest"}]) == ["spec.containers[0].image"]
    for rule_id in ("pss-no-host-access", "pss-run-as-nonroot", "img-pinned"):
        assert not found(rule_id, replicas=2, containers=[{"name": "prometheus"}]), "the operator says the rest"
