"""FSx for Lustre: file systems, and the links of their folders to buckets. Tokens `aws:fsx/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the FSx API model; read 2026-08. The
wordings of FSx's own refusals are unverified: no source for them was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.aws import paths, tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import CascadeDelete, Reference, ResourceType
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.refusals import combinations, of_one_vpc, refuse
from simulator.cloud import CloudResource
from simulator.values import Props

FSX = Service("FSx")

_LUSTRE_PORT = 988
_ASSOCIATIONS = 8
_SCRATCH = ("SCRATCH_1", "SCRATCH_2")
# Throughput in MB/s per TiB, by deployment type and disk type.
_THROUGHPUTS: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("PERSISTENT_1", "SSD"): (50, 100, 200),
    ("PERSISTENT_1", "HDD"): (12, 40),
    ("PERSISTENT_2", "SSD"): (125, 250, 500, 1000),
}
_METADATA_IOPS = (1500, 3000, 6000, *range(12000, 192001, 12000))


def _deployment_and_disk(op: OperationContext) -> tuple[str, str]:
    return op.get("deploymentType", "SCRATCH_1"), op.get("storageType", "SSD")


def _size_is_a_step(op: OperationContext) -> None:
    """The size must be a valid step. SSD: 1200 GiB, or multiples of 2400, 3600 for SCRATCH_1. HDD: by throughput."""
    deployment, disk = _deployment_and_disk(op)
    gib = op.get("storageCapacity")
    if disk == "INTELLIGENT_TIERING":
        if gib is not None:
            raise AwsError("BadRequest", "StorageCapacity is not for the INTELLIGENT_TIERING storage type.")
        return
    if gib is None:
        if op.get("backupId") is None:
            raise AwsError("BadRequest", "StorageCapacity is missing.")
        return
    if disk == "HDD":
        step = 6000 if op.get("perUnitStorageThroughput") == 12 else 1800
        fits = gib >= step and gib % step == 0
    else:
        step = 3600 if deployment == "SCRATCH_1" else 2400
        fits = gib in (1200, 2400) or (gib > 0 and gib % step == 0)
    if not fits:
        raise AwsError("BadRequest", f"Invalid storage capacity: {gib}. It has to be a multiple of {step} GiB.")


def _throughput_is_of_the_deployment(op: OperationContext) -> None:
    deployment, disk = _deployment_and_disk(op)
    throughput = op.get("perUnitStorageThroughput")
    if disk == "INTELLIGENT_TIERING":
        return
    if deployment in _SCRATCH:
        if throughput is not None:
            raise AwsError("BadRequest", f"PerUnitStorageThroughput is not for the {deployment} deployment type.")
        return
    known = _THROUGHPUTS.get((deployment, disk), ())
    if throughput not in known:
        message = f"PerUnitStorageThroughput of {deployment} on {disk} is one of {list(known)}, not {throughput}."
        raise AwsError("InvalidPerUnitStorageThroughput", message)


def _groups_admit_lustre(op: OperationContext) -> None:
    """The security groups must allow Lustre's port among themselves. Skipped at preview: rules may not exist yet."""
    groups = op.get("securityGroupIds", [])
    if groups and not op.call.preview and not any(_admits(op, group, groups) for group in groups):
        message = (
            f"The security groups {', '.join(groups)} do not permit Lustre LNET network traffic on port "
            f"{_LUSTRE_PORT} among themselves."
        )
        raise AwsError("InvalidNetworkSettings", message)


def _admits(op: OperationContext, group: str, peers: list[str]) -> bool:
    for row in op.resources_with(tokens.INGRESS_RULE, "securityGroupId", group):
        if row.state.get("referencedSecurityGroupId") in peers and _covers(row.state, "ipProtocol"):
            return True
    for row in op.resources_with(tokens.SECURITY_GROUP_RULE, "securityGroupId", group):
        peer = row.state.get("self") or row.state.get("sourceSecurityGroupId") in peers
        if row.state.get("type") == "ingress" and peer and _covers(row.state, "protocol"):
            return True
    group_row = op.cloud.get(tokens.SECURITY_GROUP, group)
    inline = group_row.state.get("ingress") or [] if group_row is not None else []
    return any(
        _covers(rule, "protocol") and (rule.get("self") or set(rule.get("securityGroups") or ()) & set(peers))
        for rule in inline
    )


def _covers(rule: Props, protocol: str) -> bool:
    if rule.get(protocol) == "-1":
        return True
    return rule.get(protocol) in ("tcp", "6") and rule.get("fromPort", 0) <= _LUSTRE_PORT <= rule.get("toPort", 0)


