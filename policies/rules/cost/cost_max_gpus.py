"""All pools together cannot start more GPUs than the environment's limit."""

import math
from collections.abc import Iterator

from policies.machines import (
    ENDPOINT,
    FLEET,
    GROUP,
    INSTANCES,
    MACHINES,
    NOTEBOOK,
    RESERVATION,
    SCHEDULE,
    SPOT_FLEET,
    machines,
)
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Environment, Option, Resource, Sample, Stack, StackCase, StackRule
from policies.samples import A100, L4, PLAIN, node_group, node_group_of_template, node_pool

POOLS_SHOWN = 5


def _devices(pool: Pool) -> float:
    """Returns the most GPUs and Neuron devices of the pool; infinite without a limit."""
    most = pool.most_devices
    return math.inf if most is None else most


def _in_words(pool: Pool, region: str) -> str:
    from catalog.prices import HOURS_PER_MONTH, on_demand_usd_per_hour  # imported here because few stacks need it

    prices = [on_demand_usd_per_hour(machine.name, region) for machine in pool.accelerated]
    hourly = max((price.usd for price in prices if price), default=None)
    nodes = pool.most_accelerated_nodes
    kinds = " or ".join(machine.name for machine in pool.accelerated[:3])
    if nodes is None:
        return f"{pool.name}, of {kinds}, without a limit"
    cost = f"${hourly * nodes * HOURS_PER_MONTH:,.0f} a month" if hourly else "no list price"
    return f"{pool.name}, {_devices(pool):g} on {nodes:g} of {kinds}, {cost}"


def check(stack: Stack, *, gpus: float) -> Iterator[tuple[Resource, str, str]]:
    held = [
        *((_devices(pool), pool.resource, pool.size_path, pool) for pool in pools(stack) if pool.accelerated),
        *((each.devices, each.resource, each.path, None) for each in machines(stack) if each.devices),
    ]
    largest_first = sorted(held, key=lambda each: each[0], reverse=True)
    total = sum(each[0] for each in largest_first)
    if total > gpus:
        growth = f"reach {total:g}" if math.isfinite(total) else "grow without limit"
        shown = "; ".join(
            _in_words(pool, stack.region) if pool else f"{resource.name}, {devices:g}"
            for devices, resource, _, pool in largest_first[:POOLS_SHOWN]
        )
        _, resource, path, _ = largest_first[0]
        yield (
            resource,
            path,
            f"lets the GPUs of the stack {growth}, above the {gpus:g} of {stack.context.environment}: {shown}",
        )


SIZE = "scalingConfig.maxSize"


def _group(*types: str, most: int) -> Sample:
    return Sample(NODE_GROUP, node_group(*types, sizes=(0, most, 0)))


def _stack(*, at: tuple[str, str] | None = None, environment: Environment = "prod", **resources: Sample) -> StackCase:
    return StackCase(resources, at=at, environment=environment)


def _pool(**limits: object) -> Sample:
    return Sample(NODE_POOL, node_pool(A100, limits=dict(limits)))


BLOCK = Sample(NODE_GROUP, node_group_of_template(sizes=(0, 17, 0)), links={"launchTemplate": "template"})
TEMPLATE = Sample(LAUNCH_TEMPLATE, {"instanceType": A100})

