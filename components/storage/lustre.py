"""FSx for Lustre: one file system in one zone, the folders of it that show buckets, and a claim in each namespace."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from components.core.stage import Stage
from components.storage.buckets.bucket import Bucket
from components.storage.claimed_volume import claimed_volume
from components.storage.recovery.backup import backup_tags
from components.storage.storage_namespaces import Place, places
from settings.storage.lustre import LinkSettings, LustreSettings
from settings.storage.recovery import RecoverySettings

DRIVER = "fsx.csi.aws.com"
LOG_DAYS = 90
NOBODY = "65534:65534"
VERSION = "2.15"  # the newest that FSx makes
# With EFA, AWS takes no automatic number of metadata operations, and none below this. Source: public configurations
# that create such file systems, read 2026-11; AWS's own page was out of reach.
EFA_METADATA_IOPS = 6000

# What servers and clients need of each other, both ways. Source: FSx for Lustre user guide, "File system access control
# with Amazon VPC", read 2026-08.
LUSTRE_PORTS = ((988, 988), (1018, 1023))
ALL_TRAFFIC = "-1"


@dataclass(frozen=True, kw_only=True)
class LustreArgs:
    """What the file system is told, and what it stands on.

    subnet_id: private subnet in its zone. clusters: key in the stack file -> cluster. namespaces: cluster and namespace
        -> what objects in it wait for. buckets: by entry of `storage.buckets`.
    """

    settings: LustreSettings
    recovery: RecoverySettings
    stage: Stage
    vpc_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[Place, pulumi.Resource | None]
    buckets: Mapping[str, Bucket]
    data_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]


class Traffic(NamedTuple):
    """What a security-group rule lets pass; without ports: all of them. name: part of the rule's own name."""

    name: str
    protocol: str
    first_port: int | None = None
    last_port: int | None = None


def traffic(efa: bool) -> list[Traffic]:
    """What passes between two groups. EFA is no protocol of its own, so it takes all of them."""
    if efa:
        return [Traffic("all", ALL_TRAFFIC)]
    return [Traffic(str(first), "tcp", first, last) for first, last in LUSTRE_PORTS]


def metadata(efa: bool) -> aws.fsx.LustreFileSystemMetadataConfigurationArgsDict:
    """How many metadata operations a persistent file system takes."""
    return {"mode": "USER_PROVISIONED", "iops": EFA_METADATA_IOPS} if efa else {"mode": "AUTOMATIC"}


def link_events(link: LinkSettings) -> aws.fsx.DataRepositoryAssociationS3ArgsDict:
    """Policies of a link; one without events is left out, as FSx leaves it out."""
    policies: aws.fsx.DataRepositoryAssociationS3ArgsDict = {}
    if link.imports:
        policies["auto_import_policy"] = {"events": list(link.imports)}
    if link.exports:
        policies["auto_export_policy"] = {"events": list(link.exports)}
    return policies


def volume(
    claim: str, namespace: str, capacity_gib: int, writes: bool, file_system: Mapping[str, pulumi.Input[str]]
) -> kubernetes.core.v1.PersistentVolumeSpecArgsDict:
    """A volume for one claim alone. file_system: its id, dns_name and mount_name.

    The driver takes no access mode but ReadWriteMany, so that who may only read is told so by the mount.
    Source: kubernetes-sigs/aws-fsx-csi-driver, pkg/driver and docs, read 2026-11.
    """
    return {
        "capacity": {"storage": f"{capacity_gib}Gi"},
        "access_modes": ["ReadWriteMany"],
        "persistent_volume_reclaim_policy": "Retain",
        "storage_class_name": "",
        "volume_mode": "Filesystem",
        "mount_options": ["flock", "noatime"],
        "claim_ref": {"namespace": namespace, "name": claim},
        "csi": {
            "driver": DRIVER,
            "volume_handle": file_system["id"],
            "read_only": None if writes else True,
            "volume_attributes": {"dnsname": file_system["dns_name"], "mountname": file_system["mount_name"]},
        },
    }


def writers(settings: LustreSettings, clusters: Collection[str]) -> frozenset[Place]:
    """The namespaces whose pods may write, as one of their entries says."""
    writing = (user for user in settings.used_by if user.mode == "write")
    return frozenset((user.cluster_among(clusters), user.namespace) for user in writing)


