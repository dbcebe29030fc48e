"""Network policies: whom pods reach, who reaches them, and whether the VPC CNI keeps it.

What all policies of the same pods open is compared as a whole, so a policy of another name is no danger. A call
between two closed namespaces is told once, by the one that is called.
Sources: Kubernetes 1.35, "Network Policies"; Amazon EKS user guide, "Limit Pod traffic with Kubernetes network
policies"; read 2026-11.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.urns import name_of
from components.core.addon_spec import COMES_WITH_THE_CLUSTER
from costs.resource import Resource
from report.dangers.access import ANYWHERE, covers, is_going
from report.dangers.danger import ALONE, GRAVE, LATER, NAMESPACE, SERIOUS, Danger, Plan, at, every
from report.tables import some

OF_AWS = "kubernetes:networking.k8s.aws/v1alpha1"
POLICIES = ("kubernetes:networking.k8s.io/v1:NetworkPolicy", f"{OF_AWS}:ApplicationNetworkPolicy")
CLUSTER_POLICY, ADD_ON = f"{OF_AWS}:ClusterNetworkPolicy", "aws:eks/addon:Addon"
EVERY_NAMESPACE, INTERNET, ALL = "every namespace", "the internet", "every port"
_LOOK = "look first who calls whom: the page reach.md, and docs/guides/isolation/why-does-my-call-not-arrive.md"
Place = tuple[str, str]
"""Provider and namespace."""


@dataclass
class Opened:
    """What the policies of some pods open in one direction: who -> ports, and the ranges that are excepted."""

    who: dict[str, set[str]] = field(default_factory=dict)
    excepted: set[str] = field(default_factory=set)


@dataclass
class Pods:
    """The policies of the pods of a namespace that have the same labels; of a namespace as a whole without labels."""

    into: Opened = field(default_factory=Opened)
    out: Opened = field(default_factory=Opened)
    urns: list[str] = field(default_factory=list)


Closed = Mapping[Place, Mapping[str, Pods]]
"""Closed namespace -> labels of pods, in words -> their policies."""


def find(plan: Plan) -> Iterator[Danger]:
    """Yields the namespaces that open or close, the flows that come or go, what all namespaces have, and switches."""
    old, new = _closed(plan.before), _closed(plan.after)
    stood = {_place(each) for each in plan.before.values() if each.type == NAMESPACE}
    for place in sorted(old.keys() | new.keys()):
        was, becomes = (_is_closed(place, each) for each in (old, new))
        if was and becomes:
            yield from _flows(plan, place, old, new)
        elif was and not _leaves(plan, place, old[place]):
            yield _danger(
                "no longer closed by a network policy: {}",
                place[1],
                "every pod of the cluster may call the pods there, and these may call everybody",
                old[place],
                gently=ALONE,
                severity=GRAVE,
                kind="protection",
            )
        elif becomes and place in stood:
            yield _danger(
                "{} [is|are] closed, but for what the stack file names",
                place[1],
                "calls that it does not name are cut, also those of pods that run",
                new[place],
                gently=f"{_LOOK}; close one cluster first, by isolation.clusters",
            )
    yield from _of_the_cluster(plan)
    yield from _switches(plan)


def _of_the_cluster(plan: Plan) -> Iterator[Danger]:
    """Yields what cluster network policies open and cut: of these, those of the tier Admin decide before all others."""
    for change in plan.changes(CLUSTER_POLICY):
        was, becomes = (_decisions(each) for each in plan.inputs(change.urn))
        came, went = becomes - was, was - becomes
        name, urns = name_of(change.urn), {"": Pods(urns=[change.urn])}
        why = "it decides before the policies of namespaces, and for pods that have none; reach.md does not know it"
        if any(action != "Deny" for action, _ in came) or any(action == "Deny" for action, _ in went):
            yield _danger("cluster network policy {} lets more calls pass", name, why, urns, ALONE, severity=GRAVE)
        if any(action != "Accept" for action, _ in came) or any(action == "Accept" for action, _ in went):
            yield _danger("cluster network policy {} cuts calls", name, why, urns, _LOOK)


def _decisions(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Returns the rules of a cluster network policy: their actions, and all that decides when they hold."""
    spec = at(inputs, "spec") or {}
    about = [spec.get(key) for key in ("tier", "priority", "subject")]
    return {
        (str(at(rule, "action")), json.dumps([about, direction, rule], sort_keys=True, default=str))
        for direction in ("ingress", "egress")
        for rule in every(spec, direction)
    }


