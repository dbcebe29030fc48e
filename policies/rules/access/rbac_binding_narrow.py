"""A binding gives a narrow role to named people: neither all rights, nor to everybody.

The ClusterRole `edit` reads Secrets and impersonates service accounts, and `admin` also binds roles. The groups of
service accounts are every pod. Source: Kubernetes 1.35, "Using RBAC Authorization" (default roles); read 2026-11.
"""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rbac import CLUSTER_ROLE, GROUP, ROLE
from policies.rule import Case, Resource, Rule, View, each, text

WIDE = ("cluster-admin", "admin", "edit", "system:masters")
EVERYBODY = (
    *("system:authenticated", "system:unauthenticated", "system:anonymous", "system:masters"),
    "system:serviceaccounts",
)
EVERY_POD = "system:serviceaccounts:"


def _binding(binding: View) -> Iterator[tuple[str, str]]:
    if text(binding, "roleRef.kind") != "Role" and text(binding, "roleRef.name") in WIDE:
        yield binding.under("roleRef.name"), "reads every Secret and acts as every service account, or does anything"
    for subject in each(binding, "subjects"):
        name = text(subject, "name")
        if name in EVERYBODY or name.startswith(EVERY_POD):
            yield subject.under("name"), "is everybody, or every pod, or has all rights already"
        elif name == "default" and text(subject, "kind") == "ServiceAccount":
            yield subject.under("name"), "is the service account of every pod that names none"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    bindings = (each for kind in ("RoleBinding", "ClusterRoleBinding") for each in objects(resource, GROUP, kind))
    for binding in bindings:
        yield from _binding(binding)


BINDING, CLUSTER_BINDING = f"{ROLE}Binding", f"{CLUSTER_ROLE}Binding"


def _case(
    at: str = "",
    kind: str = BINDING,
    role: object = "reader",
    of: str = "ClusterRole",
    subject: object = "ml:research:viewer",
    who: str = "Group",
) -> Case:
    reference = {"apiGroup": GROUP, "kind": of, "name": role}
    return Case({"roleRef": reference, "subjects": [{"kind": who, "name": subject}]}, type=kind, at=at)


RULE = Rule(
    id="rbac-binding-narrow",
    applies_to=(f"{BINDING}*", f"{CLUSTER_BINDING}*"),
    severity="critical",
    standards=("CIS EKS 4.1.1", "CIS EKS 4.1.5", "C-0035"),
    why="A binding to everybody, or of everything, makes each other limit of the cluster a matter of good will.",
    fix="Bind a role that names its verbs to a group of the team; administrators have access entries of EKS.",
    mend={"roleRef.name": "<role>", "subjects[].name": "<group>"},
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=BINDING),
        "a team's group": _case(),
        "a Role that is named like a wide one": _case(role="edit", of="Role"),
        "a service account of its own": _case(subject="trainer", who="ServiceAccount"),
        "a group that is named default": _case(subject="default"),
    },
    bad={
        **{f"the role {name}": _case("roleRef.name", role=name) for name in WIDE},
        "cluster-admin in the whole cluster": _case("roleRef.name", CLUSTER_BINDING, role="cluster-admin"),
        **{f"the group {name}": _case("subjects[0].name", subject=name) for name in EVERYBODY},
        "every pod of a namespace": _case("subjects[0].name", subject=f"{EVERY_POD}research"),
        "anybody by name": _case("subjects[0].name", subject="system:anonymous", who="User"),
        "the default service account": _case("subjects[0].name", subject="default", who="ServiceAccount"),
        "a patch": _case("subjects[0].name", f"{BINDING}Patch", subject="system:authenticated"),
        "in a list": Case({"items": [{"roleRef": {"name": "edit"}}]}, f"{BINDING}List", at="items[0].roleRef.name"),
        "a subject, beside a role that is known later": Case(
            {"roleRef": {"name": UNKNOWN}, "subjects": [{"name": "system:authenticated"}]},
            type=BINDING,
            at="subjects[0].name",
        ),
    },
)