RULE = StackRule(
    id="cost-max-gpus",
    applies_to=(NODE_GROUP, NODE_POOL, *MACHINES),
    severity="critical",
    why="One extra node may cost $40,000 a month, and without this rule only the bill shows the mistake.",
    fix="Lower pools[].max_per_zone or max_gpus, or raise policies.cost-max-gpus.gpus in a review, for "
    "production in policies/production.yaml.",
    no_mend="a schedule of its own sets how large the group may become",
    on_unknown="fail",
    options={
        "gpus": Option(
            "The most GPUs and Neuron devices at once. In prod: 16 nodes with eight each; in dev: two such nodes.",
            128,
            {"dev": 16, "staging": 32},
            stricter="less",
        )
    },
    check=check,
    good={
        "nothing set, so no GPUs": _stack(cpu=_group(PLAIN, most=1000)),
        "exactly the limit": _stack(a100=_group(A100, most=16)),
        "two types, where the larger counts": _stack(l4=_group(L4, "g6.12xlarge", most=32)),
        "limited in GPUs": _stack(a100=_pool(**{"nvidia.com/gpu": "128"})),
        "limited in nodes": _stack(a100=_pool(nodes=16)),
        "limited in CPUs": _stack(a100=_pool(cpu="1536")),
        "a fixed number of replicas": _stack(a100=Sample(NODE_POOL, node_pool(A100, replicas=16))),
        "a limit in GPUs that is not a whole number of nodes": _stack(a100=_pool(**{"nvidia.com/gpu": 135})),
        "two node sizes, limited in GPUs": _stack(
            l4=Sample(NODE_POOL, node_pool(L4, "g6.48xlarge", limits={"nvidia.com/gpu": 128}))
        ),
        "two limits, where the smaller counts": _stack(a100=_pool(nodes=100, **{"nvidia.com/gpu": 128})),
        "instances, a group and a reservation, up to the limit": _stack(
            plain=Sample(INSTANCES[0], {"instanceType": PLAIN}),
            spot=Sample(INSTANCES[1], {"instanceType": A100}),
            none=Sample(INSTANCES[0], {}),
            group=Sample(GROUP, {"maxSize": 14}, links={"launchTemplate": "template"}),
            template=TEMPLATE,
            held=Sample(RESERVATION, {"instanceType": A100}),
        ),
        "two nodes in dev": _stack(a100=_group(A100, most=2), environment="dev"),
    },
    bad={
        "nothing set as a limit": _stack(
            at=("a100", "spec.limits"), a100=Sample(NODE_POOL, node_pool(A100)), small=_group(L4, most=1)
        ),
        "one node too many in a node group": _stack(at=("a100", SIZE), a100=_group(A100, most=17)),
        "too many in all pools, reported for the largest": _stack(
            at=("b", SIZE), a=_group(A100, most=6), b=_group(A100, most=8), c=_group(A100, most=7)
        ),
        "limited in memory only": _stack(at=("a100", "spec.limits"), a100=_pool(memory="4000Gi")),
        "one node too many in a NodePool": _stack(at=("a100", "spec.limits"), a100=_pool(nodes="17")),
        "one node too many in a NodePool, limited in GPUs": _stack(
            at=("a100", "spec.limits"), a100=_pool(**{"nvidia.com/gpu": 136})
        ),
        "the instance type in the launch template": _stack(at=("block", SIZE), block=BLOCK, template=TEMPLATE),
        "Neuron devices": _stack(at=("trn", SIZE), trn=_group("trn2.48xlarge", most=9)),
        "three nodes in dev": _stack(at=("a100", SIZE), a100=_group(A100, most=3), environment="dev"),
        "instances": StackCase(
            {f"m{index}": Sample(INSTANCES[0], {"instanceType": A100}) for index in range(17)},
            at=("m0", "instanceType"),
        ),
        "a notebook beside them": _stack(
            at=("group", "launchTemplate"),
            group=Sample(GROUP, {"maxSize": 16}, links={"launchTemplate": "template"}),
            template=TEMPLATE,
            notebook=Sample(NOTEBOOK, {"instanceType": f"ml.{A100}"}),
        ),
        "a reservation": _stack(
            at=("held", "instanceType"), held=Sample(RESERVATION, {"instanceType": A100, "instanceCount": 17})
        ),
        "a group of Auto Scaling": _stack(
            at=("group", "launchTemplate"),
            group=Sample(GROUP, {"maxSize": 17}, links={"launchTemplate": "template"}),
            template=TEMPLATE,
        ),
        "a group of Auto Scaling that names types": _stack(
            at=("group", "mixedInstancesPolicy.launchTemplate.overrides[1].instanceType"),
            group=Sample(
                GROUP,
                {
                    "maxSize": 17,
                    "mixedInstancesPolicy": {
                        "launchTemplate": {"overrides": [{"weightedCapacity": "1"}, {"instanceType": A100}]}
                    },
                },
                links={"mixedInstancesPolicy": "template"},
            ),
            template=TEMPLATE,
        ),
        "a fleet": _stack(
            at=("fleet", "launchTemplateConfigs[0].overrides[0].instanceType"),
            fleet=Sample(
                FLEET,
                {
                    "targetCapacitySpecification": {"totalTargetCapacity": 17},
                    "launchTemplateConfigs": [{"overrides": [{"instanceType": A100}]}],
                },
            ),
        ),
        "a fleet of spot instances": _stack(
            at=("fleet", "launchSpecifications[0].instanceType"),
            fleet=Sample(SPOT_FLEET, {"targetCapacity": 17, "launchSpecifications": [{"instanceType": A100}]}),
        ),
        "a fleet of spot instances, by a launch template": _stack(
            at=("fleet", "launchTemplateConfigs[0].overrides[0].instanceType"),
            fleet=Sample(
                SPOT_FLEET,
                {
                    "targetCapacity": 34,
                    "launchTemplateConfigs": [{"overrides": [{"instanceType": A100, "weightedCapacity": 2}]}],
                },
            ),
        ),
        "a fleet in units of half a machine": _stack(
            at=("fleet", "launchSpecifications[0].instanceType"),
            fleet=Sample(
                SPOT_FLEET,
                {"targetCapacity": 9, "launchSpecifications": [{"instanceType": A100, "weightedCapacity": "0.5"}]},
            ),
        ),
        "a group that a schedule enlarges": _stack(
            at=("group", "launchTemplate"),
            group=Sample(GROUP, {"maxSize": 1}, links={"launchTemplate": "template"}),
            template=TEMPLATE,
            night=Sample(SCHEDULE, {"maxSize": 17}, links={"autoscalingGroupName": "group"}),
        ),
        "an endpoint of SageMaker": _stack(
            at=("endpoint", "productionVariants[0].instanceType"),
            endpoint=Sample(
                ENDPOINT,
                {
                    "productionVariants": [
                        {
                            "instanceType": f"ml.{A100}",
                            "initialInstanceCount": 1,
                            "managedInstanceScaling": {"maxInstanceCount": 16},
                        }
                    ],
                    "shadowProductionVariants": [{"instanceType": f"ml.{A100}", "initialInstanceCount": 1}],
                },
            ),
        ),
        "a type without a list price": _stack(at=("gb", SIZE), gb=_group("p6e-gb200.36xlarge", most=33)),
    },
)
