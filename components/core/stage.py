"""Where a stack is built, and what follows from it: account, region, environment, names, cost-allocation tags."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.regions import REGIONS
from settings.core import physical_names
from settings.stack.stack import StackSettings


def cost_tags(settings: StackSettings) -> dict[str, str]:
    """Tags of every taggable resource, by which bills are split."""
    return {
        **settings.tags,
        "project": settings.name,
        "environment": settings.environment,
        "owner": settings.owner,
        "cost-center": settings.cost_center,
        "managed-by": "pulumi",
    }


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Plain values only, so that names, ARNs and IAM documents are known at preview."""

    name: str
    environment: str
    region: str
    account_id: str
    deletion_protection: bool
    tags: Mapping[str, str]

    @classmethod
    def of(cls, settings: StackSettings, account_id: str) -> "Stage":
        """The stage of a stack file. `account_id` is the one the provider's credentials belong to."""
        return cls(
            name=settings.name,
            environment=settings.environment,
            region=settings.region,
            account_id=account_id,
            deletion_protection=settings.deletion_protection,
            tags=cost_tags(settings),
        )

    @property
    def prefix(self) -> str:
        """First part of every physical name, e.g. `ml-platform-prod`."""
        return physical_names.name_prefix(self.name, self.environment)

    @property
    def production(self) -> bool:
        return self.environment == "prod"

    @property
    def retains(self) -> bool:
        """Whether what holds data stays in AWS when it leaves the stack: in production, until protection is lifted."""
        return self.production and self.deletion_protection

    @property
    def partition(self) -> str:
        """First part of every ARN, e.g. `aws`, or `aws-cn`."""
        return REGIONS[self.region].partition

    def cluster_name(self, key: str) -> str:
        """Physical name of the cluster under `clusters.<key>`."""
        return physical_names.cluster_name(self.prefix, key)

    def pool_name(self, cluster: str, pool: str) -> str:
        """Physical name of what a pool has in AWS: its placement group, its EFA security group."""
        return f"{self.cluster_name(cluster)}-{pool}"

    def key_alias(self, data_class: str) -> str:
        """Alias of the KMS key for a class of data, e.g. `alias/ml-platform-prod-ebs`."""
        return f"alias/{self.prefix}-{data_class}"

    def cluster_arn(self, key: str) -> str:
        return self.arn("eks", f"cluster/{self.cluster_name(key)}")

    def arn(self, service: str, resource: str) -> str:
        """ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """ARN of an IAM resource of this account, e.g. `role/admin`, or `root`."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"

    def in_partition(self, arn: str) -> str:
        """An ARN of the catalog, which knows those of `aws`, moved to the partition of this stage."""
        return arn.replace("arn:aws:", f"arn:{self.partition}:", 1)
