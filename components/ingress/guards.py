"""Policies by which only the platform opens a door to the internet: what users write in the cluster cannot.

Source: aws-load-balancer-controller 3.5.0, docs/guide/ingress/annotations.md, ingress_class.md; read 2026-11.
"""

import pulumi

from components.core.admission import admission_policy
from settings.ingress.ingress import NAMESPACE

SCHEME = "alb.ingress.kubernetes.io/scheme"
_PUBLIC = "internet-facing"
_ANNOTATIONS = "object.metadata.annotations"
_ADVICE = "expose a Service to the internet by `ingress.routes` with door: public"


def guards(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policies of one cluster."""
    admission_policy(
        f"{name}-gateways",
        "ml-platform-public-gateways",
        {"gateway.networking.k8s.io/v1": ["gateways"]},
        f"object.metadata.namespace == '{NAMESPACE}' || object.spec.gatewayClassName != 'public'",
        f"only the platform has Gateways of the class public: {_ADVICE}",
        opts,
    )
    admission_policy(
        f"{name}-configurations",
        "ml-platform-public-configurations",
        {
            "gateway.k8s.aws/v1": ["loadbalancerconfigurations"],
            "elbv2.k8s.aws/v1beta1": ["ingressclassparams"],
        },
        f"(has(object.metadata.namespace) && object.metadata.namespace == '{NAMESPACE}') || !has(object.spec) || "
        f"!has(object.spec.scheme) || object.spec.scheme != '{_PUBLIC}'",
        f"only the platform has load balancers that are {_PUBLIC}: {_ADVICE}",
        opts,
    )
    admission_policy(
        f"{name}-ingresses",
        "ml-platform-public-ingresses",
        {"networking.k8s.io/v1": ["ingresses"]},
        f"!has({_ANNOTATIONS}) || !('{SCHEME}' in {_ANNOTATIONS}) || {_ANNOTATIONS}['{SCHEME}'] != '{_PUBLIC}'",
        f"no Ingress is {_PUBLIC}: {_ADVICE}",
        opts,
    )
