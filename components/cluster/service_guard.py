"""Services of type LoadBalancer: only internal ones of the load balancer controller.

A Service that names no class belongs to the controller inside of EKS, which makes a Classic Load Balancer that is open
to the internet. Sources: Amazon EKS user guide, "Route TCP and UDP traffic with Network Load Balancers";
aws-load-balancer-controller 3.5.0, docs/guide/service/nlb.md; read 2026-11.
"""

import pulumi

from components.core.admission import admission_policy

NLB_CLASS = "service.k8s.aws/nlb"
SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"


def is_open(service: str) -> str:
    """Returns in CEL whether a Service could be public. service: `object` or `oldObject`."""
    balanced = f"{service}.spec.type == 'LoadBalancer'"
    annotations = f"{service}.metadata.annotations"
    ours = f"has({service}.spec.loadBalancerClass) && {service}.spec.loadBalancerClass == '{NLB_CLASS}'"
    internal = f"has({annotations}) && '{SCHEME}' in {annotations} && {annotations}['{SCHEME}'] == 'internal'"
    return f"{balanced} && !({ours} && {internal})"


def service_guard(name: str, has_controller: bool, opts: pulumi.ResourceOptions) -> None:
    """Registers the policy. A Service that was open before may still be changed, so that its owner can mend it.

    An internal one that names the controller passes where there is none, too: nobody serves it.
    """
    advice = (
        f"expose it by a route of a door; outside the namespaces of teams, loadBalancerClass: {NLB_CLASS} with the "
        f"annotation {SCHEME}: internal may be, too"
        if has_controller
        else "this cluster has no `ingress`; use type ClusterIP"
    )
    admission_policy(
        name,
        "ml-platform-closed-services",
        {"v1": ["services"]},
        "!variables.open || variables.wasOpen",
        f"a Service of type LoadBalancer could be open to the internet: {advice}",
        opts,
        variables={
            "open": is_open("object"),
            "wasOpen": f"oldObject != null && {is_open('oldObject')}",
        },
    )
