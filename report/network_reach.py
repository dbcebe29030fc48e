"""What network policies do with a call, from the flows of a cluster's namespaces.

A call passes where the namespace that it leaves and the one that it enters both let it. A namespace without flows is
not closed. Source: Kubernetes 1.35, "Network Policies" (the two sorts of pod isolation); read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence

from components.core.addon_spec import COMES_WITH_THE_CLUSTER
from components.core.flows import Direction, Flow, Pods, Range
from report.tables import some

Flows = Mapping[str, Sequence[Flow]]
Labels = Mapping[str, str]
OPEN, CLOSED, OWN_NODE = "open", "closed", "own node"
PEERS = {
    "dns": "DNS",
    "vpc-dns": "the VPC's resolver",
    "api-server": "API server",
    "control-plane": "EKS control plane",
    "pod-identity": "Pod Identity agent",
    "aws": "AWS and the internet",
    "endpoints": "interface endpoints of the VPC",
    "outside": "internet",
    "own-node": "its own node",
    "nodes": "nodes",
    "door-internal": "load balancer, internal",
    "door-public": "load balancer, public",
}
"""Peer -> its name in a row; the same as those of the rows of the mesh."""
_EVERY: Labels = {}


def named(namespace: str, labels: Labels) -> str:
    """Returns the name of pods in a row. The two labels of the pods of a chart have one value, which is enough."""
    values = [*dict.fromkeys(labels.values())]
    if len(labels) > len(values) == 1:
        return f"{namespace}/{values[0]}"
    said = [f"{key.rpartition('/')[2]}={value}" for key, value in sorted(labels.items())]
    return f"{namespace}/{','.join(said) or '*'}"


def peer_named(namespace: str, flow: Flow) -> str:
    """Returns the name of the other end of a flow."""
    if isinstance(flow.peer, Pods):
        return named(flow.peer.namespace, flow.peer.labels)
    if isinstance(flow.peer, Range):
        return flow.peer.cidr
    return f"{namespace}/*" if flow.peer == "own-namespace" else PEERS[flow.peer]


def has_port(flow: Flow, port: int | None) -> bool:
    """Returns whether a flow is open on a TCP port. port: None for every one."""
    return port in flow.ports or not (flow.ports or flow.udp)


def enters(flows: Flows, peer: str, namespace: str, labels: Labels, port: int | None) -> bool:
    """Returns whether pods take calls from what is no pod. peer: as in `Flow`."""
    return not _is_closed(flows, namespace, labels) or any(
        flow.peer == peer and has_port(flow, port) for flow in _of(flows, "in", namespace, labels)
    )


def passes(flows: Flows, source: str, namespace: str, labels: Labels, port: int | None, own: Labels = _EVERY) -> bool:
    """Returns whether pods may call others. source: their namespace. labels: of those called. own: {} for every pod."""
    leaves = not _is_closed(flows, source, own) or any(
        has_port(flow, port) and _is_about(flow, source, namespace, labels) for flow in _of(flows, "out", source, own)
    )
    return leaves and (
        not _is_closed(flows, namespace, labels)
        or any(
            has_port(flow, port) and _is_about(flow, namespace, source, own)
            for flow in _of(flows, "in", namespace, labels)
        )
    )


def callers(flows: Flows, namespace: str, labels: Labels, port: int | None, among: Sequence[str] = ()) -> str:
    """Returns the namespaces whose pods may call others, in words. among: those that count; all when none is given."""
    if not _is_closed(flows, namespace, labels):
        return OPEN
    asked = {flow.peer.namespace for flow in flows[namespace] if isinstance(flow.peer, Pods)} | {namespace}
    found = sorted(
        each for each in asked if (not among or each in among) and passes(flows, each, namespace, labels, port)
    )
    return f"open from {some(found, 5)}" if found else CLOSED


def ports_of(flow: Flow) -> str:
    """Returns the ports of a flow in words."""
    udp = [each for each in flow.udp if each not in flow.ports]
    return ", ".join([*map(str, flow.ports), *(f"{each} UDP" for each in udp)]) or "all"


def not_enforced(flows: Flows, efa_pools: Sequence[str], *, strict: bool) -> Iterator[str]:
    """Yields, as items of a list, what the VPC CNI leaves open in a cluster with isolation.

    Sources: Amazon EKS user guide, "Limit Pod traffic with Kubernetes network policies"; aws/aws-network-policy-agent
    1.4.1, README, pkg/utils/utils.go (identifiers of pods), pkg/ebpf/c (tiers); read 2026-11.
    """
    yield "Pods with `hostNetwork`: they have the address of their node, and no policy selects them."
    yield "Pods that no controller made: policies of these are not supported."
    yield (
        "Pods of one namespace on one node whose names differ in the last part alone, such as `nb-alice` and `nb-bob`: "
        "the CNI gives them one set of rules."
    )
    yield "The pod's own node: it reaches the pod, and the pod reaches it, on every port."
    if not strict:
        yield "The moment before policies are there: with `standard` a new pod reaches everybody until then."
        yield "Namespaces that the stack file does not name: they call each other, and those that name them."
    yield "A `ClusterNetworkPolicy` that somebody makes: it decides first, and this page does not know it."
    if efa_pools:
        yield f"EFA traffic on {some(efa_pools, 9)}: it passes by the kernel, and only security groups hold for it."
    own = sorted({named(COMES_WITH_THE_CLUSTER, flow.pods) for flow in flows.get(COMES_WITH_THE_CLUSTER, ())})
    yield f"{COMES_WITH_THE_CLUSTER}{f', but for {some(own, 9)}' * bool(own)}: DNS and drivers are there."


def _of(flows: Flows, direction: Direction, namespace: str, labels: Labels) -> Iterator[Flow]:
    """Yields the flows that all pods with these labels have."""
    for flow in flows.get(namespace, ()):
        if flow.direction == direction and flow.pods.items() <= labels.items():
            yield flow


def _is_closed(flows: Flows, namespace: str, labels: Labels) -> bool:
    """Tells whether some policy selects these pods. In kube-system only those of our charts are selected."""
    if namespace == COMES_WITH_THE_CLUSTER:
        return any(flow.pods.items() <= labels.items() for flow in flows.get(namespace, ()))
    return namespace in flows


def _is_about(flow: Flow, namespace: str, other: str, labels: Labels) -> bool:
    """Tells whether the peer of a flow of a namespace is pods of another with these labels."""
    if isinstance(flow.peer, Pods):
        return flow.peer.namespace == other and flow.peer.labels.items() <= labels.items()
    return flow.peer == "own-namespace" and namespace == other
