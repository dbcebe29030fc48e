"""The page that says who may do what, held against the objects of the stacks, as an API server would judge requests.

The judge here knows no powers: it asks for single requests, one namespace after the other, and follows pods to their
service accounts by what it finds.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from components.stack.stack_file import load_file
from costs.resource import Resource
from report.access import _PUSHES, EVERYBODY, EVERYWHERE, Right, accounts, as_markdown, pushers, rights
from report.dangers.danger import LATER, known
from report.dangers.grants import BY_POLICY
from tests.components.conftest import PlatformCloud

ROOT = Path(__file__).parents[2]
RBAC = "rbac.authorization.k8s.io"
PEOPLE = "arn:aws:iam::123456789012:role/ml-"
ADMISSION, NETWORK = "admissionregistration.k8s.io", "networkpolicies"
OF_ADMISSION = [
    f"{kind}{part}" for kind in ("validatingadmissionpolic", "mutatingadmissionpolic") for part in ("ies", "ybindings")
]
OF_KYVERNO = [
    f"{of}{kind}policies"
    for of in ("", "namespaced")
    for kind in ("validating", "imagevalidating", "mutating", "generating")
]
RESEARCH, TEAM = "main-namespace-research", "ml-platform/team"
Request = tuple[str, str, str]  # verb, API group, resource
ASKED: dict[str, tuple[Request, ...]] = {
    "reads Secrets": (("list", "", "secrets"), ("get", "", "secrets")),
    "makes pods": (
        *(("create", "", "pods"), ("create", "batch", "jobs"), ("patch", "apps", "deployments")),
        *(("create", "ray.io", "rayjobs"), ("create", "trainer.kubeflow.org", "trainjobs")),
        *(("update", "argoproj.io", "workflows"), ("create", "batch", "cronjobs")),
    ),
    "enters pods": (
        *(("create", "", "pods/exec"), ("get", "", "pods/exec")),
        *(("create", "", "pods/attach"), ("get", "", "pods/attach")),
        *(("patch", "", "pods"), ("patch", "", "pods/ephemeralcontainers"), ("get", "", "nodes/proxy")),
    ),
    "writes Secrets": (("create", "", "secrets"), ("patch", "", "secrets")),
    "takes over identities": (
        *(("create", "", "serviceaccounts/token"), ("impersonate", "", "serviceaccounts")),
        *(("impersonate", "", "groups"), ("update", "", "serviceaccounts")),
        ("update", "certificates.k8s.io", "certificatesigningrequests/approval"),
    ),
    "grants rights": (("create", RBAC, "rolebindings"), ("escalate", RBAC, "roles"), ("patch", RBAC, "clusterroles")),
    "changes limits": (
        *(("delete", "", "resourcequotas"), ("update", "", "namespaces")),
        *(("delete", ADMISSION, "validatingadmissionpolicybindings"), ("create", "networking.k8s.io", NETWORK)),
        ("patch", ADMISSION, "mutatingwebhookconfigurations"),
        ("deletecollection", "networking.k8s.io", NETWORK),
        *((verb, "policies.kyverno.io", kind) for kind in OF_KYVERNO for verb in ("create", "delete")),
        *((verb, "kyverno.io", kind) for kind in ("policies", "clusterpolicies") for verb in ("update", "delete")),
        *(("create", group, "policyexceptions") for group in ("kyverno.io", "policies.kyverno.io")),
    ),
    "reaches nodes": (("patch", "", "nodes"), ("create", "", "persistentvolumes")),
    "orders secrets of the store": (("create", "external-secrets.io", "secretstores"),),
    "deletes volumes": (("delete", "", "persistentvolumeclaims"),),
}
STAR = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
CHANGE = ["create", "delete", "deletecollection", "patch", "update"]
# What the default ClusterRoles say. Source: Kubernetes 1.35.4, bootstrappolicy/testdata/cluster-roles.yaml.
OF_EDIT: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch", *CHANGE]},
    {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate", *CHANGE]},
    {"apiGroups": [""], "resources": ["pods", "pods/attach", "pods/exec", "persistentvolumeclaims"], "verbs": CHANGE},
    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "statefulsets"], "verbs": CHANGE},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": CHANGE},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": CHANGE},
]
OF_ADMIN = [*OF_EDIT, {"apiGroups": [RBAC], "resources": ["rolebindings", "roles"], "verbs": CHANGE}]
DEFAULTS: dict[str, list[dict[str, Any]]] = {"cluster-admin": [STAR], "admin": OF_ADMIN, "edit": OF_EDIT, "view": []}
# Source: EKS user guide, "Review access policy permissions".
READ = {**STAR, "verbs": ["get", "list", "watch"]}
POLICIES = {
    "ClusterAdmin": [STAR],
    "Admin": OF_ADMIN,
    "Edit": OF_EDIT,
    "View": list[dict[str, Any]](),
    "AdminView": [READ],
}


@cache
def built(stack: str) -> tuple[Resource, ...]:
    cloud = PlatformCloud()
    cloud.up(load_file(ROOT / f"Pulumi.{stack}.yaml"), preview=True)
    return tuple(
        Resource(
            each.urn, each.type, known(each.inputs), parent=each.parent, provider=each.provider.rpartition("::")[0]
        )
        for each in cloud.registered.values()
    )


class Judge:
    """An API server with these objects, and EKS with these entries; each stack here has one cluster."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        def of(*kinds: str) -> list[dict[str, Any]]:
            return [dict(each.inputs) for each in resources if each.type in kinds]

        rbac = f"kubernetes:{RBAC}/v1:"
        self.roles = {kind: of(f"{rbac}{kind}", f"{rbac}{kind}Patch") for kind in ("Role", "ClusterRole")}
        self.whole = {kind: of(f"{rbac}{kind}") for kind in ("Role", "ClusterRole")}
        self.bindings = of(*(f"{rbac}{kind}Binding{patch}" for kind in self.roles for patch in ("", "Patch")))
        for release in of("kubernetes:helm.sh/v3:Release"):
            if release["chart"] == "kyverno":
                self._install_kyverno(release["values"].get("admissionController", {}).get("rbac", {}))
        self.entries = of("aws:eks/accessEntry:AccessEntry")
        self.policies = of("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
        metadata = [each["metadata"] for each in of("kubernetes:core/v1:Namespace")]
        self.namespaces = {each["name"]: each for each in metadata if TEAM in (each.get("labels") or {})}

        self.others: dict[str, set[tuple[str, str]]] = {}
        for binding in self.bindings:
            for each in binding["subjects"]:
                if each["kind"] == "ServiceAccount" and each["namespace"] not in self.namespaces:
                    account = "ServiceAccount", f"{each['namespace']}/{each['name']}"
                    self.others.setdefault(each["namespace"], set()).add(account)

    def _install_kyverno(self, rbac: dict[str, Any]) -> None:
        """What the chart makes for its controller. Source: Kyverno v1.19.0, charts/kyverno/templates."""
        name, account = "kyverno:admission-controller", "kyverno-admission-controller"
        groups = [(ADMISSION, ["mutatingwebhookconfigurations", "validatingwebhookconfigurations", *OF_ADMISSION])]
        groups += [("policies.kyverno.io", [*OF_KYVERNO, "policyexceptions"]), ("kyverno.io", ["clusterpolicies"])]
        rules = [{"apiGroups": [group], "resources": kinds, "verbs": CHANGE} for group, kinds in groups]
        for part in ("clusterRole", "coreClusterRole"):
            rules += rbac.get(part, {}).get("extraResources", [])
        for role in self.roles["ClusterRole"]:
            if role["metadata"].get("labels", {}).get("rbac.kyverno.io/aggregate-to-admission-controller") == "true":
                rules += role["rules"]
        whole = {"metadata": {"name": name}, "rules": rules}
        self.roles["ClusterRole"].append(whole)
        self.whole["ClusterRole"].append(whole)
        for to in (name, *([rbac.get("viewRoleName", "view")] if rbac.get("createViewRoleBinding", True) else [])):
            subject = {"kind": "ServiceAccount", "namespace": "kyverno", "name": account}
            self.bindings.append(
                {"metadata": {}, "roleRef": {"kind": "ClusterRole", "name": to}, "subjects": [subject]}
            )

    def matrix(self) -> dict[tuple[str, str], set[str]]:
        groups = {each["principalArn"]: each.get("kubernetesGroups", []) for each in self.entries}
        users = {each["principalArn"]: each.get("userName", each["principalArn"]) for each in self.entries}
        users["system:unauthenticated"] = "system:anonymous"
        groups |= {everybody: [everybody] for everybody in EVERYBODY}
        return {
            (who, name): powers
            for who, own in groups.items()
            for name, powers in self._of(
                who, [*(("Group", group) for group in own), ("User", users.get(who, ""))]
            ).items()
            if powers
        }

    def _of(self, who: str, mine: list[tuple[str, str]]) -> dict[str, set[str]]:
        """Returns namespace -> powers. Whoever has pods is also each service account that these may have."""
        while True:
            found_there = set[tuple[str, str]]()
            found = {name: self._by_policies(who, name) for name in self.namespaces}
            for name, powers in found.items():
                powers |= {each for each, asked in ASKED.items() if any(self._may(mine, name, one) for one in asked)}
            for name in self.others:  # where no rule of admission says which service accounts pods may have
                if {"makes pods", "enters pods"} & (
                    self._by_policies(who, name)
                    | {each for each, asked in ASKED.items() if any(self._may(mine, name, one) for one in asked)}
                ):
                    found_there |= self.others[name]
            more = [
                *found_there,
                *(
                    as_subject
                    for name, powers in found.items()
                    for account in self.namespaces[name]["annotations"]["ml-platform/service-accounts"].split(",")
                    if powers & {"makes pods", "enters pods"}
                    for as_subject in (
                        ("ServiceAccount", f"{name}/{account}"),
                        ("User", f"system:serviceaccount:{name}:{account}"),
                        ("Group", "system:serviceaccounts"),
                        ("Group", f"system:serviceaccounts:{name}"),
                    )
                ),
            ]
            if set(more) <= set(mine):
                return found
            mine = [*mine, *more]

    def _by_policies(self, who: str, namespace: str) -> set[str]:
        found = set[str]()
        for policy in self.policies:
            scopes = policy["accessScope"].get("namespaces", ["*"])
            if policy["principalArn"] == who and any(_in_scope(namespace, scope) for scope in scopes):
                rules = POLICIES[policy["policyArn"].rpartition("/AmazonEKS")[2].removesuffix("Policy")]
                found |= {each for each, asked in ASKED.items() if any(_allows(rules, one) for one in asked)}
        return found

    def _may(self, mine: Sequence[tuple[str, str]], namespace: str, request: Request) -> bool:
        return any(_allows(rules, request) for rules in self._rules(mine, namespace))

    def _rules(self, mine: Sequence[tuple[str, str]], namespace: str) -> Iterator[list[dict[str, Any]]]:
        for binding in self.bindings:
            where = binding["metadata"].get("namespace")
            subjects = {
                (each["kind"], _principal(each["name"]))
                if each["kind"] == "User"
                else (each["kind"], f"{each['namespace']}/{each['name']}" if "namespace" in each else each["name"])
                for each in binding["subjects"]
            }
            if where in (None, namespace) and subjects & set(mine):
                ref = binding["roleRef"]
                where_role = where if ref["kind"] == "Role" else None
                key = (where_role, ref["name"])
                if key not in [_key(role) for role in self.whole[ref["kind"]]]:
                    default = DEFAULTS.get(ref["name"]) if ref["kind"] == "ClusterRole" else None
                    yield [STAR] if default is None else default
                for role in self.roles["ClusterRole"]:
                    if role["metadata"].get("labels", {}).get(f"{RBAC}/aggregate-to-{ref['name']}") == "true":
                        yield role["rules"]
                for role in self.roles[ref["kind"]]:
                    if _key(role) == key:
                        yield [STAR] if "aggregationRule" in role else role["rules"]


def _principal(user: str) -> str:
    """The role of a session: EKS calls its user arn:aws:sts::<account>:assumed-role/<role>/<session>."""
    found = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+", user)
    return f"arn:aws:iam::{found[1]}:role/{found[2]}" if found else user


def _key(role: dict[str, Any]) -> tuple[str | None, str]:
    return role["metadata"].get("namespace"), role["metadata"]["name"]


def _in_scope(namespace: str, scope: str) -> bool:
    before, star, _ = scope.partition("*")
    return namespace.startswith(before) if star else namespace == scope


def _allows(rules: Sequence[dict[str, Any]], request: Request) -> bool:
    keys, part = ("verbs", "apiGroups", "resources"), request[2].partition("/")[2]
    return any(
        all(value in rule.get(key, ()) or "*" in rule.get(key, ()) for key, value in zip(keys, one, strict=True))
        for rule in rules
        for one in (request, *([(*request[:2], f"*/{part}")] if part else []))
    )


def of_the_page(resources: Sequence[Resource]) -> dict[tuple[str, str], set[str]]:
    namespaces = Judge(resources).namespaces
    found: dict[tuple[str, str], set[str]] = {}
    for right in rights(resources):
        for name in namespaces:
            if right.powers and (right.namespace == EVERYWHERE or _in_scope(name, right.namespace)):
                found.setdefault((right.who, name), set()).update(right.powers)
    return found


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_page_says_what_an_api_server_would_allow(stack: str) -> None:
    matrix = Judge(built(stack)).matrix()
    assert of_the_page(built(stack)) == matrix
    assert matrix[f"{PEOPLE}research", "research"] == {"makes pods"}
    assert matrix[f"{PEOPLE}serving", "inference"] == {"makes pods", "enters pods"}
    assert (f"{PEOPLE}serving", "research") not in matrix, "a team has nothing in the namespace of another one"


def test_the_page_names_secrets_and_roles_that_are_reached_through_pods() -> None:
    (trainer,) = (each for each in accounts(built("prod")) if each.name == "trainer")
    assert {"s3:PutObject", "s3:DeleteObject", "kms:Decrypt"} <= {*trainer.aws}
    page = as_markdown(built("prod"), "prod")
    cluster = "ml-platform-prod-main"
    assert f"| {cluster} | {PEOPLE}research | research | research-data-scientist | makes pods | all, in pods |" in page
    assert f"| {cluster} | {PEOPLE}research | training | training-viewer | no | no |" in page
    (row,) = (line for line in page.splitlines() if line.startswith(f"| {cluster} | training | trainer |"))
    assert all(action in row for action in trainer.aws), "no action is left out"
    assert "kms:Decrypt, kms:GenerateDataKey: alias/ml-platform-prod-data" in row
    assert re.search(r"s3:DeleteObject, s3:[^;]*s3:PutObject: bucket checkpoints, bucket models", row)
    assert re.search(r"s3:GetObject, s3:ListBucket: bucket datasets(;| \|)", row)
    last = "| reads all | writes Secrets, takes over identities, grants rights,"
    assert last in page, "the deployer, of whom it must not be silent"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_rights_in_aws_are_those_of_the_roles_that_pods_get(stack: str) -> None:
    shown = {(each.namespace, each.name): set(each.aws) for each in accounts(built(stack)) if each.aws}
    found: dict[tuple[str, str], set[str]] = {}
    for each in built(stack):
        if (
            each.type.endswith("PodIdentityAssociation")
            and ":storage:" in each.urn
            and each.inputs["namespace"] != "velero"
        ):
            policies = [one for one in built(stack) if one.parent == each.parent and one.type.endswith(":RolePolicy")]
            statements = [one for policy in policies for one in json.loads(policy.inputs["policy"])["Statement"]]
            actions = [one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements]
            key = each.inputs["namespace"], each.inputs["serviceAccount"]
            found.setdefault(key, set()).update(action for some in actions for action in some)
    assert found
    assert shown == found


def test_a_namespace_without_a_team_is_told_with_the_accounts_that_have_roles() -> None:
    namespace = next(each for each in built("prod") if each.name == RESEARCH).inputs["metadata"]
    found = accounts(_but(RESEARCH, "Namespace", metadata={**namespace, "labels": {}}))
    assert [each.name for each in found if each.namespace == "research"] == ["researcher"]


def _with(kind: str, name: str, inputs: dict[str, Any]) -> list[Resource]:
    """The stack of prod with one more object of its cluster."""
    like = next(each for each in built("prod") if each.type.endswith(":RoleBinding"))
    version = f"kubernetes:{RBAC}/v1:{kind}" if "Role" in kind else kind
    return [*built("prod"), replace(like, urn=f"urn:pulumi:test::p::{version}::{name}", type=version, inputs=inputs)]


def _but(name: str, kind: str, **changes: Any) -> list[Resource]:
    found = [each for each in built("prod") if each.name == name and each.type.endswith(f":{kind}")]
    assert len(found) == 1
    return [replace(each, inputs={**each.inputs, **changes}) if each in found else each for each in built("prod")]


def _binding(kind: str, namespace: str | None, role: str, subject: dict[str, str]) -> list[Resource]:
    where = {"namespace": namespace} if namespace else {}
    role_kind = "Role" if namespace else "ClusterRole"
    inputs = {
        "metadata": {"name": "hole", **where},
        "roleRef": {"kind": role_kind, "name": role},
        "subjects": [subject],
    }
    return _with(kind, "hole", inputs)


def _edit(namespace: str = "training", name: str = "Edit") -> list[Resource]:
    policy = f"arn:aws:eks::aws:cluster-access-policy/AmazonEKS{name}Policy"
    scope = {"type": "namespace", "namespaces": [namespace]}
    inputs = {"clusterName": "ml-platform-prod-main", "principalArn": f"{PEOPLE}research"}
    token = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    return _with(token, "hole", {**inputs, "policyArn": policy, "accessScope": scope})


EVERYONE = {"kind": "Group", "name": "system:authenticated"}
PODS = {"kind": "Group", "name": "system:serviceaccounts"}
PODS_THERE = {"kind": "Group", "name": "system:serviceaccounts:training"}
BOT_AS_USER = {"kind": "User", "name": "system:serviceaccount:training:trainer"}
PERSON = {"kind": "User", "name": f"{PEOPLE}research"}
SESSION = {
    "kind": "User",
    "name": f"{PEOPLE}research/somebody".replace(":iam:", ":sts:").replace(":role/", ":assumed-role/"),
}
BOT = {"kind": "ServiceAccount", "namespace": "training", "name": "trainer"}


def _patched() -> list[Resource]:
    (role,) = (
        each
        for each in built("prod")
        if each.name == "main-team-research.research.data-scientist" and each.type.endswith(":Role")
    )
    metadata = {key: role.inputs["metadata"][key] for key in ("name", "namespace")}
    rules = [{"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch"]}]
    return _with("RolePatch", "hole", {"metadata": metadata, "rules": rules})


