"""Who may do what in the clusters, and what follows from it: who makes pods has what pods of the namespace may have.

From the resources of a preview, so that a hand-made Role counts as well. A grant of the access policies of EKS and one
of RBAC add up. Of what charts bind to their own controllers only Kyverno's is seen, which decides what is let in.
Sources: Kyverno v1.19.0, charts/kyverno/templates/admission-controller (its roles and bindings); Kubernetes 1.35,
kube_features.go, AuthorizePodWebsocketUpgradeCreatePermission (before it, `get` of pods/exec is enough to enter a pod
by a websocket; its switch can be turned off); AWS managed policy reference; read 2026-11.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from catalog.iam import EKS_ACCESS_POLICIES
from catalog.rbac import ACTS, ADMISSION, BINDS, CHANGE, DELETE, ESCALATIONS, GIVES, NODES, SIGNS, TOKENS
from catalog.rbac import GROUP as RBAC
from components.tenancy.marks import SERVICE_ACCOUNTS, TEAM
from costs.resource import Resource
from report.dangers import grants
from report.dangers.access import ASSOCIATION, BINDINGS, ENTRY
from report.dangers.danger import LATER, NAMESPACE, at, every
from report.dangers.doors import RELEASE, chart_of
from report.tables import markdown

EVERYWHERE = "every namespace"
EVERYBODY = ("system:authenticated", "system:unauthenticated")
_ADDED_TO = "rbac.authorization.k8s.io/aggregate-to-"  # label of a ClusterRole: its rules are those of another, too
_ALL_PODS, _AS_USER = "system:serviceaccounts", "system:serviceaccount:"
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
_KYVERNO = "kyverno:admission-controller"
_KYVERNO_RULES = [
    {
        "apiGroups": ["admissionregistration.k8s.io", "kyverno.io", "policies.kyverno.io"],
        "resources": ["*"],
        "verbs": [*CHANGE, *DELETE, "get", "list", "watch"],
    }
]
_KYVERNO_AT_HOME = [
    {
        "apiGroups": [""],
        "resources": ["secrets", "serviceaccounts"],
        "verbs": [*CHANGE, "delete", "get", "list", "watch"],
    },
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch", "patch", "update"]},
]
_ADDED_TO_KYVERNO = "rbac.kyverno.io/aggregate-to-admission-controller"
_REPOSITORY, _REPOSITORY_POLICY = "aws:ecr/repository:Repository", "aws:ecr/repositoryPolicy:RepositoryPolicy"
_PUSHES = tuple(
    f"{grants.BY_POLICY}{name}"
    for name in (
        *("AmazonEC2ContainerRegistryFullAccess", "AmazonEC2ContainerRegistryPowerUser", "PowerUserAccess"),
        *("AIDevOpsAgentActionsPolicy", "EC2InstanceProfileForImageBuilderECRContainerBuilds"),
    )
)
"""Policies of AWS that allow ecr:PutImage everywhere, beside that of administrators."""
_OUTSIDE = "What these may do in AWS is not known here, since they are not of this stack"
_NOT_KNOWN = "not of this stack: its rights are not known here"
MAKES, ENTERS, READS = "makes pods", "enters pods", "reads Secrets"


def _escalations(*names: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Returns rights that the policies refuse in roles as well."""
    found = [ESCALATIONS[name] for name in names]
    return tuple((group, kind, verbs) for group, kinds, verbs in found for kind in kinds)


