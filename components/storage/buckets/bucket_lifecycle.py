"""What becomes of objects with the days, as lifecycle rules of S3."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.core.private_bucket import ABORT_UPLOADS_DAYS
from settings.storage.buckets import BucketSettings


def lifecycle(settings: BucketSettings) -> Sequence[Mapping[str, Any]]:
    """The rules, each for the whole bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html, read 2026-11.
    """
    leftovers: dict[str, Any] = {
        "noncurrent_version_expiration": {"noncurrent_days": settings.old_versions},
        "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_UPLOADS_DAYS},
    }
    if settings.expires is None:  # else S3 sweeps up the markers of deleted objects by itself
        leftovers["expiration"] = {"expired_object_delete_marker": True}
    rules = [_rule("leftovers", leftovers)]
    if settings.tiered:  # at once: objects are billed there as in the standard class until nobody reads them
        rules.append(_rule("tiers", {"transitions": [{"days": 0, "storage_class": "INTELLIGENT_TIERING"}]}))
    if settings.expires is not None:
        rules.append(_rule("expire", {"expiration": {"days": settings.expires}}))
    return rules


def _rule(name: str, does: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"id": name, "status": "Enabled", "filter": {"prefix": ""}, **does}