def _aggregated() -> list[Resource]:
    labels = [{"matchLabels": {"of": "all"}}]
    role = {"metadata": {"name": "all"}, "aggregationRule": {"clusterRoleSelectors": labels}, "rules": []}
    made = _with("ClusterRole", "all", role)
    return [*made, _binding("ClusterRoleBinding", None, "all", PERSON)[-1]]


def _added_to_view(added: str = "true") -> list[Resource]:
    labels = {f"{RBAC}/aggregate-to-view": added}
    rules = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]
    made = _with("ClusterRole", "more", {"metadata": {"name": "more", "labels": labels}, "rules": rules})
    return [*made, _binding("ClusterRoleBinding", None, "view", PERSON)[-1]]


def _only(kind: str, verb: str, group: str = "") -> list[Resource]:
    rules = [{"apiGroups": [group], "resources": [kind], "verbs": [verb]}]
    return _but("main-team-research.research.data-scientist", "Role", rules=rules)


def _kyverno(label: str = "", **rbac: Any) -> list[Resource]:
    """Kyverno, somebody who has pods beside it, and a ClusterRole that reads Secrets and has this label."""
    values = {"admissionController": {"rbac": rbac}}
    release = _with("kubernetes:helm.sh/v3:Release", "kyverno", {"chart": "kyverno", "values": values})[-1]
    role = {
        "metadata": {"name": "more", "labels": {label: "true"}},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}],
    }
    return [*_edit("kyverno"), release, _with("ClusterRole", "more", role)[-1]]