def _flows(plan: Plan, place: Place, old: Closed, new: Closed) -> Iterator[Danger]:
    """Yields what pods of a namespace that stays closed may do more or less than before.

    What changes for all of its pods is told once, and not again for those that have policies of their own.
    """
    had_all, has_all = (each[place].get("", Pods()) for each in (old, new))
    for labels in sorted(old[place].keys() | new[place].keys()):
        had, has = (each[place].get(labels, Pods()) for each in (old, new))
        if place[1] == COMES_WITH_THE_CLUSTER and not (had.urns and has.urns):
            continue  # those of an add-on that comes or goes
        urns = {"": had, labels or "all": has}
        name = f"{place[1]}{f' with {labels}' if labels else ''}"
        both = [had_all, has_all] if labels else []
        for into, before, after in (
            (True, _sum(had.into, *(each.into for each in both)), _sum(has.into, *(each.into for each in both))),
            (False, _sum(had.out, *(each.out for each in both)), _sum(has.out, *(each.out for each in both))),
        ):
            # A call to a closed namespace is told there.
            told = set() if into else {who for provider, who in old.keys() | new.keys() if provider == place[0]}
            for who, ports in _more(before, after):
                if who not in told:
                    grave = who in (EVERY_NAMESPACE, *ANYWHERE)
                    says = (
                        f"{{}} may call pods of {name} on {ports}"
                        if into
                        else f"pods of {{}} may call {who} on {ports}"
                    )
                    why = "no network policy allowed it before"
                    yield _danger(says, who if into else name, why, urns, severity=GRAVE if grave else SERIOUS)
            for who, ports in _more(after, before):
                if who not in told and plan.has_namespace(place[0], who):  # else it ends anyway
                    verb = "may no longer call"
                    says = f"{{}} {verb} pods of {name} on {ports}" if into else f"pods of {{}} {verb} {who} on {ports}"
                    why = "these calls are cut then"
                    yield _danger(says, who if into else name, why, urns, gently="look first who needs them")
            for may, one, other in (("may", before, after), ("may no longer", after, before)):
                if ranges := _left_out(one, other):
                    who, ports = some(ranges), some(sorted(other.who[INTERNET] & one.who[INTERNET]))
                    says = (
                        f"{{}} {may} call pods of {name} on {ports}"
                        if into
                        else f"pods of {{}} {may} call {who} on {ports}"
                    )
                    why = (
                        "it was no part of what is outside" if may == "may" else "it is no part of what is outside now"
                    )
                    gently, severity = ("", GRAVE) if may == "may" else ("look first who needs it", SERIOUS)
                    yield _danger(says, who if into else name, why, urns, gently, severity)


def _left_out(one: Opened, other: Opened) -> list[str]:
    """Returns the ranges that the first leaves out of the internet, and the second, which has it too, does not."""
    if LATER in one.excepted | other.excepted or not one.who.get(INTERNET, set()) & other.who.get(INTERNET, set()):
        return []
    lost = sorted(one.excepted - other.excepted - one.who.keys())
    return [each for each in lost if not any(covers(wide, each) for wide in other.excepted)]


def _switches(plan: Plan) -> Iterator[Danger]:
    for change in plan.changes(ADD_ON, ops=("update", "replace")):
        before, after = plan.inputs(change.urn)
        if at(after, "addonName") != "vpc-cni" or LATER in (at(after, "configurationValues"), at(after, "clusterName")):
            continue
        was, becomes = (_values(each) for each in (before, after))
        cluster, urns = str(at(after, "clusterName")), {"": Pods(urns=[change.urn])}
        if _is_on(was) and not _is_on(becomes):
            says, why = (
                "network policies of {} are kept no longer",
                "they are stored, and every pod may call every other",
            )
            yield _danger(says, cluster, why, urns, gently=ALONE, severity=GRAVE, kind="protection")
        if _mode(was) == "strict" != _mode(becomes):
            says, why = (
                "new pods of {} reach everybody until their policies are there",
                "the mode of isolation is standard, no longer strict",
            )
            yield _danger(says, cluster, why, urns, gently=ALONE, kind="protection")
        if _mode(was) != "strict" == _mode(becomes):
            says, why = (
                "pods of {} that no network policy selects reach nobody",
                (
                    "the mode of isolation is strict: when the agent starts, all pods are cut off until their policies "
                    "are there, and those of namespaces that the stack file does not name for ever"
                ),
            )
            gently = "write policies for these namespaces, and run `pulumi up` with mode: standard, first"
            yield _danger(says, cluster, why, urns, gently=gently)


