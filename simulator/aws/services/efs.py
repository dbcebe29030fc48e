"""EFS: file systems, their mount targets, access points, policies and copies. Tokens `aws:efs/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the EFS API model; read 2026-11.
"""

from __future__ import annotations

import json
from typing import Any

from simulator.aws import tokens
from simulator.aws.constraints import arn, between, every, given, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds, documents
from simulator.aws.services.refusals import combinations, refuse, symmetric_key
from simulator.cloud import CloudResource

EFS = Service("EFS")

_DAYS = tuple(f"AFTER_{days}_DAY{'S' if days > 1 else ''}" for days in (1, 7, 14, 30, 60, 90, 180, 270, 365))
_MOVES = ("transitionToIa", "transitionToArchive", "transitionToPrimaryStorageClass")
_ARN = "arn:{partition}:elasticfilesystem:{region}:{account}"
_POSIX = between(0, 4294967295)
_IN_USE = ErrorTemplate(
    "FileSystemInUse",
    "The file system '{id}' cannot be deleted because it has mount targets. You must delete the mount targets, and "
    "then try again.",
    409,
)
_REPLICATED = ErrorTemplate(
    "FileSystemInUse",
    "The file system '{id}' cannot be deleted because it is part of a replication configuration. You must delete the "
    "replication configuration, and then try again.",
    409,
)
_TOO_MANY = ErrorTemplate("FileSystemLimitExceeded", "You have reached the maximum number of file systems", 403)
_TOO_MANY_POINTS = ErrorTemplate(
    "AccessPointLimitExceeded", "You have reached the maximum number of access points for the file system", 403
)


def _bad_request(message: str) -> AwsError:
    return AwsError("BadRequest", message)


_INPUTS = (
    combinations(
        "BadRequest",
        "throughputMode=provisioned: needs provisionedThroughputInMibps",
        "throughputMode=bursting|elastic: no provisionedThroughputInMibps",
        "kmsKeyId: needs encrypted",
    ),
    refuse(
        "BadRequest",
        "The Max I/O performance mode is for bursting and provisioned throughput, and not for One Zone file systems",
        lambda op: (
            op.get("performanceMode") == "maxIO"
            and (op.get("throughputMode") == "elastic" or op.get("availabilityZoneName"))
        ),
    ),
)


def _lifecycle_fits(op: OperationContext) -> None:
    """Each policy has one transition, no transition occurs twice, and Archive is last and needs elastic throughput."""
    transitions: dict[str, Any] = {}
    for policy in op.get("lifecyclePolicies", []):
        moves = [move for move in _MOVES if policy.get(move)]
        if len(moves) != 1:
            raise _bad_request("Each LifecyclePolicy object can have only a single transition")
        if moves[0] in transitions:
            raise _bad_request(f"Duplicate lifecycle policy {moves[0]}")
        transitions[moves[0]] = policy[moves[0]]
    archive, infrequent = transitions.get("transitionToArchive"), transitions.get("transitionToIa")
    if archive and op.get("throughputMode") != "elastic":
        raise _bad_request("The Archive storage class is supported only with elastic throughput")
    if archive and infrequent and _DAYS.index(archive) <= _DAYS.index(infrequent):
        raise _bad_request("TransitionToArchive must be later than TransitionToIA")


def _file_system(op: OperationContext) -> CloudResource | None:
    file_system_id = op.get("fileSystemId")
    return op.cloud.get(tokens.FILE_SYSTEM, str(file_system_id)) if file_system_id else None


def _zone_is_free(op: OperationContext) -> None:
    """A file system may have one mount target in each zone, and all of them in the same VPC."""
    subnet = op.cloud.get(tokens.SUBNET, op.get("subnetId"))
    if subnet is None:
        return
    zone, vpc = subnet.state.get("availabilityZone"), subnet.state.get("vpcId")
    for row in op.others():
        if row.state.get("fileSystemId") != op.get("fileSystemId"):
            continue
        other = op.cloud.get(tokens.SUBNET, row.state.get("subnetId", ""))
        if other and other.state.get("vpcId") != vpc:
            message = "requested subnet for new mount target is not in the same VPC as existing mount targets"
            raise AwsError("MountTargetConflict", message, 409)
        if row.state.get("availabilityZoneName") == zone:
            raise AwsError("MountTargetConflict", "mount target already exists in this AZ", 409)
    system = _file_system(op)
    only = system.state.get("availabilityZoneName") if system else None
    if only and only != zone:
        raise AwsError("AvailabilityZonesMismatch", "The subnet is not in the zone of the One Zone file system", 400)


