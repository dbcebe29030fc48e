"""Which node pools of a simulated cluster the pods of a workload can run on: their labels, taints and tolerations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.karpenter import NODE_POOL

_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_OWN_DOMAIN = "ml-platform/"  # labels that pools alone have; others, such as those of nodes' hardware, may come later
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
Taint = Mapping[str, Any]


@dataclass(frozen=True)
class Pool:
    """The nodes that a node group or a NodePool makes."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Taint]

    def is_selected_by(self, pod_spec: Mapping[str, Any]) -> bool:
        """Returns whether the nodeSelector and the required node affinity of a pod allow these nodes.

        Labels that are not known count as fitting.
        """
        if not all(self._has(key, [value]) for key, value in (pod_spec.get("nodeSelector") or {}).items()):
            return False
        affinity = (pod_spec.get("affinity") or {}).get("nodeAffinity") or {}
        terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms")
        return not terms or any(
            all(self._has(each["key"], each["values"]) for each in term.get("matchExpressions", ()) if _is_in(each))
            for term in terms
        )

    def _has(self, key: str, values: Sequence[str]) -> bool:
        return self.labels[key] in values if key in self.labels else not key.startswith(_OWN_DOMAIN)

    def is_tolerated_by(self, pod_spec: Mapping[str, Any]) -> bool:
        """Returns whether a pod tolerates every taint that keeps pods away."""
        tolerations = pod_spec.get("tolerations") or ()
        kept_away = [taint for taint in self.taints if taint["effect"] != "PreferNoSchedule"]
        return all(any(_tolerates(each, taint) for each in tolerations) for taint in kept_away)


def pools_of(cluster: Cluster) -> list[Pool]:
    """Returns the node groups and NodePools of a cluster."""
    groups = [each.state for each in cluster.cloud.of_type(_NODE_GROUP) if each.state["clusterName"] == cluster.name]
    return [
        *(
            Pool(
                state["nodeGroupName"],
                state.get("labels") or {},
                [{**taint, "effect": _EFFECTS[taint["effect"]]} for taint in state.get("taints") or ()],
            )
            for state in groups
        ),
        *(
            Pool(
                each.state["metadata"]["name"],
                each.state["spec"]["template"].get("metadata", {}).get("labels", {}),
                each.state["spec"]["template"]["spec"].get("taints", ()),
            )
            for each in cluster.of_kind(*NODE_POOL)
        ),
    ]


def misplaced(kind: str, pod_spec: Mapping[str, Any], pools: Sequence[Pool]) -> str | None:
    """Returns why the pods of a workload can run on no pool, those of a DaemonSet not on each; None when they can."""
    selected = [pool for pool in pools if pool.is_selected_by(pod_spec)]
    if not selected:
        return "its nodeSelector, or its node affinity, fits no pool" if pools else None
    avoided = [pool for pool in selected if not pool.is_tolerated_by(pod_spec)]
    if kind == "DaemonSet" and avoided:
        return f"a DaemonSet without toleration for {_taints(avoided)} misses the nodes of {_names(avoided)}"
    if not any(pool.is_tolerated_by(pod_spec) for pool in selected):
        return f"it tolerates the taints of no pool that its nodeSelector fits ({_taints(selected)})"
    return None


def _taints(pools: Sequence[Pool]) -> str:
    return ", ".join(sorted({taint["key"] for pool in pools for taint in pool.taints}))


def _names(pools: Sequence[Pool]) -> str:
    return ", ".join(sorted(pool.name for pool in pools))


def _is_in(expression: Mapping[str, Any]) -> bool:
    return bool(expression["operator"] == "In")


def _tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    exists: bool = toleration.get("operator", "Equal") == "Exists"
    if not toleration.get("key"):
        return exists
    same: bool = toleration.get("value", "") == taint.get("value", "")
    return bool(toleration["key"] == taint["key"]) and (exists or same)
