"""Names in AWS that are known before anything is built: settings check their length, components use them."""

from catalog.regions import REGIONS

AUTONAME_LENGTH = 8  # Pulumi adds a hyphen and seven digits to a name that it makes


def name_prefix(name: str, environment: str) -> str:
    """Returns the first part of every name, for example `ml-platform-prod`."""
    return f"{name}-{environment}"


def registry(account_id: str, region: str) -> str:
    """Returns the host of the account's own images in ECR.

    Source: https://docs.aws.amazon.com/general/latest/gr/ecr.html; read 2026-11.
    """
    suffix = "amazonaws.com.cn" if REGIONS[region].partition == "aws-cn" else "amazonaws.com"
    return f"{account_id}.dkr.ecr.{region}.{suffix}"


def repository_name(prefix: str, team: str, name: str) -> str:
    """Returns the name of a team's repository in the account's registry."""
    return f"{prefix}/{team}/{name}"


def cluster_name(prefix: str, cluster: str) -> str:
    """Returns the name in AWS of `clusters.<cluster>`."""
    return f"{prefix}-{cluster}"


def cache_prefix(prefix: str, upstream: str) -> str:
    """Returns what the repositories of a cached registry begin with: two stacks of an account have two caches."""
    return f"{prefix}/{upstream}"


def karpenter_node_role_name(cluster_name: str, region: str, *, with_region: bool = True) -> str:
    """Returns the name of the role of Karpenter's nodes. The IAM right to pass the role contains this name.

    Roles belong to no region, so two clusters of one name, in two regions, need two names. The last part is AWS's own
    short name of the region, from its zone ids: `usw2`.
    with_region: False for a cluster that had its nodes before the name had a region.
    """
    if not with_region:
        return f"{cluster_name}-karpenter-node"
    return f"{cluster_name}-karpenter-{REGIONS[region].zones[0].zone_id.partition('-')[0]}"


def node_group_name(pool: str, zone: str) -> str:
    """Returns the logical name of the node group in one zone. pool: `<cluster>-<name of the pool>`."""
    return f"{pool}-{zone}"
