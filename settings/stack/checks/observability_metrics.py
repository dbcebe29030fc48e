"""Checks what is measured: its clusters, and whether Prometheus fits onto a node of the landing pool.

A pod that fits nowhere waits for ever, and no `up` sees it: the operator makes it after the release.
"""

from collections.abc import Iterator

from settings.cluster.landing import landing_pool
from settings.core.problems import Mistake, nearest_or_all
from settings.stack.parts import Parts

RESERVED_MIB = 1536
"""For the kubelet, the system, and the pods of each node. That of DaemonSets with requests of their own is less."""


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields clusters that are not there, and memory that no node of a cluster has."""
    observability = parts.observability
    if observability is None:
        return
    for index, name in enumerate(observability.clusters or ()):
        if name not in parts.clusters:
            yield (
                ("observability", "clusters", index),
                f"there is no cluster {name}.{nearest_or_all(name, parts.clusters)}",
            )
    needed = observability.metrics.memory_gib
    for name, cluster in parts.clusters.items():
        if cluster.observability is None or not cluster.complete or not cluster.pools:
            continue
        pool = landing_pool(list(cluster.pools.values()))
        smallest = min(pool.machines, key=lambda machine: machine.memory_mib)
        if needed * 1024 > smallest.memory_mib - RESERVED_MIB:
            yield (
                ("observability", "metrics", "memory_gib"),
                (
                    f"is {needed}, but nodes of pool {pool.name} of cluster {name}, which Prometheus runs on, may have "
                    f"{smallest.memory_mib // 1024} GiB ({smallest.name}), of which others need {RESERVED_MIB / 1024}: "
                    "it would wait for ever, and no update would tell. Lower it, or give the pool larger machines."
                ),
            )