TO_VIEW, TO_KYVERNO = f"{RBAC}/aggregate-to-view", "rbac.kyverno.io/aggregate-to-admission-controller"


def _in_the_namespace_of_an_add_on() -> list[Resource]:
    bot = {"kind": "ServiceAccount", "namespace": "karpenter", "name": "karpenter"}
    return [*_edit("karpenter"), _binding("ClusterRoleBinding", None, "cluster-admin", bot)[-1]]


HOLES: dict[str, tuple[Callable[[], list[Resource]], tuple[str, str], str]] = {
    "pods beside an add-on": (_in_the_namespace_of_an_add_on, (f"{PEOPLE}research", "research"), "grants rights"),
    # what somebody did: (the resources, who may do more, where, what)
    "a role with stars": (
        lambda: _but("main-team-research.research.data-scientist", "Role", rules=[STAR]),
        (f"{PEOPLE}research", "research"),
        "reads Secrets",
    ),
    "a binding of everybody": (
        lambda: _binding("RoleBinding", "agents", "agents-ml-engineer", EVERYONE),
        ("system:authenticated", "agents"),
        "enters pods",
    ),
    "an access policy": (_edit, (f"{PEOPLE}research", "training"), "takes over identities"),
    "an access policy for namespaces by a pattern": (
        lambda: _edit("train*"),
        (f"{PEOPLE}research", "training"),
        "changes limits",
    ),
    "the access policy of administrators": (
        lambda: _edit(name="Admin"),
        (f"{PEOPLE}research", "training"),
        "grants rights",
    ),
    "the access policy that reads all": (
        lambda: _edit(name="AdminView"),
        (f"{PEOPLE}research", "training"),
        "reads Secrets",
    ),
    "every service account": (
        lambda: _binding("ClusterRoleBinding", None, "cluster-admin", PODS),
        (f"{PEOPLE}research", "research"),
        "grants rights",
    ),
    "the service accounts of a namespace": (
        lambda: _binding("ClusterRoleBinding", None, "cluster-admin", PODS_THERE),
        (f"{PEOPLE}training", "training"),
        "reaches nodes",
    ),
    "a service account by its user name": (
        lambda: _binding("ClusterRoleBinding", None, "edit", BOT_AS_USER),
        (f"{PEOPLE}training", "training"),
        "writes Secrets",
    ),
    "a person by name": (
        lambda: _binding("ClusterRoleBinding", None, "edit", PERSON),
        (f"{PEOPLE}research", "training"),
        "changes limits",
    ),
    "a role that the stack does not have": (
        lambda: _binding("ClusterRoleBinding", None, "of-a-chart", PERSON),
        (f"{PEOPLE}research", "training"),
        "grants rights",
    ),
    "a patch of a binding": (
        lambda: _binding("ClusterRoleBindingPatch", None, "admin", PERSON),
        (f"{PEOPLE}research", "training"),
        "grants rights",
    ),
    "a patch of a role": (_patched, (f"{PEOPLE}research", "research"), "enters pods"),
    "an aggregated role": (_aggregated, (f"{PEOPLE}research", "training"), "reaches nodes"),
    "a session of a role": (
        lambda: _binding("ClusterRoleBinding", None, "edit", SESSION),
        (f"{PEOPLE}research", "training"),
        "changes limits",
    ),
    "somebody without an identity, by name": (
        lambda: _binding("ClusterRoleBinding", None, "edit", {"kind": "User", "name": "system:anonymous"}),
        ("system:unauthenticated", "training"),
        "writes Secrets",
    ),
    **{
        f"{verb} of {kind}": (partial(_only, kind, verb), (f"{PEOPLE}research", "research"), "enters pods")
        for kind in ("pods/exec", "pods/attach")
        for verb in ("get", "create")
    },
    "pods beside Kyverno, which has view": (
        lambda: _kyverno(TO_VIEW),
        (f"{PEOPLE}research", "training"),
        "reads Secrets",
    ),
    "a role that is added to Kyverno's": (
        lambda: _kyverno(TO_KYVERNO),
        (f"{PEOPLE}research", "training"),
        "reads Secrets",
    ),
    "rules of the chart's values": (
        lambda: _kyverno(clusterRole={"extraResources": [STAR]}),
        (f"{PEOPLE}research", "training"),
        "grants rights",
    ),
    "core rules of the chart's values": (
        lambda: _kyverno(coreClusterRole={"extraResources": [STAR]}),
        (f"{PEOPLE}research", "training"),
        "grants rights",
    ),
    "another role that the chart binds": (
        lambda: _kyverno(viewRoleName="cluster-admin"),
        (f"{PEOPLE}research", "training"),
        "grants rights",
    ),
    "exec of everything": (partial(_only, "*/exec", "create"), (f"{PEOPLE}research", "research"), "enters pods"),
    **{
        f"{verb} of {kind} of {group}": (
            partial(_only, kind, verb, group),
            (f"{PEOPLE}research", "research"),
            "changes limits",
        )
        for group, kind, verb in (
            *(("policies.kyverno.io", kind, verb) for kind in OF_KYVERNO for verb in ("create", "delete")),
            *(("kyverno.io", kind, verb) for kind in ("policies", "clusterpolicies") for verb in ("update", "delete")),
            *((group, "policyexceptions", "create") for group in ("kyverno.io", "policies.kyverno.io")),
        )
    },
    "what Kyverno may do itself": (_kyverno, (f"{PEOPLE}research", "training"), "changes limits"),
    "a role that is added to view": (_added_to_view, (f"{PEOPLE}research", "training"), "enters pods"),
    "the deletion of all at once": (
        lambda: _but(
            "main-team-research.research.data-scientist",
            "Role",
            rules=[
                {
                    "apiGroups": ["networking.k8s.io"],
                    "resources": ["networkpolicies"],
                    "verbs": ["deletecollection"],
                }
            ],
        ),
        (f"{PEOPLE}research", "research"),
        "changes limits",
    ),
    "a service account that is admin": (
        lambda: _binding("ClusterRoleBinding", None, "cluster-admin", BOT),
        (f"{PEOPLE}training", "training"),
        "grants rights",
    ),
}


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_that_somebody_makes_is_on_the_page(name: str) -> None:
    make, key, power = HOLES[name]
    resources = make()
    assert power not in of_the_page(built("prod")).get(key, ())
    assert power in of_the_page(resources)[key]
    assert of_the_page(resources) == Judge(resources).matrix()


