"""What kube-prometheus-stack has in AWS for one cluster, besides the roles of its pods."""

from typing import TYPE_CHECKING

import pulumi

from components.core.addon_spec import AddOnContext, AwsSideArgs
from components.observability.managed_prometheus import ManagedPrometheus, ManagedPrometheusArgs, written

if TYPE_CHECKING:
    from components.core.untyped import Values


class AwsSide(pulumi.ComponentResource):
    """The workspace of Amazon Managed Prometheus, where metrics are written to one.

    values: of kube-prometheus-stack, that only what was made can tell.
    """

    values: "Values"

    def __init__(self, context: AddOnContext, args: AwsSideArgs) -> None:
        super().__init__("mlplatform:observability:AwsSide", args.name, None, args.opts)
        self.values = {}
        if (settings := written(context.observability)) is not None:
            workspace = ManagedPrometheusArgs(
                settings=settings, stage=context.stage, cluster=context.cluster, key_arn=args.key_arns["logs"]
            )
            opts = pulumi.ResourceOptions(parent=self)
            self.values = ManagedPrometheus(f"{args.name}-workspace", workspace, opts).values
        self.register_outputs({})


def of_workspace(made: pulumi.Resource) -> "Values":
    """Returns the values of kube-prometheus-stack that name the workspace. made: what `in_aws` returned."""
    return made.values if isinstance(made, AwsSide) else {}
