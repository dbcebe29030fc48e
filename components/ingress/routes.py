"""The objects of a route. The team makes the Service, now or later.

The route is in the namespace of the doors, and the Service's namespace lets it in by a grant: so the shared Gateway
takes no route that somebody else makes in the team's namespace.

Sources: aws-load-balancer-controller 3.5.0, pkg/gateway/model/model_build_target_group.go, docs/guide/gateway; Gateway
API 1.6.1; read 2026-11.
"""

from typing import Any

from components.core.untyped import Manifest
from settings.ingress.ingress import NAMESPACE, RouteSettings

_VERSIONS = {"http": "HTTP1", "http2": "HTTP2", "grpc": "GRPC"}


def route_manifest(name: str, route: RouteSettings, listener: str) -> Manifest:
    """Returns the HTTPRoute or GRPCRoute. listener: of the door."""
    service = {"name": route.service, "namespace": route.namespace, "port": route.port}
    backend: dict[str, Any] = {"backendRefs": [service]}
    paths = [{"path": {"type": "PathPrefix", "value": path}} for path in route.paths]
    grpc = route.protocol == "grpc"
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GRPCRoute" if grpc else "HTTPRoute",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "parentRefs": [{"name": route.door, "sectionName": listener}],
            "hostnames": [route.host],
            "rules": [backend if grpc else {"matches": paths, **backend}],
        },
    }


def grant(route: RouteSettings) -> Manifest:
    """Returns what lets the routes of the doors lead to the Service. The controller reads v1beta1."""
    kinds = ("HTTPRoute", "GRPCRoute")
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": f"doors-{route.service}", "namespace": route.namespace},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": kind, "namespace": NAMESPACE} for kind in kinds],
            "to": [{"group": "", "kind": "Service", "name": route.service}],
        },
    }


def service_targets(route: RouteSettings) -> Manifest:
    """Returns how load balancers reach the pods of the route's Service.

    A gRPC server answers an unknown method with 12, which the controller takes for healthy, so `/` asks its default.
    """
    asks = route.protocol != "grpc" or route.health_path != "/"
    return {
        "apiVersion": "gateway.k8s.aws/v1",
        "kind": "TargetGroupConfiguration",
        "metadata": {"name": route.service, "namespace": route.namespace},
        "spec": {
            "targetReference": {"group": "", "kind": "Service", "name": route.service},
            "defaultConfiguration": {
                "targetType": "ip",
                "protocol": "HTTP",
                "protocolVersion": _VERSIONS[route.protocol],
                **({"healthCheckConfig": {"healthCheckPath": route.health_path}} if asks else {}),
            },
        },
    }
