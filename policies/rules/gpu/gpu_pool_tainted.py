"""Nodes with GPUs have a taint that keeps away pods without GPUs."""

from collections.abc import Iterator, Sequence

from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, pools, types_in_words
from policies.rule import Case, Option, Resource, Sample, Stack, StackCase, StackRule, each_alone
from policies.samples import A100, NO_SCHEDULE, PLAIN, TAINT, node_group, node_group_of_template, node_pool, requirement


def check(stack: Stack, *, keys: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        if not pool.accelerated:
            continue
        hard_taints = [taint for taint in pool.taints if taint.keeps_pods_off and (not keys or taint.key in keys)]
        if not hard_taints:
            with_key = f" with the key {' or '.join(keys)}" if keys else ""
            yield (
                pool.resource,
                pool.taints_path,
                f"has no NoSchedule or NoExecute taint{with_key}, but nodes may be {types_in_words(pool.accelerated)}",
            )


NEURON, MIXED = "inf2.xlarge", (PLAIN, A100)
ONE_KEY = {"keys": ["gpu"]}
POOL_AT = "spec.template.spec.taints"


def _block(**taints: object) -> StackCase:
    group = Sample(NODE_GROUP, node_group_of_template(**taints), links={"launchTemplate": "template"})
    return StackCase(
        {"pool": group, "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100})}, at=("pool", "taints")
    )


RULE = StackRule(
    id="gpu-pool-tainted",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE),
    severity="high",
    standards=("EKS best practices: AI/ML compute",),
    why="A pod without a GPU would take the place of one that needs it, and keep the most expensive nodes running.",
    fix="Add a NoSchedule taint such as nvidia.com/gpu to pools[].taints; without GPUs, name instance categories.",
    options={"keys": Option("Taint keys that count; with an empty list, any key counts.", [])},
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "the instance type in the launch template": _block(taints=[TAINT]),
        **each_alone(
            NODE_GROUP,
            {
                "nothing set, so no GPUs": {},
                "no GPUs": node_group(PLAIN),
                "tainted": node_group(A100, taints=[TAINT]),
                "a NoExecute taint": node_group(A100, taints=[{**TAINT, "effect": "NO_EXECUTE"}]),
                "the second taint is hard": node_group(
                    A100, taints=[{**TAINT, "effect": "PREFER_NO_SCHEDULE"}, {"key": "team", "effect": "NO_SCHEDULE"}]
                ),
                "a taint with a required key": Case(node_group(A100, taints=[TAINT]), options=ONE_KEY),
                "a type that is not in the catalog": node_group("p99.48xlarge"),
                "NodePool": Case(node_pool(A100, taints=(NO_SCHEDULE,)), type=NODE_POOL),
                "NodePool without GPUs": Case(
                    node_pool(requirements=(requirement("karpenter.k8s.aws/instance-category", "c", "m", "r"),)),
                    type=NODE_POOL,
                ),
            },
        ),
    },
    bad={
        "the instance type in the launch template": _block(),
        **each_alone(
            NODE_GROUP,
            {
                "nothing set as a taint": Case(node_group(A100), at="taints"),
                "one of the types has GPUs": Case(node_group(*MIXED), at="taints"),
                "Neuron": Case(node_group(NEURON), at="taints"),
                "only a PreferNoSchedule taint": Case(
                    node_group(A100, taints=[{**TAINT, "effect": "PREFER_NO_SCHEDULE"}]), at="taints"
                ),
                "a taint without the required key": Case(
                    node_group(A100, taints=[{**TAINT, "key": "team"}]), options=ONE_KEY, at="taints"
                ),
                "NodePool": Case(node_pool(A100), type=NODE_POOL, at=POOL_AT),
                "NodePool with only a PreferNoSchedule taint": Case(
                    node_pool(A100, taints=({**NO_SCHEDULE, "effect": "PreferNoSchedule"},)), type=NODE_POOL, at=POOL_AT
                ),
                "NodePool that may start any type": Case(node_pool(), type=NODE_POOL, at=POOL_AT),
            },
        ),
    },
)
