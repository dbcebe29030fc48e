"""The objects of a route, in the namespace of its Service. The team makes the Service, now or later.

Sources: aws-load-balancer-controller 3.5.0, pkg/gateway/model/model_build_target_group.go, docs/guide/gateway; Gateway
API 1.6.1; read 2026-11.
"""

from typing import Any

from components.core.untyped import Manifest
from settings.ingress.ingress import NAMESPACE, RouteSettings

_VERSIONS = {"http": "HTTP1", "http2": "HTTP2", "grpc": "GRPC"}


def route_manifest(name: str, route: RouteSettings, listener: str) -> Manifest:
    """Returns the HTTPRoute or GRPCRoute. listener: of the door."""
    backend: dict[str, Any] = {"backendRefs": [{"name": route.service, "port": route.port}]}
    paths = [{"path": {"type": "PathPrefix", "value": path}} for path in route.paths]
    grpc = route.protocol == "grpc"
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GRPCRoute" if grpc else "HTTPRoute",
        "metadata": {"name": name, "namespace": route.namespace},
        "spec": {
            "parentRefs": [{"name": route.door, "namespace": NAMESPACE, "sectionName": listener}],
            "hostnames": [route.host],
            "rules": [backend if grpc else {"matches": paths, **backend}],
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
