"""What one team gets in its cluster: each part is a module of its own, with its objects under the team's component."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.core.cluster_ref import ClusterRef
from components.core.stage import Stage
from components.secrets.team_secrets import TeamSecrets, TeamSecretsArgs
from components.tenancy import limits, quotas
from components.tenancy.budget import team_budget
from components.tenancy.marks import accounts_of
from components.tenancy.repositories import repositories
from components.tenancy.roles import roles, service_accounts
from settings.compute.node_pool import NodePoolSettings
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.images import ImagesSettings
from settings.tenancy.team import TeamSettings


@dataclass(frozen=True, kw_only=True)
class TeamArgs:
    """Arguments of a team.

    cluster_key: key in the stack file. pools: of the cluster. zones: how many the network has.
    gpu_allocation: of the cluster. secrets_key_arn: KMS key of its secrets; None where it has none in AWS.
    images_key_arn: KMS key of its repositories; None where they have one of S3.
    roles: permission set -> ARN of its role.
    namespaces: of the team -> what objects in it wait for; None if it always exists.
    service_accounts: namespace -> those that storage names there.
    """

    settings: TeamSettings
    stage: Stage
    cluster_key: str
    cluster: ClusterRef
    pools: Sequence[NodePoolSettings]
    zones: int
    gpu_allocation: str
    secrets: SecretsSettings
    secrets_key_arn: pulumi.Input[str] | None = None
    images: ImagesSettings
    images_key_arn: pulumi.Input[str] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    namespaces: Mapping[str, pulumi.Resource | None]
    service_accounts: Mapping[str, Collection[str]]


class Team(pulumi.ComponentResource):
    """A team of one cluster. Named `<cluster>-team-<name>`, and all its children begin with this name.

    A '.' parts the team, the namespace and the rest in their names: neither of the two has one, and with a '-' the
    namespace `serving-lab` of `ml` would have the names of `lab` of `ml-serving`.
    """

    repositories: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: TeamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:tenancy:Team", name, None, opts)
        team, stage = args.settings, args.stage
        self._quotas(name, args)
        accounts = {each: accounts_of(team, named) for each, named in args.service_accounts.items()}
        service_accounts(name, accounts, lambda namespace: self.opts_in(args, namespace, self))
        roles(name, team, lambda namespace: self.opts_in(args, namespace, self))
        if team.secrets:
            TeamSecrets(
                f"{name}.secrets",
                TeamSecretsArgs(
                    team=team,
                    settings=args.secrets,
                    stage=stage,
                    cluster_key=args.cluster_key,
                    cluster=args.cluster,
                    key_arn=args.secrets_key_arn,
                    namespaces=args.namespaces,
                ),
                pulumi.ResourceOptions(parent=self),
            )
        if team.budget is not None:
            team_budget(f"{name}.budget", team.name, team.budget, stage, pulumi.ResourceOptions(parent=self))
        self.repositories = repositories(
            f"{name}.images", team, args.images, stage, args.images_key_arn, args.roles, self
        )
        self.register_outputs({})

    def _quotas(self, name: str, args: TeamArgs) -> None:
        team = args.settings
        for namespace in team.namespaces:
            counts = quotas.hard(team, namespace, args.pools, args.zones, args.gpu_allocation)
            opts = self.opts_in(args, namespace, self)
            limit_range = limits.register(f"{name}.{namespace}.limits", team, namespace, args.pools, opts)
            # Without the LimitRange the quota refuses pods that state no requests.
            after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[limit_range]))
            quotas.register(f"{name}.{namespace}.quota", team, namespace, counts, after)

    @staticmethod
    def opts_in(args: TeamArgs, namespace: str, parent: pulumi.Resource) -> pulumi.ResourceOptions:
        """Returns the options of an object in a namespace of the team: it comes after the namespace."""
        waits = args.namespaces[namespace]
        return pulumi.ResourceOptions(
            parent=parent, provider=args.cluster.provider, depends_on=[waits] if waits is not None else None
        )
