"""Names of S3 buckets, known at preview."""

import hashlib

from components.core.stage import Stage


def bucket_name(stage: Stage, name: str, region: str | None = None) -> str:
    """Known at preview, and told apart by account and region, since bucket names are shared by the whole world.

    With the longest names that settings take, 60 of the 63 characters that S3 allows.
    """
    place = hashlib.sha256(f"{stage.account_id}/{region or stage.region}".encode()).hexdigest()[:8]
    return f"{stage.prefix}-{name}-{place}"


def bucket_arn(stage: Stage, name: str, region: str | None = None) -> str:
    return f"arn:{stage.partition}:s3:::{bucket_name(stage, name, region)}"
