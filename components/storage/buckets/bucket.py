"""One bucket of `storage.buckets`: where its access logs go, what becomes of objects, and its copy elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.bucket_names import bucket_arn, bucket_name
from components.core.cluster_ref import ClusterRef
from components.core.private_bucket import PrivateBucket, private_bucket
from components.core.stage import Stage
from components.storage.buckets import bucket_iam
from components.storage.buckets.access_logs import AccessLogs
from components.storage.buckets.bucket_lifecycle import lifecycle
from components.storage.buckets.bucket_mount import mount
from components.storage.recovery.backup import backup_tags
from components.storage.recovery.second_region import SecondRegion
from components.storage.storage_namespaces import Place
from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.recovery import RecoverySettings


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What it is told, and what it stands on.

    key: name in the stack file. copies: the region that holds its copy. namespaces: (cluster, namespace) -> what
        objects in it wait for.
    Raises ValueError when that is missing where a copy is asked for, or is another one.
    """

    key: str
    settings: BucketSettings
    recovery: RecoverySettings
    stage: Stage
    key_arn: pulumi.Input[str]
    access_logs: AccessLogs
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[Place, pulumi.Resource | None]
    copies: SecondRegion | None

    def __post_init__(self) -> None:
        region = None if self.copies is None else self.copies.region
        if region != self.settings.replicate_to:
            raise ValueError(
                f"copies is {region}, and the settings want {self.settings.replicate_to}. Give that SecondRegion."
            )


class Bucket(pulumi.ComponentResource):
    """Private, encrypted, versioned, and logged. `name` is known at preview, and waits for the bucket."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Bucket", name, None, opts)
        stage, settings = args.stage, args.settings
        self._args = args
        made = self._bucket(name, stage.region, args.key_arn, backup_tags(args.recovery, settings), self._opts())
        lock = self._lock(name, made, self._opts())
        args.access_logs.of(name, made.bucket, self._opts())
        if args.copies is not None:
            self._copy(name, args.copies, made, lock)
        self.name = made.bucket.bucket
        if settings.mount:
            mount(args.key, settings, self.name, stage.region, args.clusters, args.namespaces, self)
        self.register_outputs({"name": self.name})

    def _opts(self, copies: SecondRegion | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, provider=None if copies is None else copies.provider)

    def _bucket(
        self,
        name: str,
        region: str,
        key_arn: pulumi.Input[str],
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> PrivateBucket:
        stage, key, settings = self._args.stage, self._args.key, self._args.settings
        return private_bucket(
            name,
            bucket_name(stage, key, region),
            stage,
            policy=iam.document(iam.tls_only(bucket_arn(stage, key, region))),
            key_arn=key_arn,
            lifecycle=lifecycle(settings),
            tags={**size_tags(settings), **tags},
            opts=opts,
        )

    def _lock(self, name: str, made: PrivateBucket, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """Turned on beside the bucket and not with it: there, turning it on later would replace the bucket.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html, read 2026-11.
        """
        days = self._args.settings.object_lock_days
        if days is None:
            return []
        mode = "COMPLIANCE" if self._args.stage.production else "GOVERNANCE"
        waits = pulumi.ResourceOptions(depends_on=[made.versioning], retain_on_delete=self._args.stage.retains or None)
        return [
            aws.s3.BucketObjectLockConfiguration(
                name,
                bucket=made.bucket.id,
                rule={"default_retention": {"mode": mode, "days": days}},
                opts=pulumi.ResourceOptions.merge(opts, waits),
            )
        ]

    def _copy(self, name: str, copies: SecondRegion, made: PrivateBucket, lock: list[pulumi.Resource]) -> None:
        """Every new object and every deletion; what was there before takes S3 Batch Replication.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html, read 2026-11.
        """
        stage, key = self._args.stage, self._args.key
        there = f"{name}-copy"
        copy = self._bucket(there, copies.region, copies.key_arn, {}, self._opts(copies))
        lock_there = self._lock(there, copy, self._opts(copies))
        role = aws.iam.Role(
            f"{name}-replication", assume_role_policy=bucket_iam.replication_trust(stage, key), opts=self._opts()
        )
        permission = aws.iam.RolePolicy(
            f"{name}-replication",
            role=role.name,
            policy=bucket_iam.replication(stage, key, copies.region),
            opts=self._opts(),
        )
        aws.s3.BucketReplicationConfig(
            name,
            bucket=made.bucket.id,
            role=role.arn,
            rules=[
                {
                    "id": "everything",
                    "priority": 1,
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "delete_marker_replication": {"status": "Enabled"},
                    "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
                    "destination": {
                        "bucket": copy.bucket.arn,
                        "encryption_configuration": {"replica_kms_key_id": copies.key_arn},
                    },
                }
            ],
            opts=pulumi.ResourceOptions.merge(
                self._opts(),
                pulumi.ResourceOptions(
                    depends_on=[made.versioning, copy.versioning, permission, *lock, *lock_there],
                ),
            ),
        )


def size_tags(settings: BucketSettings | FileSystemSettings) -> Mapping[str, str]:
    """What the cost estimate goes by, and whoever reads the bill."""
    said = {"expected-gib": settings.expected_gib, "monthly-growth-gib": settings.monthly_growth_gib}
    sizes = {f"ml-platform:{name}": str(gib) for name, gib in said.items() if gib is not None}
    return {"ml-platform:purpose": settings.purpose, **sizes}
