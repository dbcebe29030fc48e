"""What pods tolerate that every node needs, whatever taints its pool has."""

from collections.abc import Iterable
from typing import Any

from components.core.overlay import overlay
from components.core.untyped import Values
from settings.compute.node_pool import NodePoolSettings

TOLERATES_ALL = "*"  # in place of a path: the pods tolerate every taint as they are shipped
KEEPS_PODS_OUT = ("NoSchedule", "NoExecute")  # PreferNoSchedule keeps nobody out


def tolerations_for(pools: Iterable[NodePoolSettings]) -> list[dict[str, str]]:
    """One toleration for each taint of the pools, as Kubernetes writes it, always in the same order."""
    taints = {(t.key, t.value, t.effect) for pool in pools for t in pool.taints if t.effect in KEEPS_PODS_OUT}
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": effect}
        if value
        else {"key": key, "operator": "Exists", "effect": effect}
        for key, value, effect in sorted(taints)
    ]


def tolerating(values: Values, paths: Iterable[str], pools: Iterable[NodePoolSettings]) -> dict[str, Any]:
    """The values with the tolerations laid at each path (`daemonsets.tolerations`); as they are without any taint."""
    tolerations = tolerations_for(pools)
    for path in paths if tolerations else ():
        if path == TOLERATES_ALL:
            continue
        tree: Any = tolerations
        for key in reversed(path.split(".")):
            tree = {key: tree}
        values = overlay(values, tree)
    return dict(values)
