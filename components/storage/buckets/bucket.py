"""One bucket of `storage.buckets`, with access logs, lifecycle, lock, mount, and a copy in a second region."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.bucket_names import bucket_arn, bucket_name
from components.core.cluster_ref import ClusterRef
from components.core.namespaces import ClusterNamespace
from components.core.private_bucket import PrivateBucket, private_bucket
from components.core.stage import Stage
from components.core.standing import COPY_OF
from components.storage.buckets import bucket_iam
from components.storage.buckets.access_logs import AccessLogs
from components.storage.buckets.bucket_lifecycle import lifecycle
from components.storage.buckets.bucket_mount import mount
from components.storage.recovery.backup import backup_tags
from components.storage.recovery.second_region import SecondRegion
from settings.storage.buckets import BucketSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.recovery import RecoverySettings


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """Arguments of a bucket.

    key: name in the stack file.
    namespaces: (cluster, namespace) -> what objects in the namespace must wait for.
    copies: the region that gets the copy.
    once_locked: whether the bucket has had a lock, which S3 keeps for ever, also without a default retention.
    tags: further tags of the bucket and its copy.
    Raises ValueError when copies is not the region in the settings.
    """

    key: str
    settings: BucketSettings
    recovery: RecoverySettings
    stage: Stage
    key_arn: pulumi.Input[str]
    access_logs: AccessLogs
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[ClusterNamespace, pulumi.Resource | None]
    copies: SecondRegion | None
    once_locked: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        region = None if self.copies is None else self.copies.region
        if region != self.settings.replicate_to:
            raise ValueError(
                f"copies is {region}, but replicate_to in the settings is {self.settings.replicate_to}. Give that "
                "SecondRegion."
            )


class Bucket(pulumi.ComponentResource):
    """A bucket: private, encrypted, versioned, logged. `name` is known at preview, and depends on the bucket."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Bucket", name, None, opts)
        stage, settings = args.stage, args.settings
        self._args = args
        original = self._bucket(name, None, args.key_arn, backup_tags(args.recovery, settings), self._opts())
        lock = self._lock(name, original, self._opts())
        args.access_logs.collect_from(name, original.bucket, self._opts())
        if args.copies is not None:
            self._copy(name, args.copies, original, lock)
        self.name = original.bucket.bucket
        if settings.mount:
            mount(args.key, settings, self.name, stage.region, args.clusters, args.namespaces, self)
        self.register_outputs({"name": self.name})

    def _opts(self, copies: SecondRegion | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, provider=None if copies is None else copies.provider)

    def _bucket(
        self,
        name: str,
        copied_to: str | None,
        key_arn: pulumi.Input[str],
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> PrivateBucket:
        stage, key, settings = self._args.stage, self._args.key, self._args.settings
        return private_bucket(
            name,
            bucket_name(stage, key, copied_to),
            stage,
            policy=iam.document(iam.tls_only(bucket_arn(stage, key, copied_to))),
            key_arn=key_arn,
            lifecycle=lifecycle(settings),
            tags={**size_tags(settings), **self._args.tags, **tags},
            opts=opts,
        )

    def _lock(
        self, name: str, original: PrivateBucket, opts: pulumi.ResourceOptions, *, enabled: bool = False
    ) -> list[pulumi.Resource]:
        """Registers the lock as a separate resource. As an input of the bucket, a later lock would replace the bucket.

        enabled: whether it has a lock even if the settings give no days, then without a default retention.
        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html, read 2026-11.
        """
        days, retains = self._args.settings.object_lock_days, self._args.stage.retains
        if days is None and not enabled:
            return []
        mode = "COMPLIANCE" if self._args.stage.production else "GOVERNANCE"
        lock_options = pulumi.ResourceOptions(
            depends_on=[original.versioning],
            retain_on_delete=retains or None,
            ignore_changes=["rule"] if days is None and retains else None,  # as with that of the original
        )
        return [
            aws.s3.BucketObjectLockConfiguration(
                name,
                bucket=original.bucket.id,
                rule=None if days is None else {"default_retention": {"mode": mode, "days": days}},
                opts=pulumi.ResourceOptions.merge(opts, lock_options),
            )
        ]

    def _copy(self, name: str, copies: SecondRegion, original: PrivateBucket, lock: list[pulumi.Resource]) -> None:
        """Replicates new objects and deletions. Objects from before need S3 Batch Replication.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html, read 2026-11.
        """
        stage, key = self._args.stage, self._args.key
        copy_name = f"{name}-copy"
        copy = self._bucket(copy_name, copies.region, copies.key_arn, {COPY_OF: stage.region}, self._opts(copies))
        copy_lock = self._lock(copy_name, copy, self._opts(copies), enabled=self._args.once_locked)
        role = aws.iam.Role(
            f"{name}-replication",
            assume_role_policy=bucket_iam.replication_trust(stage, key),
            permissions_boundary=stage.boundary,
            opts=self._opts(),
        )
        permission = aws.iam.RolePolicy(
            f"{name}-replication",
            role=role.name,
            policy=bucket_iam.replication(stage, key, copies.region),
            opts=self._opts(),
        )
        aws.s3.BucketReplicationConfig(
            name,
            bucket=original.bucket.id,
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
                    depends_on=[original.versioning, copy.versioning, permission, *lock, *copy_lock],
                ),
            ),
        )


def size_tags(settings: BucketSettings | FileSystemSettings) -> Mapping[str, str]:
    """Returns tags for the cost estimate and for readers of the bill."""
    sizes_gib = {"expected-gib": settings.expected_gib, "monthly-growth-gib": settings.monthly_growth_gib}
    sizes = {f"ml-platform:{name}": str(gib) for name, gib in sizes_gib.items() if gib is not None}
    return {"ml-platform:purpose": settings.purpose, **sizes}
