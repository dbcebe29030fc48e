"""Linkerd's dashboard, its metrics API and its tap, for people; with a Prometheus of its own.

While its API server extension is down, no namespace of the cluster can be deleted. People reach the dashboard by a
port-forward, which the kubelet of its node makes. What it would ask the makers, whether there is a newer version, stays
unanswered where its network is closed. Proxies answer tap and Prometheus on ports of their own, past port 4143.
Sources: linkerd/linkerd2 edge-26.8.3, viz/charts/linkerd-viz; linkerd.io, "Automatically Rotating Webhook TLS
Credentials"; read 2026-11.
"""

from collections.abc import Mapping, Sequence

from catalog.mesh_network import CONTROL_PLANE_PORTS, PROXY_ADMIN, PROXY_INBOUND, PROXY_TAP
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import AMONG_THEMSELVES, CONTROLLER, Flow, Pods, out, webhooks
from components.core.namespaces import CONTROL_PLANE, VIZ
from components.core.untyped import Manifest, Values
from components.mesh.addons.linkerd_control_plane import spans
from components.mesh.identity import webhook_certificates
from settings.cluster.addon_rules import needed_by_viz
from settings.cluster.parts import ClusterParts

# Certificate -> its Secret and its Service.
_WEBHOOKS = {"tap": ("tap-k8s-tls", "tap"), "linkerd-tap-injector": ("tap-injector-k8s-tls", "tap-injector")}


def _resources(cpu: str, memory: str, most: str) -> Values:
    return {"resources": {"cpu": {"request": cpu}, "memory": {"request": memory, "limit": most}}}


def values(context: AddOnContext) -> Values:
    part = _resources("20m", "50Mi", "250Mi")  # with the memory of values-ha.yaml
    return {
        "identityTrustDomain": context.trust_domain,
        "createNamespaceMetadataJob": False,  # the namespace has its label without a hook that could hang
        "metricsAPI": part,
        "dashboard": part,
        "prometheus": _resources("100m", "300Mi", "8192Mi"),
        "tap": {"externalSecret": True, "injectCaFrom": f"{VIZ}/tap", **part},
        "tapInjector": {"externalSecret": True, "injectCaFrom": f"{VIZ}/linkerd-tap-injector", **part},
    }


def before(context: AddOnContext) -> Mapping[str, Manifest]:
    return webhook_certificates(VIZ, _WEBHOOKS)


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    meshed = cluster.mesh.namespaces if cluster.mesh is not None else ()
    control_plane = (*CONTROL_PLANE_PORTS, PROXY_INBOUND, PROXY_ADMIN)
    return (
        *CONTROLLER,
        *AMONG_THEMSELVES,
        webhooks(8089, 8443),
        out(Pods(namespace=CONTROL_PLANE), "its proxies ask, and Prometheus reads metrics", *control_plane),
        *(out(Pods(namespace=each), "tap, and Prometheus reads proxies", PROXY_TAP, PROXY_ADMIN) for each in meshed),
        *spans(cluster.mesh),
    )


ADD_ON = AddOnSpec(
    name="linkerd-viz",
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_viz,
    instead="mesh.viz: false",
    after=("linkerd-control-plane",),
    before=before,
    values=values,
    flows=flows,
)
