"""What keeps EKS from emptying the nodes of a group that it updates: PodDisruptionBudgets that let no pod go.

Which pods are on which nodes is not simulated, so this is a warning: EKS fails the update where a pod of such a budget
is on a node of the group, after 15 minutes at this node.
Sources: EKS user guide, "Understand each phase of node updates"; aws/containers-roadmap, issue 1282 (the words);
Kubernetes 1.35, "Specifying a Disruption Budget for your Application", and pkg/registry/core/pod/storage/eviction.go
at 1.35.4 (no pod with two budgets is evicted); read 2026-11.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from simulator.aws.operation_context import OperationContext
from simulator.cloud import CloudResource

_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
_WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
_ROLLING = ("version", "releaseVersion", "launchTemplate")


def nodes_can_be_emptied(op: OperationContext) -> None:
    """Warns of budgets in the cluster that let no pod go, where an update rolls the nodes and does not force it."""
    rolls = any(op.inputs.get(key) != op.old_inputs.get(key) for key in _ROLLING)
    nodes = (op.before.get("scalingConfig") or {}).get("desiredSize")
    if not rolls or not nodes or op.inputs.get("forceUpdateVersion"):
        return
    for budget in _of(op, _BUDGET):
        if _lets_none_go(op, budget):
            _, namespace, name = budget.id.split("/")
            group = op.before.get("nodeGroupName")
            op.call.warn(
                f"The PodDisruptionBudget {namespace}/{name} lets no pod go. Where one of its pods is on a node of "
                f"{group}, the update fails after 15 minutes: PodEvictionFailure: Reached max retries while trying to "
                f"evict pods from nodes in node group {group}. Write maxUnavailable: 1."
            )


def _of(op: OperationContext, type_: str) -> Iterator[CloudResource]:
    for each in op.cloud.of_type(type_):
        if each.id.startswith(f"{op.before.get('clusterName')}/") and each.region == op.region:
            yield each


def _lets_none_go(op: OperationContext, budget: CloudResource) -> bool:
    spec, status = budget.state.get("spec") or {}, budget.state.get("status") or {}
    if status.get("expectedPods") and status.get("disruptionsAllowed") == 0:
        return True
    most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
    if (most is not None and not str(most).rstrip("%").lstrip("0")) or str(least) == "100%":
        return True
    selected = _workloads(op, budget)
    if any(selected.keys() & _workloads(op, each).keys() for each in _of(op, _BUDGET) if each.id != budget.id):
        return True
    pods = sum(selected.values())
    return least is not None and pods > 0 and _count(least, pods) >= pods


def _workloads(op: OperationContext, budget: CloudResource) -> dict[tuple[str, str], int]:
    """Returns type and id -> replicas, of each workload whose pods the budget selects by labels."""
    namespace = budget.id.split("/")[1]
    selector = (budget.state.get("spec") or {}).get("selector") or {}
    wanted = (selector.get("matchLabels") or {}).items()
    found: dict[tuple[str, str], int] = {}
    for each in (row for kind in _WORKLOADS for row in _of(op, kind)):
        spec = each.state.get("spec") or {}
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
        if each.id.split("/")[1] == namespace and not selector.get("matchExpressions") and wanted <= labels.items():
            found[each.type, each.id] = int(spec.get("replicas", 1))
    return found


def _count(amount: Any, pods: int) -> int:
    text = str(amount)
    return math.ceil(int(text[:-1]) * pods / 100) if text.endswith("%") else int(text)
