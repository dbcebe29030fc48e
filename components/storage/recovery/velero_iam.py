"""The key of Velero's bucket, and the permissions of Velero in one cluster."""

from collections.abc import Sequence

from components.core import iam
from components.core.bucket_names import bucket_arn
from components.core.stage import Stage

OBJECTS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)


def bucket_key(cluster: str) -> str:
    """Returns what names the bucket of `clusters.<cluster>` within the stack."""
    return f"velero-{cluster}"


def velero_statements(stage: Stage, cluster: str) -> Sequence[iam.Statement]:
    """Returns Velero's permissions: read and write its own bucket, with our key."""
    bucket = bucket_arn(stage, bucket_key(cluster))
    data_key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias("data")}}
    return (
        iam.allow("FindBackups", ["s3:ListBucket"], [bucket]),
        iam.allow("ReadAndWriteBackups", OBJECTS, [f"{bucket}/*"]),
        iam.allow("UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], [stage.arn("kms", "key/*")], data_key),
    )
