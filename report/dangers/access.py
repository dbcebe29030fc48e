"""Access that is widened: to the Kubernetes API, to networks, to data and roles, and into clusters. Or that is lost."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from catalog.iam import EKS_ACCESS_POLICIES
from report.dangers import grants
from report.dangers.danger import GRAVE, LATER, LOST, SERIOUS, Danger, Plan, at, every
from report.events import Change
from report.tables import some

CLUSTER = "aws:eks/cluster:Cluster"
ENTRY, ASSOCIATION = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
INGRESS = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:ec2/securityGroupRule:SecurityGroupRule")
GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)
POLICIES = tuple(arn.rpartition("/")[2] for arn in reversed([*EKS_ACCESS_POLICIES.values()]))
"""Access policies of EKS, from the one that allows least."""

POWERS = re.compile(r"\*|(iam|sts|kms|organizations):\*|iam:PassRole|policy (Administrator|PowerUser|IAMFull)Access")
"""Actions with which one can give oneself more."""

NAMES_USERS = frozenset(
    (
        *(f"aws:Principal{each}" for each in ("OrgID", "OrgPaths", "Account", "Arn")),
        *(f"aws:Source{each}" for each in ("Account", "Arn", "Vpc", "Vpce", "Ip", "OrgID")),
        "kms:CallerAccount",
        "elasticfilesystem:AccessPointArn",
    )
)
"""Keys of conditions that say who it is, where a statement names everybody."""

ANYWHERE = ("0.0.0.0/0", "::/0")
SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
_ACCOUNT = re.compile(r"arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):")
_VPN = "come by a private network, or name fewer addresses"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields who can reach or do more than before, then who loses a way in."""
    for change in plan.changes(CLUSTER, ops=("update", "replace")):
        yield from _endpoint(plan, change)
    for change in plan.changes(*INGRESS, *GROUPS, ops=("create", "update", "replace")):
        yield from _networks(plan, change)
    going = {plan.component(change.urn) for change in plan.changes(CLUSTER, ops=("replace", "delete"))}
    for change in plan.changes(ENTRY, ASSOCIATION, *BINDINGS):
        if any(plan.under(change.urn, cluster) for cluster in going):
            continue  # the cluster goes with all its entries, which says more
        yield from _into_clusters(plan, change)
    yield from _rights(plan)


def _endpoint(plan: Plan, change: Change) -> Iterator[Danger]:
    before, after = (_public(inputs) for inputs in plan.inputs(change.urn))
    new = _new_ranges(before, after)
    if new:
        flag = next((f"{each}; " for each in change.properties if each.path.endswith("endpointPublicAccess")), "")
        yield _wider(
            change,
            f"Kubernetes API of {{}} opened to {some(new)}",
            "credentials of the cluster work from there",
            stake=f"{flag}{_addresses([*before, *after]) - _addresses(before):,} addresses more",
            gently=_VPN,
            severity=LOST if set(new) & set(ANYWHERE) else GRAVE,
            name=plan.name(change),
        )


def _public(inputs: Mapping[str, Any]) -> list[str]:
    """Returns the ranges that reach the endpoint. Without any, AWS lets all addresses in."""
    if at(inputs, "vpcConfig.endpointPublicAccess") is False or not inputs:
        return []
    return every(inputs, "vpcConfig.publicAccessCidrs") or ["0.0.0.0/0"]


def _networks(plan: Plan, change: Change) -> Iterator[Danger]:
    before, after = (_openings(inputs) for inputs in plan.inputs(change.urn))
    new = {
        source
        for ports, sources in after.items()
        for source in _new_ranges(
            [each for old, given in before.items() if _within(ports, old) for each in given], sources
        )
    }
    if new:
        yield _wider(
            change,
            f"{{}} lets in {some(sorted(new))}",
            "these addresses reach what the security group is on",
            gently=_VPN,
            severity=LOST if new & set(ANYWHERE) else SERIOUS,
        )


def _openings(inputs: Mapping[str, Any]) -> Mapping[tuple[str, int, int], list[str]]:
    """Returns protocol and ports -> the ranges and prefix lists that a security group or one of its rules lets in."""
    found: dict[tuple[str, int, int], list[str]] = {}
    for rule in () if inputs.get("type") == "egress" else (inputs, *every(inputs, "ingress")):
        protocol = next(map(str, (*every(rule, "ipProtocol"), *every(rule, "protocol"))), "-1")
        low, high = (at(rule, path) for path in ("fromPort", "toPort"))
        known = isinstance(low, int | float) and isinstance(high, int | float) and low >= 0 and protocol != "-1"
        ports = (protocol, int(low), int(high)) if known else (protocol, 0, 65535)
        sources = (each for path in SOURCES for each in every(rule, path))
        found.setdefault(ports, []).extend(each for each in sources if isinstance(each, str))
    return found


