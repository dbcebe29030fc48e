"""What becomes of objects with the days, as lifecycle rules of S3."""

import pulumi_aws as aws

from components.core.private_bucket import ABORT_UPLOADS_DAYS
from settings.storage.buckets import BucketSettings


def lifecycle(settings: BucketSettings) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """The rules, each for the whole bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html, read 2026-11.
    """
    leftovers = _rule("leftovers")
    leftovers["noncurrent_version_expiration"] = {"noncurrent_days": settings.old_versions}
    leftovers["abort_incomplete_multipart_upload"] = {"days_after_initiation": ABORT_UPLOADS_DAYS}
    if settings.expires is None:  # else S3 sweeps up the markers of deleted objects by itself
        leftovers["expiration"] = {"expired_object_delete_marker": True}
    rules = [leftovers]
    if settings.tiered:  # at once: objects are billed there as in the standard class until nobody reads them
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
