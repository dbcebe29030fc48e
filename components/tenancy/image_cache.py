"""The pull-through cache: other registries behind the account's own, filled by the first pull of a node.

ECR makes the repositories, with what a template says, and no state of Pulumi has them: they outlive the stack, so they
are encrypted with a key of S3, which outlives it too. Their tags can change, since ECR renews an image by its tag.
Tags of a template need a role that ECR takes, and ecr:TagResource for the node. A secret of ECR's has AWS's own key.
Sources: ECR user guide, "Sync an upstream registry", "IAM permissions required to sync an upstream registry", "Create
an IAM role for repository creation templates", "Storing your upstream repository credentials";
aws/containers-roadmap 2398; read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog.image_upstreams import SECRET_PREFIX, UPSTREAMS, Upstream
from components.core import iam
from components.core.stage import Stage
from components.tenancy.repositories import lifecycle
from settings.core.physical_names import cache_prefix
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.images import ImageCacheSettings, ImagesSettings

NODES_FETCH = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:TagResource")


@dataclass(frozen=True, kw_only=True)
class ImageCacheArgs:
    """Arguments of the cache.

    node_roles: part of a resource's name -> name of a role of nodes, and what makes it.
    """

    cache: ImageCacheSettings
    settings: ImagesSettings
    secrets: SecretsSettings
    stage: Stage
    node_roles: Mapping[str, tuple[pulumi.Input[str], pulumi.Resource | None]]


class ImageCache(pulumi.ComponentResource):
    """The cached registries of a stack. addresses: host as images name it -> what stands in its place."""

    addresses: Mapping[str, str]

    def __init__(self, name: str, args: ImageCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:tenancy:ImageCache", name, None, opts)
        self._name, self._args = name, args
        secrets = {each: self._secret(each) for each in args.cache.upstreams if UPSTREAMS[each].secret}
        cached = args.cache.cached
        self.addresses = {
            UPSTREAMS[each].host: f"{args.stage.registry}/{cache_prefix(args.stage.prefix, each)}" for each in cached
        }
        if cached:
            before = self._may_fetch()
            role_arn = self._creator()
            for each in cached:
                self._rule(each, secrets.get(each), role_arn, before)
        self.register_outputs({"addresses": dict(self.addresses)})

    @property
    def _cached_repositories(self) -> list[str]:
        stage = self._args.stage
        return [
            stage.arn("ecr", f"repository/{cache_prefix(stage.prefix, each)}/*") for each in self._args.cache.cached
        ]

    def _secret(self, upstream: Upstream) -> pulumi.Output[str]:
        """Registers the secret of a registry, empty: people fill it with `username` and `accessToken`."""
        stage = self._args.stage
        secret = aws.secretsmanager.Secret(
            f"{self._name}-{upstream}",
            name=f"{SECRET_PREFIX}{cache_prefix(stage.prefix, upstream)}",
            description=f"username and accessToken for {UPSTREAMS[upstream].host}, as a JSON object",
            recovery_window_in_days=self._args.secrets.recovery_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        arn: pulumi.Output[str] = secret.arn
        return arn

    def _may_fetch(self) -> list[pulumi.Resource]:
        """Registers the rights of nodes: what AWS's policy for pulls lacks is to make the repository, and its tags."""
        document = iam.document(iam.allow("FillCache", NODES_FETCH, self._cached_repositories))
        return [
            aws.iam.RolePolicy(
                f"{self._name}-{key}",
                role=role,
                policy=document,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[made] if made is not None else None),
            )
            for key, (role, made) in self._args.node_roles.items()
        ]

    def _creator(self) -> pulumi.Output[str]:
        """Registers the role by which ECR makes the repositories: without one, a template with tags ends every pull."""
        opts = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{self._name}-creator",
            assume_role_policy=iam.service_trust("ecr.amazonaws.com"),
            permissions_boundary=self._args.stage.boundary,
            opts=opts,
        )
        permission = aws.iam.RolePolicy(
            f"{self._name}-creator",
            role=role.name,
            policy=iam.document(
                iam.allow("MakeRepositories", ("ecr:CreateRepository", "ecr:TagResource"), self._cached_repositories)
            ),
            opts=opts,
        )
        return pulumi.Output.all(role.arn, permission.id).apply(lambda both: str(both[0]))

    def _rule(
        self,
        upstream: Upstream,
        secret_arn: pulumi.Output[str] | None,
        role_arn: pulumi.Output[str],
        before: list[pulumi.Resource],
    ) -> None:
        args, prefix = self._args, cache_prefix(self._args.stage.prefix, upstream)
        opts = pulumi.ResourceOptions(parent=self, depends_on=before)
        template = aws.ecr.RepositoryCreationTemplate(
            f"{self._name}-{upstream}",
            prefix=prefix,
            description=f"Cache of {UPSTREAMS[upstream].host}",
            applied_fors=["PULL_THROUGH_CACHE"],
            image_tag_mutability="MUTABLE",
            encryption_configurations=[{"encryption_type": "AES256"}],
            lifecycle_policy=lifecycle(args.settings),
            custom_role_arn=role_arn,
            resource_tags=args.stage.tags,
            opts=opts,
        )
        aws.ecr.PullThroughCacheRule(
            f"{self._name}-{upstream}",
            ecr_repository_prefix=prefix,
            upstream_registry_url=UPSTREAMS[upstream].url,
            credential_arn=secret_arn,
            # What is pulled before the template is there has none of it, for ever. No name has both of these.
            opts=pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(depends_on=[template], delete_before_replace=True)
            ),
        )
