"""Auto Scaling: what is laid over the groups that EKS makes. Tokens `aws:autoscaling/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API model; read 2026-11.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from simulator.aws import paths, tokens
from simulator.aws.constraints import at_least
from simulator.aws.messages import AwsError, Service
from simulator.aws.model import ResourceType
from simulator.aws.operation_context import OperationContext

AUTO_SCALING = Service("Auto Scaling")


def _schedule_id(op: OperationContext) -> str:
    """The real id is the name alone; here the group is in front, since the cloud tells resources apart by their ids."""
    return op.fill("{autoscalingGroupName}/{scheduledActionName}")


def _group_exists(op: OperationContext) -> None:
    """Groups are known by the node groups that they belong to."""
    name = op.get("autoscalingGroupName")
    if op.call.preview:
        return
    for row in op.rows(tokens.NODE_GROUP):
        if any(found == name for _, found in paths.find(row.state, "resources[*].autoscalingGroups[*].name")):
            return
    message = f"AutoScalingGroup name not found - AutoScalingGroup {name} not found"
    raise AwsError("ValidationError", message, modeled=False)


def _moment(argument: str, value: Any) -> str | None:
    return None if value == "" or _parsed(value) else f'"{argument}" cannot be parsed as iso8601 Timestamp Format'


def _parsed(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


# Minute, hour, day of the month, month, day of the week: Unix cron, without the `?` of EventBridge.
_CRON = ((0, 59, ""), (0, 23, ""), (1, 31, ""), (1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"))
_CRON_FIELDS = (*_CRON, (0, 7, "SUN MON TUE WED THU FRI SAT"))


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


def _cron(text: str) -> bool:
    fields = text.split()
    return len(fields) == len(_CRON_FIELDS) and all(
        _cron_field(field, *limits) for field, limits in zip(fields, _CRON_FIELDS, strict=True)
    )


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message, modeled=False)


def _comes_in_time(op: OperationContext) -> None:
    """A time that lies ahead, and a recurrence that cron understands.

    Sources: hashicorp/terraform-provider-aws pull request 3033 (start time), read 2026-11; other wordings unverified.
    """
    recurrence, start, end = (op.get(key, "") for key in ("recurrence", "startTime", "endTime"))
    if recurrence and not _cron(recurrence):
        raise _refused(f"Given recurrence string:{recurrence} is invalid")
    begins, ends = _parsed(start), _parsed(end)
    if begins and begins <= datetime.now(UTC):
        raise _refused("Given start time is in the past")
    if begins and ends and ends <= begins:
        raise _refused("Given end time is before the start time")
    if not recurrence and not start:
        raise _refused("A scheduled action needs a start time, a recurrence, or both")
    zone = op.get("timeZone", "")
    if zone and zone not in available_timezones():
        raise _refused(f"Given time zone {zone} is invalid")


def _sizes_agree(op: OperationContext) -> None:
    """Minimum, desired, maximum; -1 leaves one as it is."""
    low, wanted, high = (op.get(key, -1) for key in ("minSize", "desiredCapacity", "maxSize"))
    if max(low, wanted, high) < 0:
        raise _refused("At least one of min size, max size and desired capacity must be given")
    if 0 <= high < low:
        raise _refused(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if wanted >= 0 and (wanted < low or 0 <= high < wanted):
        raise _refused(f"Desired capacity:{wanted} must be between the specified min size:{low} and max size:{high}")


def _group_has_room(op: OperationContext) -> None:
    """Source: Amazon EC2 Auto Scaling user guide, "Quotas", read 2026-11."""
    group = op.get("autoscalingGroupName")
    if sum(1 for row in op.others() if row.state["autoscalingGroupName"] == group) >= _ACTIONS_PER_GROUP:
        raise AwsError("LimitExceeded", "You have reached the limit of scheduled actions", modeled=True)


_ACTIONS_PER_GROUP = 125

SCHEDULE = ResourceType(
    type=tokens.SCHEDULE,
    service=AUTO_SCALING,
    creates="PutScheduledUpdateGroupAction",
    updates="PutScheduledUpdateGroupAction",
    deletes="DeleteScheduledAction",
    human="Auto Scaling Scheduled Action",
    creating="creating Auto Scaling Scheduled Action ({scheduledActionName})",
    id=_schedule_id,
    arn=(
        "arn:{partition}:autoscaling:{region}:{account}:scheduledUpdateGroupAction:{uuid}:"
        "autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}"
    ),
    required="autoscalingGroupName scheduledActionName",
    replace_on="autoscalingGroupName scheduledActionName",
    omitted={
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
        "endTime": _moment,
        "maxSize": at_least(-1),
        "minSize": at_least(-1),
        "startTime": _moment,
    },
    rules=(_group_exists, _comes_in_time, _sizes_agree, _group_has_room),
    update_rules=(_comes_in_time, _sizes_agree),
    source="hashicorp/terraform-provider-aws internal/service/autoscaling/schedule.go",
)

TAG = ResourceType(
    type="aws:autoscaling/tag:Tag",
    service=AUTO_SCALING,
    creates="CreateOrUpdateTags",
    updates="CreateOrUpdateTags",
    deletes="DeleteTags",
    human="AutoScaling Group Tag",
    label="{autoscalingGroupName},{tag.key}",
    id="{autoscalingGroupName},{tag.key}",
    required="autoscalingGroupName tag",
    replace_on="autoscalingGroupName tag.key",
    rules=(_group_exists,),
    source="hashicorp/terraform-provider-aws internal/service/autoscaling/group_tag.go",
)

TYPES = (SCHEDULE, TAG)
