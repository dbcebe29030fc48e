"""Errors of EC2 when the nodes of a group are launched: reservations, interfaces, user data, quotas, capacity.

The real EKS creates the group first, and shows EC2's error as its health issue about twenty minutes later.
Wordings come from public reports, read 2026-11, unless a function says that its wording is unverified.
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
from simulator.aws.operation_context import OperationContext, account_limit
from simulator.aws.services import launch_templates, subnet_addresses
from simulator.aws.services.eks_rules import subnets_of, zone_of
from simulator.aws.services.launch_templates import RESERVATION, RUNNING
from simulator.cloud import CloudResource
from simulator.values import UNKNOWN, Props, has_unknown

_CAPACITY_TYPES = {"ON_DEMAND": "on-demand", "SPOT": "spot", "CAPACITY_BLOCK": "capacity-block"}
# Source: EC2 API, CapacityReservationInstancePlatform, read 2026-11.
PLATFORMS = (
    *("Linux/UNIX", "Red Hat Enterprise Linux", "SUSE Linux", "Ubuntu Pro", "Windows", "Windows with SQL Server"),
    *(f"Windows with SQL Server {edition}" for edition in ("Enterprise", "Standard", "Web")),
    *(
        f"{linux} with SQL Server {edition}"
        for linux in ("Linux", "RHEL")
        for edition in ("Standard", "Web", "Enterprise")
    ),
    *("RHEL with HA", "RHEL with HA and SQL Server Standard", "RHEL with HA and SQL Server Enterprise"),
)
_FULL = (
    "ReservationCapacityExceeded - The requested reservation does not have sufficient compatible and available "
    "capacity for this request."
)


def template_of(op: OperationContext, group: Props) -> CloudResource | None:
    """Returns the launch template that a group names; None without one, or when this preview makes it or its version.

    A preview that changes the template shows it as it will be, since the group's next version is of that.
    """
    named = group.get("launchTemplate")
    if named is UNKNOWN or not named or has_unknown({key: named.get(key) for key in ("id", "name", "version")}):
        return None
    by, value = ("id", named["id"]) if named.get("id") else ("name", named.get("name"))
    row = op.find(tokens.LAUNCH_TEMPLATE, by, value)
    return op.planned(tokens.LAUNCH_TEMPLATE, row.id) if row else None


def template_value(op: OperationContext, key: str) -> Any:
    """Returns a value of the launch template; None when there is no template."""
    row = template_of(op, op.inputs)
    return row.state.get(key) if row else None


def instance_types_of(op: OperationContext) -> list[str]:
    """Returns the instance types of the group, from its inputs or its launch template."""
    types = op.get("instanceTypes") or [template_value(op, "instanceType")]
    return [name for name in types if name]


def desired_nodes(group: Props) -> int:
    """Returns the desired number of nodes of the group."""
    scaling = group.get("scalingConfig") or {}
    return int(scaling.get("desiredSize") or scaling.get("minSize") or 0)


def launch_mistake(op: OperationContext) -> str | None:
    """Returns the error of every launch of the group's nodes, whatever the capacity, in the words of EC2 and EKS."""
    types = [INSTANCE_TYPES[name] for name in instance_types_of(op) if name in INSTANCE_TYPES]
    row = template_of(op, op.inputs)
    template = row.state if row else {}
    capacity_type = op.get("capacityType", "ON_DEMAND")
    return (
        _capacity_type_mistake(types, capacity_type)
        or _reservation_mistake(op, types, template)
        or next(
            (
                error
                for type_ in types
                if (error := launch_templates.type_mistake(type_, template.get("networkInterfaces") or []))
            ),
            None,
        )
        or _user_data_mistake(op.get("amiType", "AL2023_x86_64_STANDARD"), template)
    )


def provider_error(op: OperationContext, issue: str) -> ProviderError:
    """Returns the provider's error for a launch mistake, with a note on what the real run would have done."""
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
        else f"AsgInstanceLaunchFailures: {_could_not_launch(op.inputs, issue)}"
    )
    note = "The simulator refuses this at once; the real EKS creates the group and retries for about 20 minutes."
    return ProviderError(f"{front}. last error: {text} ({note})", whole=True)


def issue(op: OperationContext, group: Props, running: int) -> str | None:
    """Returns why the missing nodes of a group cannot be launched now, in EKS's words; None if they can."""
    if desired_nodes(group) <= running:
        return None
    error = _launch_error(op, group, desired_nodes(group) - running)
    name = group["resources"][0]["autoscalingGroups"][0]["name"]
    return f"{name}: AsgInstanceLaunchFailures: {_could_not_launch(group, error)}" if error else None


