"""Teams: quotas and limits of namespaces, whose they are, what their pods may have, and the rules that keep it.

A namespace that leaves the stack stays in its cluster, with what runs there, and so without a quota.
Source: Kubernetes 1.35, "Resource Quotas" (a change has no effect on what was made before), "Pod Priority and
Preemption" (effect of a deletion); read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from catalog.priorities import PRIORITIES
from common.quantities import parsed
from common.urns import type_of
from components.core.admission import ALLOWS, DEMANDS
from components.tenancy.marks import ADDED, OTHER_POOLS, OVERSUBSCRIBED, POOLS, SERVICE_ACCOUNTS, TEAM
from components.tenancy.marks import PRIORITIES as CLASSES
from costs.resource import Resource
from report.dangers import grants
from report.dangers.danger import ALONE, GRAVE, LATER, NAMESPACE, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.weaker import in_words
from report.events import Change
from report.tables import some

QUOTA, LIMITS = (f"kubernetes:core/v1:{kind}" for kind in ("ResourceQuota", "LimitRange"))
PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
POLICY = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
_RESOURCES = "spec.matchConstraints.resourceRules.resources"
BINDING, BUDGET = f"{POLICY}Binding", "aws:budgets/budget:Budget"
_ENDS = tuple(each.name for each in PRIORITIES if each.preemption == "PreemptLowerPriority")
_UP = "those that have it run on, and do not come again when they end"
_SHARED, _MUCH = ("requests.cpu", "requests.memory"), 4
_LEAVES = "docs/guides/tenancy/when-a-team-leaves.md"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what teams get or lose, and what no longer keeps them apart."""
    for change in plan.changes(NAMESPACE, ops=("update",)):
        yield from _marks(plan, change)
    yield from _unlimited(plan)
    yield from _unbound(plan)
    yield from _other_rules(plan)
    yield from _other_claims(plan)
    after = {_place(plan, urn) for urn, each in plan.after.items() if each.type == QUOTA and _counts(each.inputs)}
    for change in plan.changes(QUOTA, ops=("update", "replace", "delete")):
        before, now = plan.inputs(change.urn)
        if change.op != "delete":
            yield from _smaller(change, before, now)
            yield from _larger(plan, change, before, now)
        elif _counts(before) and (place := _place(plan, change.urn)) not in after and plan.has_namespace(*place):
            yield of_change(
                change,
                "protection",
                GRAVE,
                "no longer limited by anything: namespace {}",
                "it stays in the cluster, and what runs there may take every node and GPU",
                f"stop what runs there first: {_LEAVES}",
                name=str(at(before, "metadata.namespace")),
            )
    for change in plan.changes(PRIORITY, ops=("replace", "delete")):
        yield of_change(
            change,
            "nodes",
            SERIOUS,
            f"priority {{}} is {'replaced' if change.op == 'replace' else 'deleted'}",
            "pods that name it are refused while it is not there; those that are up keep their value",
            "make it a change of its own, at a quiet time",
            name=str(at(plan.inputs(change.urn)[0], "metadata.name")),
        )


def _marks(plan: Plan, change: Change) -> Iterator[Danger]:
    """Yields what the pods of a namespace may have that they could not, or may no longer. A pool that comes or goes
    with the change is told as a pool."""
    before, after = plan.inputs(change.urn)
    name = str(at(after, "metadata.name"))
    old, new = (_team(each) for each in (before, after))
    if LATER in (old, new):
        return
    if new and new != old:
        says = f"namespace {{}} goes {f'from team {old} ' if old else ''}to team {new}"
        yield _told(change, GRAVE, "access", name, says, _ALL_OF_IT)
    if not old or not new:
        if old:
            yield _told(change, GRAVE, "protection", name, "rules for pods of teams no longer hold in {}", _TAKES_ALL)
        return
    (classes, fewer), (pools, no_pools), (accounts, no_accounts) = (
        _differ(before, after, mark) for mark in (CLASSES, POOLS, SERVICE_ACCOUNTS)
    )
    pools = [each for each in pools if each in _others(before)]
    no_pools = [each for each in no_pools if each in _others(after)]
    if classes:
        may = f"may end pods of lower classes{_of_whom(plan, change.urn)}"
        does = may if set(classes) & {*_ENDS} else "go before pods of lower classes when there is no room"
        yield _told(change, SERIOUS, "access", name, f"pods of {{}} may have priority {some(classes)}", f"they {does}")
    if pools:
        says = f"pods of {{}} may be on {some(pools)}"
        yield _told(change, SERIOUS, "access", name, says, "they take nodes and GPUs there from others")
    for account in accounts:
        says = f"pods of {{}} may have service account {account}"
        yield _told(change, SERIOUS, "access", name, says, _rights_of(plan, name, account))
    for what, gone in (
        ("have priority", fewer),
        ("be on", no_pools),
        ("have service account", no_accounts),
    ):
        if gone:
            yield _told(change, SERIOUS, "nodes", name, f"pods of {{}} may no longer {what} {some(gone)}", _UP)


