"""Every NodePool has limits, and its nodes do not stay for ever.

A limit of nodes is taken off between passes only, so one pass may start many more.
Sources: Karpenter, concepts, NodePools (limits) and Disruption; read 2026-08. sigs.k8s.io/karpenter v1.14.1,
pkg/controllers/provisioning/scheduling/scheduler.go; read 2026-11.
"""

from collections.abc import Iterator

from catalog.sharing import NEURON_DEVICE, WHOLE_GPU
from policies.pools import NODE_POOL, Pool, types_in_words
from policies.rule import Case, Resource, Rule, keys, present, text
from policies.samples import A100, PLAIN, node_pool, requirement

LIMITS, AFTER, EXPIRY = "spec.limits", "spec.disruption.consolidateAfter", "spec.template.spec.expireAfter"
DEVICES = {WHOLE_GPU, NEURON_DEVICE}


def _size(pool: Pool) -> Iterator[tuple[str, str]]:
    limits = set(keys(pool.resource, LIMITS))
    if present(pool.resource, "spec.replicas"):
        return
    if "cpu" not in limits and not limits & DEVICES:
        yield LIMITS, "sets no cpu, so a mistake in a Deployment can start nodes without limit"
    elif pool.accelerated and not limits & DEVICES:
        yield LIMITS, f"sets no GPUs, though nodes may be {types_in_words(pool.accelerated)}"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from _size(Pool(resource))
    if text(resource, AFTER) == "Never":
        yield AFTER, "is Never, so nodes without pods stay"
    if text(resource, EXPIRY) == "Never":
        yield EXPIRY, "is Never, so a node keeps its first image"


RULE = Rule(
    id="cost-karpenter-bounded",
    applies_to=NODE_POOL,
    severity="high",
    standards=("EKS best practices: Karpenter",),
    why="Karpenter starts as many nodes as pods request; only limits stop it.",
    fix="Set spec.limits of cpu and GPUs (pools[].max_per_zone, max_gpus), and durations under pools[].disruption.",
    check=check,
    good={
        "limit in CPUs": node_pool(PLAIN, limits={"cpu": "1000"}),
        "limit in GPUs": node_pool(A100, limits={"nvidia.com/gpu": "16"}),
        "limit in Neuron devices": node_pool("inf2.xlarge", limits={"aws.amazon.com/neuron": "16"}),
        "limits in CPUs and GPUs": node_pool(A100, limits={"cpu": "1000", "nvidia.com/gpu": "16"}),
        "a fixed number of replicas": node_pool(A100, replicas=2),
        "durations other than Never": node_pool(
            PLAIN, limits={"cpu": 4}, disruption={"consolidateAfter": "10m"}, template={"expireAfter": "720h"}
        ),
    },
    bad={
        "nothing set": Case({}, at=LIMITS),
        "limit in nodes only, which one pass of Karpenter may exceed": Case(
            node_pool(PLAIN, limits={"nodes": 4}), at=LIMITS
        ),
        "limit in memory only": Case(node_pool(PLAIN, limits={"memory": "1000Gi"}), at=LIMITS),
        "limit in CPUs only, with GPUs": Case(node_pool(A100, limits={"cpu": "1000"}), at=LIMITS),
        "limit in CPUs only, with any instance type": Case(
            node_pool(requirements=(requirement("kubernetes.io/arch", "amd64"),), limits={"cpu": "1000"}), at=LIMITS
        ),
        "empty nodes stay": Case(
            node_pool(PLAIN, limits={"cpu": 4}, disruption={"consolidateAfter": "Never"}), at=AFTER
        ),
        "nodes stay for ever": Case(node_pool(PLAIN, limits={"cpu": 4}, template={"expireAfter": "Never"}), at=EXPIRY),
    },
)