def _within(ports: tuple[str, int, int], old: tuple[str, int, int]) -> bool:
    return old[0] in (ports[0], "-1") and old[1] <= ports[1] and ports[2] <= old[2]


def _into_clusters(plan: Plan, change: Change) -> Iterator[Danger]:
    """Yields who loses rights, then who gets more. EKS and Kubernetes widen most rights by a replacement."""
    before, after = plan.inputs(change.urn)
    if change.op in ("delete", "replace") and change.type in (ENTRY, ASSOCIATION):
        node_role = str(before.get("type", "")).startswith("EC2")
        if node_role and change.op == "delete" and plan.goes_with(change.urn):
            return  # its nodes go too
        shut_out = (
            "nodes with this role cannot join, and running ones are cut off" if node_role else "they are shut out"
        )
        yield Danger(
            kind="access",
            severity=GRAVE,
            says="rights in the cluster are taken from {}",
            names=(str(before.get("principalArn")) if before.get("principalArn", LATER) != LATER else change.name,),
            consequence="until they are given again" if change.op == "replace" else shut_out,
            gently="let its nodes go first" if node_role else "check first that another principal is cluster-admin",
            urns=(change.urn,),
        )
    if change.op == "delete":
        return
    who = str(after.get("principalArn") if after.get("principalArn", LATER) != LATER else change.name)
    if change.type == ASSOCIATION and _grows(before, after):
        policy = str(after.get("policyArn")).rpartition("/")[2]
        admin = "ClusterAdmin" in policy
        does = "may do everything in the cluster" if admin else "its rights in the cluster grow"
        namespaces = every(after, "accessScope.namespaces")
        where = f" in {some(namespaces)}" if namespaces else " in the whole cluster" if before else ""
        yield _wider(change, f"{{}} gets {policy}{where}", does, severity=GRAVE if admin else SERIOUS, name=who)
    elif change.type == ENTRY:
        groups = sorted(set(every(after, "kubernetesGroups")) - set(every(before, "kubernetesGroups")), key=str)
        if groups:
            yield _wider(
                change, f"{{}} joins {some(groups)}", "it may do in the cluster what their bindings say", name=who
            )
    elif change.type in BINDINGS:
        same_role = at(after, "roleRef") == at(before, "roleRef")
        old = every(before, "subjects") if same_role else []
        new = [each for each in every(after, "subjects") if each not in old]
        admin = at(after, "roleRef.name") == "cluster-admin"
        people = [str(at(each, "name")) for each in new if admin or at(each, "kind") != "ServiceAccount"]
        if people:
            role = at(after, "roleRef.name")
            yield _wider(change, f"{{}} get {role}", "they may do in the cluster what the role says", name=some(people))


