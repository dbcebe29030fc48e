"""What EC2 says when the nodes of a group are launched: reservations, interfaces, user data, quotas, capacity.

The real EKS makes the group first, and shows what EC2 said as its health issue some twenty minutes later.
Wordings were seen in public reports of them, read 2026-11, unless a function says that its wording is unverified.
"""

from __future__ import annotations

import base64
import email
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.quotas import Quota, quota_for
from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError, ProviderError
from simulator.aws.operation_context import OperationContext, limit_of
from simulator.aws.services import launch_templates
from simulator.aws.services.eks_rules import subnets_of, zone_of
from simulator.aws.services.launch_templates import RESERVATION, RUNNING
from simulator.cloud import CloudResource
from simulator.values import UNKNOWN, Props, has_unknown

_WAYS = {"ON_DEMAND": "on-demand", "SPOT": "spot", "CAPACITY_BLOCK": "capacity-block"}
_FULL = (
    "ReservationCapacityExceeded - The requested reservation does not have sufficient compatible and available "
    "capacity for this request."
)


def template_of(op: OperationContext, group: Props) -> CloudResource | None:
    """The launch template that a group names; None as well at a preview that is going to make it."""
    named = group.get("launchTemplate")
    if named is UNKNOWN or not named or has_unknown({key: named.get(key) for key in ("id", "name")}):
        return None
    by, value = ("id", named["id"]) if named.get("id") else ("name", named.get("name"))
    return op.find(tokens.LAUNCH_TEMPLATE, by, value)


def of_template(op: OperationContext, key: str) -> Any:
    """What the launch template says; None without one."""
    row = template_of(op, op.inputs)
    return row.state.get(key) if row else None


def types_of(op: OperationContext) -> list[str]:
    """The instance types of the group in question, from itself or its launch template, as far as they are said."""
    given = op.get("instanceTypes") or [of_template(op, "instanceType")]
    return [name for name in given if name]


def wanted(group: Props) -> int:
    """How many nodes the group asks for."""
    scaling = group.get("scalingConfig") or {}
    return int(scaling.get("desiredSize") or scaling.get("minSize") or 0)


def mistake(op: OperationContext) -> str | None:
    """What every launch of such nodes runs into, however much capacity there is; as EC2 and EKS say it."""
    types = [INSTANCE_TYPES[name] for name in types_of(op) if name in INSTANCE_TYPES]
    row = template_of(op, op.inputs)
    template = row.state if row else {}
    way = op.get("capacityType", "ON_DEMAND")
    return (
        _sold(types, way)
        or _reserved(op, types, template)
        or next(
            (
                found
                for type_ in types
                if (found := launch_templates.mistake(type_, template.get("networkInterfaces") or []))
            ),
            None,
        )
        or _user_data(op.get("amiType", "AL2023_x86_64_STANDARD"), template)
    )


def as_the_provider_says(op: OperationContext, issue: str) -> ProviderError:
    """The refusal of a mistake, with what the real run would have done."""
    if op.id:
        front = (
            f"waiting for EKS Node Group ({op.id}) version update: unexpected state 'Failed', "
            "wanted target 'Successful'"
        )
    else:
        label = op.fill("{clusterName}:{nodeGroupName}")
        front = f"waiting for EKS Node Group ({label}) create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'"
    text = (
        issue
        if issue.startswith(("Ec2LaunchTemplate", "NodeCreation"))
        else f"AsgInstanceLaunchFailures: {_could_not(op.inputs, issue)}"
    )
    late = "The simulator says it before anything is made; the real EKS makes the group and tries for some 20 minutes."
    return ProviderError(f"{front}. last error: {text} ({late})", whole=True)


def issue(op: OperationContext, group: Props, running: int) -> str | None:
    """What keeps the nodes of a group, of which some may be running, from coming now; as EKS words it."""
    if wanted(group) <= running:
        return None
    found = _obstacle(op, group, wanted(group) - running)
    name = group["resources"][0]["autoscalingGroups"][0]["name"]
    return f"{name}: AsgInstanceLaunchFailures: {_could_not(group, found)}" if found else None


