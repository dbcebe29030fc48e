"""Every NodePool has limits of CPUs or devices within a bound, and its nodes do not stay for ever.

A limit of nodes alone holds between two passes of Karpenter: one pass may start hundreds (karpenter#2915).
Source: Karpenter, concepts, NodePools (limits) and Disruption; core 1.14.1, scheduler.go; read 2026-11.
"""

import math
import re
from collections.abc import Iterator

from catalog.sharing import NEURON_DEVICE, WHOLE_GPU
from policies.pools import NODE_POOL, Pool, quantity, types_in_words
from policies.rule import Case, Option, Resource, Rule, keys, present, text
from policies.samples import A100, PLAIN, node_pool, requirement

LIMITS, AFTER, EXPIRY = "spec.limits", "spec.disruption.consolidateAfter", "spec.template.spec.expireAfter"
DEVICES = {WHOLE_GPU, NEURON_DEVICE}
HOURS = {"h": 1.0, "m": 1 / 60, "s": 1 / 3600}


def _hours(duration: str) -> float:
    """Returns the hours of a duration such as 1h30m; infinite for what never ends."""
    if duration == "Never":
        return math.inf
    return sum(float(amount) * HOURS[unit] for amount, unit in re.findall(r"(\d+(?:\.\d+)?)([hms])", duration))


def _size(pool: Pool, most: float) -> Iterator[tuple[str, str]]:
    limits = set(keys(pool.resource, LIMITS))
    if present(pool.resource, "spec.replicas"):
        return
    if "cpu" not in limits and not limits & DEVICES:
        yield LIMITS, "sets neither cpu nor devices, so a mistake in a Deployment can start nodes without limit"
    elif pool.accelerated and not limits & DEVICES:
        yield LIMITS, f"sets no GPUs, though nodes may be {types_in_words(pool.accelerated)}"
    if (quantity(pool.resource, f"{LIMITS}.cpu") or 0) > most:
        yield f"{LIMITS}.cpu", f"is more than {most:g}, which limits nothing"


def check(
    resource: Resource, *, max_cpus: float, max_expire_hours: float, max_idle_hours: float
) -> Iterator[tuple[str, str]]:
    yield from _size(Pool(resource), max_cpus)
    if _hours(text(resource, AFTER)) > max_idle_hours:
        yield AFTER, f"is more than {max_idle_hours:g} hours, so nodes without pods stay"
    if _hours(text(resource, EXPIRY)) > max_expire_hours:
        yield EXPIRY, f"is more than {max_expire_hours:g} hours, so a node keeps its first image"


RULE = Rule(
    id="cost-karpenter-bounded",
    applies_to=NODE_POOL,
    severity="high",
    standards=("EKS best practices: Karpenter",),
    why="Karpenter starts as many nodes as pods request; only limits stop it.",
    fix="Set spec.limits.cpu and devices (pools[].max_per_zone, max_gpus), and durations under pools[].disruption.",
    mend={"consolidateAfter": "1h", "expireAfter": "720h"},
    options={
        "max_cpus": Option("The most CPUs of one pool.", 50_000, {"dev": 5_000}, stricter="less"),
        "max_expire_hours": Option("The most hours that a node may live.", 8_760, stricter="less"),
        "max_idle_hours": Option("The most hours that a node without pods may stay.", 24, stricter="less"),
    },
    check=check,
    good={
        "limit in CPUs": node_pool(PLAIN, limits={"cpu": "1000"}),
        "the most of everything": node_pool(
            PLAIN, limits={"cpu": 50_000}, disruption={"consolidateAfter": "24h"}, template={"expireAfter": "8760h"}
        ),
        "limit in GPUs": node_pool(A100, limits={"nvidia.com/gpu": "16"}),
        "limit in Neuron devices": node_pool("inf2.xlarge", limits={"aws.amazon.com/neuron": "16"}),
        "limits in CPUs and GPUs": node_pool(A100, limits={"cpu": "1000", "nvidia.com/gpu": "16"}),
        "a fixed number of replicas": node_pool(A100, replicas=2),
        "durations other than Never": node_pool(
            PLAIN, limits={"cpu": 64}, disruption={"consolidateAfter": "10m"}, template={"expireAfter": "720h"}
        ),
    },
    bad={
        "nothing set": Case({}, at=LIMITS),
        "limit in nodes only": Case(node_pool(A100, limits={"nodes": 4}), at=LIMITS),
        "a limit that limits nothing": Case(node_pool(PLAIN, limits={"cpu": "1000k"}), at=f"{LIMITS}.cpu"),
        "a limit that is too high for dev": Case(
            node_pool(PLAIN, limits={"cpu": 6_000}), at=f"{LIMITS}.cpu", environment="dev"
        ),
        "empty nodes stay for two days": Case(
            node_pool(PLAIN, limits={"cpu": 64}, disruption={"consolidateAfter": "47h59m60s"}), at=AFTER
        ),
        "nodes stay for ten years": Case(
            node_pool(PLAIN, limits={"cpu": 64}, template={"expireAfter": "87600h"}), at=EXPIRY
        ),
        "limit in memory only": Case(node_pool(PLAIN, limits={"memory": "1000Gi"}), at=LIMITS),
        "limit in CPUs only, with GPUs": Case(node_pool(A100, limits={"cpu": "1000"}), at=LIMITS),
        "limit in CPUs only, with any instance type": Case(
            node_pool(requirements=(requirement("kubernetes.io/arch", "amd64"),), limits={"cpu": "1000"}), at=LIMITS
        ),
        "empty nodes stay": Case(
            node_pool(PLAIN, limits={"cpu": 64}, disruption={"consolidateAfter": "Never"}), at=AFTER
        ),
        "nodes stay for ever": Case(node_pool(PLAIN, limits={"cpu": 64}, template={"expireAfter": "Never"}), at=EXPIRY),
    },
)