def _groups_are_of_the_vpc(op: OperationContext) -> None:
    subnet = op.cloud.get(tokens.SUBNET, op.get("subnetId"))
    for group in op.get("securityGroups", []):
        row = op.cloud.get(tokens.SECURITY_GROUP, group)
        if subnet and row and row.state.get("vpcId") != subnet.state.get("vpcId"):
            raise AwsError("SecurityGroupNotFound", f"The security group ID '{group}' does not exist in the VPC")


def _subnet_output(op: OperationContext, output: str) -> Any:
    subnet = op.cloud.get(tokens.SUBNET, str(op.inputs.get("subnetId")))
    return subnet.state.get(output, "") if subnet else ""


def _address(op: OperationContext) -> str:
    network, _, _ = str(_subnet_output(op, "cidrBlock")).partition("/")
    head = network.rpartition(".")[0] or "10.0.0"
    return f"{head}.{10 + int(op.fill('{hex2:address}'), 16) % 200}"


def _default_group(op: OperationContext) -> list[str]:
    vpc = op.cloud.get(tokens.VPC, str(_subnet_output(op, "vpcId")))
    return [vpc.state["defaultSecurityGroupId"]] if vpc else []


def _zone_id(op: OperationContext) -> str:
    name = _subnet_output(op, "availabilityZone")
    return next((zone.zone_id for zone in op.region_facts.zones if zone.name == name), "")


def _file_system_is_writable(op: OperationContext) -> None:
    """An access point cannot create a folder on a copy, which is read-only."""
    system = _file_system(op)
    if system and _is_copy(op, system.id) and op.get("rootDirectory.creationInfo"):
        raise AwsError("IncorrectFileSystemLifeCycleState", "The file system is a read-only destination", 409)


def _is_copy(op: OperationContext, system: str) -> bool:
    return any(
        True for _ in op.resources_with(tokens.FILE_REPLICATION, "destination.fileSystemId", system, everywhere=True)
    )


def _root_is_not_deep(op: OperationContext) -> None:
    path = op.get("rootDirectory.path", "/")
    if not path.startswith("/") or path.count("/") > 4:
        raise _bad_request("The root directory path must begin with / and have at most four levels")


def _policy_can_be_changed_again(op: OperationContext) -> None:
    """The author must still be able to change the policy afterwards."""
    for statement in documents.listed(json.loads(op.get("policy"))["Statement"]):
        everything = set(documents.listed(statement.get("Action"))) & {"*", "elasticfilesystem:*"}
        refuses = statement.get("Effect") == "Deny" and everything and not statement.get("Condition")
        if refuses and not op.get("bypassPolicyLockoutSafetyCheck"):
            message = "The policy would not allow you to make a subsequent PutFileSystemPolicy request"
            raise AwsError("InvalidPolicyException", message)


def _is_not_replicated(op: OperationContext) -> None:
    """Neither the source nor the copy can be deleted while the replication exists."""
    for path in ("sourceFileSystemId", "destination.fileSystemId"):
        if any(True for _ in op.resources_with(tokens.FILE_REPLICATION, path, op.id, everywhere=True)):
            raise op.error(_REPLICATED)


def _has_one_replication(op: OperationContext) -> None:
    """A file system may be in one replication only, as its source or its destination."""
    for path in ("sourceFileSystemId", "destination.fileSystemId"):
        for row in op.resources_with(tokens.FILE_REPLICATION, path, op.get("sourceFileSystemId"), everywhere=True):
            if not (op.call.preview and row.urn == op.call.urn):
                message = "The source file system is already in a replication configuration"
                raise AwsError("ConflictException", message, 409)
    copy = op.cloud.get(tokens.FILE_SYSTEM, op.get("destination.fileSystemId", ""))
    if copy and copy.state.get("protection", {}).get("replicationOverwrite") != "DISABLED":
        message = "Destination file system has replication overwrite protection ENABLED"
        raise AwsError("ValidationException", message)


