"""Pods and Services of a cluster, as network policies see them, and the places outside that talk to them.

Pods have no nodes here, so each has one address in every subnet that pods may be in.
Sources: aws/amazon-network-policy-controller-k8s v1.1.7, pkg/k8s; aws/aws-network-policy-agent v1.4.1 and v1.3.7,
pkg/utils/utils.go (GetPodIdentifier); read 2026-11. Services and labels of a new EKS cluster: unverified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from catalog.limits import EKS_SERVICE_CIDRS
from simulator.aws import tokens
from simulator.cloud import CloudResource
from simulator.kubernetes import chart_pods
from simulator.kubernetes.chart_pods import ContainerPort, Pod
from simulator.kubernetes.clusters import EKS_CLUSTER, Cluster
from simulator.kubernetes.pod_security import pod_of
from simulator.values import Props, has_unknown

_KINDS = (
    ("v1", "Pod"),
    *(("apps/v1", kind) for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")),
    *(("batch/v1", kind) for kind in ("CronJob", "Job")),
)
_FOR_PODS = "kubernetes.io/role/cni"
_DOORS = {"internal": "kubernetes.io/role/internal-elb", "public": "kubernetes.io/role/elb"}
_DNS_LABELS = {"eks.amazonaws.com/component": "coredns", "k8s-app": "kube-dns"}
_DNS_PORTS = (("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP"))
_HTTPS = 443


@dataclass(frozen=True)
class Place:
    """Addresses that are not those of pods. None for OWN_NODE, which comes through in any case.

    ports: those that it listens on, with their protocols.
    """

    name: str
    addresses: tuple[IPv4Address, ...] = ()
    ports: tuple[tuple[int, str], ...] = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service. target: number or name of a port of its pods."""

    port: int
    target: int | str
    protocol: str = "TCP"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Service. address: None for a headless one. selector: {} for one without pods."""

    namespace: str
    name: str
    address: IPv4Address | None
    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"Service {self.namespace}/{self.name}"

    def has(self, pod: Pod) -> bool:
        """Returns whether the Service sends to a pod."""
        fits = bool(self.selector) and self.selector.items() <= pod.labels.items()
        return fits and pod.namespace == self.namespace


OWN_NODE = Place("the pod's own node")
OUTSIDE = Place("outside", (IPv4Address("52.94.0.10"),), ((_HTTPS, "TCP"),))
POD_IDENTITY = Place("the Pod Identity agent", (IPv4Address("169.254.170.23"),), ((80, "TCP"),))


def pods_of(cluster: Cluster) -> list[Pod]:
    """Returns the pods of a cluster: one for all of a controller, and those of its releases that the simulator knows.

    Pods of which something is not known yet are left out.
    """
    objects = [row.state for kind in _KINDS for row in cluster.of_kind(*kind)]
    found = [pod for state in objects if (pod := pod_from(state)) is not None]
    found += [pod for row in cluster.releases() for pod in chart_pods.pods_of(row.state).values()]
    return found + ([dns_pods()] if _addon(cluster, "coredns") else [])


def dns_pods() -> Pod:
    """Returns the pods of the EKS add-on CoreDNS."""
    ports = tuple(ContainerPort(number, name, protocol) for name, number, protocol in _DNS_PORTS)
    return Pod(namespace="kube-system", name="coredns", kind="Deployment", labels=_DNS_LABELS, ports=ports)


def pod_from(state: Mapping[str, Any]) -> Pod | None:
    """Returns the pod of an object, or those that it makes; None where something is not known, or without pods."""
    template, metadata = pod_of(state), state["metadata"]
    if template is None or has_unknown([metadata.get("name"), template.get("metadata"), template.get("spec")]):
        return None
    owners = metadata.get("ownerReferences") or ()
    owned = any(each.get("controller") for each in owners)
    spec = template["spec"]
    return Pod(
        namespace=metadata.get("namespace", "default"),
        name=metadata["name"],
        kind="" if state["kind"] == "Pod" and not owned else state["kind"],
        labels=(template.get("metadata") or {}).get("labels") or {},
        ports=tuple(
            ContainerPort(port["containerPort"], port.get("name", ""), port.get("protocol", "TCP"))
            for container in spec.get("containers") or ()
            for port in container.get("ports") or ()
        ),
        host_network=spec.get("hostNetwork") is True,
        asks_vpc=spec.get("dnsPolicy") == "Default",
    )


def services_of(cluster: Cluster) -> dict[tuple[str, str], Service]:
    """Returns the Services by namespace and name: those that are stored, `kubernetes` and `kube-dns`."""
    first = service_range(cluster).network_address
    dns = tuple(ServicePort(number, number, protocol) for _, number, protocol in _DNS_PORTS)
    selector = {"k8s-app": "kube-dns"}
    built_in = [
        Service(namespace="default", name="kubernetes", address=first + 1, ports=(ServicePort(_HTTPS, _HTTPS),)),
        Service(namespace="kube-system", name="kube-dns", address=first + 10, ports=dns, selector=selector),
    ]
    stored = [each for row in cluster.of_kind("v1", "Service") if (each := _service(row.state)) is not None]
    return {(each.namespace, each.name): each for each in (*built_in, *stored)}


def api_server(cluster: Cluster) -> Service:
    """Returns the Service by which pods reach the API server."""
    return services_of(cluster)["default", "kubernetes"]


def dns(cluster: Cluster) -> Service:
    """Returns the Service of CoreDNS."""
    return services_of(cluster)["kube-system", "kube-dns"]


def resolver(cluster: Cluster) -> Place:
    """Returns the resolver of the VPC, at its third address. Source: VPC user guide, "DNS attributes"; read 2026-11."""
    row = cluster.cloud.get(tokens.VPC, str(_config(cluster).get("vpcId")), cluster.region)
    ranges = _ranges([row] if row else [])
    return Place("the resolver of the VPC", tuple(block[2] for block in ranges), ((53, "UDP"),))


def _service(state: Props) -> Service | None:
    spec, metadata = state["spec"], state["metadata"]
    if has_unknown([metadata.get("name"), spec]) or spec.get("type") == "ExternalName":
        return None
    address = spec.get("clusterIP")
    return Service(
        namespace=metadata["namespace"],
        name=metadata["name"],
        address=IPv4Address(address) if address not in (None, "", "None") else None,
        ports=tuple(
            ServicePort(each["port"], each.get("targetPort") or each["port"], each.get("protocol", "TCP"))
            for each in spec.get("ports") or ()
        ),
        selector=spec.get("selector") or {},
    )


def service_range(cluster: Cluster) -> IPv4Network:
    """Returns the range of the addresses of Services."""
    config = _row(cluster).get("kubernetesNetworkConfig") or {}
    return IPv4Network(config.get("serviceIpv4Cidr") or EKS_SERVICE_CIDRS[0])


def control_plane(cluster: Cluster) -> Place:
    """Returns the API server as it calls pods: from any of the subnets that EKS was given."""
    subnets = _config(cluster).get("subnetIds") or ()
    return Place("the API server", _ends(_blocks(cluster, subnets)))


def nodes(cluster: Cluster) -> Place:
    """Returns the nodes that a pod is not on: those of groups, and the subnets whose addresses are for nodes alone."""
    return Place("nodes", _ends(_of_groups(cluster) | _tagged(cluster, _FOR_PODS, "0")))


def door(cluster: Cluster, name: str) -> Place:
    """Returns load balancers, `internal` or `public`, by the subnets that are tagged for them."""
    return Place(f"{name} load balancers", _ends(_tagged(cluster, _DOORS[name], "1")))


def pod_subnets(cluster: Cluster) -> list[IPv4Network]:
    """Returns the ranges that pods have addresses of: those that are tagged for pods, or those of nodes."""
    subnets = _tagged(cluster, _FOR_PODS, "1") or _of_groups(cluster)
    return sorted(subnets) or [IPv4Network("100.64.0.0/16")]


def aws_addresses(cluster: Cluster, service: str) -> Place:
    """Returns where pods find a service of AWS: in its interface endpoint, or outside."""
    vpc = _config(cluster).get("vpcId")
    subnets = [
        subnet
        for row in cluster.cloud.of_type(tokens.VPC_ENDPOINT)
        if _is_here(cluster, row)
        and row.state.get("vpcId") == vpc
        and str(row.state.get("serviceName")).endswith(f".{service}")
        and row.state.get("vpcEndpointType") == "Interface"
        for subnet in row.state.get("subnetIds") or ()
    ]
    found = _ends(_blocks(cluster, subnets))
    return Place(f"the endpoint of {service}", found, OUTSIDE.ports) if found else OUTSIDE


def _of_groups(cluster: Cluster) -> set[IPv4Network]:
    groups = [row.state for row in cluster.cloud.of_type(tokens.NODE_GROUP) if _is_here(cluster, row)]
    ids = [id_ for group in groups if group.get("clusterName") == cluster.name for id_ in group["subnetIds"]]
    return _blocks(cluster, ids)


def _ends(blocks: set[IPv4Network]) -> tuple[IPv4Address, ...]:
    """Returns the first and the last address of ranges that AWS gives away: a rule may have a part of a range."""
    return tuple(address for block in sorted(blocks) for address in (block[4], block[-2]))


def _blocks(cluster: Cluster, ids: Sequence[str]) -> set[IPv4Network]:
    rows = (cluster.cloud.get(tokens.SUBNET, id_, cluster.region) for id_ in ids)
    return _ranges(row for row in rows if row is not None)


def _tagged(cluster: Cluster, tag: str, value: str) -> set[IPv4Network]:
    return _ranges(row for row in _subnets(cluster) if _tags(row).get(tag) == value)


def _ranges(subnets: Iterable[CloudResource]) -> set[IPv4Network]:
    return {IPv4Network(row.state["cidrBlock"]) for row in subnets if row.state.get("cidrBlock")}


def _subnets(cluster: Cluster) -> Iterator[CloudResource]:
    vpc = _config(cluster).get("vpcId")
    for row in cluster.cloud.of_type(tokens.SUBNET):
        if vpc and row.state.get("vpcId") == vpc and _is_here(cluster, row):
            yield row


def _tags(row: CloudResource) -> Mapping[str, str]:
    tags: Mapping[str, str] = row.state.get("tagsAll") or row.state.get("tags") or {}
    return tags


def _is_here(cluster: Cluster, row: CloudResource) -> bool:
    return row.region in ("", cluster.region) or not cluster.region


def _row(cluster: Cluster) -> Props:
    row = cluster.cloud.get(EKS_CLUSTER, cluster.name, cluster.region)
    return row.state if row else {}


def _config(cluster: Cluster) -> Mapping[str, Any]:
    config: Mapping[str, Any] = _row(cluster).get("vpcConfig") or {}
    return config


def _addon(cluster: Cluster, name: str) -> bool:
    return cluster.cloud.get(tokens.ADDON, f"{cluster.name}:{name}", cluster.region) is not None
