"""IAM documents of buckets: for pods that read and write, for access logs, and for copies in a second region."""

from collections.abc import Sequence

from components.core import iam
from components.core.bucket_names import bucket_arn
from components.core.iam import Statement, allow, document
from components.core.stage import Stage

READ = ("s3:GetObject",)
WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


def access(stage: Stage, reads: Sequence[str], writes: Sequence[str]) -> str:
    """Returns the permissions of pods for buckets, by name. reads must include all of writes.

    Pods cannot access old versions: only an administrator can restore what was overwritten or deleted.
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
    """Returns a statement to use the key of a data class, only for objects of these buckets and only through S3.

    The key also encrypts other data. The encryption context is the bucket with bucket keys, and otherwise the object.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html, read 2026-11.
    """
    key_region = region or stage.region
    return allow(
        sid,
        actions,
        [f"arn:{stage.partition}:kms:{key_region}:{stage.account_id}:key/*"],
        {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias(data_class)},
            "StringEquals": {"kms:ViaService": f"s3.{key_region}.amazonaws.com"},
            "ArnLike": {"kms:EncryptionContext:aws:s3:arn": [*bucket_arns, *(f"{arn}/*" for arn in bucket_arns)]},
        },
    )


def log_bucket(stage: Stage, name: str) -> str:
    """Returns a bucket policy: TLS only, and S3 may deliver access logs of this stack's buckets.

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
                "ArnLike": {"aws:SourceArn": stage.bucket_arn(f"{stage.prefix}-*")},
            },
        },
    )


def replication_trust(stage: Stage, name: str) -> str:
    """Returns the trust policy of the role with which S3 copies one bucket.

    No source shows that S3 names bucket and account when it assumes the role, and AWS's own example has no condition.
    Without `IfExists` S3 could then copy nothing, and only the status of each object would say so. Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html, read 2026-11.
    """
    conditions = {
        "StringEqualsIfExists": {"aws:SourceAccount": stage.account_id},
        "ArnEqualsIfExists": {"aws:SourceArn": bucket_arn(stage, name)},
    }
    return iam.service_trust("s3.amazonaws.com", condition=conditions)


def replication(stage: Stage, name: str, region: str) -> str:
    """Returns the permissions of S3 to copy a bucket to a second region, and from one key to the other.

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
        use_key(stage, "EncryptCopies", ("kms:Encrypt",), [copy], region=region, data_class=stage.copies_key),
    )


def _buckets(stage: Stage, names: Sequence[str]) -> list[str]:
    return [bucket_arn(stage, name) for name in names]


def _objects(stage: Stage, names: Sequence[str]) -> list[str]:
    return [f"{arn}/*" for arn in _buckets(stage, names)]
