"""The network policy that the operator of OpenTelemetry makes of a collector: it lets everybody in, on its ports.

Its webhook asks for one where a collector says nothing of it, unless a gate of its release is off.
Sources: opentelemetry-operator v0.158.0, internal/webhook/collector_webhook.go, pkg/featuregate, internal/manifests/
collector/networkpolicy.go; opentelemetry-helm-charts opentelemetry-operator-0.122.0, values.yaml; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from common.values import opened
from simulator.kubernetes.clusters import Cluster
from simulator.values import Props, has_unknown

COLLECTOR: Final = ("opentelemetry.io/v1beta1", "OpenTelemetryCollector")
_CHART, _GATE, _METRICS = "opentelemetry-operator", "operand.networkpolicy", 8888


def policy_of(cluster: Cluster, collector: Props) -> Props | None:
    """Returns the policy; None where there is none, or where what decides is not known yet."""
    release: Props | None = next(cluster.releases_of(_CHART), None)
    metadata, spec = collector["metadata"], collector.get("spec") or {}
    if release is None or has_unknown([metadata, spec, release.get("values")]):
        return None
    values: Any = opened(release.get("values")) or {}
    by_default = ((values.get("manager") or {}).get("featureGatesMap") or {}).get(_GATE, True)
    asked = (spec.get("networkPolicy") or {}).get("enabled")
    if not (by_default if asked is None else asked):
        return None
    name, namespace = metadata["name"], metadata["namespace"]
    of_operator = {"component": "opentelemetry-collector", "instance": f"{namespace}.{name}"} | {
        "managed-by": "opentelemetry-operator",
        "part-of": "opentelemetry",
    }
    ports = {_METRICS, *_ports((spec.get("config") or {}).get("receivers"))}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{name}-collector-networkpolicy", "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {f"app.kubernetes.io/{key}": each for key, each in of_operator.items()}},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": each, "protocol": "TCP"} for each in sorted(ports)]}],
        },
    }


def _ports(part: Any) -> Iterator[int]:
    for key, each in part.items() if isinstance(part, dict) else ():
        port = str(each).rpartition(":")[2] if key == "endpoint" else ""
        yield from [int(port)] if port.isdigit() else _ports(each)
