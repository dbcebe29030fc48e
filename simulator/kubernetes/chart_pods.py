"""Pods of the charts whose controllers need the API server: their labels, as the templates write them, and their ports.

All of them ask the API server and DNS before they are ready. Left out: charts that are not here, pods on the network of
their node, and labels that a stack file adds.
Sources: templates of cert-manager v1.21.1, trust-manager v0.24.0, external-secrets v2.9.0, linkerd2 edge-26.8.3,
aws-load-balancer-controller v3.5.0, external-dns chart 1.21.1, karpenter v1.14, velero chart 12.1.0, kyverno v1.19.0,
kube-prometheus-stack 88.5.3, gpu-operator v26.7.0, dra-driver-nvidia-gpu v0.4.1; kubernetes/autoscaler,
charts/cluster-autoscaler, _helpers.tpl; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common.values import opened
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props, has_unknown


class ContainerPort(NamedTuple):
    """A port that a container declares."""

    number: int
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, kw_only=True)
class Pod:
    """The pods of one controller, or one pod. kind: of the controller; "" for a pod without one.

    asks_vpc: whether they ask the resolver of the VPC, as with `dnsPolicy: Default`, and not CoreDNS.
    """

    namespace: str
    name: str = ""
    kind: str = ""
    labels: Mapping[str, Any] = field(default_factory=dict, hash=False)
    ports: tuple[ContainerPort, ...] = ()
    host_network: bool = False
    asks_vpc: bool = False

    def __str__(self) -> str:
        if not self.name:
            return f"pods of namespace {self.namespace}"
        return f"pods of {self.kind} {self.namespace}/{self.name}" if self.kind else f"pod {self.namespace}/{self.name}"

    def port(self, target: int | str, protocol: str) -> int | None:
        """Returns the number of a port by number or name; None for a name that the pod has not."""
        if isinstance(target, int):
            return target
        return next((each.number for each in self.ports if (each.name, each.protocol) == (target, protocol)), None)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Pods of a chart. ports: name -> number, and paths of the values that replace it, the first one first.

    unless: path of the value that is false where there are none. host, dns: paths of `hostNetwork` and `dnsPolicy`.
    """

    labels: Mapping[str, str]
    ports: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    unless: str = ""
    host: str = ""
    dns: str = ""
    kind: str = "Deployment"


def _standard(name: str, component: str = "") -> dict[str, str]:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "{release}"}
    return {**labels, **({"app.kubernetes.io/component": component} if component else {})}


def _linkerd(component: str, **ports: int) -> _Part:
    labels = {
        "linkerd.io/control-plane-component": component,
        "linkerd.io/control-plane-ns": "{namespace}",
        "linkerd.io/workload-ns": "{namespace}",
        "linkerd.io/proxy-deployment": f"linkerd-{component}",
    }
    return _Part(labels=labels, ports={name.replace("_", "-"): (number, "") for name, number in ports.items()})


def _viz(component: str, own: Mapping[str, str] | None = None, **ports: int) -> _Part:
    labels = {"linkerd.io/extension": "viz", "component": component, **(own or {})}
    return _Part(labels=labels, ports={name.replace("_", "-"): (number, "") for name, number in ports.items()})


