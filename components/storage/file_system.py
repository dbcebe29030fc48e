"""One EFS file system: a folder for each namespace that writes; a namespace that reads sees all folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from catalog.regions import REGIONS
from components.core import iam
from components.core.cluster_ref import ClusterRef
from components.core.namespaces import ClusterNamespace
from components.core.stage import Stage
from components.storage.buckets.bucket import size_tags
from components.storage.claimed_volume import SMALLEST_CLAIM, claimed_volume
from components.storage.recovery.backup import backup_tags
from components.storage.recovery.second_region import SecondRegion
from settings.storage.file_systems import FileSystemSettings, posix_id
from settings.storage.recovery import RecoverySettings

DRIVER = "efs.csi.aws.com"
NFS = 2049
CLIENT = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess")
ACCESS_MODES = ["ReadWriteMany"]


def lifecycle_policies(settings: FileSystemSettings) -> list[aws.efs.FileSystemLifecyclePolicyArgsDict]:
    """Returns the lifecycle policies, each with one transition, as EFS requires.

    A file that is read moves back to the standard class, so that the fee for reading it is paid only once.
    """

    def after(days: int) -> str:
        return f"AFTER_{days}_DAY{'S' if days > 1 else ''}"

    policies: list[aws.efs.FileSystemLifecyclePolicyArgsDict] = []
    if settings.infrequent_after_days is not None:
        policies.append({"transition_to_ia": after(settings.infrequent_after_days)})
    if settings.archive_after_days is not None:
        policies.append({"transition_to_archive": after(settings.archive_after_days)})
    return [*policies, {"transition_to_primary_storage_class": "AFTER_1_ACCESS"}] if policies else []


def modes(settings: FileSystemSettings) -> dict[str, str]:
    """Returns namespace -> read or write. A namespace has one folder, even if it is in two clusters."""
    return {user.namespace: user.mode for user in settings.used_by}


def posix_user(namespace: str, settings: FileSystemSettings) -> aws.efs.AccessPointPosixUserArgsDict:
    """Returns the POSIX user of a namespace's access point. A namespace that reads is in the groups of all writers."""
    user: aws.efs.AccessPointPosixUserArgsDict = {"uid": posix_id(namespace), "gid": posix_id(namespace)}
    if modes(settings)[namespace] == "read":
        writers = [name for name, mode in modes(settings).items() if mode == "write"]
        user["secondary_gids"] = sorted(posix_id(name) for name in writers)
    return user


def root_directory(namespace: str, settings: FileSystemSettings) -> aws.efs.AccessPointRootDirectoryArgsDict:
    """Returns the root directory of a namespace's access point: its own folder to write, or the whole tree to read.

    Source: https://docs.aws.amazon.com/efs/latest/ug/efs-access-points.html, read 2026-11.
    """
    if modes(settings)[namespace] == "read":
        return {"path": "/"}
    owner_id = posix_id(namespace)
    creation: aws.efs.AccessPointRootDirectoryCreationInfoArgsDict = {
        "owner_uid": owner_id,
        "owner_gid": owner_id,
        "permissions": "0750",
    }
    return {"path": f"/{namespace}", "creation_info": creation}