def _grows(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tells whether an access policy allows something anywhere that it did not allow there before."""
    old, new = (str(each.get("policyArn")).rpartition("/")[2] for each in (before, after))
    if not before or (old != new and new not in POLICIES[: POLICIES.index(old) if old in POLICIES else 0]):
        return True
    was, becomes = (set(every(each, "accessScope.namespaces")) for each in (before, after))
    return bool(was) and (not becomes or bool(becomes - was))


def _rights(plan: Plan) -> Iterator[Danger]:
    """Yields who may do more than before, by any document, attachment or identity, and what is denied no longer."""
    old, new = grants.grants(plan.before), grants.grants(plan.after)
    own = _own_account(plan)
    more: dict[tuple[str, str, str], list[grants.Grant]] = {}
    for each in grants.uncovered((one for one in new if not one.denies), old):
        if each.scope and each.scope not in plan.before and _expected(each, own, plan):
            continue  # a new document names its users for the first time
        was = [one for one in old if not one.denies and one.covers(each, condition=False)]
        gone = {key for one in was for _, key, _ in one.condition} - {key for _, key, _ in each.condition}
        more.setdefault((each.who, each.scope, some(sorted(gone))), []).append(each)
    for (who, _, lost), allowed in more.items():
        powers = [each for each in allowed if POWERS.fullmatch(each.action)]
        on_condition = ", and a condition limits it" if all(each.condition for each in allowed) else ""
        named = some(sorted({f"{key} {some(sorted(values))}" for each in allowed for key, values in _users(each)}))
        open_to_all = who == "*" and not all(map(_users, allowed))
        stranger = who != "*" and _is_stranger(who, own)
        yield Danger(
            kind="access",
            severity=LOST if open_to_all else GRAVE if stranger or powers or lost else SERIOUS,
            says=f"{{}} may {grants.in_words(allowed, plan.after)}",
            names=(f"everybody with {named}" if who == "*" and not open_to_all else _everybody(who),),
            at_stake=some(sorted({each.action.removeprefix(grants.BY_POLICY) for each in allowed}), 5),
            consequence=f"the condition on {lost} is gone" if lost else f"nothing allowed it before{on_condition}",
            gently="name the actions and resources that are needed" if powers else "",
            urns=tuple(sorted({each.source for each in allowed})),
        )
    changed = {change.urn: change for change in plan.operation.changes}
    lifted: dict[tuple[str, str], list[grants.Grant]] = {}
    for each in grants.uncovered((one for one in old if one.denies), [one for one in new if one.denies]):
        by = changed.get(each.source)
        leaves = each.scope not in plan.after and (plan.goes_with(each.source) or (by is not None and by.retained))
        if by and not leaves and not _is_unknown(plan.inputs(each.source)[1]):
            lifted.setdefault((each.source, each.who), []).append(each)
    for (urn, who), denied in lifted.items():
        conditions = some(sorted({key for each in denied for _, key, _ in each.condition}))
        verbs = some(sorted({each.action for each in denied}))
        yield _wider(
            changed[urn],
            f"{changed[urn].type.rpartition(':')[2]} {{}} no longer denies {verbs} to {_everybody(who)}",
            "it is allowed where another statement allows it",
            stake=f"condition: {conditions}" if conditions else "",
            severity=GRAVE,
        )
    for change in plan.changes(ops=("update",)):
        old_inputs, new_inputs = plan.inputs(change.urn)
        if _is_unknown(new_inputs) and not _is_unknown(old_inputs):
            kind = change.type.rpartition(":")[2]
            yield _wider(change, f"rights in {kind} {{}} change", "who may do what is known only after up")


def _own_account(plan: Plan) -> str:
    """Returns the account that most ARNs are in; policy documents do not count, for they name others."""
    inputs = ({k: v for k, v in each.inputs.items() if k not in grants.DOCUMENTS} for each in plan.before.values())
    counts = Counter(match for each in inputs for match in _ACCOUNT.findall(str(each)))
    return next((account for account, _ in counts.most_common(1)), "")


def _is_unknown(inputs: Mapping[str, Any]) -> bool:
    return any(inputs.get(path) == LATER for path in grants.DOCUMENTS)


def _is_stranger(who: str, own: str) -> bool:
    account = _ACCOUNT.match(who) or re.fullmatch(r"(\d{12}|[0-9a-f]{64})", who)
    return who == "*" or bool(account and account[1] != own)


def _everybody(who: str) -> str:
    return "everybody" if who == "*" else who


def _expected(grant: grants.Grant, own: str, plan: Plan) -> bool:
    """Tells whether a new document allows its own account, a service of AWS, or whom a condition names."""
    open_anyway = plan.after[grant.scope].type == grants.ENDPOINT
    return open_anyway or not _is_stranger(grant.who, own) or (grant.who == "*" and bool(_users(grant)))


def _users(grant: grants.Grant) -> list[tuple[str, frozenset[str]]]:
    """Returns the conditions of a grant that say who it is, with their values."""
    return [(key, values) for operator, key, values in grant.condition if key in NAMES_USERS and "Not" not in operator]


def _wider(
    change: Change,
    opening: str,
    consequence: str,
    *,
    stake: str = "",
    gently: str = "",
    severity: int = SERIOUS,
    name: str = "",
) -> Danger:
    return Danger(
        kind="access",
        severity=severity,
        says=opening,
        names=(name or change.name,),
        at_stake=stake,
        consequence=consequence,
        gently=gently,
        urns=(change.urn,),
    )


def _new_ranges(before: Iterable[Any], after: Iterable[Any]) -> list[str]:
    """Returns the ranges that the old ones do not cover. How many addresses there are says nothing about whose."""
    known = list(before)
    old = _addresses(known)
    return sorted(
        {
            str(each)
            for each in after
            if each not in known and (_addresses([*known, each]) > old or not _collapsed([each]))
        }
    )


def _addresses(ranges: Iterable[Any]) -> int:
    """Returns how many addresses ranges have together."""
    return sum(each.num_addresses for each in _collapsed(ranges))


def _collapsed(ranges: Iterable[Any]) -> list[IPv4Network | IPv6Network]:
    found: list[IPv4Network | IPv6Network] = []
    for each in ranges:
        with suppress(ValueError):
            found.append(ip_network(each, strict=False))
    v4 = collapse_addresses(each for each in found if isinstance(each, IPv4Network))
    v6 = collapse_addresses(each for each in found if isinstance(each, IPv6Network))
    return [*v4, *v6]
