"""Customer-managed KMS keys: one for each data class, so that access to one gives no access to the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.stage import DataClass, Stage
from settings.security.keys import KeySettings


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """Arguments of the keys.

    cluster_role_arns: patterns of the clusters' own roles, which encrypt Kubernetes secrets.
    holds_data: whether there are flow logs in S3 or other stored data; only then there is a data key.
    links_buckets: whether file systems link buckets, which FSx then reads and writes.
    backs_up: whether backups are taken. They have a key of their own, so that access to data gives none to backups.
    sends_alarms, sends_findings: whether alarms and findings are mailed, which the key of the logs encrypts.
    keeps_secrets: whether teams have secrets in Secrets Manager.
    keeps_images: whether teams have repositories that are encrypted with a key of the stack.
    """

    settings: KeySettings
    stage: Stage
    cluster_role_arns: Sequence[str]
    holds_data: bool
    backs_up: bool = False
    links_buckets: bool = False
    keeps_secrets: bool = False
    keeps_images: bool = False
    sends_alarms: bool = False
    sends_findings: bool = False


class Keys(pulumi.ComponentResource):
    """ARNs of the keys; `arns` has them by data class. A key rotates itself; its alias is `alias/<stack>-<data class>`.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """

    eks: pulumi.Output[str]
    ebs: pulumi.Output[str]
    logs: pulumi.Output[str]
    data: pulumi.Output[str] | None
    backup: pulumi.Output[str] | None
    secrets: pulumi.Output[str] | None
    images: pulumi.Output[str] | None
    arns: Mapping[DataClass, pulumi.Output[str]]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:security:Keys", name, None, opts)
        stage = args.stage
        self.eks = self._key(name, args, "eks", "Kubernetes secrets", iam.eks_key_policy(stage, args.cluster_role_arns))
        self.ebs = self._key(name, args, "ebs", "Volumes of nodes and pods", iam.ebs_key_policy(stage))
        self.logs = self._key(
            *(name, args, "logs", "CloudWatch log groups"),
            iam.logs_key_policy(stage, args.sends_alarms, args.sends_findings),
        )
        self.data = None
        if args.holds_data:
            self.data = self._key(
                name, args, "data", "Buckets and file systems", iam.data_key_policy(stage, args.links_buckets)
            )
        self.backup = self._key(name, args, "backup", "Backups", iam.key_policy(stage)) if args.backs_up else None
        self.secrets = None
        if args.keeps_secrets:
            self.secrets = self._key(name, args, "secrets", "Secrets of teams", iam.key_policy(stage))
        self.images = None
        if args.keeps_images:  # ECR uses it by grants that it makes as the caller
            self.images = self._key(name, args, "images", "Repositories of teams", iam.key_policy(stage))
        arns: dict[DataClass, pulumi.Output[str] | None] = {
            "eks": self.eks,
            "ebs": self.ebs,
            "logs": self.logs,
            "data": self.data,
            "backup": self.backup,
            "secrets": self.secrets,
            "images": self.images,
        }
        self.arns = {data_class: arn for data_class, arn in arns.items() if arn is not None}
        self.register_outputs({str(data_class): arn for data_class, arn in arns.items()})

    def _key(self, name: str, args: KeysArgs, data_class: DataClass, purpose: str, policy: str) -> pulumi.Output[str]:
        key = aws.kms.Key(
            f"{name}-{data_class}",
            description=f"{purpose} of {args.stage.prefix}",
            policy=policy,
            enable_key_rotation=True,
            rotation_period_in_days=args.settings.rotation_days,
            deletion_window_in_days=args.settings.deletion_window_days,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.stage.deletion_protection,
                retain_on_delete=args.stage.retains or None,  # what is retained is encrypted with it
            ),
        )
        aws.kms.Alias(
            f"{name}-{data_class}",
            name=args.stage.key_alias(data_class),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        arn: pulumi.Output[str] = key.arn
        return arn
