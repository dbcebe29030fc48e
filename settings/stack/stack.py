"""The settings of a whole stack file."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from catalog.limits import TAGS_PER_RESOURCE
from catalog.regions import REGIONS
from common.tag_keys import means
from settings.cluster.cluster import ClusterSettings
from settings.cluster.parts import ClusterParts
from settings.compute.quotas import QuotaSettings
from settings.core.base import Settings
from settings.core.naming import rename, tag_key, tag_value
from settings.core.problems import listed, nearest_or_all, raise_if, repeated
from settings.ingress.ingress import IngressSettings
from settings.isolation.isolation import IsolationSettings
from settings.mesh.mesh import TO_AGENTS, MeshSettings
from settings.network.network import NetworkSettings
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.security.alarms import AlarmSettings
from settings.security.deployer import DeployerSettings
from settings.security.guardduty import SecuritySettings
from settings.security.keys import KeySettings
from settings.storage.storage import StorageSettings
from settings.tenancy.admission import AdmissionSettings
from settings.tenancy.images import ImagesSettings
from settings.tenancy.team import TeamSettings

Environment = Literal["dev", "staging", "prod"]
CLUSTER_KEY = re.compile(r"[a-z][a-z0-9-]{0,29}")
RESERVED_PREFIXES = ("kubernetes.io/", "karpenter.sh/", "karpenter.k8s.aws/", "eks:")  # controllers act on these tags
PlatformTag = Literal["environment", "owner", "cost-center", "project"]
PLATFORM_TAGS: tuple[PlatformTag, ...] = ("environment", "owner", "cost-center", "project")  # set from the settings
OWN_TAGS = ("Name", "managed-by", "ml-platform:", "kubernetes.io/role/", "karpenter.sh/discovery")
"""Other tags of the platform: keys, and what keys begin with."""
MAX_TAGS = TAGS_PER_RESOURCE - 10  # the platform, Kubernetes and Karpenter add tags too


def tag_is_not_set_by_the_platform(key: str) -> str:
    """Returns the key unchanged. Raises ValueError when AWS refuses it, or when the platform sets it itself."""
    if key.lower() in PLATFORM_TAGS:
        raise ValueError(f"{key} is a tag that the platform sets from the settings. Drop it here.")
    if key.startswith(RESERVED_PREFIXES):
        raise ValueError(
            f"{key} has a prefix of tags that Kubernetes or Karpenter act on. Take a key without that prefix."
        )
    return tag_key(key)


def cluster_key_can_name_resources(key: str) -> str:
    """Returns the key unchanged. Raises ValueError when names of resources cannot begin with it."""
    if not CLUSTER_KEY.fullmatch(key):
        raise ValueError(
            f"{key!r} is not a cluster name: use up to 30 lower-case letters, digits and '-', and begin with a "
            f"letter. {rename(key, 30)}"
        )
    return key


TagKey = Annotated[str, AfterValidator(tag_is_not_set_by_the_platform)]
TagValue = Annotated[str, AfterValidator(tag_value)]
ClusterKey = Annotated[str, AfterValidator(cluster_key_can_name_resources)]


class StackSettings(Settings):
    """All settings of a stack file, under `ml-platform:`."""

    environment: Environment = Field(
        description="Selects the profile of defaults: dev, staging or prod.", examples=["dev"]
    )
    region: str = Field(description="AWS region, for example us-west-2.", examples=["us-west-2"])
    account_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{12}$",
        examples=["123456789012"],
        description="AWS account of the stack, in quotes; any other account is refused.",
    )
    name: str = Field(
        default="ml-platform",
        pattern=r"^[a-z][a-z0-9-]{0,20}$",
        description="First part of all resource names: up to 21 lower-case letters, digits and '-'.",
        examples=["ml-platform"],
    )
    owner: TagValue = Field(
        description="Team that is responsible for the stack; the tag `owner`.", examples=["ml-platform-team"]
    )
    cost_center: TagValue = Field(description="Who pays; the tag `cost-center`.", examples=["research"])
    tags: Mapping[TagKey, TagValue] = Field(
        default_factory=dict, description="Additional tags for every resource that can have tags."
    )
    tag_keys: Mapping[PlatformTag, Annotated[str, AfterValidator(tag_key)]] = Field(
        default_factory=dict,
        description="Your company's keys of the platform's tags; each ends in the same word, in any case.",
        examples=[{"owner": "Owner", "cost-center": "acme:CostCenter"}],
    )
    foreign_tags: tuple[str, ...] = Field(
        default=("eks:", "kubernetes.io/cluster/", "awsApplication", "map-migrated"),
        description=(
            "What keys of tags begin with that others set on the platform's resources. Pulumi leaves these tags alone; "
            "any other tag that it did not set is removed by the next `up` after a refresh."
        ),
        examples=[["eks:", "kubernetes.io/cluster/", "security-scan:"]],
    )
    deletion_protection: bool = Field(
        default=True,
        description=(
            "Protects clusters and everything that holds data from deletion. Turn it off first to retire a stack."
        ),
    )
    deployer: DeployerSettings = Field(default=DeployerSettings(), description="Who runs `pulumi up`, and where.")
    alarms: AlarmSettings = Field(default=AlarmSettings(), description="Who hears of what is done in the clusters.")
    security: SecuritySettings = Field(default=SecuritySettings(), description="What AWS watches.")
    keys: KeySettings = Field(default=KeySettings(), description="The customer-managed KMS keys.")
    network: NetworkSettings = Field(default=NetworkSettings(), description="The VPC that all clusters share.")
    quotas: QuotaSettings = Field(
        default=QuotaSettings(), description="EC2 quotas of the account in this region that the pools need."
    )
    storage: StorageSettings = Field(default=StorageSettings(), description="Everything that holds data.")
    teams: tuple[TeamSettings, ...] = Field(
        default=(),
        description="The teams that share the clusters.",
        examples=[[{"name": "serving", "namespaces": ["inference"]}]],
    )
    admission: AdmissionSettings = Field(
        default=AdmissionSettings(), description="What the pods of teams need to be let in."
    )
    images: ImagesSettings = Field(
        default=ImagesSettings(), description="Repositories of images, and a cache of other registries."
    )
    secrets: SecretsSettings = Field(default=SecretsSettings(), description="Where the secrets of teams are kept.")
    mesh: MeshSettings | None = Field(
        default=None,
        description="The service mesh. Without it no cluster has one.",
        examples=[{"namespaces": ["inference"]}],
    )
    ingress: IngressSettings | None = Field(
        default=None, description="The doors of the clusters. Without it nothing in them has a load balancer."
    )
    isolation: IsolationSettings | None = Field(
        default=None,
        description="Network policies of teams and add-ons. Without it every pod reaches every other one.",
    )
    observability: ObservabilitySettings | None = Field(
        default=None,
        description="Metrics, alerts, dashboards, logs and traces. Without it nobody sees what the clusters do.",
    )
    policies: Mapping[str, Any] = Field(
        default_factory=dict,
        description=(
            "Options of the policy pack's rules for this stack: rule, option, value. The page on policies lists them. "
            "They change what is refused, and nothing that is built."
        ),
        examples=[{"cost-monthly-cap": {"usd": 30000}}],
    )
    clusters: Mapping[ClusterKey, ClusterSettings] = Field(
        min_length=1,
        description="The EKS clusters, by name.",
        examples=[{"main": {"version": "1.35", "pools": [{"preset": "cpu", "name": "system", "min_per_zone": 1}]}}],
    )

    def mesh_of(self, cluster: str) -> MeshSettings | None:
        """Returns the mesh of a cluster, whose proxies may send spans to its agents; None where it has none."""
        if self.mesh is None or cluster not in (self.mesh.clusters or self.clusters):
            return None
        observability = self.observability_of(cluster)
        traces = observability.traces if observability is not None else None
        joined = traces is not None and traces.mesh and self.mesh.tracing is None
        return self.mesh.model_copy(update={"tracing": TO_AGENTS}) if joined else self.mesh

    def ingress_of(self, cluster: str) -> IngressSettings | None:
        """Returns the doors of a cluster; None where it has none."""
        return self.ingress.of_cluster(cluster) if self.ingress and cluster in self.clusters else None

    def isolation_of(self, cluster: str) -> IsolationSettings | None:
        """Returns the isolation of a cluster; None where it has none."""
        return self.isolation if self.isolation and cluster in (self.isolation.clusters or self.clusters) else None

    def observability_of(self, cluster: str) -> ObservabilitySettings | None:
        """Returns what is measured in a cluster; None where nothing is."""
        has = self.observability and cluster in (self.observability.clusters or self.clusters)
        return self.observability if has else None

    def parts_of(self, cluster: str) -> ClusterParts:
        """Returns the parts of a cluster, with what other keys of the stack file say of it."""
        return ClusterParts.of(
            self.clusters[cluster],
            mesh=self.mesh_of(cluster),
            ingress=self.ingress_of(cluster),
            secrets=self.secrets_of(cluster),
            kyverno=self.admission.kyverno,
            observability=self.observability_of(cluster),
            guardduty=self.security.runtime,
        )

    def teams_of(self, cluster: str) -> list[TeamSettings]:
        """Returns the teams of a cluster."""
        return [team for team in self.teams if team.cluster_among(self.clusters) == cluster]

    def secrets_of(self, cluster: str) -> SecretsSettings | None:
        """Returns where the secrets of a cluster, of its teams or observability, are kept; None where it has none."""
        observability = self.observability_of(cluster)
        needed = any(team.secrets for team in self.teams_of(cluster)) or (
            observability is not None and observability.has_secrets
        )
        return self.secrets if needed else None

    @field_validator("region")
    @classmethod
    def region_is_known(cls, region: str) -> str:
        if region not in REGIONS:
            raise ValueError(f"{region} is not an AWS region of the catalog.{nearest_or_all(region, REGIONS)}")
        return region

    @field_validator("tags")
    @classmethod
    def tags_are_few_and_differ_in_more_than_case(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        mistakes = []
        lowered = [key.lower() for key in tags]
        if twice := repeated(lowered):
            mistakes.append(f"{listed(twice)} differ only in case, which IAM refuses. Keep one spelling.")
        if len(tags) > MAX_TAGS:
            mistakes.append(
                f"{len(tags)} tags are given, but a resource can have {TAGS_PER_RESOURCE}, and the platform and "
                f"Kubernetes need some of them. Keep at most {MAX_TAGS}."
            )
        raise_if(mistakes)
        return tags

    @field_validator("tag_keys")
    @classmethod
    def tag_keys_mean_the_same(cls, keys: Mapping[PlatformTag, str]) -> Mapping[PlatformTag, str]:
        raise_if(
            f"{key} does not end in {tag}, so readers of the bill and policies would not find it. Write for example "
            f"{tag.title().replace('-', '')}, and other keys under `tags`."
            for tag, key in keys.items()
            if not means(key, tag)
        )
        return keys

    @field_validator("foreign_tags")
    @classmethod
    def foreign_tags_are_not_ours(cls, prefixes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        named = info.data.get("tag_keys", {})
        ours = (*OWN_TAGS, *(named.get(tag, tag) for tag in PLATFORM_TAGS), *info.data.get("tags", ()))
        raise_if(
            f"foreign_tags has {prefix!r}, with which {taken} begins, a tag of this stack: Pulumi would never set it. "
            "Write a longer beginning, or drop it."
            for prefix in prefixes
            for taken in [next((key for key in ours if key.startswith(prefix)), None)]
            if taken is not None
        )
        return prefixes
