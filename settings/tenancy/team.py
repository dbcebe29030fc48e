"""`teams`: the people who share the stack's clusters."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from catalog.priorities import Name as PriorityName
from settings.core.base import Settings
from settings.core.naming import IAM_PRINCIPAL, KUBERNETES_NAMESPACES, MemberName, rename, service_account_name
from settings.core.problems import listed, raise_if, repeated
from settings.core.services import NamespaceName
from settings.tenancy.members import MemberSettings
from settings.tenancy.team_budget import BudgetSettings
from settings.tenancy.team_metrics import TeamMetricsSettings
from settings.tenancy.team_network import TeamNetworkSettings
from settings.tenancy.team_quota import TeamQuotaSettings
from settings.tenancy.team_secrets import SecretName, TeamSecretSettings


def repository_name_can_be_of_ecr(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when ECR would refuse it as the end of a repository's name.

    Source: ECR API model of botocore, RepositoryName; read 2026-11.
    """
    if len(name) > 100 or not re.fullmatch(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*", name):
        raise ValueError(
            f"{name!r} cannot name a repository: use up to 100 lower-case letters and digits, with . _ or - between "
            f"them. The stack and the team are not part of it: the platform puts them before it. {rename(name, 100)}"
        )
    return name


class TeamSettings(Settings):
    """A team: its namespaces, who is in it, and what it may use. A change of one team changes nothing of another."""

    name: str = Field(
        pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$",
        description="Name of the team: up to 30 lower-case letters, digits and '-', without one at its end.",
        examples=["serving"],
    )
    cluster: str | None = Field(default=None, description="Name of the cluster; not needed when there is only one.")
    namespaces: tuple[NamespaceName, ...] = Field(
        min_length=1,
        description="Namespaces of the team; the platform makes them. One that is dropped stays, with its data.",
        examples=[["inference"]],
    )

    members: Mapping[MemberName, MemberSettings] = Field(
        default_factory=dict, description="Who is in the team, each under a name of your choice."
    )
    quota: Mapping[NamespaceName, TeamQuotaSettings] = Field(
        default_factory=dict,
        description="Namespace of the team -> what its pods may have at once. One without an entry has no GPUs.",
        examples=[{"research": {"gpus": {"gpu-small": 2}, "cpu": 64}}],
    )
    priority: PriorityName = Field(
        default="training",
        description="Highest PriorityClass that the team's pods may have; pods that name none come after experiments.",
    )
    pools: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description=(
            "Pools whose nodes the team's pods may be on. Not given: those without GPUs, and those of its quota."
        ),
        examples=[["cpu", "h100"]],
    )
    service_accounts: tuple[Annotated[str, AfterValidator(service_account_name)], ...] = Field(
        default=(),
        description=(
            "Service accounts that the team's pods may have, besides `default` and those that storage names. Who may "
            "make pods has the rights of each."
        ),
        examples=[["pipeline"]],
    )
    secrets: Mapping[SecretName, TeamSecretSettings] = Field(
        default_factory=dict,
        description="Secrets that the team's workloads name; their values are never in the stack file or its state.",
        examples=[{"hub-token": {"keys": ["token"]}}],
    )
    network: TeamNetworkSettings = Field(
        default=TeamNetworkSettings(), description="Flows of its pods, where the cluster has `isolation`."
    )
    metrics: Mapping[SecretName, TeamMetricsSettings] = Field(
        default_factory=dict,
        description="Programs of the team that Prometheus reads, each under a name of your choice.",
        examples=[{"chat": {"namespace": "inference", "pods": {"app": "chat"}, "port": 8000}}],
    )
    repositories: tuple[Annotated[str, AfterValidator(repository_name_can_be_of_ecr)], ...] = Field(
        default=(),
        description="Repositories of the team's images in ECR: each is <stack>/<team>/<name> in the account.",
        examples=[["trainer"]],
    )
    pushers: tuple[str, ...] = Field(
        default=(),
        description=(
            "IAM roles that push images to the repositories, such as that of a CI. Not given: members who may make "
            "pods. Administrators of the account may as well."
        ),
        examples=[["arn:aws:iam::123456789012:role/ci-research"]],
    )
    budget: BudgetSettings | None = Field(default=None, description="What the team may spend in a month.")

    def cluster_among(self, clusters: Iterable[str]) -> str:
        """Returns the cluster that is named, or the only cluster. The checks refuse everything else before."""
        return self.cluster if self.cluster is not None else next(iter(clusters))

    @field_validator("quota")
    @classmethod
    def quotas_are_of_its_own_namespaces(
        cls, quota: Mapping[str, TeamQuotaSettings], info: ValidationInfo
    ) -> Mapping[str, TeamQuotaSettings]:
        _of_own(quota, info)
        return quota

    @field_validator("secrets")
    @classmethod
    def secrets_go_to_its_own_namespaces(
        cls, secrets: Mapping[str, TeamSecretSettings], info: ValidationInfo
    ) -> Mapping[str, TeamSecretSettings]:
        _of_own([namespace for secret in secrets.values() for namespace in secret.namespaces], info)
        return secrets

    @field_validator("metrics")
    @classmethod
    def programs_are_in_its_own_namespaces(
        cls, metrics: Mapping[str, TeamMetricsSettings], info: ValidationInfo
    ) -> Mapping[str, TeamMetricsSettings]:
        _of_own([each.namespace for each in metrics.values()], info)
        return metrics

    @field_validator("service_accounts")
    @classmethod
    def default_is_always_there(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        raise_if(
            ["default is in every namespace, and the team's pods may always have it. Drop it."] * ("default" in names)
        )
        return names

    @field_validator("pushers")
    @classmethod
    def pushers_are_roles_that_have_something_to_push_to(
        cls, arns: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        mistakes = [
            f"{arn!r} is not the ARN of an IAM role, and ECR takes no account, session or pattern here. Write for "
            "example arn:aws:iam::123456789012:role/ci-research."
            for arn in arns
            if ":role/" not in arn or not IAM_PRINCIPAL.fullmatch(arn)
        ]
        if arns and not info.data.get("repositories", True):
            mistakes.append("does nothing, since the team has no repositories. Add one, or drop it.")
        raise_if(mistakes)
        return arns

    @field_validator("pools", "service_accounts", "repositories", "pushers")
    @classmethod
    def names_are_named_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = repeated(names or ())
        raise_if([f"{listed(twice)} is named twice. Name each once."] if twice else [])
        return names

    @field_validator("namespaces")
    @classmethod
    def namespaces_are_the_teams(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{name} belongs to Kubernetes, and is no team's. Name another one."
            for name in names
            if name in KUBERNETES_NAMESPACES or name.startswith("kube-")
        ]
        if twice := repeated(names):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return names


def _of_own(names: Iterable[str], info: ValidationInfo) -> None:
    own = info.data.get("namespaces")
    raise_if(
        f"{name} is no namespace of this team, which has {listed(own)}. Name one of them."
        for name in dict.fromkeys(names)
        if own is not None and name not in own
    )
