"""Names of S3 buckets, which are known at preview."""

from catalog.limits import BUCKET_NAME_LENGTH
from components.core.names import digest_of, shortened
from components.core.stage import Stage


def bucket_name(stage: Stage, name: str, region: str | None = None) -> str:
    """Returns the physical name of a bucket. Bucket names are global, so it has a digest of account and region."""
    digest = digest_of(f"{stage.account_id}/{region or stage.region}")
    room = BUCKET_NAME_LENGTH - len(f"{stage.prefix}--{digest}")
    return f"{stage.prefix}-{shortened(name, room)}-{digest}"


def bucket_arn(stage: Stage, name: str, region: str | None = None) -> str:
    return stage.bucket_arn(bucket_name(stage, name, region))
