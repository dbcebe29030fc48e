"""Who may do what in the clusters, and what follows from it: who makes pods has what pods of the namespace may have.

From the resources of a preview, so that a hand-made Role counts as well. A grant of the access policies of EKS and one
of RBAC add up. What charts bind to the service accounts of their own controllers is not seen.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.iam import EKS_ACCESS_POLICIES
from components.tenancy.marks import SERVICE_ACCOUNTS, TEAM
from costs.resource import Resource
from report.dangers import grants
from report.dangers.access import ASSOCIATION, BINDINGS, ENTRY, NAMESPACE
from report.dangers.danger import at, every
from report.tables import markdown, some

EVERYWHERE = "every namespace"
EVERYBODY = ("system:authenticated", "system:unauthenticated")
_CLUSTER, _KUBERNETES = "mlplatform:cluster:Cluster", "pulumi:providers:kubernetes"
_BATCH = (
    *(("apps", kind) for kind in ("deployments", "statefulsets", "daemonsets", "replicasets")),
    *(("batch", kind) for kind in ("jobs", "cronjobs")),
    *(("ray.io", kind) for kind in ("rayjobs", "rayclusters", "rayservices")),
    *(("argoproj.io", kind) for kind in ("workflows", "cronworkflows", "workflowtemplates")),
    *(("serving.kserve.io", kind) for kind in ("inferenceservices", "servingruntimes")),
    *(("", "replicationcontrollers"), ("trainer.kubeflow.org", "trainjobs"), ("jobset.x-k8s.io", "jobsets")),
    *(("leaderworkerset.x-k8s.io", "leaderworkersets"), ("keda.sh", "scaledjobs")),
)
_STORES = ("secretstores", "clustersecretstores", "externalsecrets", "clusterexternalsecrets", "pushsecrets")
_RBAC = "rbac.authorization.k8s.io"
_CHANGE = ("create", "update", "patch")
MAKES, ENTERS, READS = "makes pods", "enters pods", "reads Secrets"
POWERS: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    # power -> API group, resource, verbs: any of them gives it
    READS: (("", "secrets", ("get", "list", "watch")),),
    MAKES: (("", "pods", ("create",)), *((group, kind, _CHANGE) for group, kind in _BATCH)),
    ENTERS: (
        *(("", f"pods/{way}", ("create",)) for way in ("exec", "attach")),
        ("", "pods/ephemeralcontainers", ("update", "patch")),
    ),
    "takes over identities": (
        *(("", kind, ("impersonate",)) for kind in ("users", "groups", "serviceaccounts")),
        ("", "serviceaccounts/token", ("create",)),
        ("", "serviceaccounts", _CHANGE),
    ),
    "grants rights": tuple(
        (_RBAC, kind, (*_CHANGE, "bind", "escalate"))
        for kind in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
    ),
    "changes limits": (
        *(("", kind, (*_CHANGE, "delete")) for kind in ("namespaces", "resourcequotas", "limitranges")),
        ("networking.k8s.io", "networkpolicies", (*_CHANGE, "delete")),
    ),
    "orders secrets of the store": tuple(("external-secrets.io", kind, _CHANGE) for kind in _STORES),
    "deletes volumes": (("", "persistentvolumeclaims", ("delete", "deletecollection")),),
}
# Source: EKS user guide, "Review access policy permissions"; read 2026-11. Those that it lists are made of these.
_OF_EDIT = frozenset({READS, MAKES, ENTERS, "takes over identities", "deletes volumes"})
_OF_POLICIES: Mapping[str, frozenset[str]] = {
    "cluster-admin": frozenset(POWERS),
    "admin": _OF_EDIT | {"grants rights"},
    "edit": _OF_EDIT,
    "view": frozenset(),
}


@dataclass(frozen=True, order=True)
class Right:
    """What somebody may do in a namespace. who: ARN of an IAM principal, or a group that is everybody's.

    by: role or access policy, and the service account whose it is. powers: keys of POWERS.
    """

    cluster: str
    who: str
    namespace: str
    by: str
    powers: frozenset[str]


@dataclass(frozen=True, order=True)
class Account:
    """A service account that pods of a namespace may have, and what it may do in AWS."""

    cluster: str
    namespace: str
    name: str
    aws: tuple[str, ...] = ()


class _Stack:
    """The resources that decide, by cluster."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = {each.urn: each for each in resources}
        self._names = {
            each.parent: str(each.inputs["clusterName"])
            for each in self.resources.values()
            if "clusterName" in each.inputs and f"{_CLUSTER}::" in each.parent
        }

    def of(self, *types: str) -> Iterator[tuple[str, Resource]]:
        """Yields the resources of these types with the name of their cluster."""
        for each in self.resources.values():
            if each.type in types:
                provider = self.resources.get(each.provider)
                of_kubernetes = (
                    self._names.get(provider.parent, "") if provider and _KUBERNETES in each.provider else ""
                )
                yield str(each.inputs.get("clusterName") or of_kubernetes), each


