"""The whole stack file."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from catalog.limits import TAGS_PER_RESOURCE
from catalog.regions import REGIONS
from settings.cluster.cluster import ClusterSettings
from settings.compute.quotas import QuotaSettings
from settings.core.base import Settings
from settings.core.naming import tag_key, tag_value
from settings.core.problems import listed, nearest_or_all, raise_if, repeated
from settings.network.network import NetworkSettings
from settings.security.keys import KeySettings
from settings.storage.storage import StorageSettings

Environment = Literal["dev", "staging", "prod"]
CLUSTER_KEY = re.compile(r"[a-z][a-z0-9-]{0,29}")
READ_BY_OTHERS = ("kubernetes.io/", "karpenter.sh/", "karpenter.k8s.aws/", "eks:")  # tags that are instructions
OWN_TAGS = ("environment", "owner", "cost-center", "project")  # set from the settings of these names
ROOM_FOR_TAGS = TAGS_PER_RESOURCE - 10  # the platform, Kubernetes and Karpenter add tags of their own


def tag_is_not_our_own(key: str) -> str:
    """The key as it is. Raises ValueError when AWS refuses it, or when the platform sets it itself."""
    if key.lower() in OWN_TAGS:
        raise ValueError(f"{key} is set by the platform itself, from the settings. Drop it here.")
    if key.startswith(READ_BY_OTHERS):
        raise ValueError(f"{key} tells Kubernetes or Karpenter what a resource is for. Take a key without that prefix.")
    return tag_key(key)


def cluster_key_can_name_resources(key: str) -> str:
    """The key as it is. Raises ValueError when names of resources could not begin with it."""
    if not CLUSTER_KEY.fullmatch(key):
        raise ValueError(
            f"{key!r} is no cluster name: up to 30 lower-case letters, digits and '-', a letter first. Rename it."
        )
    return key


TagKey = Annotated[str, AfterValidator(tag_is_not_our_own)]
TagValue = Annotated[str, AfterValidator(tag_value)]
ClusterKey = Annotated[str, AfterValidator(cluster_key_can_name_resources)]


class StackSettings(Settings):
    """What a stack file may say under `ml-platform:`."""

    environment: Environment = Field(
        description="Picks the profile of defaults: dev, staging or prod.", examples=["dev"]
    )
    region: str = Field(description="AWS region, for example us-west-2.", examples=["us-west-2"])
    account_id: str | None = Field(
        default=None,
        pattern=r"^\d{12}$",
        examples=["123456789012"],
        description="AWS account that the stack belongs to, in quotes; any other one is refused.",
    )
    name: str = Field(
        default="ml-platform",
        pattern=r"^[a-z][a-z0-9-]{0,20}$",
        description="First part of the names of resources: up to 21 lower-case letters, digits and '-'.",
        examples=["ml-platform"],
    )
    owner: TagValue = Field(
        description="Team that answers for the stack; the tag `owner`.", examples=["ml-platform-team"]
    )
    cost_center: TagValue = Field(description="Who pays; the tag `cost-center`.", examples=["research"])
    tags: Mapping[TagKey, TagValue] = Field(
        default_factory=dict, description="Further tags for everything that takes tags."
    )
    deletion_protection: bool = Field(
        default=True,
        description="Protects clusters and whatever holds data from deletion. Off: the first step of retiring a stack.",
    )
    keys: KeySettings = Field(default=KeySettings(), description="The customer-managed KMS keys.")
    network: NetworkSettings = Field(default=NetworkSettings(), description="The VPC that all clusters share.")
    quotas: QuotaSettings = Field(
        default=QuotaSettings(), description="EC2 quotas of the account in this region, as far as pools need them."
    )
    storage: StorageSettings = Field(default=StorageSettings(), description="Everything that holds data.")
    clusters: Mapping[ClusterKey, ClusterSettings] = Field(
        min_length=1,
        description="The EKS clusters, by name.",
        examples=[{"main": {"version": "1.35", "pools": [{"preset": "cpu", "name": "system", "min_per_zone": 1}]}}],
    )

    @field_validator("region")
    @classmethod
    def region_is_known(cls, region: str) -> str:
        if region not in REGIONS:
            raise ValueError(f"{region} is no AWS region that the catalog knows.{nearest_or_all(region, REGIONS)}")
        return region

    @field_validator("tags")
    @classmethod
    def tags_are_few_and_differ_in_more_than_case(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        mistakes = []
        lowered = [key.lower() for key in tags]
        if twice := repeated(lowered):
            mistakes.append(f"{listed(twice)} differ in case only, which IAM refuses. Keep one spelling.")
        if len(tags) > ROOM_FOR_TAGS:
            mistakes.append(
                f"{len(tags)} tags are given; a resource takes {TAGS_PER_RESOURCE} and some are needed for Kubernetes. "
                f"Keep at most {ROOM_FOR_TAGS}."
            )
        raise_if(mistakes)
        return tags
