"""Checks whether a gateway of traces fits onto a node of the landing pool: otherwise it waits for ever."""

from collections.abc import Iterator

from settings.cluster.landing import landing_pool
from settings.core.problems import Mistake
from settings.stack.checks.observability_metrics import RESERVED_MIB
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields memory that no node of a cluster has."""
    traces = parts.observability.traces if parts.observability is not None else None
    if traces is None:
        return
    for name, cluster in parts.clusters.items():
        if cluster.observability is None or not cluster.complete or not cluster.pools:
            continue
        pool = landing_pool(list(cluster.pools.values()))
        smallest = min(pool.machines, key=lambda machine: machine.memory_mib)
        if traces.memory_gib * 1024 > smallest.memory_mib - RESERVED_MIB:
            yield (
                ("observability", "traces", "memory_gib"),
                (
                    f"is {traces.memory_gib}, but nodes of pool {pool.name} of cluster {name}, which gateways run on, "
                    f"may have {smallest.memory_mib // 1024} GiB ({smallest.name}), of which others need "
                    f"{RESERVED_MIB / 1024}: it would wait for ever. Lower it, or give the pool larger machines."
                ),
            )
