"""Pod specs, wherever they stand: in a Pod, in what makes pods, or in a custom resource such as a RayCluster.

A map that holds a list of `containers` is a pod spec; nothing else in Kubernetes looks so. What a Helm release makes
is not seen: its values are the chart's own and need not be a pod's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from common.values import UNKNOWN, Secret
from policies.views import NotKnownError, Resource, Stack, View, every, separately, show

Finding = TypeVar("Finding")

KUBERNETES = "kubernetes:*"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_LEADS_TO_PODS = ("containers", "jobTemplate", "template")
_MAKES_PODS = (
    *("kubernetes:core/v1:Pod", "kubernetes:core/v1:PodTemplate", "kubernetes:apps/v1:", "kubernetes:batch/v1:"),
    "kubernetes:core/v1:ReplicationController",
)


@dataclass(frozen=True)
class Pod:
    """One pod spec, and the namespace that it will run in."""

    spec: View
    namespace: str

    def containers(self, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
        """What `check` finds in its containers, of all kinds."""
        for group in _CONTAINERS:
            yield from every(self.spec, group, check)


def in_containers(resource: Resource, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
    """What `check` finds in the containers of every pod spec in a Kubernetes object."""
    return separately(pods(resource), lambda pod: pod.containers(check))


def all_pods(stack: Stack) -> Iterator[Pod]:
    """Every pod spec in the Kubernetes objects of the stack. Raises as `pods` does, once it has told of the others."""
    objects = (resource for resource in stack.resources if resource.type.startswith("kubernetes:"))
    return separately(objects, pods)


def pods(resource: Resource) -> Iterator[Pod]:
    """Every pod spec in a Kubernetes object. Raises NotKnownError where one may hide in a value not known yet."""
    if not resource.type.startswith("kubernetes:helm.sh/"):
        yield from _pods(resource, resource.value, (), "default", secret=False)


def _pods(
    resource: Resource, value: Any, path: tuple[str | int, ...], namespace: str, *, secret: bool
) -> Iterator[Pod]:
    if isinstance(value, Secret):
        value, secret = value.value, True
    if value is UNKNOWN and _may_hold_pods(resource, path):
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


def _may_hold_pods(resource: Resource, path: tuple[str | int, ...]) -> bool:
    if path and path[-1] in _LEADS_TO_PODS:
        return True
    return path == ("spec",) and resource.type.startswith(_MAKES_PODS)


def _namespace(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    found = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, str) else ""
