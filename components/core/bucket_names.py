"""Names of S3 buckets, which are known at preview."""

from catalog.limits import BUCKET_NAME_LENGTH
from components.core.names import digest_of, shortened
from components.core.stage import Stage


def bucket_name(stage: Stage, name: str, copied_to: str | None = None) -> str:
    """Returns the physical name of a bucket. Bucket names are global, so it has a digest of account and region.

    copied_to: the region of the copy, whose name is meant. It has both regions in its digest: a stack of the same name
    may have a bucket there, or a copy.
    """
    identity = f"{stage.account_id}/{copied_to or stage.region}"
    if copied_to and not stage.older_copies:
        name, identity = f"{name}-copy", f"{identity}/{stage.region}"
    digest = digest_of(identity)
    room = BUCKET_NAME_LENGTH - len(f"{stage.prefix}--{digest}")
    return f"{stage.prefix}-{shortened(name, room)}-{digest}"


def bucket_arn(stage: Stage, name: str, copied_to: str | None = None) -> str:
    return stage.bucket_arn(bucket_name(stage, name, copied_to))
