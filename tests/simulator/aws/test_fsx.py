"""What FSx for Lustre refuses, what replaces a file system, and what is deleted with it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource

LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
BUCKET = "aws:s3/bucket:Bucket"
PERSISTENT = {"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 250}


def needed(aws: Account, **inputs: Any) -> dict[str, Any]:
    """Creates what a persistent file system needs, and returns its inputs."""
    return {"subnetIds": aws.subnet(aws.vpc()).id, "storageCapacity": 1200, **PERSISTENT, **inputs}


def file_system(aws: Account, **inputs: Any) -> Resource:
    return aws.make(LUSTRE, "fast", **needed(aws, **inputs))


def link(aws: Account, to: Resource, name: str = "data", **inputs: Any) -> Resource:
    return aws.make(LINK, name, **link_inputs(to, **inputs))


def link_inputs(to: Resource, **inputs: Any) -> dict[str, Any]:
    return {"fileSystemId": to.id, "fileSystemPath": "/data", "dataRepositoryPath": "s3://data/", **inputs}


def test_dns_name_and_mount_name_are_unknown_at_preview(aws: Account) -> None:
    created = file_system(aws)
    assert created["dnsName"] == f"{created.id}.fsx.us-west-2.amazonaws.com"
    assert len(created["mountName"]) == 8
    planned = aws.preview(LUSTRE, "other", **created.inputs)
    assert (planned["dnsName"], planned["mountName"]) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"storageCapacity": 3600}, "Invalid storage capacity: 3600. It has to be a multiple of 2400 GiB."),
        ({"perUnitStorageThroughput": 200}, "PERSISTENT_2 on SSD is one of [125, 250, 500, 1000], not 200"),
        ({"deploymentType": "SCRATCH_2"}, "PerUnitStorageThroughput is not for the SCRATCH_2 deployment type."),
        ({"importPath": "s3://data"}, "importPath cannot be specified when deploymentType is PERSISTENT_2"),
        ({"efaEnabled": True}, "metadataConfiguration must be specified when efaEnabled"),
        ({"driveCacheType": "READ"}, "driveCacheType cannot be specified"),
        (
            {"logConfiguration": {"level": "ERROR_ONLY", "destination": "arn:aws:logs:us-west-2:1:log-group:/ours"}},
            "is not a log group whose name begins with /aws/fsx",
        ),
        ({"subnetIds": "subnet-0123456789abcdef0"}, "The subnet ID 'subnet-0123456789abcdef0' does not exist."),
    ],
)
def test_invalid_inputs_are_refused_at_preview(aws: Account, wrong: dict[str, Any], refusal: str) -> None:
    text = aws.refusal(LUSTRE, "fast", preview=True, **needed(aws, **wrong))
    assert refusal in text
    assert text.startswith("1 error occurred:\n\t* creating FSx for Lustre File System: ")


def test_scratch_has_no_backups_and_no_metadata_configuration(aws: Account) -> None:
    subnet = aws.subnet(aws.vpc()).id
    scratch: dict[str, Any] = {"subnetIds": subnet, "storageCapacity": 1200, "deploymentType": "SCRATCH_2"}
    assert "automaticBackupRetentionDays cannot be specified when deploymentType is SCRATCH_2" in aws.refusal(
        LUSTRE, **scratch, automaticBackupRetentionDays=7
    )
    metadata = aws.refusal(LUSTRE, **scratch, metadataConfiguration={"mode": "AUTOMATIC"})
    assert "metadataConfiguration cannot be specified when deploymentType is SCRATCH_2" in metadata


def test_the_security_groups_must_allow_lustre_among_themselves(aws: Account) -> None:
    inputs = needed(aws)
    subnet = aws.cloud.get("aws:ec2/subnet:Subnet", inputs["subnetIds"])
    assert subnet
    group = aws.make(GROUP, vpcId=subnet.state["vpcId"])
    text = aws.refusal(LUSTRE, "fast", **inputs, securityGroupIds=[group.id])
    assert "do not permit Lustre LNET network traffic on port 988" in text
    rule = {"securityGroupId": group.id, "referencedSecurityGroupId": group.id, "ipProtocol": "tcp"}
    aws.make(RULE, **rule, fromPort=988, toPort=988)
    created = aws.make(LUSTRE, "fast", **inputs, securityGroupIds=[group.id])
    assert "has a dependent object" in aws.delete_refusal(group), "the file system's interfaces use the group"
    aws.delete(created)
    aws.delete(group)


def test_a_file_system_grows_in_place_and_shrinking_replaces_it(aws: Account) -> None:
    created = file_system(aws, storageCapacity=4800)
    assert not aws.diff(created, **{**created.inputs, "storageCapacity": 7200}).replaces
    assert aws.diff(created, **{**created.inputs, "storageCapacity": 2400}).replaces == {"storageCapacity"}


@pytest.mark.parametrize(
    "change",
    [
        {"deploymentType": "PERSISTENT_1"},
        {"copyTagsToBackups": True},
        {"subnetIds": "subnet-0123456789abcdef0"},
        {"efaEnabled": True},
    ],
)
def test_inputs_that_aws_cannot_change_replace_the_file_system(aws: Account, change: dict[str, Any]) -> None:
    created = file_system(aws)
    assert aws.diff(created, **{**created.inputs, **change}).replaces == set(change)


def test_speed_compression_and_backups_change_in_place(aws: Account) -> None:
    created = file_system(aws)
    change = {"perUnitStorageThroughput": 500, "dataCompressionType": "LZ4", "automaticBackupRetentionDays": 7}
    difference = aws.diff(created, **{**created.inputs, **change})
    assert difference.changes
    assert not difference.replaces
    assert aws.update(created, **{**created.inputs, **change})["perUnitStorageThroughput"] == 500


def test_a_link_needs_a_bucket_and_a_persistent_file_system(aws: Account) -> None:
    created = file_system(aws)
    assert "The S3 bucket data does not exist" in aws.refusal(LINK, **link_inputs(created))
    aws.make(BUCKET, bucket="data")
    assert link(aws, created)["associationId"].startswith("dra-")
    subnet = created["subnetIds"]
    scratch = aws.make(LUSTRE, "scratch", subnetIds=subnet, storageCapacity=1200, deploymentType="SCRATCH_2")
    assert "not supported for SCRATCH_2" in aws.refusal(LINK, "two", **link_inputs(scratch))


@pytest.mark.parametrize("path", ["/data", "/data/images", "/"])
def test_a_folder_shows_one_bucket(aws: Account, path: str) -> None:
    aws.make(BUCKET, bucket="data")
    created = file_system(aws)
    link(aws, created)
    assert "overlaps" in aws.refusal(LINK, "two", **link_inputs(created, fileSystemPath=path))
    beside = {"fileSystemPath": "/data-images", "dataRepositoryPath": "s3://data/images/"}
    assert link(aws, created, "two", **beside), "it is another folder, although it begins alike"


def test_a_bucket_is_linked_once(aws: Account) -> None:
    aws.make(BUCKET, bucket="data")
    created = file_system(aws)
    link(aws, created)
    assert "is that of dra-" in aws.refusal(LINK, "two", **link_inputs(created, fileSystemPath="/other"))


def test_a_file_system_may_have_eight_links(aws: Account) -> None:
    aws.make(BUCKET, bucket="data")
    created = file_system(aws)
    for number in range(8):
        link(aws, created, f"link-{number}", fileSystemPath=f"/{number}", dataRepositoryPath=f"s3://data/{number}/")
    text = aws.refusal(
        LINK, "ninth", **link_inputs(created, fileSystemPath="/ninth", dataRepositoryPath="s3://data/9/")
    )
    assert "ServiceLimitExceeded" in text


def test_links_are_deleted_with_the_file_system_and_prevent_a_final_backup(aws: Account) -> None:
    aws.make(BUCKET, bucket="data")
    created = file_system(aws, skipFinalBackup=False)
    link(aws, created)
    with_backup = aws.delete_refusal(created)
    assert "A final backup is not possible" in with_backup
    state = aws.update(created, **{**created.inputs, "skipFinalBackup": True})
    created.state = state
    aws.delete(created)
    assert not aws.cloud.of_type(LINK)


def test_an_import_does_not_learn_the_security_groups(aws: Account) -> None:
    made = file_system(aws)
    imported = aws.package.read(aws.call(LUSTRE, "data"), made.id, {}, {})
    assert imported is not None
    assert "securityGroupIds" not in imported.inputs | imported.state
    again = Resource(made.type, made.name, made.id, imported.inputs, imported.state)
    assert "securityGroupIds" in aws.diff(again, **made.inputs, securityGroupIds=["sg-1"]).replaces


def test_a_link_that_is_replaced_under_another_name_does_not_conflict_with_itself_at_preview(aws: Account) -> None:
    aws.make(BUCKET, "data", bucket="data")
    there = link(aws, file_system(aws))
    moved = {**there.inputs, "fileSystemPath": "/moved"}
    assert "is that of" in aws.refusal(LINK, "moved", preview=True, **moved), "another link of the same bucket"
    aws.package.diff(aws.call(LINK, "moved"), there.id, there.inputs, there.state, moved)
    aws.preview(LINK, "moved", **moved)