POWERS: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    # power -> API group, resource, verbs: any of them gives it
    READS: (("", "secrets", ("get", "list", "watch")),),
    MAKES: (("", "pods", ("create",)), *((group, kind, CHANGE) for group, kind in _BATCH)),
    ENTERS: (
        *(("", f"pods/{way}", ("create", "get")) for way in ("exec", "attach")),
        *(("", kind, ("update", "patch")) for kind in ("pods", "pods/ephemeralcontainers")),
        *_escalations(NODES),
    ),
    "writes Secrets": (("", "secrets", CHANGE),),
    "takes over identities": (*_escalations(ACTS, TOKENS, SIGNS), ("", "serviceaccounts", CHANGE)),
    "grants rights": (
        *_escalations(GIVES, BINDS),
        *((RBAC, kind, CHANGE) for kind in ("roles", "clusterroles")),
    ),
    "changes limits": (
        *(("", kind, (*CHANGE, *DELETE)) for kind in ("namespaces", "resourcequotas", "limitranges")),
        ("networking.k8s.io", "networkpolicies", (*CHANGE, *DELETE)),
        *(
            ("policies.kyverno.io", f"{of}{kind}policies", (*CHANGE, *DELETE))
            for of in ("", "namespaced")
            for kind in ("validating", "imagevalidating", "mutating", "generating", "deleting")
        ),
        *(("kyverno.io", kind, (*CHANGE, *DELETE)) for kind in ("policies", "clusterpolicies")),
        *(("kyverno.io", kind, CHANGE) for kind in ("cleanuppolicies", "clustercleanuppolicies")),
        *((group, "policyexceptions", CHANGE) for group in ("policies.kyverno.io", "kyverno.io")),
        *_escalations(ADMISSION),
    ),
    "reaches nodes": (("", "nodes", ("update", "patch")), ("", "persistentvolumes", ("create",))),
    "orders secrets of the store": tuple(("external-secrets.io", kind, CHANGE) for kind in _STORES),
    "deletes volumes": (("", "persistentvolumeclaims", DELETE),),
}
# Sources: EKS user guide, "Review access policy permissions"; Kubernetes 1.35, the default ClusterRoles; read 2026-11.
_OF_EDIT = frozenset(
    {READS, MAKES, ENTERS, "writes Secrets", "takes over identities", "changes limits", "deletes volumes"}
)
# A policy that no setting names. It only reads, but all there is: Secrets as well, and by `get` of nodes/proxy and
# pods/exec it enters pods, like a role with the same rule.
_OF_EKS = {"AmazonEKSAdminViewPolicy": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]}
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
    """A service account that pods of a namespace may have.

    aws: its actions in AWS. where: what each group of actions is about, e.g. `s3:GetObject: bucket models`, and the
    roles that it has or may take and whose rights are not known.
    """

    cluster: str
    namespace: str
    name: str
    aws: tuple[str, ...] = ()
    where: tuple[str, ...] = ()


class _Stack:
    """The resources that decide, by cluster."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = {each.urn: each for each in resources}
        releases = (each for each in self.resources.values() if each.type == RELEASE)
        kyverno = [each for each in releases if chart_of(each.inputs) == "kyverno"]
        self.resources |= {each.urn: each for release in kyverno for each in _of_kyverno(release)}
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


def _of_kyverno(release: Resource) -> Iterator[Resource]:
    """Yields the roles of Kyverno's controller and what binds it, as far as these give powers, with extra rules."""
    rbac = at(release.inputs, "values.admissionController.rbac") or {}
    extra = [rule for key in ("coreClusterRole", "clusterRole") for rule in every(rbac, f"{key}.extraResources")]
    role = {"metadata": {"name": _KYVERNO}, "rules": [*_KYVERNO_RULES, *extra]}
    yield replace(release, urn=f"{release.urn}/role", type=grants.RULES[0], inputs=role)
    view = [str(rbac.get("viewRoleName", "view"))] if rbac.get("createViewRoleBinding", True) else []
    account = {"kind": "ServiceAccount", "namespace": "kyverno", "name": "kyverno-admission-controller"}
    home = {"metadata": {"name": _KYVERNO, "namespace": account["namespace"]}, "rules": _KYVERNO_AT_HOME}
    yield replace(release, urn=f"{release.urn}/home", type=grants.RULES[1], inputs=home)
    for kind, type_, name in (
        ("Role", BINDINGS[0], _KYVERNO),
        *(("ClusterRole", BINDINGS[1], each) for each in (_KYVERNO, *view)),
    ):
        inputs = {**home, "roleRef": {"kind": kind, "name": name}, "subjects": [account]}
        yield replace(release, urn=f"{release.urn}/{kind}/{name}", type=type_, inputs=inputs)


