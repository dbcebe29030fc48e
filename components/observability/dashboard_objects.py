"""The dashboards of a cluster as ConfigMaps, which Grafana's sidecar finds by their label.

A change of one is an update in place: without `enableConfigMapMutable` on the provider it would be a new object.
Source: kubernetes.io, "ConfigMaps" (data of at most 1 MiB); read 2026-11.
"""

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.dashboards import Dashboard
from components.core.untyped import Manifest
from components.observability.dashboard_json import as_text, of_cluster
from components.observability.grafana import FOLDER, LABEL
from settings.cluster.parts import ClusterParts
from settings.observability.grafana import NAMESPACE

MOST_BYTES = 1024**2


def manifest(dashboard: Dashboard, cluster: ClusterParts) -> Manifest:
    """Returns the ConfigMap of a dashboard. Raises ValueError when it is larger than Kubernetes takes."""
    key, text = f"{dashboard.uid}.json", as_text(dashboard, cluster)
    if len(key) + len(text.encode()) > MOST_BYTES:
        raise ValueError(f"the dashboard {dashboard.uid} is larger than the 1 MiB of a ConfigMap. Make two of it.")
    metadata = {
        "name": f"dashboard-{dashboard.uid}",
        "namespace": NAMESPACE,
        "labels": {LABEL: "1"},
        "annotations": {FOLDER: dashboard.folder},
    }
    return {"metadata": metadata, "data": {key: text}}


def dashboards(name: str, cluster: ClusterParts, opts: pulumi.ResourceOptions) -> None:
    """Registers the dashboards that a cluster has. name: what their names begin with."""
    for uid, dashboard in of_cluster(cluster).items():
        kubernetes.core.v1.ConfigMap(f"{name}-dashboard-{uid}", **manifest(dashboard, cluster), opts=opts)
