"""What S3 refuses for buckets with access logs, locks, replication or objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.aws import tokens
from simulator.provider import Refusal
from tests.simulator.aws.account import Account, Resource

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
TIERING = "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration"


def versioned(aws: Account, name: str, **inputs: Any) -> Resource:
    bucket = aws.make(BUCKET, name, bucket=name, **inputs)
    aws.make(VERSIONING, name, bucket=name, versioningConfiguration={"status": "Enabled"})
    return bucket


def locked(aws: Account, name: str, mode: str = "COMPLIANCE") -> Resource:
    return aws.make(LOCK, name, bucket=name, rule={"defaultRetention": {"mode": mode, "days": 30}})


def filled(aws: Account, bucket: Resource) -> None:
    """Marks the bucket as not empty, as `python -m simulator cloud set BUCKET __objects 1` does."""
    row = aws.cloud.get(BUCKET, bucket.id)
    assert row is not None
    aws.cloud.put(row.type, row.id, {**row.state, "__objects": 1})


def copying(aws: Account) -> dict[str, Any]:
    rules = [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::there"}}]
    return {"bucket": "here", "role": aws.role("copy", "s3.amazonaws.com")["arn"], "rules": rules}


def test_a_bucket_with_objects_cannot_be_deleted(aws: Account) -> None:
    bucket = versioned(aws, "data")
    filled(aws, bucket)
    assert "BucketNotEmpty: The bucket you tried to delete is not empty. You must delete all versions" in (
        aws.delete_refusal(bucket)
    )


def test_a_bucket_with_force_destroy_is_deleted_with_its_objects(aws: Account) -> None:
    bucket = versioned(aws, "data", forceDestroy=True)
    filled(aws, bucket)
    aws.delete(bucket)
    assert aws.cloud.all() == []


def test_objects_locked_in_compliance_mode_prevent_the_deletion(aws: Account) -> None:
    for name, mode in (("kept", "COMPLIANCE"), ("bypassed", "GOVERNANCE")):
        bucket = versioned(aws, name, forceDestroy=True)
        locked(aws, name, mode)
        filled(aws, bucket)
        if mode == "GOVERNANCE":
            aws.delete(bucket)
        else:
            assert "Access Denied because object protected by object lock." in aws.delete_refusal(bucket)


def test_access_logs_are_objects_in_their_target_bucket(aws: Account) -> None:
    logs, data = aws.make(BUCKET, "logs", bucket="logs"), aws.make(BUCKET, "data", bucket="data")
    text = aws.refusal(LOGGING, bucket="data", targetBucket="nowhere", targetPrefix="data/")
    assert "InvalidTargetBucketForLogging" in text
    aws.make(LOGGING, bucket="data", targetBucket="logs", targetPrefix="data/")
    aws.delete(data)
    assert "BucketNotEmpty: The bucket you tried to delete is not empty" in aws.delete_refusal(logs)


def test_the_target_bucket_of_access_logs_must_be_in_the_region(aws: Account) -> None:
    aws.make(BUCKET, "logs", bucket="logs")
    aws.config = {"region": "us-east-2"}
    aws.make(BUCKET, "data", bucket="data")
    text = aws.refusal(LOGGING, bucket="data", targetBucket="logs", targetPrefix="data/")
    assert "CrossLocationLoggingProhibitted: Cross S3 location logging not allowed." in text


def test_a_lock_needs_versioning_and_either_days_or_years(aws: Account) -> None:
    aws.make(BUCKET, "data", bucket="data")
    rule = {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}
    text = aws.refusal(LOCK, bucket="data", rule=rule)
    assert "InvalidBucketState: Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration" in text
    aws.make(VERSIONING, bucket="data", versioningConfiguration={"status": "Enabled"})
    for wrong in ({}, {"days": 30, "years": 1}):
        text = aws.refusal(LOCK, bucket="data", rule={"defaultRetention": {"mode": "GOVERNANCE", **wrong}})
        assert "MalformedXML" in text
    assert locked(aws, "data").id == "data", "a bucket that exists can be locked later"


def test_versioning_of_a_locked_bucket_cannot_be_suspended_even_without_a_default_rule(aws: Account) -> None:
    aws.make(BUCKET, "data", bucket="data")
    versions = aws.make(VERSIONING, bucket="data", versioningConfiguration={"status": "Enabled"})
    aws.delete(locked(aws, "data"))
    with pytest.raises(Refusal, match="InvalidBucketState: An Object Lock configuration is present on this bucket"):
        aws.update(versions, bucket="data", versioningConfiguration={"status": "Suspended"})


def test_replication_needs_a_destination_with_versioning(aws: Account) -> None:
    versioned(aws, "here")
    inputs = copying(aws)
    assert "InvalidRequest: Destination bucket must exist." in aws.refusal(REPLICATION, **inputs)
    aws.make(BUCKET, "there", bucket="there")
    assert "Destination bucket must have versioning enabled." in aws.refusal(REPLICATION, **inputs)
    aws.make(VERSIONING, "there", bucket="there", versioningConfiguration={"status": "Enabled"})
    assert aws.make(REPLICATION, **inputs).id == "here"


def test_a_locked_bucket_needs_a_locked_destination(aws: Account) -> None:
    for name in ("here", "there"):
        versioned(aws, name)
    locked(aws, "here")
    inputs = copying(aws)
    assert "Destination bucket must have object lock enabled." in aws.refusal(REPLICATION, **inputs)
    locked(aws, "there")
    assert aws.make(REPLICATION, **inputs).id == "here"


def test_replication_works_across_regions(aws: Account) -> None:
    source_config = aws.config
    aws.config = {"region": "us-east-2"}
    versioned(aws, "there")
    aws.config = source_config
    versioned(aws, "here")
    assert aws.make(REPLICATION, **copying(aws)).id == "here"


@pytest.mark.parametrize(
    ("service", "condition", "reason"),
    [
        ("ec2.amazonaws.com", {}, "does not let s3.amazonaws.com assume it"),
        ("s3.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::here"}}, "requires aws:SourceArn"),
        ("s3.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "1"}}, "requires aws:SourceAccount"),
        ("s3.amazonaws.com", {"ArnEqualsIfExists": {"aws:SourceArn": "arn:aws:s3:::here"}}, ""),
    ],
)
def test_a_role_with_which_s3_could_not_copy_is_refused(
    aws: Account, service: str, condition: dict[str, Any], reason: str
) -> None:
    for name in ("here", "there"):
        versioned(aws, name)
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    inputs = {**copying(aws), "role": aws.make(tokens.ROLE, "copies", assumeRolePolicy=document)["arn"]}
    if reason:
        assert reason in aws.refusal(REPLICATION, **inputs)
    else:
        assert aws.make(REPLICATION, **inputs).id == "here"


def test_a_lifecycle_changes_in_place(aws: Account) -> None:
    aws.make(BUCKET, "data", bucket="data")
    rules = [{"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 30}}]
    lifecycle = aws.make(LIFECYCLE, bucket="data", rules=rules)
    later = [{**rules[0], "expiration": {"days": 60}}]
    assert not aws.diff(lifecycle, bucket="data", rules=later).replaces
    assert aws.update(lifecycle, bucket="data", rules=later)["rules"][0]["expiration"]["days"] == 60


def test_deep_archive_access_needs_180_days(aws: Account) -> None:
    aws.make(BUCKET, "data", bucket="data")
    deep: dict[str, Any] = {
        "bucket": "data",
        "name": "all",
        "tierings": [{"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 90}],
    }
    assert "must be between 180 and 730" in aws.refusal(TIERING, **deep)
    late = {**deep, "tierings": [{"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 180}]}
    assert aws.make(TIERING, **late).id == "data:all"
