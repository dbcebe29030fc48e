"""The VPC's flow logs: to a bucket that takes nothing else, or to CloudWatch."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.stage import Stage
from settings.network import FlowLogSettings


def bucket_name(stage: Stage) -> str:
    """Known at preview, and told apart by account and region, since bucket names are shared by the whole world."""
    place = hashlib.sha256(f"{stage.account_id}/{stage.region}".encode()).hexdigest()[:8]
    return f"{stage.prefix}-flow-logs-{place}"


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """What the flow logs are told.

    bucket_key_arn: key for the bucket; needed for destination s3 only.
    Raises ValueError when it is missing there: S3 would fall back to a key that no policy of ours governs.
    """

    settings: FlowLogSettings
    stage: Stage
    vpc_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    bucket_key_arn: pulumi.Input[str] | None

    def __post_init__(self) -> None:
        if self.settings.destination == "s3" and self.bucket_key_arn is None:
            raise ValueError(
                "bucket_key_arn is missing, so the flow logs would not be under our key. Give the data key."
            )


class FlowLogs(pulumi.ComponentResource):
    """All traffic, accepted and rejected. Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:network:FlowLogs", name, None, opts)
        if args.settings.destination == "s3":
            self._to_bucket(name, args)
        else:
            self._to_log_group(name, args)
        self.register_outputs({})

    def _to_bucket(self, name: str, args: FlowLogsArgs) -> None:
        bucket, policy = self._bucket(name, args)
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=bucket.arn,
            max_aggregation_interval=args.settings.aggregation_seconds,
            destination_options={
                "file_format": "parquet",
                "hive_compatible_partitions": True,
                "per_hour_partition": True,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),  # before it, AWS refuses the destination
        )

    def _bucket(self, name: str, args: FlowLogsArgs) -> tuple[aws.s3.Bucket, aws.s3.BucketPolicy]:
        stage, opts = args.stage, pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=bucket_name(stage),
            force_destroy=not stage.deletion_protection,
            opts=pulumi.ResourceOptions(parent=self, protect=stage.deletion_protection),
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-bucket",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=opts,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-bucket", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
        )
        aws.s3.BucketVersioning(
            f"{name}-bucket", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts
        )
        encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": args.bucket_key_arn}
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-bucket",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": encryption, "bucket_key_enabled": True}],
            opts=opts,
        )
        self._expiry(name, args, bucket)
        policy = aws.s3.BucketPolicy(
            f"{name}-bucket",
            bucket=bucket.id,
            policy=iam.flow_log_bucket(stage, f"arn:{stage.partition}:s3:::{bucket_name(stage)}"),
            # S3 refuses both at once: a policy and a change of what policies may say.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        return bucket, policy

    def _expiry(self, name: str, args: FlowLogsArgs, bucket: aws.s3.Bucket) -> None:
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-bucket",
            bucket=bucket.id,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": args.settings.retention_days},
                    "noncurrent_version_expiration": {"noncurrent_days": 7},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _to_log_group(self, name: str, args: FlowLogsArgs) -> None:
        stage, opts = args.stage, pulumi.ResourceOptions(parent=self)
        group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=f"/aws/vpc/{stage.prefix}/flow-logs",
            retention_in_days=args.settings.retention_days,
            kms_key_id=args.logs_key_arn,
            opts=pulumi.ResourceOptions(parent=self, protect=stage.deletion_protection),
        )
        trust = iam.service_trust(
            "vpc-flow-logs.amazonaws.com", condition={"StringEquals": {"aws:SourceAccount": stage.account_id}}
        )
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trust, opts=opts)
        group_arn = stage.arn("logs", f"log-group:/aws/vpc/{stage.prefix}/flow-logs")
        permission = aws.iam.RolePolicy(
            f"{name}-role", role=role.name, policy=iam.flow_log_writer(group_arn), opts=opts
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=args.settings.aggregation_seconds,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),  # before it, deliveries fail unnoticed
        )
