"""GPUs with time-slicing have few replicas, and no GPU that is shared without isolation runs production inference.

Production inference means: pools whose nodes have one of the labels, and namespaces that have one or are in the list.
Sources: NVIDIA/k8s-device-plugin, README, "Shared Access to GPUs" (no isolation of memory or faults); NVIDIA,
"Multi-Process Service", error containment (a fatal fault of one client reaches all clients of the GPU); read 2026-11.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import yaml

from catalog.sharing import SHARED_GPU, SHARING_LABEL
from common.values import UNKNOWN
from policies.pods import KUBERNETES, all_pods
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Option, Sample, StackCase, StackRule
from policies.samples import A100, node_group, node_group_of_template, node_pool, pod
from policies.views import Resource, Stack, View, WrongTypeError, at, at_if_known, each, keys, number, show, text

NAMESPACE, CONFIG_MAP = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:ConfigMap"
RELEASE = "kubernetes:helm.sh/v3:Release"
CONFIGS = {CONFIG_MAP: ("data",), RELEASE: ("values", "devicePlugin", "config", "data")}
CHARTS = ("gpu-operator", "nvidia-device-plugin")
SHARED_WITHOUT_WALLS = ("time-slicing", "mps")  # with MPS a limit of memory holds, but a fault ends all clients
RISK = "another pod may take its memory or crash it"


def _production_label(view: View, path: tuple[str, ...], labels: Sequence[str]) -> str | None:
    """Returns the label that marks production inference, or None."""
    return next((name for name in labels if text(view, (*path, name)) not in ("", "false")), None)


def _pool(pool: Pool, labels: Sequence[str], replicas: float) -> Iterator[tuple[Resource, str, str]]:
    sharing = pool.sharing
    if sharing.strategy not in SHARED_WITHOUT_WALLS:
        return
    if sharing.strategy == "time-slicing" and sharing.replicas > replicas:
        yield pool.resource, pool.labels_path, f"set time-slicing with {sharing.replicas} replicas, above {replicas:g}"
    if label := _production_label(pool.resource, tuple(pool.labels_path.split(".")), labels):
        yield (
            pool.resource,
            show(pool.label_path(label)),
            f"puts production inference on GPUs shared by {sharing.strategy}: {RISK}",
        )


def _configs(resource: Resource, replicas: float) -> Iterator[tuple[Resource, str, str]]:
    """Checks configurations of the device plugin. Each is a YAML document or, in Helm values, a map."""
    if resource.type == RELEASE and not text(resource, "chart").endswith(CHARTS):
        return
    path, read = CONFIGS[resource.type], at if resource.type == RELEASE else at_if_known
    for name in keys(resource, path):
        content, config_path = read(resource, (*path, name)), resource.under((*path, name))
        if isinstance(content, str):
            if "timeSlicing" not in content:
                continue
            try:
                content = yaml.safe_load(content)
            except yaml.YAMLError:
                raise WrongTypeError(resource, config_path, "a YAML document", content) from None
        config = View(resource, content, config_path)
        for shared in each(config, "sharing.timeSlicing.resources"):
            if (number(shared, "replicas") or 0) > replicas:
                yield resource, shared.under("replicas"), f"is more than {replicas:g}"


def _container(container: View) -> Iterator[tuple[Resource, str, str]]:
    path = ("resources", "limits", SHARED_GPU)
    if text(container, path) not in ("", "0"):
        yield container.resource, container.under(path), f"puts production inference on a shared GPU: {RISK}"


def check(
    stack: Stack, *, replicas: float, labels: Sequence[str], namespaces: Sequence[str]
) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        yield from _pool(pool, labels, replicas)
    for resource in stack.of(*CONFIGS):
        yield from _configs(resource, replicas)
    production_namespaces = {*namespaces}
    for namespace in stack.of(NAMESPACE):
        if _production_label(namespace, ("metadata", "labels"), labels):
            production_namespaces.add(text(namespace, "metadata.name"))
    for pod_spec in all_pods(stack):
        if pod_spec.namespace in production_namespaces:
            yield from pod_spec.containers(_container)


def _with(labels: dict[str, str], **more: Sample) -> StackCase:
    """Returns a stack of a node group with these labels. Its instance type does not matter here."""
    group = Sample(NODE_GROUP, node_group(A100, labels=labels))
    return StackCase({"gpu": group, **more}, at=("gpu", "labels"))


def _config(replicas: int, strategy: str = "timeSlicing") -> dict[str, object]:
    shared = {strategy: {"resources": [{"name": "nvidia.com/gpu", "replicas": replicas}]}}
    return {"data": {"config": yaml.safe_dump({"version": "v1", "sharing": shared})}}


def _operator(replicas: int, chart: str = "gpu-operator") -> StackCase:
    values = {"devicePlugin": {"config": {"create": True, **_config(replicas)}}}
    return StackCase({"operator": Sample(RELEASE, {"chart": chart, "values": values})}, at=("operator", RELEASE_AT))


def _file(content: object) -> StackCase:
    return StackCase({"file": Sample(CONFIG_MAP, {"data": {"config": content}})}, at=("file", "data.config"))


def _workload(namespace: str, resource: str = SHARED_GPU, count: object = 1, **more: Sample) -> StackCase:
    requesting = pod({"limits": {resource: count}}, namespace=namespace)
    return StackCase({"model": Sample("kubernetes:core/v1:Pod", requesting), **more}, at=("model", CONTAINER_AT))


SHARED, PRODUCTION = {SHARING_LABEL: "time-slicing-4"}, {"production-inference": "true"}
RELEASE_AT = "values.devicePlugin.config.data.config.sharing.timeSlicing.resources[0].replicas"
CONTAINER_AT = 'spec.containers[0].resources.limits["nvidia.com/gpu.shared"]'
MARKED = Sample(NAMESPACE, {"metadata": {"name": "models", "labels": PRODUCTION}})
BLOCK = {
    "gpu": Sample(
        NODE_GROUP, node_group_of_template(labels={SHARING_LABEL: "time-slicing-5"}), links={"launchTemplate": "block"}
    ),
    "block": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
}

RULE = StackRule(
    id="gpu-timeslice-not-prod",
    applies_to=(NODE_GROUP, LAUNCH_TEMPLATE, KUBERNETES),
    severity="high",
    standards=("NVIDIA device plugin: shared access to GPUs",),
    why="Another pod that uses all memory of the GPU, or crashes it, stops production as well.",
    fix="Give production inference MIG slices or whole GPUs (pools[].sharing); for other pods, set fewer replicas.",
    options={
        "replicas": Option("The most time-slicing replicas of one GPU.", 4, stricter="less"),
        "labels": Option(
            "Labels that mark pools and namespaces of production inference.", ["production-inference"], stricter="more"
        ),
        "namespaces": Option("Names of namespaces of production inference.", ["production-inference"], stricter="more"),
    },
    dev="advisory",
    check=check,
    good={
        "nothing set, so GPUs stay whole": _with({}),
        "four replicas": _with(SHARED),
        "many replicas with MPS": _with({SHARING_LABEL: "mps-16"}),
        "production on MIG slices": _with({SHARING_LABEL: "mig-7x1g.10gb", **PRODUCTION}),
        "a production label with the value false": _with({**SHARED, "production-inference": "false"}),
        "GPU operator with four replicas": _operator(4),
        "another chart": _operator(10, chart="thing"),
        "file": StackCase({"file": Sample(CONFIG_MAP, _config(4))}),
        "a configuration of MPS": StackCase({"file": Sample(CONFIG_MAP, _config(10, strategy="mps"))}),
        "an unknown file, which is rarely about GPUs": _file(UNKNOWN),
        "a file of another program": _file("{{ not: YAML"),
        "a replica for a notebook": _workload("team"),
        "a MIG slice for production": _workload("production-inference", "nvidia.com/mig-1g.10gb"),
        "zero replicas for production": _workload("production-inference", count="0"),
        "a replica in a namespace without the label": _workload(
            "team", models=Sample(NAMESPACE, {"metadata": {"name": "team"}})
        ),
    },
    bad={
        "five replicas": _with({SHARING_LABEL: "time-slicing-5"}),
        "five replicas, by the GPU operator's label": _with({"nvidia.com/device-plugin.config": "time-slicing-5"}),
        "five replicas on a Capacity Block": StackCase(BLOCK, at=("gpu", "labels")),
        "production on time-sliced GPUs": replace(
            _with({**SHARED, **PRODUCTION}), at=("gpu", "labels.production-inference")
        ),
        "production on GPUs with MPS": replace(
            _with({SHARING_LABEL: "mps-4", **PRODUCTION}), at=("gpu", "labels.production-inference")
        ),
        "production on a time-sliced NodePool": StackCase(
            {"gpu": Sample(NODE_POOL, node_pool(A100, labels={**SHARED, **PRODUCTION}))},
            at=("gpu", "spec.template.metadata.labels.production-inference"),
        ),
        "GPU operator with five replicas": _operator(5),
        "device plugin with five replicas": _operator(5, chart="nvidia-device-plugin"),
        "configuration with five replicas": StackCase(
            {"file": Sample(CONFIG_MAP, _config(5))},
            at=("file", "data.config.sharing.timeSlicing.resources[0].replicas"),
        ),
        "a configuration that is not YAML": _file("timeSlicing: {"),
        "a replica for production": _workload("production-inference"),
        "a replica in a namespace with the label": _workload("models", models=MARKED),
    },
)
