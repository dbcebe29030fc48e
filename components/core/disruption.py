"""How many pods of a server may go at once while nodes are drained.

With `maxUnavailable: 1` a node always gets empty, also where one replica is left: `minAvailable: 1` would keep that
one, and its node, for ever. Pods that do not work may go as well, or a server that never starts would keep its nodes.
Source: Kubernetes 1.35, "Specifying a Disruption Budget for your Application", "Unhealthy Pod Eviction Policy"; read
2026-11.
"""

from components.core.untyped import Values

ONE_AT_A_TIME: Values = {"maxUnavailable": 1}
"""For charts that cannot say more."""

ALSO_WHEN_BROKEN: Values = {**ONE_AT_A_TIME, "unhealthyPodEvictionPolicy": "AlwaysAllow"}


def budget(replicas: int, of: Values) -> Values:
    """Returns what a chart is told: a budget where there is more than one replica.

    Its numbers are there without one too, for a stack file that turns it on: the defaults of charts would block drains.
    """
    return {"enabled": replicas > 1, **of}
