"""Access that is widened: to the Kubernetes API, to networks, to data and roles, and into clusters. Or that is lost."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from catalog.iam import EKS_ACCESS_POLICIES
from catalog.roles import ROLES
from common.urns import name_of, type_of
from costs.resource import Resource
from report.dangers import grants
from report.dangers.danger import CLUSTER, GRAVE, LATER, LOST, NAMESPACE, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.data import CLAIM, SECRET, VOLUME, keeps_files
from report.events import Change
from report.tables import counted, some
from settings.tenancy.members import GROUPS as OF_TEAMS

ADD_ON = "mlplatform:addons:AddOn"
ROUTE = "aws:ec2/route:Route"
RANGES = ("destinationCidrBlock", "destinationIpv6CidrBlock")
FILE_SYSTEMS = ("aws:efs/fileSystem:FileSystem", "aws:fsx/lustreFileSystem:LustreFileSystem")
ENTRY, ASSOCIATION = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
INGRESS = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:ec2/securityGroupRule:SecurityGroupRule")
GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)
POLICIES = tuple(arn.rpartition("/")[2] for arn in reversed([*EKS_ACCESS_POLICIES.values()]))
"""Access policies of EKS, from the one that allows least."""
_READS_ALL = "AmazonEKSAdminViewPolicy"
"""Beside these: it reads everything, Secrets as well, and changes nothing."""

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
MEMBERS = ("referencedSecurityGroupId", "sourceSecurityGroupId")
Ports = tuple[str, int, int]
API: Ports = ("tcp", 443, 443)
_BUCKET = re.compile(r"(arn:[\w-]+:s3:::)([^/*]+)")
_FOLDER = re.compile(r"arn:[\w-]+:secretsmanager:[\w-]+:\d+:secret:([^*?]+/)\*")
_ACCOUNT = re.compile(r"arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):")
_ROLES = (*ROLES,)
"""Roles of teams, each with all that the one before it has."""

_NOT_MISSED = ("sts:AssumeRole", "iam:CreateServiceLinkedRole")
"""Actions that nobody misses: to take a role without rights, and to make a role of AWS that stays once it is there."""

_VPN = "come by a private network, or name fewer addresses"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields who can reach or do more than before, then who loses a way in."""
    for change in plan.changes(CLUSTER, ops=("update", "replace")):
        yield from _endpoint(plan, change)
    yield from _networks(plan)
    going = {plan.component(change.urn) for change in plan.changes(CLUSTER, ops=("replace", "delete"))}
    for change in plan.changes(ENTRY, ASSOCIATION, *BINDINGS):
        if any(plan.under(change.urn, cluster) for cluster in going):
            continue  # the cluster goes with all its entries, which says more
        if plan.component(change.urn) in _new_clusters(plan) and _has_elsewhere(plan, change):
            continue
        yield from _into_clusters(plan, change)
    for urn in sorted(plan.before):
        if plan.before[urn].type == CLUSTER and plan.component(urn) not in going:
            yield from _members(plan, urn)
            yield from _shut_out(plan, urn)
    yield from _routes(plan)
    yield from _unmounted(plan)
    yield from _rights(plan)


def _endpoint(plan: Plan, change: Change) -> Iterator[Danger]:
    before, after = (_public(inputs) for inputs in plan.inputs(change.urn))
    new = new_ranges(before, after)
    if new:
        flag = next((f"{each}; " for each in change.properties if each.path.endswith("endpointPublicAccess")), "")
        yield of_change(
            change,
            "access",
            LOST if set(new) & set(ANYWHERE) else GRAVE,
            f"Kubernetes API of {{}} opened to {some(new)}",
            "credentials of the cluster work from there",
            _VPN,
            name=plan.name(change),
            at_stake=f"{flag}{counted(_addresses([*before, *after]) - _addresses(before), 'address', 'es')} more",
        )