def file_system_policy(stage: Stage, read_only_points: Sequence[str], mounts_as: Sequence[str] | None = None) -> str:
    """Returns the file system policy: only TLS, mount targets and access points; no root access; readers cannot write.

    mounts_as: ARNs of the roles that mount; None: everybody does who reaches a mount target.
    read_only_points: ARNs of the access points that only read. IAM decides who may make access points.
    The statements name no resource, like the policies that EFS suggests: the ARN is not known at preview.
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
    ]
    if mounts_as is None or mounts_as:
        statements.append(
            {
                "Sid": "MountByAccessPoint",
                "Effect": "Allow",
                "Principal": anybody if mounts_as is None else {"AWS": sorted(mounts_as)},
                "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                "Condition": {
                    "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
                    "ArnLike": {"elasticfilesystem:AccessPointArn": any_access_point},
                },
            }
        )
    if read_only_points:
        statements.append(
            {
                "Sid": "ReadersDoNotWrite",
                "Effect": "Deny",
                "Principal": anybody,
                "Action": ["elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"],
                "Condition": {"ArnEquals": {"elasticfilesystem:AccessPointArn": sorted(read_only_points)}},
            }
        )
    return iam.document(*statements)


def mount_options(settings: FileSystemSettings) -> list[str]:
    """Returns the options of all mounts. The driver adds `tls` itself, and calls it deprecated here.

    Source: kubernetes-sigs/aws-efs-csi-driver v2.1.15, v3.0.1 and v3.3.0, pkg/driver/node.go; read 2026-11.
    """
    return [] if settings.access == "network" else ["iam"]


def volume(
    claim: str, namespace: str, mode: str, handle: pulumi.Input[str], options: Sequence[str] = ()
) -> kubernetes.core.v1.PersistentVolumeSpecArgsDict:
    """Returns the spec of a volume that only one claim can use.

    The driver does not support ReadOnlyMany: readers get a read-only mount, and the file system policy enforces it.
    Source: kubernetes-sigs/aws-efs-csi-driver, docs/README.md and pkg/driver/node.go; read 2026-11.
    """
    spec: kubernetes.core.v1.PersistentVolumeSpecArgsDict = {
        "capacity": {"storage": SMALLEST_CLAIM},  # Kubernetes requires a size; a file system has none
        "access_modes": ACCESS_MODES,
        "persistent_volume_reclaim_policy": "Retain",
        "storage_class_name": "",
        "volume_mode": "Filesystem",
        "claim_ref": {"namespace": namespace, "name": claim},
        "csi": {"driver": DRIVER, "volume_handle": handle},
    }
    if mode == "read":
        spec["csi"] = {"driver": DRIVER, "volume_handle": handle, "read_only": True}
    if mounted := [*options, *(["ro"] if mode == "read" else [])]:
        spec["mount_options"] = mounted
    return spec


@dataclass(frozen=True, kw_only=True)
class FileSystemArgs:
    """Arguments of a file system.

    key: its name in the stack file.
    subnet_ids: zone name -> private subnet id.
    namespaces: what objects in each namespace must wait for.
    copies: the region that gets the copy.
    tags: further tags of the file system.
    """

    key: str
    settings: FileSystemSettings
    recovery: RecoverySettings
    stage: Stage
    vpc: aws.ec2.Vpc
    subnet_ids: Mapping[str, pulumi.Input[str]]
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[ClusterNamespace, pulumi.Resource | None]
    key_arn: pulumi.Input[str]
    copies: SecondRegion | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class FileSystem(pulumi.ComponentResource):
    """One file system, named by its key under `storage.file_systems`.

    Each namespace of used_by has a claim `efs-<name>`. A storage class `efs-<name>` makes additional volumes.
    """

    id: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: FileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:FileSystem", name, None, opts)
        self._name, self._args, self._opts = name, args, pulumi.ResourceOptions(parent=self)
        self._claim_name = f"efs-{args.key}"
        self._used_by = tuple(dict.fromkeys(user.cluster_among(args.clusters) for user in args.settings.used_by))
        system = self._file_system()
        self.id, self.arn = system.id, system.arn
        points = {namespace: self._access_point(namespace) for namespace in modes(args.settings)}
        ready = [*self._mount_targets(), self._policy(points)]
        for cluster in self._used_by:
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
                **self._args.tags,
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
            for cluster in self._used_by
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
        read_only_points = [
            points[namespace].arn for namespace, mode in modes(self._args.settings).items() if mode == "read"
        ]
        by_iam = self._args.settings.access == "iam"
        identities = (self._args.clusters[cluster].file_mounts for cluster in self._used_by if by_iam)
        mounts = [each for each in identities if each is not None]
        roles = [each.role_arn for each in mounts] if by_iam else None
        document = (
            pulumi.Output.all(*read_only_points).apply(lambda readers: file_system_policy(stage, readers, roles))
            if read_only_points
            else file_system_policy(stage, [], roles)
        )
        return aws.efs.FileSystemPolicy(
            self._name,
            file_system_id=self.id,
            policy=document,
            # Until the driver has the role, nothing could mount.
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=[each.ready for each in mounts])
            ),
        )

    def _storage_class(self, cluster: str, ready: Sequence[pulumi.Resource]) -> None:
        """Registers a storage class for further volumes: each claim of it gets a folder and a user of its own.

        Source: kubernetes-sigs/aws-efs-csi-driver, docs/README.md, v3.3; read 2026-11.
        """
        kubernetes.storage.v1.StorageClass(
            f"{self._name}-{cluster}",
            metadata={"name": self._claim_name},
            provisioner=DRIVER,
            parameters={
                "provisioningMode": "efs-ap",
                "fileSystemId": self.id,
                "directoryPerms": "700",
                "basePath": "/dynamic",
                "subPathPattern": "${.PVC.namespace}/${.PVC.name}",
                "ensureUniqueDirectory": "true",  # a later claim of the same name must not get the old files
            },
            mount_options=mount_options(self._args.settings) or None,
            reclaim_policy="Retain" if self._args.stage.production else "Delete",
            volume_binding_mode="Immediate",
            opts=self._options_in(cluster, ready),
        )

    def _claim(
        self, cluster: str, namespace: str, point: aws.efs.AccessPoint, ready: Sequence[pulumi.Resource]
    ) -> None:
        mode = modes(self._args.settings)[namespace]
        name = f"{self._name}-{cluster}-{namespace}"
        handle = pulumi.Output.concat(self.id, "::", point.id)
        spec = volume(self._claim_name, namespace, mode, handle, mount_options(self._args.settings))
        namespace_resource = self._args.namespaces.get((cluster, namespace))
        claimed_volume(name, self._claim_name, namespace, spec, self._options_in(cluster, ready), namespace_resource)

    def _options_in(self, cluster: str, depends_on: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._args.clusters[cluster].provider, depends_on=depends_on
        )

    def _replication(self, copies: SecondRegion) -> None:
        """Registers the replication. EFS makes the copy and keeps it read-only.

        The copy stays when the replication ends, and must then be deleted by hand. If the stack made the copy, each
        refresh would break it: the protection that AWS reports is not a valid input.
        Sources: https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html and terraform-provider-aws,
        internal/service/efs/file_system.go; read 2026-11.
        """
        aws.efs.ReplicationConfiguration(
            f"{self._name}-copy",
            source_file_system_id=self.id,
            destination={"region": copies.region, "kms_key_id": copies.key_arn},
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    delete_before_replace=True,  # a file system can have only one copy at a time
                    aliases=[pulumi.Alias(name=f"{self._name}-{region}") for region in REGIONS],  # its first names
                ),
            ),
        )
