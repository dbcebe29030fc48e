"""Labels of namespaces: the Pod Security level that they enforce, whether their pods are meshed, or exposed."""

from collections.abc import Mapping

from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings

ClusterNamespace = tuple[str, str]
"""Key of a cluster in the stack file, and a namespace in it."""

CONTROL_PLANE, VIZ = "linkerd", "linkerd-viz"
MESH_ISSUER = "linkerd-identity-issuer"
"""The ClusterIssuer of identities, and the Certificate of the control plane, which signs those of proxies."""
MESH_ANCHOR = "linkerd-trust-anchor-"
"""What the names of its anchors' Secrets begin with."""
NO_WEBHOOKS = {"config.linkerd.io/admission-webhooks": "disabled"}
"""Keeps Linkerd's webhooks away: where its injector is down, nothing in such a namespace waits for it."""


def pod_security(level: str, kubernetes_version: str) -> dict[str, str]:
    """Returns the labels of a namespace that enforces a level, and warns of what `restricted` would refuse."""
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode, enforced in (("enforce", level), ("audit", "restricted"), ("warn", "restricted"))
        for suffix, value in (("", enforced), ("-version", f"v{kubernetes_version}"))
    }


def in_mesh(mesh: MeshSettings | None, namespace: str) -> Mapping[str, str]:
    """Returns the labels by which the mesh takes or leaves a namespace.

    Helm gives the namespace of the control plane none of its labels, and its pods find the anchors by them.
    Source: linkerd.io, "Installing Linkerd with Helm"; linkerd2 edge-26.8.3, cli/cmd/install.go; read 2026-11.
    """
    if mesh is None or namespace in mesh.namespaces:
        return {}
    if namespace == VIZ:  # its own pods are meshed
        return {"linkerd.io/extension": "viz"}
    if namespace == CONTROL_PLANE:
        return {**NO_WEBHOOKS, "linkerd.io/is-control-plane": "true", "linkerd.io/control-plane-ns": CONTROL_PLANE}
    return NO_WEBHOOKS


def injection(mesh: MeshSettings | None, namespace: str) -> dict[str, str]:
    """Returns the annotation by which the pods of a meshed namespace get the proxy."""
    return {"linkerd.io/inject": "enabled"} if mesh is not None and namespace in mesh.namespaces else {}


def exposed(ingress: IngressSettings | None, namespace: str) -> Mapping[str, str]:
    """Returns the label by which a pod is ready only when its load balancer finds it well.

    Without it an update ends pods before new ones get requests. Source: aws-load-balancer-controller 3.5.0,
    docs/deploy/pod_readiness_gate.md; read 2026-11.
    """
    if ingress is None or namespace not in ingress.exposed():
        return {}
    return {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