def _public(inputs: Mapping[str, Any]) -> list[str]:
    """Returns the ranges that reach the endpoint. Without any, AWS lets all addresses in."""
    if at(inputs, "vpcConfig.endpointPublicAccess") is False or not inputs:
        return []
    return every(inputs, "vpcConfig.publicAccessCidrs") or ["0.0.0.0/0"]


def _networks(plan: Plan) -> Iterator[Danger]:
    """Yields what security groups let in anew. The rules of one group count together."""
    old: dict[str, list[tuple[Ports, list[str]]]] = {}
    for each in plan.before.values():
        if each.type in (*INGRESS, *GROUPS):
            old.setdefault(_group(plan, each), []).extend(_openings(each.inputs).items())
    for change in plan.changes(*INGRESS, *GROUPS, ops=("create", "update", "replace")):
        known = old.get(_group(plan, plan.after[change.urn]), [])
        new = {
            source
            for ports, sources in _openings(plan.after[change.urn].inputs).items()
            for source in new_ranges([each for was, given in known if _within(ports, was) for each in given], sources)
        }
        if new:
            yield of_change(
                change,
                "access",
                LOST if new & set(ANYWHERE) else SERIOUS,
                f"{{}} [lets|let] in {some(sorted(new))}",
                "these addresses reach what the security group is on",
                _VPN,
            )


def _group(plan: Plan, rule: Resource) -> str:
    """Returns the id of the security group that a rule is of, or that this is one; its URN where none is known."""
    was = plan.before.get(rule.urn, rule)
    given = (each.inputs.get("securityGroupId") for each in (rule, was))
    return str(next((each for each in given if each not in (None, LATER)), was.id or rule.urn))


def _members(plan: Plan, cluster: str) -> Iterator[Danger]:
    """Yields the security groups whose members reach the API of a cluster anew."""
    component = plan.component(cluster)
    before, after = (_private(each, plan, component, MEMBERS) for each in (plan.before, plan.after))
    if new := sorted({*after} - {*before, LATER}):
        yield Danger(
            kind="access",
            severity=SERIOUS,
            says=f"members of {{}} reach the API of cluster {name_of(component or cluster)}",
            names=tuple(new),
            consequence="credentials of the cluster work from there",
            gently="see first who may put something into the group",
            urns=(cluster,),
        )


def _shut_out(plan: Plan, cluster: str) -> Iterator[Danger]:
    """Yields the addresses and members of security groups that no longer reach the API of a cluster that stays.

    Its public ranges and the rules beside it are two ways in: no address comes by both.
    """
    component, lost, had, fewer = plan.component(cluster), list[str](), 0, 0
    private = (_private(each, plan, component) for each in (plan.before, plan.after))
    for before, after in (tuple(map(_public, plan.inputs(cluster))), tuple(private)):
        gone = [] if LATER in after else new_ranges(after, before)
        lost += gone
        had += _addresses(gone)
        fewer += _addresses([*after, *gone]) - _addresses(after)
    if lost:
        count = f": {fewer:,} of {had:,} addresses" if had else ""
        yield Danger(
            kind="access",
            severity=SERIOUS,
            says=f"{{}} [loses|lose] the API of cluster {name_of(component or cluster)}{count}",
            names=tuple(lost),
            consequence="people and pipelines that come from there can no longer reach it",
            gently="let them come by the new way first, then close the old one in a change of its own",
            urns=(cluster,),
        )


def _private(
    resources: Mapping[str, Resource], plan: Plan, component: str, of: Iterable[str] = (*SOURCES, *MEMBERS)
) -> list[str]:
    """Returns what reaches the API of a cluster by the rules of its security group."""
    rules = (each for each in resources.values() if each.type in INGRESS and plan.component(each.urn) == component)
    return [
        source
        for rule in rules
        for ports, sources in _openings(rule.inputs, of).items()
        if _within(API, ports)
        for source in sources
    ]


