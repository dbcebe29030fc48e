"""Teams: quotas of namespaces, and the priorities of pods.

A namespace that leaves the stack stays in its cluster, with what runs there, and so without a quota.
Source: Kubernetes 1.35, "Resource Quotas" (a change has no effect on what was made before), "Pod Priority and
Preemption" (effect of a deletion); read 2026-11.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan, at
from report.events import Change
from report.tables import some
from simulator.kubernetes.meaning.quantities import parsed

QUOTA, NAMESPACE = (f"kubernetes:core/v1:{kind}" for kind in ("ResourceQuota", "Namespace"))
PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
_LEAVES = "docs/guides/tenancy/when-a-team-leaves.md"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields quotas that go or get smaller, and priorities that pods can no longer have."""
    after = {_place(plan, urn) for urn, each in plan.after.items() if each.type == QUOTA and _counts(each.inputs)}
    for change in plan.changes(QUOTA, ops=("update", "replace", "delete")):
        before, now = plan.inputs(change.urn)
        if change.op != "delete":
            yield from _smaller(change, before, now)
        elif _counts(before) and _place(plan, change.urn) not in after and _stays(plan, change.urn):
            yield Danger(
                kind="protection",
                severity=GRAVE,
                says="nothing limits namespace {} any more",
                names=(str(at(before, "metadata.namespace")),),
                consequence="it stays in the cluster, and what runs there may take every node and GPU",
                gently=f"stop what runs there first: {_LEAVES}",
                urns=(change.urn,),
            )
    for change in plan.changes(PRIORITY, ops=("replace", "delete")):
        yield Danger(
            kind="nodes",
            severity=SERIOUS,
            says=f"priority {{}} is {'replaced' if change.op == 'replace' else 'deleted'}",
            names=(str(at(plan.inputs(change.urn)[0], "metadata.name")),),
            consequence="pods that name it are refused while it is not there; those that are up keep their value",
            gently="make it a change of its own, at a quiet time",
            urns=(change.urn,),
        )


def _counts(quota: Mapping[str, Any]) -> bool:
    """Tells whether it counts all pods of its namespace."""
    return at(quota, "spec.scopeSelector") is None and not at(quota, "spec.scopes")


def _place(plan: Plan, urn: str) -> tuple[str, str]:
    """Returns cluster and namespace of a quota."""
    resource = plan.after.get(urn) or plan.before[urn]
    return resource.provider, str(at(resource.inputs, "metadata.namespace"))


def _stays(plan: Plan, urn: str) -> bool:
    """Tells whether the namespace of a quota is there afterwards: only what the stack deletes is not."""
    provider, name = _place(plan, urn)
    own = [
        each.urn
        for each in plan.before.values()
        if (each.type, each.provider, at(each.inputs, "metadata.name")) == (NAMESPACE, provider, name)
    ]
    return not own or any(plan.stays(each) for each in own)


def _smaller(change: Change, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Danger]:
    old, new = (_amounts(each) for each in (before, now))
    less = [
        f"{name} {at(before, 'spec.hard')[name]} → {at(now, 'spec.hard')[name]}"
        for name in old
        if new.get(name, old[name]) < old[name]
    ]
    if less:
        yield Danger(
            kind="nodes",
            severity=SERIOUS,
            says=f"the quota of namespace {{}} gets smaller: {some(less, 5)}",
            names=(str(at(now, "metadata.namespace")),),
            consequence="what is up stays, and what starts again may be refused",
            gently="ask the team what it has in use: `kubectl describe quota`",
            urns=(change.urn,),
        )


def _amounts(quota: Mapping[str, Any]) -> dict[str, Decimal]:
    hard = at(quota, "spec.hard")
    return {
        name: amount
        for name, each in (hard.items() if isinstance(hard, Mapping) else ())
        if (amount := parsed(each)) is not None
    }
