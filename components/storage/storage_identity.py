"""Roles for the pods that use storage: one for each service account, with the rights to all that it uses."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from catalog.limits import IAM_ROLE_NAME_LENGTH
from components.core.pod_identity import pod_role
from components.core.stage import Stage
from components.storage.buckets import bucket_iam
from settings.storage.buckets import BucketSettings


class User(NamedTuple):
    """Pods of one service account. cluster: key in the stack file."""

    cluster: str
    namespace: str
    service_account: str

    @property
    def path(self) -> str:
        """Tells users apart: neither clusters nor namespaces have dots in their names."""
        return ".".join(self)


def role_name(stage: Stage, user: User) -> str:
    """Names of namespaces and service accounts may be longer than IAM takes, and roles are shared by all regions."""
    told_apart = hashlib.sha256(f"{stage.region}/{user.path}".encode()).hexdigest()[:8]
    return f"{f'{stage.prefix}-{user.path}'[: IAM_ROLE_NAME_LENGTH - 9]}-{told_apart}"


def bucket_access(stage: Stage, buckets: Mapping[str, BucketSettings], clusters: Collection[str]) -> dict[User, str]:
    """User -> the document with its rights to all of its buckets."""
    modes: dict[User, dict[str, str]] = {}
    for name, bucket in buckets.items():
        for each in bucket.used_by:
            user = User(each.cluster_among(clusters), each.namespace, each.service_account)
            modes.setdefault(user, {})[name] = each.mode
    return {
        user: bucket_iam.access(stage, list(given), [name for name, mode in given.items() if mode == "write"])
        for user, given in modes.items()
    }


@dataclass(frozen=True, kw_only=True)
class StorageIdentityArgs:
    """What it is told, and what it stands on. statements: name of an inline policy -> its document.

    cluster_name: carries the dependency on the cluster.
    Raises ValueError when there are no statements: the role would be there for nothing.
    """

    user: User
    stage: Stage
    cluster_name: pulumi.Input[str]
    statements: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.statements:
            raise ValueError(f"{self.user.path} is given no statements. Give some, or leave it out.")


class StorageIdentity(pulumi.ComponentResource):
    """EKS takes one role for each service account, so this one holds all of the rights.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html, read 2026-11.
    """

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: StorageIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:StorageIdentity", name, None, opts)
        user = args.user
        role = pod_role(
            name,
            args.stage,
            user.cluster,
            self,
            statements=args.statements,
            physical_name=role_name(args.stage, user),
        )
        aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster_name,
            namespace=user.namespace,
            service_account=user.service_account,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.permissions),
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})