def told_too_little(op: OperationContext) -> str | None:
    """At preview: that the account has less of a quota than the group needs beside what is running."""
    asked = {key: op.get(key) for key in ("instanceTypes", "capacityType", "scalingConfig")}
    group = {**asked, "launchTemplate": op.inputs.get("launchTemplate")}
    quota, needed = _need(op, group, wanted(group) - op.before.get(RUNNING, 0))
    limit = limit_of(op.cloud, op.quotas, quota.code, op.region) if quota else None
    if quota is None or limit is None or needed <= 0:
        return None
    used = _used(op, quota)
    if used + needed <= limit:
        return None
    end = "sets the size, and the group is DEGRADED" if op.before else "makes the group, which ends in CREATE_FAILED"
    return (
        f"{needed} vCPUs are wanted beside {used} in use, and the account has {limit} of quota {quota.code} "
        f"({quota.name}). The preview of the real provider says nothing of it; its update {end}."
    )


def _could_not(group: Props, what: str) -> str:
    kind = "Spot" if group.get("capacityType") == "SPOT" else "On-Demand"
    return f"Could not launch {kind} Instances. {what} Launching EC2 instance failed."


def _sold(types: list[InstanceType], way: str) -> str | None:
    unsold = [each for each in types if each.usage_classes and _WAYS[way] not in each.usage_classes]
    if not unsold:
        return None
    if way == "SPOT":
        return (
            "UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration. Please adjust your "
            "request and try again."
        )
    return (
        "Unsupported - The requested configuration is currently not supported. Please check the documentation for "
        "supported configurations."
    )


def _reserved(op: OperationContext, types: list[InstanceType], template: Props) -> str | None:
    """A reservation that this cloud knows has to be of the type, in the zone, and large enough for the group."""
    row = op.cloud.get(tokens.CAPACITY_RESERVATION, paths.get(template, RESERVATION) or "")
    if row is None or not types:
        return None
    zones = {zone_of(subnet) for subnet in subnets_of(op, "subnetIds")}
    fits = all(each.name == row.state["instanceType"] for each in types) and zones == {row.state["availabilityZone"]}
    return None if fits and wanted(op.inputs) <= row.state["instanceCount"] else _FULL


def _user_data(image: str, template: Props) -> str | None:
    """EKS puts its own part beside the user's, so that it has to understand the whole.

    Source: EKS user guide, "Customize managed nodes with launch templates", read 2026-11; the wording about TOML is
    unverified, and so is that of NodeConfig: the real nodes just do not join.
    """
    if not template.get("userData") or template.get("imageId") or image.startswith(("CUSTOM", "WINDOWS")):
        return None
    text = base64.b64decode(template["userData"]).decode(errors="replace")
    if image.startswith("BOTTLEROCKET"):
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            return f"Ec2LaunchTemplateInvalidConfiguration: User data was not in the TOML format: {error}."
        return None
    message = email.message_from_string(text)
    if not message.is_multipart():
        return "Ec2LaunchTemplateInvalidConfiguration: User data was not in the MIME multipart format."
    for part in message.walk():
        if part.get_content_type() == "application/node.eks.aws" and not _is_node_config(str(part.get_payload())):
            return (
                "NodeCreationFailure: Instances failed to join the kubernetes cluster: the part "
                "application/node.eks.aws of the user data is no NodeConfig of node.eks.aws/v1alpha1."
            )
    return None


def _is_node_config(text: str) -> bool:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    wanted_head = ("node.eks.aws/v1alpha1", "NodeConfig")
    return isinstance(found, dict) and (found.get("apiVersion"), found.get("kind")) == wanted_head


def _obstacle(op: OperationContext, group: Props, nodes: int) -> str | None:
    if spread := _apart(op, group, nodes):
        return spread
    target = _targets(op, group)
    if target:
        return _left_in_reservation(op, target, nodes)
    quota, needed = _need(op, group, nodes)
    return (_over_quota(op, quota, needed) if quota else None) or _no_capacity(op, group)


def _apart(op: OperationContext, group: Props, nodes: int) -> str | None:
    """A cluster placement group lies in the zone of its first node. Source: hashicorp/terraform issue 8064."""
    placement = _placement(op, group)
    if placement is None or placement.state["strategy"] != "cluster":
        return None
    near = [row.state for row in _groups(op) if row.state.get(RUNNING) and _placement(op, row.state) == placement]
    taken = {zone for other in near for zone in _zones(op, other)[:1]}
    own = _zones(op, group)
    if (taken or nodes > 1) and len(taken | set(own)) > 1:
        where = sorted(taken)[0] if taken else own[0]
        return (
            f"InvalidPlacementGroup.InUse - The placement group '{placement.id}' is in use in another availability "
            f"zone: {where}."
        )
    return None


