"""The issuer of the mesh: certificates of its own namespaces alone.

cert-manager signs for everybody who names a ClusterIssuer, with any name, and makes Certificates itself for annotations
of Ingresses and Gateways. One of this issuer, signed by the trust anchor, is an identity of any pod. Status needs no
rule: it is no part of what the issuer signs.
Sources: cert-manager v1.21.1, pkg/issuer/helper.go, pkg/controller/certificate-shim, internal/controller/feature (its
signers of CertificateSigningRequests are off); read 2026-11.
"""

import pulumi

from components.core.admission import admission_policy
from components.core.namespaces import CONTROL_PLANE, MESH_ANCHOR, MESH_ISSUER
from settings.mesh.mesh import TO_AGENTS

POLICY = "ml-platform-mesh-issuer"
# Those of the control plane and the agents of traces. Not by settings: the API server reads a change of the rule only
# after a moment, and would refuse the certificate that the same update makes.
_NAMESPACES = [CONTROL_PLANE, TO_AGENTS.namespace]


def issuer_guard(name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Registers the policy, and returns what the issuer comes after. It fails closed: an identity is a right to call.

    Older certificates stay until they end, and are renewed no more. CertificateRequests of the mesh's own come from
    cert-manager, in the namespace of their Certificate, so renewal passes.
    """
    reference = "variables.spec.?issuerRef"
    key = "variables.spec.?ca.?secretName.orValue('')"
    return admission_policy(
        name,
        POLICY,
        {"cert-manager.io/v1": ["certificates", "certificaterequests", "clusterissuers", "issuers"]},
        f"{reference}.?kind.orValue('') != 'ClusterIssuer' || {reference}.?name.orValue('') != '{MESH_ISSUER}' || "
        f"request.namespace in {_NAMESPACES}",
        f"a certificate of {MESH_ISSUER} is an identity of the mesh, which pods get from their proxy: name another "
        "issuer",
        opts,
        variables={"spec": "object.?spec.orValue({})"},
        more={
            f"!({key} == '{MESH_ISSUER}' || {key}.startsWith('{MESH_ANCHOR}')) || "
            f"(object.kind == 'ClusterIssuer' && object.metadata.name == '{MESH_ISSUER}')": (
                "an issuer with a key of the mesh would sign identities of it: name another Secret"
            )
        },
    )
