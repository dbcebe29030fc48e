"""Types with GPUs or Neuron devices are in the catalog: the other rules about GPUs see no others.

Source: EC2 user guide, "Instance type naming": g, gr and p are families with GPUs, trn and inf with Neuron devices;
read 2026-11.
"""

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
from policies.rule import Case, Resource, Sample, Stack, StackCase, StackRule, each_alone, present
from policies.samples import A100, PLAIN, node_group, node_group_of_template, node_pool, requirement

HIDDEN = "leaves the type of its machines to what is not in this stack, so no limit counts their GPUs"


def _pool(pool: Pool) -> Iterator[tuple[Resource, str, str]]:
    if unlisted := pool.unlisted:
        what = f"may start {', '.join(unlisted[:3])}, which the catalog does not have, so no rule about GPUs sees it"
        yield pool.resource, pool.types_path, what
    elif pool.template is None and present(pool.resource, "launchTemplate") and not pool.type_names:
        yield pool.resource, "launchTemplate", HIDDEN


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        yield from _pool(pool)
    for each in machines(stack):
        if each.is_unlisted:
            what = f"is {each.type_name}, which the catalog does not have, so no limit counts its GPUs"
            yield each.resource, each.path, what
        elif not each.type_name and each.most:
            yield each.resource, each.path, HIDDEN


TYPES_AT, INSTANCE = "spec.template.spec.requirements", "karpenter.k8s.aws/instance-"


def _group(*types: str) -> Case:
    return Case(node_group(*types), type=NODE_GROUP, at="instanceTypes")


def _karpenter(*requirements: dict[str, object]) -> Case:
    return Case(node_pool(requirements=requirements), type=NODE_POOL, at=TYPES_AT)


def _block(kind: str) -> StackCase:
    group = Sample(NODE_GROUP, node_group_of_template(), links={"launchTemplate": "template"})
    template = Sample(LAUNCH_TEMPLATE, {"instanceType": kind})
    return StackCase({"pool": group, "template": template}, at=("pool", "instanceTypes"))


def _scheduled(most: int) -> StackCase:
    """Returns a node group of at most 8 machines, and a schedule that sets another size of it."""
    pool = Sample(NODE_GROUP, {**node_group(A100), "scalingConfig": {"minSize": 0, "maxSize": 8, "desiredSize": 0}})
    schedule = Sample(SCHEDULE, {"maxSize": most}, links={"autoscalingGroupName": "pool"})
    return StackCase({"pool": pool, "schedule": schedule}, at=("schedule", "maxSize"))


