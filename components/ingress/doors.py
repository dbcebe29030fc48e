"""The objects of a door: the configuration of its class, the class, and the shared Gateway.

What a class says cannot be changed by a Gateway: scheme, subnets, networks that may connect, certificate, web ACL. So a
team's own Gateway of the class `internal` is internal, whatever its own configuration says. The listener has no `tls`:
the Gateway API wants a Secret with it, which the controller does not read.
Sources: aws-load-balancer-controller 3.5.0, pkg/gateway/lb_config_merger.go, pkg/gateway/model, docs/guide/gateway;
Gateway API 1.6.1, definition of Gateway; read 2026-11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.core.untyped import Manifest
from settings.ingress.ingress import NAMESPACE, Door, DoorSettings

ALB, NLB = "gateway.k8s.aws/alb", "gateway.k8s.aws/nlb"
INTERNAL_NLB = "internal-nlb"
INGRESS_CLASS = "alb"
TARGETS = "pods"
SCHEMES: Mapping[Door, str] = {"internal": "internal", "public": "internet-facing"}
ATTRIBUTES_OFF = {"access_logs.s3.enabled": "false"}


@dataclass(frozen=True, kw_only=True)
class DoorPlan:
    """One door of one cluster.

    sources: who may connect. subnet_ids: of its load balancer. certificate: ARN; None where it speaks HTTP.
    web_acl: ARN. log_attributes: where requests are logged. namespaces: whose routes the shared Gateway takes.
    protect: whether its load balancer cannot be deleted.
    """

    door: Door
    settings: DoorSettings
    sources: Sequence[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    certificate: pulumi.Input[str] | None
    web_acl: pulumi.Input[str] | None
    log_attributes: Mapping[str, pulumi.Input[str]]
    namespaces: Sequence[str]
    protect: bool

    @property
    def listener(self) -> str:
        """The name of the listener that routes are attached to."""
        return "http" if self.certificate is None else "https"


def default_targets() -> Manifest:
    """Returns the target groups of all doors: load balancers send to the pods themselves."""
    return _object("TargetGroupConfiguration", TARGETS, {"defaultConfiguration": {"targetType": "ip"}})


def class_configuration(plan: DoorPlan) -> Manifest:
    """Returns what every load balancer of the door's class is. The controller adds the tags of the stack."""
    attributes = {
        "idle_timeout.timeout_seconds": str(plan.settings.idle_timeout_seconds),
        **_ALWAYS,
        **plan.log_attributes,
    }
    more: dict[str, Any] = {}
    if plan.certificate is not None:
        more["listenerConfigurations"] = [
            {
                "protocolPort": "HTTPS:443",
                "defaultCertificate": plan.certificate,
                "sslPolicy": plan.settings.tls_policy,
            }
        ]
    if plan.web_acl is not None:
        more["wafV2"] = {"webACL": plan.web_acl}
    return _configuration(plan.door, SCHEMES[plan.door], plan, {"loadBalancerAttributes": _listed(attributes), **more})


def nlb_configuration(internal: DoorPlan) -> Manifest:
    """Returns what every network load balancer is; only internal ones have a class."""
    return _configuration(INTERNAL_NLB, SCHEMES["internal"], internal, {})


def gateway_class(name: str, controller: str) -> Manifest:
    """Returns a class with the configuration of the same name."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name, "annotations": {"pulumi.com/waitFor": "condition=Accepted"}},
        "spec": {
            "controllerName": controller,
            "parametersRef": {
                "group": "gateway.k8s.aws",
                "kind": "LoadBalancerConfiguration",
                "name": name,
                "namespace": NAMESPACE,
            },
        },
    }


def ingress_class_parameters(internal: DoorPlan) -> Manifest:
    """Returns what every Ingress of the class is, whatever its annotations say."""
    attributes = {"idle_timeout.timeout_seconds": str(internal.settings.idle_timeout_seconds)}
    encrypted = {"certificateArn": [internal.certificate], "sslPolicy": internal.settings.tls_policy}
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "IngressClassParams",
        "metadata": {"name": INGRESS_CLASS},
        "spec": {
            "scheme": SCHEMES["internal"],
            "targetType": "ip",
            "subnets": {"ids": list(internal.subnet_ids)},
            "inboundCIDRs": list(internal.sources),
            "loadBalancerAttributes": _listed({**attributes, **_ALWAYS}),
            **(encrypted if internal.certificate is not None else {}),
        },
    }


def gateway_configuration(plan: DoorPlan) -> Manifest:
    """Returns the configuration of the shared Gateway alone: whether its load balancer cannot be deleted.

    In the configuration of the class it would keep teams from deleting Gateways of their own. It says both answers,
    because the controller leaves an attribute as it is that nobody names any more.
    """
    protect = {"deletion_protection.enabled": "true" if plan.protect else "false"}
    return _object("LoadBalancerConfiguration", f"{plan.door}-gateway", {"loadBalancerAttributes": _listed(protect)})


def gateway(plan: DoorPlan) -> Manifest:
    """Returns the shared Gateway. Its load balancer comes at once, a listener with its first route."""
    for_routes = {"name": plan.listener, **_PORTS[plan.listener], "allowedRoutes": {"namespaces": _from(plan)}}
    for_redirects = {"name": "http", **_PORTS["http"], "allowedRoutes": {"namespaces": {"from": "Same"}}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": plan.door,
            "namespace": NAMESPACE,
            "annotations": {"pulumi.com/waitFor": "condition=Programmed"},
        },
        "spec": {
            "gatewayClassName": plan.door,
            "infrastructure": {
                "parametersRef": {
                    "group": "gateway.k8s.aws",
                    "kind": "LoadBalancerConfiguration",
                    "name": f"{plan.door}-gateway",
                }
            },
            "listeners": [for_routes, *([for_redirects] if plan.certificate is not None else [])],
        },
    }


def redirect(door: Door) -> Manifest:
    """Returns the route that sends clients of HTTP to HTTPS."""
    to_https = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": f"{door}.to-https", "namespace": NAMESPACE},  # no route of the settings has a dot
        "spec": {"parentRefs": [{"name": door, "sectionName": "http"}], "rules": [{"filters": [to_https]}]},
    }


_ALWAYS = {"routing.http.drop_invalid_header_fields.enabled": "true"}
_PORTS: Mapping[str, Mapping[str, Any]] = {
    "http": {"protocol": "HTTP", "port": 80},
    "https": {"protocol": "HTTPS", "port": 443},
}


def _from(plan: DoorPlan) -> Manifest:
    if not plan.namespaces:
        return {"from": "Same"}
    named = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [NAMESPACE, *plan.namespaces]}
    return {"from": "Selector", "selector": {"matchExpressions": [named]}}


def _configuration(name: str, scheme: str, plan: DoorPlan, more: Manifest) -> Manifest:
    return _object(
        "LoadBalancerConfiguration",
        name,
        {
            "mergingMode": "prefer-gateway-class",
            "scheme": scheme,
            "loadBalancerSubnets": [{"identifier": each} for each in plan.subnet_ids],
            "sourceRanges": list(plan.sources),
            "securityGroups": [],  # with groups of its own, a Gateway would have no source ranges
            "securityGroupPrefixes": [],
            "disableSecurityGroup": False,
            "defaultTargetGroupConfiguration": {"name": TARGETS},
            **more,
        },
    )


def _listed(attributes: Mapping[str, Any]) -> list[Manifest]:
    return [{"key": key, "value": value} for key, value in attributes.items()]


def _object(kind: str, name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "gateway.k8s.aws/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }
