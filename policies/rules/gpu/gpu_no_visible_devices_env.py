"""Only the device plugin decides which GPUs a container sees.

A variable may come from a ConfigMap or a Secret (envFrom), which is looked at itself, or from a line of the command. A
folder of devices of the node gives them too. Source: NVIDIA container toolkit, "Specialized Configurations with
Docker", environment variables; read 2026-08.
"""

import re
from collections.abc import Iterator, Sequence

from policies.objects import objects
from policies.pods import KUBERNETES, Pod, in_pods
from policies.rule import Case, Option, Resource, Rule, View, at, each, present, text
from policies.samples import pod

NAMES = ("NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
NO_GPUS = ("", "void", "none")  # with these values a container gives up GPUs, which does no harm to others
SET = re.compile(rf"\b({'|'.join(NAMES)})=(?![\"']*(void|none)?[\"']*([\s;&|]|$))")
DEVICES = re.compile(r"/*(dev(/+(nvidia.*|dri.*|kfd|neuron.*))?/*)?")
PROBLEM = "selects GPUs without the device plugin, which assigns them"
Found = Iterator[tuple[str, str]]


def _variable(variable: View) -> Found:
    if text(variable, "name") not in NAMES:
        return
    if present(variable, "valueFrom") or text(variable, "value") not in NO_GPUS:
        yield variable.under("value"), PROBLEM


def _container(container: View) -> Found:
    for variable in each(container, "env"):
        yield from _variable(variable)
    for key in ("command", "args", "source"):
        yield from _line(container, key)


def _line(container: View, key: str) -> Found:
    given = at(container, key, [])
    if any(SET.search(str(line)) for line in (given if isinstance(given, list) else [given])):
        yield container.under(key), PROBLEM


def _of_pod(pod: Pod) -> Found:
    yield from pod.containers(_container)
    for volume in each(pod.spec, "volumes"):
        path = "hostPath.path"
        if present(volume, path) and DEVICES.fullmatch(text(volume, path)):
            yield volume.under(path), "shows devices of the node without the device plugin, which assigns them"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Found:
    configs = (config for kind in ("ConfigMap", "Secret") for config in objects(resource, "core", kind))
    for config in configs:
        for path in [(key, name) for key in ("data", "stringData") for name in NAMES]:
            if text(config, path) not in NO_GPUS:
                yield config.under(path), f"is for the environment of a pod, and {PROBLEM}"
    yield from in_pods(resource, exempt_namespaces, _of_pod)


POD = "kubernetes:core/v1:Pod"
FIRST_AT = "spec.containers[0].env[0].value"


def _pod(name: str, namespace: str = "", **value: object) -> dict[str, object]:
    return pod(namespace=namespace, containers=[{"name": "main", "env": [{"name": name, **value}]}])


def _line_of(line: str) -> dict[str, object]:
    return {"name": "main", "command": ["sh", "-c", line]}


def _volumes(path: str) -> dict[str, object]:
    return pod(volumes=[{"name": "gpu", "hostPath": {"path": path}}], containers=[{"name": "main"}])


CONFIG_MAP, MODEL = "kubernetes:core/v1:ConfigMap", "kubernetes:serving.kserve.io/v1beta1:InferenceService"
TRAIN_JOB, WORKFLOW = "kubernetes:trainer.kubeflow.org/v1alpha1:TrainJob", "kubernetes:argoproj.io/v1alpha1:Workflow"
ALL_GPUS = {"env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}

RULE = Rule(
    id="gpu-no-visible-devices-env",
    applies_to=KUBERNETES,
    severity="high",
    standards=("NVIDIA container toolkit: environment variables",),
    why="With this variable a container can use all GPUs of the node, even those of other pods.",
    fix="Remove the variable and request GPUs under resources.limits; the device plugin then sets it.",
    options={
        "exempt_namespaces": Option("Namespaces of software that manages GPUs.", ["gpu-operator"], stricter="fewer")
    },
    dev="advisory",
    check=check,
    good={
        "nothing set": Case(pod({}), type=POD),
        "another variable": Case(_pod("NCCL_DEBUG", value="INFO"), type=POD),
        "GPUs given up": Case(_pod("NVIDIA_VISIBLE_DEVICES", value="void"), type=POD),
        "an empty value": Case(_pod("CUDA_VISIBLE_DEVICES"), type=POD),
        "GPUs given up in a command": Case(pod(containers=[_line_of("export CUDA_VISIBLE_DEVICES='' X=1")]), type=POD),
        "GPUs given up by a word": Case(pod(containers=[_line_of("NVIDIA_VISIBLE_DEVICES=void; run")]), type=POD),
        "a command that shows it": Case(pod(containers=[_line_of("echo $CUDA_VISIBLE_DEVICES")]), type=POD),
        "another folder of the node": Case(_volumes("/var/log"), type=POD),
        "another ConfigMap": Case({"data": {"NCCL_DEBUG": "INFO", "CUDA_VISIBLE_DEVICES": "none"}}, type=CONFIG_MAP),
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
        "kube-system, which anybody may name": Case(
            _pod("NVIDIA_VISIBLE_DEVICES", value="all", namespace="kube-system"), type=POD, at=FIRST_AT
        ),
        **{
            f"a command: {line}": Case(pod(containers=[_line_of(line)]), type=POD, at="spec.containers[0].command")
            for line in ("export NVIDIA_VISIBLE_DEVICES=all && train", 'CUDA_VISIBLE_DEVICES="0,1" train')
        },
        "arguments": Case(
            pod(containers=[{"args": ["env", "CUDA_VISIBLE_DEVICES=0"]}]), type=POD, at="spec.containers[0].args"
        ),
        "the script of a workflow": Case(
            {"spec": {"templates": [{"name": "x", "script": {"source": "export CUDA_VISIBLE_DEVICES=0"}}]}},
            type=WORKFLOW,
            at="spec.templates[0].script.source",
        ),
        "a ConfigMap for envFrom": Case(
            {"data": {"NVIDIA_VISIBLE_DEVICES": "all"}}, type=CONFIG_MAP, at="data.NVIDIA_VISIBLE_DEVICES"
        ),
        "a Secret for envFrom": Case(
            {"stringData": {"CUDA_VISIBLE_DEVICES": "0"}},
            type="kubernetes:core/v1:Secret",
            at="stringData.CUDA_VISIBLE_DEVICES",
        ),
        **{
            f"the folder {path}": Case(_volumes(path), type=POD, at="spec.volumes[0].hostPath.path")
            for path in ("/dev/nvidia0", "/dev", "/", "/dev/dri/renderD128", "/dev/neuron0")
        },
        "a model of KServe": Case(
            {"spec": {"predictor": {"model": {"modelFormat": {"name": "x"}, **ALL_GPUS}}}},
            type=MODEL,
            at="spec.predictor.model.env[0].value",
        ),
        "a trainer": Case({"spec": {"trainer": ALL_GPUS}}, type=TRAIN_JOB, at="spec.trainer.env[0].value"),
        "a Deployment": Case(
            {"spec": {"template": _pod("CUDA_VISIBLE_DEVICES", value="0")}},
            type="kubernetes:apps/v1:Deployment",
            at=f"spec.template.{FIRST_AT}",
        ),
    },
)