def test_an_account_that_no_pod_of_a_team_may_have_gives_its_rights_to_nobody_of_the_team() -> None:
    unlisted = {"kind": "ServiceAccount", "namespace": "research", "name": "unlisted"}
    resources = _binding("ClusterRoleBinding", None, "cluster-admin", unlisted)
    found, key = of_the_page(resources), (f"{PEOPLE}research", "research")
    assert found == Judge(resources).matrix()
    assert found[key] == of_the_page(built("prod"))[key], "admission refuses its pods"


def test_a_role_whose_label_says_that_it_is_not_added_is_no_hole() -> None:
    resources = _added_to_view("false")
    assert of_the_page(resources) == Judge(resources).matrix() == of_the_page(built("prod"))


def test_kyverno_without_its_binding_to_view_reads_no_secrets() -> None:
    resources = _kyverno(TO_VIEW, createViewRoleBinding=False)
    assert "reads Secrets" not in of_the_page(resources)[f"{PEOPLE}research", "training"]
    assert of_the_page(resources) == Judge(resources).matrix()


@pytest.mark.parametrize(("account", "counts"), [("researcher", True), ("other", False)])
def test_pods_of_a_team_have_the_rights_of_the_accounts_that_are_marked_and_of_no_others(
    account: str, counts: bool
) -> None:
    subject = {"kind": "ServiceAccount", "namespace": "research", "name": account}
    resources = _binding("ClusterRoleBinding", None, "cluster-admin", subject)
    assert ("grants rights" in of_the_page(resources)[f"{PEOPLE}research", "research"]) is counts
    assert of_the_page(resources) == Judge(resources).matrix()


