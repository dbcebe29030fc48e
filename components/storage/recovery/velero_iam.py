"""The name of Velero's bucket, and the permissions of Velero in one cluster."""

import hashlib
from collections.abc import Sequence

from components.core import iam
from components.core.bucket_names import bucket_name
from components.core.stage import Stage

BUCKET_NAME_LENGTH = 63
OBJECTS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)


def velero_bucket(stage: Stage, cluster: str) -> str:
    """Returns the name of the bucket of `clusters.<cluster>`. A long cluster name is shortened and gets a digest."""
    name = bucket_name(stage, f"velero-{cluster}")
    if len(name) > BUCKET_NAME_LENGTH:
        digest = hashlib.sha256(cluster.encode()).hexdigest()[:6]
        room = BUCKET_NAME_LENGTH - len(bucket_name(stage, f"velero--{digest}"))
        name = bucket_name(stage, f"velero-{cluster[:room]}-{digest}")
    return name


def velero_statements(stage: Stage, cluster: str) -> Sequence[iam.Statement]:
    """Returns Velero's permissions: read and write its own bucket, with our key."""
    bucket = f"arn:{stage.partition}:s3:::{velero_bucket(stage, cluster)}"
    data_key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias("data")}}
    return (
        iam.allow("FindBackups", ["s3:ListBucket"], [bucket]),
        iam.allow("ReadAndWriteBackups", OBJECTS, [f"{bucket}/*"]),
        iam.allow("UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], [stage.arn("kms", "key/*")], data_key),
    )