def interfaces(op: OperationContext, group: Props, running: int) -> tuple[list[Props], str | None]:
    """Returns the interfaces of the missing nodes of a group, or EC2's error when a subnet has no room for them."""
    machine = next(iter(_instance_types(op, group)), None)
    return subnet_addresses.interfaces_of_nodes(op, group, machine, range(running, desired_nodes(group)))


def quota_warning(op: OperationContext) -> str | None:
    """Returns a warning for a preview when the group needs more of a quota than the account has left."""
    inputs = {key: op.get(key) for key in ("instanceTypes", "capacityType", "scalingConfig")}
    group = {**inputs, "launchTemplate": op.inputs.get("launchTemplate")}
    quota, needed = _quota_and_vcpus(op, group, desired_nodes(group) - op.before.get(RUNNING, 0))
    limit = account_limit(op.cloud, op.quotas, quota.code, op.region) if quota else None
    if quota is None or limit is None or needed <= 0:
        return None
    used = _vcpus_in_use(op, quota)
    if used + needed <= limit:
        return None
    end = "sets the size, and the group is DEGRADED" if op.before else "creates the group, which ends in CREATE_FAILED"
    return (
        f"the nodes need {needed} vCPUs and {used} are in use, but the account has {limit} of quota {quota.code} "
        f"({quota.name}). The preview of the real provider does not show this; its update {end}."
    )


def _could_not_launch(group: Props, error: str) -> str:
    kind = "Spot" if group.get("capacityType") == "SPOT" else "On-Demand"
    return f"Could not launch {kind} Instances. {error} Launching EC2 instance failed."


def _capacity_type_mistake(types: list[InstanceType], capacity_type: str) -> str | None:
    unsold = [each for each in types if each.usage_classes and _CAPACITY_TYPES[capacity_type] not in each.usage_classes]
    if not unsold:
        return None
    if capacity_type == "SPOT":
        return (
            "UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration. Please adjust your "
            "request and try again."
        )
    return (
        "Unsupported - The requested configuration is currently not supported. Please check the documentation for "
        "supported configurations."
    )


def _reservation_mistake(op: OperationContext, types: list[InstanceType], template: Props) -> str | None:
    """Returns the error when a reservation of this cloud has another type or zone, or is too small for the group."""
    row = op.cloud.get(tokens.CAPACITY_RESERVATION, paths.get(template, RESERVATION) or "")
    if row is None or not types:
        return None
    zones = {zone_of(subnet) for subnet in subnets_of(op, "subnetIds")}
    fits = all(each.name == row.state["instanceType"] for each in types) and zones == {row.state["availabilityZone"]}
    return None if fits and desired_nodes(op.inputs) <= row.state["instanceCount"] else _FULL


