"""Settings of services for the whole account and region: service-linked roles, backups, encryption of volumes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from components.storage.recovery.backup import BACKUP_TAG, CRON
from preflight.account import Ask
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs
from settings.compute.quota_needs import capacity_types_of

Condition = Callable[[Needs], bool]


@dataclass(frozen=True, kw_only=True)
class LinkedRole:
    """A role by which a service works in the account. needed: whether the stack needs it.

    maker: what makes it for a caller with iam:CreateServiceLinkedRole; "" where nothing of the stack may.
    """

    service: str
    needed: Condition
    maker: str = ""


def _has(*types: str) -> Condition:
    return lambda needs: bool(needs.of(*types))


def _spot(provisioner: str) -> Condition:
    return lambda needs: any(
        pool.provisioner == provisioner and "spot" in capacity_types_of(pool) for pool in needs.pools.values()
    )


# Karpenter's own role may not make one. Sources: EC2 user guide, "Service-linked role for Spot Instance requests";
# Karpenter v1.14, "Getting started"; EKS user guide, "Using service-linked roles"; Amazon FSx, AWS Backup, Auto Scaling
# and VPC guides, the pages of that name; read 2026-11.
LINKED_ROLES = (
    LinkedRole(service="eks.amazonaws.com", needed=_has("eks/cluster:Cluster"), maker="CreateCluster"),
    LinkedRole(service="eks-nodegroup.amazonaws.com", needed=_has("eks/nodeGroup:NodeGroup"), maker="CreateNodegroup"),
    LinkedRole(service="autoscaling.amazonaws.com", needed=_has("eks/nodeGroup:NodeGroup"), maker="Auto Scaling"),
    LinkedRole(service="spot.amazonaws.com", needed=_spot("karpenter")),
    LinkedRole(
        service="spot.amazonaws.com",
        needed=lambda needs: _spot("managed")(needs) and not _spot("karpenter")(needs),
        maker="CreateNodegroup",
    ),
    LinkedRole(
        service="fsx.amazonaws.com", needed=_has("fsx/lustreFileSystem:LustreFileSystem"), maker="CreateFileSystem"
    ),
    LinkedRole(
        service="s3.data-source.lustre.fsx.amazonaws.com",
        needed=_has("fsx/dataRepositoryAssociation:DataRepositoryAssociation"),
        maker="CreateDataRepositoryAssociation, with iam:AttachRolePolicy and iam:PutRolePolicy too",
    ),
    LinkedRole(service="backup.amazonaws.com", needed=_has("backup/vault:Vault"), maker="AWS Backup"),
    LinkedRole(
        service="transitgateway.amazonaws.com",
        needed=_has("ec2transitgateway/vpcAttachment:VpcAttachment"),
        maker="CreateTransitGatewayVpcAttachment",
    ),
)


@check("Service-linked roles", calls=("iam:ListRoles",))
def linked_roles(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The roles by which services work here exist, or are made on the way. They are known by their paths."""
    present = {role["Path"] for role in ask("iam:ListRoles", PathPrefix="/aws-service-role/")["Roles"]}
    for row in LINKED_ROLES:
        if not row.needed(needs):
            continue
        if f"/aws-service-role/{row.service}/" in present:
            yield ok(row.service)
        elif row.maker:
            yield ok(f"{row.service} is made by {row.maker}, if who runs `up` may iam:CreateServiceLinkedRole")
        else:
            spot = [name for name, pool in needs.pools.items() if "spot" in capacity_types_of(pool)]
            yield failure(
                f"there is no role of {row.service}",
                f"Karpenter may not make it, so {', '.join(spot)} gets no spot node",
                command=f"aws iam create-service-linked-role --aws-service-name {row.service}",
            )


# AWS Backup's names of what the stack stores -> whether it is there. A selection by the type of a resource holds even
# where the service is not opted in, but the types of FSx share one form of ARN, and copies and backups on demand go by
# the setting. Source: AWS Backup, "Assign resources with AWS CLI", UpdateRegionSettings; read 2026-11.
BACKED_UP: Mapping[str, Condition] = {
    "S3": lambda needs: _tagged(needs, "s3/bucket:Bucket"),
    "EFS": lambda needs: _tagged(needs, "efs/fileSystem:FileSystem"),
    "FSx": lambda needs: _tagged(needs, "fsx/lustreFileSystem:LustreFileSystem"),
    "EKS": lambda needs: _clusters(needs),
    "EBS": lambda needs: _clusters(needs),  # a backup of a cluster has its volumes in it
}


def _tagged(needs: Needs, type_: str) -> bool:
    return any((each.inputs.get("tags") or {}).get(BACKUP_TAG) in CRON for each in needs.of(type_))


def _clusters(needs: Needs) -> bool:
    selections = [each.inputs.get("resources") or () for each in needs.of("backup/selection:Selection")]
    return any(":eks:" in str(arn) for arns in selections for arn in arns)


@check("AWS Backup", calls=("backup:DescribeRegionSettings",))
def backup(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """AWS Backup is on for each type of resource that the stack backs up."""
    if not needs.of("backup/plan:Plan"):
        return
    settings = ask("backup:DescribeRegionSettings")["ResourceTypeOptInPreference"]
    wanted = [name for name, there in BACKED_UP.items() if there(needs)]
    off = [name for name in wanted if not settings.get(name)]
    for name in wanted:
        if name not in off:
            yield ok(f"on for {name}")
    if off:
        preference = ",".join(f"{name}=true" for name in off)
        yield failure(
            f"off for {', '.join(off)} in {needs.settings.region}",
            "AWS Backup may leave out what the stack's plans name, and copies nothing of it",
            command=f"aws backup update-region-settings --region {needs.settings.region} "
            f"--resource-type-opt-in-preference {preference}",
        )


@check("Encryption of volumes", calls=("ec2:GetEbsEncryptionByDefault",))
def ebs(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """EBS encrypts new volumes by default. Those of the stack have its own key; others may not."""
    if ask("ec2:GetEbsEncryptionByDefault")["EbsEncryptionByDefault"]:
        yield ok("EBS encrypts new volumes")
    else:
        yield warning(
            f"EBS does not encrypt new volumes by default in {needs.settings.region}",
            "nodes and claims of the stack are encrypted by its own key; what users make by hand is not",
            command=f"aws ec2 enable-ebs-encryption-by-default --region {needs.settings.region}",
        )
