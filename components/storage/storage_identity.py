"""Roles for pods that use storage: one for each service account, with the permissions for all its buckets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from catalog.limits import IAM_ROLE_NAME_LENGTH
from components.core.names import with_digest
from components.core.pod_identity import pod_role
from components.core.stage import Stage
from components.storage.buckets import bucket_iam
from settings.storage.buckets import BucketSettings


class User(NamedTuple):
    """Pods of one service account.

    cluster: key in the stack file.
    """

    cluster: str
    namespace: str
    service_account: str

    @property
    def path(self) -> str:
        """A unique name of the user, since names of clusters and namespaces have no dots."""
        return ".".join(self)


def role_name(stage: Stage, user: User) -> str:
    """Returns the name of the role: shortened for IAM, and with a digest, since roles are the same in all regions."""
    return with_digest(f"{stage.prefix}-{user.path}", IAM_ROLE_NAME_LENGTH, f"{stage.region}/{user.path}")


def bucket_access(stage: Stage, buckets: Mapping[str, BucketSettings], clusters: Collection[str]) -> dict[User, str]:
    """Returns user -> the IAM document with its permissions for all its buckets."""
    modes: dict[User, dict[str, str]] = {}
    for name, bucket in buckets.items():
        for storage_user in bucket.used_by:
            user = User(storage_user.cluster_among(clusters), storage_user.namespace, storage_user.service_account)
            modes.setdefault(user, {})[name] = storage_user.mode
    return {
        user: bucket_iam.access(
            stage, list(bucket_modes), [name for name, mode in bucket_modes.items() if mode == "write"]
        )
        for user, bucket_modes in modes.items()
    }


@dataclass(frozen=True, kw_only=True)
class StorageIdentityArgs:
    """Arguments of a role for pods.

    statements: name of an inline policy -> its document.
    cluster_name: carries the dependency on the cluster.
    Raises ValueError when there are no statements, since the role would be useless.
    """

    user: User
    stage: Stage
    cluster_name: pulumi.Input[str]
    statements: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.statements:
            raise ValueError(f"{self.user.path} has no statements. Give some, or make no StorageIdentity.")


class StorageIdentity(pulumi.ComponentResource):
    """The role of one service account. EKS allows only one, so it has all permissions.

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