def _user_data_mistake(image: str, template: Props) -> str | None:
    """Returns the error for user data in the wrong format: EKS adds its own part, so it must be able to parse it.

    Source: EKS user guide, "Customize managed nodes with launch templates", read 2026-11. The wordings about TOML and
    NodeConfig are unverified; with a wrong NodeConfig, the real nodes just do not join.
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
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    wanted_head = ("node.eks.aws/v1alpha1", "NodeConfig")
    return isinstance(document, dict) and (document.get("apiVersion"), document.get("kind")) == wanted_head


def _launch_error(op: OperationContext, group: Props, nodes: int) -> str | None:
    if error := _placement_error(op, group, nodes) or interfaces(op, group, desired_nodes(group) - nodes)[1]:
        return error
    target = _reservation_of(op, group)
    if target:
        return _reservation_error(op, target, nodes)
    quota, needed = _quota_and_vcpus(op, group, nodes)
    return (_quota_error(op, quota, needed) if quota else None) or _capacity_error(op, group)


def _placement_error(op: OperationContext, group: Props, nodes: int) -> str | None:
    """Returns the error when a cluster placement group would need nodes in two zones.

    The group is in the zone of its first node. Source: hashicorp/terraform issue 8064.
    """
    placement = _placement(op, group)
    if placement is None or placement.state["strategy"] != "cluster":
        return None
    near = [row.state for row in _other_groups(op) if row.state.get(RUNNING) and _placement(op, row.state) == placement]
    zones_in_use = {zone for other in near for zone in _zones(op, other)[:1]}
    zones_of_group = _zones(op, group)
    if (zones_in_use or nodes > 1) and len(zones_in_use | set(zones_of_group)) > 1:
        zone_in_use = sorted(zones_in_use)[0] if zones_in_use else zones_of_group[0]
        return (
            f"InvalidPlacementGroup.InUse - The placement group '{placement.id}' is in use in another availability "
            f"zone: {zone_in_use}."
        )
    return None


def _placement(op: OperationContext, group: Props) -> CloudResource | None:
    template = template_of(op, group)
    name = paths.get(template.state, "placement.groupName") if template else None
    return op.find(tokens.PLACEMENT_GROUP, "id", name) if name else None


def _zones(op: OperationContext, group: Props) -> list[str]:
    subnets = [op.cloud.get(tokens.SUBNET, id_) for id_ in group["subnetIds"]]
    return [zone_of(subnet) for subnet in subnets if subnet]


def _quota_error(op: OperationContext, quota: Quota, needed: int) -> str | None:
    limit, used = account_limit(op.cloud, op.quotas, quota.code, op.region), _vcpus_in_use(op, quota)
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


def _capacity_error(op: OperationContext, group: Props) -> str | None:
    """Returns the error when no instance type of the group has capacity; with one left, the group takes that one."""
    types = _instance_types(op, group)
    out = [name for name in types if op.faults.strikes("capacity", name)]
    if not types or len(out) < len(types):
        return None
    zone = _zones(op, group)[0]
    others = ", ".join(each.name for each in op.region_facts.zones if each.name != zone)
    return (
        f"InsufficientInstanceCapacity - We currently do not have sufficient {out[0]} capacity in the Availability "
        f"Zone you requested ({zone}). Our system will be working on provisioning additional capacity. You can "
        f"currently get {out[0]} capacity by not specifying an Availability Zone in your request or choosing {others}."
    )


def _reservation_error(op: OperationContext, target: str, nodes: int) -> str | None:
    """Returns the error when a reservation is full. A reservation outside this cloud is assumed to have room."""
    row = op.cloud.get(tokens.CAPACITY_RESERVATION, target)
    if row is None:
        return None
    running: int = op.before.get(RUNNING, 0)
    for group in _other_groups(op):
        running += group.state.get(RUNNING, 0) if _reservation_of(op, group.state) == target else 0
    return _FULL if running + nodes > row.state["instanceCount"] else None


def _reservation_of(op: OperationContext, group: Props) -> str | None:
    template = template_of(op, group)
    reservation = paths.get(template.state, RESERVATION) if template else None
    return str(reservation) if reservation else None


def _other_groups(op: OperationContext) -> Iterator[CloudResource]:
    """Returns the other node groups of the region."""
    return (row for row in op.rows(tokens.NODE_GROUP) if row.id != op.id)


def _instance_types(op: OperationContext, group: Props) -> list[str]:
    template = template_of(op, group)
    return [*(group.get("instanceTypes") or ([template.state.get("instanceType")] if template else []))]


def _quota_and_vcpus(op: OperationContext, group: Props, nodes: int) -> tuple[Quota | None, int]:
    """Returns the quota that the nodes count against, and their vCPUs; nodes in a reservation count with that."""
    types = [INSTANCE_TYPES[name] for name in _instance_types(op, group) if name in INSTANCE_TYPES]
    if not types or _reservation_of(op, group):
        return None, 0
    return quota_for(types[0], _CAPACITY_TYPES[group.get("capacityType") or "ON_DEMAND"]), types[0].vcpus * nodes


def _vcpus_in_use(op: OperationContext, quota: Quota) -> int:
    """Returns the vCPUs that run or are reserved under the quota. This group counts with its old number of nodes."""
    total = 0
    for row in op.rows(tokens.NODE_GROUP):
        quota_of_group, vcpus = _quota_and_vcpus(
            op, row.state, row.state.get(RUNNING, 0) if row.id != op.id else op.before.get(RUNNING, 0)
        )
        total += vcpus if quota_of_group == quota else 0
    for row in op.rows(tokens.CAPACITY_RESERVATION):
        machine = INSTANCE_TYPES.get(row.state["instanceType"])
        if machine and row.id != op.id and quota_for(machine, "reserved") == quota:
            total += machine.vcpus * row.state["instanceCount"]
    return total


def reservation_is_within_the_quota(op: OperationContext) -> None:
    """A reservation counts against the quota of On-Demand instances, used or not."""
    machine = INSTANCE_TYPES.get(op.get("instanceType"))
    quota = quota_for(machine, "reserved") if machine else None
    if machine is None or quota is None or op.call.preview:
        return
    error = _quota_error(op, quota, machine.vcpus * op.get("instanceCount"))
    if error:
        code, _, message = error.partition(" - ")
        raise AwsError(code, message)
