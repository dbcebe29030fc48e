"""One EFS file system: a folder for each namespace that writes, all folders for each that reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.core import iam
from components.core.cluster_ref import ClusterRef
from components.core.stage import Stage
from components.storage.buckets.bucket import size_tags
from components.storage.claimed_volume import SMALLEST_CLAIM, claimed_volume
from components.storage.recovery.backup import backup_tags
from components.storage.recovery.second_region import SecondRegion
from components.storage.storage_namespaces import Place
from settings.storage.file_systems import FileSystemSettings, posix_id
from settings.storage.recovery import RecoverySettings

DRIVER = "efs.csi.aws.com"
NFS = 2049
CLIENT = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess")
ACCESS_MODES = ["ReadWriteMany"]


def lifecycle_policies(settings: FileSystemSettings) -> list[aws.efs.FileSystemLifecyclePolicyArgsDict]:
    """One move each, as EFS wants them. What is read again comes back, so that reading costs no more than once."""

    def after(days: int) -> str:
        return f"AFTER_{days}_DAY{'S' if days > 1 else ''}"

    moves: list[aws.efs.FileSystemLifecyclePolicyArgsDict] = []
    if settings.infrequent_after_days is not None:
        moves.append({"transition_to_ia": after(settings.infrequent_after_days)})
    if settings.archive_after_days is not None:
        moves.append({"transition_to_archive": after(settings.archive_after_days)})
    return [*moves, {"transition_to_primary_storage_class": "AFTER_1_ACCESS"}] if moves else []


def modes(settings: FileSystemSettings) -> dict[str, str]:
    """Namespace -> read or write. One namespace in two clusters is one team, with one folder."""
    return {user.namespace: user.mode for user in settings.used_by}


def posix_user(namespace: str, settings: FileSystemSettings) -> aws.efs.AccessPointPosixUserArgsDict:
    """Who a namespace is on the file system: a reader is in the groups of those who write."""
    user: aws.efs.AccessPointPosixUserArgsDict = {"uid": posix_id(namespace), "gid": posix_id(namespace)}
    if modes(settings)[namespace] == "read":
        writers = [name for name, mode in modes(settings).items() if mode == "write"]
        user["secondary_gids"] = sorted(posix_id(name) for name in writers)
    return user


def root_directory(namespace: str, settings: FileSystemSettings) -> aws.efs.AccessPointRootDirectoryArgsDict:
    """Where a namespace comes in: a writer is confined to its own folder, a reader stands above all folders.

    Source: https://docs.aws.amazon.com/efs/latest/ug/efs-access-points.html, read 2026-11.
    """
    if modes(settings)[namespace] == "read":
        return {"path": "/"}
    own = posix_id(namespace)
    creation: aws.efs.AccessPointRootDirectoryCreationInfoArgsDict = {
        "owner_uid": own,
        "owner_gid": own,
        "permissions": "0750",
    }
    return {"path": f"/{namespace}", "creation_info": creation}


def file_system_policy(stage: Stage, reading: Sequence[str]) -> str:
    """TLS only, by a mount target and an access point only; nobody is root, and readers cannot write.

    reading: ARNs of the access points of those who read. Whoever may make access points is for IAM to say.
    No resource is named, as in the policies that EFS itself proposes: the ARN would not be known at preview.
    Source: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html, read 2026-11.
    """
    any_access_point = stage.arn("elasticfilesystem", "access-point/*")
    anybody: iam.Principals = {"AWS": "*"}
    statements: list[iam.Statement] = [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": anybody,
            "Action": list(CLIENT),
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "MountByAccessPoint",
            "Effect": "Allow",
            "Principal": anybody,
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Condition": {
                "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
                "ArnLike": {"elasticfilesystem:AccessPointArn": any_access_point},
            },
        },
    ]
    if reading:
        statements.append(
            {
                "Sid": "ReadersDoNotWrite",
                "Effect": "Deny",
                "Principal": anybody,
                "Action": ["elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"],
                "Condition": {"ArnEquals": {"elasticfilesystem:AccessPointArn": sorted(reading)}},
            }
        )
    return iam.document(*statements)


def volume(
    claim: str, namespace: str, mode: str, handle: pulumi.Input[str]
) -> kubernetes.core.v1.PersistentVolumeSpecArgsDict:
    """Spec of the volume that one claim gets, and no other.

    The driver mounts nothing of access mode ReadOnlyMany: readers are told so by the mount, and kept so by the policy.
    Source: kubernetes-sigs/aws-efs-csi-driver, docs/README.md and pkg/driver/node.go; read 2026-11.
    """
    spec: kubernetes.core.v1.PersistentVolumeSpecArgsDict = {
        "capacity": {"storage": SMALLEST_CLAIM},  # Kubernetes wants a size; a file system has none
        "access_modes": ACCESS_MODES,
        "persistent_volume_reclaim_policy": "Retain",
        "storage_class_name": "",
        "volume_mode": "Filesystem",
        "claim_ref": {"namespace": namespace, "name": claim},
        "csi": {"driver": DRIVER, "volume_handle": handle},
    }
    if mode == "read":
        spec["csi"] = {"driver": DRIVER, "volume_handle": handle, "read_only": True}
        spec["mount_options"] = ["ro"]
    return spec


@dataclass(frozen=True, kw_only=True)
class FileSystemArgs:
    """What the file system is told, and what it stands on.

    key: its name in the stack file. subnet_ids: zone name -> private subnet id. namespaces: what objects in each have
    to wait for. copies: the region that holds the copy.
    """

    key: str
    settings: FileSystemSettings
    recovery: RecoverySettings
    stage: Stage
    vpc: aws.ec2.Vpc
    subnet_ids: Mapping[str, pulumi.Input[str]]
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[Place, pulumi.Resource | None]
    key_arn: pulumi.Input[str]
    copies: SecondRegion | None = None


class FileSystem(pulumi.ComponentResource):
    """Named by its key under `storage.file_systems`.

    Each namespace of used_by finds a claim `efs-<name>`; where pods write, a class `efs-<name>` makes further volumes.
    """

    id: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: FileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:FileSystem", name, None, opts)
        self._name, self._args, self._opts = name, args, pulumi.ResourceOptions(parent=self)
        self._object = f"efs-{args.key}"
        system = self._file_system()
        self.id, self.arn = system.id, system.arn
        points = {namespace: self._access_point(namespace) for namespace in modes(args.settings)}
        ready = [*self._mount_targets(), self._policy(points)]
        for cluster in dict.fromkeys(user.cluster_among(args.clusters) for user in args.settings.used_by):
            self._storage_class(cluster, ready)
        for user in args.settings.used_by:
            self._claim(user.cluster_among(args.clusters), user.namespace, points[user.namespace], ready)
        if args.copies is not None:
            self._replication(args.copies)
        self.register_outputs({"id": self.id, "arn": self.arn})

    def _file_system(self) -> aws.efs.FileSystem:
        settings, stage = self._args.settings, self._args.stage
        return aws.efs.FileSystem(
            self._name,
            encrypted=True,
            kms_key_id=self._args.key_arn,
            throughput_mode=settings.throughput,
            provisioned_throughput_in_mibps=settings.provisioned_mibps,
            lifecycle_policies=lifecycle_policies(settings),
            tags={
                "Name": f"{stage.prefix}-{self._args.key}",
                **size_tags(settings),
                **backup_tags(self._args.recovery, settings),
            },
            opts=pulumi.ResourceOptions(
                parent=self, protect=stage.deletion_protection, retain_on_delete=stage.retains or None
            ),
        )

    def _mount_targets(self) -> list[pulumi.Resource]:
        args = self._args
        group = aws.ec2.SecurityGroup(
            f"{self._name}-nfs",
            description="NFS from nodes that mount the file system",
            vpc_id=args.vpc.id,
            tags={"Name": f"{args.stage.prefix}-efs-{args.key}"},
            opts=self._opts,
        )
        rules = [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-nfs-{cluster}",
                description=f"NFS from cluster {cluster}",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=NFS,
                to_port=NFS,
                referenced_security_group_id=args.clusters[cluster].security_group_id,
                opts=self._opts,
            )
            for cluster in dict.fromkeys(user.cluster_among(args.clusters) for user in args.settings.used_by)
        ]
        targets = [
            aws.efs.MountTarget(
                f"{self._name}-{zone}",
                file_system_id=self.id,
                subnet_id=subnet_id,
                security_groups=[group.id],
                opts=self._opts,
            )
            for zone, subnet_id in args.subnet_ids.items()
        ]
        return [*rules, *targets]

    def _access_point(self, namespace: str) -> aws.efs.AccessPoint:
        return aws.efs.AccessPoint(
            f"{self._name}-{namespace}",
            file_system_id=self.id,
            posix_user=posix_user(namespace, self._args.settings),
            root_directory=root_directory(namespace, self._args.settings),
            tags={"Name": f"{self._args.stage.prefix}-{self._args.key}-{namespace}"},
            opts=self._opts,
        )

    def _policy(self, points: Mapping[str, aws.efs.AccessPoint]) -> aws.efs.FileSystemPolicy:
        stage = self._args.stage
        reading = [points[namespace].arn for namespace, mode in modes(self._args.settings).items() if mode == "read"]
        return aws.efs.FileSystemPolicy(
            self._name,
            file_system_id=self.id,
            policy=pulumi.Output.all(*reading).apply(lambda arns: file_system_policy(stage, arns)),
            opts=self._opts,
        )

    def _storage_class(self, cluster: str, ready: Sequence[pulumi.Resource]) -> None:
        """For volumes that pods ask for by themselves: a folder and a user of its own for each claim.

        Source: kubernetes-sigs/aws-efs-csi-driver, docs/README.md, v3.3; read 2026-11.
        """
        kubernetes.storage.v1.StorageClass(
            f"{self._name}-{cluster}",
            metadata={"name": self._object},
            provisioner=DRIVER,
            parameters={
                "provisioningMode": "efs-ap",
                "fileSystemId": self.id,
                "directoryPerms": "700",
                "basePath": "/dynamic",
                "subPathPattern": "${.PVC.namespace}/${.PVC.name}",
                "ensureUniqueDirectory": "true",  # a claim of the same name, made later, finds nobody else's files
            },
            reclaim_policy="Retain" if self._args.stage.production else "Delete",
            volume_binding_mode="Immediate",
            opts=self._in(cluster, ready),
        )

    def _claim(
        self, cluster: str, namespace: str, point: aws.efs.AccessPoint, ready: Sequence[pulumi.Resource]
    ) -> None:
        mode = modes(self._args.settings)[namespace]
        name = f"{self._name}-{cluster}-{namespace}"
        spec = volume(self._object, namespace, mode, pulumi.Output.concat(self.id, "::", point.id))
        home = self._args.namespaces.get((cluster, namespace))
        claimed_volume(name, self._object, namespace, spec, self._in(cluster, ready), home)

    def _in(self, cluster: str, depends_on: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._args.clusters[cluster].provider, depends_on=depends_on
        )

    def _replication(self, copies: SecondRegion) -> None:
        """EFS makes the copy itself and keeps it read-only. It stays when the replication ends, and is ours to delete.

        A copy made by us would be refused after each refresh: what AWS then says of its protection is no valid input.
        Sources: https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html and terraform-provider-aws,
        internal/service/efs/file_system.go; read 2026-11.
        """
        aws.efs.ReplicationConfiguration(
            f"{self._name}-{copies.region}",
            source_file_system_id=self.id,
            destination={"region": copies.region, "kms_key_id": copies.key_arn},
            # A file system has one copy at a time.
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(delete_before_replace=True)),
        )