def _log_group_has_the_prefix(op: OperationContext) -> None:
    destination = op.get("logConfiguration.destination")
    if destination and ":log-group:/aws/fsx" not in destination:
        message = f"The log destination {destination} is not a log group whose name begins with /aws/fsx."
        raise AwsError("BadRequest", message)


def _throughput_stays_with_efa(op: OperationContext) -> None:
    changed = op.before.get("perUnitStorageThroughput") != op.get("perUnitStorageThroughput")
    if op.before.get("efaEnabled") and changed:
        raise AwsError("BadRequest", "The throughput of a file system with EFA cannot be changed.")


def _last_backup_is_possible(op: OperationContext) -> None:
    """A final backup is not possible for scratch file systems, or for those that are linked to a bucket."""
    linked = next(op.resources_with(tokens.LUSTRE_LINK, "fileSystemId", op.id), None)
    if op.before.get("skipFinalBackup") is False and (linked or op.before.get("deploymentType") in _SCRATCH):
        message = "A final backup is not possible of a scratch file system, or of one linked to a data repository."
        raise AwsError("BadRequest", message)


def _shrinks(old: Props, new: Props) -> bool:
    before, after = old.get("storageCapacity"), new.get("storageCapacity")
    if new.get("deploymentType", "SCRATCH_1") == "SCRATCH_1":
        return True
    return isinstance(before, int | float) and isinstance(after, int | float) and after < before


def _version_goes_down(old: Props, new: Props) -> bool:
    versions = (old.get("fileSystemTypeVersion"), new.get("fileSystemTypeVersion"))
    if not all(isinstance(version, str) for version in versions):
        return False
    before, after = (tuple(int(part) for part in str(version).split(".")) for version in versions)
    return after < before


def _metadata_goes_down(old: Props, new: Props) -> bool:
    before, after = (paths.get(props, "metadataConfiguration.iops") for props in (old, new))
    provisioned = paths.get(new, "metadataConfiguration.mode") == "USER_PROVISIONED"
    return provisioned and isinstance(before, int | float) and isinstance(after, int | float) and after < before


def _interfaces(op: OperationContext) -> list[str]:
    return [op.fill(f"eni-{{hex17:{index}}}") for index in range(2)]


def _vpc(op: OperationContext) -> Any:
    subnet = op.cloud.get(tokens.SUBNET, op.get("subnetIds"))
    return subnet.state.get("vpcId") if subnet is not None else ""


def _version(op: OperationContext) -> str:
    return "2.15" if op.inputs.get("metadataConfiguration") else "2.10"


_OTHERS = "SCRATCH_1|SCRATCH_2|PERSISTENT_1"
# Source: FSx API, CreateFileSystem and its Lustre structures, read 2026-11.
_INPUTS = (
    combinations(
        "BadRequest",
        f"deploymentType={_OTHERS}: no efaEnabled metadataConfiguration",
        "deploymentType=PERSISTENT_2: no importPath exportPath",
        "deploymentType=SCRATCH_1|SCRATCH_2: no kmsKeyId automaticBackupRetentionDays",
        "storageType=SSD|INTELLIGENT_TIERING: no driveCacheType",
        "storageType=HDD: needs driveCacheType",
        "efaEnabled=true: needs metadataConfiguration",
        "exportPath: needs importPath",
        "fileSystemTypeVersion=2.12: no metadataConfiguration",
        "metadataConfiguration.mode=AUTOMATIC: no metadataConfiguration.iops",
        "metadataConfiguration.mode=USER_PROVISIONED: needs metadataConfiguration.iops",
    ),
    refuse(
        "BadRequest",
        "Version {fileSystemTypeVersion} and storage type {storageType} are not for {deploymentType}",
        lambda op: (
            op.get("fileSystemTypeVersion") == "2.10"
            if _deployment_and_disk(op)[0] == "PERSISTENT_2"
            else _deployment_and_disk(op)[1] == "INTELLIGENT_TIERING"
        ),
    ),
)

