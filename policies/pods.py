"""Finds pod specs in Kubernetes objects: in a Pod, in a workload, or in a custom resource such as a RayCluster.

A map with a list of `containers` is a pod spec; nothing else in Kubernetes has this form. The pods of a Helm release
are not visible here: its values follow the chart's own schema.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from common.values import UNKNOWN, Secret
from policies.views import NotKnownError, Resource, Stack, View, check_each, collect_from, show

Finding = TypeVar("Finding")

KUBERNETES = "kubernetes:*"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
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

    def containers(self, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
        """Yields what `check` finds in the containers, init containers and ephemeral containers."""
        for group in _CONTAINERS:
            yield from check_each(self.spec, group, check)


def in_containers(resource: Resource, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
    """Yields what `check` finds in the containers of every pod spec in a Kubernetes object."""
    return collect_from(pods(resource), lambda pod: pod.containers(check))


def all_pods(stack: Stack) -> Iterator[Pod]:
    """Yields every pod spec in the Kubernetes objects of the stack. Raises NotKnownError after the last known one."""
    objects = (resource for resource in stack.resources if resource.type.startswith("kubernetes:"))
    return collect_from(objects, pods)


def pods(resource: Resource) -> Iterator[Pod]:
    """Yields every pod spec in a Kubernetes object. Raises NotKnownError when an unknown value may contain one."""
    if not resource.type.startswith("kubernetes:helm.sh/"):
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
    containers = value.get("containers")
    if isinstance(containers.value if isinstance(containers, Secret) else containers, list):
        resource.reads.secret = resource.reads.secret or secret
        yield Pod(View(resource, value, show(path)), namespace)
        return
    for key, item in value.items():
        yield from _pods(resource, item, (*path, key), namespace, secret=secret)


def _may_contain_pods(resource: Resource, path: tuple[str | int, ...]) -> bool:
    if path and path[-1] in _KEYS_BEFORE_PODS:
        return True
    return path == ("spec",) and resource.type.startswith(_WORKLOAD_TYPES)


def _namespace(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return namespace if isinstance(namespace, str) else ""
