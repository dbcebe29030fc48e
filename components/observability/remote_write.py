"""Remote write to Amazon Managed Prometheus: what kube-prometheus-stack gets for it, as pure functions.

The workspace itself is in `managed_prometheus.py`.
"""

from collections.abc import Sequence
from typing import Any

from components.core import iam
from components.core.addon_spec import AddOnContext, Identity
from components.core.flows import PROMETHEUS, WITH_ROLE, Flow, of_pods, to_values
from components.core.stage import Stage
from components.core.untyped import Values
from settings.cluster.parts import ClusterParts
from settings.observability.observability import ObservabilitySettings
from settings.observability.remote_write import RemoteWriteSettings

CLUSTER_TAG = "ml-platform:cluster"
REPLICA_LABEL = "__replica__"
"""By this label and `cluster`, AWS keeps and bills the samples of two replicas once.

Source: Amazon Managed Service for Prometheus user guide, "Set up high availability data"; read 2026-11.
"""


def written(observability: ObservabilitySettings | None) -> RemoteWriteSettings | None:
    """Returns what is written to a workspace; None: nothing."""
    return observability.metrics.remote_write if observability is not None else None


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


IDENTITY = Identity(service_account="prometheus", statements=statements)


def remote_write_flows(cluster: ClusterParts) -> Sequence[Flow]:
    """Returns what Prometheus sends because of it."""
    path, why = "prometheus.prometheusSpec.remoteWrite", "writes samples where values say"
    to_workspace = WITH_ROLE if written(cluster.observability) is not None else ()
    return of_pods(PROMETHEUS.labels, *to_workspace, *to_values(cluster, "kube-prometheus-stack", path, why))


def remote_write_values(context: AddOnContext) -> Values:
    """Returns the values of kube-prometheus-stack that do not depend on the workspace."""
    if written(context.observability) is None:
        return {}
    return {"prometheus": {"prometheusSpec": {"replicaExternalLabelName": REPLICA_LABEL}}}


def kept(metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the relabeling by which only these metrics are sent. Prometheus anchors the expression at both ends."""
    return [{"sourceLabels": ["__name__"], "regex": "|".join(metrics), "action": "keep"}]