def _placement(op: OperationContext, group: Props) -> CloudResource | None:
    template = template_of(op, group)
    name = paths.get(template.state, "placement.groupName") if template else None
    return op.cloud.get(tokens.PLACEMENT_GROUP, name) if name else None


def _zones(op: OperationContext, group: Props) -> list[str]:
    homes = [op.cloud.get(tokens.SUBNET, id_) for id_ in group["subnetIds"]]
    return [zone_of(home) for home in homes if home]


def _over_quota(op: OperationContext, quota: Quota, needed: int) -> str | None:
    limit, used = limit_of(op.cloud, op.quotas, quota.code, op.region), _used(op, quota)
    if op.faults.strikes("quota", quota.code):
        limit = used
    elif limit is None or used + needed <= limit:
        return None
    if "Spot" in quota.name:
        return "MaxSpotInstanceCountExceeded - Max spot instance count exceeded"
    return (
        f"VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of {limit} allows for "
        "the instance bucket that the specified instance type belongs to. Please visit "
        "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
    )


def _no_capacity(op: OperationContext, group: Props) -> str | None:
    """The Auto Scaling group takes another of its types where one is out; without any left it fails."""
    types = _machines(op, group)
    out = [name for name in types if op.faults.strikes("capacity", name)]
    if not types or len(out) < len(types):
        return None
    zone = _zones(op, group)[0]
    others = ", ".join(each.name for each in op.place.zones if each.name != zone)
    return (
        f"InsufficientInstanceCapacity - We currently do not have sufficient {out[0]} capacity in the Availability "
        f"Zone you requested ({zone}). Our system will be working on provisioning additional capacity. You can "
        f"currently get {out[0]} capacity by not specifying an Availability Zone in your request or choosing {others}."
    )


def _left_in_reservation(op: OperationContext, target: str, nodes: int) -> str | None:
    """One that this cloud has never seen was bought before it: how much of it is free, nobody here knows."""
    row = op.cloud.get(tokens.CAPACITY_RESERVATION, target)
    if row is None:
        return None
    taken = sum(group.state.get(RUNNING, 0) for group in _groups(op) if _targets(op, group.state) == target)
    own = op.before.get(RUNNING, 0)
    return _FULL if taken + own + nodes > row.state["instanceCount"] else None


def _targets(op: OperationContext, group: Props) -> str | None:
    template = template_of(op, group)
    found = paths.get(template.state, RESERVATION) if template else None
    return str(found) if found else None


def _groups(op: OperationContext) -> Iterator[CloudResource]:
    """The other node groups of the region."""
    return (row for row in op.rows(tokens.NODE_GROUP) if row.id != op.id)


def _machines(op: OperationContext, group: Props) -> list[str]:
    template = template_of(op, group)
    return [*(group.get("instanceTypes") or ([template.state.get("instanceType")] if template else []))]


def _need(op: OperationContext, group: Props, nodes: int) -> tuple[Quota | None, int]:
    """The quota that the nodes count against, and how many vCPUs they are. Those of a reservation are counted there."""
    types = [INSTANCE_TYPES[name] for name in _machines(op, group) if name in INSTANCE_TYPES]
    if not types or _targets(op, group):
        return None, 0
    return quota_for(types[0], _WAYS[group.get("capacityType") or "ON_DEMAND"]), types[0].vcpus * nodes


def _used(op: OperationContext, quota: Quota) -> int:
    """vCPUs that run under the quota, or are reserved under it. The group in question counts with what it had."""
    total = 0
    for row in op.rows(tokens.NODE_GROUP):
        found, vcpus = _need(op, row.state, row.state.get(RUNNING, 0) if row.id != op.id else op.before.get(RUNNING, 0))
        total += vcpus if found == quota else 0
    for row in op.rows(tokens.CAPACITY_RESERVATION):
        machine = INSTANCE_TYPES.get(row.state["instanceType"])
        if machine and row.id != op.id and quota_for(machine, "reserved") == quota:
            total += machine.vcpus * row.state["instanceCount"]
    return total


def reservation_is_within_the_quota(op: OperationContext) -> None:
    """A reservation counts against the quota of On-Demand instances, whether anything runs in it or not."""
    machine = INSTANCE_TYPES.get(op.get("instanceType"))
    quota = quota_for(machine, "reserved") if machine else None
    if machine is None or quota is None or op.call.preview:
        return
    found = _over_quota(op, quota, machine.vcpus * op.get("instanceCount"))
    if found:
        code, _, message = found.partition(" - ")
        raise AwsError(code, message)