RULE = StackRule(
    id="gpu-type-in-catalog",
    applies_to=(NODE_GROUP, NODE_POOL, *MACHINES),
    severity="high",
    why="GPUs of such nodes could be open to every pod, or be bought without a limit, and no rule would say so.",
    fix="Add a row for the type to catalog/data/instance_types.json, or take a type of docs/gpus.md.",
    no_mend="a launch template that is not in this stack has the type: make it here, or name the type",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "the instance type in the launch template": _block(A100),
        "a schedule of a node group": _scheduled(8),
        "an endpoint without machines": StackCase(
            {"it": Sample(ENDPOINT, {"productionVariants": [{"serverlessConfig": {"maxConcurrency": 1}}]})}
        ),
        "a group of none": StackCase({"it": Sample(GROUP, {"maxSize": 0, "launchTemplate": {"id": "lt-1"}})}),
        "overrides that leave the type to a template of the stack": StackCase(
            {
                "it": Sample(
                    FLEET,
                    {
                        "targetCapacitySpecification": {"totalTargetCapacity": 9},
                        "launchTemplateConfigs": [
                            {
                                "launchTemplateSpecification": {"launchTemplateId": "id-template"},
                                "overrides": [{"subnetId": "subnet-1"}],
                            }
                        ],
                    },
                    links={"launchTemplateConfigs": "template"},
                ),
                "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
            }
        ),
        **each_alone(
            NODE_GROUP,
            {
                "nothing set": {},
                "GPUs": _group(A100),
                "a type without accelerators that is not in the catalog": _group("m99.large", PLAIN),
                "a type whose name only begins alike": _group("gx.large", "pool.large"),
                "NodePool, nothing set": _karpenter(),
                "NodePool of a family": _karpenter(requirement(f"{INSTANCE}family", "g6", "r99")),
                "NodePool of a category": _karpenter(requirement(f"{INSTANCE}category", "g", "p")),
                "NodePool of any GPU": _karpenter(requirement(f"{INSTANCE}gpu-count", operator="Exists")),
                "NodePool without GPUs, and of no type of the catalog": _karpenter(
                    requirement(f"{INSTANCE}family", "r99"),
                    requirement(f"{INSTANCE}gpu-count", operator="DoesNotExist"),
                    requirement(f"{INSTANCE}gpu-name", "t4", operator="NotIn"),
                ),
                "NodePool of other families than one": _karpenter(
                    requirement(f"{INSTANCE}family", "g99", operator="NotIn")
                ),
            },
        ),
    },
    bad={
        "a schedule that lets a node group grow": _scheduled(9),
        "a machine of its own": StackCase(
            {"it": Sample(INSTANCES[0], {"instanceType": "p99.48xlarge"})}, at=("it", "instanceType")
        ),
        **{
            f"a machine of {kind.rpartition(':')[2]}": StackCase(
                {"it": Sample(kind, props), "template": Sample(LAUNCH_TEMPLATE)}, at=("it", at)
            )
            for kind, props, at in (
                (INSTANCES[1], {"instanceType": "p99.48xlarge"}, "instanceType"),
                (RESERVATION, {"instanceType": "p99.48xlarge", "instanceCount": 2}, "instanceType"),
                (
                    GROUP,
                    {
                        "maxSize": 1,
                        "mixedInstancesPolicy": {"launchTemplate": {"overrides": [{"instanceType": "p99.48xlarge"}]}},
                    },
                    "mixedInstancesPolicy.launchTemplate.overrides[0].instanceType",
                ),
                (
                    FLEET,
                    {"launchTemplateConfigs": [{"overrides": [{"instanceType": "p99.48xlarge"}]}]},
                    "launchTemplateConfigs[0].overrides[0].instanceType",
                ),
                (
                    SPOT_FLEET,
                    {"launchSpecifications": [{"instanceType": "p99.48xlarge"}]},
                    "launchSpecifications[0].instanceType",
                ),
                (
                    ENDPOINT,
                    {"productionVariants": [{"instanceType": "ml.p99.48xlarge"}]},
                    "productionVariants[0].instanceType",
                ),
            )
        },
        **{
            f"a type of elsewhere: {kind.rpartition(':')[2]}": StackCase({"it": Sample(kind, props)}, at=("it", at))
            for kind, props, at in (
                (NODE_GROUP, {"launchTemplate": {"id": "lt-1"}}, "launchTemplate"),
                (INSTANCES[0], {"launchTemplate": {"id": "lt-1"}}, "launchTemplate"),
                (GROUP, {"maxSize": 1000, "launchTemplate": {"id": "lt-1"}}, "launchTemplate"),
                (FLEET, {"targetCapacitySpecification": {"totalTargetCapacity": 9}}, "launchTemplate"),
                (SCHEDULE, {"autoscalingGroupName": "x", "maxSize": 1000}, "maxSize"),
                (ENDPOINT, {"productionVariants": [{}]}, "productionVariants[0].instanceType"),
                (
                    SPOT_FLEET,
                    {
                        "targetCapacity": 1,
                        "launchTemplateConfigs": [{"overrides": [{"instanceRequirements": {"x": 1}}]}],
                    },
                    "launchTemplateConfigs[0].overrides[0].instanceType",
                ),
            )
        },
        "a notebook of SageMaker": StackCase(
            {"it": Sample(NOTEBOOK, {"instanceType": "ml.p99.48xlarge"})}, at=("it", "instanceType")
        ),
        "the instance type in the launch template": _block("g99.xlarge"),
        **each_alone(
            NODE_GROUP,
            {
                "GPUs": _group("g5g.xlarge"),
                "the second type": _group(A100, "gr99.xlarge"),
                "a newer P family": _group("p99.48xlarge"),
                "Trainium": _group("trn99.48xlarge"),
                "Inferentia": _group("inf99.xlarge"),
                "NodePool of a type": Case(node_pool(A100, "g5g.xlarge"), type=NODE_POOL, at=TYPES_AT),
                "NodePool of a family": _karpenter(requirement(f"{INSTANCE}family", "g6", "g5g")),
                "NodePool of a category, with an architecture that only other types have": _karpenter(
                    requirement(f"{INSTANCE}category", "g"), requirement("kubernetes.io/arch", "arm64")
                ),
                "NodePool of a GPU": _karpenter(requirement(f"{INSTANCE}gpu-name", "t4g")),
                "NodePool of a Neuron device": _karpenter(requirement(f"{INSTANCE}accelerator-name", "trainium9")),
            },
        ),
    },
)
