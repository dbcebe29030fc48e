"""No Role or ClusterRole grants `*`: it would also grant what the next version of Kubernetes or an operator adds.

An aggregated ClusterRole has the rules of all ClusterRoles that one of its selectors finds, so it counts as the widest.
Those with a label of ours are judged themselves. Source: Kubernetes 1.35, "Using RBAC Authorization" (aggregated
ClusterRoles, default roles); read 2026-11.
"""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rbac import ALL, CLUSTER_ROLE, GROUP, ROLE, ROLES, in_rules, rule_of
from policies.rule import Case, Resource, Rule, View, each, keys, texts

SELECTORS = "aggregationRule.clusterRoleSelectors"
OF_WIDE = ("kubernetes.io/bootstrapping", f"{GROUP}/aggregate-to-admin", f"{GROUP}/aggregate-to-edit")
"""Labels of cluster-admin and of what the roles admin and edit are made of."""
FIELDS = ("apiGroups", "resources", "verbs", "nonResourceURLs")


def _rule(rule: View) -> Iterator[tuple[str, str]]:
    for name in FIELDS:
        if any(item == ALL or item.startswith("*/") for item in texts(rule, name)):
            yield rule.under(name), "has *, which also grants what is added later"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from in_rules(resource, _rule)
    for role in objects(resource, GROUP, "ClusterRole"):
        for selector in each(role, SELECTORS):
            if {*keys(selector, "matchLabels")} <= {*OF_WIDE}:
                yield selector.path, "finds roles that grant everything, or may, and the role gets their rules"


def _role(at: str = "", kind: str = ROLE, **changes: object) -> Case:
    return Case({"rules": [{**rule_of("batch", "jobs", "get create"), **changes}]}, type=kind, at=f"rules[0].{at}")


def _aggregated(*selectors: object, kind: str = CLUSTER_ROLE) -> Case:
    rule = {"clusterRoleSelectors": list(selectors)}
    return Case({"aggregationRule": rule}, kind, at=f"{SELECTORS}[{len(selectors) - 1}]")


OURS = {"matchLabels": {"example.com/aggregate-to-research": "true"}}
RULE = Rule(
    id="rbac-no-wildcard",
    applies_to=ROLES,
    severity="high",
    standards=("CIS EKS 4.1.3", "CKV_K8S_49"),
    why="Who has the role also gets rights that did not exist when somebody reviewed it.",
    fix="Name the API groups, resources and verbs that are needed.",
    mend={
        "verbs": ["get", "list", "watch"],
        "resources": ["<resource>"],
        "apiGroups": ["<group>"],
        "nonResourceURLs": ["<path>"],
        "clusterRoleSelectors[]": {"matchLabels": {"<label>": "true"}},
    },
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=ROLE),
        "names": _role(),
        "an aggregation of our own": _aggregated(OURS, {"matchLabels": {f"{GROUP}/aggregate-to-view": "true"}}),
        "a pattern of paths": Case({"rules": [{"nonResourceURLs": ["/metrics/*"], "verbs": ["get"]}]}, CLUSTER_ROLE),
    },
    bad={
        "every verb": _role("verbs", verbs=["get", "*"]),
        "every resource": _role("resources", resources=["*"]),
        "a part of every resource": _role("resources", resources=["jobs", "*/status"]),
        "every group": _role("apiGroups", apiGroups=["*"]),
        "every path": Case(
            {"rules": [{"nonResourceURLs": ["*"], "verbs": ["get"]}]}, type=CLUSTER_ROLE, at="rules[0].nonResourceURLs"
        ),
        "an aggregation of all roles": _aggregated({}),
        "an aggregation of all roles, as the second": _aggregated(
            OURS, {"matchLabels": {}}, kind=f"{CLUSTER_ROLE}Patch"
        ),
        "an aggregation by an expression": _aggregated(
            {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}
        ),
        **{f"an aggregation by {label}": _aggregated({"matchLabels": {label: "true"}}) for label in OF_WIDE},
        "a patch": _role("verbs", f"{CLUSTER_ROLE}Patch", verbs=["*"]),
        "in a list": Case(
            {"items": [{"rules": [rule_of("", "pods", "*")]}]}, type=f"{ROLE}List", at="items[0].rules[0].verbs"
        ),
        "the second rule": Case(
            {"rules": [rule_of("", "pods", "get"), rule_of("", "*", "get")]}, type=CLUSTER_ROLE, at="rules[1].resources"
        ),
        "verbs that are known later": _role("verbs", verbs=UNKNOWN),
    },
)
