"""The stage of a stack: account, region, environment, names, ARNs and cost-allocation tags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from catalog.regions import REGIONS
from settings.core import physical_names
from settings.stack.stack import PlatformTag, StackSettings

DataClass = Literal["eks", "ebs", "logs", "data", "backup", "secrets", "images"]
"""What a KMS key of the stack encrypts. `components/security/keys.py` makes the keys."""

DISCOVERY_TAG = "karpenter.sh/discovery"
"""By this tag EC2NodeClasses find the subnets of their stack and the security group of their pool."""

TEAM_TAG = "ml-platform:team"
"""Tag of what one team alone uses; the team's budget counts by it."""


def cost_tags(settings: StackSettings) -> dict[str, str]:
    """Returns the tags of every taggable resource, by which the bill is split."""
    values: dict[PlatformTag, str] = {
        "project": settings.name,
        "environment": settings.environment,
        "owner": settings.owner,
        "cost-center": settings.cost_center,
    }
    named = {settings.tag_keys.get(tag, tag): value for tag, value in values.items()}
    return {**settings.tags, **named, "managed-by": "pulumi"}


FIXED_TAGS = frozenset({"project", "environment", "managed-by"})
"""Cost tags that stay the same as long as a stack lives. One that a company spells otherwise may be spelled anew."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a stack is built. It has plain values only, so that names, ARNs and IAM documents are known at preview.

    standing: ARN -> tags of what the account has with the tags of this stack and may outlive its entry; empty where
        nothing outlives its entry.
    is_new: whether the stack has not been up yet.
    older_copies: whether copies have the names of the first releases, which do not name the stack's region.
    older_names: keys of clusters that exist with the names of the first releases, and keep them.
    left_log_groups: keys of clusters whose log group EKS has made again after their deletion.
    boundary: ARN of the permissions boundary of every role; None: they have none.
    """

    name: str
    environment: str
    region: str
    account_id: str
    deletion_protection: bool
    tags: Mapping[str, str]
    tag_keys: Mapping[PlatformTag, str] = field(default_factory=dict)
    standing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_new: bool = False
    older_copies: bool = False
    older_names: frozenset[str] = frozenset()
    left_log_groups: frozenset[str] = frozenset()
    boundary: str | None = None

    @classmethod
    def of(cls, settings: StackSettings, account_id: str) -> "Stage":
        """Builds the stage of a stack file. account_id: the account of the provider's credentials."""
        return cls(
            name=settings.name,
            environment=settings.environment,
            region=settings.region,
            account_id=account_id,
            deletion_protection=settings.deletion_protection,
            tags=cost_tags(settings),
            tag_keys=settings.tag_keys,
            boundary=settings.deployer.permissions_boundary_arn,
        )

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags by which resources of this stack are found."""
        of_stack: dict[PlatformTag, str] = {"project": self.name, "environment": self.environment}
        return {self.tag_keys.get(tag, tag): value for tag, value in of_stack.items()}

    def team_name(self, team: str) -> str:
        """Returns the name of a team that no other stack of the account has: of its budget, and in the tag of its own.

        It has the region, since budgets belong to none, and a stack of the same name may be in another one.
        """
        return f"{self.prefix}-{self.region}-{team}"

    def team_tags(self, team: str) -> dict[str, str]:
        """Returns the tag of what a team alone uses."""
        return {TEAM_TAG: self.team_name(team)}

    @property
    def vpc_tags(self) -> dict[str, str]:
        """The tags that no other VPC of the account and region has together."""
        return {"Name": f"{self.prefix}-vpc", **self.own_tags}

    @property
    def prefix(self) -> str:
        """First part of every physical name, for example `ml-platform-prod`."""
        return physical_names.name_prefix(self.name, self.environment)

    @property
    def pod_subnets(self) -> str:
        """Value of the discovery tag of the pod subnets, in which nodes with EFA are."""
        return f"{self.prefix}-pods"

    @property
    def production(self) -> bool:
        return self.environment == "prod"

    @property
    def retains(self) -> bool:
        """Whether resources with data stay in AWS when they leave the stack: in production, while protection is on."""
        return self.production and self.deletion_protection

    @property
    def partition(self) -> str:
        """Partition in every ARN, for example `aws` or `aws-cn`."""
        return REGIONS[self.region].partition

    @property
    def registry(self) -> str:
        """The host of the account's own images in ECR, in the stack's region."""
        return physical_names.registry(self.account_id, self.region)

    def repository_name(self, team: str, name: str) -> str:
        """Returns the name of a team's repository in the account's registry."""
        return physical_names.repository_name(self.prefix, team, name)

    def cluster_name(self, key: str) -> str:
        """Returns the physical name of the cluster under `clusters.<key>`."""
        return physical_names.cluster_name(self.prefix, key)

    def pool_name(self, cluster: str, pool: str) -> str:
        """Returns the physical name of a pool's resources in AWS: its placement group, its EFA security group."""
        return f"{self.cluster_name(cluster)}-{pool}"

    def key_alias(self, data_class: str) -> str:
        """Returns the alias of the KMS key for a data class, for example `alias/ml-platform-prod-ebs`."""
        return f"alias/{self.prefix}-{data_class}"

    @property
    def copies_key(self) -> str:
        """Returns the data class of copies in another region, where stacks of other regions may have copies too."""
        return "copies" if self.older_copies else f"copies-{self.region}"

    def cluster_arn(self, key: str) -> str:
        return self.arn("eks", f"cluster/{self.cluster_name(key)}")

    def bucket_arn(self, name: str) -> str:
        """Returns the ARN of a bucket, or of all buckets that a pattern names. S3 leaves out region and account."""
        return f"arn:{self.partition}:s3:::{name}"

    def arn(self, service: str, resource: str) -> str:
        """Returns the ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """Returns the ARN of an IAM resource of this account, for example `role/admin` or `root`."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"

    def in_partition(self, arn: str) -> str:
        """Returns an ARN of the catalog, which has the partition `aws`, in the partition of this stage."""
        return arn.replace("arn:aws:", f"arn:{self.partition}:", 1)