def rights(resources: Iterable[Resource]) -> list[Right]:
    """Returns what each principal with an access entry may do, and what everybody may, in each namespace."""
    stack = _Stack(resources)
    names: dict[tuple[str, str], set[tuple[str, str]]] = {
        (cluster, str(entry.inputs.get("principalArn"))): {
            *(("Group", str(group)) for group in every(entry.inputs, "kubernetesGroups")),
            ("User", str(entry.inputs.get("userName") or entry.inputs.get("principalArn"))),
        }
        for cluster, entry in stack.of(ENTRY)
        if entry.inputs.get("type", "STANDARD") == "STANDARD"
    }
    clusters = {cluster for cluster, _ in names}
    names |= {(cluster, group): {("Group", group)} for cluster in clusters for group in EVERYBODY}
    for cluster in clusters:
        names[cluster, EVERYBODY[1]].add(("User", "system:anonymous"))
    found = set(_by_policies(stack))
    bound = list(_bound(stack))
    for (cluster, who), own in names.items():
        session = _session_of(who)
        for each, kind, name, right in bound:
            is_own = (kind, name) in own or (kind == "User" and session and name.startswith(session))
            if each == cluster and is_own:
                found.add(Right(cluster, who, *right))
    limited = dict(_limited(stack))
    while more := set(_by_pods(found, limited, bound)) - found:
        found |= more
    return sorted(found, key=_order)


def _session_of(principal: str) -> str:
    """Returns what the user names of a role's sessions begin with; "" for other principals.

    Source: EKS user guide, "Create access entries", on the default user name; read 2026-11.
    """
    parted = principal.split(":")
    if len(parted) != 6 or not parted[5].startswith("role/"):
        return ""
    name = parted[5].rpartition("/")[2]
    return ":".join([*parted[:2], "sts", "", parted[4], f"assumed-role/{name}/"])


def _by_policies(stack: _Stack) -> Iterator[Right]:
    names = {arn.rpartition("/")[2]: key for key, arn in EKS_ACCESS_POLICIES.items()}
    for cluster, each in stack.of(ASSOCIATION):
        policy = str(each.inputs.get("policyArn")).rpartition("/")[2]
        powers = _OF_POLICIES.get(names.get(policy, ""), frozenset(POWERS))  # of another policy, the worst
        powers = powers_of(_OF_EKS[policy]) if policy in _OF_EKS else powers
        for namespace in every(each.inputs, "accessScope.namespaces") or [EVERYWHERE]:
            yield Right(cluster, str(each.inputs.get("principalArn")), str(namespace), policy, powers)


def _bound(stack: _Stack) -> Iterator[tuple[str, str, str, tuple[str, str, frozenset[str]]]]:
    """Yields cluster, kind and name of each subject, and what it gets: where, by what, which powers."""
    roles: dict[tuple[str, Any, Any, Any], list[Resource]] = {}
    for cluster, each in stack.of(*_and_patches(grants.RULES)):
        kind = each.type.rpartition(":")[2].removesuffix("Patch")
        where, name = at(each.inputs, "metadata.namespace"), at(each.inputs, "metadata.name")
        roles.setdefault((cluster, kind, where, name), []).append(each)
        for label, value in (at(each.inputs, "metadata.labels") or {}).items() if kind == "ClusterRole" else ():
            to = _KYVERNO if label == _ADDED_TO_KYVERNO else str(label).removeprefix(_ADDED_TO)
            if to != label and value == "true":
                roles.setdefault((cluster, kind, None, to), []).append(each)
    for cluster, binding in stack.of(*_and_patches(BINDINGS)):
        kind, name = at(binding.inputs, "roleRef.kind"), at(binding.inputs, "roleRef.name")
        of_namespace = binding.type.startswith(BINDINGS[0])
        where = at(binding.inputs, "metadata.namespace") if of_namespace else None
        powers = _of_role(kind, name, roles.get((cluster, kind, where if kind == "Role" else None, name), ()))
        for subject in every(binding.inputs, "subjects"):
            of, who = str(at(subject, "kind")), str(at(subject, "name"))
            if of == "ServiceAccount":
                who = f"{at(subject, 'namespace') or where}/{who}"
            elif of == "User" and who.startswith(_AS_USER):
                of, who = "ServiceAccount", who.removeprefix(_AS_USER).replace(":", "/")
            yield cluster, of, who, (str(where or EVERYWHERE), str(name), powers)


def _and_patches(types: Iterable[str]) -> list[str]:
    return [name for each in types for name in (each, f"{each}Patch")]


