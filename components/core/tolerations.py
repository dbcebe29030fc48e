"""Tolerations for the DaemonSet pods that every node needs, whatever taints its pool has."""

from collections.abc import Iterable
from typing import Any

from common.helm_values import part_of
from components.core.overlay import overlay
from components.core.untyped import Values
from settings.compute.node_pool import NodePoolSettings

TOLERATES_ALL = "*"  # instead of a path: the chart already tolerates every taint
EVERY_TAINT = [{"operator": "Exists"}]  # for daemons of nodes that people may add with taints of their own
BY_PATCH = "patch"  # instead of a path: the values have no place for tolerations, so the DaemonSet itself gets them
KEEPS_PODS_OUT = ("NoSchedule", "NoExecute")  # PreferNoSchedule keeps no pod out


def tolerations_for(pools: Iterable[NodePoolSettings]) -> list[dict[str, str]]:
    """Returns one toleration for each hard taint of the pools, in Kubernetes' form, always in the same order."""
    taints = {(t.key, t.value, t.effect) for pool in pools for t in pool.taints if t.effect in KEEPS_PODS_OUT}
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": effect}
        if value
        else {"key": key, "operator": "Exists", "effect": effect}
        for key, value, effect in sorted(taints)
    ]


def tolerating(values: Values, paths: Iterable[str], pools: Iterable[NodePoolSettings]) -> dict[str, Any]:
    """Returns the values with the tolerations at each path, such as `daemonsets.tolerations`, but EVERY_TAINT stays."""
    tolerations = tolerations_for(pools)
    for path in paths if tolerations else ():
        *above, last = path.split(".")
        if path in (TOLERATES_ALL, BY_PATCH) or part_of(values, above).get(last) == EVERY_TAINT:
            continue
        tree: Any = tolerations
        for key in reversed((*above, last)):
            tree = {key: tree}
        values = overlay(values, tree)
    return dict(values)