def _create_copy(op: OperationContext) -> None:
    """Creates the copy when none is named. Every copy is read-only as long as the replication exists."""
    destination = op.state["destination"]
    id_ = destination["fileSystemId"]
    row = op.cloud.get(tokens.FILE_SYSTEM, id_)
    region = destination.get("region") or op.region
    state = row.state if row else _copy_state(op, id_, region, destination.get("kmsKeyId"))
    protection = {"replicationOverwrite": "REPLICATING"}
    op.cloud.put(tokens.FILE_SYSTEM, id_, {**state, "protection": protection}, row.urn if row else "")


def _copy_state(op: OperationContext, id_: str, region: str, key: Any) -> dict[str, Any]:
    source = op.cloud.get(tokens.FILE_SYSTEM, str(op.state.get("sourceFileSystemId")))
    source_state = dict(source.state) if source else {}
    arn = op.fill("arn:{partition}:elasticfilesystem:") + f"{region}:{op.account}:file-system/{id_}"
    return {
        **source_state,
        "arn": arn,
        "creationToken": f"replica-{id_}",
        "dnsName": f"{id_}.efs.{region}.amazonaws.com",
        "kmsKeyId": key or source_state.get("kmsKeyId", ""),
        "region": region,
    }


def _end_replication(op: OperationContext) -> None:
    """Ends the replication: the copy stays, is writable from now on, and can be deleted."""
    row = op.cloud.get(tokens.FILE_SYSTEM, op.before["destination"].get("fileSystemId", ""))
    if row:
        state = {**row.state, "protection": {"replicationOverwrite": "ENABLED"}}
        op.cloud.put(tokens.FILE_SYSTEM, row.id, state, row.urn)


FILE_SYSTEM = ResourceType(
    type=tokens.FILE_SYSTEM,
    service=EFS,
    creates="CreateFileSystem",
    updates="UpdateFileSystem",
    display_name="EFS File System",
    updating="updating EFS file system ({id})",
    deleting="deleting EFS file system ({id})",
    id="fs-{hex17}",
    arn=f"{_ARN}:file-system/{{id}}",
    replace_on="availabilityZoneName creationToken encrypted kmsKeyId performanceMode",
    autoname=Autoname("creationToken"),
    defaults={"throughputMode": "bursting"},
    aws_defaults={
        "availabilityZoneName": "",
        "creationToken": "",
        "encrypted": False,
        "kmsKeyId": lambda op: (
            op.fill("arn:{partition}:kms:{region}:{account}:key/aws-elasticfilesystem") if op.get("encrypted") else ""
        ),
        "performanceMode": "generalPurpose",
        "protection": {"replicationOverwrite": "ENABLED"},
    },
    computed={
        "availabilityZoneId": "",
        "dnsName": "{id}.efs.{region}.amazonaws.com",
        "name": lambda op: (op.inputs.get("tagsAll") or {}).get("Name", ""),
        "numberOfMountTargets": 0,
        "ownerId": "{account}",
        "sizeInBytes": [{"value": 6144, "valueInIa": 0, "valueInStandard": 6144}],
    },
    constraints={
        "creationToken": length(1, 64),
        "kmsKeyId": arn,
        "lifecyclePolicies[*].transitionToArchive": one_of(*sorted(_DAYS)),
        "lifecyclePolicies[*].transitionToIa": one_of(*sorted(_DAYS)),
        "lifecyclePolicies[*].transitionToPrimaryStorageClass": one_of("AFTER_1_ACCESS"),
        "performanceMode": one_of("generalPurpose", "maxIO"),
        "protection.replicationOverwrite": one_of("DISABLED", "ENABLED"),
        "provisionedThroughputInMibps": between(1, 3414),
        "throughputMode": one_of("bursting", "elastic", "provisioned"),
    },
    references={
        "kmsKeyId": Reference(tokens.KEY, "arn", ErrorTemplate("BadRequest", "The KMS key {value} does not exist"))
    },
    not_found=ErrorTemplate("FileSystemNotFound", "File system '{value}' does not exist.", 404),
    unique=Unique(
        "creationToken",
        ErrorTemplate(
            "FileSystemAlreadyExists",
            "File system '{value}' already exists with creation token '{creationToken}'",
            409,
        ),
    ),
    quotas=(Quota("L-848C634D", 1000, _TOO_MANY),),
    always=(*_INPUTS, _lifecycle_fits),
    rules=(
        symmetric_key("kmsKeyId", "BadRequest"),
        refuse(
            "AvailabilityZonesMismatch",
            "The Availability Zone {availabilityZoneName} does not exist in the region",
            lambda op: (
                op.get("availabilityZoneName")
                and op.get("availabilityZoneName") not in [zone.name for zone in op.region_facts.zones]
            ),
        ),
    ),
    used_by=(Use(tokens.MOUNT_TARGET, "fileSystemId", _IN_USE),),
    delete_rules=(_is_not_replicated,),
    cascade_deletes=tuple(
        CascadeDelete(kind, "fileSystemId")
        for kind in (tokens.FILE_ACCESS_POINT, tokens.FILE_SYSTEM_POLICY, tokens.FILE_BACKUP_POLICY)
    ),
    source="hashicorp/terraform-provider-aws internal/service/efs/file_system.go",
)

