"""Where an interruption costs nothing, nodes are spot instances.

Two exceptions. What is reserved is paid for already. And for the training machines (p4 and later, Trainium) spot
capacity is so rare that asking for it would mean having none: what they may cost in dev is bounded by cost-max-gpus,
cost-gpu-scale-to-zero and cost-instance-allowlist. Source: EKS best practices, AI/ML compute; read 2026-08.
"""

from collections.abc import Iterator, Sequence

from policies.pools import NODE_GROUP, NODE_POOL, Pool
from policies.rule import Case, Option, Resource, Rule
from policies.samples import A100, L4, PLAIN, node_group, node_pool, requirement

SPOT_OR_PAID_FOR = {"spot", "reserved"}


def check(resource: Resource, *, rare: Sequence[str]) -> Iterator[tuple[str, str]]:
    pool = Pool(resource)
    if pool.capacity_types & SPOT_OR_PAID_FOR:
        return
    if pool.type_names and all(name.startswith(tuple(rare)) for name in pool.type_names):
        return
    yield pool.types_path if pool.karpenter else "capacityType", "does not allow spot, at about a third of the price"


CAPACITY = "karpenter.sh/capacity-type"
AT, POOL_AT = "capacityType", "spec.template.spec.requirements"


def _group(capacity: str, *types: str) -> Case:
    return Case(node_group(*types, capacityType=capacity), environment="dev", at=AT)


def _pool(*types: str, capacity: tuple[str, ...]) -> Case:
    asked = node_pool(*types, requirements=(requirement(CAPACITY, *capacity),))
    return Case(asked, type=NODE_POOL, environment="dev", at=POOL_AT)


RULE = Rule(
    id="cost-spot-in-dev",
    applies_to=(NODE_GROUP, NODE_POOL),
    severity="medium",
    standards=("EKS best practices: cost optimization, compute",),
    why="A development cluster may lose a node at any time, and nobody should notice but the bill.",
    fix="Set pools[].capacity_type: spot, with several instance types so that one of them has capacity.",
    options={
        "rare": Option("How the names of types begin that are hardly to be had as spot.", ["p4", "p5", "p6", "trn"])
    },
    on_unknown="fail",
    staging="disabled",
    prod="disabled",
    check=check,
    good={
        "spot": _group("SPOT", PLAIN),
        "a Capacity Block, which is paid for": _group("CAPACITY_BLOCK", L4),
        "a type that is hardly to be had as spot": _group("ON_DEMAND", A100),
        "NodePool: spot before on-demand": _pool(L4, capacity=("spot", "on-demand")),
        "NodePool: reserved": _pool(L4, capacity=("reserved",)),
        "NodePool that leaves it to Karpenter, which tries spot first": Case(
            node_pool(L4), type=NODE_POOL, environment="dev"
        ),
        "NodePool of a type that is hardly to be had as spot": _pool(A100, capacity=("on-demand",)),
    },
    bad={
        "nothing said": Case({}, environment="dev", at=AT),
        "on demand": _group("ON_DEMAND", PLAIN),
        "one of the types could be spot": _group("ON_DEMAND", A100, L4),
        "NodePool": _pool(L4, capacity=("on-demand",)),
        "NodePool that refuses spot": Case(
            node_pool(L4, requirements=(requirement(CAPACITY, "spot", "reserved", operator="NotIn"),)),
            type=NODE_POOL,
            environment="dev",
            at=POOL_AT,
        ),
    },
)