_ALL_OF_IT = "its Secrets, volumes and service accounts, with their rights in AWS, are that team's afterwards"
_TAKES_ALL = "its pods may be on every node, with every priority, service account and image"


def _team(namespace: Mapping[str, Any]) -> str:
    """Returns the team of a namespace; "" where it has none, LATER where it is not known yet."""
    labels = at(namespace, "metadata.labels") or {}
    return str(labels.get(TEAM, "")) if isinstance(labels, Mapping) else LATER


def _told(change: Change, severity: int, kind: str, name: str, says: str, consequence: str) -> Danger:
    gently = "let what runs there end or move first" if "no longer" in says else "ask who shares the cluster first"
    return of_change(change, kind, severity, says, consequence, gently, name=name)


def _marked(inputs: Mapping[str, Any], mark: str) -> list[str]:
    said = (at(inputs, "metadata.annotations") or {}).get(mark, "")
    return [each for each in str(said).split(",") if each and said != LATER]


def _differ(before: Mapping[str, Any], after: Mapping[str, Any], mark: str) -> tuple[list[str], list[str]]:
    """Returns what a mark names anew, and what it names no longer."""
    old, new = (_marked(each, mark) for each in (before, after))
    return [each for each in new if each not in old], [each for each in old if each not in new]


def _others(inputs: Mapping[str, Any]) -> set[str]:
    return {each.partition(":")[0] for each in _marked(inputs, OTHER_POOLS)}


def _of_whom(plan: Plan, urn: str) -> str:
    """Returns the namespaces of teams beside one in its cluster."""
    provider = plan.after[urn].provider
    names = sorted(
        str(at(each.inputs, "metadata.name"))
        for each in plan.after.values()
        if (each.type, each.provider) == (NAMESPACE, provider) and TEAM in (at(each.inputs, "metadata.labels") or {})
        if each.urn != urn
    )
    return f": of namespaces {some(names, 5)}, and of their own" if names else ", of their own namespace"


def _rights_of(plan: Plan, namespace: str, account: str) -> str:
    """Returns what a service account may do in AWS."""
    held = [
        each
        for each in grants.grants(plan.after)
        if each.who.partition(" in ")[0] == f"pods of {namespace}/{account}" and not each.resource.startswith("role ")
    ]
    actions = some(sorted({each.action for each in held}), 6)
    does = f"with it they may {grants.in_words(held, plan.after)} ({actions})" if held else ""
    return does or "this stack gives it no rights in AWS; a binding or Pod Identity made by hand counts as well"


def _unlimited(plan: Plan) -> Iterator[Danger]:
    """Yields namespaces that stay without their LimitRange, and teams without their budget."""
    after = {_place(plan, urn) for urn, each in plan.after.items() if each.type == LIMITS}
    for change in plan.changes(LIMITS, ops=("delete",)):
        if (place := _place(plan, change.urn)) not in after and plan.has_namespace(*place):
            yield of_change(
                change,
                "protection",
                SERIOUS,
                "containers of {} that state no requests get none",
                "a quota refuses their pods; without one, these take what others asked for",
                "let the manifests state requests first",
                name=str(at(plan.inputs(change.urn)[0], "metadata.namespace")),
            )
    for change in plan.changes(BUDGET, ops=("delete",)):
        of_stack = type_of(plan.component(change.urn)).endswith("CloudAlarms")
        if of_stack or not plan.goes_with(change.urn):
            yield of_change(
                change,
                "money",
                SERIOUS,
                "budget {} [goes|go]",
                f"nobody is told any more what the {'whole stack' if of_stack else 'team'} costs",
                "raise it instead",
                name=str(plan.inputs(change.urn)[0].get("name", change.name)),
            )


