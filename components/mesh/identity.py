"""The certificates of a mesh: trust anchors, the issuer of identities, and those of Linkerd's webhooks.

No private key leaves the cluster, and none is copied. Only people renew an anchor: an identity controller that meets an
issuer whose anchor it does not know keeps the old one until it ends, and the mesh with it. The issuer lives 48 hours,
and cert-manager renews it. The webhooks' certificates are cert-manager's too: those of the chart end after a year.
Sources: linkerd.io, "Automatically Rotating Control Plane TLS Credentials" and "... Webhook TLS Credentials"; linkerd2
edge-26.8.3, controller/identity, charts/linkerd-control-plane; cert-manager 1.21, Certificate; read 2026-11.
"""

from collections.abc import Iterable, Mapping

from components.core.namespaces import CONTROL_PLANE, MESH_ANCHOR, MESH_ISSUER
from components.core.untyped import Manifest
from settings.mesh.mesh import MeshSettings

AUTHORITIES = "cert-manager"
"""The namespace of the Secrets that cluster issuers and bundles read."""
TRUST_ROOTS = "linkerd-identity-trust-roots"
"""The ConfigMap that the control plane reads the anchors from; its bundle has the same name."""
WEBHOOK_AUTHORITY = "linkerd-webhook-authority"
WEBHOOKS = ("linkerd-proxy-injector", "linkerd-sp-validator", "linkerd-policy-validator")
_SELF_SIGNED = {"name": "self-signed", "kind": "ClusterIssuer"}
_TEN_YEARS = "87600h0m0s"


def anchor_secret(name: str) -> str:
    """Returns the name of the Certificate and the Secret of an anchor."""
    return f"{MESH_ANCHOR}{name}"


def certificates(mesh: MeshSettings, trust_domain: str) -> Mapping[str, Manifest]:
    """Returns every object in the order in which they become ready."""
    return {
        **{f"anchor-{name}": _authority(AUTHORITIES, anchor_secret(name)) for name in mesh.anchors},
        "identity-authority": _issuer("ClusterIssuer", MESH_ISSUER, anchor_secret(mesh.issuer)),
        "identity-issuer": _certificate(
            CONTROL_PLANE,
            MESH_ISSUER,
            {
                "commonName": MESH_ISSUER,  # of an authority; the controller asks for the name in dnsNames
                "dnsNames": [f"identity.{CONTROL_PLANE}.{trust_domain}"],
                "isCA": True,
                "usages": ["cert sign", "crl sign", "server auth", "client auth"],
                "duration": "48h0m0s",
                "renewBefore": "25h0m0s",
                "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always"},
                "issuerRef": {"name": MESH_ISSUER, "kind": "ClusterIssuer"},
            },
        ),
        "trust-roots": _bundle(mesh.anchors),
        **webhook_certificates(CONTROL_PLANE, {name: (f"{name}-k8s-tls", name) for name in WEBHOOKS}),
    }


def webhook_certificates(namespace: str, webhooks: Mapping[str, tuple[str, str]]) -> Mapping[str, Manifest]:
    """Returns an authority in a namespace and what it signs. webhooks: Certificate -> its Secret and its Service.

    cert-manager writes the authority into the webhooks. The certificates are renewed, the authority is not: the API
    server never trusts one while a webhook has another. The policy controller reads no key in another form than PKCS8.
    Source: kubert 0.27, tls_rustls.rs (load_private_key); linkerd2 issue 13017; read 2026-11.
    """
    return {
        "webhook-authority": _authority(namespace, WEBHOOK_AUTHORITY),
        "webhook-issuer": _issuer("Issuer", WEBHOOK_AUTHORITY, WEBHOOK_AUTHORITY, namespace),
        **{
            name: _certificate(
                namespace,
                name,
                {
                    "secretName": secret,
                    "dnsNames": [f"{service}.{namespace}.svc"],
                    "usages": ["server auth"],
                    "duration": "2160h0m0s",
                    "renewBefore": "720h0m0s",
                    "privateKey": {"algorithm": "ECDSA", "encoding": "PKCS8", "rotationPolicy": "Always"},
                    "issuerRef": {"name": WEBHOOK_AUTHORITY, "kind": "Issuer"},
                },
            )
            for name, (secret, service) in webhooks.items()
        },
    }


def _authority(namespace: str, name: str) -> Manifest:
    """Returns the certificate of an authority that signs itself, with a key that stays until people replace it."""
    return _certificate(
        namespace,
        name,
        {
            "commonName": name,  # at most 64 characters, so names of a trust domain stand in dnsNames alone
            "isCA": True,
            "duration": _TEN_YEARS,
            "renewal": {"policy": "Disabled"},
            "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Never"},
            "issuerRef": _SELF_SIGNED,
        },
    )


def _certificate(namespace: str, name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"secretName": name, **spec},
    }


def _issuer(kind: str, name: str, secret: str, namespace: str | None = None) -> Manifest:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": kind,
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "spec": {"ca": {"secretName": secret}},
    }


def _bundle(anchors: Iterable[str]) -> Manifest:
    return {
        "apiVersion": "trust.cert-manager.io/v1alpha1",
        "kind": "Bundle",
        # Not Ready: trust-manager has a condition of its own. Source: trust-manager 0.24, api/v1alpha1; read 2026-11.
        "metadata": {"name": TRUST_ROOTS, "annotations": {"pulumi.com/waitFor": "condition=Synced"}},
        "spec": {
            "sources": [{"secret": {"name": anchor_secret(name), "key": "tls.crt"}} for name in anchors],
            "target": {
                "configMap": {"key": "ca-bundle.crt"},
                "namespaceSelector": {"matchLabels": {"linkerd.io/is-control-plane": "true"}},
            },
        },
    }
