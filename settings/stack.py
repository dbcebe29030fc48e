"""The whole stack file."""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from catalog.limits import TAGS_PER_RESOURCE
from catalog.regions import REGIONS
from settings.base import Settings
from settings.cluster import ClusterSettings
from settings.network import NetworkSettings
from settings.problems import did_you_mean, listed, raise_if, repeated
from settings.rules import tag_key_mistakes, tag_value_mistakes

Environment = Literal["dev", "staging", "prod"]
CLUSTER_KEY = re.compile(r"[a-z][a-z0-9-]{0,29}")
OWN_TAGS = ("environment", "owner", "cost-center", "project")  # set from the settings of these names
ROOM_FOR_TAGS = TAGS_PER_RESOURCE - 10  # the platform, Kubernetes and Karpenter add tags of their own


class KeySettings(Settings):
    """`keys`: the customer-managed KMS keys."""

    deletion_window_days: int = Field(
        default=30, ge=7, le=30, description="Days in which a deleted key, and all it encrypts, can still be saved."
    )
    rotation_days: int = Field(default=365, ge=90, le=2560, description="Days between rotations of the key material.")


class StackSettings(Settings):
    """What a stack file may say under `ml-platform:`."""

    environment: Environment = Field(description="Picks the profile of defaults: dev, staging or prod.")
    region: str = Field(description="AWS region, for example us-west-2.", examples=["us-west-2"])
    account_id: str | None = Field(
        default=None,
        pattern=r"^\d{12}$",
        description="AWS account that the stack belongs to, in quotes; any other one is refused.",
    )
    name: str = Field(
        default="ml-platform", pattern=r"^[a-z][a-z0-9-]{0,20}$", description="First part of the names of resources."
    )
    owner: str = Field(description="Team that answers for the stack; the tag `owner`.", examples=["ml-platform-team"])
    cost_center: str = Field(description="Who pays; the tag `cost-center`.", examples=["research"])
    tags: Mapping[str, str] = Field(default_factory=dict, description="Further tags for everything that takes tags.")
    deletion_protection: bool = Field(
        default=True,
        description="Protects clusters and whatever holds data from deletion. Off: the first step of retiring a stack.",
    )
    keys: KeySettings = Field(default=KeySettings(), description="The customer-managed KMS keys.")
    network: NetworkSettings = Field(default=NetworkSettings(), description="The VPC that all clusters share.")
    clusters: Mapping[str, ClusterSettings] = Field(min_length=1, description="The EKS clusters, by name.")

    @field_validator("region")
    @classmethod
    def region_is_known(cls, region: str) -> str:
        if region not in REGIONS:
            raise ValueError(
                f"{region} is no AWS region that the catalog knows.{did_you_mean(region, REGIONS)} "
                f"Known: {listed(REGIONS)}."
            )
        return region

    @field_validator("owner", "cost_center")
    @classmethod
    def cost_tags_are_values_that_aws_takes(cls, value: str) -> str:
        raise_if(tag_value_mistakes(value))
        return value

    @field_validator("tags")
    @classmethod
    def tags_are_ones_that_aws_takes(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        mistakes = [mistake for key in tags for mistake in tag_key_mistakes(key)]
        mistakes += [f"{key!r} {mistake}" for key, value in tags.items() for mistake in tag_value_mistakes(value)]
        lowered = [key.lower() for key in tags]
        if twice := repeated(lowered):
            mistakes.append(f"{listed(twice)} differ in case only, which IAM refuses. Keep one spelling.")
        mistakes += [
            f"{key!r} is set by the platform itself, from the setting of that name. Drop it here."
            for key in tags
            if key.lower() in OWN_TAGS
        ]
        if len(tags) > ROOM_FOR_TAGS:
            mistakes.append(
                f"{len(tags)} tags are given; a resource takes {TAGS_PER_RESOURCE} and some are needed for Kubernetes. "
                f"Keep at most {ROOM_FOR_TAGS}."
            )
        raise_if(mistakes)
        return tags

    @field_validator("clusters")
    @classmethod
    def cluster_names_can_be_names_of_resources(
        cls, clusters: Mapping[str, ClusterSettings]
    ) -> Mapping[str, ClusterSettings]:
        raise_if(
            f"{name!r} is no cluster name: up to 30 lower-case letters, digits and '-', a letter first. Rename it."
            for name in clusters
            if not CLUSTER_KEY.fullmatch(name)
        )
        return clusters
