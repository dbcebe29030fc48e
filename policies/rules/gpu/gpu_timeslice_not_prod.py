"""GPUs that pods use in turns serve neither too many of them nor production inference.

What counts as production inference: pools whose nodes carry one of the labels, namespaces that are named or carry one.
Source: NVIDIA/k8s-device-plugin, README, "Shared Access to GPUs" (no isolation of memory or faults); read 2026-08.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import yaml

from catalog.sharing import SHARED_GPU, SHARING_LABEL
from common.values import UNKNOWN
from policies.pods import KUBERNETES, all_pods
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import (
    Option,
    Resource,
    Sample,
    Stack,
    StackCase,
    StackRule,
    View,
    WrongTypeError,
    at,
    at_if_known,
    each,
    keys,
    number,
    separately,
    text,
)
from policies.samples import A100, node_group, node_pool, pod
from policies.views import show

NAMESPACE, CONFIG_MAP = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:ConfigMap"
RELEASE = "kubernetes:helm.sh/v3:Release"
CONFIGS = {CONFIG_MAP: ("data",), RELEASE: ("values", "devicePlugin", "config", "data")}
CHARTS = ("gpu-operator", "nvidia-device-plugin")
TURNS = "a neighbour may take its memory or crash it"


def _marked(labelled: View, path: tuple[str, ...], wanted: Sequence[str]) -> str | None:
    """The label that says production inference."""
    return next((name for name in wanted if text(labelled, (*path, name)) not in ("", "false")), None)


def _pool(pool: Pool, labels: Sequence[str], replicas: float) -> Iterator[tuple[Resource, str, str]]:
    sharing = pool.sharing
    if sharing.strategy != "time-slicing":
        return
    if sharing.replicas > replicas:
        yield pool.resource, pool.labels_path, f"shares each GPU among {sharing.replicas} pods, over {replicas:g}"
    if marked := _marked(pool.resource, tuple(pool.labels_path.split(".")), labels):
        yield pool.resource, show(pool.label_path(marked)), f"promises production inference on shared GPUs: {TURNS}"


def _configs(resource: Resource, replicas: float) -> Iterator[tuple[Resource, str, str]]:
    """Configurations of the device plugin, each a YAML document or, in values, the map that becomes one."""
    if resource.type == RELEASE and not text(resource, "chart").endswith(CHARTS):
        return
    path, read = CONFIGS[resource.type], at if resource.type == RELEASE else at_if_known
    for name in keys(resource, path):
        written = read(resource, (*path, name))
        if isinstance(written, str):
            if "timeSlicing" not in written:
                continue
            try:
                written = yaml.safe_load(written)
            except yaml.YAMLError:
                place = resource.under((*path, name))
                raise WrongTypeError(resource, place, "a YAML document", written) from None
        config = View(resource, written, resource.under((*path, name)))
        for shared in each(config, "sharing.timeSlicing.resources"):
            if (number(shared, "replicas") or 0) > replicas:
                yield resource, shared.under("replicas"), f"is more than {replicas:g}"


def _container(container: View) -> Iterator[tuple[Resource, str, str]]:
    path = ("resources", "limits", SHARED_GPU)
    if text(container, path) not in ("", "0"):
        yield container.resource, container.under(path), f"takes production inference to a GPU that is shared: {TURNS}"


def check(
    stack: Stack, *, replicas: float, labels: Sequence[str], namespaces: Sequence[str]
) -> Iterator[tuple[Resource, str, str]]:
    yield from separately(pools(stack), lambda pool: _pool(pool, labels, replicas))
    yield from separately(stack.of(*CONFIGS), lambda resource: _configs(resource, replicas))
    production = {*namespaces}
    for namespace in stack.of(NAMESPACE):
        if _marked(namespace, ("metadata", "labels"), labels):
            production.add(text(namespace, "metadata.name"))
    for found in all_pods(stack):
        if found.namespace in production:
            yield from found.containers(_container)


def _with(labels: dict[str, str], **more: Sample) -> StackCase:
    """A node group with these labels. Its type does not matter here."""
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
    asked = pod({"limits": {resource: count}}, namespace=namespace)
    return StackCase({"model": Sample("kubernetes:core/v1:Pod", asked), **more}, at=("model", CONTAINER_AT))


SHARED, PRODUCTION = {SHARING_LABEL: "time-slicing-4"}, {"production-inference": "true"}
RELEASE_AT = "values.devicePlugin.config.data.config.sharing.timeSlicing.resources[0].replicas"
CONTAINER_AT = 'spec.containers[0].resources.limits["nvidia.com/gpu.shared"]'
MARKED = Sample(NAMESPACE, {"metadata": {"name": "models", "labels": PRODUCTION}})
BLOCK = {
    "gpu": Sample(NODE_GROUP, node_group(labels={SHARING_LABEL: "time-slicing-5"}), links={"launchTemplate": "block"}),
    "block": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
}

RULE = StackRule(
    id="gpu-timeslice-not-prod",
    applies_to=(NODE_GROUP, LAUNCH_TEMPLATE, KUBERNETES),
    severity="high",
    standards=("NVIDIA device plugin: shared access to GPUs",),
    why="A neighbour that takes all memory of the GPU, or crashes it, takes production down with itself.",
    fix="Give production inference MIG slices or whole GPUs (pools[].sharing); elsewhere, fewer replicas.",
    options={
        "replicas": Option("Most pods that may take turns on one GPU.", 4),
        "labels": Option("Labels of pools and namespaces of production inference.", ["production-inference"]),
        "namespaces": Option("Namespaces of production inference, by name.", ["production-inference"]),
    },
    dev="advisory",
    check=check,
    good={
        "nothing said, so GPUs stay whole": _with({}),
        "four in turns": _with(SHARED),
        "production on slices": _with({SHARING_LABEL: "mig-7x1g.10gb", **PRODUCTION}),
        "a label that says no": _with({**SHARED, "production-inference": "false"}),
        "operator": _operator(4),
        "another chart": _operator(10, chart="thing"),
        "file": StackCase({"file": Sample(CONFIG_MAP, _config(4))}),
        "a file about MPS": StackCase({"file": Sample(CONFIG_MAP, _config(10, strategy="mps"))}),
        "a file that is not known yet, and seldom about GPUs": _file(UNKNOWN),
        "another file": _file("{{ not: YAML"),
        "a turn for a notebook": _workload("team"),
        "a slice for production": _workload("production-inference", "nvidia.com/mig-1g.10gb"),
        "none of it": _workload("production-inference", count="0"),
        "a turn in a namespace without a name for it": _workload(
            "team", models=Sample(NAMESPACE, {"metadata": {"name": "team"}})
        ),
    },
    bad={
        "five in turns": _with({SHARING_LABEL: "time-slicing-5"}),
        "five in turns, by the operator's own label": _with({"nvidia.com/device-plugin.config": "time-slicing-5"}),
        "five in turns on a Capacity Block": StackCase(BLOCK, at=("gpu", "labels")),
        "production in turns": replace(_with({**SHARED, **PRODUCTION}), at=("gpu", "labels.production-inference")),
        "NodePool": StackCase(
            {"gpu": Sample(NODE_POOL, node_pool(A100, labels={**SHARED, **PRODUCTION}))},
            at=("gpu", "spec.template.metadata.labels.production-inference"),
        ),
        "operator": _operator(5),
        "device plugin": _operator(5, chart="nvidia-device-plugin"),
        "file": StackCase(
            {"file": Sample(CONFIG_MAP, _config(5))},
            at=("file", "data.config.sharing.timeSlicing.resources[0].replicas"),
        ),
        "a file that cannot be read": _file("timeSlicing: {"),
        "a turn for production": _workload("production-inference"),
        "a turn in a namespace that says so": _workload("models", models=MARKED),
    },
)
