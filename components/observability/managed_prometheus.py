"""Amazon Managed Prometheus: a workspace that keeps chosen metrics of one cluster outside of it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage
from components.core.untyped import Values
from components.observability.remote_write import kept, tags
from settings.observability.remote_write import RemoteWriteSettings


@dataclass(frozen=True, kw_only=True)
class ManagedPrometheusArgs:
    """Arguments of a workspace. cluster: key in the stack file. key_arn: encrypts the samples."""

    settings: RemoteWriteSettings
    stage: Stage
    cluster: str
    key_arn: pulumi.Input[str]


class ManagedPrometheus(pulumi.ComponentResource):
    """A workspace with its limits. values: for kube-prometheus-stack; they have the address of the workspace.

    Source: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-workspace-configuration.html, read 2026-11.
    """

    values: Values

    def __init__(self, name: str, args: ManagedPrometheusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:ManagedPrometheus", name, None, opts)
        stage, settings = args.stage, args.settings
        cluster_name = stage.cluster_name(args.cluster)
        workspace = aws.amp.Workspace(
            name,
            alias=cluster_name,
            kms_key_arn=args.key_arn,
            tags=tags(stage, args.cluster),
            opts=pulumi.ResourceOptions(
                parent=self, protect=stage.deletion_protection, retain_on_delete=stage.retains or None
            ),
        )
        aws.amp.WorkspaceConfiguration(
            name,
            workspace_id=workspace.id,
            retention_period_in_days=settings.retention_days,
            # Prometheus gives this label to each series that it sends.
            limits_per_label_sets=[
                {"label_set": {"cluster": cluster_name}, "limits": {"max_series": settings.max_series}}
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        endpoint = workspace.prometheus_endpoint
        remote_write = {
            "url": pulumi.Output.concat(endpoint, "api/v1/remote_write"),  # the endpoint ends with a slash
            "name": "managed-prometheus",
            "sigv4": {"region": stage.region},
            "writeRelabelConfigs": kept([*settings.metrics, *settings.other_metrics]),
        }
        self.values = {"prometheus": {"prometheusSpec": {"remoteWrite": [remote_write]}}}
        self.register_outputs({"workspace_id": workspace.id})
