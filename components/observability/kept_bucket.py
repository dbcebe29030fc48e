"""The bucket in which Loki or Tempo of one cluster keeps what it has taken. Each deletes what is old by itself."""

from dataclasses import dataclass

import pulumi

from components.core import iam
from components.core.bucket_names import bucket_name
from components.core.private_bucket import ABORT_UPLOADS_DAYS, private_bucket
from components.core.stage import Stage

OLD_VERSIONS_DAYS = 7
"""Days for which what was deleted can be brought back. They come on top of the retention."""


@dataclass(frozen=True, kw_only=True)
class KeptBucketArgs:
    """Arguments of the bucket. key: what names it within the stack. purpose: for its tag, by which it is priced."""

    stage: Stage
    key: str
    purpose: str
    key_arn: pulumi.Input[str]


class KeptBucket(pulumi.ComponentResource):
    """The bucket's name is known at preview, for the permissions."""

    def __init__(self, name: str, args: KeptBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:KeptBucket", name, None, opts)
        physical_name = bucket_name(args.stage, args.key)
        private_bucket(
            f"{name}-bucket",
            physical_name,
            args.stage,
            policy=iam.document(iam.tls_only(args.stage.bucket_arn(physical_name))),
            key_arn=args.key_arn,
            lifecycle=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    # Retention makes a marker of each object, and listings would pass all of them.
                    "expiration": {"expired_object_delete_marker": True},
                    "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSIONS_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_UPLOADS_DAYS},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
            tags={"ml-platform:purpose": args.purpose},
        )
        self.register_outputs({})
