"""Amazon Managed Prometheus: a workspace that keeps chosen metrics of one cluster outside of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.addon_spec import AddOnContext, Identity
from components.core.flows import WITH_ROLE, Flow
from components.core.stage import Stage
from components.core.untyped import Values
from settings.cluster.parts import ClusterParts
from settings.observability.remote_write import RemoteWriteSettings

SERVICE_ACCOUNT = "prometheus"
CLUSTER_TAG = "ml-platform:cluster"
REPLICA_LABEL = "__replica__"
"""With this label and `cluster`, AWS keeps and bills the samples of two replicas once.

Source: Amazon Managed Service for Prometheus user guide, "Set up high availability data"; read 2026-11.
"""


def tags(stage: Stage, cluster: str) -> dict[str, str]:
    """Returns the tags of the workspace of a cluster, by which the role of its Prometheus finds it."""
    return {CLUSTER_TAG: stage.cluster_name(cluster)}


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    """Returns the permissions of Prometheus: it writes to the workspace of its cluster, and reads nothing.

    The id of a workspace is not known before it exists; its tags are.
    Source: Service Authorization Reference, "Amazon Managed Service for Prometheus"; read 2026-11.
    """
    if written(context.observability) is None:
        return ()
    stage = context.stage
    own = {**stage.own_tags, **tags(stage, context.cluster)}
    condition: iam.Condition = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in own.items()}}
    return [iam.allow("WriteMetrics", ["aps:RemoteWrite"], [stage.arn("aps", "workspace/*")], condition)]


IDENTITY = Identity(service_account=SERVICE_ACCOUNT, statements=statements)


def written(observability: Any) -> RemoteWriteSettings | None:
    """Returns what is written to a workspace. observability: the stack's settings; None where nothing is measured."""
    return observability.metrics.remote_write if observability is not None else None


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    """Returns what Prometheus sends because of it."""
    return WITH_ROLE if written(cluster.observability) is not None else ()


def remote_write_values(context: AddOnContext) -> Values:
    """Returns the values of kube-prometheus-stack that do not depend on the workspace."""
    if written(context.observability) is None:
        return {}
    labels = {"cluster": context.cluster_name}
    spec = {"replicaExternalLabelName": REPLICA_LABEL, "externalLabels": labels}
    return {
        "prometheus": {"serviceAccount": {"name": SERVICE_ACCOUNT}, "prometheusSpec": spec},
    }


def kept(metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the relabeling by which only these metrics are sent. Prometheus anchors the expression at both ends."""
    return [{"sourceLabels": ["__name__"], "regex": "|".join(metrics), "action": "keep"}]


def remote_write(endpoint: pulumi.Input[str], region: str, metrics: Sequence[str]) -> dict[str, Any]:
    """Returns an entry of `remoteWrite`. endpoint: of the workspace, which ends with a slash."""
    return {
        "url": pulumi.Output.concat(endpoint, "api/v1/remote_write"),
        "name": "managed-prometheus",
        "sigv4": {"region": region},
        "writeRelabelConfigs": kept(metrics),
    }


@dataclass(frozen=True, kw_only=True)
class ManagedPrometheusArgs:
    """Arguments of a workspace. cluster: key in the stack file. key_arn: encrypts the samples."""

    settings: RemoteWriteSettings
    stage: Stage
    cluster: str
    key_arn: pulumi.Input[str]


class ManagedPrometheus(pulumi.ComponentResource):
    """A workspace with its limits. values: for kube-prometheus-stack, once the workspace has an address.

    Source: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-workspace-configuration.html, read 2026-11.
    """

    values: Values

    def __init__(
        self, name: str, args: ManagedPrometheusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlplatform:observability:ManagedPrometheus", name, None, opts)
        stage, settings = args.stage, args.settings
        workspace = aws.amp.Workspace(
            name,
            alias=stage.cluster_name(args.cluster),
            kms_key_arn=args.key_arn,
            tags=tags(stage, args.cluster),
            opts=pulumi.ResourceOptions(
                parent=self, protect=stage.deletion_protection, retain_on_delete=stage.retains or None
            ),
        )
        limits = aws.amp.WorkspaceConfiguration(
            name,
            workspace_id=workspace.id,
            retention_period_in_days=settings.retention_days,
            # Prometheus gives this label to each series that it sends.
            limits_per_label_sets=[
                {
                    "label_set": {"cluster": stage.cluster_name(args.cluster)},
                    "limits": {"max_series": settings.max_series},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        # The address comes through the configuration: nothing is written before the limit stands.
        endpoint = pulumi.Output.all(workspace.prometheus_endpoint, limits.id).apply(lambda made: str(made[0]))
        entry = remote_write(endpoint, stage.region, settings.metrics)
        self.values = {"prometheus": {"prometheusSpec": {"remoteWrite": [entry]}}}
        self.register_outputs({"workspace_id": workspace.id})
