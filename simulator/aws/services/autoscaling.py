"""Auto Scaling: what is laid over the groups that EKS makes. Tokens `aws:autoscaling/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API model; read 2026-11.
"""

from __future__ import annotations

from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError, Service
from simulator.aws.model import ResourceType
from simulator.aws.situation import Situation

AUTO_SCALING = Service("Auto Scaling")


def _group_exists(s: Situation) -> None:
    """Groups are known by the node groups that they belong to."""
    name = s.get("autoscalingGroupName")
    if s.call.preview:
        return
    for row in s.rows(tokens.NODE_GROUP):
        if any(found == name for _, found in paths.find(row.state, "resources[*].autoscalingGroups[*].name")):
            return
    message = f"AutoScalingGroup name not found - AutoScalingGroup {name} not found"
    raise AwsError("ValidationError", message, modeled=False)


SCHEDULE = ResourceType(
    type="aws:autoscaling/schedule:Schedule",
    service=AUTO_SCALING,
    creates="PutScheduledUpdateGroupAction",
    updates="PutScheduledUpdateGroupAction",
    deletes="DeleteScheduledAction",
    human="Auto Scaling Scheduled Action",
    label="{scheduledActionName}",
    id="{scheduledActionName}",
    import_id="{autoscalingGroupName}/{scheduledActionName}",
    arn=(
        "arn:{partition}:autoscaling:{region}:{account}:scheduledUpdateGroupAction:{uuid}:"
        "autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}"
    ),
    inputs=(
        "autoscalingGroupName desiredCapacity endTime maxSize minSize recurrence region scheduledActionName "
        "startTime timeZone"
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
    rules=(_group_exists,),
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
    inputs="autoscalingGroupName region tag",
    required="autoscalingGroupName tag",
    replace_on="autoscalingGroupName tag.key",
    rules=(_group_exists,),
    source="hashicorp/terraform-provider-aws internal/service/autoscaling/group_tag.go",
)

TYPES = (SCHEDULE, TAG)
