"""Pools with GPUs go to zero when nobody needs them."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, pools, types_in_words
from policies.rule import NotKnownError, Resource, Sample, Stack, StackCase, StackRule, each, number, text
from policies.samples import A100, PLAIN, node_group, node_pool

SCHEDULE, TARGET = "aws:autoscaling/schedule:Schedule", "autoscalingGroupName"
ALWAYS_ON = "always-on"


def _auto_scaling_groups(group: Resource) -> set[str]:
    try:
        return {text(found, "name") for owned in each(group, "resources") for found in each(owned, "autoscalingGroups")}
    except NotKnownError:  # before the group is there, the record of dependencies tells
        return set()


def _goes_to_zero(stack: Stack, group: Resource) -> bool:
    """Whether a schedule takes the group to zero and thereby ends whatever it was started with."""
    return any(
        number(schedule, "desiredCapacity") == 0 and _is_for(stack, schedule, group) for schedule in stack.of(SCHEDULE)
    )


def _is_for(stack: Stack, schedule: Resource, group: Resource) -> bool:
    if linked := stack.linked(schedule, TARGET, (NODE_GROUP,)):
        return group in linked
    return text(schedule, TARGET) in _auto_scaling_groups(group)


def _sizes(pool: Pool) -> tuple[str, ...]:
    return ("spec.replicas",) if pool.karpenter else ("scalingConfig.minSize", "scalingConfig.desiredSize")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        group = pool.resource
        kept = [path for path in _sizes(pool) if number(group, path)]
        if not kept or not pool.accelerated:
            continue
        if pool.paid_for or text(group, ("tags", ALWAYS_ON)) == "true" or _goes_to_zero(stack, group):
            continue
        yield group, kept[0], f"is not 0, so {types_in_words(pool.accelerated)} is paid for, used or not"


MIN, DESIRED = "scalingConfig.minSize", "scalingConfig.desiredSize"


def _stack(at: str = "", schedule: Sample | None = None, **more: Sample) -> StackCase:
    return StackCase({**more, **({"night": schedule} if schedule else {})}, at=("gpu", at))


def _gpu(least: int, wanted: int, **more: object) -> Sample:
    return Sample(NODE_GROUP, node_group(A100, sizes=(least, 4, wanted), **more))


def _night(desired: int, group: str = "gpu") -> Sample:
    return Sample(SCHEDULE, {"minSize": 0, "desiredCapacity": desired, TARGET: UNKNOWN}, links={TARGET: group})


def _known(name: str) -> Sample:
    """The same schedule in a stack that exists, where the Auto Scaling group's name is known."""
    return Sample(SCHEDULE, {"desiredCapacity": 0, TARGET: name})


RESERVED = {"capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}}
OWNED = [{"autoscalingGroups": [{"name": "eks-gpu-1"}]}]

RULE = StackRule(
    id="cost-gpu-scale-to-zero",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE, SCHEDULE),
    severity="high",
    standards=("EKS best practices: cost optimization, compute",),
    why="A GPU machine that waits costs what one that works does, at night and on weekends too.",
    fix="Set pools[].min_per_zone: 0 and leave desired_per_zone out; or give it off_peak hours, or always_on: true.",
    prod="advisory",
    check=check,
    good={
        "nothing said, so there are none": _stack(gpu=Sample(NODE_GROUP, {"instanceTypes": [A100]})),
        "from zero": _stack(gpu=_gpu(0, 0)),
        "plain machines": _stack(cpu=Sample(NODE_GROUP, node_group(PLAIN, sizes=(2, 4, 2)))),
        "meant to run": _stack(gpu=_gpu(1, 1, tags={ALWAYS_ON: "true"})),
        "a reservation, which is paid for": _stack(
            gpu=Sample(NODE_GROUP, node_group(A100, sizes=(1, 1, 1)), links={"launchTemplate": "template"}),
            template=Sample(LAUNCH_TEMPLATE, RESERVED),
        ),
        "off at night": _stack(gpu=_gpu(1, 1), schedule=_night(0)),
        "off at night, in a stack that exists": _stack(gpu=_gpu(1, 1, resources=OWNED), schedule=_known("eks-gpu-1")),
        "Karpenter, which follows the pods": _stack(gpu=Sample(NODE_POOL, node_pool(A100))),
    },
    bad={
        "never under one": _stack(MIN, gpu=_gpu(1, 1)),
        "begins with two": _stack(DESIRED, gpu=_gpu(0, 2)),
        "a tag that says no": _stack(MIN, gpu=_gpu(1, 1, tags={ALWAYS_ON: "false"})),
        "a schedule that leaves one": _stack(MIN, gpu=_gpu(1, 1), schedule=_night(1)),
        "a schedule of another group": _stack(
            MIN, gpu=_gpu(1, 1), cpu=Sample(NODE_GROUP, node_group(PLAIN)), schedule=_night(0, "cpu")
        ),
        "a schedule of another group that exists": _stack(
            MIN, gpu=_gpu(1, 1, resources=OWNED), schedule=_known("eks-cpu-1")
        ),
        "the type of the launch template": _stack(
            MIN,
            gpu=Sample(NODE_GROUP, node_group(sizes=(1, 1, 1)), links={"launchTemplate": "template"}),
            template=Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
        ),
        "a fixed number of Karpenter's": _stack("spec.replicas", gpu=Sample(NODE_POOL, node_pool(A100, replicas=1))),
    },
)
