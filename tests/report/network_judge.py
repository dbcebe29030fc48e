"""Network policies as the agent of the VPC CNI keeps them, written anew for the tests of the page of reach.

Rules become ranges of addresses with ports. The narrowest range that has an address decides: it has the ports of its
own, and those of each wider range that does not except it; what is excepted and named nowhere is refused. What goes to
a Service is judged by the Service's address, before it becomes that of a pod: a peer by labels has it where the Service
selects by labels that are the peer's, on the ports that lead to the ports of the rule.
Sources: aws/aws-network-policy-agent 1.4.0, pkg/fwruleprocessor/fw_rule_processor.go; aws/amazon-network-policy-
controller-k8s 1.1.7, pkg/resolvers/endpoints.go; read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

Manifest = Mapping[str, Any]
Ports = frozenset[int | None]
"""TCP ports; with None all of them."""
Ranges = dict[IPv4Network, tuple[Ports, set[IPv4Network]]]
"""Range -> its ports, and what it excepts."""
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class Pod:
    namespace: str
    address: IPv4Address
    labels: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        said = ",".join(f"{key}={value}" for key, value in self.labels.items())
        return f"{self.namespace}/{said or '*'}"


@dataclass(frozen=True, kw_only=True)
class Service:
    """ports: port -> port of the pods."""

    name: str
    namespace: str
    address: IPv4Address
    selector: Mapping[str, str]
    ports: Mapping[int, int]

    def __str__(self) -> str:
        return f"Service {self.name}"


@dataclass(frozen=True)
class Place:
    """Something outside of the pods, by one of its addresses."""

    name: str
    address: IPv4Address

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class Judge:
    policies: Sequence[Manifest]
    pods: Sequence[Pod]
    services: Sequence[Service] = ()
    _allowed: dict[tuple[str, str], Ranges | None] = field(default_factory=dict)

    def lets(self, client: Pod | Place, target: Pod | Service | Place, port: int) -> bool:
        """Returns whether a call arrives. port: of the Service where it is to one."""
        if isinstance(client, Pod) and not self._side(client, "egress", target.address, port):
            return False
        if isinstance(target, Pod):
            return self._side(target, "ingress", client.address, port)
        if isinstance(target, Service):
            behind = [pod for pod in self.pods if _serves(target, pod)]
            return all(self._side(pod, "ingress", client.address, target.ports[port]) for pod in behind)
        return True

    def _side(self, pod: Pod, direction: str, other: IPv4Address, port: int) -> bool:
        key = str(pod), direction
        if key not in self._allowed:
            self._allowed[key] = self._ranges(pod, direction)
        allowed = self._allowed[key]
        if allowed is None:
            return True
        refused = {each for _, excepted in allowed.values() for each in excepted} - allowed.keys()
        having = [block for block in (*allowed, *refused) if other in block]
        if not having or (narrowest := max(having, key=lambda block: block.prefixlen)) in refused:
            return False
        first = narrowest.network_address
        ports = {
            each
            for block, (own, excepted) in allowed.items()
            if first in block and (block == narrowest or not any(first in without for without in excepted))
            for each in own
        }
        return bool({None, port} & ports)

    def _ranges(self, pod: Pod, direction: str) -> Ranges | None:
        """Returns what policies open for a pod; None where none selects it."""
        selecting = [
            policy["spec"]
            for policy in self.policies
            if policy["metadata"]["namespace"] == pod.namespace and _selects(policy["spec"]["podSelector"], pod.labels)
        ]
        if not any(direction.capitalize() in spec["policyTypes"] for spec in selecting):
            return None
        allowed: Ranges = {}
        for spec in selecting:
            for rule in spec.get(direction, ()):
                for block, ports, excepted in self._entries(rule, direction, pod.namespace):
                    old, old_excepted = allowed.get(block, (frozenset(), set()))
                    allowed[block] = old | ports, old_excepted | excepted
        return allowed

    def _entries(
        self, rule: Manifest, direction: str, namespace: str
    ) -> Iterator[tuple[IPv4Network, Ports, set[IPv4Network]]]:
        ports: Ports = frozenset(each.get("port") for each in rule.get("ports", ()) if each["protocol"] == "TCP")
        if not rule.get("ports"):
            ports = frozenset({None})
        peers = rule.get("to" if direction == "egress" else "from")
        for peer in peers or [{"ipBlock": {"cidr": "0.0.0.0/0"}}]:
            if block := peer.get("ipBlock"):
                yield IPv4Network(block["cidr"]), ports, {IPv4Network(each) for each in block.get("except", ())}
                continue
            for pod in self.pods:
                if _is_peer(peer, namespace, pod.namespace, pod.labels):
                    yield IPv4Network(pod.address), ports, set()
            for service in self.services if direction == "egress" else ():
                opened = frozenset(one for one, target in service.ports.items() if {target, None} & ports)
                if opened and service.selector and _is_peer(peer, namespace, service.namespace, service.selector):
                    yield IPv4Network(service.address), opened, set()


def _serves(service: Service, pod: Pod) -> bool:
    return bool(service.selector) and (
        service.namespace == pod.namespace and service.selector.items() <= pod.labels.items()
    )


def _is_peer(peer: Manifest, own: str, namespace: str, labels: Mapping[str, str]) -> bool:
    if "namespaceSelector" not in peer:
        inside = namespace == own
    else:
        inside = _selects(peer["namespaceSelector"], {NAMESPACE_LABEL: namespace})
    return inside and _selects(peer.get("podSelector", {}), labels)


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels", "matchExpressions"}, selector
    for each in selector.get("matchExpressions", ()):
        assert each["operator"] == "NotIn", "the only one that is built"
        if labels.get(each["key"]) in each["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())