class Lustre(pulumi.ComponentResource):
    """Each namespace of used_by finds a claim `lustre-<name>`. Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/what-is.html"""

    file_system_id: pulumi.Output[str]
    file_system_arn: pulumi.Output[str]

    def __init__(self, name: str, args: LustreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Lustre", name, None, opts)
        self._name, self._args, self._object = name, args, f"lustre-{name}"
        stage = args.stage
        # What a file system that stays behind stands on has to stay too; not so who may reach it.
        self._opts = pulumi.ResourceOptions(parent=self, retain_on_delete=stage.retains or None)
        self._going = pulumi.ResourceOptions(parent=self)
        group, rules = self._security_group()
        file_system = self._file_system(group, rules)
        for link in args.settings.links:
            self._link(link, file_system)
        for place in places([args.settings], args.clusters):
            self._claim(place, file_system)
        self.file_system_id, self.file_system_arn = file_system.id, file_system.arn
        self.register_outputs({"file_system_id": self.file_system_id, "file_system_arn": self.file_system_arn})

    def _security_group(self) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """Open to itself, since its servers are several, and both ways to the nodes of each cluster that uses it."""
        name, args = self._name, self._args
        group = aws.ec2.SecurityGroup(
            name,
            description="FSx for Lustre and its clients",
            vpc_id=args.vpc_id,
            tags={"Name": f"{args.stage.prefix}-{self._object}"},
            opts=self._opts,
        )
        rules = self._rules(f"{name}-self", group.id, group.id, "other servers of the file system", self._opts)
        for cluster in {cluster: None for cluster, _ in places([args.settings], args.clusters)}:
            nodes = args.clusters[cluster].security_group_id
            rules += self._rules(f"{name}-{cluster}", group.id, nodes, f"nodes of {cluster}", self._going)
            rules += self._rules(f"{name}-{cluster}-nodes", nodes, group.id, f"file system {name}", self._going)
        return group, rules

    def _rules(
        self,
        name: str,
        group_id: pulumi.Input[str],
        peer_id: pulumi.Input[str],
        peer: str,
        opts: pulumi.ResourceOptions,
    ) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = []
        for passes in traffic(self._args.settings.efa):
            made += [
                aws.vpc.SecurityGroupIngressRule(
                    f"{name}-{passes.name}-in",
                    description=f"Lustre from {peer}",
                    security_group_id=group_id,
                    referenced_security_group_id=peer_id,
                    ip_protocol=passes.protocol,
                    from_port=passes.first_port,
                    to_port=passes.last_port,
                    opts=opts,
                ),
                aws.vpc.SecurityGroupEgressRule(
                    f"{name}-{passes.name}-out",
                    description=f"Lustre to {peer}",
                    security_group_id=group_id,
                    referenced_security_group_id=peer_id,
                    ip_protocol=passes.protocol,
                    from_port=passes.first_port,
                    to_port=passes.last_port,
                    opts=opts,
                ),
            ]
        return made

    def _file_system(self, group: aws.ec2.SecurityGroup, rules: list[pulumi.Resource]) -> aws.fsx.LustreFileSystem:
        name, args, settings, stage = self._name, self._args, self._args.settings, self._args.stage
        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/fsx/{stage.prefix}/{name}",  # FSx writes to names that begin so, and to no others
            retention_in_days=LOG_DAYS,
            kms_key_id=args.logs_key_arn,
            opts=self._opts,
        )
        persistent = settings.deployment == "persistent-2"
        return aws.fsx.LustreFileSystem(
            name,
            deployment_type="PERSISTENT_2" if persistent else "SCRATCH_2",
            subnet_ids=args.subnet_id,
            security_group_ids=[group.id],
            storage_type="SSD",
            storage_capacity=settings.capacity_gib,
            file_system_type_version=VERSION,
            data_compression_type="LZ4" if settings.compression else "NONE",
            root_squash_configuration={"root_squash": NOBODY} if settings.squashes_root else None,
            log_configuration={"level": "WARN_ERROR", "destination": logs.arn},
            weekly_maintenance_start_time=settings.maintenance,
            kms_key_id=args.data_key_arn if persistent else None,  # the key of scratch is FSx's own
            per_unit_storage_throughput=settings.mibps_per_tib,
            metadata_configuration=metadata(settings.efa) if persistent else None,
            efa_enabled=settings.efa or None,
            automatic_backup_retention_days=settings.backup_days if persistent else None,
            copy_tags_to_backups=persistent or None,
            skip_final_backup=not (stage.production and settings.can_be_backed_up),
            tags={
                "Name": f"{stage.prefix}-{name}",
                "ml-platform:purpose": settings.purpose,
                **backup_tags(args.recovery, settings),
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    protect=stage.deletion_protection,
                    depends_on=rules,  # FSx tries its ports before it makes anything: InvalidNetworkSettings
                ),
            ),
        )

    def _link(self, link: LinkSettings, file_system: aws.fsx.LustreFileSystem) -> None:
        bucket = self._args.buckets[link.bucket]
        aws.fsx.DataRepositoryAssociation(
            f"{self._name}{link.path}",
            file_system_id=file_system.id,
            file_system_path=link.path,
            data_repository_path=pulumi.Output.concat("s3://", bucket.name, "/", link.prefix),
            batch_import_meta_data_on_create=True,
            delete_data_in_filesystem=False,  # a link that goes leaves the files behind
            s3=link_events(link),
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,  # a folder shows one bucket at a time
                depends_on=[bucket],  # FSx looks into it when the link is made, and refuses what is not there
            ),
        )

    def _claim(self, place: Place, file_system: aws.fsx.LustreFileSystem) -> None:
        name, args, (cluster, namespace) = self._name, self._args, place
        opts = pulumi.ResourceOptions(parent=self, provider=args.clusters[cluster].provider)
        writes = place in writers(args.settings, args.clusters)
        of_it = {"id": file_system.id, "dns_name": file_system.dns_name, "mount_name": file_system.mount_name}
        spec = volume(self._object, namespace, args.settings.capacity_gib, writes, of_it)
        home = args.namespaces.get(place)
        claimed_volume(f"{name}-{cluster}-{namespace}", self._object, namespace, spec, opts, home)
