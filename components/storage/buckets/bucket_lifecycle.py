"""Lifecycle rules of a bucket."""

import pulumi_aws as aws

from components.core.private_bucket import ABORT_UPLOADS_DAYS
from settings.storage.buckets import BucketSettings


def lifecycle(settings: BucketSettings) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Returns the lifecycle rules, each for the whole bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html, read 2026-11.
    """
    cleanup = _rule("leftovers")
    cleanup["noncurrent_version_expiration"] = {"noncurrent_days": settings.old_versions}
    cleanup["abort_incomplete_multipart_upload"] = {"days_after_initiation": ABORT_UPLOADS_DAYS}
    if settings.expires is None:  # with an expiry, S3 removes expired delete markers itself
        cleanup["expiration"] = {"expired_object_delete_marker": True}
    rules = [cleanup]
    if settings.tiered:  # immediately: objects that are read cost the same as in the standard class
        tiers = _rule("tiers")
        tiers["transitions"] = [{"days": 0, "storage_class": "INTELLIGENT_TIERING"}]
        rules.append(tiers)
    if settings.expires is not None:
        expire = _rule("expire")
        expire["expiration"] = {"days": settings.expires}
        rules.append(expire)
    return rules


def _rule(name: str) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    return {"id": name, "status": "Enabled", "filter": {"prefix": ""}}