def _of_role(kind: Any, name: Any, parts: Sequence[Resource]) -> frozenset[str]:
    """Returns what a role gives; the worst where the stack does not have it, or another controller fills it.

    parts: the role and patches of it.
    """
    own = [each for each in parts if at(each.inputs, "metadata.name") == name]
    whole = any(not each.type.endswith("Patch") for each in own)
    if any("aggregationRule" in each.inputs for each in parts):
        return frozenset(POWERS)
    of_others = _OF_POLICIES.get(str(name)) if kind == "ClusterRole" else None
    known = frozenset[str]() if whole else frozenset(POWERS) if of_others is None else of_others
    return known | powers_of(rule for each in parts for rule in every(each.inputs, "rules"))


def _limited(stack: _Stack) -> Iterator[tuple[tuple[str, str], Collection[str]]]:
    """Yields cluster and name of each namespace of a team, with the only service accounts that pods may have in it."""
    for cluster, each in stack.of(NAMESPACE):
        if TEAM in (at(each.inputs, "metadata.labels") or {}):
            marks = at(each.inputs, "metadata.annotations") or {}
            yield (cluster, str(at(each.inputs, "metadata.name"))), str(marks.get(SERVICE_ACCOUNTS, "")).split(",")


def _by_pods(
    found: Collection[Right],
    limited: Mapping[tuple[str, str], Collection[str]],
    bound: Sequence[tuple[str, str, str, tuple[str, str, frozenset[str]]]],
) -> Iterator[Right]:
    """Yields what those who have pods get by the service accounts of these."""
    for right in found:
        for cluster, kind, name, (where, by, powers) in bound if right.powers & {MAKES, ENTERS} else ():
            of_all = kind == "Group" and (name == _ALL_PODS or name.startswith(f"{_ALL_PODS}:"))
            if cluster != right.cluster or not (of_all or kind == "ServiceAccount"):
                continue
            namespace, _, account_name = name.rpartition("/")
            if of_all:
                namespace = name.removeprefix(_ALL_PODS).removeprefix(":")
            inside = right.namespace == EVERYWHERE or not namespace or fnmatchcase(namespace, right.namespace)
            allowed = limited.get((cluster, namespace))
            if inside and (of_all or allowed is None or account_name in allowed):
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
    held: dict[str, list[grants.Grant]] = {}
    for grant in grants.grants(stack.resources):
        if grant.who.startswith("pods of ") and not grant.resource.startswith("role "):
            held.setdefault(grant.who, []).append(grant)
    identities: dict[tuple[str, Any, Any], list[str]] = {}
    for cluster, each in stack.of(grants.IDENTITY):
        roles = identities.setdefault((cluster, at(each.inputs, "namespace"), at(each.inputs, "serviceAccount")), [])
        roles += grants.roles_of_others(each, stack.resources)
    found = set()
    for cluster, each in stack.of(NAMESPACE):
        if _CLUSTER in each.urn:
            continue  # of an add-on, where nobody of a team has pods
        name, marks = str(at(each.inputs, "metadata.name")), at(each.inputs, "metadata.annotations") or {}
        labels = at(each.inputs, "metadata.labels") or {}
        named = str(marks.get(SERVICE_ACCOUNTS, "")).split(",") if TEAM in labels else []
        with_role = {account for where, namespace, account in identities if (where, namespace) == (cluster, name)}
        for account in named or sorted(with_role):
            of_it = held.get(f"pods of {name}/{account} in {cluster}", [])
            aws = tuple(sorted({grant.action for grant in of_it}))
            where_to = [*_where(of_it, stack.resources)]
            where_to += [f"role {role}, {_NOT_KNOWN}" for role in identities.get((cluster, name, account), ())]
            found.add(Account(cluster, name, account, aws, tuple(where_to)))
    return sorted(found)


def controllers(resources: Iterable[Resource]) -> list[Right]:
    """Returns what the stack and the charts that are seen bind to service accounts. who: namespace and name of each."""
    bound = _bound(_Stack(resources))
    return sorted(
        {Right(where, who, *right) for where, kind, who, right in bound if kind == "ServiceAccount"}, key=_order
    )


def pushers(resources: Iterable[Resource]) -> list[tuple[str, str]]:
    """Returns the name of each repository of the stack, and who may push to it: by its policy, or by own rights."""
    known = {each.urn: each for each in resources}
    names = {each.urn: str(each.inputs.get("name")) for each in known.values() if each.type == _REPOSITORY}
    return sorted(
        {
            (name, "everybody" if grant.who == "*" else grant.who)
            for grant in grants.grants(known)
            if not grant.denies and (grant.action in _PUSHES or grants.matches(grant.action.lower(), "ecr:putimage"))
            for urn, name in names.items()
            if _is_about(grant, known[urn], name, known)
        }
    )


