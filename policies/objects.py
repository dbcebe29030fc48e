"""Finds Kubernetes objects of one kind in a resource, of every version: alone, as a patch, or in a list.

A rule that names only `kubernetes:core/v1:Service` would miss the same object in a ServiceList, and what a ServicePatch
makes of one.
"""

from collections.abc import Iterable, Iterator

from policies.views import Resource, View, each


def objects(resource: Resource, group: str, kind: str) -> Iterator[View]:
    """Yields the objects of a kind in a resource. group: the API group; `core` for the group without a name."""
    api, _, name = resource.type.removeprefix("kubernetes:").rpartition(":")
    if api.rpartition("/")[0] != group:
        return
    if name.removesuffix("Patch") == kind:
        yield resource
    elif name == f"{kind}List":
        yield from each(resource, "items")


def all_objects(resources: Iterable[Resource], group: str, kind: str) -> Iterator[View]:
    """Yields the objects of a kind in the resources of a stack."""
    for resource in resources:
        yield from objects(resource, group, kind)
