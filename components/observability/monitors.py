"""What Prometheus reads, as PodMonitors: all of them in its own namespace, so that no other one has to wait for it.

A monitor names no port: the operator would leave out pods whose containers do not declare it. Instead each target gets
the address of its pod and the port, and loses the name of its container: so the targets of a pod are one.
Source: prometheus-operator v0.93.0, pkg/prometheus/promcfg.go; prometheus v3.14, scrape/scrape.go (targets of the same
labels are one); read 2026-11.
"""

from collections.abc import Sequence
from typing import Any

from components.core.flows import PROMETHEUS
from components.core.metrics import Scrape
from components.core.untyped import Manifest

_OWN_POD = "container|namespace|pod|service"
_LABELS = 100
_OF_RULES = (
    *("ALERTS", "ALERTS_FOR_STATE", "up", "scrape_.*", ".*:.*:.*"),
    "(apiserver_request|count|node_namespace_pod_container):.*",
)
"""Names of what Prometheus says of a target itself, and of what it and the rules of the chart record."""
_OF_CHART = "(apiserver|kube|kubelet|kubernetes|node|reloader)_.*"
"""Names that rules of the chart read of any job, such as `kubernetes_build_info`: all of Kubernetes and of nodes.

Source: kube-prometheus-stack-88.5.3, templates/prometheus/rules-1.14: kubernetes-system.yaml, config-reloaders.yaml,
kube-prometheus-node-recording.rules.yaml, k8s.rules.container_resource.yaml and others; read 2026-11.
"""
_EXTERNAL = "cluster|prometheus|prometheus_replica|__replica__"
"""Labels by which a reader elsewhere knows a Prometheus; those of a series would stand there instead."""
_BOUNDS = {"bodySizeLimit": "16MB", "labelNameLengthLimit": 256, "labelValueLengthLimit": 1024}


def monitors(scrapes: Sequence[Scrape], recorded: Sequence[str] = ()) -> list[Manifest]:
    """Returns the monitors. Two of one job and namespace are told apart by their port.

    recorded: names of recordings, which no program of a team may serve.
    """
    names = [
        each.job.replace("/", f".{each.namespace}.") if each.team else f"{each.namespace}-{each.job}"
        for each in scrapes
    ]
    return [
        _monitor(each, name if names.count(name) == 1 else f"{name}-{each.port}", recorded)
        for each, name in zip(scrapes, names, strict=True)
    ]


def _monitor(scrape: Scrape, name: str, recorded: Sequence[str]) -> Manifest:
    endpoint: dict[str, Any] = {
        "path": scrape.path,
        "interval": f"{scrape.seconds}s",
        "honorLabels": scrape.keeps_labels,
        "relabelings": _relabelings(scrape),
    }
    if scrape.drop:
        endpoint["metricRelabelings"] = [{"action": "drop", "sourceLabels": ["__name__"], "regex": scrape.drop}]
    if scrape.keep:
        kept = {"action": "keep", "sourceLabels": ["__name__"], "regex": "|".join(scrape.keep)}
        endpoint["metricRelabelings"] = [*endpoint.get("metricRelabelings", ()), kept]
    if scrape.team:
        names = "|".join([*_OF_RULES, _OF_CHART, *recorded])
        endpoint["honorTimestamps"] = False
        endpoint["metricRelabelings"] = [
            {"action": "drop", "sourceLabels": ["__name__"], "regex": names},
            {"action": "labelmap", "regex": f"({_EXTERNAL})", "replacement": "exported_$1"},
            {"action": "labeldrop", "regex": _EXTERNAL},
        ]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": name, "namespace": PROMETHEUS.namespace},
        "spec": {
            "namespaceSelector": {"matchNames": [scrape.namespace]},
            "selector": {"matchLabels": dict(scrape.pods)},
            "podMetricsEndpoints": [endpoint],
            "sampleLimit": scrape.samples,
            "labelLimit": _LABELS,
            **(_BOUNDS | {"targetLimit": scrape.most_pods} if scrape.team else {}),
        },
    }


def _relabelings(scrape: Scrape) -> list[dict[str, Any]]:
    drops = _OWN_POD if scrape.of_nodes and not scrape.keeps_pod else "container"
    node = {"action": "replace", "sourceLabels": ["__meta_kubernetes_pod_node_name"], "targetLabel": "node"}
    return [
        {
            "action": "replace",
            "sourceLabels": ["__meta_kubernetes_pod_ip"],
            "targetLabel": "__address__",
            "replacement": f"$1:{scrape.port}",
        },
        {"action": "replace", "targetLabel": "job", "replacement": scrape.job},
        *([{"action": "replace", "targetLabel": "team", "replacement": scrape.team}] if scrape.team else []),
        *([node] if scrape.of_nodes else []),
        {"action": "labeldrop", "regex": drops},
    ]