def _is_about(grant: grants.Grant, repository: Resource, name: str, known: Mapping[str, Resource]) -> bool:
    """Tells whether a grant is about a repository. The name in a policy of a new one may not be known yet."""
    policy = known.get(grant.scope)
    if policy is None:
        return grants.matches(grant.resource, _arn(grant.resource, repository, name, known))
    of_it = policy.inputs.get("repository")
    beside = (policy.name, policy.parent) == (repository.name, repository.parent)
    return policy.type == _REPOSITORY_POLICY and (of_it == name or (of_it == LATER and beside))


def _arn(pattern: str, repository: Resource, name: str, known: Mapping[str, Resource]) -> str:
    """Returns the ARN of a repository. What is not known of it is taken from the pattern that it is held against."""
    given = [*pattern.split(":"), "", "", "", ""]
    provider = known[repository.provider].inputs if repository.provider in known else {}
    account = re.search(r"\d{12}", f"{provider.get('allowedAccountIds')} {provider.get('assumeRoles')}")
    region = repository.inputs.get("region") or provider.get("region") or given[3]
    return f"arn:{given[1]}:ecr:{region}:{account[0] if account else given[4]}:repository/{name}"


def _order(right: Right) -> tuple[str, ...]:
    return right.cluster, right.who, right.namespace, right.by


def _where(held: Iterable[grants.Grant], resources: Mapping[str, Resource]) -> Iterator[str]:
    """Yields all actions on each thing, those on the same things together."""
    targets: dict[str, set[str]] = {}
    for each in held:
        targets.setdefault(_thing(each, resources), set()).add(each.action)
    same: dict[tuple[str, ...], list[str]] = {}
    for target, actions in sorted(targets.items()):
        same.setdefault(tuple(sorted(actions)), []).append(target)
    for actions_of_it, things in same.items():
        yield f"{', '.join(actions_of_it)}: {', '.join(things)}"


def _thing(grant: grants.Grant, resources: Mapping[str, Resource]) -> str:
    """Returns what a grant is about: a bucket with the path in it, keys by their alias where a condition has it."""
    aliases = [alias for _, key, values in grant.condition if key == "kms:ResourceAliases" for alias in values]
    _, _, path = grant.resource.partition(":::")[2].partition("/")
    within = f"/{path}" if path not in ("", "*") else ""
    if grant.action.endswith(":AssumeRole") and not grants.is_role_of(resources, grant.resource):
        within += f", {_NOT_KNOWN}"
    return ", ".join(sorted(aliases)) or grants.verb_and_target(grant, resources)[1].removeprefix("in ") + within


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
    of_controllers = [
        (each.cluster, each.who, each.namespace, each.by, *_shown(each.powers)) for each in controllers(known)
    ]
    who = ("Cluster", "Who", "Namespace", "By", "Has pods", "Secrets", "More")
    outside = _principals_of_others(rows, known)
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
            *([f"{_OUTSIDE}: {', '.join(outside)}.", ""] if outside else []),
            "## What pods may have",
            "",
            *markdown(
                what, [(each.cluster, each.namespace, each.name, "; ".join(each.where) or "nothing") for each in pods]
            ),
            "",
            *_section("What controllers may do", who, of_controllers),
            *_section("Who may push images", ("Repository", "Who"), pushers(known)),
        ]
    )


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"## {title}", "", *markdown(head, rows), ""] if rows else []


def _principals_of_others(rows: Iterable[Right], resources: Iterable[Resource]) -> list[str]:
    """Returns the principals of IAM among those who have rights and that are no roles of the stack."""
    known = {each.urn: each for each in resources}
    return sorted({each.who for each in rows if ":iam::" in each.who and not grants.is_role_of(known, each.who)})


def _shown(powers: frozenset[str]) -> tuple[str, str, str]:
    pods = [power for power in (MAKES, ENTERS) if power in powers]
    secrets = "reads all" if READS in powers else "all, in pods" if pods else "no"
    return ", ".join(pods) or "no", secrets, ", ".join(each for each in POWERS if each in powers - {*pods, READS})
