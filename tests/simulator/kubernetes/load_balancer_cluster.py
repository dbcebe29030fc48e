"""A cluster with the Gateway API and the AWS Load Balancer Controller, and the objects that tests put into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog.crds import made_by_us
from simulator.aws import tokens
from simulator.values import Props
from tests.simulator.kubernetes.bench import EKS, Bench, bench, namespace
from tests.simulator.kubernetes.test_readiness import chart, waiting

API, AWS = "gateway.networking.k8s.io/v1", "gateway.k8s.aws/v1"
ALB, NLB = "gateway.k8s.aws/alb", "gateway.k8s.aws/nlb"
ARN = "arn:aws:acm:us-west-2:123456789012:certificate/0"
ZONES = ("us-west-2a", "us-west-2b")
INTERNAL: Props = {"scheme": "internal", "defaultTargetGroupConfiguration": {"name": "ip"}}
PLACE = {"vpcId": "vpc-1", "region": "us-west-2"}


def empty(folder: Path) -> Bench:
    """Returns a cluster in a VPC with private and public subnets in two zones."""
    made = bench(folder)
    row = made.cloud.get(EKS, "main")
    assert row is not None
    made.cloud.delete(EKS, "main")
    config = {"vpcId": "vpc-1", "subnetIds": [f"subnet-private-{zone}" for zone in ZONES]}
    made.cloud.put(EKS, "main", row.state | {"vpcConfig": config, "region": "us-west-2"})
    for zone in ZONES:
        for role, tag in (("private", "internal-elb"), ("public", "elb")):
            tags = {f"kubernetes.io/role/{tag}": "1", "Name": f"{role}-{zone}"}
            made.cloud.put(tokens.SUBNET, f"subnet-{role}-{zone}", {**PLACE, "availabilityZone": zone, "tags": tags})
    for name in ("apps", "ingress"):
        made.make(namespace(name, team=name), name)
    return made


def definitions(cluster: Bench, *folders: str) -> None:
    """Makes the definitions of folders of catalog/crd_files."""
    for folder in folders:
        for kind, definition in made_by_us(folder).items():
            cluster.make(dict(definition), f"definition-{kind}")


def install(cluster: Bench, **values: Any) -> tuple[str, Props, Props]:
    """Installs the controller without the definitions of its chart, which the platform makes."""
    release = chart("aws-load-balancer-controller", clusterName="main", vpcId="vpc-1", **values)
    return cluster.make(release | {"skipCrds": True}, "controller")


def object_of(api_version: str, kind: str, name: str, in_namespace: str | None, spec: Props) -> Props:
    metadata = {"name": name, **({"namespace": in_namespace} if in_namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def configuration(name: str = "internal", in_namespace: str = "ingress", **spec: Any) -> Props:
    return object_of(AWS, "LoadBalancerConfiguration", name, in_namespace, spec)


def targets(name: str = "ip", in_namespace: str = "ingress", target_type: str = "ip", **spec: Any) -> Props:
    spec = {"defaultConfiguration": {"targetType": target_type}, **spec}
    return object_of(AWS, "TargetGroupConfiguration", name, in_namespace, spec)


def gateway_class(controller: str = ALB, **spec: Any) -> Props:
    reference = {"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": "internal"}
    whole = {"controllerName": controller, "parametersRef": {**reference, "namespace": "ingress"}, **spec}
    return waiting(object_of(API, "GatewayClass", "alb", None, whole), "condition=Accepted")


def listener(protocol: str = "HTTP", port: int = 80, from_: str = "All", **more: Any) -> Props:
    allowed = {"namespaces": {"from": from_}}
    return {"name": protocol.lower(), "protocol": protocol, "port": port, "allowedRoutes": allowed} | more


def gateway(*listeners: Props, name: str = "web", in_namespace: str = "ingress", **spec: Any) -> Props:
    whole = {"gatewayClassName": "alb", "listeners": list(listeners) or [listener()], **spec}
    return waiting(
        object_of(API, "Gateway", name, in_namespace, whole), '["condition=Accepted","condition=Programmed"]'
    )


def own(name: str) -> Props:
    """Returns the part of a Gateway that names a configuration."""
    reference = {"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": name}
    return {"infrastructure": {"parametersRef": reference}}


def service(name: str = "app", type_: str = "ClusterIP", **more: Any) -> Props:
    spec = {"type": type_, "selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}], **more}
    return object_of("v1", "Service", name, "apps", spec)


def route(in_namespace: str = "apps", backend: Props | None = None, parent: Props | None = None, **spec: Any) -> Props:
    parents = [{"name": "web", "namespace": "ingress", **(parent or {})}]
    rules = [{"backendRefs": [{"name": "app", "port": 80, **(backend or {})}]}]
    return object_of(API, "HTTPRoute", "app", in_namespace, {"parentRefs": parents, "rules": rules, **spec})