def test_the_page_says_what_the_controller_of_kyverno_may_do() -> None:
    page = as_markdown(_kyverno(), "prod").partition("## What controllers may do")[2]
    of_it = "| ml-platform-prod-main | kyverno/kyverno-admission-controller | every namespace |"
    assert f"{of_it} kyverno:admission-controller | no | no | changes limits |" in page
    assert f"{of_it} view | no | no |  |" in page
    (at_home,) = (line for line in page.splitlines() if "kyverno-admission-controller | kyverno |" in line)
    assert at_home.endswith(
        "| kyverno:admission-controller | makes pods | reads all | writes Secrets, takes over identities |"
    )


def _pushed(*statements: dict[str, Any], name: str = "ml-platform-prod/research/trainer") -> list[tuple[str, str]]:
    repository = _with("aws:ecr/repository:Repository", "trainer", {"name": "ml-platform-prod/research/trainer"})
    document = {"repository": name, "policy": json.dumps({"Statement": statements})}
    return pushers([*repository, _with("aws:ecr/repositoryPolicy:RepositoryPolicy", "trainer", document)[-1]])


CI = "arn:aws:iam::123456789012:role/ci"


@pytest.mark.parametrize("action", ["ecr:PutImage", "ecr:Put*", "ecr:*", "*"])
def test_who_may_push_is_on_the_page(action: str) -> None:
    allow = {"Effect": "Allow", "Principal": {"AWS": CI}, "Action": [action]}
    assert _pushed(allow) == [("ml-platform-prod/research/trainer", CI)]
    assert _pushed({**allow, "Principal": "*"}) == [("ml-platform-prod/research/trainer", "everybody")]
    assert _pushed(allow, name="known after up") == [("ml-platform-prod/research/trainer", CI)]
    assert _pushed(allow, name="ml-platform-prod/research/other") == []
    (new,) = (each for each in _with("aws:ecr/repositoryPolicy:RepositoryPolicy", "other", {"repository": LATER})[-1:])
    of_another = replace(new, inputs={**new.inputs, "policy": json.dumps({"Statement": [allow]})})
    repository = _with("aws:ecr/repository:Repository", "trainer", {"name": "ml-platform-prod/research/trainer"})
    assert pushers([*repository, of_another]) == [], "of the new repository beside it"
    assert _pushed({**allow, "Effect": "Deny"}) == []
    assert _pushed({**allow, "Action": ["ecr:BatchGetImage"]}) == []


