"""The bucket of requests: each load balancer writes into a folder of its own.

Elastic Load Balancing writes to no bucket with a key of ours, so the bucket has the key of S3.
Source: Elastic Load Balancing, "Enable access logs for your Application Load Balancer"; read 2026-11.
"""

import pulumi

from components.core import iam
from components.core.bucket_names import bucket_name
from components.core.private_bucket import ABORT_UPLOADS_DAYS, PrivateBucket, private_bucket
from components.core.stage import Stage

NAME = "door-logs"


def door_log_bucket(name: str, stage: Stage, days: int, opts: pulumi.ResourceOptions) -> PrivateBucket:
    """Registers the bucket. days: until what is in it is deleted."""
    arn = stage.bucket_arn(bucket_name(stage, NAME))
    return private_bucket(
        name,
        bucket_name(stage, NAME),
        stage,
        policy=iam.document(iam.tls_only(arn), write_door_logs(stage, arn)),
        key_arn=None,
        lifecycle=[
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": days},
                "noncurrent_version_expiration": {"noncurrent_days": 1},
                "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_UPLOADS_DAYS},
            }
        ],
        tags={"ml-platform:purpose": "logs"},
        opts=opts,
    )


def write_door_logs(stage: Stage, bucket_arn: str) -> iam.Statement:
    """Returns the statement by which load balancers of this account and region write."""
    return {
        "Sid": "WriteDoorLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": [f"{bucket_arn}/*/AWSLogs/{stage.account_id}/*"],
        "Condition": {"ArnLike": {"aws:SourceArn": stage.arn("elasticloadbalancing", "loadbalancer/*")}},
    }