def rights(resources: Iterable[Resource]) -> list[Right]:
    """Returns what each principal with an access entry may do, and what everybody may, in each namespace."""
    stack = _Stack(resources)
    groups: dict[tuple[str, str], list[str]] = {
        (cluster, str(entry.inputs.get("principalArn"))): every(entry.inputs, "kubernetesGroups")
        for cluster, entry in stack.of(ENTRY)
        if entry.inputs.get("type", "STANDARD") == "STANDARD"
    }
    clusters = {cluster for cluster, _ in groups}
    groups |= {(cluster, group): [group] for cluster in clusters for group in EVERYBODY}
    found = set(_by_policies(stack))
    bound = list(_bound(stack))
    for (cluster, who), own in groups.items():
        for each, kind, name, right in bound:
            if each == cluster and kind in ("Group", "User") and name in own:
                found.add(Right(cluster, who, *right))
    allowed = accounts(stack.resources.values())
    while more := set(_by_pods(found, allowed, bound)) - found:
        found |= more
    return sorted(found, key=lambda each: (each.cluster, each.who, each.namespace, each.by))


def _by_policies(stack: _Stack) -> Iterator[Right]:
    names = {arn.rpartition("/")[2]: key for key, arn in EKS_ACCESS_POLICIES.items()}
    for cluster, each in stack.of(ASSOCIATION):
        policy = str(each.inputs.get("policyArn")).rpartition("/")[2]
        powers = _OF_POLICIES.get(names.get(policy, ""), frozenset(POWERS))  # of another policy, the worst
        for namespace in every(each.inputs, "accessScope.namespaces") or [EVERYWHERE]:
            yield Right(cluster, str(each.inputs.get("principalArn")), str(namespace), policy, powers)


def _bound(stack: _Stack) -> Iterator[tuple[str, str, str, tuple[str, str, frozenset[str]]]]:
    """Yields cluster, kind and name of each subject, and what it gets: where, by what, which powers."""
    roles = {
        (
            cluster,
            each.type.rpartition(":")[2],
            at(each.inputs, "metadata.namespace"),
            at(each.inputs, "metadata.name"),
        ): each
        for cluster, each in stack.of(*grants.RULES)
    }
    for cluster, binding in stack.of(*BINDINGS):
        kind, name = at(binding.inputs, "roleRef.kind"), at(binding.inputs, "roleRef.name")
        where = at(binding.inputs, "metadata.namespace") if binding.type == BINDINGS[0] else None
        role = roles.get((cluster, kind, where if kind == "Role" else None, name))
        powers = powers_of(every(role.inputs, "rules")) if role else frozenset(_OF_POLICIES.get(str(name), POWERS))
        for subject in every(binding.inputs, "subjects"):
            who = str(at(subject, "name"))
            if at(subject, "kind") == "ServiceAccount":
                who = f"{at(subject, 'namespace') or where}/{who}"
            yield cluster, str(at(subject, "kind")), who, (str(where or EVERYWHERE), str(name), powers)


