"""Access logs of the stack's buckets: one bucket that S3 writes all of them to."""

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
    """Arguments of the bucket for access logs."""

    stage: Stage


class AccessLogs(pulumi.ComponentResource):
    """The bucket for access logs, if the stack has buckets. It uses the key of S3, since S3 cannot log to another key.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html, read 2026-11.
    """

    def __init__(self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:AccessLogs", name, None, opts)
        stage = args.stage
        self._log_bucket = private_bucket(
            name,
            bucket_name(stage, NAME),
            stage,
            policy=bucket_iam.log_bucket(stage, NAME),
            key_arn=None,
            lifecycle=lifecycle(BucketSettings(purpose="logs")),
            tags={"ml-platform:purpose": "logs"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"bucket": self._log_bucket.bucket.bucket})

    def collect_from(self, name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions) -> aws.s3.BucketLogging:
        """Registers that S3 delivers the access logs of a bucket here, with a folder for each bucket and day."""
        return aws.s3.BucketLogging(
            name,
            bucket=bucket.id,
            target_bucket=self._log_bucket.bucket.id,
            target_prefix=f"{name}/",
            target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(self._log_bucket.settings))),
        )
