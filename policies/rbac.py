"""Reads Roles and ClusterRoles for the rules about what they grant.

A rule of a Role grants every verb of the list on every resource of the list; `*` stands for all of them.
Source: Kubernetes 1.35, "Using RBAC Authorization"; read 2026-11.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from policies.objects import objects
from policies.rule import Resource, View, each, texts
from policies.views import Path

GROUP = "rbac.authorization.k8s.io"
ROLES = (f"kubernetes:{GROUP}/v1:Role*", f"kubernetes:{GROUP}/v1:ClusterRole*")
ROLE, CLUSTER_ROLE = f"kubernetes:{GROUP}/v1:Role", f"kubernetes:{GROUP}/v1:ClusterRole"
ALL = "*"


def in_rules(
    resource: Resource,
    check: Callable[[View], Iterable[tuple[str, str]]],
    kinds: Iterable[str] = ("Role", "ClusterRole"),
) -> Iterator[tuple[str, str]]:
    """Yields what `check` finds in the rules of every Role and ClusterRole in a resource."""
    for kind in kinds:
        for role in objects(resource, GROUP, kind):
            for rule in each(role, "rules"):
                yield from check(rule)


def grants(rule: View, group: str, resources: Collection[str], verbs: Collection[str]) -> bool:
    """Tells whether a rule grants any of the verbs on any of the resources of an API group."""

    def names(path: Path, wanted: Collection[str]) -> bool:
        return not {ALL, *wanted}.isdisjoint(texts(rule, path))

    return names("apiGroups", [group]) and names("resources", resources) and names("verbs", verbs)


def rule_of(group: str, resources: str, verbs: str) -> dict[str, object]:
    """Returns a rule of a Role, for cases. resources, verbs: separated by spaces."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
