"""Who asked for what in the buckets of the stack: one bucket that S3 writes their access logs to."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.bucket_names import bucket_name
from components.core.private_bucket import private_bucket
from components.core.stage import Stage
from components.storage.buckets import bucket_iam
from components.storage.buckets.bucket_lifecycle import lifecycle
from settings.storage.buckets import BucketSettings

NAME = "access-logs"


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """What it is told."""

    stage: Stage


class AccessLogs(pulumi.ComponentResource):
    """Made where there is any bucket. Under the key of S3 itself: S3 delivers no access logs under a key of ours.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html, read 2026-11.
    """

    def __init__(self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:AccessLogs", name, None, opts)
        stage = args.stage
        self._made = private_bucket(
            name,
            bucket_name(stage, NAME),
            stage,
            policy=bucket_iam.log_bucket(stage, NAME),
            key_arn=None,
            lifecycle=lifecycle(BucketSettings(purpose="logs")),
            tags={"ml-platform:purpose": "logs"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"bucket": self._made.bucket.bucket})

    def of(self, name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions) -> aws.s3.BucketLogging:
        """Register that the access logs of a bucket go here, one folder for each bucket and day."""
        return aws.s3.BucketLogging(
            name,
            bucket=bucket.id,
            target_bucket=self._made.bucket.id,
            target_prefix=f"{name}/",
            target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(self._made.settings))),
        )
