"""Auto Scaling: schedules and tags for the groups that EKS creates. Tokens `aws:autoscaling/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API model; read 2026-11.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from simulator.aws import paths, tokens
from simulator.aws.constraints import at_least, every, given, length, matches
from simulator.aws.messages import AwsError, Service
from simulator.aws.model import ResourceType
from simulator.aws.operation_context import OperationContext

AUTO_SCALING = Service("Auto Scaling")


def _schedule_id(op: OperationContext) -> str:
    """Returns group and name. The real id is only the name, but the simulated cloud needs an id unique to the type."""
    return op.fill("{autoscalingGroupName}/{scheduledActionName}")


def _group_exists(op: OperationContext) -> None:
    """The Auto Scaling group must belong to a node group of the cloud."""
    name = op.get("autoscalingGroupName")
    if op.call.preview:
        return
    for row in op.rows(tokens.NODE_GROUP):
        if any(present == name for _, present in paths.find(row.state, "resources[*].autoscalingGroups[*].name")):
            return
    message = f"AutoScalingGroup name not found - AutoScalingGroup {name} not found"
    raise AwsError("ValidationError", message, modeled=False)


def _timestamp(argument: str, value: Any) -> str | None:
    return None if value == "" or _parsed(value) else f'"{argument}" cannot be parsed as iso8601 Timestamp Format'


def _parsed(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


# Unix cron has minute, hour, day of the month, month, day of the week, and no `?` as EventBridge has.
_CRON_LIMITS = ((0, 59, ""), (0, 23, ""), (1, 31, ""), (1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"))
_CRON_FIELDS = (*_CRON_LIMITS, (0, 7, "SUN MON TUE WED THU FRI SAT"))


def _cron_field(text: str, low: int, high: int, names: str) -> bool:
    for part in text.split(","):
        span, _, step = part.partition("/")
        if "/" in part and not (step.isdigit() and int(step) > 0):
            return False
        ends = [] if span == "*" else span.split("-")
        named = names.split()
        numbers = [named.index(end.upper()) + low if end.upper() in named else end for end in ends]
        if len(ends) > 2 or not all(str(each).isdigit() and low <= int(each) <= high for each in numbers):
            return False
        if len(numbers) == 2 and int(numbers[0]) > int(numbers[1]):
            return False
    return True


def _is_cron(text: str) -> bool:
    fields = text.split()
    return len(fields) == len(_CRON_FIELDS) and all(
        _cron_field(field, *limits) for field, limits in zip(fields, _CRON_FIELDS, strict=True)
    )


def _validation_error(message: str) -> AwsError:
    return AwsError("ValidationError", message, modeled=False)


def _times_are_valid(op: OperationContext) -> None:
    """The start must be in the future, and the recurrence a valid cron expression.

    Sources: hashicorp/terraform-provider-aws pull request 3033 (start time), read 2026-11; other wordings unverified.
    """
    recurrence, start, end = (op.get(key, "") for key in ("recurrence", "startTime", "endTime"))
    if recurrence and not _is_cron(recurrence):
        raise _validation_error(f"Given recurrence string:{recurrence} is invalid")
    begins, ends = _parsed(start), _parsed(end)
    if begins and begins <= datetime.now(UTC):
        raise _validation_error("Given start time is in the past")
    if begins and ends and ends <= begins:
        raise _validation_error("Given end time is before the start time")
    if not recurrence and not start:
        raise _validation_error("A scheduled action needs a start time, a recurrence, or both")
    zone = op.get("timeZone", "")
    if zone and zone not in available_timezones():
        raise _validation_error(f"Given time zone {zone} is invalid")


def _sizes_agree(op: OperationContext) -> None:
    """Minimum, desired size and maximum must be in ascending order; -1 leaves a size as it is."""
    low, desired, high = (op.get(key, -1) for key in ("minSize", "desiredCapacity", "maxSize"))
    if max(low, desired, high) < 0:
        raise _validation_error("At least one of min size, max size and desired capacity must be given")
    if 0 <= high < low:
        raise _validation_error(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if desired >= 0 and (desired < low or 0 <= high < desired):
        sizes = f"the specified min size:{low} and max size:{high}"
        raise _validation_error(f"Desired capacity:{desired} must be between {sizes}")


def _group_has_room(op: OperationContext) -> None:
    """A group may have 125 scheduled actions. Source: Amazon EC2 Auto Scaling user guide, "Quotas", read 2026-11."""
    group = op.get("autoscalingGroupName")
    if sum(1 for row in op.others() if row.state["autoscalingGroupName"] == group) >= _ACTIONS_PER_GROUP:
        raise AwsError("LimitExceeded", "You have reached the limit of scheduled actions", modeled=True)


_ACTIONS_PER_GROUP = 125

SCHEDULE = ResourceType(
    type=tokens.SCHEDULE,
    service=AUTO_SCALING,
    creates="PutScheduledUpdateGroupAction",
    deletes="DeleteScheduledAction",
    display_name="Auto Scaling Scheduled Action",
    creating="creating Auto Scaling Scheduled Action ({scheduledActionName})",
    id=_schedule_id,
    arn=(
        "arn:{partition}:autoscaling:{region}:{account}:scheduledUpdateGroupAction:{uuid}:"
        "autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}"
    ),
    required="autoscalingGroupName scheduledActionName",
    replace_on="autoscalingGroupName scheduledActionName",
    aws_defaults={
        "desiredCapacity": 0,
        "endTime": "",
        "maxSize": 0,
        "minSize": 0,
        "recurrence": "",
        "startTime": "",
        "timeZone": "",
    },
    constraints={
        "desiredCapacity": at_least(-1),
        "endTime": _timestamp,
        "maxSize": at_least(-1),
        "minSize": at_least(-1),
        "startTime": _timestamp,
    },
    always=(_times_are_valid, _sizes_agree),
    rules=(_group_exists, _group_has_room),
    source="hashicorp/terraform-provider-aws internal/service/autoscaling/schedule.go",
)

TAG = ResourceType(
    type="aws:autoscaling/tag:Tag",
    service=AUTO_SCALING,
    creates="CreateOrUpdateTags",
    deletes="DeleteTags",
    display_name="AutoScaling Group Tag",
    id="{autoscalingGroupName},{tag.key}",
    required="autoscalingGroupName tag",
    replace_on="autoscalingGroupName tag.key",
    constraints={
        "tag": given("key propagateAtLaunch", 2, 2),
        "tag.key": every(length(1, 128), matches(r"(?!(?i:aws:)).*", "aws: in front is reserved for AWS")),
        "tag.value": length(0, 256),
    },
    rules=(_group_exists,),
    source="hashicorp/terraform-provider-aws internal/service/autoscaling/group_tag.go",
)

TYPES = (SCHEDULE, TAG)
