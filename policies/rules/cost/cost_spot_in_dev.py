"""Where an interruption costs nothing, nodes are spot instances.

Two exceptions. What is reserved is paid for already. And for the training machines (p4 and later, Trainium) spot
capacity is so rare that asking for it would mean having none: what they may cost in dev is bounded by cost-max-gpus,
cost-gpu-scale-to-zero and cost-instance-allowlist. Source: EKS best practices, AI/ML compute; read 2026-08.
"""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, pools
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule
from policies.samples import A100, L4, PLAIN, node_pool, requirement


def check(stack: Stack, *, rare: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        if "spot" in pool.capacity_types or pool.paid_for:
            continue
        if pool.type_names and all(name.startswith(tuple(rare)) for name in pool.type_names):
            continue
        path = pool.types_path if pool.karpenter else "capacityType"
        yield pool.resource, path, "does not allow spot, at about a third of the price"


CAPACITY = "karpenter.sh/capacity-type"
AT, POOL_AT = ("pool", "capacityType"), ("pool", "spec.template.spec.requirements")


def _group(*types: str, template: dict[str, object] | None = None, **said: object) -> StackCase:
    links = {"launchTemplate": "template"} if template is not None else {}
    around = {"template": Sample(LAUNCH_TEMPLATE, template)} if template is not None else {}
    group = Sample(NODE_GROUP, {"instanceTypes": list(types), **said}, links=links)
    return StackCase({"pool": group, **around}, at=AT, environment="dev")


def _pool(*types: str, requirements: tuple[dict[str, object], ...] = ()) -> StackCase:
    made = Sample(NODE_POOL, node_pool(*types, requirements=requirements))
    return StackCase({"pool": made}, at=POOL_AT, environment="dev")


RESERVED: dict[str, object] = {
    "capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": UNKNOWN}}
}

RULE = StackRule(
    id="cost-spot-in-dev",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE),
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
        "spot": _group(PLAIN, capacityType="SPOT"),
        "a Capacity Block, which is paid for": _group(L4, capacityType="CAPACITY_BLOCK"),
        "a reservation, which is paid for": _group(L4, template=RESERVED),
        "a type that is hardly to be had as spot": _group(A100, capacityType="ON_DEMAND"),
        "the same, in the launch template": _group(template={"instanceType": A100}),
        "NodePool: spot before on-demand": _pool(L4, requirements=(requirement(CAPACITY, "spot", "on-demand"),)),
        "NodePool: reserved": _pool(L4, requirements=(requirement(CAPACITY, "reserved"),)),
        "NodePool that leaves it to Karpenter, which tries spot first": _pool(L4),
        "NodePool of a type that is hardly to be had as spot": _pool(
            A100, requirements=(requirement(CAPACITY, "on-demand"),)
        ),
    },
    bad={
        "nothing said": _group(),
        "on demand": _group(PLAIN, capacityType="ON_DEMAND"),
        "on demand, with a launch template": _group(PLAIN, template={}),
        "one of the types could be spot": _group(A100, L4, capacityType="ON_DEMAND"),
        "NodePool": _pool(L4, requirements=(requirement(CAPACITY, "on-demand"),)),
        "NodePool: on-demand when the reservation is full": _pool(
            L4, requirements=(requirement(CAPACITY, "reserved", "on-demand"),)
        ),
        "NodePool that refuses spot": _pool(L4, requirements=(requirement(CAPACITY, "spot", operator="NotIn"),)),
    },
)