def _by_pods(
    found: Collection[Right],
    allowed: Collection[Account],
    bound: Sequence[tuple[str, str, str, tuple[str, str, frozenset[str]]]],
) -> Iterator[Right]:
    """Yields what those who have pods get by the service accounts of these."""
    for right in found:
        for account in allowed if right.powers & {MAKES, ENTERS} else ():
            if account.cluster != right.cluster or right.namespace not in (account.namespace, EVERYWHERE):
                continue
            for cluster, kind, name, (where, by, powers) in bound:
                namespace, _, of_account = name.rpartition("/")
                fits = account.name == of_account and namespace == account.namespace
                if cluster == right.cluster and kind == "ServiceAccount" and fits:
                    yield Right(cluster, right.who, where, f"{by} of {name}", powers)


def powers_of(rules: Iterable[Any]) -> frozenset[str]:
    """Returns the powers that rules of RBAC give together."""
    read = [(every(rule, "apiGroups"), every(rule, "resources"), every(rule, "verbs")) for rule in rules]
    return frozenset(
        power
        for power, needs in POWERS.items()
        for group, kind, verbs in needs
        for groups, kinds, given in read
        if {group, "*"} & {*groups}
        and {kind, "*", f"*/{kind.partition('/')[2] or '-'}"} & {*kinds}
        and {*verbs, "*"} & {*given}
    )


def accounts(resources: Iterable[Resource]) -> list[Account]:
    """Returns the service accounts that pods may have in the namespaces of people, with their actions in AWS."""
    stack = _Stack(resources)
    actions: dict[str, set[str]] = {}
    for grant in grants.grants(stack.resources):
        if grant.who.startswith("pods of ") and not grant.resource.startswith("role "):
            actions.setdefault(grant.who, set()).add(grant.action)
    identities = {
        (cluster, at(each.inputs, "namespace"), at(each.inputs, "serviceAccount"))
        for cluster, each in stack.of(grants.IDENTITY)
    }
    found = set()
    for cluster, each in stack.of(NAMESPACE):
        if _CLUSTER in each.urn:
            continue  # of an add-on, where nobody of a team has pods
        name, marks = str(at(each.inputs, "metadata.name")), at(each.inputs, "metadata.annotations") or {}
        labels = at(each.inputs, "metadata.labels") or {}
        named = str(marks.get(SERVICE_ACCOUNTS, "")).split(",") if TEAM in labels else []
        with_role = {account for where, namespace, account in identities if (where, namespace) == (cluster, name)}
        for account in named or sorted(with_role):
            aws = sorted(actions.get(f"pods of {name}/{account} in {cluster}", ()))
            found.add(Account(cluster, name, account, tuple(aws)))
    return sorted(found)


def as_markdown(resources: Iterable[Resource], stack: str) -> str:
    """Returns the whole page."""
    known = tuple(resources)
    rows, pods = rights(known), accounts(known)
    listed: dict[tuple[str, str, str], list[Right]] = {}
    for row in rows:
        listed.setdefault((row.cluster, row.who, row.namespace), []).append(row)
    cells = []
    for key, found in listed.items():
        powers = frozenset().union(*(each.powers for each in found))
        cells.append((*key, ", ".join(dict.fromkeys(each.by for each in found)), *_shown(powers)))
    who = ("Cluster", "Who", "Namespace", "By", "Has pods", "Secrets", "More")
    what = ("Cluster", "Namespace", "Service account", "In AWS")
    return "\n".join(
        [
            f"# Who may do what in {stack}",
            "",
            "Everybody here may also read most of what is in the namespace. Who makes pods, or enters them, has",
            "what pods of the namespace may have: every Secret and volume in it, and each service account of the",
            "second table with its rights in AWS. No role can part these; another namespace does.",
            "",
            *markdown(who, cells),
            "",
            "## What pods may have",
            "",
            *markdown(what, [(each.cluster, each.namespace, each.name, _aws(each.aws)) for each in pods]),
            "",
        ]
    )


def _shown(powers: frozenset[str]) -> tuple[str, str, str]:
    pods = [power for power in (MAKES, ENTERS) if power in powers]
    secrets = "reads all" if READS in powers else "all, in pods" if pods else "no"
    return ", ".join(pods) or "no", secrets, ", ".join(each for each in POWERS if each in powers - {*pods, READS})


def _aws(actions: Sequence[str]) -> str:
    return some(actions, 6) if actions else "nothing"