def _openings(inputs: Mapping[str, Any], of: Iterable[str] = SOURCES) -> Mapping[Ports, list[str]]:
    """Returns protocol and ports -> the ranges and prefix lists that a security group or one of its rules lets in."""
    found: dict[Ports, list[str]] = {}
    for rule in () if inputs.get("type") == "egress" else (inputs, *every(inputs, "ingress")):
        protocol = next(map(str, (*every(rule, "ipProtocol"), *every(rule, "protocol"))), "-1")
        low, high = (at(rule, path) for path in ("fromPort", "toPort"))
        known = isinstance(low, int | float) and isinstance(high, int | float) and low >= 0 and protocol != "-1"
        ports = (protocol, int(low), int(high)) if known else (protocol, 0, 65535)
        sources = (each for path in of for each in every(rule, path))
        found.setdefault(ports, []).extend(each for each in sources if isinstance(each, str))
    return found


def _within(ports: Ports, old: Ports) -> bool:
    return old[0] in (ports[0], "-1") and old[1] <= ports[1] and ports[2] <= old[2]


def _routes(plan: Plan) -> Iterator[Danger]:
    """Yields the networks that a route reaches anew over a transit gateway or a peering connection."""
    for change in plan.changes(ROUTE, ops=("create", "update", "replace")):
        route = plan.after[change.urn].inputs
        leads_on = any(route.get(each) for each in ("transitGatewayId", "vpcPeeringConnectionId"))
        if leads_on and (change.op != "create" or plan.stood(change.urn)) and not routed(route, plan.before):
            target = next((route[each] for each in RANGES if route.get(each)), "")
            yield of_change(
                change,
                "access",
                SERIOUS,
                f"routes to the network {target}: {{}}",
                "from there comes in what security groups let in",
            )


def routed(route: Mapping[str, Any], resources: Mapping[str, Resource]) -> bool:
    """Tells whether a route of these resources, in the same table and to the same target, covers a route."""
    ids = {key: value for key, value in route.items() if key.endswith("Id")}
    return any(
        ids.items() <= each.inputs.items() and covers(each.inputs.get(path), route[path])
        for each in resources.values()
        for path in RANGES
        if each.type == ROUTE and route.get(path)
    )


def _unmounted(plan: Plan) -> Iterator[Danger]:
    """Yields the pods that lose a file system which stays: its files do, so that nothing else tells of its claim."""
    volumes = {
        (each.provider, at(each.inputs, "metadata.name")): each  # two clusters may have one of the same name
        for each in plan.before.values()
        if each.type == VOLUME
    }
    going = {plan.before[each.urn].id for each in plan.changes(ops=("delete", "replace")) if each.urn in plan.before}
    names = {each.id: each.name for each in plan.before.values() if each.type in FILE_SYSTEMS}
    for change in plan.changes(CLAIM, ops=("delete",)):
        if is_going(plan, plan.before[change.urn]):
            continue
        claim = plan.inputs(change.urn)[0]
        volume = volumes.get((plan.before[change.urn].provider, at(claim, "spec.volumeName")))
        file_system = str(at(volume.inputs, "spec.csi.volumeHandle")).partition(":")[0] if volume else ""
        if keeps_files(volume) and not change.retained and file_system not in going:
            yield of_change(
                change,
                "access",
                SERIOUS,
                f"pods of {at(claim, 'metadata.namespace')} lose {{}}",
                "those that mount it do not start again, and `up` waits until the last of them has ended",
                "let those pods end or move first",
                name=names.get(file_system, change.name),
            )


