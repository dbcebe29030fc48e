"""FSx for Lustre: one file system in one zone, its links to buckets, and a claim in each namespace."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from components.core.namespaces import ClusterNamespace
from components.core.stage import Stage
from components.core.standing import import_id
from components.storage.buckets.bucket import Bucket
from components.storage.claimed_volume import claimed_volume
from components.storage.recovery.backup import backup_tags
from components.storage.storage_namespaces import cluster_namespaces
from settings.storage.lustre import LinkSettings, LustreSettings
from settings.storage.recovery import RecoverySettings

DRIVER = "fsx.csi.aws.com"
LOG_DAYS = 90
NOBODY = "65534:65534"
VERSION = "2.15"  # the newest version of FSx
# With EFA, AWS requires a fixed number of metadata IOPS, and this is the minimum. Source: public configurations that
# create such file systems, read 2026-11; the page of AWS could not be read.
EFA_METADATA_IOPS = 6000

# Ports between servers and clients, in both directions. Source: FSx for Lustre user guide, "File system access control
# with Amazon VPC", read 2026-08.
LUSTRE_PORTS = ((988, 988), (1018, 1023))
ALL_TRAFFIC = "-1"


@dataclass(frozen=True, kw_only=True)
class LustreArgs:
    """Arguments of a Lustre file system.

    subnet_id: private subnet in its zone.
    clusters: key in the stack file -> cluster.
    namespaces: (cluster, namespace) -> what objects in the namespace must wait for.
    buckets: key in `storage.buckets` -> bucket.
    live_links: links of all file systems, as they were before this run.
    tags: further tags of the file system.
    Raises RunError when two links exchange their buckets.
    """

    settings: LustreSettings
    recovery: RecoverySettings
    stage: Stage
    vpc_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    clusters: Mapping[str, ClusterRef]
    namespaces: Mapping[ClusterNamespace, pulumi.Resource | None]
    buckets: Mapping[str, Bucket]
    data_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    live_links: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Traffic(NamedTuple):
    """Traffic that a security group rule allows; without ports: all ports.

    name: part of the rule's name.
    """

    name: str
    protocol: str
    first_port: int | None = None
    last_port: int | None = None


def traffic(efa: bool) -> list[Traffic]:
    """Returns the traffic between two security groups. EFA has no protocol of its own, so it needs all traffic."""
    if efa:
        return [Traffic("all", ALL_TRAFFIC)]
    return [Traffic(str(first), "tcp", first, last) for first, last in LUSTRE_PORTS]


def metadata(efa: bool) -> aws.fsx.LustreFileSystemMetadataConfigurationArgsDict:
    """Returns the metadata IOPS of a persistent file system."""
    return {"mode": "USER_PROVISIONED", "iops": EFA_METADATA_IOPS} if efa else {"mode": "AUTOMATIC"}


def link_events(link: LinkSettings) -> aws.fsx.DataRepositoryAssociationS3ArgsDict:
    """Returns the import and export policies of a link, without empty ones, as FSx returns them."""
    policies: aws.fsx.DataRepositoryAssociationS3ArgsDict = {}
    if link.imports:
        policies["auto_import_policy"] = {"events": list(link.imports)}
    if link.exports:
        policies["auto_export_policy"] = {"events": list(link.exports)}
    return policies


def volume(
    claim: str, namespace: str, capacity_gib: int, writes: bool, file_system: Mapping[str, pulumi.Input[str]]
) -> kubernetes.core.v1.PersistentVolumeSpecArgsDict:
    """Returns the spec of a volume that only one claim can use. file_system: its id, dns_name and mount_name.

    The driver supports only ReadWriteMany, so a namespace that may only read gets a read-only mount.
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


def writing_namespaces(settings: LustreSettings, clusters: Collection[str]) -> frozenset[ClusterNamespace]:
    """Returns the namespaces whose pods may write: those with at least one entry of mode write."""
    users = (user for user in settings.used_by if user.mode == "write")
    return frozenset((user.cluster_among(clusters), user.namespace) for user in users)


