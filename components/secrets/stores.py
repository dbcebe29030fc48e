"""The store of a team: a ClusterSecretStore that its namespaces alone may use, with an identity that reads its prefix.

Without an auth block the operator asks as itself, and then becomes the role; a SecretStore by service account would
need IRSA. The store becomes ready once the operator has assumed the role, so `up` shows a chain that is broken.
Sources: external-secrets v2.9.0, apis/externalsecrets/v1/secretstore_types.go, secretstore_aws_types.go,
secretstore_vault_types.go, providers/v1/aws/secretsmanager/secretsmanager.go (Validate); read 2026-11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.core.stage import Stage
from components.secrets.secret_iam import OPERATOR, reader_name, reader_path, reader_statements, reader_trust
from settings.secrets.secrets import SecretsSettings

API = "external-secrets.io/v1"


@dataclass(frozen=True, kw_only=True)
class StoreArgs:
    """Arguments of a store.

    team: its name. namespaces: that may use it. cluster_key: in the stack file. secrets_of: whose secrets it reads; ""
    for those of `team`.
    """

    team: str
    namespaces: Sequence[str]
    settings: SecretsSettings
    stage: Stage
    cluster_key: str
    cluster: ClusterRef
    secrets_of: str = ""


def store(name: str, args: StoreArgs, parent: pulumi.Resource) -> pulumi.Resource:
    """Registers the store of a team, named like it, and returns it.

    A Vault is not waited for: its people make the role of the team when they can.
    """
    after = [args.cluster.controllers[OPERATOR]]  # its webhooks refuse a store while their pods are not there
    in_aws = args.settings.store == "aws"
    provider: dict[str, Any] = _vault(args)
    if in_aws:
        reader, rights = _reader(name, args, parent)
        after += [reader, rights]
        provider = {"aws": {"service": "SecretsManager", "region": args.stage.region, "role": reader.arn}}
    manifest = {
        "apiVersion": API,
        "kind": "ClusterSecretStore",
        "metadata": {"name": args.team},
        "spec": {"conditions": [{"namespaces": list(args.namespaces)}], "provider": provider},
    }
    opts = pulumi.ResourceOptions(parent=parent, provider=args.cluster.provider, depends_on=after)
    made: pulumi.Resource = custom_resource(f"{name}.store", manifest, opts, awaited=in_aws)
    return made


def _reader(name: str, args: StoreArgs, parent: pulumi.Resource) -> tuple[aws.iam.Role, pulumi.Resource]:
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}.reader",
        name=reader_name(args.stage, args.team),
        path=reader_path(args.stage, args.cluster_key),
        assume_role_policy=reader_trust(args.stage, args.cluster_key),
        permissions_boundary=args.stage.boundary,
        opts=opts,
    )
    document = iam.document(*reader_statements(args.stage, args.secrets_of or args.team))
    return role, aws.iam.RolePolicy(f"{name}.reader", role=role.name, policy=document, opts=opts)


def _vault(args: StoreArgs) -> dict[str, Any]:
    vault = args.settings.vault
    if vault is None:
        return {}
    login = {
        "mountPath": vault.auth_mount,
        "role": f"{vault.role_prefix}{args.secrets_of or args.team}",
        "serviceAccountRef": {"name": OPERATOR, "namespace": OPERATOR},
    }
    return {"vault": {"server": vault.address, "path": vault.mount, "version": "v2", "auth": {"kubernetes": login}}}