_HERE = {"namespace": "{namespace}"}
_CHARTS: Mapping[str, Mapping[str, _Part]] = {
    "aws-load-balancer-controller": {
        "aws-load-balancer-controller": _Part(
            labels=_standard("aws-load-balancer-controller"),
            ports={"webhook-server": (9443, "webhookBindPort"), "metrics-server": (8080, "")},
            host="hostNetwork",
        )
    },
    "cert-manager": {
        "cert-manager": _Part(labels={"app": "cert-manager", **_standard("cert-manager", "controller")}),
        "cainjector": _Part(
            labels={"app": "cainjector", **_standard("cainjector", "cainjector")}, unless="cainjector.enabled"
        ),
        "webhook": _Part(
            labels={"app": "webhook", **_standard("webhook", "webhook")},
            ports={"https": (10250, "webhook.config.securePort webhook.securePort")},
            host="webhook.hostNetwork",
        ),
    },
    "cluster-autoscaler": {
        "cluster-autoscaler": _Part(labels=_standard("aws-cluster-autoscaler"), host="hostNetwork", dns="dnsPolicy")
    },
    "dra-driver-nvidia-gpu": {
        part: _Part(
            labels={**_standard("dra-driver-nvidia-gpu"), "dra-driver-nvidia-gpu-component": part},
            kind=kind,
            unless=unless,
        )
        for part, kind, unless in (
            ("controller", "Deployment", "resources.computeDomains.enabled"),
            ("kubelet-plugin", "DaemonSet", ""),
        )
    },
    "external-dns": {"external-dns": _Part(labels=_standard("external-dns"))},
    "external-secrets": {
        "external-secrets": _Part(labels=_standard("external-secrets"), host="hostNetwork"),
        "webhook": _Part(
            labels=_standard("external-secrets-webhook"),
            ports={"webhook": (10250, "webhook.port")},
            unless="webhook.create",
            host="webhook.hostNetwork",
        ),
        "cert-controller": _Part(
            labels=_standard("external-secrets-cert-controller"),
            unless="certController.create",
            host="certController.hostNetwork",
        ),
    },
    "gpu-operator": {
        "gpu-operator": _Part(labels={"app": "gpu-operator", **_standard("gpu-operator", "gpu-operator")})
    },
    "karpenter": {"karpenter": _Part(labels=_standard("karpenter"), host="hostNetwork", dns="dnsPolicy")},
    "kube-prometheus-stack": {
        "operator": _Part(
            labels=_standard("kube-prometheus-stack-prometheus-operator", "prometheus-operator"),
            ports={"https": (10250, "prometheusOperator.tls.internalPort")},
            host="prometheusOperator.hostNetwork",
        ),
        "kube-state-metrics": _Part(
            labels=_standard("kube-state-metrics", "metrics"),
            ports={"http": (8080, ""), "metrics": (8081, "")},
            unless="kubeStateMetrics.enabled",
        ),
    },
    "opentelemetry-operator": {
        "opentelemetry-operator": _Part(
            labels=_standard("opentelemetry-operator", "controller-manager"),
            ports={"webhook-server": (9443, "manager.ports.webhookPort")},
            host="hostNetwork",
        ),
    },
    "kyverno": {
        "admission-controller": _Part(
            labels={
                "app.kubernetes.io/component": "admission-controller",
                "app.kubernetes.io/instance": "{release}",
                "app.kubernetes.io/part-of": "{release}",
            },
            ports={"https": (9443, "admissionController.webhookServer.port"), "metrics-port": (8000, "")},
            host="admissionController.hostNetwork",
        )
    },
    "linkerd-control-plane": {
        "identity": _linkerd("identity", ident_grpc=8080),
        "destination": _linkerd("destination", dest_grpc=8086, sp_validator=8443, policy_grpc=8090, policy_https=9443),
        "proxy-injector": _linkerd("proxy-injector", proxy_injector=8443),
    },
    "linkerd-viz": {
        "metrics-api": _viz("metrics-api", http=8085),
        "tap": _viz("tap", _HERE, grpc=8088, apiserver=8089),
        "tap-injector": _viz("tap-injector", tap_injector=8443),
    },
    "trust-manager": {
        "trust-manager": _Part(
            labels={"app": "trust-manager", **_standard("trust-manager")},
            ports={"webhook": (6443, "app.webhook.port")},
            host="app.webhook.hostNetwork",
        )
    },
    "velero": {"velero": _Part(labels={"name": "velero", **_standard("velero")})},
}


def pods_of(release: Mapping[str, Any]) -> dict[str, Pod]:
    """Returns the pods of a release by their part of the chart; {} for charts that are not known, or values not yet."""
    parts = _CHARTS.get(str(release.get("chart")).rstrip("/").rpartition("/")[2], {})
    name, namespace = release.get("name"), release.get("namespace")
    if not parts or has_unknown([name, namespace, release.get("values")]):
        return {}
    values = Node(opened(release.get("values")))

    def at(path: str) -> Any:
        return values.at(*path.split(".")).value if path else None

    return {
        key: Pod(
            namespace=str(namespace),
            name=f"{name}/{key}" if name != key else key,
            kind=part.kind,
            labels={label: text.format(release=name, namespace=namespace) for label, text in part.labels.items()},
            ports=tuple(
                ContainerPort(next(filter(None, map(at, paths.split())), number), port)
                for port, (number, paths) in part.ports.items()
            ),
            host_network=at(part.host) is True,
            asks_vpc=at(part.dns) == "Default",
        )
        for key, part in parts.items()
        if at(part.unless) is not False
    }


def workload(pod: Pod) -> Props:
    """Returns an object that makes such pods, as far as is known of them."""
    spec = {"hostNetwork": pod.host_network, "containers": [{"name": "main"}]}
    metadata = {"name": pod.name.replace("/", "-"), "namespace": pod.namespace}
    template = {"metadata": {"labels": dict(pod.labels)}, "spec": spec}
    return {"apiVersion": "apps/v1", "kind": pod.kind, "metadata": metadata, "spec": {"template": template}}