MOUNT_TARGET = ResourceType(
    type=tokens.MOUNT_TARGET,
    service=EFS,
    creates="CreateMountTarget",
    updates="ModifyMountTargetSecurityGroups",
    display_name="EFS Mount Target",
    updating="updating EFS Mount Target ({id}) security groups",
    id="fsmt-{hex17}",
    required="fileSystemId subnetId",
    replace_on="fileSystemId ipAddress ipAddressType ipv6Address subnetId",
    delete_before_replace=True,
    sets="securityGroups",
    aws_defaults={
        "ipAddress": _address,
        "ipAddressType": "IPV4_ONLY",
        "ipv6Address": "",
        "securityGroups": _default_group,
    },
    computed={
        "availabilityZoneId": _zone_id,
        "availabilityZoneName": lambda op: _subnet_output(op, "availabilityZone"),
        "dnsName": "{fileSystemId}.efs.{region}.amazonaws.com",
        "fileSystemArn": f"{_ARN}:file-system/{{fileSystemId}}",
        "mountTargetDnsName": lambda op: (
            f"{_subnet_output(op, 'availabilityZone')}." + op.fill("{fileSystemId}.efs.{region}.amazonaws.com")
        ),
        "networkInterfaceId": "eni-{hex17:interface}",
        "ownerId": "{account}",
    },
    constraints={
        "ipAddressType": one_of("DUAL_STACK", "IPV4_ONLY", "IPV6_ONLY"),
        "securityGroups": length(0, 5),
    },
    references={
        "fileSystemId": Reference(tokens.FILE_SYSTEM),
        "securityGroups[*]": Reference(
            tokens.SECURITY_GROUP,
            missing=ErrorTemplate("SecurityGroupNotFound", "The security group ID '{value}' does not exist"),
        ),
        "subnetId": Reference(
            tokens.SUBNET, missing=ErrorTemplate("SubnetNotFound", "The subnet ID '{value}' does not exist")
        ),
    },
    not_found=ErrorTemplate("MountTargetNotFound", "Mount target '{value}' does not exist.", 404),
    always=(_groups_are_of_the_vpc,),
    rules=(_zone_is_free,),
    source="hashicorp/terraform-provider-aws internal/service/efs/mount_target.go",
)

