"""What every S3 bucket of ours has, whoever fills it: private, encrypted, versioned, TLS only."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage

ABORT_UPLOADS_DAYS = 7  # parts of an upload that never ended are billed, and no listing shows them


class PrivateBucket(NamedTuple):
    """A bucket and its settings. Whoever writes to it, or points at it, waits for `settings`."""

    bucket: aws.s3.Bucket
    versioning: aws.s3.BucketVersioning
    settings: tuple[pulumi.Resource, ...]


def private_bucket(
    name: str,
    physical_name: str,
    stage: Stage,
    *,
    policy: str,
    key_arn: pulumi.Input[str] | None,
    lifecycle: Sequence[aws.s3.BucketLifecycleConfigurationRuleArgsDict],
    opts: pulumi.ResourceOptions,
    tags: Mapping[str, str] | None = None,
) -> PrivateBucket:
    """Register a bucket and its settings, all of them under `name`.

    key_arn: None for the key of S3 itself, which is right only where a service writes that can use no other.
    Where the bucket is retained, so are its settings: left without block and policy it would be open to mistakes.
    """
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=stage.retains or None))
    bucket = aws.s3.Bucket(
        name,
        bucket=physical_name,
        force_destroy=not stage.deletion_protection,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=stage.deletion_protection)),
    )
    block = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    ownership = aws.s3.BucketOwnershipControls(
        name, bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    versioning = aws.s3.BucketVersioning(
        name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    encrypts: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = {
        "sse_algorithm": "AES256"
    }
    if key_arn is not None:
        encrypts = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": encrypts, "bucket_key_enabled": key_arn is not None}],
        opts=opts,
    )
    expiry = aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=lifecycle, opts=opts)
    grants = aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=policy,
        # S3 refuses both at once: a policy and a change of what policies may say.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[block])),
    )
    return PrivateBucket(bucket, versioning, (block, ownership, versioning, encryption, expiry, grants))