def _values(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        values = json.loads(at(inputs, "configurationValues") or "{}")
    except ValueError:
        return {}
    return values if isinstance(values, Mapping) else {}


def _is_on(values: Mapping[str, Any]) -> bool:
    return str(at(values, "enableNetworkPolicy")).lower() == "true"


def _mode(values: Mapping[str, Any]) -> str:
    return str(at(values, "env.NETWORK_POLICY_ENFORCING_MODE") or "standard")


def _danger(
    says: str,
    name: str,
    consequence: str,
    pods: Mapping[str, Pods],
    gently: str = "",
    severity: int = SERIOUS,
    kind: str = "access",
) -> Danger:
    return Danger(
        kind=kind,
        severity=severity,
        says=says,
        names=(name,),
        consequence=consequence,
        gently=gently,
        urns=tuple(sorted({urn for each in pods.values() for urn in each.urns})),
    )


def _place(resource: Resource) -> Place:
    return resource.provider, str(at(resource.inputs, "metadata.name"))


def _leaves(plan: Plan, place: Place, pods: Mapping[str, Pods]) -> bool:
    """Tells whether a namespace goes, or its cluster, or whether its policies stay in the cluster with it."""
    urns = [urn for each in pods.values() for urn in each.urns]
    if any(is_going(plan, plan.before[urn]) for urn in urns) or all(plan.stays(urn) for urn in urns):
        return True
    return not plan.has_namespace(*place)


def _closed(resources: Mapping[str, Resource]) -> dict[Place, dict[str, Pods]]:
    found: dict[Place, dict[str, Pods]] = {}
    for resource in resources.values():
        if resource.type not in POLICIES:
            continue
        place = resource.provider, str(at(resource.inputs, "metadata.namespace"))
        labels = at(resource.inputs, "spec.podSelector.matchLabels")
        expressions = every(resource.inputs, "spec.podSelector.matchExpressions")
        if expressions or (place[1] == COMES_WITH_THE_CLUSTER and not labels):
            continue  # pods that are selected to be left open
        words = ", ".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))
        pods = found.setdefault(place, {}).setdefault(words, Pods())
        pods.urns.append(resource.urn)
        pods.into = _sum(pods.into, _opened(resource.inputs, "ingress", "from", place[1]))
        pods.out = _sum(pods.out, _opened(resource.inputs, "egress", "to", place[1]))
    return found


def _opened(inputs: Mapping[str, Any], direction: str, end: str, namespace: str) -> Opened:
    opened = Opened()
    for rule in every(inputs, f"spec.{direction}"):
        ports = {_port(each) for each in every(rule, "ports")} or {ALL}
        for peer in every(rule, end) or [{"ipBlock": {"cidr": ANYWHERE[0]}}]:
            opened.who.setdefault(_who(peer, namespace), set()).update(ports)
            if at(peer, "ipBlock.cidr") in ANYWHERE:
                opened.excepted |= {str(each) for each in every(peer, "ipBlock.except")}
    return opened


def _port(port: Any) -> str:
    number, end, protocol = (at(port, each) for each in ("port", "endPort", "protocol"))
    if number is None:
        return ALL
    return f"{number}{f'-{end}' if end else ''}{f' {protocol}' if protocol not in (None, 'TCP') else ''}"


def _who(peer: Any, namespace: str) -> str:
    """Returns a peer in words: a namespace by its name, with its pods where these have labels."""
    if cidr := at(peer, "ipBlock.cidr"):
        return INTERNET if cidr in ANYWHERE and every(peer, "ipBlock.except") else str(cidr)
    selector = at(peer, "namespaceSelector")
    if selector is None:
        return namespace
    labels = at(selector, "matchLabels") or {}
    if not labels and not every(selector, "matchExpressions"):
        return EVERY_NAMESPACE
    return str(labels.get("kubernetes.io/metadata.name") or f"namespaces with {labels}")


def _is_closed(place: Place, closed: Closed) -> bool:
    """Tells whether all pods of a namespace have a policy; in kube-system only those of our charts have."""
    return bool(closed.get(place)) if place[1] == COMES_WITH_THE_CLUSTER else "" in closed.get(place, {})


def _sum(*opened: Opened) -> Opened:
    whole = Opened()
    for each in opened:
        for who, ports in each.who.items():
            whole.who.setdefault(who, set()).update(ports)
        whole.excepted |= each.excepted
    return whole


def _has(wide: str, who: str) -> bool:
    """Tells whether a peer is another one, or has it in it."""
    if wide == EVERY_NAMESPACE:
        return "/" not in who and who != INTERNET
    return wide == who or (wide in ANYWHERE and who == INTERNET) or ("/" in wide and "/" in who and covers(wide, who))


def _more(before: Opened, after: Opened) -> Iterator[tuple[str, str]]:
    """Yields who has more ports after than before, with these."""
    for who, ports in sorted(after.who.items()):
        had = {port for each, ports in before.who.items() if _has(each, who) for port in ports}
        if who == LATER or ("/" in who and LATER in before.who):
            continue  # nobody knows yet whether it is the same range
        if ALL not in had and (new := sorted(ports - had, key=lambda port: (len(port), port))):
            yield who, ALL if ALL in new else some(new)
