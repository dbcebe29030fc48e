"""What pods send and receive: the flows that the network policies of their namespace leave open.

An add-on says its own in `AddOnSpec.flows`; those of a team follow from its entry, from the mesh and from the doors.
A flow that nothing names is closed where a cluster has `isolation`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from settings.cluster.parts import ClusterParts
from settings.core.services import namespace_of_host

Direction = Literal["in", "out"]
Peer = Literal[
    "dns",  # CoreDNS
    "vpc-dns",  # the resolver at the third address of the VPC, which pods with `dnsPolicy: Default` ask
    "api-server",  # the Service `kubernetes`
    "control-plane",  # the API server as it calls webhooks, from the subnets of the EKS control plane
    "pod-identity",  # the agent that gives pods the credentials of their role
    "aws",  # what AWS serves: in the interface endpoints of the VPC and outside of it
    "endpoints",  # interface endpoints of the VPC
    "outside",  # what is neither in the VPC, nor in a network that it is connected to, nor a Service
    "own-namespace",
    "own-node",  # what is on the node of a pod, which no network policy keeps out
    "nodes",  # kubelets, and pods with `hostNetwork`
    "door-internal",  # load balancers, by the subnets that they are in
    "door-public",
]
WELL_KNOWN_PORTS: Mapping[Peer, tuple[int, ...]] = {
    "dns": (53,),
    "vpc-dns": (53,),
    "api-server": (443,),
    "pod-identity": (80,),
    "aws": (443,),
    "endpoints": (443,),
}


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods of another namespace, or of all that have a label. labels: {} for all pods there.

    Labels other than those that a Service selects by leave its address closed, since egress is judged before it becomes
    that of a pod. Source: aws/amazon-network-policy-controller-k8s 1.1.7, pkg/resolvers/endpoints.go; read 2026-11.
    """

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Range:
    """A range of addresses outside of the VPC."""

    cidr: str


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One flow of pods of a namespace.

    direction: of the first packet. ports: of the pods that are called, not of a Service; () for all. pods: labels of
    the pods of the namespace that have it; {} for all. why: as a phrase, for the report.
    """

    direction: Direction
    peer: Peer | Pods | Range
    why: str
    ports: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()
    pods: Mapping[str, str] = field(default_factory=dict)


def out(peer: Peer | Pods | Range, why: str, *ports: int, pods: Mapping[str, str] | None = None) -> Flow:
    """Returns a flow that pods begin. ports: those of the peer where it has well-known ones."""
    known = WELL_KNOWN_PORTS.get(peer, ()) if isinstance(peer, str) else ()
    udp = (53,) if peer in ("dns", "vpc-dns") else ()
    return Flow(direction="out", peer=peer, why=why, ports=ports or known, udp=udp, pods=pods or {})


def into(peer: Peer | Pods | Range, why: str, *ports: int, pods: Mapping[str, str] | None = None) -> Flow:
    """Returns a flow that pods receive."""
    return Flow(direction="in", peer=peer, why=why, ports=ports, pods=pods or {})


def of_pods(pods: Mapping[str, str], *flows: Flow) -> tuple[Flow, ...]:
    """Returns flows, as those of the pods with these labels alone."""
    return tuple(replace(flow, pods=pods) for flow in flows)


def to_address(address: str, ranges: Iterable[str], why: str) -> list[Flow]:
    """Returns the flows to an address of http. ranges: of its addresses, where it is near; () for outside of the VPC.

    One of a Service leads to the pods of its namespace, on the port that the address has.
    """
    url = urlsplit(address)
    in_cluster = namespace_of_host(url.hostname or "")
    port = url.port or (80 if url.scheme == "http" else 443)
    near = [out(Range(cidr=cidr), why, port) for cidr in ranges]
    return near or [out(Pods(namespace=in_cluster) if in_cluster else "outside", why, port)]


def to_values(cluster: ClusterParts, add_on: str, path: str, why: str) -> Iterator[Flow]:
    """Yields the flows to each `url` of a list in the values of an add-on. Connected networks stay closed."""
    given: Any = (cluster.addons or {}).get(add_on)
    for key in ("values", *path.split(".")):
        given = given.get(key) if isinstance(given, Mapping) else None
    for each in given if isinstance(given, list | tuple) else ():
        if isinstance(each, Mapping) and isinstance(url := each.get("url"), str):
            with suppress(ValueError):  # a port that is none
                yield from to_address(url, (), why)


def webhooks(*ports: int) -> Flow:
    """Returns the calls of the API server. ports: of the pods, which are not those of their Service."""
    return into("control-plane", "the API server asks its webhooks", *ports)


PROMETHEUS = Pods(namespace="monitoring", labels={"app.kubernetes.io/name": "prometheus"})
"""The pods of Prometheus, as the operator labels them."""
OTLP_GRPC, OTLP_HTTP = 4317, 4318


def collector(name: str) -> Pods:
    """Returns the pods of a collector of traces, by the labels that the operator's Services select."""
    return Pods(
        namespace="opentelemetry",
        labels={
            "app.kubernetes.io/component": "opentelemetry-collector",
            "app.kubernetes.io/instance": f"opentelemetry.{name}",
            "app.kubernetes.io/managed-by": "opentelemetry-operator",
            "app.kubernetes.io/part-of": "opentelemetry",
        },
    )


TRACE_AGENTS, TRACE_GATEWAYS = collector("agent"), collector("gateway")
READS_OBJECTS = out("api-server", "reads and writes objects")
CONTROLLER = (out("dns", "finds whom it calls"), READS_OBJECTS)
"""Flows of nearly every add-on that is a controller. Its replicas agree on a leader by the API server."""
AMONG_THEMSELVES = (out("own-namespace", "its parts call one another"), into("own-namespace", "its parts"))
WITH_ROLE = (out("pod-identity", "gets the credentials of its role"), out("aws", "calls AWS"))
"""Flows of pods whose service account has a role in AWS."""