FILE_SYSTEM = ResourceType(
    type=tokens.LUSTRE,
    service=FSX,
    creates="CreateFileSystem",
    updates="UpdateFileSystem",
    display_name="FSx for Lustre File System",
    updating="updating FSX for Lustre File System ({id})",
    id="fs-{hex17}",
    arn="arn:{partition}:fsx:{region}:{account}:file-system/{id}",
    required="subnetIds",
    replace_on=(
        "backupId copyTagsToBackups deploymentType driveCacheType efaEnabled exportPath importPath "
        "importedFileChunkSize kmsKeyId securityGroupIds storageType subnetIds"
    ),
    replace_if={
        "fileSystemTypeVersion": _version_goes_down,
        "metadataConfiguration.iops": _metadata_goes_down,
        "storageCapacity": _shrinks,
    },
    sets="securityGroupIds",
    untold="securityGroupIds",  # source: Pulumi Registry, aws.fsx.LustreFileSystem, section Import; read 2026-11
    defaults={
        "copyTagsToBackups": False,
        "dataCompressionType": "NONE",
        "deploymentType": "SCRATCH_1",
        "skipFinalBackup": True,
        "storageType": "SSD",
    },
    aws_defaults={
        "autoImportPolicy": "NONE",
        "automaticBackupRetentionDays": 0,
        "dailyAutomaticBackupStartTime": lambda op: "05:00" if op.inputs.get("automaticBackupRetentionDays") else "",
        "efaEnabled": False,
        "exportPath": lambda op: f"{op.inputs['importPath']}/FSxLustre" if op.inputs.get("importPath") else "",
        "fileSystemTypeVersion": _version,
        "importedFileChunkSize": lambda op: 1024 if op.inputs.get("importPath") else 0,
        "kmsKeyId": "arn:{partition}:kms:{region}:{account}:key/{uuid}",
        "logConfiguration": {"level": "DISABLED"},
        "weeklyMaintenanceStartTime": "1:05:00",
    },
    computed={
        "dnsName": "{id}.fsx.{region}.amazonaws.com",
        "mountName": lambda op: "fsx" if _deployment_and_disk(op)[0] == "SCRATCH_1" else op.fill("{alnum8:mount}"),
        "networkInterfaceIds": _interfaces,
        "ownerId": "{account}",
        "vpcId": _vpc,
    },
    constraints={
        "autoImportPolicy": one_of("NEW", "NEW_CHANGED", "NEW_CHANGED_DELETED", "NONE"),
        "automaticBackupRetentionDays": between(0, 90),
        "dailyAutomaticBackupStartTime": matches(r"([01]\d|2[0-3]):?([0-5]\d)", "HH:MM"),
        "dataCompressionType": one_of("LZ4", "NONE"),
        "deploymentType": one_of("PERSISTENT_1", "PERSISTENT_2", "SCRATCH_1", "SCRATCH_2"),
        "driveCacheType": one_of("NONE", "READ"),
        "exportPath": matches(r"s3://.+|", "s3://bucket/prefix"),
        "fileSystemTypeVersion": one_of("2.10", "2.12", "2.15"),
        "importPath": matches(r"s3://.+|", "s3://bucket/prefix"),
        "importedFileChunkSize": between(1, 512000),
        "logConfiguration.level": one_of("DISABLED", "ERROR_ONLY", "WARN_ERROR", "WARN_ONLY"),
        "metadataConfiguration.iops": one_of(*_METADATA_IOPS),
        "metadataConfiguration.mode": one_of("AUTOMATIC", "USER_PROVISIONED"),
        "perUnitStorageThroughput": one_of(12, 40, 50, 100, 125, 200, 250, 500, 1000),
        "rootSquashConfiguration.rootSquash": matches(r"[0-9]{1,10}:[0-9]{1,10}", "UID:GID"),
        "securityGroupIds": length(0, 50),
        "storageType": one_of("HDD", "INTELLIGENT_TIERING", "SSD"),
        "subnetIds": matches(r"subnet-[0-9a-f]+", "one subnet: a file system stands in one zone"),
        "weeklyMaintenanceStartTime": matches(r"[1-7]:([01]\d|2[0-3]):?([0-5]\d)", "d:HH:MM, 1 is Monday"),
    },
    references={
        "kmsKeyId": Reference(tokens.KEY, "arn", ErrorTemplate("BadRequest", "The KMS key {value} does not exist.")),
        "securityGroupIds[*]": Reference(
            tokens.SECURITY_GROUP,
            missing=ErrorTemplate("InvalidNetworkSettings", "The security group '{value}' does not exist."),
        ),
        "subnetIds": Reference(
            tokens.SUBNET, missing=ErrorTemplate("InvalidNetworkSettings", "The subnet ID '{value}' does not exist.")
        ),
    },
    not_found=ErrorTemplate("FileSystemNotFound", "File system '{value}' does not exist."),
    always=(_size_is_a_step, _throughput_is_of_the_deployment, *_INPUTS, _log_group_has_the_prefix),
    rules=(
        of_one_vpc(
            "InvalidNetworkSettings", "{value} is not in the VPC of the subnet", "subnetIds securityGroupIds[*]"
        ),
        _groups_admit_lustre,
    ),
    update_rules=(_throughput_stays_with_efa,),
    delete_rules=(_last_backup_is_possible,),
    cascade_deletes=(CascadeDelete(tokens.LUSTRE_LINK, "fileSystemId"),),
    source="hashicorp/terraform-provider-aws internal/service/fsx/lustre_file_system.go",
)