def _unbound(plan: Plan) -> Iterator[Danger]:
    """Yields rules of the API server that have no binding any more that refuses; `weaker` tells of rules that go."""

    def bindings(urn: str) -> Sequence[Any]:
        policy, provider = at(plan.before[urn].inputs, "spec.policyName"), plan.before[urn].provider
        beside = (each for each in plan.after.values() if (each.type, each.provider) == (BINDING, provider))
        same = [each for each in beside if at(each.inputs, "spec.policyName") == policy]
        return [action for each in same for action in every(each.inputs, "spec.validationActions")]

    for change in plan.changes(BINDING, ops=("delete",)):
        left = bindings(change.urn)
        if "Deny" not in left and not change.retained and not plan.goes_with(change.urn):
            yield of_change(
                change,
                "protection",
                GRAVE,
                f"the API server's rule {{}} {'only [warns|warn]' if left else '[goes|go]'}",
                "what it refuses today is possible afterwards",
                ALONE,
            )


def _other_rules(plan: Plan) -> Iterator[Danger]:
    """Yields rules for pods that refuse more from now on, or less, in a cluster that had namespaces of teams before."""
    teams = plan.with_teams
    rules = {
        (each.provider, at(each.inputs, "metadata.name")): each.urn
        for each in plan.after.values()
        if each.type == POLICY and "pods" in every(each.inputs, _RESOURCES)
        if each.provider in teams
    }

    def refuse(resources: Mapping[str, Resource]) -> dict[str, str]:
        """Returns the policies whose bindings refuse -> the binding."""
        return {
            rules[bound]: each.urn
            for each in resources.values()
            if each.type == BINDING and "Deny" in every(each.inputs, "spec.validationActions")
            if (bound := (each.provider, at(each.inputs, "spec.policyName"))) in rules
        }

    before, after = refuse(plan.before), refuse(plan.after)
    for change in plan.changes(BINDING, ops=("create",)):
        if change.urn in after.values():
            yield _refused(change, "[begins|begin] to refuse pods")
    for change in plan.changes(POLICY, ops=("update",)):
        if change.urn in before and change.urn in after:
            yield from _other_rule(change, *plan.inputs(change.urn))


def _other_claims(plan: Plan) -> Iterator[Danger]:
    """Yields namespaces whose claims a rule lets have volumes that go with them, and those where it no longer does.

    One that comes or goes with the rule is an add-on's, which says it itself.
    """
    for change in plan.changes(POLICY, ops=("update",)):
        words = in_words(*plan.inputs(change.urn), ALLOWS)
        provider = plan.after[change.urn].provider
        if "persistentvolumeclaims" not in every(plan.after[change.urn].inputs, _RESOURCES) or words is None:
            continue
        stay = {str(at(each.inputs, "metadata.name")) for each in plan.before.values() if _is_in(each, provider)}
        stay &= {str(at(each.inputs, "metadata.name")) for each in plan.after.values() if _is_in(each, provider)}
        for what in (each for each in _uncovered(*words[::-1]) if each.rpartition(" in ")[2] in stay):
            yield _let_in(change, f"[lets|let] in {what}", "data in them goes with a claim afterwards")
        for what in (each for each in _uncovered(*words) if each.rpartition(" in ")[2] in stay):
            says = f"the API server's rule {{}} no longer [lets|let] in {what}"
            yield of_change(change, "nodes", SERIOUS, says, "a claim that goes there does not come again", ALONE)


def _is_in(resource: Resource, provider: str) -> bool:
    return (resource.type, resource.provider) == (NAMESPACE, provider)


def _other_rule(change: Change, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Danger]:
    """Yields what a rule demands or lets in otherwise than before, in words of the settings where it has them."""
    allowed, demanded = (in_words(before, after, mark) for mark in (ALLOWS, DEMANDS))
    if allowed is None and demanded is None:
        old = every(before, "spec.validations.expression")
        new = [at(each, "message") for each in every(after, "spec.validations") if at(each, "expression") not in old]
        if new:
            yield _refused(change, f"[refuses|refuse] otherwise: {some([str(each) for each in new])}")
    for what in _uncovered(*(demanded or ((), ()))[::-1]):
        yield _refused(change, f"[begins|begin] to demand {what}")
    for what in _uncovered(*(allowed or ((), ()))):
        if not what.endswith(ADDED):  # pods that come again get the new one, or none
            yield _refused(change, f"no longer [lets|let] in {what}")
    for what in _uncovered(*(demanded or ((), ()))):
        yield _let_in(change, f"no longer [demands|demand] {what}", "pods without it are let in afterwards")
    for what in _uncovered(*(allowed or ((), ()))[::-1]):
        severity = SERIOUS if what.endswith(ADDED) else GRAVE
        yield _let_in(change, f"[lets|let] in {what}", "pods of teams may have them afterwards", severity)


