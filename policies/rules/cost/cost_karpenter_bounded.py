"""A NodePool ends somewhere: in size, and each of its nodes in time.

Source: Karpenter, concepts, NodePools (limits) and Disruption; read 2026-08.
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
    if "nodes" in limits or present(pool.resource, "spec.replicas"):
        return
    if "cpu" not in limits and not limits & DEVICES:
        yield LIMITS, "sets neither nodes nor cpu, so a mistake in a Deployment buys machines without end"
    elif pool.accelerated and not limits & DEVICES:
        yield LIMITS, f"sets neither nodes nor GPUs, though nodes may be {types_in_words(pool.accelerated)}"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from _size(Pool(resource))
    if text(resource, AFTER) == "Never":
        yield AFTER, "is Never, so a node stays when its pods are gone"
    if text(resource, EXPIRY) == "Never":
        yield EXPIRY, "is Never, so a node keeps the image that it was born with"


RULE = Rule(
    id="cost-karpenter-bounded",
    applies_to=NODE_POOL,
    severity="high",
    standards=("EKS best practices: Karpenter",),
    why="Karpenter buys what pods ask for; only the limits say where that ends.",
    fix="Set spec.limits.nodes (pools[].max_per_zone, max_gpus), and durations under pools[].disruption.",
    check=check,
    good={
        "in nodes": node_pool(A100, limits={"nodes": 4}),
        "in processors": node_pool(PLAIN, limits={"cpu": "1000"}),
        "in GPUs": node_pool(A100, limits={"nvidia.com/gpu": "16"}),
        "in Neuron devices": node_pool("inf2.xlarge", limits={"aws.amazon.com/neuron": "16"}),
        "in processors and GPUs": node_pool(A100, limits={"cpu": "1000", "nvidia.com/gpu": "16"}),
        "a fixed number": node_pool(A100, replicas=2),
        "durations": node_pool(
            PLAIN, limits={"nodes": 4}, disruption={"consolidateAfter": "10m"}, template={"expireAfter": "720h"}
        ),
    },
    bad={
        "nothing said": Case({}, at=LIMITS),
        "in memory alone": Case(node_pool(PLAIN, limits={"memory": "1000Gi"}), at=LIMITS),
        "in processors, with GPUs": Case(node_pool(A100, limits={"cpu": "1000"}), at=LIMITS),
        "in processors, and any type may come": Case(
            node_pool(requirements=(requirement("kubernetes.io/arch", "amd64"),), limits={"cpu": "1000"}), at=LIMITS
        ),
        "nodes stay when they are empty": Case(
            node_pool(PLAIN, limits={"nodes": 4}, disruption={"consolidateAfter": "Never"}), at=AFTER
        ),
        "nodes stay for ever": Case(
            node_pool(PLAIN, limits={"nodes": 4}, template={"expireAfter": "Never"}), at=EXPIRY
        ),
    },
)
