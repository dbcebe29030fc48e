"""What the rules about network policies read of one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from policies.objects import objects
from policies.rule import Resource, Stack, View, at_if_known, each, present, text

GROUP, KIND = "networking.k8s.io", "NetworkPolicy"
NETWORK_POLICIES = f"kubernetes:{GROUP}/v1:{KIND}*"
AWS_GROUP = "networking.k8s.aws"
APPLICATION_POLICIES = f"kubernetes:{AWS_GROUP}/v1alpha1:ApplicationNetworkPolicy*"
CLUSTER_POLICIES = f"kubernetes:{AWS_GROUP}/v1alpha1:ClusterNetworkPolicy*"
VPC, MORE = "aws:ec2/vpc:Vpc", "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
CLUSTER = "aws:eks/cluster:Cluster"
METADATA = ("169.254.169.254/32", "fd00:ec2::254/128")
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
"""What counts where the stack has no VPC of its own."""
IPV6 = "fc00::/7"
DIRECTIONS = (("ingress", "from"), ("egress", "to"))
LABELS, EXPRESSIONS = "spec.podSelector.matchLabels", "spec.podSelector.matchExpressions"


Network = IPv4Network | IPv6Network
Span = tuple[int, int, int]
"""Version of IP, first and last address."""
Ports = tuple[str, float, float]
"""Protocol, first and last port."""
MOST_SETS = 64
"""Sets of labels that are told apart: more would take minutes."""
EVERY_PORT: tuple[Ports, ...] = tuple((each, 0, 65535) for each in ("TCP", "UDP", "SCTP"))


@dataclass(frozen=True)
class Opening:
    """Addresses that pods reach, or that reach them, on some ports. pods: labels, one set of which each pod has."""

    spans: Sequence[Span]
    ports: Sequence[Ports] = EVERY_PORT
    pods: Sequence[Mapping[str, str]] = ({},)

    def has(self, protocol: str, port: float) -> bool:
        """Tells whether a port is one of these."""
        return any(each == protocol and first <= port <= last for each, first, last in self.ports)


Labels = Mapping[str, str]


def _both(one: Labels, other: Labels) -> Labels | None:
    """Returns what pods with the labels of both have; None where there are no such pods."""
    return {**one, **other} if all(one.get(key, value) == value for key, value in other.items()) else None


def _sets_of_pods(last: Sequence[Labels], others: Sequence[Labels]) -> list[Labels] | None:
    """Returns the pods of the last, told apart by which of the others select them too.

    One set for each group of others that go together, also where more of them do: a wider set is another one than the
    narrower in it. None where there are more than `MOST_SETS`, which lists of values on several keys multiply to.
    """
    every: list[Labels] = []
    if len(others) > MOST_SETS:
        return None
    for labels in last:
        found = [labels]
        for selected in others:
            for both in [_both(pods, selected) for pods in found]:
                found += [both] if both is not None and both not in found else []
            if len(every) + len(found) > MOST_SETS:
                return None
        every += found
    return every


def completed(last: Opening, earlier: Sequence[Opening], ranges: Sequence[str]) -> set[str]:
    """Returns the ranges that the last opening completes, with what earlier ones open to the same pods on a port.

    Where too many sets of pods have to be told apart, all openings on a port count together, and each that has a part
    of a range which they have as a whole completes it.
    """
    found: set[str] = set()
    for protocol, port in {(name, first) for one in (last, *earlier) for name, first, _ in one.ports}:
        if not last.has(protocol, port):
            continue
        beside = [one for one in earlier if one.spans and one.has(protocol, port)]
        others = {tuple(sorted(labels.items())): labels for one in beside for labels in one.pods}
        sets = _sets_of_pods(last.pods, [*others.values()])
        if sets is None:
            whole = mostly_in([*last.spans, *(span for one in beside for span in one.spans)], ranges)
            parts = {one: without(last.spans, addresses(ip_network(one))) for one in whole}
            found.update(one for one, rest in parts.items() if sorted(rest) != sorted(last.spans))
        for pods in sets or ():
            same_pods = [one for one in beside if any(_both(pods, labels) == pods for labels in one.pods)]
            before = [span for one in same_pods for span in one.spans]
            found.update({*mostly_in([*last.spans, *before], ranges)} - {*mostly_in(before, ranges)})
    return found


def policies_in(resource: Resource) -> Iterator[View]:
    """Yields the network policies of a resource. Those for applications have rules of the same form.

    Source: aws/amazon-network-policy-controller-k8s 1.1.7, api/v1alpha1; read 2026-11.
    """
    yield from objects(resource, GROUP, KIND)
    yield from objects(resource, AWS_GROUP, "ApplicationNetworkPolicy")


def network_policies(resources: Iterable[Resource]) -> Iterator[View]:
    """Yields the network policies that may open namespaces: all but those of what comes with the cluster."""
    for resource in resources:
        for policy in policies_in(resource):
            if not is_of_the_cluster(policy):
                yield policy


def is_of_the_cluster(policy: View) -> bool:
    """Tells whether a policy is that of DNS and drivers, which nobody closes: in kube-system, and of no named pods."""
    named = present(policy, LABELS) or any(text(one, "operator") == "In" for one in each(policy, EXPRESSIONS))
    return text(policy, "metadata.namespace") == "kube-system" and not named


def selects_everybody(view: View, selector: tuple[str, ...]) -> bool:
    """Tells whether a selector of namespaces has no label that would leave some of them out."""
    expressions = each(view, (*selector, "matchExpressions"))
    return not present(view, (*selector, "matchLabels")) and all(text(one, "operator") != "In" for one in expressions)


def network(cidr: object) -> Network | None:
    """Returns a range; None where there is none, one that is known later, or one that the API refuses."""
    try:
        return ip_network(str(cidr or ""), strict=False)
    except ValueError:
        return None


def block(peer: View) -> Network | None:
    """Returns the range of a peer, as `network` does."""
    return network(at_if_known(peer, "ipBlock.cidr"))


def without(spans: Iterable[Span], excepted: Iterable[Span]) -> list[Span]:
    """Returns the addresses of spans, without those of others."""
    left = [*spans]
    for version, first, last in excepted:
        same = [one for one in left if one[0] == version]
        parts = [
            part for v, low, high in same for part in ((v, low, min(high, first - 1)), (v, max(low, last + 1), high))
        ]
        left = [*(one for one in left if one[0] != version), *(part for part in parts if part[1] <= part[2])]
    return left


def addresses(whole: Network, excepted: Iterable[Network] = ()) -> list[Span]:
    """Returns the addresses of a range, without those of others."""
    return without([_span(whole)], map(_span, excepted))


@lru_cache(maxsize=1024)
def _span(one: Network | str) -> Span:
    """Returns the addresses of a range. A stack has few ranges, and policies ask for them again and again."""
    given = ip_network(one)
    return given.version, int(given[0]), int(given[-1])


def opened(peer: View) -> list[Span]:
    """Returns the addresses that a peer opens by a range, without what it excepts; none where that is known later."""
    whole, given = block(peer), at_if_known(peer, "ipBlock.except")
    if whole is None or (given is None and present(peer, "ipBlock.except")):
        return []
    return addresses(whole, filter(None, map(network, given or ())))


def mostly_in(spans: Iterable[Span], ranges: Iterable[str]) -> list[str]:
    """Returns the ranges of which half or more is in the spans: as good as all, where there are many pods."""
    found = []
    given = sorted(spans)
    for cidr in ranges:
        version, first, last = _span(cidr)
        have, end = 0, first - 1
        for _, low, high in (span for span in given if span[0] == version):
            low, high = max(low, end + 1), min(high, last)
            have, end = have + max(0, high - low + 1), max(end, high)
        if have * 2 > last - first:
            found.append(cidr)
    return found


def ranges_of(stack: Stack, direction: str) -> list[str]:
    """Returns those of VPC and pods, for egress with Services and the metadata of nodes, from whom nothing comes in."""
    own = [str(network(text(each, "cidrBlock")) or "") for each in stack.of(VPC, MORE)]  # "" where IPAM gives the range
    services = [at_if_known(each, "kubernetesNetworkConfig.serviceIpv4Cidr") for each in stack.of(CLUSTER)]
    called = [*METADATA, *filter(None, services)] if direction == "egress" else []
    return [*called, *(own if own and all(own) else PRIVATE), IPV6]
