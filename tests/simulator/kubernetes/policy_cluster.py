"""A cluster whose VPC CNI keeps network policies, and the objects that tests of them put into it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.aws import tokens
from simulator.kubernetes import network_policies, pods
from simulator.kubernetes.chart_pods import ContainerPort, Pod
from simulator.kubernetes.clusters import EKS_CLUSTER, Cluster, cluster_of
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench, deployment, namespace

INTRA, NODES, PODS = "10.0.{}.0/28", "10.0.1{}.0/24", "100.64.{}.0/18"
ZONES = {"us-west-2a": 0, "us-west-2b": 64}
CNI = "v1.22.4-eksbuild.3"
EVERYBODY: Props = {}
DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}
API = {"to": [{"ipBlock": {"cidr": "172.20.0.1/32"}}], "ports": [{"port": 443}]}
CONTROL_PLANE = [{"ipBlock": {"cidr": INTRA.format(number)}} for number in ZONES.values()]


def ground(folder: Path, mode: str = "standard", version: str = CNI, enforced: bool = True) -> Bench:
    """Returns a cluster with the namespaces a, b and monitoring, and the Services web, wide and headless in b."""
    made = bench(folder)
    (row,) = made.cloud.of_type(EKS_CLUSTER)
    subnets = {}
    for zone, number in ZONES.items():
        kinds: tuple[tuple[str, str, Props], ...] = (
            ("intra", INTRA, {}),
            ("nodes", NODES, {"cni": "0", "internal-elb": "1"}),
            ("pods", PODS, {"cni": "1"}),
        )
        for kind, cidr, roles in kinds:
            tags = {f"kubernetes.io/role/{role}": value for role, value in roles.items()}
            state = {"vpcId": "vpc-1", "availabilityZone": zone, "cidrBlock": cidr.format(number), "tags": tags}
            subnets[kind, zone] = made.cloud.put(tokens.SUBNET, f"subnet-{kind}-{zone}", state).id
    config = {"vpcId": "vpc-1", "subnetIds": [subnets["intra", zone] for zone in ZONES]}
    network = {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"}
    made.cloud.put(EKS_CLUSTER, "main", row.state | {"vpcConfig": config, "kubernetesNetworkConfig": network})
    set_cni(made, mode, version, enforced)
    made.cloud.put(tokens.ADDON, "main:coredns", {"clusterName": "main", "addonName": "coredns"})
    for name in ("a", "b", "monitoring"):
        made.make(namespace(name, purpose=name), name)
    made.make(workload(), "web")
    for name, spec in SERVICES.items():
        made.make(service(name, **spec), name)
    return made


def set_cni(made: Bench, mode: str = "standard", version: str = CNI, enforced: bool = True, **more: Any) -> None:
    values: Props = {"enableNetworkPolicy": str(enforced).lower(), **more}
    values |= {"env": {"NETWORK_POLICY_ENFORCING_MODE": mode}} if mode != "standard" else {}
    state = {"clusterName": "main", "addonName": "vpc-cni", "addonVersion": version}
    made.cloud.put(tokens.ADDON, "main:vpc-cni", {**state, "configurationValues": json.dumps(values)})


WEB = {"app": "web", "version": "2"}
SERVICES: dict[str, Props] = {
    "web": {"ports": [{"port": 80, "targetPort": 8080}]},
    "named": {"ports": [{"port": 81, "targetPort": "http"}]},
    "headless": {"ports": [{"port": 80, "targetPort": 8080}], "clusterIP": "None"},
}


def service(name: str, in_namespace: str = "b", **spec: Any) -> Props:
    metadata = {"name": name, "namespace": in_namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {"app": "web"}, **spec}}


def workload(in_namespace: str = "b", **spec: Any) -> Props:
    """Returns a Deployment `web` whose pods listen on 8080, which they call http, and 9090."""
    ports = [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}]
    container = {"name": "app", "image": "registry.invalid/app:1", "ports": ports}
    template = {"metadata": {"labels": WEB}, "spec": {"containers": [container], **spec}}
    return deployment(in_namespace, template=template)


def policy(name: str, in_namespace: str, selector: Props = EVERYBODY, **directions: Any) -> Props:
    """Returns a NetworkPolicy about the directions that are given."""
    types = [each.capitalize() for each in directions]
    spec = {"podSelector": {"matchLabels": selector} if selector else {}, "policyTypes": types, **directions}
    metadata = {"name": name, "namespace": in_namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def cluster_policy(name: str, subject: Props, tier: str = "Admin", priority: int = 10, **directions: Any) -> Props:
    """Returns a ClusterNetworkPolicy about the directions that are given."""
    spec = {"tier": tier, "priority": priority, "subject": subject, **directions}
    of_eks = {"apiVersion": "networking.k8s.aws/v1alpha1", "kind": "ClusterNetworkPolicy"}
    return {**of_eks, "metadata": {"name": name}, "spec": spec}


def application_policy(name: str, in_namespace: str, **spec: Any) -> Props:
    of_eks = {"apiVersion": "networking.k8s.aws/v1alpha1", "kind": "ApplicationNetworkPolicy"}
    return {**of_eks, "metadata": {"name": name, "namespace": in_namespace}, "spec": {"podSelector": {}, **spec}}


def to(*peers: Props, ports: Sequence[int | str] = ()) -> Props:
    return {"to": list(peers), **({"ports": [{"port": each} for each in ports]} if ports else {})}


def from_(*peers: Props, ports: Sequence[int | str] = ()) -> Props:
    return {"from": list(peers), **({"ports": [{"port": each} for each in ports]} if ports else {})}


def those(in_namespace: str, **labels: str) -> Props:
    """Returns the peer of pods with labels in a namespace."""
    named = {"matchLabels": {"kubernetes.io/metadata.name": in_namespace}}
    return {"namespaceSelector": named, "podSelector": {"matchLabels": labels}}


def block(cidr: str, *excepts: str) -> Props:
    return {"ipBlock": {"cidr": cidr, **({"except": list(excepts)} if excepts else {})}}


def cluster(made: Bench) -> Cluster:
    (row,) = made.cloud.of_type(EKS_CLUSTER)
    return cluster_of(made.cloud, row)


def caller(in_namespace: str = "a", **labels: str) -> Pod:
    return Pod(namespace=in_namespace, name="caller", kind="Deployment", labels=labels or {"app": "caller"})


def web(made: Bench) -> Pod:
    return next(each for each in pods.pods_of(cluster(made)) if (each.namespace, each.name) == ("b", "web"))


def service_of(made: Bench, name: str, in_namespace: str = "b") -> pods.Service:
    return pods.services_of(cluster(made))[in_namespace, name]


def cut(
    made: Bench, source: Pod | pods.Place, target: network_policies.Target, port: int, protocol: str = "TCP"
) -> str:
    return network_policies.why_cut(cluster(made), source, target, port, protocol)


def listening(number: int, name: str = "") -> tuple[ContainerPort, ...]:
    return (ContainerPort(number, name),)