def _into_clusters(plan: Plan, change: Change) -> Iterator[Danger]:
    """Yields who loses rights, then who gets more. EKS and Kubernetes widen most rights by a replacement."""
    before, after = plan.inputs(change.urn)
    if change.op in ("delete", "replace") and change.type in (ENTRY, ASSOCIATION):
        node_role = str(before.get("type", "")).startswith("EC2")
        if node_role and change.op == "delete" and plan.goes_with(change.urn):
            return  # its nodes go too
        lost, shut_out = "", "until they are given again"
        if change.op == "delete":
            shut_out = "they are shut out"
            if before.get("kubernetesGroups") and all(map(_of_a_team, before["kubernetesGroups"])):
                yield of_change(
                    change,
                    "access",
                    SERIOUS,
                    "{} [leaves|leave] " + some(sorted(before["kubernetesGroups"])),
                    "they are shut out, and their pods run on",
                    "let another member of the team look after these",
                    name=str(before.get("principalArn")),
                )
                return
            if node_role:
                shut_out = "nodes with this role cannot join, and running ones are cut off"
        elif change.type == ASSOCIATION and _grows(after, before):
            lost, shut_out = _lost(before, after)
        yield of_change(
            change,
            "access",
            GRAVE,
            f"rights in the cluster are taken from {{}}{lost}",
            shut_out,
            "let its nodes go first" if node_role else "check first that another principal is cluster-admin",
            name=str(before.get("principalArn")) if before.get("principalArn", LATER) != LATER else change.name,
        )
    if change.type == BINDINGS[0] and before:
        yield from _unbound(plan, change, before, after)
    if change.op == "delete":
        return
    who = str(after.get("principalArn") if after.get("principalArn", LATER) != LATER else change.name)
    if change.type == ASSOCIATION and _grows(before, after):
        policy, where = _policy(after)
        admin = "ClusterAdmin" in policy
        does = "may do everything in the cluster" if admin else "its rights in the cluster grow"
        yield of_change(
            change, "access", GRAVE if admin else SERIOUS, f"{{}} [gets|get] {policy}{where}", does, name=who
        )
    elif change.type == ENTRY:
        if change.op == "update" and (left := _left(before, after)):
            roles = _roles(plan.before, left)
            yield of_change(
                change,
                "access",
                SERIOUS,
                f"{{}} [leaves|leave] {some(left)}",
                f"what only these allow is lost{f': {roles}' if roles else ''}; pods that they made run on",
                "let another member of the team look after what runs",
                name=who,
            )
        groups = sorted(set(every(after, "kubernetesGroups")) - set(every(before, "kubernetesGroups")), key=str)
        if groups:
            roles = _roles(plan.after, groups)
            yield of_change(
                change,
                "access",
                SERIOUS,
                f"{{}} [joins|join] {some(groups)}",
                f"it is {roles}; access.md says what pods add to that"
                if roles
                else "their bindings say what it may do in the cluster",
                name=who,
            )
    elif change.type in BINDINGS:
        same_role = at(after, "roleRef") == at(before, "roleRef")
        old = every(before, "subjects") if same_role else []
        new = [each for each in every(after, "subjects") if each not in old]
        admin = at(after, "roleRef.name") == "cluster-admin"
        for each in new:
            if _of_a_team(at(each, "name")) and not _is_joined(plan.before, at(each, "name")):
                continue  # who joins it is told of
            if admin or at(each, "kind") != "ServiceAccount":
                where = at(after, "metadata.namespace")
                says = f"{{}} [gets|get] {at(after, 'roleRef.name')}{f' in {where}' if where else ''}"
                yield of_change(
                    change,
                    "access",
                    SERIOUS,
                    says,
                    "the role says what it allows in the cluster",
                    name=str(at(each, "name")),
                )


