"""A policy of the API server against routes of the mesh that nothing reads."""

import pulumi

from components.core.admission import admission_policy


def mesh_guard(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policy of one cluster. Linkerd asks for v1alpha2 of these kinds, which is not served.

    What such a route allows or refuses for a Service or an EgressNetwork would hold nowhere, without a message.
    Sources: linkerd2 edge-26.8.3, policy-controller; Gateway API 1.6.1; read 2026-11.
    """
    admission_policy(
        name,
        "ml-platform-mesh-routes",
        {"gateway.networking.k8s.io/v1": ["tlsroutes", "tcproutes", "udproutes"]},
        "object.spec.?parentRefs.orValue([])"
        ".all(each, !(each.?kind.orValue('Gateway') in ['Service', 'EgressNetwork']))",
        "the mesh reads no such route for a Service or an EgressNetwork: use HTTPRoute or GRPCRoute",
        opts,
    )
