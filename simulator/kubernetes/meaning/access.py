"""Roles and their bindings.

Source: pkg/apis/rbac/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.selectors import selector_findings

_GROUP = "rbac.authorization.k8s.io"


def role_findings(role: Node) -> Findings:
    """Yields the mistakes in a Role."""
    yield from _rule_findings(role, namespaced=True)


def cluster_role_findings(role: Node) -> Findings:
    """Yields the mistakes in a ClusterRole."""
    yield from _rule_findings(role, namespaced=False)
    rule = role["aggregationRule"]
    if rule.is_set:
        selectors = rule["clusterRoleSelectors"]
        yield from selectors.must_be_set("at least one clusterRoleSelector required if aggregationRule is non-nil")
        for each in selectors.items:
            yield from selector_findings(each)


def _rule_findings(role: Node, *, namespaced: bool) -> Findings:
    for rule in role["rules"].items:
        yield from rule["verbs"].must_be_set("verbs must contain at least one value")
        urls = rule["nonResourceURLs"]
        if not urls.is_empty and not urls.is_unknown:
            if namespaced:
                yield urls.invalid("namespaced rules cannot apply to non-resource URLs")
            if any(not rule[name].is_empty for name in ("apiGroups", "resources", "resourceNames")):
                yield urls.invalid("rules cannot apply to both regular resources and non-resource URLs")
        elif not urls.is_unknown:
            yield from rule["apiGroups"].must_be_set("resource rules must supply at least one api group")
            yield from rule["resources"].must_be_set("resource rules must supply at least one resource")


def role_binding_findings(binding: Node) -> Findings:
    """Yields the mistakes in a RoleBinding."""
    yield from _binding_findings(binding, ("Role", "ClusterRole"))


def cluster_role_binding_findings(binding: Node) -> Findings:
    """Yields the mistakes in a ClusterRoleBinding."""
    yield from _binding_findings(binding, ("ClusterRole",))
    for subject in binding["subjects"].items:
        if subject["kind"].text == "ServiceAccount":
            yield from subject["namespace"].must_be_set()


def _binding_findings(binding: Node, roles: tuple[str, ...]) -> Findings:
    role = binding["roleRef"]
    yield from role["apiGroup"].must_be(_GROUP)
    yield from role["kind"].must_be(*roles)
    if role.is_set:
        yield from role["name"].must_be_set()
    yield from role["name"].must_match(formats.path_segment)
    for subject in binding["subjects"].items:
        kind, name, group = subject["kind"], subject["name"], subject["apiGroup"]
        yield from name.must_be_set()
        yield from kind.must_be("ServiceAccount", "User", "Group")
        if kind.text == "ServiceAccount":
            yield from name.must_match(formats.subdomain)
            yield from group.must_be("")
        elif kind.text in ("User", "Group"):
            yield from group.must_be(_GROUP)