def _left(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Returns the groups that a principal is no longer in, but for those whose team gives it a role that has more."""
    old, new = (every(each, "kubernetesGroups") for each in (before, after))
    return sorted(each for each in old if each not in new and not any(_has_more(one, each) for one in new))


def _has_more(group: Any, other: Any) -> bool:
    """Tells whether both are of one team, and the role of the first has all that the other one's has."""
    (team, _, role), (same, _, less) = (str(each).rpartition(":") for each in (group, other))
    known = role in _ROLES and less in _ROLES and team == same
    return known and _ROLES.index(role) >= _ROLES.index(less)


def _unbound(plan: Plan, change: Change, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Danger]:
    """Yields the groups and users that lose a role in a namespace that stays; who leaves a group is told of as such."""
    left = every(after, "subjects") if at(after, "roleRef") == at(before, "roleRef") else []
    where = at(before, "metadata.namespace")
    if change.retained or not plan.has_namespace(plan.before[change.urn].provider, where):
        return
    for each in every(before, "subjects"):
        name = at(each, "name")
        if (
            each in left
            or at(each, "kind") == "ServiceAccount"
            or (_of_a_team(name) and not _is_joined(plan.after, name))
        ):
            continue
        yield of_change(
            change,
            "access",
            SERIOUS,
            f"{{}} [loses|lose] {at(before, 'roleRef.name')} in {where}",
            "who is in it can no longer see or end what runs there",
            "let them end what runs there first",
            name=str(name),
        )


def _of_a_team(group: Any) -> bool:
    return str(group).startswith(OF_TEAMS)


def _is_joined(resources: Mapping[str, Resource], group: Any) -> bool:
    """Tells whether somebody is in a group."""
    return any(group in every(each.inputs, "kubernetesGroups") for each in resources.values() if each.type == ENTRY)


def _roles(resources: Mapping[str, Resource], groups: Collection[str]) -> str:
    """Returns which roles groups are bound to, and where; "" where the stack binds none."""
    bound = sorted(
        {
            f"{at(each.inputs, 'roleRef.name')} in {at(each.inputs, 'metadata.namespace') or 'the whole cluster'}"
            for each in resources.values()
            if each.type in BINDINGS and {*groups} & {*every(each.inputs, "subjects.name")}
        }
    )
    return some(bound)


def _new_clusters(plan: Plan) -> set[str]:
    """Returns the components of the clusters that come with the change. There is nothing yet to reach in them."""
    return {plan.component(urn) for urn, each in plan.after.items() if each.type == CLUSTER and urn not in plan.before}


def _has_elsewhere(plan: Plan, change: Change) -> bool:
    """Tells whether a principal has the same access policy in a cluster that was there, e.g. the deployer."""
    given = plan.after[change.urn].inputs
    return change.type == ASSOCIATION and any(
        each.type == ASSOCIATION
        and each.inputs.get("principalArn") == given.get("principalArn")
        and not _grows(each.inputs, given)
        for each in plan.before.values()
    )


def _policy(association: Mapping[str, Any]) -> tuple[str, str]:
    """Returns an access policy and where it counts."""
    namespaces = every(association, "accessScope.namespaces")
    where = f" in {some(namespaces)}" if namespaces else " in the whole cluster"
    return str(association.get("policyArn")).rpartition("/")[2], where


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """Returns what becomes of an access policy, and which of its rights are lost where."""
    (had, old), (has, new) = (_policy(each) for each in (before, after))
    was, becomes = (every(each, "accessScope.namespaces") for each in (before, after))
    lost = [f"what {has} does not allow"] if had != has else []
    lost += [f"everything outside of {some(becomes)}"] if becomes and not was else []
    left = [each for each in was if becomes and each not in becomes]
    lost += [f"everything in {some(left)}"] if left else []
    return f": {had}{old} → {has}{new}", f"it loses {' and '.join(lost)}"


def _grows(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tells whether an access policy allows something anywhere that it did not allow there before."""
    old, new = (str(each.get("policyArn")).rpartition("/")[2] for each in (before, after))
    less = POLICIES[: POLICIES.index(old) if old in POLICIES else old == _READS_ALL]
    if not before or not (old in (new, POLICIES[-1]) or new in less):
        return True
    was, becomes = (set(every(each, "accessScope.namespaces")) for each in (before, after))
    return bool(was) and (not becomes or bool(becomes - was))


def _with_keys(grant: grants.Grant) -> tuple[Any, ...]:
    """Returns what a grant says, with the keys of its condition and without their values."""
    keys = frozenset((operator, key) for operator, key, _ in grant.condition)
    return grant.scope, grant.source, grant.who, grant.action, grant.resource, keys


def _rights(plan: Plan) -> Iterator[Danger]:
    """Yields who may do more than before, by any document, attachment or identity, and what is denied no longer."""
    buckets = (
        plan.inputs(urn) for urn, each in plan.after.items() if each.type in grants.BUCKETS and urn in plan.before
    )
    names = {
        old["bucket"]: new["bucket"] for old, new in buckets if new.get("bucket", LATER) != LATER != old.get("bucket")
    }
    old, new = [_renamed(each, names) for each in grants.grants(plan.before)], grants.grants(plan.after)
    own = _own_account(plan)
    held = {_with_keys(one) for one in new if not one.denies}  # in a statement that stays, whatever its values are now
    more: dict[tuple[str, str, str], list[grants.Grant]] = {}
    clusters, quiet = _new_clusters(plan), set(_for_new_secrets(plan))
    for each in grants.uncovered((one for one in new if not one.denies), old):
        if each.scope and each.scope not in plan.before and _expected(each, own, plan):
            continue  # a new document names its users for the first time
        if each.source in quiet and (each.named or each.who.startswith("pods of ")) and not _is_stranger(each.who, own):
            continue  # there was nothing to read before
        grave = _is_stranger(each.who, own) or POWERS.fullmatch(each.action) or _BUCKET.match(each.resource)
        if not grave and any(plan.under(each.source, cluster) for cluster in clusters):
            continue  # a new cluster brings its own roles
        was = [
            one for one in old if not one.denies and one.covers(each, condition=False) and _with_keys(one) not in held
        ]
        gone = {key for one in was for _, key, _ in one.condition} - {key for _, key, _ in each.condition}
        more.setdefault((each.named or each.who, each.scope, some(sorted(gone))), []).append(each)
    for (who, _, lost), allowed in more.items():
        powers = [each for each in allowed if POWERS.fullmatch(each.action)]
        on_condition = ", and a condition limits it" if all(each.condition for each in allowed) else ""
        named = some(sorted({text for each in allowed for text in _new_users(each, old)}))
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
    yield from _lost_rights(plan, old, new)
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
        yield of_change(
            changed[urn],
            "access",
            GRAVE,
            f"{changed[urn].type.rpartition(':')[2]} {{}} no longer [denies|deny] {verbs} to {_everybody(who)}",
            "it is allowed where another statement allows it",
            at_stake=f"condition: {conditions}" if conditions else "",
        )
    for change in plan.changes(ops=("update",)):
        old_inputs, new_inputs = plan.inputs(change.urn)
        if _is_unknown(new_inputs) and not _is_unknown(old_inputs):
            kind = change.type.rpartition(":")[2]
            yield of_change(
                change, "access", SERIOUS, f"rights in {kind} {{}} change", "who may do what is known only after up"
            )


def _for_new_secrets(plan: Plan) -> Iterator[str]:
    """Yields new roles, and their policies, that allow nothing but to use secrets which come with the change.

    Such secrets are in a folder of names that held none. To decrypt by Secrets Manager is worth nothing without them.
    """
    before, after = (
        [str(at(each.inputs, "name")) for each in those.values() if each.type == SECRET]
        for those in (plan.before, plan.after)
    )

    def is_of_new(grant: grants.Grant) -> bool:
        if grant.action.startswith("kms:"):
            via = [values for _, key, values in grant.condition if key == "kms:ViaService"]
            return any(all(each.startswith("secretsmanager.") for each in values) for values in via)
        folder = _FOLDER.fullmatch(grant.resource)
        held = [any(name.startswith(folder[1]) for name in names) for names in (before, after)] if folder else []
        return held == [False, True]

    for role, policies in grants.held(plan.after).items():
        known = all(
            plan.after[each].type in grants.INLINE and not _is_unknown(plan.after[each].inputs) for each in policies
        )
        given = [one for each in policies for one in grants.statements(plan.after[each], "policy") if not one.denies]
        if role not in plan.before and known and given and all(map(is_of_new, given)):
            yield from (role, *policies)


def _renamed(grant: grants.Grant, names: Mapping[str, str]) -> grants.Grant:
    """Returns a grant under the name that its bucket gets: another name is no other right."""
    arn = _BUCKET.match(grant.resource)
    if not arn or arn[2] not in names:
        return grant
    return replace(grant, resource=f"{arn[1]}{names[arn[2]]}{grant.resource[arn.end() :]}")


def _lost_rights(plan: Plan, old: list[grants.Grant], new: list[grants.Grant]) -> Iterator[Danger]:
    """Yields the pods that stay and may do less to what stays. A right to everything says nothing of what is used.

    Pods whose role goes stay as long as their namespace does.
    """
    stays = {each.who for each in new if each.who.startswith("pods of ")}
    if not any(plan.changes(CLUSTER, ops=("replace", "delete"))):
        namespaces = [each for each in {**plan.before, **plan.after}.values() if each.type == NAMESPACE]
        kept = {at(each.inputs, "metadata.name") for each in namespaces if plan.stays(each.urn)}
        whos = {each.who for each in old if each.who.startswith("pods of ")}
        stays |= {who for who in whos if who.removeprefix("pods of ").partition("/")[0] in kept}
    going = plan.changes(ops=("delete", "replace"))
    gone = {id_ for each in going if each.urn in plan.before and (id_ := plan.before[each.urn].id)}
    lost: dict[str, list[grants.Grant]] = {}
    for each in old:
        named = each.who in stays and each.resource != "*" and each.action not in _NOT_MISSED
        if named and not any(id_ in each.resource for id_ in gone) and not _is_unknown(plan.inputs(each.source)[1]):
            lost.setdefault(each.who, []).append(each)
    for who, held in lost.items():
        left = [each for each in new if each.who == who and not each.denies]
        still = {grants.verb_and_target(each, plan.after) for each in left}
        taken = [each for each in held if not any(one.covers(each, condition=False) for one in left)]
        if taken := [each for each in taken if grants.verb_and_target(each, plan.before) not in still]:
            of_add_on = all(type_of(plan.component(each.source)) == ADD_ON for each in taken)
            yield Danger(
                kind="access",
                severity=SERIOUS,
                says=f"{{}} may no longer {grants.in_words(taken, plan.before)}",
                names=(who,),
                at_stake=some(sorted({each.action for each in taken}), 5),
                consequence="what needs it of the add-on fails" if of_add_on else "jobs that still do it fail",
                gently="look first what still needs it" if of_add_on else "let those jobs end or move first",
                urns=tuple(sorted({each.source for each in taken})),
            )


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


def _new_users(grant: grants.Grant, old: list[grants.Grant]) -> list[str]:
    """Returns in words who it is that a grant's conditions name and that no old grant of the same names."""
    same = [one for one in old if not one.denies and one.covers(grant, condition=False)]
    known = {(key, value) for one in same for key, values in _users(one) for value in values}
    named = {key: sorted(value for value in values if (key, value) not in known) for key, values in _users(grant)}
    if not any(named.values()):  # another condition is gone
        named = {key: sorted(values) for key, values in _users(grant)}
    return [f"{key} {some(values)}" for key, values in named.items() if values]


def new_ranges(before: Iterable[Any], after: Iterable[Any]) -> list[str]:
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


def is_going(plan: Plan, resource: Resource) -> bool:
    """Tells whether the cluster of an object goes, which says more."""
    going = {plan.component(change.urn) for change in plan.changes(CLUSTER, ops=("replace", "delete"))}
    return any(plan.under(resource.provider, each) for each in going)


def covers(wide: Any, narrow: Any) -> bool:
    """Tells whether all addresses of a range are in another one."""
    return bool(_collapsed([narrow])) and _addresses([wide, narrow]) == _addresses([wide])


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
