"""No Role or ClusterRole grants `*`: it would also grant what the next version of Kubernetes or an operator adds."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.rbac import ALL, CLUSTER_ROLE, ROLE, ROLES, in_rules, rule_of
from policies.rule import Case, Resource, Rule, View, texts

FIELDS = ("apiGroups", "resources", "verbs", "nonResourceURLs")


def _rule(rule: View) -> Iterator[tuple[str, str]]:
    for name in FIELDS:
        if any(item == ALL or item.startswith("*/") for item in texts(rule, name)):
            yield rule.under(name), "has *, which also grants what is added later"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_rules(resource, _rule)


def _role(at: str = "", kind: str = ROLE, **changes: object) -> Case:
    return Case({"rules": [{**rule_of("batch", "jobs", "get create"), **changes}]}, type=kind, at=f"rules[0].{at}")


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
    },
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=ROLE),
        "names": _role(),
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
