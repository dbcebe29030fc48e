"""Settings of services for the whole account and region: service-linked roles, backups, encryption of volumes."""

from collections.abc import Callable, Iterator, Mapping

from components.storage.recovery.backup import BACKUP_TAG, CRON
from preflight.account import Ask
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs, known
from settings.compute.quota_needs import capacity_types_of

Condition = Callable[[Needs], bool]


def _has(type_: str) -> Condition:
    return lambda needs: bool(needs.of(type_))


def _spot(needs: Needs, provisioner: str) -> list[str]:
    """Returns the pools that may have spot nodes."""
    pools = needs.pools.items()
    return [name for name, pool in pools if pool.provisioner == provisioner and "spot" in capacity_types_of(pool)]


def _spot_at_once(needs: Needs) -> bool:
    return any(needs.pools[name].min_per_zone for name in _spot(needs, "managed"))


# Service, what makes its role, whether the stack needs it. Karpenter may make none; Auto Scaling makes that of spot.
# Sources: EC2 user guide, "Service-linked role for Spot Instance requests"; Karpenter v1.14, "Getting started";
# AutoScalingServiceRolePolicy; guides of EKS, FSx, AWS Backup and VPC, "Using service-linked roles"; read 2026-11.
_IF = "if who runs `up` may iam:CreateServiceLinkedRole"
LINKED_ROLES: tuple[tuple[str, str, Condition], ...] = (
    ("eks.amazonaws.com", f"CreateCluster {_IF}", _has("eks/cluster:Cluster")),
    ("eks-nodegroup.amazonaws.com", f"CreateNodegroup {_IF}", _has("eks/nodeGroup:NodeGroup")),
    ("autoscaling.amazonaws.com", "EKS", _has("eks/nodeGroup:NodeGroup")),
    ("spot.amazonaws.com", "Auto Scaling", _spot_at_once),
    ("spot.amazonaws.com", "", lambda needs: bool(_spot(needs, "karpenter")) and not _spot_at_once(needs)),
    ("fsx.amazonaws.com", f"CreateFileSystem {_IF}", _has("fsx/lustreFileSystem:LustreFileSystem")),
    (
        *("s3.data-source.lustre.fsx.amazonaws.com", f"FSx {_IF}, iam:AttachRolePolicy and iam:PutRolePolicy"),
        _has("fsx/dataRepositoryAssociation:DataRepositoryAssociation"),
    ),
    ("pullthroughcache.ecr.amazonaws.com", f"ECR {_IF}", _has("ecr/pullThroughCacheRule:PullThroughCacheRule")),
    ("backup.amazonaws.com", f"AWS Backup {_IF}", _has("backup/vault:Vault")),
    (
        *("elasticloadbalancing.amazonaws.com", "the load balancer controller"),
        _has("kubernetes:gateway.networking.k8s.io/v1:Gateway"),
    ),
    ("guardduty.amazonaws.com", f"CreateDetector {_IF}", _has("guardduty/detector:Detector")),
    ("transitgateway.amazonaws.com", f"VPC {_IF}", _has("ec2transitgateway/vpcAttachment:VpcAttachment")),
)


@check("Service-linked roles", calls=("iam:ListRoles",))
def linked_roles(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The roles by which services work here exist, or are made on the way. They are known by their paths."""
    present = {role["Path"] for role in ask("iam:ListRoles", PathPrefix="/aws-service-role/")["Roles"]}
    for service, maker, needed in LINKED_ROLES:
        if not needed(needs):
            continue
        if f"/aws-service-role/{service}/" in present:
            yield ok(service)
        elif maker:
            yield ok(f"{service} is made by {maker}")
        else:
            yield failure(
                f"there is no role of {service}",
                f"Karpenter may not make it, so {', '.join(_spot(needs, 'karpenter'))} gets no spot node",
                command=f"aws iam create-service-linked-role --aws-service-name {service}",
            )


@check("AWS managed policies", calls=("iam:GetPolicy",))
def managed_policies(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The policies of AWS that roles of the stack get exist in this partition."""
    attached = (
        known(each.inputs.get("policyArn")) for each in needs.of("iam/rolePolicyAttachment:RolePolicyAttachment")
    )
    for arn in sorted({each for each in attached if ":iam::aws:policy/" in each}):
        if ask("iam:GetPolicy", absent=("NoSuchEntity",), PolicyArn=arn) is None:
            yield failure(
                f"there is no {arn}", "a role cannot get it, and `up` stops half-way", "Report it: catalog/iam.py."
            )
        else:
            yield ok(arn)


# AWS Backup's names of what the stack stores -> whether it is there. Selections of the stack name types, and such a
# selection holds even where the type is off. Plans that select by tags alone, and backups on demand, go by the setting.
# Source: AWS Backup, API reference, UpdateRegionSettings and DescribeRegionSettings; read 2026-11.
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
        yield warning(
            f"off for {', '.join(off)} in {needs.settings.region}",
            "plans of the stack name these types, so they are backed up all the same; a backup on demand is not",
            "To have those too, turn it on. Every plan in the account and region that selects by tags then backs up "
            "these types as well, and is billed for it: ask who else has plans.",
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