def _uncovered(ones: Sequence[str], others: Sequence[str]) -> list[str]:
    """Returns what is in the first, and neither in the others nor a part of one of them: a path of a registry."""
    return [each for each in ones if not any(each == one or each.startswith(f"{one}/") for one in others)]


def _refused(change: Change, says: str) -> Danger:
    consequence = "pods that break it run on, and do not come again when they end"
    gently = "see which they are first: docs/guides/tenancy/why-was-my-pod-refused.md"
    return of_change(change, "nodes", SERIOUS, f"the API server's rule {{}} {says}", consequence, gently)


def _let_in(change: Change, says: str, consequence: str, severity: int = GRAVE) -> Danger:
    return of_change(change, "protection", severity, f"the API server's rule {{}} {says}", consequence, ALONE)


def _counts(quota: Mapping[str, Any]) -> bool:
    """Tells whether it counts all pods of its namespace."""
    return at(quota, "spec.scopeSelector") is None and not at(quota, "spec.scopes")


def _place(plan: Plan, urn: str) -> tuple[str, str]:
    """Returns cluster and namespace of a quota."""
    resource = plan.after.get(urn) or plan.before[urn]
    return resource.provider, str(at(resource.inputs, "metadata.namespace"))


def _smaller(change: Change, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Danger]:
    old, new = (_amounts(each) for each in (before, now))
    less = [
        f"{name} {at(before, 'spec.hard')[name]} → {at(now, 'spec.hard')[name]}"
        for name in old
        if new.get(name, old[name]) < old[name]
    ]
    if less:
        yield of_change(
            change,
            "nodes",
            SERIOUS,
            f"the quota of namespace {{}} gets smaller: {some(less, 5)}",
            "what is up stays, and what starts again may be refused",
            "ask the team what it has in use: `kubectl describe quota`",
            name=str(at(now, "metadata.namespace")),
        )


def _larger(plan: Plan, change: Change, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Danger]:
    """Yields what a namespace may have more of that others count on.

    These are devices that may be promised twice: else the settings keep all quotas within the pools. And vCPUs and
    memory, which nobody keeps within them: from fourfold on, since each step would be noise.
    """
    place = _place(plan, change.urn)
    beside = {
        where[1]: _amounts(each.inputs)
        for each in plan.after.values()
        if each.type == QUOTA and _counts(each.inputs)
        if (where := _place(plan, each.urn)) != place and where[0] == place[0]
    }
    promised_twice = OVERSUBSCRIBED in (at(now, "metadata.annotations") or {})
    old, new = (_amounts(each) for each in (before, now))
    more: dict[str, list[str]] = {}
    for name in sorted({*old} & {*new}):
        counts = new[name] > old[name] if promised_twice and _is_device(name) else new[name] >= _MUCH * old[name] > 0
        others = [each for each in sorted(beside) if beside[each].get(name, 0) > 0]
        if counts and others and (_is_device(name) == promised_twice or name in _SHARED):
            grows = f"{name} {at(before, 'spec.hard')[name]} → {at(now, 'spec.hard')[name]}"
            more.setdefault(some(others), []).append(grows)
    for others_in_words, grown in more.items():
        yield of_change(
            change,
            "nodes",
            SERIOUS,
            f"the quota of namespace {{}} grows: {some(grown, 5)}",
            f"who comes first has it: pods of {others_in_words} may wait",
            "ask who shares the pools first",
            name=place[1],
        )


def _is_device(name: str) -> bool:
    """Tells whether a name in a quota is that of a resource or a class of devices."""
    return "/" in name and not name.startswith("count/") and "storage" not in name


def _amounts(quota: Mapping[str, Any]) -> dict[str, Decimal]:
    hard = at(quota, "spec.hard")
    return {
        name: amount
        for name, each in (hard.items() if isinstance(hard, Mapping) else ())
        if (amount := parsed(each)) is not None
    }
