"""Pools in dev allow spot instances.

There are two exceptions. Reserved capacity is already paid for. Spot capacity of training instances (p4 and later,
Trainium) is so rare that a pool would get none; cost-max-gpus, cost-gpu-scale-to-zero and cost-instance-allowlist limit
their cost in dev. Source: EKS best practices, AI/ML compute; read 2026-08.
"""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, pools
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule
from policies.samples import A100, L4, PLAIN, node_pool, requirement


def check(stack: Stack, *, rare: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        if "spot" in pool.capacity_types or pool.only_reserved:
            continue
        if pool.type_names and all(name.startswith(tuple(rare)) for name in pool.type_names):
            continue
        path = pool.types_path if pool.karpenter else "capacityType"
        yield pool.resource, path, "does not allow spot, which costs about a third"


CAPACITY = "karpenter.sh/capacity-type"
AT, POOL_AT = ("pool", "capacityType"), ("pool", "spec.template.spec.requirements")


def _group(*types: str, template: dict[str, object] | None = None, **props: object) -> StackCase:
    links = {"launchTemplate": "template"} if template is not None else {}
    templates = {"template": Sample(LAUNCH_TEMPLATE, template)} if template is not None else {}
    group = Sample(NODE_GROUP, {"instanceTypes": list(types), **props}, links=links)
    return StackCase({"pool": group, **templates}, at=AT, environment="dev")


def _pool(*types: str, requirements: tuple[dict[str, object], ...] = ()) -> StackCase:
    pool = Sample(NODE_POOL, node_pool(*types, requirements=requirements))
    return StackCase({"pool": pool}, at=POOL_AT, environment="dev")


RESERVED: dict[str, object] = {
    "capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": UNKNOWN}}
}

RULE = StackRule(
    id="cost-spot-in-dev",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE),
    severity="medium",
    standards=("EKS best practices: cost optimization, compute",),
    why="A dev cluster can lose a node at any time without harm, and spot costs far less.",
    fix="Allow spot, with several instance types, so that one of them has capacity.",
    mend={"capacityType": "SPOT"},
    stack_file={"clusters.<name>.pools[].capacity_type": "spot"},
    options={
        "rare": Option(
            "Prefixes of instance types that rarely have spot capacity; they are exempt.",
            ["p4", "p5", "p6", "trn"],
            stricter="fewer",
        )
    },
    on_unknown="fail",
    staging="disabled",
    prod="disabled",
    check=check,
    good={
        "spot": _group(PLAIN, capacityType="SPOT"),
        "a Capacity Block": _group(L4, capacityType="CAPACITY_BLOCK"),
        "a capacity reservation": _group(L4, template=RESERVED),
        "a type that rarely has spot capacity": _group(A100, capacityType="ON_DEMAND"),
        "the same type in the launch template": _group(template={"instanceType": A100}),
        "NodePool: spot before on-demand": _pool(L4, requirements=(requirement(CAPACITY, "spot", "on-demand"),)),
        "NodePool: reserved": _pool(L4, requirements=(requirement(CAPACITY, "reserved"),)),
        "NodePool without a capacity type, so Karpenter tries spot first": _pool(L4),
        "NodePool of a type that rarely has spot capacity": _pool(
            A100, requirements=(requirement(CAPACITY, "on-demand"),)
        ),
    },
    bad={
        "nothing set": _group(),
        "on demand": _group(PLAIN, capacityType="ON_DEMAND"),
        "on demand, with a launch template": _group(PLAIN, template={}),
        "one of the types has spot capacity": _group(A100, L4, capacityType="ON_DEMAND"),
        "NodePool": _pool(L4, requirements=(requirement(CAPACITY, "on-demand"),)),
        "NodePool: reserved, then on-demand": _pool(L4, requirements=(requirement(CAPACITY, "reserved", "on-demand"),)),
        "NodePool that excludes spot": _pool(L4, requirements=(requirement(CAPACITY, "spot", operator="NotIn"),)),
    },
)
