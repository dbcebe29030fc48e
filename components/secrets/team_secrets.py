"""The secrets of a team: made empty in its store and brought into its namespaces, or made in the namespaces.

No value passes through Pulumi: what a program gives to a secret stays in the state, a write-only input as well.
An ExternalSecret is not waited for, since its secret is empty until somebody fills it.
A rotation writes into the store as people do, and its function is somebody else's.
Sources: pulumi/pulumi-terraform-bridge 3201; Secrets Manager API, RotateSecret; external-secrets v2.9.0,
pkg/controllers/externalsecret (refresh policies, finalizer externalsecret-cleanup), generators/v1/password; read
2026-11.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.core.stage import Stage
from components.core.untyped import Values
from components.secrets.secret_iam import OPERATOR, secret_prefix
from components.secrets.stores import API, StoreArgs, store
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.team import TeamSettings
from settings.tenancy.team_secrets import TeamSecretSettings

GENERATORS = "generators.external-secrets.io/v1alpha1"
# Letters and digits alone: a password stands in addresses, too. 32 of them have 190 bits.
PASSWORD = {"length": 32, "digits": 8, "symbols": 0, "noUpper": False, "allowRepeat": True}


def from_store(team: TeamSettings) -> dict[str, TeamSecretSettings]:
    """Returns the secrets of a team that come from a store."""
    return {name: secret for name, secret in team.secrets.items() if secret.filled == "outside"}


def keeps_in_aws(
    settings: SecretsSettings, teams: Iterable[TeamSettings], observability: ObservabilitySettings | None = None
) -> bool:
    """Returns whether some team, or what measures the clusters, has secrets in Secrets Manager."""
    measured = observability is not None and observability.has_secrets
    return settings.store == "aws" and (measured or any(from_store(team) for team in teams))


@dataclass(frozen=True, kw_only=True)
class TeamSecretsArgs:
    """Arguments of a team's secrets.

    key_arn: KMS key of the secrets; None where none is in Secrets Manager. cluster_key: in the stack file.
    namespaces: of the team -> what objects in it wait for; None if it always exists.
    """

    team: TeamSettings
    settings: SecretsSettings
    stage: Stage
    cluster_key: str
    cluster: ClusterRef
    key_arn: pulumi.Input[str] | None
    namespaces: Mapping[str, pulumi.Resource | None]


class TeamSecrets(pulumi.ComponentResource):
    """Names begin with that of the component, then of the secret. At destroy the objects go before the operator."""

    def __init__(self, name: str, args: TeamSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:secrets:TeamSecrets", name, None, opts)
        self._name, self._args = name, args
        if stored := from_store(args.team):
            self._from_store(stored)
        for key, secret in args.team.secrets.items():
            for namespace in self._namespaces(secret) if secret.filled == "generated" else ():
                self._generated(key, namespace, secret)
        self.register_outputs({})

    def _namespaces(self, secret: TeamSecretSettings) -> tuple[str, ...]:
        return secret.namespaces or self._args.team.namespaces

    def _from_store(self, secrets: Mapping[str, TeamSecretSettings]) -> None:
        args = self._args
        of_team = store(
            self._name,
            StoreArgs(
                team=args.team.name,
                namespaces=args.team.namespaces,
                settings=args.settings,
                stage=args.stage,
                cluster_key=args.cluster_key,
                cluster=args.cluster,
            ),
            self,
        )
        for key, secret in secrets.items():
            path, after = f"{secret_prefix(args.stage, args.team.name)}{key}", [of_team]
            if args.settings.store == "aws":
                after.append(self._stored(key, path, secret))
            spec = {
                "refreshPolicy": "Periodic",
                "refreshInterval": f"{secret.refresh_minutes}m",
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": args.team.name},
                "data": [{"secretKey": each, "remoteRef": {"key": path, "property": each}} for each in secret.keys],
            }
            for namespace in self._namespaces(secret):
                self._external(key, namespace, spec, after)

    def _stored(self, key: str, path: str, secret: TeamSecretSettings) -> aws.secretsmanager.Secret:
        """Registers a secret and its rotation, and returns the secret."""
        args, opts = self._args, pulumi.ResourceOptions(parent=self)
        made = aws.secretsmanager.Secret(
            f"{self._name}.{key}",
            name=path,
            description=f"{', '.join(secret.keys)} of team {args.team.name}, as a JSON object",
            kms_key_id=args.key_arn,
            recovery_window_in_days=args.settings.recovery_days,
            tags=args.stage.team_tags(args.team.name),
            opts=opts,
        )
        if secret.rotation is not None:
            aws.secretsmanager.SecretRotation(
                f"{self._name}.{key}.rotation",
                secret_id=made.id,
                rotation_lambda_arn=secret.rotation.function_arn,
                rotation_rules={"automatically_after_days": secret.rotation.every_days},
                # A rotation of a secret that is still empty fails in most functions, and one that has failed refuses
                # the next change of its rules: "A previous rotation isn't complete."
                rotate_immediately=False,
                opts=opts,
            )
        return made

    def _generated(self, key: str, namespace: str, secret: TeamSecretSettings) -> None:
        """Registers a password. Its refresh policy is its life: by default there is another one every hour."""
        generator = self._object(
            f"{namespace}.{key}.generator",
            GENERATORS,
            "Password",
            key,
            namespace,
            {**PASSWORD, "secretKeys": list(secret.keys)},
            [self._args.cluster.controllers[OPERATOR]],
        )
        reference = {"apiVersion": GENERATORS, "kind": "Password", "name": self._named(key)}
        spec = {"refreshPolicy": "CreatedOnce", "dataFrom": [{"sourceRef": {"generatorRef": reference}}]}
        self._external(key, namespace, spec, [generator])

    def _external(self, key: str, namespace: str, spec: Values, after: list[pulumi.Resource]) -> None:
        # The Secret goes with its ExternalSecret, and stays when its secret in the store is gone.
        target = {"name": key, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
        self._object(f"{namespace}.{key}", API, "ExternalSecret", key, namespace, {**spec, "target": target}, after)

    def _named(self, key: str) -> str:
        """Returns the name of an object: a namespace that moves has the objects of both teams for a moment."""
        return f"{self._args.team.name}-{key}"

    def _object(
        self,
        name: str,
        version: str,
        kind: str,
        key: str,
        namespace: str,
        spec: Values,
        after: list[pulumi.Resource],
    ) -> pulumi.Resource:
        waits = self._args.namespaces[namespace]
        made: pulumi.Resource = custom_resource(
            f"{self._name}.{name}",
            {
                "apiVersion": version,
                "kind": kind,
                "metadata": {"name": self._named(key), "namespace": namespace},
                "spec": spec,
            },
            pulumi.ResourceOptions(
                parent=self,
                provider=self._args.cluster.provider,
                depends_on=[*after, *([waits] if waits is not None else [])],
            ),
            awaited=False,
        )
        return made
