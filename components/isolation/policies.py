"""Network policies of a namespace, as the VPC CNI keeps them.

What goes out is judged before the address of a Service becomes that of a pod. So the API server is the first address of
the range of Services; a peer by labels opens the Services that select by these labels, on the ports that lead to the
ports named here; and what is open to the internet excepts the range of Services, or it would open all of them.
What is on the node of a pod reaches it in any case, so it needs no rule: a policy without any admits that alone.
An `except` refuses for all policies of a pod, but where one of them names the same or a narrower range.
Sources: aws/amazon-network-policy-controller-k8s 1.1.7, pkg/resolvers/endpoints.go; aws/aws-network-policy-agent 1.4.0,
pkg/fwruleprocessor/fw_rule_processor.go; Amazon EKS user guide, "EKS Pod Identity"; read 2026-11.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from components.core.addon_spec import COMES_WITH_THE_CLUSTER
from components.core.flows import Flow, Pods, Range
from components.core.untyped import Manifest

if TYPE_CHECKING:  # the report reads policies without the SDKs, which take seconds to load
    import pulumi

NAME = "ml-platform"
EVERYWHERE, LINK_LOCAL, POD_IDENTITY = "0.0.0.0/0", "169.254.0.0/16", "169.254.170.23/32"


@dataclass(frozen=True, kw_only=True)
class Networks:
    """The ranges of a cluster and of what it is connected to.

    services, api_server: the range of Services, and its first address; not known before the cluster is made, where the
    stack file does not say them. control_plane: its subnets. private, public: the subnets of nodes and internal doors,
    and of public doors. endpoints: whether interface endpoints are in the private subnets.
    """

    vpc: str
    pods: str
    services: "pulumi.Input[str]"
    api_server: "pulumi.Input[str]"
    connected: Sequence[str]
    control_plane: Sequence[str]
    private: Sequence[str]
    public: Sequence[str]
    endpoints: bool


def api_server_of(services: str) -> str:
    """Returns the address of the Service `kubernetes`, as a range."""
    return f"{IPv4Network(services)[1]}/32"


def network_policies(namespace: str, flows: Iterable[Flow], networks: Networks) -> list[Manifest]:
    """Returns one policy for all pods of a namespace, and one for each set of labels that has flows of its own.

    In kube-system only pods of our charts have policies: CoreDNS, drivers and add-ons of EKS are not closed.
    Raises ValueError when a flow there is for all pods.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Flow]] = {} if namespace == COMES_WITH_THE_CLUSTER else {(): []}
    for flow in flows:
        groups.setdefault(tuple(sorted(flow.pods.items())), []).append(flow)
    if namespace == COMES_WITH_THE_CLUSTER and () in groups:
        raise ValueError(f"a flow of all pods of {namespace} would close CoreDNS. Give it the labels of its pods.")
    return [_policy(namespace, dict(labels), each, networks) for labels, each in groups.items()]


def others_are_open(namespace: str, flows: Iterable[Flow]) -> Manifest:
    """Returns the policy with which all pods of a namespace but those that have flows reach everybody.

    With `strict` a pod without a policy reaches nobody, and CoreDNS would never be ready.
    """
    values: dict[str, set[str]] = {}
    for flow in flows:  # pods with another value of one label are others
        key, value = min(flow.pods.items())
        values.setdefault(key, set()).add(value)
    expressions = [{"key": key, "operator": "NotIn", "values": sorted(each)} for key, each in sorted(values.items())]
    selector = {"matchExpressions": expressions} if expressions else {}
    return _object(namespace, f"{NAME}-others", {"podSelector": selector, "ingress": [{}], "egress": [{}]})


def _policy(namespace: str, labels: Mapping[str, str], flows: Sequence[Flow], networks: Networks) -> Manifest:
    rules = {direction: list(_rules(direction, flows, networks)) for direction in ("in", "out")}
    spec = {
        "podSelector": {"matchLabels": dict(labels)} if labels else {},
        **({"ingress": rules["in"]} if rules["in"] else {}),
        **({"egress": rules["out"]} if rules["out"] else {}),
    }
    return _object(namespace, _name(labels), spec)


def _object(namespace: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**spec, "policyTypes": ["Ingress", "Egress"]},
    }


def _name(labels: Mapping[str, str]) -> str:
    """Returns the name of the policy of these pods. Labels may differ in what no name has, so it ends with their hash.

    Source: Kubernetes, "Object Names and IDs": a DNS subdomain; read 2026-11.
    """
    if not labels:
        return NAME
    text = "-".join(f"{key.rpartition('/')[2]}-{value}" for key, value in sorted(labels.items()))
    words = re.sub(r"[^a-z0-9]+", "-", text.lower())[:60].strip("-")
    digest = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:8]
    return f"{NAME}-{words}-{digest}"


def _rules(direction: str, flows: Sequence[Flow], networks: Networks) -> Iterable[Mapping[str, Any]]:
    for flow in flows:
        # No peers would mean all of them.
        if flow.direction == direction and (peers := _peers(flow, networks)):
            numbers = [*(("TCP", port) for port in flow.ports), *(("UDP", port) for port in flow.udp)]
            ports = [{"protocol": protocol, "port": port} for protocol, port in numbers]
            yield {"from" if direction == "in" else "to": peers, **({"ports": ports} if ports else {})}


def _peers(flow: Flow, networks: Networks) -> list[Mapping[str, Any]]:
    peer = flow.peer
    if isinstance(peer, Pods):
        return [_pods(peer.namespace, peer.labels)]
    if isinstance(peer, Range):
        return _range(peer.cidr, networks)
    if peer == "own-namespace":
        return [{"podSelector": {}}]
    if peer == "dns":
        return [_pods(COMES_WITH_THE_CLUSTER, {"k8s-app": "kube-dns"})]
    private, outside = _blocks(networks.private), _block(EVERYWHERE, _not_outside(networks))
    endpoints = private if networks.endpoints else []
    return {
        "vpc-dns": _blocks([f"{IPv4Network(networks.vpc)[2]}/32"]),
        "api-server": _blocks([networks.api_server]),
        "control-plane": _blocks(networks.control_plane),
        "pod-identity": _blocks([POD_IDENTITY]),
        "aws": [outside, *endpoints],
        "endpoints": endpoints,
        "outside": [outside],
        "own-node": [],
        "nodes": private,
        "door-internal": private,
        "door-public": _blocks(networks.public),
    }[peer]


def _pods(namespace: str, labels: Mapping[str, str]) -> Mapping[str, Any]:
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    return {**where, **({"podSelector": {"matchLabels": dict(labels)}} if labels else {})}


def _range(cidr: str, networks: Networks) -> list[Mapping[str, Any]]:
    """Returns a range without what is ours, with the connected networks in it: they are excepted elsewhere."""

    def inside(ranges: Iterable[str], whole: str) -> list[str]:
        return [each for each in ranges if each != whole and IPv4Network(each).subnet_of(IPv4Network(whole))]

    ranges = [cidr, *inside(networks.connected, cidr)]
    return [_block(each, inside([networks.vpc, networks.pods], each)) for each in ranges]


def _not_outside(networks: Networks) -> list[Any]:
    return [networks.vpc, networks.pods, networks.services, *dict.fromkeys(networks.connected), LINK_LOCAL]


def _block(cidr: Any, excepted: Sequence[Any] = ()) -> Mapping[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": list(excepted)} if excepted else {})}}


def _blocks(cidrs: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [_block(cidr) for cidr in cidrs]
