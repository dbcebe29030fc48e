"""Everything that holds data: buckets, file systems, and their backups."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.core.aws_access import AwsAccess
from components.core.cluster_ref import ClusterRef
from components.core.namespaces import ClusterNamespace
from components.core.stage import Stage
from components.storage.buckets.access_logs import NAME as ACCESS_LOGS
from components.storage.buckets.access_logs import AccessLogs, AccessLogsArgs
from components.storage.buckets.bucket import Bucket, BucketArgs
from components.storage.file_system import FileSystem, FileSystemArgs
from components.storage.lustre import Lustre, LustreArgs
from components.storage.recovery.backup import Backup, BackupArgs
from components.storage.recovery.second_region import SecondRegion, SecondRegionArgs
from components.storage.storage_identity import StorageIdentity, StorageIdentityArgs, bucket_access
from settings.security.keys import KeySettings
from settings.storage.recovery_plan import cluster_protection, schedules
from settings.storage.storage import StorageSettings


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """Arguments of the storage.

    subnet_ids: zone name -> private subnet id.
    clusters: key in the stack file -> cluster.
    data_key_arn: key for all data.
    backup_key_arn: None when nothing is backed up.
    namespaces: what objects in each namespace must wait for; None if it always exists.
    live_links: links of Lustre file systems, as they were before this run.
    once_locked: buckets that have had a lock.
    teams: map and name of an entry that one team alone uses -> that team.
    """

    settings: StorageSettings
    keys: KeySettings
    stage: Stage
    access: AwsAccess
    vpc: aws.ec2.Vpc
    subnet_ids: Mapping[str, pulumi.Input[str]]
    clusters: Mapping[str, ClusterRef]
    data_key_arn: pulumi.Input[str]
    backup_key_arn: pulumi.Input[str] | None
    logs_key_arn: pulumi.Input[str]
    namespaces: Mapping[ClusterNamespace, pulumi.Resource | None] = field(default_factory=dict)
    live_links: Mapping[str, str] = field(default_factory=dict)
    once_locked: Collection[str] = ()
    teams: Mapping[tuple[str, str], str] = field(default_factory=dict)


class Storage(pulumi.ComponentResource):
    """Builds one component for each entry of `storage`, with the name of the entry.

    bucket_names: entry -> physical name.
    restore_role_arn: the role for a restore by AWS Backup.
    """

    bucket_names: Mapping[str, pulumi.Output[str]]
    file_system_ids: Mapping[str, pulumi.Output[str]]
    lustre_ids: Mapping[str, pulumi.Output[str]]
    restore_role_arn: pulumi.Output[str] | None

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Storage", name, None, opts)
        self._name, self._args = name, args
        self._opts = pulumi.ResourceOptions(parent=self)
        self._regions: dict[str, SecondRegion] = {}
        self._buckets = self._make_buckets() if args.settings.buckets else {}
        self.bucket_names = {key: bucket.name for key, bucket in self._buckets.items()}
        self.file_system_ids = {key: self._file_system(key).id for key in args.settings.file_systems}
        self.lustre_ids = {key: self._lustre(key).file_system_id for key in args.settings.lustre}
        self.restore_role_arn = self._backup()
        self.register_outputs({"restore_role_arn": self.restore_role_arn})

    def _backup(self) -> pulumi.Output[str] | None:
        args, recovery = self._args, self._args.settings.recovery
        backups = schedules(args.settings, args.clusters.keys())
        if args.backup_key_arn is None or not backups:
            return None
        backup_args = BackupArgs(
            settings=recovery,
            stage=args.stage,
            key_arn=args.backup_key_arn,
            schedules=backups,
            cluster_arns=[args.stage.cluster_arn(key) for key in args.clusters],
            cluster_schedule=cluster_protection(recovery, "").schedule,
            copies=self._second_region(recovery.copy_to) if recovery.copy_to else None,
        )
        return Backup(f"{self._name}-backup", backup_args, self._opts).restore_role_arn

    def _file_system(self, key: str) -> FileSystem:
        args, settings = self._args, self._args.settings.file_systems[key]
        return FileSystem(
            key,
            FileSystemArgs(
                key=key,
                settings=settings,
                recovery=args.settings.recovery,
                stage=args.stage,
                vpc=args.vpc,
                subnet_ids=args.subnet_ids,
                clusters=args.clusters,
                namespaces=args.namespaces,
                key_arn=args.data_key_arn,
                copies=self._second_region(settings.replicate_to) if settings.replicate_to else None,
                tags=self._team_tags("file_systems", key),
            ),
            self._opts,
        )

    def _team_tags(self, kind: str, key: str) -> Mapping[str, str]:
        team = self._args.teams.get((kind, key))
        return self._args.stage.team_tags(team) if team is not None else {}

    def _make_buckets(self) -> dict[str, Bucket]:
        args, settings = self._args, self._args.settings
        access_logs = AccessLogs(ACCESS_LOGS, AccessLogsArgs(stage=args.stage), self._opts)
        for user, statements in bucket_access(args.stage, settings.buckets, args.clusters).items():
            cluster_name = args.clusters[user.cluster].name
            StorageIdentity(
                user.path,
                StorageIdentityArgs(
                    user=user, stage=args.stage, cluster_name=cluster_name, statements={"buckets": statements}
                ),
                self._opts,
            )
        return {key: self._bucket(key, access_logs) for key in settings.buckets}

    def _bucket(self, key: str, access_logs: AccessLogs) -> Bucket:
        args, settings = self._args, self._args.settings.buckets[key]
        return Bucket(
            key,
            BucketArgs(
                key=key,
                settings=settings,
                recovery=args.settings.recovery,
                stage=args.stage,
                key_arn=args.data_key_arn,
                access_logs=access_logs,
                clusters=args.clusters,
                namespaces=args.namespaces,
                copies=self._second_region(settings.replicate_to) if settings.replicate_to else None,
                once_locked=key in args.once_locked,
                tags=self._team_tags("buckets", key),
            ),
            self._opts,
        )

    def _lustre(self, key: str) -> Lustre:
        args, settings = self._args, self._args.settings.lustre[key]
        return Lustre(
            key,
            LustreArgs(
                settings=settings,
                recovery=args.settings.recovery,
                stage=args.stage,
                vpc_id=args.vpc.id,
                subnet_id=args.subnet_ids[settings.zone],
                live_links=args.live_links,
                clusters=args.clusters,
                namespaces=args.namespaces,
                buckets=self._buckets,
                data_key_arn=args.data_key_arn,
                logs_key_arn=args.logs_key_arn,
                tags=self._team_tags("lustre", key),
            ),
            self._opts,
        )

    def _second_region(self, region: str) -> SecondRegion:
        """Returns the component of a region with copies; registers it with the first use."""
        if region not in self._regions:
            file_systems = self._args.settings.file_systems.values()
            args = SecondRegionArgs(
                region=region,
                stage=self._args.stage,
                settings=self._args.keys,
                access=self._args.access,
                copies_stay=any(each.replicate_to == region for each in file_systems),
            )
            self._regions[region] = SecondRegion(f"{self._name}-{region}", args, pulumi.ResourceOptions(parent=self))
        return self._regions[region]
