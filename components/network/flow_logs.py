"""The VPC's flow logs, in a bucket of their own or in CloudWatch."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.bucket_names import bucket_arn, bucket_name
from components.core.private_bucket import ABORT_UPLOADS_DAYS, PrivateBucket, private_bucket
from components.core.stage import Stage
from settings.network.network import FlowLogSettings


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Arguments of the flow logs.

    bucket_key_arn: key for the bucket; only needed with destination s3.
    Raises ValueError when it is missing then: S3 would use its own key, which our policies do not control.
    """

    settings: FlowLogSettings
    stage: Stage
    vpc_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    bucket_key_arn: pulumi.Input[str] | None

    def __post_init__(self) -> None:
        if self.settings.destination == "s3" and self.bucket_key_arn is None:
            raise ValueError(
                "bucket_key_arn is missing, so the flow logs would not be encrypted with our key. Give the data key."
            )


class FlowLogs(pulumi.ComponentResource):
    """Flow logs of all traffic, accepted and rejected. Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:network:FlowLogs", name, None, opts)
        if args.settings.destination == "s3":
            self._to_bucket(name, args)
        else:
            self._to_log_group(name, args)
        self.register_outputs({})

    def _to_bucket(self, name: str, args: FlowLogsArgs) -> None:
        bucket, _, settings = self._bucket(name, args)
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
            opts=self._opts(settings),  # without them, AWS refuses the destination
        )

    def _opts(self, depends_on: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        """Returns the options of a flow log. EC2 refuses a second one for the same VPC and destination."""
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on, delete_before_replace=True)

    def _bucket(self, name: str, args: FlowLogsArgs) -> PrivateBucket:
        stage = args.stage
        return private_bucket(
            f"{name}-bucket",
            bucket_name(stage, "flow-logs"),
            stage,
            policy=iam.flow_log_bucket(stage, bucket_arn(stage, "flow-logs")),
            key_arn=args.bucket_key_arn,
            lifecycle=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": args.settings.retention_days},
                    "noncurrent_version_expiration": {"noncurrent_days": 7},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_UPLOADS_DAYS},
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
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trust, permissions_boundary=stage.boundary, opts=opts)
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
            opts=self._opts([permission]),  # without it, deliveries fail silently
        )
