"""The kinds of network policies that EKS adds, read as the rules of NetworkPolicies.

An ApplicationNetworkPolicy counts like a NetworkPolicy, but for its names of hosts, which the agent passes over outside
of EKS Auto Mode: a rule of egress without other peers opens nothing. It has no types by default.
Sources: aws/amazon-network-policy-controller-k8s v1.1.7, pkg/crd and pkg/resolvers (applicationnetworkpolicy_resolver,
clusternetworkpolicy_resolver); aws/aws-network-policy-agent v1.4.1, controllers; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simulator.values import Props

APPLICATION: Final = ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy")
CLUSTER: Final = ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy")


def as_network_policy(policy: Props) -> Props:
    """Returns an ApplicationNetworkPolicy as the NetworkPolicy that the controller makes of it."""
    spec = policy["spec"]
    egress = [
        {**rule, "to": peers}
        for rule in spec.get("egress") or ()
        if (peers := [peer for peer in rule.get("to") or () if "domainNames" not in peer])
    ]
    return {**policy, "spec": {**spec, "egress": egress}}


def peer_of(subject: Props) -> Props:
    """Returns the subject of a ClusterNetworkPolicy, or one of its peers of pods, as a peer of a NetworkPolicy."""
    return subject.get("pods") or {"namespaceSelector": subject.get("namespaces")}


def rules_of(policy: Props, direction: str, end: str) -> Iterator[tuple[str, Props]]:
    """Yields each rule of a ClusterNetworkPolicy: its action, and a policy that has this rule alone."""
    for rule in policy["spec"].get(direction) or ():
        peers: list[Any] = []
        for peer in rule[end]:
            networks = [{"ipBlock": {"cidr": cidr}} for cidr in peer.get("networks") or ()]
            peers += networks or ([] if "domainNames" in peer else [peer_of(peer)])
        ports = [_port(port) for port in rule.get("ports") or ()]
        if peers:
            same = {**rule, end: peers, "ports": ports}
            yield rule["action"], {"metadata": policy["metadata"], "spec": {direction: [same]}}


def _port(port: Props) -> Props:
    if number := port.get("portNumber"):
        return dict(number)
    if (several := port.get("portRange")) is None:
        return {"port": port.get("namedPort")}
    return {"port": several["start"], "endPort": several["end"], "protocol": several.get("protocol", "TCP")}
