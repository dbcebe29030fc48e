"""Linkerd's dashboard, its metrics API and its tap, for people; with a Prometheus of its own.

While its API server extension is down, no namespace of the cluster can be deleted.
Sources: linkerd/linkerd2 edge-26.8.3, viz/charts/linkerd-viz; linkerd.io, "Automatically Rotating Webhook TLS
Credentials"; read 2026-11.
"""

from collections.abc import Mapping

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.namespaces import VIZ
from components.core.untyped import Manifest, Values
from components.mesh.addons.linkerd_control_plane import trust_domain
from components.mesh.identity import webhook_certificates
from settings.cluster.addon_rules import needed_by_viz

# Certificate -> its Secret and its Service.
_WEBHOOKS = {"tap": ("tap-k8s-tls", "tap"), "linkerd-tap-injector": ("tap-injector-k8s-tls", "tap-injector")}


def values(context: AddOnContext) -> Values:
    return {
        "identityTrustDomain": trust_domain(context),
        "createNamespaceMetadataJob": False,  # the namespace has its label without a hook that could hang
        "tap": {"externalSecret": True, "injectCaFrom": f"{VIZ}/tap"},
        "tapInjector": {"externalSecret": True, "injectCaFrom": f"{VIZ}/linkerd-tap-injector"},
    }


def before(context: AddOnContext) -> Mapping[str, Manifest]:
    return webhook_certificates(VIZ, _WEBHOOKS)


ADD_ON = AddOnSpec(
    name="linkerd-viz",
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_viz,
    instead="mesh.viz: false",
    after=("linkerd-control-plane",),
    before=before,
    values=values,
)
