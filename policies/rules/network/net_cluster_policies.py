"""Cluster network policies neither open what namespaces close, nor take from all pods what each of them needs.

In the tier Admin, `Accept` and `Deny` decide before the policies of namespaces. In both tiers a `Deny` holds for pods
without a policy, such as CoreDNS. Sources: aws/aws-network-policy-agent 1.4.1, pkg/ebpf/c (evaluateFlow);
aws/amazon-network-policy-controller-k8s 1.1.7, api/v1alpha1/clusternetworkpolicy_types.go; read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.network_policies import (
    AWS_GROUP,
    CLUSTER,
    CLUSTER_POLICIES,
    DIRECTIONS,
    IPV6,
    METADATA,
    MORE,
    VPC,
    Span,
    addresses,
    mostly_in,
    network,
    ranges_of,
    selects_everybody,
)
from policies.objects import all_objects
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, at, each, number, present, text, texts

NEEDED = (53, 80, 443)
"""Ports of DNS, of the Pod Identity agent, and of the API server and AWS."""
POD_IDENTITY, SYSTEM, NAME = "169.254.170.23/32", "kube-system", "kubernetes.io/metadata.name"
SELECTORS = (("namespaces",), ("pods", "namespaceSelector"))


def _everybody(pods: View, *above: str) -> bool:
    """Tells whether a subject or a peer is pods of every namespace. above: the keys above it."""
    paths = [(*above, *path) for path in SELECTORS]
    return any(at(pods, path) is not None and selects_everybody(pods, path) for path in paths)


def _system(pods: View, *above: str) -> bool:
    """Tells whether a subject or a peer is pods of kube-system."""
    paths = [(*above, *path) for path in SELECTORS]
    listed = [texts(one, "values") for path in paths for one in each(pods, (*path, "matchExpressions"))]
    return any(
        SYSTEM in each_list for each_list in (*listed, [text(pods, (*path, "matchLabels", NAME)) for path in paths])
    )


def _takes_what_all_need(policy: View, rule: View, peers: Sequence[View], ranges: Sequence[str]) -> bool:
    subject = ("spec", "subject")
    some = present(policy, (*subject, "pods", "podSelector", "matchLabels"))
    ports = [*each(rule, "ports")]
    if some or (ports and not any(_has(port, needed) for port in ports for needed in NEEDED)):
        return False
    needed_ranges = [POD_IDENTITY, *(each_range for each_range in ranges if each_range not in (*METADATA, IPV6))]
    takes = any(_everybody(peer) or _system(peer) for peer in peers) or mostly_in(_spans(peers), needed_ranges)
    return bool(takes) and (_everybody(policy, *subject) or _system(policy, *subject))


def _has(port: View, needed: int) -> bool:
    first, last = number(port, "portRange.start"), number(port, "portRange.end")
    return number(port, "portNumber.port") == needed or (first is not None and first <= needed <= (last or first))


def _spans(peers: Sequence[View]) -> list[Span]:
    ranges = [network(cidr) for peer in peers for cidr in texts(peer, "networks")]
    return [span for each_range in ranges if each_range for span in addresses(each_range)]


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    policies = [*all_objects(stack.resources, AWS_GROUP, "ClusterNetworkPolicy")]
    accepted: list[Span] = []
    for direction, end in DIRECTIONS if policies else ():
        ranges = ranges_of(stack, direction)
        for policy in policies:
            for rule in each(policy, f"spec.{direction}"):
                action, peers = text(rule, "action"), [*each(rule, end)]
                if action == "Deny" and _takes_what_all_need(policy, rule, peers, ranges):
                    yield policy.resource, rule.under("action"), "takes DNS, the API server or AWS from all pods"
                if action != "Accept" or text(policy, "spec.tier") != "Admin":
                    continue
                accepted += _spans(peers)
                if any(map(_everybody, peers)) or mostly_in(accepted, ranges):
                    yield policy.resource, rule.under(end), "means everybody, whatever policies of namespaces close"


POLICY = CLUSTER_POLICIES.removesuffix("*")
EVERYWHERE: dict[str, Any] = {"namespaces": {}}
DNS = {
    "pods": {
        "namespaceSelector": {"matchLabels": {NAME: SYSTEM}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
}
TEAM = {"namespaces": {"matchLabels": {"ml-platform/team": "agents"}}}
NETWORK = {
    "vpc": Sample(VPC, {"cidrBlock": "10.0.0.0/16"}),
    "pods": Sample(MORE, {"cidrBlock": "100.64.0.0/16"}),
    "cluster": Sample(CLUSTER, {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"}}),
}


def _stack(
    action: str,
    *peers: object,
    at: str = "",
    into: bool = False,
    tier: str = "Admin",
    subject: Mapping[str, object] = EVERYWHERE,
    form: str = "",
    **rule: object,
) -> StackCase:
    direction, end = DIRECTIONS[0 if into else 1]
    spec = {"tier": tier, "priority": 10, "subject": subject, direction: [{"action": action, end: [*peers], **rule}]}
    wrong = ("policy", f"spec.{direction}[0].{at}") if at else None
    return StackCase({"policy": Sample(f"{POLICY}{form}", {"spec": spec}), **NETWORK}, wrong)


def _networks(*cidrs: str) -> dict[str, object]:
    return {"networks": [*cidrs]}


RULE = StackRule(
    id="net-cluster-policies",
    applies_to=(CLUSTER_POLICIES, VPC, MORE, CLUSTER),
    severity="high",
    standards=("EKS best practices: network security",),
    why="One Accept of the tier Admin undoes the isolation of all namespaces; one Deny of all stops DNS there.",
    fix="Accept named namespaces alone. Deny by narrow ranges, such as 169.254.169.254/32, or for named namespaces.",
    check=check,
    good={
        "nothing set": StackCase({"policy": Sample(POLICY, {"spec": {}})}),
        "the metadata, denied to all": _stack("Deny", _networks("169.254.169.254/32")),
        "DNS, for all": _stack("Accept", DNS, ports=[{"portNumber": {"port": 53, "protocol": "UDP"}}]),
        "a namespace that calls all": _stack("Accept", TEAM, into=True),
        "the internet, denied to a team": _stack("Deny", _networks("0.0.0.0/0"), subject=TEAM),
        "a port that nobody needs": _stack("Deny", _networks("0.0.0.0/0"), ports=[{"portNumber": {"port": 22}}]),
        "a range of such ports": _stack("Deny", EVERYWHERE, ports=[{"portRange": {"start": 22, "end": 40}}]),
        "some pods alone": _stack(
            "Deny",
            EVERYWHERE,
            subject={"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}},
        ),
        "what the namespaces decide": _stack("Pass", EVERYWHERE),
        "what policies of namespaces close again": _stack("Accept", EVERYWHERE, tier="Baseline"),
        "a name of the internet": _stack("Accept", {"domainNames": ["example.com"]}),
    },
    bad={
        "calls of everybody": _stack("Accept", EVERYWHERE, into=True, at="from"),
        "calls of pods with a label anywhere": _stack(
            "Accept",
            {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}},
            into=True,
            at="from",
            ports=[{"portNumber": {"port": 8000}}],
        ),
        "calls to everybody": _stack("Accept", TEAM, EVERYWHERE, at="to"),
        "the range of the Services": _stack("Accept", _networks("172.20.0.0/16"), at="to"),
        "every address in halves": _stack("Accept", _networks("0.0.0.0/1"), _networks("128.0.0.0/1"), at="to"),
        "the metadata": _stack("Accept", _networks("169.254.169.254/32"), at="to", subject=TEAM),
        "every address, denied to all": _stack("Deny", _networks("0.0.0.0/0"), at="action"),
        "DNS, denied to all": _stack("Deny", DNS, at="action"),
        "Pod Identity, denied to all": _stack("Deny", _networks("169.254.0.0/16"), at="action"),
        "calls of everybody, denied to kube-system": _stack(
            "Deny", EVERYWHERE, at="action", into=True, subject={"namespaces": {"matchLabels": {NAME: SYSTEM}}}
        ),
        "the same, by a list of names": _stack(
            "Deny",
            EVERYWHERE,
            at="action",
            subject={
                "namespaces": {"matchExpressions": [{"key": NAME, "operator": "In", "values": ["agents", SYSTEM]}]}
            },
        ),
        "denied where no namespace says anything": _stack("Deny", EVERYWHERE, at="action", tier="Baseline"),
        "a range of ports": _stack("Deny", EVERYWHERE, at="action", ports=[{"portRange": {"start": 1, "end": 60}}]),
        "a patch": _stack("Accept", EVERYWHERE, at="to", form="Patch"),
    },
)
