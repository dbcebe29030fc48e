"""Velero's AWS side: a bucket for the Kubernetes objects of one cluster, and for the list of its volume snapshots.

Velero itself is an add-on. Copies of volumes are EBS snapshots, which the EBS driver makes when Velero requests them
from Kubernetes. So Velero has permissions for its bucket, and none for volumes.
Sources: velero-io/velero-plugin-for-aws, README and backupstoragelocation.md; https://velero.io/docs/main/csi/; read
2026-11.
"""

from dataclasses import dataclass

import pulumi

from components.core import iam
from components.core.bucket_names import bucket_name
from components.core.private_bucket import ABORT_UPLOADS_DAYS, private_bucket
from components.core.stage import Stage
from components.storage.recovery.velero_iam import bucket_key

# Days in which a backup can be restored after it was deleted by mistake or by an intruder.
OLD_VERSIONS_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class VeleroArgs:
    """Arguments of Velero.

    cluster: key in the stack file.
    data_key_arn: key for the objects in the bucket.
    Raises ValueError when the key is missing: S3 would use its own key, which our policies do not control.
    """

    stage: Stage
    cluster: str
    data_key_arn: pulumi.Input[str] | None

    def __post_init__(self) -> None:
        if self.data_key_arn is None:
            raise ValueError(
                "data_key_arn is missing, so backups would not be encrypted with our key. Give the data key."
            )


class Velero(pulumi.ComponentResource):
    """The AWS side for one cluster with the add-on. The bucket's name is known at preview, for the permissions."""

    bucket_name: str

    def __init__(self, name: str, args: VeleroArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:recovery:Velero", name, None, opts)
        self.bucket_name = bucket_name(args.stage, bucket_key(args.cluster))
        private_bucket(
            f"{name}-bucket",
            self.bucket_name,
            args.stage,
            policy=iam.document(iam.tls_only(args.stage.bucket_arn(self.bucket_name))),
            key_arn=args.data_key_arn,
            lifecycle=[
                {
                    "id": "old-versions",  # Velero deletes current objects itself, when a backup expires
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSIONS_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_UPLOADS_DAYS},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
            tags={"ml-platform:purpose": "backups"},
        )
        self.register_outputs({"bucket_name": self.bucket_name})
