"""What EFS refuses, and the life of a replicated copy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.cloud import Cloud
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource

SYSTEM = "aws:efs/fileSystem:FileSystem"
TARGET = "aws:efs/mountTarget:MountTarget"
POINT = "aws:efs/accessPoint:AccessPoint"
POLICY = "aws:efs/fileSystemPolicy:FileSystemPolicy"
BACKUP = "aws:efs/backupPolicy:BackupPolicy"
COPY = "aws:efs/replicationConfiguration:ReplicationConfiguration"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ELASTIC = {"encrypted": True, "throughputMode": "elastic"}


def system(aws: Account, name: str = "home", **inputs: Any) -> Resource:
    return aws.make(SYSTEM, name, **{**ELASTIC, **inputs})


def test_a_file_system_has_an_arn_and_a_dns_name(aws: Account) -> None:
    created = system(aws)
    assert created.id.startswith("fs-")
    assert created["arn"] == f"arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/{created.id}"
    assert created["dnsName"] == f"{created.id}.efs.us-west-2.amazonaws.com"
    assert aws.preview(SYSTEM, "later", **ELASTIC)["arn"] is UNKNOWN


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"throughputMode": "provisioned"}, "InMibps must be specified when throughputMode is provisioned"),
        ({"provisionedThroughputInMibps": 64}, "InMibps cannot be specified when throughputMode is elastic"),
        ({"performanceMode": "maxIO"}, "The Max I/O performance mode is for bursting"),
        (
            {"encrypted": False, "kmsKeyId": "arn:aws:kms:us-west-2:1:key/k"},
            "encrypted must be specified when kmsKeyId",
        ),
        (
            {"throughputMode": "bursting", "lifecyclePolicies": [{"transitionToArchive": "AFTER_90_DAYS"}]},
            "supported only with elastic throughput",
        ),
        (
            {"lifecyclePolicies": [{"transitionToIa": "AFTER_30_DAYS", "transitionToArchive": "AFTER_90_DAYS"}]},
            "only a single transition",
        ),
        (
            {"lifecyclePolicies": [{"transitionToIa": "AFTER_90_DAYS"}, {"transitionToArchive": "AFTER_90_DAYS"}]},
            "TransitionToArchive must be later than TransitionToIA",
        ),
    ],
)
def test_inputs_that_exclude_each_other_are_refused_at_preview(
    aws: Account, inputs: dict[str, Any], words: str
) -> None:
    text = aws.refusal(SYSTEM, preview=True, **{**ELASTIC, **inputs})
    assert words in text
    assert "operation error EFS: CreateFileSystem" in text
    assert system(aws).id, "without the mistake it is accepted"


def test_throughput_changes_in_place_and_a_new_key_replaces(aws: Account) -> None:
    created = system(aws)
    rate = {**ELASTIC, "throughputMode": "provisioned", "provisionedThroughputInMibps": 64}
    assert not aws.diff(created, **rate).replaces
    assert aws.update(created, **rate)["provisionedThroughputInMibps"] == 64
    assert aws.diff(created, **ELASTIC, kmsKeyId="arn:aws:kms:us-west-2:1:key/k").replaces


def test_mount_targets_are_in_different_zones_of_one_vpc(aws: Account) -> None:
    vpc, files = aws.vpc(), system(aws)
    first = aws.subnet(vpc, "a", "10.0.0.0/24")
    again = aws.make(
        "aws:ec2/subnet:Subnet", "again", vpcId=vpc.id, cidrBlock="10.0.9.0/24", availabilityZone="us-west-2a"
    )
    target = aws.make(TARGET, "a", fileSystemId=files.id, subnetId=first.id)
    assert target["availabilityZoneName"] == "us-west-2a"
    assert target["ipAddress"].startswith("10.0.0.")
    assert target["securityGroups"] == [vpc["defaultSecurityGroupId"]], (
        "without groups, AWS takes the VPC's default group"
    )
    text = aws.refusal(TARGET, "again", preview=True, fileSystemId=files.id, subnetId=again.id)
    assert "MountTargetConflict: mount target already exists in this AZ" in text
    elsewhere = aws.vpc("other", "10.9.0.0/16")
    far = aws.make(
        "aws:ec2/subnet:Subnet", "far", vpcId=elsewhere.id, cidrBlock="10.9.0.0/24", availabilityZone="us-west-2b"
    )
    text = aws.refusal(TARGET, "far", fileSystemId=files.id, subnetId=far.id)
    assert "not in the same VPC as existing mount targets" in text
    assert aws.make(TARGET, "b", fileSystemId=files.id, subnetId=aws.subnet(vpc, "b", "10.0.1.0/24").id)
    assert aws.make(TARGET, "other", fileSystemId=system(aws, "other").id, subnetId=first.id)


def test_file_system_subnet_and_groups_of_a_mount_target_must_exist(aws: Account) -> None:
    vpc, files = aws.vpc(), system(aws)
    subnet = aws.subnet(vpc)
    text = aws.refusal(TARGET, fileSystemId="fs-0", subnetId=subnet.id)
    assert "FileSystemNotFound: File system 'fs-0' does not exist." in text
    assert "SubnetNotFound" in aws.refusal(TARGET, fileSystemId=files.id, subnetId="subnet-0")
    text = aws.refusal(TARGET, fileSystemId=files.id, subnetId=subnet.id, securityGroups=["sg-0"])
    assert "SecurityGroupNotFound: The security group ID 'sg-0' does not exist" in text
    foreign = aws.make(GROUP, "foreign", vpcId=aws.vpc("other", "10.9.0.0/16").id)
    text = aws.refusal(TARGET, fileSystemId=files.id, subnetId=subnet.id, securityGroups=[foreign.id])
    assert "SecurityGroupNotFound" in text


def test_resources_that_mount_targets_use_cannot_be_deleted(aws: Account, cloud: Cloud) -> None:
    vpc, files = aws.vpc(), system(aws)
    subnet, group = aws.subnet(vpc), aws.make(GROUP, "nfs", vpcId=vpc.id)
    point = aws.make(POINT, "team", fileSystemId=files.id)
    target = aws.make(TARGET, "a", fileSystemId=files.id, subnetId=subnet.id, securityGroups=[group.id])
    text = aws.delete_refusal(files)
    assert f"FileSystemInUse: The file system '{files.id}' cannot be deleted because it has mount targets." in text
    assert "DependencyViolation" in aws.delete_refusal(subnet)
    assert "DependencyViolation" in aws.delete_refusal(group)
    aws.delete(target)
    for resource in (subnet, group, files):
        aws.delete(resource)
    assert cloud.get(POINT, point.id) is None, "access points are deleted with their file system"


def test_access_points_have_sixteen_groups_and_shallow_folders(aws: Account) -> None:
    files = system(aws)
    user = {"uid": 1000, "gid": 1000}
    assert aws.make(POINT, "team", fileSystemId=files.id, posixUser={**user, "secondaryGids": list(range(16))})
    many = {**user, "secondaryGids": list(range(17))}
    assert "secondary_gids" in aws.problems(POINT, fileSystemId=files.id, posixUser=many)
    assert "at most four levels" in aws.refusal(
        POINT, "deep", fileSystemId=files.id, rootDirectory={"path": "/a/b/c/d/e"}
    )
    octal = {"path": "/a", "creationInfo": {"ownerUid": 1, "ownerGid": 1, "permissions": "rwx"}}
    assert "octal digits" in aws.problems(POINT, fileSystemId=files.id, rootDirectory=octal)
    point = aws.make(POINT, "other", fileSystemId=files.id)
    assert point["rootDirectory"] == {"path": "/"}
    assert aws.diff(point, fileSystemId=files.id, posixUser=user).replaces, "AWS cannot change the user in place"


def test_a_policy_has_principals_and_does_not_lock_its_author_out(aws: Account) -> None:
    files = system(aws)

    def policy(**statement: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    mount = {"Effect": "Allow", "Action": "elasticfilesystem:ClientMount"}
    text = aws.refusal(POLICY, fileSystemId=files.id, policy=policy(**mount))
    assert "InvalidPolicyException: Policy contains invalid Principal block." in text
    deny_all = policy(Effect="Deny", Action="*", Principal="*")
    assert "subsequent PutFileSystemPolicy" in aws.refusal(POLICY, fileSystemId=files.id, policy=deny_all)
    tls = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert aws.make(POLICY, fileSystemId=files.id, policy=policy(Effect="Deny", Action="*", Principal="*", **tls)).id


def test_backups_are_on_or_off(aws: Account) -> None:
    files = system(aws)
    assert aws.make(BACKUP, fileSystemId=files.id, backupPolicy={"status": "ENABLED"}).id == files.id
    assert "expected status to be one of" in aws.problems(BACKUP, fileSystemId=files.id, backupPolicy={"status": "ON"})


def test_efs_creates_the_copy_and_keeps_it_when_the_replication_ends(aws: Account, cloud: Cloud) -> None:
    files = system(aws)
    replication = aws.make(COPY, sourceFileSystemId=files.id, destination={"region": "us-east-1"})
    copy = cloud.get(SYSTEM, replication["destination"]["fileSystemId"])
    assert copy is not None
    assert copy.state["region"] == "us-east-1"
    assert copy.state["protection"] == {"replicationOverwrite": "REPLICATING"}
    assert "part of a replication configuration" in aws.delete_refusal(files)
    text = aws.refusal(COPY, "again", sourceFileSystemId=files.id, destination={"region": "us-east-2"})
    assert "ConflictException: The source file system is already in a replication configuration" in text
    aws.delete(replication)
    kept = cloud.get(SYSTEM, copy.id)
    assert kept is not None, "the copy still costs money"
    assert kept.state["protection"] == {"replicationOverwrite": "ENABLED"}
    aws.delete(files)


def test_an_existing_copy_needs_overwrite_protection_off_and_becomes_read_only(aws: Account, cloud: Cloud) -> None:
    files = system(aws)
    remote = Account(cloud, config={"region": "us-east-1"})
    closed = system(remote, "closed")
    destination = {"region": "us-east-1", "fileSystemId": closed.id}
    text = aws.refusal(COPY, sourceFileSystemId=files.id, destination=destination)
    assert "replication overwrite protection ENABLED" in text
    copy = system(remote, "copy", protection={"replicationOverwrite": "DISABLED"})
    replication = aws.make(COPY, sourceFileSystemId=files.id, destination={**destination, "fileSystemId": copy.id})
    folder = {"path": "/a", "creationInfo": {"ownerUid": 1, "ownerGid": 1, "permissions": "0750"}}
    text = remote.refusal(POINT, fileSystemId=copy.id, rootDirectory=folder)
    assert "IncorrectFileSystemLifeCycleState: The file system is a read-only destination" in text
    assert "part of a replication configuration" in remote.delete_refusal(copy)
    aws.delete(replication)
    assert remote.make(POINT, fileSystemId=copy.id, rootDirectory=folder), "after the replication the copy is writable"
    remote.delete(copy)
    assert cloud.get(SYSTEM, copy.id) is None
