"""Pools with GPUs scale to zero when no pod needs them."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, pools, types_in_words
from policies.rule import NotKnownError, Resource, Sample, Stack, StackCase, StackRule, each, number, present, text
from policies.samples import A100, PLAIN, node_group, node_group_of_template, node_pool

SCHEDULE, TARGET = "aws:autoscaling/schedule:Schedule", "autoscalingGroupName"
ALWAYS_ON = "always-on"


def _auto_scaling_group_names(group: Resource) -> set[str]:
    try:
        return {
            text(auto_scaling_group, "name")
            for entry in each(group, "resources")
            for auto_scaling_group in each(entry, "autoscalingGroups")
        }
    except NotKnownError:  # the group does not exist yet: the engine's record of dependencies links the schedule
        return set()


def _scales_to_zero(stack: Stack, group: Resource) -> bool:
    """Tells whether a schedule scales the group to zero, again and again.

    It ends the nodes that min_size or desired_size started.
    """
    return any(
        number(schedule, "desiredCapacity") == 0 and _recurs(schedule) and _is_for(stack, schedule, group)
        for schedule in stack.of(SCHEDULE)
    )


def _recurs(schedule: Resource) -> bool:
    """Tells whether a schedule acts at least once a week, and does not end."""
    _, _, day, month, _ = (*text(schedule, "recurrence").split(), *[""] * 5)[:5]
    return (day, month) == ("*", "*") and not present(schedule, "endTime")


def _is_for(stack: Stack, schedule: Resource, group: Resource) -> bool:
    if linked := stack.linked(schedule, TARGET, (NODE_GROUP,)):
        return group in linked
    return text(schedule, TARGET) in _auto_scaling_group_names(group)


def _size_paths(pool: Pool) -> tuple[str, ...]:
    return ("spec.replicas",) if pool.karpenter else ("scalingConfig.minSize", "scalingConfig.desiredSize")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        group = pool.resource
        above_zero = [path for path in _size_paths(pool) if number(group, path)]
        if not above_zero or not pool.accelerated:
            continue
        if pool.only_reserved or text(group, ("tags", ALWAYS_ON)) == "true" or _scales_to_zero(stack, group):
            continue
        yield group, above_zero[0], f"is not 0, so {types_in_words(pool.accelerated)} costs money even when unused"


MIN, DESIRED = "scalingConfig.minSize", "scalingConfig.desiredSize"


def _stack(at: str = "", schedule: Sample | None = None, **more: Sample) -> StackCase:
    return StackCase({**more, **({"night": schedule} if schedule else {})}, at=("gpu", at))


def _gpu(minimum: int, desired: int, **more: object) -> Sample:
    return Sample(NODE_GROUP, node_group(A100, sizes=(minimum, 4, desired), **more))


def _night(desired: int, group: str = "gpu", when: str = "0 20 * * 1-5", **more: object) -> Sample:
    size = {"minSize": 0, "desiredCapacity": desired, "recurrence": when}
    return Sample(SCHEDULE, {**size, TARGET: UNKNOWN, **more}, links={TARGET: group})


def _existing_schedule(name: str) -> Sample:
    """Returns the schedule of an existing stack, where the name of the Auto Scaling group is known."""
    return Sample(SCHEDULE, {"desiredCapacity": 0, "recurrence": "0 20 * * *", TARGET: name})


RESERVED = {"capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}}
OWNED = [{"autoscalingGroups": [{"name": "eks-gpu-1"}]}]

RULE = StackRule(
    id="cost-gpu-scale-to-zero",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE, SCHEDULE),
    severity="high",
    standards=("EKS best practices: cost optimization, compute",),
    why="An idle GPU node costs as much as a busy one, also at night and on weekends.",
    fix="Start without nodes; or set off_peak hours, or always_on: true.",
    mend={"minSize": 0, "desiredSize": 0, "replicas": 0},
    stack_file={"clusters.<name>.pools[].min_per_zone": 0, "clusters.<name>.pools[].desired_per_zone": None},
    prod="advisory",
    check=check,
    good={
        "nothing set, so the group starts empty": _stack(gpu=Sample(NODE_GROUP, {"instanceTypes": [A100]})),
        "minimum zero": _stack(gpu=_gpu(0, 0)),
        "no GPUs": _stack(cpu=Sample(NODE_GROUP, node_group(PLAIN, sizes=(2, 4, 2)))),
        "tagged always-on=true": _stack(gpu=_gpu(1, 1, tags={ALWAYS_ON: "true"})),
        "a capacity reservation, which costs the same when unused": _stack(
            gpu=Sample(NODE_GROUP, node_group(A100, sizes=(1, 1, 1)), links={"launchTemplate": "template"}),
            template=Sample(LAUNCH_TEMPLATE, RESERVED),
        ),
        "scaled to zero at night": _stack(gpu=_gpu(1, 1), schedule=_night(0)),
        "scaled to zero at night, in an existing stack": _stack(
            gpu=_gpu(1, 1, resources=OWNED), schedule=_existing_schedule("eks-gpu-1")
        ),
        "Karpenter, which starts nodes for pods only": _stack(gpu=Sample(NODE_POOL, node_pool(A100))),
    },
    bad={
        "minimum one": _stack(MIN, gpu=_gpu(1, 1)),
        "desired two": _stack(DESIRED, gpu=_gpu(0, 2)),
        "tagged always-on=false": _stack(MIN, gpu=_gpu(1, 1, tags={ALWAYS_ON: "false"})),
        "a schedule for once": _stack(
            MIN, gpu=_gpu(1, 1), schedule=_night(0, when="", startTime="2020-01-01T00:00:00Z")
        ),
        "a schedule for once a year": _stack(MIN, gpu=_gpu(1, 1), schedule=_night(0, when="0 20 1 1 *")),
        "a schedule for a day of each month": _stack(MIN, gpu=_gpu(1, 1), schedule=_night(0, when="0 20 1 * *")),
        "a schedule that ends": _stack(MIN, gpu=_gpu(1, 1), schedule=_night(0, endTime="2020-01-01T00:00:00Z")),
        "a schedule that keeps one node": _stack(MIN, gpu=_gpu(1, 1), schedule=_night(1)),
        "a schedule of another group": _stack(
            MIN, gpu=_gpu(1, 1), cpu=Sample(NODE_GROUP, node_group(PLAIN)), schedule=_night(0, "cpu")
        ),
        "a schedule of another group, in an existing stack": _stack(
            MIN, gpu=_gpu(1, 1, resources=OWNED), schedule=_existing_schedule("eks-cpu-1")
        ),
        "the instance type in the launch template": _stack(
            MIN,
            gpu=Sample(NODE_GROUP, node_group_of_template(sizes=(1, 1, 1)), links={"launchTemplate": "template"}),
            template=Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
        ),
        "Karpenter with a fixed number of replicas": _stack(
            "spec.replicas", gpu=Sample(NODE_POOL, node_pool(A100, replicas=1))
        ),
    },
)
