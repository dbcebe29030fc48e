"""IAM documents around buckets: who may read and write, who delivers access logs, and who copies to a second region."""

from collections.abc import Sequence

from components.core import iam
from components.core.bucket_names import bucket_arn
from components.core.iam import Statement, allow, document
from components.core.stage import Stage

READ = ("s3:GetObject",)
WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


def access(stage: Stage, reads: Sequence[str], writes: Sequence[str]) -> str:
    """What pods need for the buckets of these names; whoever writes has to be among the readers too.

    Versions are out of reach: what was overwritten or deleted is brought back by an administrator.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html, read 2026-11.
    """
    statements = [
        allow("FindObjects", ("s3:ListBucket", "s3:GetBucketLocation"), _buckets(stage, reads)),
        allow("ReadObjects", READ, _objects(stage, reads)),
        use_key(stage, "DecryptObjects", ("kms:Decrypt",), _buckets(stage, reads)),
    ]
    if writes:
        statements += [
            allow("FindUploads", ("s3:ListBucketMultipartUploads",), _buckets(stage, writes)),
            allow("WriteObjects", WRITE, _objects(stage, writes)),
            use_key(stage, "EncryptObjects", ("kms:GenerateDataKey",), _buckets(stage, writes)),
        ]
    return document(*statements)


def use_key(
    stage: Stage,
    sid: str,
    actions: Sequence[str],
    bucket_arns: Sequence[str],
    *,
    region: str | None = None,
    data_class: str = "data",
) -> Statement:
    """The key of a class of data, for objects of these buckets alone and through S3 alone.

    The key serves other data as well. With bucket keys its encryption context is the bucket, else the object.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html, read 2026-11.
    """
    place = region or stage.region
    return allow(
        sid,
        actions,
        [f"arn:{stage.partition}:kms:{place}:{stage.account_id}:key/*"],
        {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias(data_class)},
            "StringEquals": {"kms:ViaService": f"s3.{place}.amazonaws.com"},
            "ArnLike": {"kms:EncryptionContext:aws:s3:arn": [*bucket_arns, *(f"{arn}/*" for arn in bucket_arns)]},
        },
    )


def log_bucket(stage: Stage, name: str) -> str:
    """Bucket policy: TLS only, and S3 delivers the access logs of buckets of this stack.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html, read 2026-11.
    """
    arn = bucket_arn(stage, name)
    return document(
        iam.tls_only(arn),
        {
            "Sid": "WriteAccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": ["s3:PutObject"],
            "Resource": [f"{arn}/*"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": stage.account_id},
                "ArnLike": {"aws:SourceArn": f"arn:{stage.partition}:s3:::{stage.prefix}-*"},
            },
        },
    )


def replication_trust(stage: Stage, name: str) -> str:
    """Trust policy of the role by which S3 copies one bucket."""
    conditions = {
        "StringEquals": {"aws:SourceAccount": stage.account_id},
        "ArnEquals": {"aws:SourceArn": bucket_arn(stage, name)},
    }
    return iam.service_trust("s3.amazonaws.com", condition=conditions)


def replication(stage: Stage, name: str, region: str) -> str:
    """What S3 needs to copy a bucket to its namesake in a second region, and from one key to the other.

    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html and
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html, read 2026-11.
    """
    source, copy = bucket_arn(stage, name), bucket_arn(stage, name, region)
    read = (
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
    )
    return document(
        allow("FindObjects", ("s3:GetReplicationConfiguration", "s3:ListBucket"), [source]),
        allow("ReadVersions", read, [f"{source}/*"]),
        allow("WriteCopies", ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"), [f"{copy}/*"]),
        use_key(stage, "DecryptObjects", ("kms:Decrypt",), [source]),
        use_key(stage, "EncryptCopies", ("kms:Encrypt",), [copy], region=region, data_class="copies"),
    )


def _buckets(stage: Stage, names: Sequence[str]) -> list[str]:
    return [bucket_arn(stage, name) for name in names]


def _objects(stage: Stage, names: Sequence[str]) -> list[str]:
    return [f"{arn}/*" for arn in _buckets(stage, names)]
