"""Access that is widened: to the Kubernetes API, to networks, to data and roles, and into clusters. Or that is lost."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from catalog.iam import EKS_ACCESS_POLICIES
from report.dangers.danger import GRAVE, LOST, SERIOUS, Danger, Plan, at, every
from report.events import Change
from report.properties import document
from report.tables import some

CLUSTER = "aws:eks/cluster:Cluster"
ENTRY, ASSOCIATION = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
INGRESS = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:ec2/securityGroupRule:SecurityGroupRule")
GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)
BLOCKS = (
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
)
DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy", "resourcePolicy")
"""Inputs that hold a document with principals."""

POLICIES = tuple(arn.rpartition("/")[2] for arn in reversed(list(EKS_ACCESS_POLICIES.values())))
"""Access policies of EKS, from the one that allows least."""

ANYWHERE = ("0.0.0.0/0", "::/0")
SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
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
    for change in plan.operation.changes:
        yield from _principals(plan, change)
    for change in plan.changes(*BLOCKS, ops=("update", "delete")):
        before, after = plan.inputs(change.urn)
        off = [key for key, value in before.items() if value is True and after.get(key) is not True]
        if off and (change.op == "update" or change.parent in plan.after):
            yield _wider(change, f"{{}} no longer has {some(off)}", "objects can be made public", severity=GRAVE)


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
        protocol = str(at(rule, "ipProtocol") or at(rule, "protocol") or "-1")
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
        yield Danger(
            kind="access",
            severity=GRAVE,
            says="rights in the cluster are taken from {}",
            names=(change.name,),
            consequence="until they are given again" if change.op == "replace" else "they are shut out",
            gently="check first that another principal is cluster-admin",
            urns=(change.urn,),
        )
    if change.op == "delete":
        return
    who = str(after.get("principalArn") if isinstance(after.get("principalArn"), str) else change.name)
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
        people = [str(at(each, "name")) for each in new if at(each, "kind") != "ServiceAccount"]
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


def _principals(plan: Plan, change: Change) -> Iterator[Danger]:
    """Yields principals that a document of a bucket, key, queue or role allows for the first time.

    Of a new resource it yields only those that stand for everybody: a new document names its users for the first time.
    """
    before, after = plan.inputs(change.urn)
    for path in DOCUMENTS:
        old, new = (set(principals(inputs.get(path))) for inputs in (before, after))
        added = sorted(new - old) if before else sorted(new & {"*"})
        if added:
            everybody = "*" in added
            yield _wider(
                change,
                f"{change.type.rpartition(':')[2]} {{}} admits {'everybody' if everybody else some(added)}",
                "who is named there may do what the document allows",
                severity=LOST if everybody else GRAVE,
            )


def principals(text: Any) -> Iterator[str]:
    """Yields the principals that statements of a policy document allow something without a condition, or with one."""
    read = document(text)
    for statement in every(read, "Statement") if isinstance(read, Mapping) else []:
        if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
            continue
        who = statement.get("Principal")
        given = who.values() if isinstance(who, Mapping) else [who]
        names = [name for each in given for name in (each if isinstance(each, list) else [each])]
        if "NotPrincipal" in statement:
            names = ["*"]
        for name in names:
            if isinstance(name, str):
                yield f"{name}, with a condition" if name == "*" and statement.get("Condition") else name


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
    old, known = _collapsed(before), set(before)
    return sorted(
        {
            str(each)
            for each in after
            if each not in known
            and not any(new.subnet_of(was) for new in _collapsed([each]) for was in old if type(was) is type(new))
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