def _repository() -> Resource:
    """A repository of team/trainer in us-west-2 and account 123456789012."""
    (provider,) = (each.urn for each in built("prod") if each.name == "platform-aws")
    return replace(_with("aws:ecr/repository:Repository", "trainer", {"name": "team/trainer"})[-1], provider=provider)


def _pods_that_push(more: Sequence[Resource]) -> list[str]:
    found = pushers([*more, _repository()])
    return [name for name, who in found if who.startswith("pods of research/researcher")]


@pytest.mark.parametrize(
    ("arn", "here"),
    [
        *((f"arn:aws:ecr:{end}", True) for end in ("*", "us-west-2:123456789012:*", "*:*:repository/team/*")),
        *((f"arn:aws:ecr:us-west-2:123456789012:repository/{name}", True) for name in ("team/trainer", "*")),
        *((f"arn:aws:ecr:{end}", False) for end in ("eu-west-1:*", "us-west-2:999999999999:repository/*")),
        ("arn:aws:ecr:us-west-2:123456789012:repository/other/*", False),
        ("arn:aws:s3:::*", False),
    ],
)
def test_a_right_on_repositories_counts_for_those_of_its_region_and_account(arn: str, here: bool) -> None:
    (policy,) = _policies_of_the_researcher()
    document = {"Statement": [{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": arn}]}
    more = _but(policy.name, "RolePolicy", policy=json.dumps(document))
    assert _pods_that_push(more) == (["team/trainer"] if here else [])


def _policies_of_the_researcher() -> list[Resource]:
    return [
        each
        for each in built("prod")
        if each.name.startswith("main.research.researcher") and each.type.endswith(":RolePolicy")
    ]


def test_policies_of_aws_that_push_are_known() -> None:
    documents = json.loads(aws_managed_policies_data)
    assert {name for name, each in documents.items() if _pushes(each["Document"])} == {
        each.removeprefix(BY_POLICY) for each in _PUSHES
    } | {"AdministratorAccess"}
    (policy,) = _policies_of_the_researcher()
    for name, pushes in (("AmazonEC2ContainerRegistryPowerUser", True), ("ReadOnlyAccess", False)):
        arn = {"policyArn": f"arn:aws:iam::aws:policy/{name}", "role": policy.inputs["role"]}
        type_ = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
        urn = policy.urn.replace(policy.type.rpartition("$")[2], type_)
        attached = replace(policy, urn=urn, type=type_, inputs=arn)
        assert _pods_that_push([*built("prod"), attached]) == (["team/trainer"] if pushes else [])


def _pushes(document: dict[str, Any]) -> bool:
    """Whether a policy of AWS lets push everywhere, without a condition."""
    given = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    allows = [each for each in given if (each["Effect"], each.get("Resource")) == ("Allow", "*")]
    return any(_names_push(each) == ("Action" in each) for each in allows if not each.get("Condition"))


def _names_push(statement: dict[str, Any]) -> bool:
    names = statement.get("Action") or statement["NotAction"]
    return any(fnmatchcase("ecr:putimage", each.lower()) for each in ([names] if isinstance(names, str) else names))


def test_pods_that_may_push_by_rights_of_their_own_are_on_the_page() -> None:
    repository = _with("aws:ecr/repository:Repository", "trainer", {"name": "team/trainer"})[-1]
    (policy,) = (
        each
        for each in built("prod")
        if each.name.startswith("main.research.researcher") and each.type.endswith(":RolePolicy")
    )
    arn = "arn:aws:ecr:us-west-2:123456789012:repository/team/*"
    push = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": arn}
    document = json.loads(policy.inputs["policy"])
    more = json.dumps({**document, "Statement": [*document["Statement"], push]})
    resources = [*_but(policy.name, "RolePolicy", policy=more), repository]
    assert [name for name, who in pushers(resources) if who.startswith("pods of research/researcher")] == [
        "team/trainer"
    ]
    assert "## Who may push images" in as_markdown(resources, "prod")
    assert pushers([*built("prod"), repository]) == []


def test_the_policy_that_reads_all_of_a_namespace_changes_nothing_by_itself() -> None:
    (right,) = set(rights(_edit(name="AdminView"))) - set(rights(built("prod"))) - _of_pods(_edit(name="AdminView"))
    assert right.by == "AmazonEKSAdminViewPolicy"
    assert right.powers == {"reads Secrets", "enters pods"}, "by `get` of pods/exec and nodes/proxy"


def _of_pods(resources: Sequence[Resource]) -> set[Right]:
    return {each for each in rights(resources) if " of " in each.by}


def test_one_more_service_account_is_on_the_page_with_its_rights() -> None:
    metadata = next(each for each in built("prod") if each.name == RESEARCH).inputs["metadata"]
    marks = {**metadata["annotations"], "ml-platform/service-accounts": "default,researcher,trainer"}
    more = _but(RESEARCH, "Namespace", metadata={**metadata, "annotations": marks})
    new = set(accounts(more)) - set(accounts(built("prod")))
    assert {(each.namespace, each.name) for each in new} == {("research", "trainer")}


NAMESPACE = "kubernetes:core/v1:Namespace"
IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
OF_OTHERS = "not of this stack: its rights are not known here"


def _identity(**roles: str) -> list[Resource]:
    inputs = {"clusterName": "ml-platform-prod-main", "namespace": "research", "serviceAccount": "default"}
    return _with(IDENTITY, "hole", {**inputs, **roles})


def _role(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/shared/{name}"


@pytest.mark.parametrize(
    ("roles", "names"),
    [
        ({"roleArn": _role("reader-of-all")}, ["reader-of-all"]),
        ({"roleArn": _role("first"), "targetRoleArn": "arn:aws:iam::999999999999:role/second"}, ["first", "second"]),
    ],
)
def test_a_role_of_another_stack_is_not_told_as_nothing(roles: dict[str, str], names: list[str]) -> None:
    page = as_markdown(_identity(**roles), "prod")
    (row,) = (line for line in page.splitlines() if line.startswith("| ml-platform-prod-main | research | default |"))
    assert row.endswith("| " + "; ".join(f"role {name}, {OF_OTHERS}" for name in names) + " |")


def test_namespaces_of_add_ons_are_no_namespaces_of_people() -> None:
    identity = {"clusterName": "ml-platform-prod-main", "namespace": "external-secrets", "serviceAccount": "other"}
    found = accounts(_with(IDENTITY, "hole", {**identity, "roleArn": _role("reader-of-all")}))
    assert "external-secrets" in {each.inputs["metadata"]["name"] for each in built("prod") if each.type == NAMESPACE}
    assert "external-secrets" not in {each.namespace for each in found}


def test_only_accounts_that_pods_of_a_namespace_may_have_are_told() -> None:
    def of_research(resources: Sequence[Resource]) -> list[str]:
        return [each.name for each in accounts(resources) if each.namespace == "research"]

    unlisted = {"namespace": "research", "serviceAccount": "unlisted", "roleArn": _role("reader-of-all")}
    here = _with(IDENTITY, "hole", {**unlisted, "clusterName": "ml-platform-prod-main"})
    assert of_research(here) == of_research(built("prod")), "admission refuses its pods"
    (namespace,) = (each for each in _but(RESEARCH, "Namespace") if each.name == RESEARCH)
    nobodys = replace(namespace, inputs={"metadata": {"name": "research"}})
    elsewhere = _with(IDENTITY, "hole", {**unlisted, "clusterName": "ml-platform-prod-other"})
    assert of_research([nobodys if each == namespace else each for each in here]) == ["researcher", "unlisted"]
    assert of_research([nobodys if each == namespace else each for each in elsewhere]) == ["researcher"]


def test_a_role_of_the_stack_is_told_by_its_rights() -> None:
    name = next(
        each for each in built("prod") if each.name == "main.research.researcher" and each.type.endswith(":Role")
    )
    found = accounts(_identity(roleArn=f"arn:aws:iam::123456789012:role/{name.inputs['name']}"))
    (default,) = (each for each in found if (each.namespace, each.name) == ("research", "default"))
    assert "s3:GetObject" in default.aws
    assert OF_OTHERS not in "; ".join(default.where)
    assert OF_OTHERS not in as_markdown(built("prod"), "prod")


def test_a_role_of_another_stack_that_pods_may_take_is_told() -> None:
    (policy,) = (
        each
        for each in built("prod")
        if each.name.startswith("main.research.researcher") and each.type.endswith(":RolePolicy")
    )
    document = json.loads(policy.inputs["policy"])
    take = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": _role("lake")}
    more = json.dumps({**document, "Statement": [*document["Statement"], take]})
    (found,) = (each for each in accounts(_but(policy.name, "RolePolicy", policy=more)) if each.name == "researcher")
    assert [each for each in found.where if OF_OTHERS in each] == [f"sts:AssumeRole: iam role/shared/lake, {OF_OTHERS}"]


def test_people_have_rights_in_aws_that_the_page_does_not_know() -> None:
    (line,) = (each for each in as_markdown(built("prod"), "prod").splitlines() if "may do in AWS is not known" in each)
    assert f"{PEOPLE}research" in line
    assert "karpenter" not in line, "a role of the stack"
