"""Checks what is measured: its clusters, and whether Prometheus and what runs beside it fits onto the landing pool.

A pod that fits nowhere waits for ever, and no `up` sees it: the operator makes it after the release.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from settings.cluster.landing import landing_pool
from settings.cluster.mesh_replicas import kept_nodes
from settings.core.problems import Mistake, nearest_or_all
from settings.observability.kept import MEMORY_GIB, loki_pods
from settings.observability.observability import ObservabilitySettings
from settings.stack.parts import Parts

RESERVED_MIB = 1536
"""For the kubelet, the system, and the pods of each node. That of DaemonSets with requests of their own is less."""
_TRIES = 2000
"""States of nodes that one look at the pods goes through. Beyond them pods are taken to fit."""
_APART = ("Prometheus", "Loki", "Karpenter")


def mistakes(parts: Parts, zones: int) -> Iterator[Mistake]:
    """Yields clusters that are not there, and memory that the nodes of a cluster have not. zones: 0 where not known."""
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
            continue
        kept = kept_nodes([pool], zones)
        nodes = pool.most_nodes(len(pool.named_zones or range(zones))) if pool.autoscaled else kept
        karpenter = any(each.provisioner == "karpenter" for each in cluster.pools.values())
        pods = _pods(cluster.observability, production=parts.environment == "prod", karpenter=karpenter)
        room = smallest.memory_mib - RESERVED_MIB
        if kept and (program := waiting([room] * min(nodes, sum(count for count, _ in pods.values())), pods, kept)):
            all_of_them = ", ".join(f"{count} of {each} with {gib}" for each, (count, gib) in pods.items())
            yield (
                ("observability", "metrics", "memory_gib"),
                (
                    f"is {needed}, and pool {pool.name} of cluster {name} may have {nodes} "
                    f"{'node' if nodes == 1 else 'nodes'} of {smallest.memory_mib // 1024} GiB ({smallest.name}), of "
                    f"each of which others need {RESERVED_MIB / 1024}. That has no room for all pods and their GiB "
                    f"({all_of_them}): one of {program} would wait for ever. Lower it, or give the pool larger or "
                    "more machines."
                ),
            )


def _pods(observability: ObservabilitySettings, *, production: bool, karpenter: bool) -> Mapping[str, tuple[int, int]]:
    """Returns what runs on the landing pool and holds much -> how many pods, and the GiB of each."""
    metrics, logs, traces = observability.metrics, observability.logs, observability.traces
    pods = {"Prometheus": (metrics.replicas or (2 if production else 1), metrics.memory_gib)}
    if karpenter:
        pods["Karpenter"] = (2, 2 if production else 1)
    if logs is not None and logs.own_loki:
        pods["Loki"] = (loki_pods(production=production), MEMORY_GIB)
    if traces is not None:
        pods["the gateways"] = (traces.gateways or (2 if production else 1), traces.memory_gib)
        if traces.tempo is not None:
            pods["Tempo"] = (1, MEMORY_GIB)
    return pods


def waiting(rooms: Sequence[int], pods: Mapping[str, tuple[int, int]], kept: int) -> str | None:
    """Returns what has a pod that fits nowhere, however pods are put onto the nodes; None where all of them may fit,
    or where that takes more than `_TRIES` to know.

    The scheduler may still put them otherwise. What is larger than a node is told elsewhere. rooms: MiB of each node.
    kept: nodes that stay. Where they suffice, Prometheus, Loki and Karpenter have a node for each pod.
    """
    fitting = [(program, *each) for program, each in pods.items() if each[1] * 1024 <= max(rooms)]
    apart = {program for program, count, _ in fitting if program in _APART and kept >= count}
    placed = [
        (program, gib) for program, count, gib in sorted(fitting, key=lambda each: -each[2]) for _ in range(count)
    ]

    @cache
    def fit(nodes: tuple[tuple[int, frozenset[str]], ...], done: int, end: int) -> bool:
        if done == end or fit.cache_info().misses > _TRIES:
            return True
        program, gib = placed[done]
        same = sum(each == program for each, _ in placed[done:end])
        if sum(min(room // (gib * 1024), 1 if program in apart else same) for room, _ in nodes) < same:
            return False
        for node in dict.fromkeys(nodes):  # nodes of one state are one; the fullest is the first
            room, there = node
            if room >= gib * 1024 and program not in there:
                others = list(nodes)
                others.remove(node)
                others.append((room - gib * 1024, there | ({program} & apart)))
                if fit(tuple(sorted(others, key=lambda each: (each[0], sorted(each[1])))), done + 1, end):
                    return True
        return False

    def all_fit(end: int) -> bool:
        fit.cache_clear()
        return fit(tuple((room, frozenset()) for room in sorted(rooms)), 0, end)

    if all_fit(len(placed)):
        return None
    return placed[bisect_left(range(len(placed)), True, key=lambda last: not all_fit(last + 1))][0]
