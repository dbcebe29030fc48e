"""Finds pod specs in Kubernetes objects: in a Pod, in a workload, or in a custom resource such as a RayCluster.

A map with a list of containers is a pod spec; nothing else in Kubernetes has this form. The pods of a Helm release
are not visible here: its values follow the chart's own schema.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from common.values import UNKNOWN, Secret
from policies.rule import Option
from policies.views import (
    NotKnownError,
    Path,
    Resource,
    Stack,
    View,
    check_each,
    collect_all,
    collect_from,
    present,
    show,
)

Finding = TypeVar("Finding")

KUBERNETES = "kubernetes:*"
EXEMPT_NAMESPACES: Mapping[str, Option] = {
    "exempt_namespaces": Option("Namespaces of software that runs the nodes, such as drivers.", [])
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_WITHOUT_PODS = ("kubernetes:helm.sh/", "kubernetes:apiextensions.k8s.io/")  # definitions are long, and only describe
_KEYS_BEFORE_PODS = ("containers", "jobTemplate", "template")
_WORKLOAD_TYPES = (
    *("kubernetes:core/v1:Pod", "kubernetes:core/v1:PodTemplate", "kubernetes:apps/v1:", "kubernetes:batch/v1:"),
    "kubernetes:core/v1:ReplicationController",
)


@dataclass(frozen=True)
class Pod:
    """One pod spec, and the namespace that the pod will run in."""

    spec: View
    namespace: str

    def containers(
        self, check: Callable[[View], Iterable[Finding]], groups: Iterable[str] = _CONTAINERS
    ) -> Iterator[Finding]:
        """Yields what `check` finds in the containers, init containers and ephemeral containers."""
        return collect_from(groups, lambda group: check_each(self.spec, group, check))

    def levels(self, path: Path, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
        """Yields what `check` finds in the pod spec and in the containers, as far as each decides about `path`.

        The pod spec decides where it sets the path. A container decides where it sets it too, or where only it can.
        """
        of_pod = present(self.spec, path)
        return collect_all(
            lambda: check(self.spec) if of_pod else (),
            lambda: self.containers(
                lambda container: check(container) if not of_pod or present(container, path) else ()
            ),
        )


def in_containers(resource: Resource, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
    """Yields what `check` finds in the containers of every pod spec in a Kubernetes object."""
    return collect_from(pods(resource), lambda pod: pod.containers(check))


def in_pods(
    resource: Resource, exempt_namespaces: Collection[str], check: Callable[[Pod], Iterable[Finding]]
) -> Iterator[Finding]:
    """Yields what `check` finds in every pod spec of a Kubernetes object that is in no exempt namespace."""
    return collect_from((pod for pod in pods(resource) if pod.namespace not in exempt_namespaces), check)


def all_pods(stack: Stack) -> Iterator[Pod]:
    """Yields every pod spec in the Kubernetes objects of the stack. Raises NotKnownError after the last known one."""
    objects = (resource for resource in stack.resources if resource.type.startswith("kubernetes:"))
    return collect_from(objects, pods)


def pods(resource: Resource) -> Iterator[Pod]:
    """Yields every pod spec in a Kubernetes object. Raises NotKnownError when an unknown value may contain one."""
    if not resource.type.startswith(_WITHOUT_PODS):
        yield from _pods(resource, resource.value, (), "default", secret=False)


def _pods(
    resource: Resource, value: Any, path: tuple[str | int, ...], namespace: str, *, secret: bool
) -> Iterator[Pod]:
    if isinstance(value, Secret):
        value, secret = value.value, True
    if value is UNKNOWN and _may_contain_pods(resource, path):
        raise NotKnownError(resource, show(path))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pods(resource, item, (*path, index), namespace, secret=secret)
    if not isinstance(value, Mapping):
        return
    namespace = _namespace(value) or namespace
    if _is_pod_spec(resource, value, path):
        resource.reads.secret = resource.reads.secret or secret
        yield Pod(View(resource, value, show(path)), namespace)
        return
    for key, item in value.items():
        yield from _pods(resource, item, (*path, key), namespace, secret=secret)


def _is_pod_spec(resource: Resource, value: Mapping[str, Any], path: tuple[str | int, ...]) -> bool:
    """Tells whether a map is a pod spec. A patch may have one without containers, at its place in the workload."""
    lists = [value.get(group) for group in _CONTAINERS]
    if any(isinstance(given.value if isinstance(given, Secret) else given, list) for given in lists):
        return True
    of_pod = path == ("spec",) and resource.type == "kubernetes:core/v1:PodPatch"
    of_workload = path[-2:] == ("template", "spec") and resource.type.endswith("Patch")
    return of_pod or (of_workload and resource.type.startswith(_WORKLOAD_TYPES))


def _may_contain_pods(resource: Resource, path: tuple[str | int, ...]) -> bool:
    if path and path[-1] in _KEYS_BEFORE_PODS:
        return True
    return path == ("spec",) and resource.type.startswith(_WORKLOAD_TYPES)


def _namespace(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return namespace if isinstance(namespace, str) else ""
