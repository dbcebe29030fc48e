"""No Role or ClusterRole reads Secrets that it does not name. A list or a watch shows their values too.

Source: Kubernetes 1.35, "Role Based Access Control Good Practices" (listing secrets); read 2026-11.
"""

from collections.abc import Iterator

from policies.rbac import CLUSTER_ROLE, ROLE, ROLES, grants, in_rules, rule_of
from policies.rule import Case, Resource, Rule, View, present


def _rule(rule: View) -> Iterator[tuple[str, str]]:
    if grants(rule, "", ("secrets",), ("get", "list", "watch")) and not present(rule, "resourceNames"):
        yield rule.under("resources"), "reads every Secret of its namespace, and all that they are keys to"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_rules(resource, _rule)


def _role(resources: str, verbs: str, kind: str = ROLE, group: str = "", **more: object) -> Case:
    return Case({"rules": [{**rule_of(group, resources, verbs), **more}]}, type=kind, at="rules[0].resources")


RULE = Rule(
    id="rbac-no-secret-read",
    applies_to=ROLES,
    severity="high",
    standards=("CIS EKS 4.1.2", "CKV2_K8S_5", "C-0015"),
    why="A Secret is read once and works anywhere; nobody sees from the cluster that it was copied.",
    fix="Drop secrets from the role, or name the ones that it needs in resourceNames.",
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=ROLE),
        "Secrets that are named": _role("secrets", "get", resourceNames=["ours"]),
        "made and not read": _role("secrets", "create delete"),
        "other objects": _role("configmaps pods", "get list watch"),
        "secrets of another group": _role("secrets", "get", group="example.com"),
    },
    bad={
        "get": _role("secrets", "get"),
        "a list": _role("configmaps secrets", "list", CLUSTER_ROLE),
        "a watch": _role("secrets", "create watch"),
        "every verb": _role("secrets", "*"),
        "every resource": _role("*", "get"),
        "every group": _role("secrets", "get", group="*"),
        "names that are none": _role("secrets", "get", resourceNames=[]),
        "a patch": _role("secrets", "get", f"{CLUSTER_ROLE}Patch"),
    },
)
