"""The settings that all S3 buckets of the platform share."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage
from components.core.standing import import_id

ABORT_UPLOADS_DAYS = 7  # parts of an incomplete upload are billed, and no listing shows them


class PrivateBucket(NamedTuple):
    """A bucket and its settings. Everything that writes or refers to the bucket must wait for `settings`."""

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
    """Registers a bucket and its settings, all under `name`.

    key_arn: None for the key of S3 itself; only for a service that cannot write with another key.
    When the bucket is retained, so are its settings: without public access block and policy it would be less safe. When
    its entry comes back, the bucket is imported; for one that is in the state already, the engine does nothing.
    """
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=stage.retains or None))
    bucket = aws.s3.Bucket(
        name,
        bucket=physical_name,
        force_destroy=not stage.deletion_protection,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                protect=stage.deletion_protection,
                import_=import_id(stage, stage.bucket_arn(physical_name), physical_name, tags or {}),
            ),
        ),
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
    encryption_rule: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = {
        "sse_algorithm": "AES256"
    }
    if key_arn is not None:
        encryption_rule = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": encryption_rule, "bucket_key_enabled": key_arn is not None}],
        opts=opts,
    )
    lifecycle_rules = aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=lifecycle, opts=opts)
    bucket_policy = aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=policy,
        # S3 refuses a policy while the public access block, which limits policies, is changing.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[block])),
    )
    return PrivateBucket(bucket, versioning, (block, ownership, versioning, encryption, lifecycle_rules, bucket_policy))