def _file_system_takes_links(op: OperationContext) -> None:
    row = op.cloud.get(tokens.LUSTRE, op.get("fileSystemId"))
    deployment = row.state.get("deploymentType") if row is not None else "PERSISTENT_2"
    if deployment != "PERSISTENT_2":
        raise AwsError(
            "BadRequest",
            f"Data repository associations are not supported for {deployment}. (The provider documents them only for "
            "PERSISTENT_2; FSx itself also accepts SCRATCH_2.)",
        )


def _links_of_the_file_system(op: OperationContext) -> list[CloudResource]:
    return [row for row in op.others() if row.state.get("fileSystemId") == op.get("fileSystemId")]


def _folders_do_not_overlap(op: OperationContext) -> None:
    folder = str(op.get("fileSystemPath")).rstrip("/") + "/"
    for row in _links_of_the_file_system(op):
        other_folder = str(row.state.get("fileSystemPath")).rstrip("/") + "/"
        if folder.startswith(other_folder) or other_folder.startswith(folder):
            raise AwsError("BadRequest", f"The file system path {folder} overlaps that of {row.id}, {other_folder}.")


def _bucket_is_linked_once(op: OperationContext) -> None:
    """Source: FSx API, CreateDataRepositoryAssociation: "a unique S3 bucket or prefix"; the wording was not seen."""
    repository = str(op.get("dataRepositoryPath")).rstrip("/")
    for row in _links_of_the_file_system(op):
        if str(row.state.get("dataRepositoryPath")).rstrip("/") == repository:
            raise AwsError("BadRequest", f"The data repository path {repository} is that of {row.id} already.")


def _links_are_not_too_many(op: OperationContext) -> None:
    if len(_links_of_the_file_system(op)) >= _ASSOCIATIONS:
        message = f"A file system has a maximum of {_ASSOCIATIONS} data repository associations."
        raise AwsError("ServiceLimitExceeded", message)


def _bucket_is_in_the_region(op: OperationContext) -> None:
    """The bucket must exist in the region. Skipped at preview: the same preview may create the bucket."""
    if op.call.preview:
        return
    name = str(op.get("dataRepositoryPath")).removeprefix("s3://").split("/")[0]
    row = op.cloud.get(tokens.BUCKET, name)
    if row is None:
        raise AwsError("BadRequest", f"The S3 bucket {name} does not exist, or is not accessible.")
    if row.state.get("region", op.region) != op.region:
        raise AwsError("BadRequest", f"The S3 bucket {name} is not in {op.region}, where the file system is.")


LINK = ResourceType(
    type=tokens.LUSTRE_LINK,
    service=FSX,
    creates="CreateDataRepositoryAssociation",
    updates="UpdateDataRepositoryAssociation",
    display_name="FSx for Lustre Data Repository Association",
    id="dra-{hex17}",
    arn="arn:{partition}:fsx:{region}:{account}:association/{fileSystemId}/{id}",
    required="dataRepositoryPath fileSystemId fileSystemPath",
    replace_on="batchImportMetaDataOnCreate dataRepositoryPath fileSystemId fileSystemPath",
    defaults={"batchImportMetaDataOnCreate": False, "deleteDataInFilesystem": False},
    aws_defaults={
        "importedFileChunkSize": 1024,
        "s3": {"autoExportPolicy": {"events": []}, "autoImportPolicy": {"events": []}},
    },
    computed={"associationId": "{id}"},
    constraints={
        "dataRepositoryPath": every(length(3, 900), matches(r"s3://.+", "s3://bucket/prefix")),
        "fileSystemPath": every(length(1, 4096), matches(r"/.*", "begins with /")),
        "importedFileChunkSize": between(1, 512000),
        "s3.autoExportPolicy.events[*]": one_of("CHANGED", "DELETED", "NEW"),
        "s3.autoImportPolicy.events[*]": one_of("CHANGED", "DELETED", "NEW"),
    },
    references={"fileSystemId": Reference(tokens.LUSTRE)},
    not_found=ErrorTemplate("DataRepositoryAssociationNotFound", "Data repository association {value} not found"),
    rules=(
        _file_system_takes_links,
        _folders_do_not_overlap,
        _bucket_is_linked_once,
        _links_are_not_too_many,
        _bucket_is_in_the_region,
    ),
    source="hashicorp/terraform-provider-aws internal/service/fsx/data_repository_association.go",
)

TYPES = (FILE_SYSTEM, LINK)
