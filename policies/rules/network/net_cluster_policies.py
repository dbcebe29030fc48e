"""Cluster network policies neither open what namespaces close, nor take from all pods what each of them needs.

In the tier Admin, `Accept` and `Deny` decide before the policies of namespaces. In both tiers a `Deny` holds for pods
without a policy, such as CoreDNS. The lowest priority decides, and of equal ones a Deny. What is sent to a Service is
judged by its address, which peers have that match the labels it selects pods by: for DNS k8s-app alone, and none for
`kubernetes` in `default`, of the API server. A `namedPort` has no protocol, which the controller reads: it ends.
Sources: aws/aws-network-policy-agent 1.4.1, pkg/ebpf/c (evaluateFlow); aws/amazon-network-policy-controller-k8s 1.1.7,
api/v1alpha1/clusternetworkpolicy_types.go, pkg/resolvers (convertCNPPortsToNPPorts, endpoints.go); read 2026-11.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.network_policies import (
    AWS_GROUP,
    CLUSTER,
    CLUSTER_POLICIES,
    DIRECTIONS,
    EVERY_PORT,
    IPV6,
    METADATA,
    MORE,
    VPC,
    Opening,
    Ports,
    Span,
    addresses,
    mostly_in,
    network,
    ranges_of,
    selects,
    together,
    without,
)
from policies.objects import all_objects
from policies.rule import (
    Resource,
    Sample,
    Stack,
    StackCase,
    StackRule,
    View,
    at,
    at_if_known,
    each,
    number,
    present,
    text,
    texts,
)

NAMESPACES, TEAM_LABEL = "kubernetes:core/v1:Namespace*", "ml-platform/team"
POD_IDENTITY, SYSTEM, NAME = "169.254.170.23/32", "kube-system", "kubernetes.io/metadata.name"
DNS_SERVICE = {"k8s-app": "kube-dns"}
COREDNS = {**DNS_SERVICE, "eks.amazonaws.com/component": "coredns"}
SELECTORS = (("namespaces",), ("pods", "namespaceSelector"))
ANY = "*"
"""The value of a label that no selector names."""
Need = tuple[str, int, str]
"""Protocol, port and range."""


@dataclass(frozen=True)
class Decision:
    """A rule of a cluster network policy. subject, callers: "" for all pods. order: tier and priority.

    of_all: whether it holds for the pods of all, of all teams, or of kube-system.
    of_each_other: whether its peers are everybody, or all teams where it holds for these.
    """

    policy: View
    rule: View
    action: str
    order: tuple[bool, float]
    subject: object
    callers: object
    of_all: bool
    of_each_other: bool
    opening: Opening

    def leaves(self, later: "Decision") -> bool:
        """Tells whether this one decides before another about all pods of that one, and takes nothing."""
        passes = self.action == "Accept" or (self.action == "Pass" and self.order[0] == later.order[0])
        same_pods = self.subject in ("", later.subject) and self.callers in ("", later.callers)
        return passes and self.order < later.order and same_pods


def _in_namespace(pods: View, labels: Mapping[str, str], *above: str) -> bool:
    """Tells whether a subject or a peer is pods of a namespace with these labels. above: the keys above it."""
    paths = [(*above, *path) for path in SELECTORS]
    return any(at(pods, path) is not None and selects(pods, path, labels) for path in paths)


def _everybody(pods: View, *above: str) -> bool:
    """Tells whether a subject or a peer is pods of all namespaces, or of all but some that it leaves out."""
    return _in_namespace(pods, {NAME: ANY}, *above)


def _whole(pods: View, *above: str) -> bool:
    """Tells whether a subject or a peer is all pods of all namespaces."""
    expressions = [one for path in SELECTORS for one in each(pods, (*above, *path, "matchExpressions"))]
    whole = all(text(one, "key") == NAME and text(one, "operator") == "Exists" for one in expressions)
    return whole and _everybody(pods, *above) and not present(pods, (*above, "pods", "podSelector"))


def _all_teams(pods: Sequence[View], teams: Sequence[Mapping[str, str]], *above: str) -> bool:
    """Tells whether a subject or peers have the namespaces of all teams, or of any. teams: the labels of each."""
    many = len({team[TEAM_LABEL] for team in teams}) > 1
    listed = many and all(any(_in_namespace(one, team, *above) for one in pods) for team in teams)
    return listed or any(_in_namespace(one, {NAME: ANY, TEAM_LABEL: ANY}, *above) for one in pods)


def _some(pods: View, *above: str) -> bool:
    """Tells whether a subject or a peer is pods with labels that it names."""
    return not selects(pods, (*above, "pods", "podSelector"), {})


def _selects(pods: View, namespace: str, labels: Mapping[str, str], *above: str) -> bool:
    """Tells whether a subject or a peer selects pods with these labels in a namespace."""
    return _in_namespace(pods, {NAME: namespace}, *above) and selects(pods, (*above, "pods", "podSelector"), labels)


def _ports(rule: View) -> Iterator[Ports]:
    for port in each(rule, "ports"):
        if (one := number(port, "portNumber.port")) is not None:
            yield text(port, "portNumber.protocol", "TCP"), one, one
        if (first := number(port, "portRange.start")) is not None:
            yield text(port, "portRange.protocol", "TCP"), first, number(port, "portRange.end") or first


def _spans(cidrs: Sequence[str]) -> list[Span]:
    return [span for cidr in cidrs if (whole := network(cidr)) for span in addresses(whole)]


def _address(cidr: str, number_of_it: int) -> list[str]:
    """Returns one address of a range, as a range; none where the range is not known."""
    whole = network(cidr)
    return [f"{whole[number_of_it]}/32"] if whole else []


class Reader:
    """What the rules of a cluster mean: where DNS and the API server are, and which namespaces teams have."""

    def __init__(self, stack: Stack, cluster: str) -> None:
        services = [at_if_known(one, "kubernetesNetworkConfig.serviceIpv4Cidr") for one in stack.of(CLUSTER)]
        known = [str(one) for one in services if one] or ["172.20.0.0/16", "10.100.0.0/16"]
        self.dns = [address for one in known for address in _address(one, 10)]
        self.api = [address for one in known for address in _address(one, 1)]
        self.vpc_dns = [address for one in stack.of(VPC) for address in _address(text(one, "cidrBlock"), 2)]
        labels = ("metadata", "labels", TEAM_LABEL)
        self.teams = [
            {NAME: text(one, "metadata.name"), TEAM_LABEL: text(one, labels)}
            for one in all_objects(stack.resources, "core", "Namespace")
            if present(one, labels) and one.resource.provider_urn == cluster
        ]

    def needs(self, direction: str, ranges: Sequence[str]) -> list[Need]:
        """Returns what pods need: DNS, and as callers the API server, AWS and the Pod Identity agent."""
        dns = [(protocol, 53, one) for one in self.dns for protocol in ("TCP", "UDP")]
        if direction == "ingress":
            return dns
        aws = [one for one in ranges if one not in (*METADATA, IPV6)]
        dns += [(protocol, 53, one) for one in self.vpc_dns for protocol in ("TCP", "UDP")]
        return [*dns, *(("TCP", 443, one) for one in (*self.api, *aws)), ("TCP", 80, POD_IDENTITY)]

    def of_all(self, pods: Sequence[View], *above: str) -> bool:
        """Tells whether a subject or peers are of everybody, or of all teams. above: the keys above it."""
        return any(_everybody(one, *above) for one in pods) or _all_teams(pods, self.teams, *above)

    def decisions(self, policy: View, direction: str, end: str) -> Iterator[Decision]:
        """Yields the rules of a policy in one direction."""
        about = ("spec", "subject")
        is_all = self.of_all([policy], *about) and not _some(policy, *about)
        has_dns = _selects(policy, SYSTEM, COREDNS, *about)
        order = text(policy, "spec.tier") != "Admin", number(policy, "spec.priority") or 0
        subject = "" if _whole(policy, *about) else at(policy, about)
        for rule in each(policy, f"spec.{direction}"):
            peers, into = [*each(rule, end)], direction == "ingress"
            cidrs = [cidr for peer in peers for cidr in texts(peer, "networks")]
            called = into and self.of_all([one for one in peers if not _some(one)])
            callers = at(rule, end) if called and not any(map(_whole, peers)) else ""
            if (has_dns and called) or (not into and any(_selects(one, SYSTEM, DNS_SERVICE) for one in peers)):
                cidrs += self.dns
            if any(_selects(one, "default", {}) for one in peers):
                cidrs += self.api
            opening = Opening(_spans(cidrs), [*_ports(rule)] or EVERY_PORT)
            each_other = any(map(_everybody, peers)) or (is_all and self.of_all(peers))
            yield Decision(
                policy, rule, text(rule, "action"), order, subject, callers, is_all or has_dns, each_other, opening
            )


def _adds(own: Sequence[Span], before: Sequence[Span], ranges: Sequence[str]) -> bool:
    """Tells whether addresses have a range in them, alone or as the part that those before them leave out."""
    return bool(mostly_in(own, ranges)) or mostly_in([*own, *before], ranges) != mostly_in(before, ranges)


def _takes(decision: Decision, all_of_them: Sequence[Decision], needs: Sequence[Need]) -> bool:
    """Tells whether a Deny takes what pods need, and nothing that decides before it leaves that to them."""
    before = all_of_them[: all_of_them.index(decision)]
    for protocol, port, cidr in needs:
        denied, left = (
            [span for one in several if one.opening.has(protocol, port) for span in one.opening.spans]
            for several in (
                [one for one in before if one.action == "Deny" and one.of_all],
                [one for one in all_of_them if one.leaves(decision)],
            )
        )
        own, denied = without(decision.opening.spans, left), without(denied, left)
        if decision.opening.has(protocol, port) and _adds(own, denied, [cidr]):
            return True
    return False


def _opens(decision: Decision, accepted: Sequence[Decision], ranges: Sequence[str]) -> bool:
    """Tells whether an Accept means everybody, with what others accept for the same pods."""
    subjects = (decision.subject, "")
    beside = [one.opening for one in accepted if one.subject in subjects or not decision.subject]
    parts = together(decision.opening, beside)
    return decision.of_each_other or any(_adds(decision.opening.spans, before, ranges) for before in parts)


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    clusters: dict[str, list[View]] = defaultdict(list)
    for policy in all_objects(stack.resources, AWS_GROUP, "ClusterNetworkPolicy"):
        clusters[policy.resource.provider_urn].append(policy)
    for policies in clusters.values():
        for direction, end in DIRECTIONS:
            yield from _direction(stack, policies, direction, end)


def _direction(stack: Stack, policies: Sequence[View], direction: str, end: str) -> Iterator[tuple[Resource, str, str]]:
    reader, ranges = Reader(stack, policies[0].resource.provider_urn), ranges_of(stack, direction)
    needs = reader.needs(direction, ranges)
    decisions = [one for policy in policies for one in reader.decisions(policy, direction, end)]
    accepted: list[Decision] = []
    for one in decisions:
        resource, rule = one.policy.resource, one.rule
        if any(present(port, "namedPort") for port in each(rule, "ports")):
            yield resource, rule.under("ports"), "has a namedPort, on which the network policy controller ends"
        if one.action == "Deny" and one.of_all and _takes(one, decisions, needs):
            yield resource, rule.under("action"), "takes DNS, the API server or AWS from all pods"
        if one.action == "Accept" and text(one.policy, "spec.tier") == "Admin":
            if _opens(one, accepted, ranges):
                yield resource, rule.under(end), "means everybody, whatever policies of namespaces close"
            accepted.append(one)


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


def _policy(
    action: str,
    *peers: object,
    ends: tuple[str, str] = DIRECTIONS[1],
    tier: str = "Admin",
    priority: int = 10,
    subject: Mapping[str, object] = EVERYWHERE,
    form: str = "",
    cluster: str = "",
    **rule: object,
) -> Sample:
    direction, end = ends
    rules = [{"action": action, end: [*peers], **rule}]
    spec = {"tier": tier, "priority": priority, "subject": subject, direction: rules}
    return Sample(f"{POLICY}{form}", {"spec": spec}, provider=cluster)


def _stack(action: str, *peers: object, at: str = "", **more: Any) -> StackCase:
    """Returns a policy with one rule. more: as for `_policy`."""
    return _several(_policy(action, *peers, **more), at=at)


def _several(*policies: Sample, at: str = "", teams: Mapping[str, str] = {}, team: str = "") -> StackCase:
    """Returns policies, the last of which is the wrong one in a bad case.

    teams: namespace -> its cluster. team: whose all of them are, where each is not of its own team.
    """
    named = {f"policy-{number}": one for number, one in enumerate(policies[:-1])}
    last = policies[-1]
    direction = next(one for one, _ in DIRECTIONS if one in last.props["spec"])
    spaces = {
        name: Sample(
            NAMESPACES.removesuffix("*"),
            {"metadata": {"name": name, "labels": {TEAM_LABEL: team or name}}},
            provider=cluster,
        )
        for name, cluster in teams.items()
    }
    wrong = ("policy", f"spec.{direction}[0].{at}") if at else None
    return StackCase({**named, "policy": last, **spaces, **NETWORK}, wrong)


def _in(key: str, *values: str, but: object = None) -> dict[str, object]:
    """Returns a selector by a list of values. but: whether it leaves these out."""
    return {"matchExpressions": [{"key": key, "operator": "NotIn" if but else "In", "values": [*values]}]}


def _any(key: str) -> dict[str, object]:
    """Returns namespaces with a label, whatever its value."""
    return {"namespaces": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}


def _pods(name: str, selector: Mapping[str, object]) -> dict[str, object]:
    """Returns pods of a namespace as a subject or a peer; of all namespaces for ""."""
    namespaces = {"matchLabels": {NAME: name}} if name else {}
    return {"pods": {"namespaceSelector": namespaces, "podSelector": selector}}


def _on(port: int, protocol: str = "TCP") -> list[object]:
    return [{"portNumber": {"port": port, "protocol": protocol}}]


OTHER = "urn:pulumi:prod::p::pulumi:providers:kubernetes::other"
TEAMS = {"agents": "", "research": ""}
API_SERVER: dict[str, object] = {"networks": ["172.20.0.1/32"]}
NEEDED = [DNS, API_SERVER, {"networks": ["10.0.0.0/16", "169.254.170.23/32", "172.20.0.0/16", "100.64.0.0/16"]}]
SYSTEM_PODS = {"namespaces": {"matchLabels": {NAME: SYSTEM}}}
ALL = ("0.0.0.0/0",)
BY_COMPONENT = {"eks.amazonaws.com/component": "coredns"}
HAS_SANDBOX = {"matchExpressions": [{"key": "sandbox", "operator": "Exists"}]}
INTO = DIRECTIONS[0]
QUARTERS = [{"networks": [f"172.20.{each_part}.0/18"]} for each_part in (64, 128, 192)]


def _networks(*cidrs: str) -> dict[str, object]:
    return {"networks": [*cidrs]}


RULE = StackRule(
    id="net-cluster-policies",
    applies_to=(CLUSTER_POLICIES, NAMESPACES, VPC, MORE, CLUSTER),
    severity="high",
    standards=("EKS best practices: network security",),
    why="One Accept of the tier Admin undoes the isolation of all namespaces; one Deny of all stops DNS there.",
    fix="Accept named namespaces. Deny for these, or after an Accept of DNS, API server, AWS and Pod Identity, of a "
    "lower priority. Write ports as numbers.",
    check=check,
    good={
        "nothing set": StackCase({"policy": Sample(POLICY, {"spec": {}})}),
        "the metadata, denied to all": _stack("Deny", _networks("169.254.169.254/32")),
        "DNS, for all": _stack("Accept", DNS, ports=[{"portNumber": {"port": 53, "protocol": "UDP"}}]),
        "a namespace that calls all": _stack("Accept", TEAM, ends=DIRECTIONS[0]),
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
        "all but DNS and the API server, in Baseline": _several(
            _policy("Accept", DNS, API_SERVER, tier="Baseline", priority=9),
            _policy("Deny", EVERYWHERE, tier="Baseline"),
        ),
        "the same after a Pass": _several(_policy("Pass", *NEEDED, priority=9), _policy("Deny", _networks(*ALL))),
        "the same in Baseline, after an Accept in Admin": _several(
            _policy("Accept", DNS, API_SERVER), _policy("Deny", EVERYWHERE, tier="Baseline", priority=1)
        ),
        "an Accept for the same pods alone": _several(
            _policy("Accept", DNS, API_SERVER, subject=SYSTEM_PODS, priority=9),
            _policy("Deny", EVERYWHERE, subject=SYSTEM_PODS),
        ),
        "IPv6, which nobody needs": _stack("Deny", _networks("fc00::/7")),
        "a protocol that nobody needs": _stack("Deny", _networks(*ALL), ports=_on(443, "UDP")),
        "a range of that protocol": _stack(
            "Deny", _networks(*ALL), ports=[{"portRange": {"start": 60, "end": 500, "protocol": "UDP"}}]
        ),
        "pods of kube-system that are not DNS": _stack("Deny", _pods(SYSTEM, {"matchLabels": {"k8s-app": "metrics"}})),
        "the same, by a list": _stack("Deny", _pods(SYSTEM, _in("k8s-app", "metrics-server"))),
        "calls of some pods, denied to DNS": _stack(
            "Deny", _pods("", {"matchLabels": {"app": "x"}}), subject=DNS, ends=DIRECTIONS[0]
        ),
        "all namespaces but those of the cluster": _stack("Deny", {"namespaces": _in(NAME, SYSTEM, "default", but=1)}),
        "a namespace by a label of such a value": _stack("Deny", {"namespaces": _in("env", SYSTEM, "default")}),
        "some pods, by a list": _stack("Deny", EVERYWHERE, subject=_pods("", _in("app", "x"))),
        "DNS, denied to one of several teams": _several(_policy("Deny", DNS, subject=TEAM), teams=TEAMS),
        "DNS, denied to the only team": _several(_policy("Deny", DNS, subject=TEAM), teams={"agents": ""}),
        "DNS, denied to the only team, of two namespaces": _several(
            _policy("Deny", DNS, subject=TEAM), teams=TEAMS, team="agents"
        ),
        "DNS, denied to all teams of another cluster": _several(
            _policy("Deny", DNS, subject={"namespaces": _in(NAME, *TEAMS)}), teams={**TEAMS, "lab": ""}
        ),
        "calls of one team, denied to kube-system": _several(
            _policy("Deny", TEAM, subject=SYSTEM_PODS, ends=DIRECTIONS[0]), teams=TEAMS
        ),
        "quarters for two teams": _several(
            _policy("Accept", QUARTERS[0], subject=TEAM),
            _policy("Accept", QUARTERS[1], subject={"namespaces": _in(NAME, "research")}),
        ),
        "quarters that are denied, one to a team": _several(
            _policy("Deny", QUARTERS[0], subject=TEAM), _policy("Deny", QUARTERS[1])
        ),
        "quarters in two clusters": _several(
            _policy("Accept", QUARTERS[0], cluster=OTHER), _policy("Accept", QUARTERS[1])
        ),
        "quarters on two ports": _several(
            _policy("Accept", QUARTERS[0], ports=_on(443)), _policy("Accept", QUARTERS[1], ports=_on(8443))
        ),
        "quarters, one of Baseline": _several(
            _policy("Accept", QUARTERS[0], tier="Baseline"), _policy("Accept", QUARTERS[1])
        ),
        "a VPC whose range IPAM gives": StackCase({"policy": _policy("Deny", TEAM), "vpc": Sample(VPC, {})}),
        "namespaces with a label": _stack("Deny", _any("sandbox")),
        "the pods of such": _stack("Deny", EVERYWHERE, subject=_any("sandbox")),
        "pods with a label": _stack("Deny", EVERYWHERE, subject=_pods("", HAS_SANDBOX)),
        "the namespaces of teams": _stack("Deny", _any(TEAM_LABEL)),
        "all, by a label that each has": _several(
            _policy("Pass", *NEEDED, subject=_any(NAME), priority=9), _policy("Deny", EVERYWHERE)
        ),
        "calls of teams to DNS, accepted before": _several(
            _policy("Accept", _any(TEAM_LABEL), subject=DNS, ends=INTO, priority=9),
            _policy("Deny", _any(TEAM_LABEL), subject=DNS, ends=INTO),
        ),
        "DNS by a label that its Service does not select by": _stack(
            "Deny", _pods(SYSTEM, {"matchLabels": BY_COMPONENT})
        ),
        "calls of monitoring to all teams": _several(
            _policy("Accept", _any(TEAM_LABEL), subject={"namespaces": _in(NAME, "monitoring")}), teams=TEAMS
        ),
        "a Pass of the half that is denied": _several(
            _policy("Pass", _networks("10.0.0.0/17"), priority=9), _policy("Deny", _networks("10.0.0.0/18"))
        ),
        "a Pass of most of a range that is denied": _several(
            _policy("Pass", _networks("10.0.0.0/17", "10.0.128.0/18"), priority=9),
            _policy("Deny", _networks("10.0.0.0/16")),
        ),
    },
    bad={
        "a Pass of the other half": _several(
            _policy("Pass", _networks("10.0.0.0/17"), priority=9),
            _policy("Deny", _networks("10.0.128.0/17")),
            at="action",
        ),
        "calls of all teams to all": _several(
            _policy("Accept", {"namespaces": _in(NAME, *TEAMS)}, ends=INTO), teams=TEAMS, at="from"
        ),
        "calls to all teams, by the label of teams": _several(
            _policy("Accept", {"namespaces": _in(TEAM_LABEL, *TEAMS)}), teams=TEAMS, at="to"
        ),
        "calls of all teams, one by one": _several(
            _policy("Accept", TEAM, {"namespaces": _in(NAME, "research")}, ends=INTO), teams=TEAMS, at="from"
        ),
        "calls between all teams": _several(
            _policy("Accept", _any(TEAM_LABEL), subject={"namespaces": _in(NAME, *TEAMS)}), teams=TEAMS, at="to"
        ),
        "an Accept of what teams have": _several(
            _policy("Accept", _any(TEAM_LABEL), API_SERVER, tier="Baseline", priority=9),
            _policy("Deny", EVERYWHERE, tier="Baseline"),
            at="action",
        ),
        "an Accept of pods of DNS by a label that its Service does not select by": _several(
            _policy("Accept", _pods(SYSTEM, {"matchLabels": BY_COMPONENT}), API_SERVER, priority=9),
            _policy("Deny", EVERYWHERE),
            at="action",
        ),
        "a Pass of it": _several(
            _policy("Pass", _any(TEAM_LABEL), API_SERVER, priority=9), _policy("Deny", EVERYWHERE), at="action"
        ),
        "an Accept of pods of DNS that have another label": _several(
            _policy("Accept", _pods(SYSTEM, HAS_SANDBOX), API_SERVER, priority=9),
            _policy("Deny", EVERYWHERE),
            at="action",
        ),
        "a Pass for teams": _several(
            _policy("Pass", *NEEDED, subject=_any(TEAM_LABEL), priority=9), _policy("Deny", EVERYWHERE), at="action"
        ),
        "a Pass for all namespaces but some": _several(
            _policy("Pass", *NEEDED, subject={"namespaces": _in(NAME, "research", but=1)}, priority=9),
            _policy("Deny", EVERYWHERE),
            at="action",
        ),
        "a Pass for teams but some": _several(
            _policy("Pass", *NEEDED, subject={"namespaces": _in(TEAM_LABEL, "research", but=1)}, priority=9),
            _policy("Deny", EVERYWHERE),
            at="action",
        ),
        "an Accept of calls of teams": _several(
            _policy("Accept", _any(TEAM_LABEL), subject=DNS, ends=INTO, priority=9),
            _policy("Deny", EVERYWHERE, subject=DNS, ends=INTO),
            at="action",
        ),
        "DNS, denied to whatever teams there are": _stack("Deny", DNS, subject=_any(TEAM_LABEL), at="action"),
        "calls of everybody": _stack("Accept", EVERYWHERE, ends=DIRECTIONS[0], at="from"),
        "calls of pods with a label anywhere": _stack(
            "Accept",
            {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}},
            ends=DIRECTIONS[0],
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
            "Deny", EVERYWHERE, at="action", ends=DIRECTIONS[0], subject={"namespaces": {"matchLabels": {NAME: SYSTEM}}}
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
        "the API server, denied to all": _stack("Deny", API_SERVER, at="action"),
        "its port alone": _stack("Deny", API_SERVER, at="action", ports=_on(443)),
        "its namespace": _stack("Deny", {"namespaces": _in(NAME, "default")}, at="action"),
        "the address of DNS": _stack("Deny", _networks("172.20.0.10/32"), at="action", ports=_on(53, "UDP")),
        "the same by TCP": _stack("Deny", _networks("172.20.0.10/32"), at="action", ports=_on(53)),
        "addresses round it": _stack("Deny", _networks("172.20.0.8/29"), at="action"),
        "the DNS of the VPC": _stack("Deny", _networks("10.0.0.2/32"), at="action", ports=_on(53, "UDP")),
        "endpoints of the VPC": _stack("Deny", _networks("10.0.0.0/16"), at="action", ports=_on(443)),
        "Pod Identity alone": _stack("Deny", _networks(POD_IDENTITY), at="action", ports=_on(80)),
        "the same address, where Services are known later": StackCase(
            {"policy": _policy("Deny", _networks("10.100.0.10/32"))}, ("policy", "spec.egress[0].action")
        ),
        "Services in quarters": _several(_policy("Deny", QUARTERS[0]), _policy("Deny", QUARTERS[1]), at="action"),
        "DNS, denied to the namespaces of all teams": _several(
            _policy("Deny", SYSTEM_PODS, subject={"namespaces": _in(NAME, *TEAMS)}), teams=TEAMS, at="action"
        ),
        "the same by the label of teams": _several(
            _policy("Deny", SYSTEM_PODS, subject={"namespaces": _in(TEAM_LABEL, *TEAMS)}), teams=TEAMS, at="action"
        ),
        "the same, beside a namespace of another cluster": _several(
            _policy("Deny", DNS, subject={"namespaces": _in(NAME, *TEAMS)}), teams={**TEAMS, "lab": OTHER}, at="action"
        ),
        "calls of all teams, denied to DNS": _several(
            _policy("Deny", {"namespaces": _in(NAME, *TEAMS)}, subject=DNS, ends=DIRECTIONS[0]),
            teams=TEAMS,
            at="action",
        ),
        "all namespaces but some": _stack("Deny", {"namespaces": _in(NAME, "research", but=1)}, at="action"),
        "the API server, denied to all pods but some": _stack(
            "Deny", API_SERVER, subject=_pods("", _in("app", "x", but=1)), at="action"
        ),
        "an Accept for all pods but some": _several(
            _policy("Accept", DNS, API_SERVER, subject=_pods("", _in("app", "x", but=1)), priority=9),
            _policy("Deny", EVERYWHERE),
            at="action",
        ),
        "DNS by its pods, in a list": _stack("Deny", _pods(SYSTEM, _in("k8s-app", "kube-dns", "x")), at="action"),
        "all pods but some": _stack(
            "Deny",
            _pods(SYSTEM, _in("app", "x", but=1)),
            at="action",
        ),
        "an Accept of DNS alone": _several(
            _policy("Accept", DNS, tier="Baseline", priority=9),
            _policy("Deny", EVERYWHERE, tier="Baseline"),
            at="action",
        ),
        "an Accept of the same priority": _several(
            _policy("Accept", *NEEDED), _policy("Deny", EVERYWHERE), at="action"
        ),
        "an Accept for other pods": _several(
            _policy("Accept", DNS, API_SERVER, subject=TEAM, priority=9), _policy("Deny", EVERYWHERE), at="action"
        ),
        "an Accept on another port": _several(
            _policy("Accept", *NEEDED[:2], priority=9, ports=_on(443)), _policy("Deny", EVERYWHERE), at="action"
        ),
        "an Accept of Baseline": _several(
            _policy("Accept", DNS, API_SERVER, tier="Baseline", priority=9), _policy("Deny", EVERYWHERE), at="action"
        ),
        "a Pass of Admin, and a Deny of Baseline": _several(
            _policy("Pass", DNS, API_SERVER), _policy("Deny", EVERYWHERE, tier="Baseline"), at="action"
        ),
        "an Accept in another cluster": _several(
            _policy("Accept", DNS, API_SERVER, priority=9, cluster=OTHER), _policy("Deny", EVERYWHERE), at="action"
        ),
        "quarters that are accepted": _several(_policy("Accept", QUARTERS[0]), _policy("Accept", QUARTERS[1]), at="to"),
        "the second for a team": _several(
            _policy("Accept", QUARTERS[0]), _policy("Accept", QUARTERS[1], subject=TEAM), at="to"
        ),
        "the first for a team": _several(
            _policy("Accept", QUARTERS[0], subject=TEAM), _policy("Accept", QUARTERS[1]), at="to"
        ),
        "quarters for a team": _several(
            _policy("Accept", QUARTERS[0], subject=TEAM), _policy("Accept", QUARTERS[1], subject=TEAM), at="to"
        ),
        "IPv6 of the cluster": _stack("Accept", _networks("fc00::/7"), at="to"),
        "a name of a port": _stack("Deny", _networks(*ALL), at="ports", subject=TEAM, ports=[{"namedPort": "https"}]),
        "a patch": _stack("Accept", EVERYWHERE, at="to", form="Patch"),
    },
)