ACCESS_POINT = ResourceType(
    type=tokens.FILE_ACCESS_POINT,
    service=EFS,
    creates="CreateAccessPoint",
    display_name="EFS Access Point",
    id="fsap-{hex17}",
    arn=f"{_ARN}:access-point/{{id}}",
    required="fileSystemId",
    replace_on="fileSystemId posixUser rootDirectory",
    aws_defaults={"rootDirectory": {"path": "/"}},
    computed={"fileSystemArn": f"{_ARN}:file-system/{{fileSystemId}}", "ownerId": "{account}"},
    constraints={
        "posixUser": given("gid uid", 2, 2),
        "posixUser.gid": _POSIX,
        "posixUser.secondaryGids": length(0, 16),
        "posixUser.secondaryGids[*]": _POSIX,
        "posixUser.uid": _POSIX,
        "rootDirectory.creationInfo": given("ownerGid ownerUid permissions", 3, 3),
        "rootDirectory.creationInfo.ownerGid": _POSIX,
        "rootDirectory.creationInfo.ownerUid": _POSIX,
        "rootDirectory.creationInfo.permissions": matches(r"[0-7]{3,4}", "3 or 4 octal digits"),
        "rootDirectory.path": every(length(1, 100), matches(r"/.*", "a path from the root")),
    },
    sets="posixUser.secondaryGids",
    references={"fileSystemId": Reference(tokens.FILE_SYSTEM)},
    not_found=ErrorTemplate("AccessPointNotFound", "Access Point {value} does not exist.", 404),
    quotas=(Quota("L-E6B5D5B7", 10000, _TOO_MANY_POINTS, per="fileSystemId"),),
    rules=(_root_is_not_deep, _file_system_is_writable),
    source="hashicorp/terraform-provider-aws internal/service/efs/access_point.go",
)

FILE_SYSTEM_POLICY = ResourceType(
    type=tokens.FILE_SYSTEM_POLICY,
    service=EFS,
    creates="PutFileSystemPolicy",
    display_name="EFS File System Policy",
    creating="putting EFS File System Policy ({fileSystemId})",
    updating="putting EFS File System Policy ({id})",
    id="{fileSystemId}",
    required="fileSystemId policy",
    replace_on="fileSystemId",
    documents="policy",
    defaults={"bypassPolicyLockoutSafetyCheck": False},
    constraints={"policy": length(1, 20000)},
    references={"fileSystemId": Reference(tokens.FILE_SYSTEM)},
    always=(document_kinds.FILE_SYSTEM.of("policy"), _policy_can_be_changed_again),
    source="hashicorp/terraform-provider-aws internal/service/efs/file_system_policy.go",
)

BACKUP_POLICY = ResourceType(
    type=tokens.FILE_BACKUP_POLICY,
    service=EFS,
    creates="PutBackupPolicy",
    deletes="PutBackupPolicy",
    display_name="EFS Backup Policy",
    creating="putting EFS Backup Policy ({fileSystemId})",
    updating="putting EFS Backup Policy ({id})",
    id="{fileSystemId}",
    required="backupPolicy fileSystemId",
    replace_on="fileSystemId",
    constraints={"backupPolicy.status": one_of("DISABLED", "ENABLED")},
    references={"fileSystemId": Reference(tokens.FILE_SYSTEM)},
    source="hashicorp/terraform-provider-aws internal/service/efs/backup_policy.go",
)

REPLICATION = ResourceType(
    type=tokens.FILE_REPLICATION,
    service=EFS,
    creates="CreateReplicationConfiguration",
    display_name="EFS Replication Configuration",
    id="{sourceFileSystemId}",
    required="destination sourceFileSystemId",
    replace_on="destination sourceFileSystemId",
    aws_defaults={"destination.fileSystemId": "fs-{hex17:destination}", "destination.region": "{region}"},
    computed={
        "creationTime": "2026-01-02 03:04:05 +0000 UTC",
        "destination.status": "ENABLED",
        "originalSourceFileSystemArn": f"{_ARN}:file-system/{{sourceFileSystemId}}",
        "sourceFileSystemArn": f"{_ARN}:file-system/{{sourceFileSystemId}}",
        "sourceFileSystemRegion": "{region}",
    },
    constraints={
        "destination": given("availabilityZoneName fileSystemId region", 1, 3),
        "destination.region": matches(r"[a-z]{2,4}(-[a-z]+)+-\d", "a region"),
    },
    references={
        "destination.fileSystemId": Reference(tokens.FILE_SYSTEM),
        "sourceFileSystemId": Reference(tokens.FILE_SYSTEM),
    },
    not_found=ErrorTemplate("ReplicationNotFound", "Replication configuration for {value} not found", 404),
    rules=(_has_one_replication,),
    delete_rules=(_end_replication,),
    companions=_create_copy,
    source="hashicorp/terraform-provider-aws internal/service/efs/replication_configuration.go",
)


TYPES = (FILE_SYSTEM, MOUNT_TARGET, ACCESS_POINT, FILE_SYSTEM_POLICY, BACKUP_POLICY, REPLICATION)
