"""No Role or ClusterRole has rights with which one gets others: to bind, to impersonate, to make tokens or webhooks.

The rights to make pods are not among them: who makes pods has those of the service accounts of the namespace, which
admission holds. Source: Kubernetes 1.35, "Role Based Access Control Good Practices"; read 2026-11.
"""

from collections.abc import Iterator

from catalog.rbac import ESCALATIONS
from policies.objects import objects
from policies.rbac import CLUSTER_ROLE, GROUP, ROLE, ROLES, grants, in_rules, rule_of
from policies.rule import Case, Resource, Rule, View, each, keys, texts

RIGHTS = {
    **ESCALATIONS,
    "changes the labels by which admission and network policies know a namespace": (
        "",
        ("namespaces",),
        ("update", "patch"),
    ),
}
VIEW = f"{GROUP}/aggregate-to-view"
READS = frozenset({"get", "list", "watch"})


def _rule(rule: View) -> Iterator[tuple[str, str]]:
    for right, wanted in RIGHTS.items():
        if grants(rule, *wanted):
            yield rule.under("verbs"), f"{right}, and so gets rights that the role does not name"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from in_rules(resource, _rule)
    for role in objects(resource, GROUP, "ClusterRole"):
        for rule in each(role, "rules") if VIEW in keys(role, "metadata.labels") else ():
            if not READS.issuperset(texts(rule, "verbs")):
                yield (
                    rule.under("verbs"),
                    "changes things or opens shells, and goes into view, the role of who only reads",
                )


def _in_view(resources: str, verbs: str) -> Case:
    properties = {"metadata": {"labels": {VIEW: "true"}}, "rules": [rule_of("", resources, verbs)]}
    return Case(properties, type=CLUSTER_ROLE, at="rules[0].verbs")


def _role(group: str, resources: str, verbs: str, kind: str = ROLE) -> Case:
    return Case({"rules": [rule_of(group, resources, verbs)]}, type=kind, at="rules[0].verbs")


RULE = Rule(
    id="rbac-no-escalation",
    applies_to=ROLES,
    severity="high",
    standards=("CIS EKS 4.1.8", "CIS EKS 4.1.10", "CIS EKS 4.1.11", "CIS EKS 4.1.12", "CKV_K8S_158"),
    why="One such right is as good as all of them, and no list of the role's rights shows it.",
    fix="Drop the right; the platform makes bindings, tokens, stores and admission rules.",
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=ROLE),
        "a server": _role("apps", "deployments", "get list watch create update patch delete"),
        "bindings that are read": _role(GROUP, "roles rolebindings", "get list watch"),
        "a shell in a pod": _role("", "pods/exec", "create"),
        "stores that are read": _role("external-secrets.io", "secretstores externalsecrets", "get list"),
        "namespaces that are made": _role("", "namespaces", "get create"),
        "a part of view": _in_view("pods pods/log", "get list watch"),
        "users of another group": _role("example.com", "users", "impersonate"),
    },
    bad={
        **{
            f"a role that {right}, by {verb}": _role(group, resources[-1], f"get {verb}", CLUSTER_ROLE)
            for right, (group, resources, verbs) in RIGHTS.items()
            for verb in verbs
            if verb != "get"
        },
        **{
            f"the right on {resource}": _role(group, resource, verbs[0])
            for group, resources, verbs in RIGHTS.values()
            for resource in resources
        },
        "pods that view makes": _in_view("pods", "get create"),
        "a shell that view opens": _in_view("pods/exec", "create"),
        "every verb": _role(GROUP, "roles", "*"),
        "a patch": _role("", "groups", "impersonate", f"{CLUSTER_ROLE}Patch"),
    },
)