def linked(name: str, links: Iterable[LinkSettings]) -> dict[str, str]:
    """Returns the name of each link -> what it shows of which bucket. name: of the file system."""
    return {f"{name}{link.path}": f"{link.bucket}/{link.prefix}" for link in links}


def first_names(name: str, links: Iterable[LinkSettings], live_links: Mapping[str, str]) -> dict[str, str]:
    """Returns the name of each link whose folder is renamed -> its name before.

    FSx refuses a second link of a bucket, so the old link has to be deleted first: they are one resource.
    Raises RunError when another link has the folder now, since each would need the other one to be deleted first.
    """
    now = linked(name, links)
    before = {shown: link for link, shown in live_links.items() if link.startswith(f"{name}/")}
    renamed = {link: before[shown] for link, shown in now.items() if before.get(shown, link) != link}
    for link, old in renamed.items():
        if old in now:
            raise pulumi.RunError(
                f"storage.lustre.{name}.links: the folder of {now[link]} was {old.removeprefix(name)}, which now shows "
                f"{now[old]}. FSx links a bucket or a prefix once, so take both links out, run `up`, and write the new "
                "ones. The files stay."
            )
    return renamed


class Lustre(pulumi.ComponentResource):
    """A file system, with a claim `lustre-<name>` in each namespace of used_by. Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/what-is.html"""

    file_system_id: pulumi.Output[str]
    file_system_arn: pulumi.Output[str]

    def __init__(self, name: str, args: LustreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Lustre", name, None, opts)
        self._name, self._args, self._claim_name = name, args, f"lustre-{name}"
        stage = args.stage
        # When a file system is retained, what it depends on is retained too; the rules for access to it are not.
        self._opts = pulumi.ResourceOptions(parent=self, retain_on_delete=stage.retains or None)
        self._not_retained = pulumi.ResourceOptions(parent=self)
        group, rules = self._security_group()
        file_system = self._file_system(group, rules)
        names_before = first_names(name, args.settings.links, args.live_links)
        for link in args.settings.links:
            self._link(link, file_system, names_before.get(f"{name}{link.path}"))
        for cluster_namespace in cluster_namespaces([args.settings], args.clusters):
            self._claim(cluster_namespace, file_system)
        self.file_system_id, self.file_system_arn = file_system.id, file_system.arn
        self.register_outputs({"file_system_id": self.file_system_id, "file_system_arn": self.file_system_arn})

    def _security_group(self) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """Registers a group that is open, in both directions, to itself (for several servers) and to its clusters."""
        name, args = self._name, self._args
        group = aws.ec2.SecurityGroup(
            name,
            description="FSx for Lustre and its clients",
            vpc_id=args.vpc_id,
            tags={"Name": f"{args.stage.prefix}-{self._claim_name}"},
            opts=self._opts,
        )
        rules = self._rules(f"{name}-self", group.id, group.id, "other servers of the file system", self._opts)
        for cluster in {cluster: None for cluster, _ in cluster_namespaces([args.settings], args.clusters)}:
            nodes = args.clusters[cluster].security_group_id
            rules += self._rules(f"{name}-{cluster}", group.id, nodes, f"nodes of {cluster}", self._not_retained)
            rules += self._rules(f"{name}-{cluster}-nodes", nodes, group.id, f"file system {name}", self._not_retained)
        return group, rules

    def _rules(
        self,
        name: str,
        group_id: pulumi.Input[str],
        peer_id: pulumi.Input[str],
        peer: str,
        opts: pulumi.ResourceOptions,
    ) -> list[pulumi.Resource]:
        rules: list[pulumi.Resource] = []
        for each in traffic(self._args.settings.efa):
            rules += [
                aws.vpc.SecurityGroupIngressRule(
                    f"{name}-{each.name}-in",
                    description=f"Lustre from {peer}",
                    security_group_id=group_id,
                    referenced_security_group_id=peer_id,
                    ip_protocol=each.protocol,
                    from_port=each.first_port,
                    to_port=each.last_port,
                    opts=opts,
                ),
                aws.vpc.SecurityGroupEgressRule(
                    f"{name}-{each.name}-out",
                    description=f"Lustre to {peer}",
                    security_group_id=group_id,
                    referenced_security_group_id=peer_id,
                    ip_protocol=each.protocol,
                    from_port=each.first_port,
                    to_port=each.last_port,
                    opts=opts,
                ),
            ]
        return rules

    def _file_system(self, group: aws.ec2.SecurityGroup, rules: list[pulumi.Resource]) -> aws.fsx.LustreFileSystem:
        name, args, settings, stage = self._name, self._args, self._args.settings, self._args.stage
        log_group = f"/aws/fsx/{stage.prefix}/{name}"  # FSx only writes to log groups with this prefix
        imported = import_id(stage, stage.arn("logs", f"log-group:{log_group}"), log_group, {})
        logs = aws.cloudwatch.LogGroup(
            name,
            name=log_group,
            retention_in_days=LOG_DAYS,
            kms_key_id=args.logs_key_arn,
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(import_=imported)),
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
            kms_key_id=args.data_key_arn if persistent else None,  # scratch file systems use a key of FSx
            per_unit_storage_throughput=settings.mibps_per_tib,
            metadata_configuration=metadata(settings.efa) if persistent else None,
            efa_enabled=settings.efa or None,
            automatic_backup_retention_days=settings.backup_days if persistent else None,
            copy_tags_to_backups=persistent or None,
            skip_final_backup=not (stage.production and settings.can_be_backed_up),
            tags={
                "Name": f"{stage.prefix}-{name}",
                "ml-platform:purpose": settings.purpose,
                **args.tags,
                **backup_tags(args.recovery, settings),
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    protect=stage.deletion_protection,
                    # FSx tells nobody which groups it has, so an import lacks them, and would replace the file system.
                    ignore_changes=["securityGroupIds"],
                    depends_on=rules,  # FSx checks its ports first, and otherwise fails with InvalidNetworkSettings
                ),
            ),
        )

    def _link(self, link: LinkSettings, file_system: aws.fsx.LustreFileSystem, name_before: str | None) -> None:
        bucket = self._args.buckets[link.bucket]
        aws.fsx.DataRepositoryAssociation(
            f"{self._name}{link.path}",
            file_system_id=file_system.id,
            file_system_path=link.path,
            data_repository_path=pulumi.Output.concat("s3://", bucket.name, "/", link.prefix),
            batch_import_meta_data_on_create=True,
            delete_data_in_filesystem=False,  # the files stay when the link is deleted
            s3=link_events(link),
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,  # a folder can link only one bucket at a time, and a bucket is linked once
                aliases=[pulumi.Alias(name=name_before)] if name_before else None,
                depends_on=[bucket],  # FSx reads the bucket when it creates the link, and refuses a missing one
            ),
        )

    def _claim(self, cluster_namespace: ClusterNamespace, file_system: aws.fsx.LustreFileSystem) -> None:
        name, args, (cluster, namespace) = self._name, self._args, cluster_namespace
        opts = pulumi.ResourceOptions(parent=self, provider=args.clusters[cluster].provider)
        writes = cluster_namespace in writing_namespaces(args.settings, args.clusters)
        attributes = {"id": file_system.id, "dns_name": file_system.dns_name, "mount_name": file_system.mount_name}
        spec = volume(self._claim_name, namespace, args.settings.capacity_gib, writes, attributes)
        namespace_resource = args.namespaces.get(cluster_namespace)
        claimed_volume(f"{name}-{cluster}-{namespace}", self._claim_name, namespace, spec, opts, namespace_resource)
