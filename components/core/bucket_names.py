"""Names of S3 buckets, which are known at preview."""

import hashlib

from components.core.stage import Stage


def bucket_name(stage: Stage, name: str, region: str | None = None) -> str:
    """Returns the physical name of a bucket. Bucket names are global, so it has a digest of account and region.

    With the longest names that settings allow, it has 60 of the 63 characters that S3 allows.
    """
    digest = hashlib.sha256(f"{stage.account_id}/{region or stage.region}".encode()).hexdigest()[:8]
    return f"{stage.prefix}-{name}-{digest}"


def bucket_arn(stage: Stage, name: str, region: str | None = None) -> str:
    return f"arn:{stage.partition}:s3:::{bucket_name(stage, name, region)}"
