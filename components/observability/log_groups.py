"""The log groups of one cluster's containers: one for all namespaces, and one for each that is kept otherwise.

Fluent Bit makes none, so that none is without a key and an end.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage
from components.observability.fluent_bit import log_group
from settings.observability.logs import LogSettings


@dataclass(frozen=True, kw_only=True)
class LogGroupsArgs:
    """Arguments of the log groups. cluster: key in the stack file. key_arn: encrypts them."""

    settings: LogSettings
    stage: Stage
    cluster: str
    key_arn: pulumi.Input[str]


class LogGroups(pulumi.ComponentResource):
    """They are deleted with the stack, as the log group of the control plane is."""

    def __init__(self, name: str, args: LogGroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:LogGroups", name, None, opts)
        settings, stage = args.settings, args.stage
        for namespace in settings.kept_apart:
            aws.cloudwatch.LogGroup(
                f"{name}-{'containers' if namespace is None else f'namespace-{namespace}'}",
                name=log_group(stage.cluster_name(args.cluster), namespace),
                retention_in_days=settings.days(stage.environment, namespace),
                log_group_class=settings.class_of(namespace),
                kms_key_id=args.key_arn,
                tags={"ml-platform:purpose": "containers"},
                opts=pulumi.ResourceOptions(parent=self, protect=stage.deletion_protection),
            )
        self.register_outputs({})
