"""A second region of a stack: a provider with the same account and tags, and a KMS key for the copies."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.aws_access import AwsAccess
from components.core.stage import Stage
from settings.security.keys import KeySettings


@dataclass(frozen=True, kw_only=True)
class SecondRegionArgs:
    """Arguments of a second region.

    copies_stay: whether copies in it outlive the stack, as those of file systems do. Then the key stays as well.
    """

    region: str
    stage: Stage
    settings: KeySettings
    access: AwsAccess
    copies_stay: bool = False


class SecondRegion(pulumi.ComponentResource):
    """One second region. All copies in it use `provider` and `key_arn`."""

    region: str
    provider: aws.Provider
    key_arn: pulumi.Output[str]

    def __init__(self, name: str, args: SecondRegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:SecondRegion", name, None, opts)
        stage, self.region = args.stage, args.region
        self.provider = args.access.provider(f"{name}-aws", args.region, self)
        opts = pulumi.ResourceOptions(parent=self, provider=self.provider)
        key = aws.kms.Key(
            f"{name}-copies",
            description=f"Copies of data of {stage.prefix}",
            policy=iam.key_policy(stage),
            enable_key_rotation=True,
            rotation_period_in_days=args.settings.rotation_days,
            deletion_window_in_days=args.settings.deletion_window_days,
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    protect=stage.deletion_protection, retain_on_delete=stage.retains or args.copies_stay or None
                ),
            ),
        )
        aws.kms.Alias(f"{name}-copies", name=stage.key_alias(stage.copies_key), target_key_id=key.key_id, opts=opts)
        self.key_arn = key.arn
        self.register_outputs({"key_arn": self.key_arn})
