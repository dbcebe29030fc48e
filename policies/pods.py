"""Finds pod specs in Kubernetes objects: in a Pod, in a workload, or in a custom resource such as a RayCluster.

A map with a list of containers is a pod spec; nothing else in Kubernetes has this form. Some custom resources add to
pods that a runtime or a template of theirs describes: `ADDING` has their places. The pods of a Helm release are not
visible here: its values follow the chart's own schema.
Sources: definitions of KServe v0.20.0, Kubeflow Trainer v2, Argo Workflows, the Prometheus operator and that
of OpenTelemetry, at the versions of the catalog.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from common.values import UNKNOWN, Secret
from policies.rule import Option, each
from policies.views import NotKnownError, Path, Resource, Stack, View, present, show

Finding = TypeVar("Finding")

KUBERNETES = "kubernetes:*"
EXEMPT_NAMESPACES: Mapping[str, Option] = {
    "exempt_namespaces": Option("Namespaces of software that runs the nodes, such as drivers.", [], stricter="fewer")
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_WITHOUT_PODS = ("kubernetes:helm.sh/", "kubernetes:apiextensions.k8s.io/")  # definitions are long, and only describe
_PLAIN = (str, bool, int, float, type(None))
_PER_NODE = "resourcesPerNode"
_KEYS_BEFORE_PODS = ("containers", "jobTemplate", "template")
_WORKLOAD_TYPES = (
    *("kubernetes:core/v1:Pod", "kubernetes:core/v1:PodTemplate", "kubernetes:apps/v1:", "kubernetes:batch/v1:"),
    "kubernetes:core/v1:ReplicationController",
)
_MODELS = (
    *("model", "huggingface", "lightgbm", "onnx", "paddle", "pmml", "pytorch", "sklearn", "tensorflow", "triton"),
    "xgboost",
)
_STEPS = ("container", "script")
_Places = Mapping[tuple[str, ...], tuple[str, ...]]
ADDING: Mapping[str, _Places] = {
    "serving.kserve.io:InferenceService": {
        ("spec", "predictor"): _MODELS,
        ("spec", "predictor", "workerSpec"): (),
        ("spec", "transformer"): (),
        ("spec", "explainer"): ("art",),
    },
    "serving.kserve.io:LLMInferenceService": {
        ("spec", "template"): (),
        ("spec", "worker"): (),
        ("spec", "prefill", "template"): (),
        ("spec", "prefill", "worker"): (),
    },
    "trainer.kubeflow.org:TrainJob": {("spec",): ("trainer",), ("spec", "initializer"): ("dataset", "model")},
    **{
        f"argoproj.io:{kind}": {("spec",): (), ("spec", "templates", "*"): _STEPS}
        for kind in ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate")
    },
    **{
        f"{group}:{kind}": {("spec",): ("", "thanos") if kind == "Prometheus" else ("",)}
        for group, kinds in (
            ("monitoring.coreos.com", ("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler")),
            ("opentelemetry.io", ("OpenTelemetryCollector",)),
        )
        for kind in kinds
    },
    "argoproj.io:CronWorkflow": {("spec", "workflowSpec"): (), ("spec", "workflowSpec", "templates", "*"): _STEPS},
}
"""Kind -> where it has a part of a pod spec -> keys of containers there; `*`: any item, "": the part itself."""
_PATCHES = "runtimePatches"  # of a TrainJob: pod specs that are merged into those of its runtime


OF_OPERATORS = ("additionalContainers", "sidecars")
"""Lists of containers beside those that Kubernetes has."""


class _Added(View):
    """A container of a custom resource. A trainer calls its resources by another name."""

    def __init__(self, spec: View, name: str, value: Any) -> None:
        path = spec.under(name) if name else spec.path
        self.resources = f"{path}.resources"
        of_node = value.get(_PER_NODE) if isinstance(value, Mapping) else None
        super().__init__(spec.resource, value if of_node is None else {**value, "resources": of_node}, path)

    def under(self, path: Path) -> str:
        """Returns the path as the custom resource has it."""
        shown = super().under(path)
        of_node = isinstance(self.value, Mapping) and _PER_NODE in self.value
        return shown.replace(self.resources, self.path + f".{_PER_NODE}", 1) if of_node else shown


@dataclass(frozen=True)
class Pod:
    """One pod spec, and the namespace that the pod will run in; "" for one that is unknown before the update.

    adds: whether it is only a part, and something that is not visible here has the rest. singles: keys of containers
    that are in no list. secret: whether the pod spec is part of a secret.
    """

    spec: View
    namespace: str
    adds: bool = False
    singles: tuple[str, ...] = ()
    secret: bool = False

    def containers(
        self, check: Callable[[View], Iterable[Finding]], groups: Iterable[str] = (*_CONTAINERS, *OF_OPERATORS)
    ) -> Iterator[Finding]:
        """Yields what `check` finds in the containers, init containers and ephemeral containers."""
        lists = [*groups]
        singles = self.singles if "containers" in lists else ()
        for group in lists:
            for container in each(self.spec, group):
                yield from check(container)
        for name in singles:
            yield from check(_Added(self.spec, name, self.spec.value[name] if name else self.spec.value))

    def images(self) -> Iterator[tuple[View, str]]:
        """Yields what names an image, and the path there: the containers, and the volumes that an image fills."""
        yield from self.containers(lambda container: [(container, "image")])
        yield from ((volume, "image.reference") for volume in each(self.spec, "volumes"))

    def levels(self, path: Path, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
        """Yields what `check` finds in the pod spec and in the containers, as far as each decides about `path`.

        The pod spec decides where it sets the path. A container decides where it sets it too, or where only it can.
        """
        if of_pod := present(self.spec, path):
            yield from check(self.spec)
        yield from self.containers(
            lambda one: check(one) if not of_pod or (one.path != self.spec.path and present(one, path)) else ()
        )


def in_containers(resource: Resource, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
    """Yields what `check` finds in the containers of every pod spec in a Kubernetes object."""
    for pod in pods(resource):
        yield from pod.containers(check)


def in_pods(
    resource: Resource, exempt_namespaces: Collection[str], check: Callable[[Pod], Iterable[tuple[str, str]]]
) -> Iterator[tuple[str, str]]:
    """Yields what `check` finds in every pod spec of a Kubernetes object that is in no exempt namespace.

    Of what adds to a pod spec: in what it sets. What it leaves out may be set where it adds to.
    """
    for pod in pods(resource):
        if pod.namespace not in exempt_namespaces:
            yield from (found for found in check(pod) if not pod.adds or present(resource, found[0]))


def all_pods(stack: Stack) -> Iterator[Pod]:
    """Yields every pod spec in the Kubernetes objects of the stack. Raises NotKnownError."""
    for resource in stack.resources:
        if resource.type.startswith("kubernetes:"):
            yield from pods(resource)


def pods(resource: Resource) -> Iterator[Pod]:
    """Yields every pod spec in a Kubernetes object. Raises NotKnownError when an unknown value may contain one."""
    for found in resource.once(_found):
        if isinstance(found, str):
            if not resource.reads.is_absent(resource, found):
                raise NotKnownError(resource, found)
        else:
            resource.reads.secret |= found.secret
            yield found


def _found(resource: Resource) -> list[Pod | str]:
    """Returns the pod specs, and in their places the paths of unknown values that may contain one."""
    if resource.type.startswith(_WITHOUT_PODS):
        return []
    return [*_pods(resource, resource.value, (), "default", _adding(resource), secret=False)]


def _pods(
    resource: Resource, value: Any, path: tuple[str | int, ...], namespace: str, adding: _Places, *, secret: bool
) -> Iterator[Pod | str]:
    if isinstance(value, Secret):
        value, secret = value.value, True
    if value is UNKNOWN and _may_contain_pods(resource, path, adding):
        yield show(path)
    items: Iterable[tuple[str | int, Any]] = enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, Mapping):
        items, namespace = value.items(), _namespace(value, namespace)
        whole, singles = _is_pod_spec(resource, value, path), _singles(path, adding)
        if whole or singles is not None:
            alone = tuple(name for name in singles or () if not name or value.get(name) is not None)
            adds = _PATCHES in path or (singles is not None and ("" in singles or "containers" not in value))
            yield Pod(View(resource, value, show(path)), namespace, adds, alone, secret)
        if whole:
            return
    for key, item in items:
        if not isinstance(item, _PLAIN):
            yield from _pods(resource, item, (*path, key), namespace, adding, secret=secret)


def _is_pod_spec(resource: Resource, value: Mapping[str, Any], path: tuple[str | int, ...]) -> bool:
    """Tells whether a map is a pod spec. A patch may have one without containers, at its place in the workload."""
    for group in _CONTAINERS:
        given = value.get(group)
        if isinstance(given.value if isinstance(given, Secret) else given, list):
            return True
    of_pod = path == ("spec",) and resource.type == "kubernetes:core/v1:PodPatch"
    of_workload = path[-2:] == ("template", "spec") and resource.type.endswith("Patch")
    return of_pod or (of_workload and resource.type.startswith(_WORKLOAD_TYPES))


def _adding(resource: Resource) -> _Places:
    api, _, kind = resource.type.removeprefix("kubernetes:").rpartition(":")
    return ADDING.get(f"{api.partition('/')[0]}:{kind.removesuffix('Patch').removesuffix('List')}", {})


def _in_object(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Returns the path in an object, which may be an item of a list."""
    return path[2:] if path[:1] == ("items",) else path


def _leads(path: tuple[str | int, ...], place: tuple[str, ...]) -> bool:
    return all(step in (given, "*") for given, step in zip(path, place, strict=False))


def _singles(path: tuple[str | int, ...], adding: _Places) -> tuple[str, ...] | None:
    """Returns the keys of single containers, where a custom resource adds to a pod spec; None elsewhere."""
    inside = _in_object(path)
    found = (keys for place, keys in adding.items() if len(place) == len(inside) and _leads(inside, place))
    return next(found, None)


def _may_contain_pods(resource: Resource, path: tuple[str | int, ...], adding: _Places) -> bool:
    inside = _in_object(path)
    if any(0 < len(inside) <= len(place) and _leads(inside, place) for place in adding):
        return True
    if path and path[-1] in _KEYS_BEFORE_PODS:
        return True
    return path == ("spec",) and resource.type.startswith(_WORKLOAD_TYPES)


def _namespace(value: Mapping[str, Any], outer: str) -> str:
    metadata = value.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace is UNKNOWN:
        return ""
    return namespace if namespace and isinstance(namespace, str) else outer
