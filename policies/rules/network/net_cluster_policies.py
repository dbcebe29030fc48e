"""Cluster network policies have forms that are known to do no harm; every other form needs a waiver.

In the tier Admin, `Accept` and `Deny` decide before the policies of namespaces, and hold for pods without one, such as
CoreDNS. Baseline decides where none of them selects the pod, before the default, which `strict` has closed. These pass:
- `Pass`, which leaves a call to the namespaces, and takes back what a rule of a later priority says;
- `Deny`, and `Accept` of Baseline, for pods of namespaces of teams that it names: they alone have its effects. Peers of
  ingress are pods, and never the API server, so webhooks stay reachable;
- `Deny` of addresses of the internet for all pods, in a stack that knows the range of its VPC: few together, since
  endpoints of AWS that pods need may be among them, which nobody checks here. IPv6 is not: there the range of the VPC
  is a public one, and known later; in a cluster of IPv4 the agent passes over it.
Whatever the action, the agent keeps few entries for an address, and drops some at random, so that a `Pass` may go and
the `Deny` behind it stay. It copies those of a wider network to the narrower in it, and doubles them where a network
comes again. Nobody else makes the objects from which it reads all this: it obeys every one.
A `namedPort` has no protocol, which the controller reads: it ends. Nobody checks `networks` before the agent of a node.
It ends on one that is no CIDR, and cannot store an address of IPv4 that is written as IPv6, whatever the action. Peers
of ingress have no `networks`.
Sources: aws/aws-network-policy-agent 1.4.1, pkg/ebpf/c (evaluateFlow), pkg/fwruleprocessor, pkg/rpc, pkg/utils;
aws/amazon-network-policy-controller-k8s 1.1.7, api/v1alpha1/clusternetworkpolicy_types.go, pkg/resolvers
(convertCNPPortsToNPPorts, endpoints.go); read 2026-11.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from catalog.charts import CHARTS
from catalog.limits import PORTS_PER_ADDRESS
from common.values import UNKNOWN
from policies.network_policies import AWS_GROUP, CLUSTER_POLICIES, DIRECTIONS, MORE, PRIVATE, VPC, Network, network
from policies.objects import all_objects, objects
from policies.rule import (
    NotKnownError,
    Resource,
    Sample,
    Stack,
    StackCase,
    StackRule,
    View,
    at,
    at_if_known,
    each,
    keys,
    present,
    text,
    texts,
)

NAMESPACES, TEAM, NAME = "kubernetes:core/v1:Namespace*", "ml-platform/team", "kubernetes.io/metadata.name"
SELECTORS = (("spec", "subject", "namespaces"), ("spec", "subject", "pods", "namespaceSelector"))
OF_THE_CLUSTER = ("default", "kube-system", "kube-public", "kube-node-lease")
ALL = "0.0.0.0/0"
NOT_INTERNET = (*PRIVATE, "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "224.0.0.0/3")
"""Services, metadata, the Pod Identity agent and the networks of companies are here, wherever the VPC is."""
NARROW, FEW_NETWORKS = 24, 16
"""The shortest prefix that counts as few addresses, and how many such networks all rules of a cluster may deny."""
MADE_BY_THE_CONTROLLER = ("ClusterPolicyEndpoint", "PolicyEndpoint")
CIDR = re.compile(r"([0-9.]+|[0-9A-Fa-f:]+)(/[0-9]+)?")
PROBLEMS = {
    "Accept": "may open what is closed: only in the tier Baseline, for named namespaces of teams, does it no harm",
    "Deny": f"may stop the cluster: it does no harm for named namespaces of teams, or on few /{NARROW} of the internet",
}
Found = Iterator[tuple[Resource, str, str]]


class _Rule(NamedTuple):
    """What the agents keep of a rule. peers: their path. few: it denies few addresses of the internet to all."""

    resource: Resource
    path: str
    peers: str
    networks: Sequence[Network]
    ports: int
    few: bool


def _teams(stack: Stack, cluster: str) -> set[str]:
    """Returns the names of the namespaces of teams in a cluster. A patch does not tell whose a namespace is."""
    made = [one for one in stack.resources if one.provider_urn == cluster and not one.type.endswith("Patch")]
    spaces = [one for one in all_objects(made, "core", "Namespace") if at_if_known(one, ("metadata", "labels", TEAM))]
    platform = {*OF_THE_CLUSTER, *(chart.namespace for chart in CHARTS.values())}
    return {str(at_if_known(one, "metadata.name")) for one in spaces} - platform


def _is_of(policy: View, teams: set[str]) -> bool:
    """Tells whether a policy is about pods of namespaces that it names, all of them of teams."""
    given = [path for path in SELECTORS if at(policy, path) is not None]
    return bool(given) and all(_names(policy, path, teams) for path in given)


def _names(policy: View, selector: tuple[str, ...], teams: set[str]) -> bool:
    lists = [[text(policy, (*selector, "matchLabels", NAME))]]
    for one in each(policy, (*selector, "matchExpressions")):
        lists += [texts(one, "values")] if (text(one, "key"), text(one, "operator")) == (NAME, "In") else []
    return any(names and teams.issuperset(names) for names in lists)


def _few_of_the_internet(peers: Sequence[View], used: Sequence[Network]) -> bool:
    """Tells whether peers are few addresses each, which the cluster does not use."""
    lists = [texts(peer, "networks") if keys(peer, ()) == ["networks"] else [] for peer in peers]
    given = [network(cidr) for cidrs in lists for cidr in cidrs]
    few = [one for one in given if one and one.version == 4 and one.prefixlen >= NARROW]
    return bool(few) and all(lists) and few == given and not any(one.overlaps(each) for one in few for each in used)


def _is_cidr(given: str) -> bool:
    """Tells whether the agent can keep a network: no netmask, no zone, no address of IPv4 that is written as IPv6."""
    first = given.partition("/")[0]
    return bool(CIDR.fullmatch(given) and network(given) and not getattr(ip_address(first), "ipv4_mapped", None))


def _policy(policy: View, teams: set[str], used: Sequence[Network], rules: list[_Rule]) -> Found:
    """Yields what is wrong with a policy alone, and adds its rules to those of its cluster."""
    resource = policy.resource
    if resource.type.endswith("Patch") and present(policy, "spec"):
        yield resource, "spec", "changes a policy whose other parts this stack does not show"
        return
    for direction, end in DIRECTIONS:
        for rule in each(policy, f"spec.{direction}"):
            action, peers, ports = text(rule, "action"), [*each(rule, end)], [*each(rule, "ports")]
            if any(at(port, "namedPort") is not None for port in ports):
                yield resource, rule.under("ports"), "has a namedPort, on which the network policy controller ends"
            cidrs = [cidr for peer in peers for cidr in texts(peer, "networks")]
            networks = [one for one in map(network, cidrs) if one]
            if direction == "ingress" and any("networks" in keys(peer, ()) for peer in peers):
                yield resource, rule.under(end), "has networks, which peers of ingress have not"
            elif not all(map(_is_cidr, cidrs)):
                yield resource, rule.under(end), "has a network that is no CIDR, on which the agents of nodes end"
            may = action == "Deny" or (action == "Accept" and text(policy, "spec.tier") == "Baseline")
            passes = action == "Pass" or (may and _is_of(policy, teams))
            few = not passes and action == "Deny" and _few_of_the_internet(peers, used)
            rules.append(_Rule(resource, rule.under("action"), rule.under(end), networks, max(1, len(ports)), few))
            if not (passes or few):
                yield resource, rule.under("action"), PROBLEMS.get(action, "is no action")


def _together(rules: Sequence[_Rule]) -> Found:
    """Yields what is wrong with the rules of a cluster together. Each of them is told: a waiver of one hides none."""
    named = Counter(one for rule in rules for one in rule.networks)
    kept = Counter[Network]()
    for rule in rules:
        kept.update(dict.fromkeys(rule.networks, rule.ports))
    denied = {one for rule in rules if rule.few for one in rule.networks}
    for rule in rules:
        wider = [[kept[one.supernet(new_prefix=n)] for n in range(one.prefixlen + 1)] for one in rule.networks]
        if any(named[one] > 1 for one in rule.networks):
            yield rule.resource, rule.peers, "have a network that is named twice: agents multiply what they keep of it"
        elif max([rule.ports, *map(sum, wider)]) > PORTS_PER_ADDRESS:
            problem = f"have more than {PORTS_PER_ADDRESS} ports, with those of wider networks: agents drop some"
            yield rule.resource, rule.peers, problem
        if rule.few and len(denied) > FEW_NETWORKS:
            yield rule.resource, rule.path, f"may stop the cluster: more than {FEW_NETWORKS} networks are denied to all"


def check(stack: Stack) -> Found:
    vpcs = [network(at_if_known(one, "cidrBlock")) for one in stack.of(VPC, MORE)] if stack.of(VPC) else [None]
    used = [*map(ip_network, NOT_INTERNET), *(one or ip_network(ALL) for one in vpcs)]
    rules: dict[str, list[_Rule]] = defaultdict(list)
    for resource in stack.resources:
        try:
            for kind in MADE_BY_THE_CONTROLLER:
                for made in objects(resource, AWS_GROUP, kind):
                    yield resource, made.under("spec"), "is made by the controller alone, and the agents obey it"
            for policy in objects(resource, AWS_GROUP, "ClusterNetworkPolicy"):
                yield from _policy(policy, _teams(stack, resource.provider_urn), used, rules[resource.provider_urn])
        except NotKnownError as error:  # here, so that a waiver of one policy does not hide the next one
            yield resource, error.path, "is known later, so nobody can tell that the policy does no harm"
    for together in rules.values():
        yield from _together(together)


POLICY = CLUSTER_POLICIES.removesuffix("*")
ENDPOINTS = tuple(f"kubernetes:{AWS_GROUP}/v1alpha1:{kind}*" for kind in MADE_BY_THE_CONTROLLER)
INTO, OUT = DIRECTIONS
EVERYWHERE: dict[str, Any] = {"namespaces": {}}
WIDER = {"spec": {"subject": EVERYWHERE}}
PORTS = [{"portNumber": {"port": port}} for port in range(1, 26)]
FEW, WIDE = {"networks": ["203.0.113.0/24"]}, {"networks": ["203.0.0.0/16"]}
MOST, MANY = ({"networks": [f"198.51.{third}.0/24" for third in range(number)]} for number in (16, 17))


def _space(name: str, cluster: str = "", form: str = "", key: str = TEAM, team: object = "agents") -> Sample:
    given = {"metadata": {"name": name, "labels": {key: team}}}
    return Sample(f"{NAMESPACES.removesuffix('*')}{form}", given, provider=cluster)


SPACES = {
    **{name: _space(name) for name in ("agents", "research", "monitoring", *OF_THE_CLUSTER)},
    "not a team's": _space("tools", key="app"),
    "a patch": _space("webhooks", form="Patch"),
    "of another cluster": _space("lab", "another provider"),
    "known later": _space("later", team=UNKNOWN),
}


def _named(*names: object, key: str = NAME, operator: str = "In") -> dict[str, Any]:
    return {"namespaces": {"matchExpressions": [{"key": key, "operator": operator, "values": [*names]}]}}


def _pods(**namespaces: object) -> dict[str, Any]:
    return {"pods": {"namespaceSelector": namespaces, "podSelector": {"matchLabels": {"app": "x"}}}}


AGENTS = {"namespaces": {"matchLabels": {NAME: "agents"}}}
NO_TEAMS: dict[str, dict[str, Any]] = {
    **{f"the namespace {name} that says it is a team's": _named("agents", name) for name in OF_THE_CLUSTER},
    "that of a chart, likewise": _named("monitoring"),
    "a namespace that is no team's": _named("tools"),
    "one that a patch makes a team's": _named("webhooks"),
    "a team's of another cluster": _named("lab"),
    "one whose team is known later": _named("later"),
    "no namespace in the list": _named(),
    "all namespaces but a team's": _named("agents", operator="NotIn"),
    "another label of that value": _named("agents", key="env"),
    "pods of all namespaces": _pods(),
    "no subject": {},
    "a team's namespaces, and pods of all": {**AGENTS, **_pods()},
}


def _stack(
    action: str,
    *peers: object,
    at: str = "",
    ends: tuple[str, str] = OUT,
    tier: object = "Admin",
    subject: Mapping[str, object] = EVERYWHERE,
    vpc: object = "10.0.0.0/16",
    **rule: object,
) -> StackCase:
    """Returns a policy with one rule. at: in a bad case, the place of the finding in the rule, or one in `spec`."""
    direction, end = ends
    spec = {"tier": tier, "priority": 10, "subject": subject, direction: [{"action": action, end: [*peers], **rule}]}
    path = at if at.startswith("spec") else f"spec.{direction}[0].{at}"
    more = {"vpc": Sample(VPC, {"cidrBlock": vpc}), "more": Sample(MORE, {"cidrBlock": "100.64.0.0/16"})}
    return StackCase({"policy": Sample(POLICY, {"spec": spec}), **SPACES, **more}, ("policy", path) if at else None)


def _and(case: StackCase, other: StackCase, cluster: str = "") -> StackCase:
    """Returns a case with the policy of another one."""
    return replace(case, resources={**case.resources, "other": replace(other.resources["policy"], provider=cluster)})


RULE = StackRule(
    id="net-cluster-policies",
    applies_to=(CLUSTER_POLICIES, *ENDPOINTS, NAMESPACES, VPC, MORE),
    severity="high",
    standards=("EKS best practices: network security",),
    why="One Accept of the tier Admin undoes the isolation of all namespaces; one Deny of all stops DNS there.",
    fix="Write a NetworkPolicy in the namespace, or name namespaces of teams by kubernetes.io/metadata.name; "
    "or waive it.",
    no_mend="the object itself must go",
    on_unknown="fail",
    check=check,
    good={
        "nothing set": StackCase({"policy": Sample(POLICY, {"spec": {}})}),
        "what the namespaces decide": _stack("Pass", EVERYWHERE, {"networks": [ALL, "::/0", "10.0.0.1"]}),
        "calls that they decide": _stack("Pass", EVERYWHERE, ends=INTO, ports=[{"portNumber": {"port": 22}}]),
        "all, denied to a team": _stack("Deny", EVERYWHERE, {"networks": [ALL]}, subject=AGENTS),
        "calls, denied to teams of a list": _stack("Deny", EVERYWHERE, subject=_named("agents", "research"), ends=INTO),
        "some pods of a team": _stack("Deny", EVERYWHERE, subject=_pods(matchLabels={NAME: "agents", "env": "x"})),
        "an Accept for a team, after its own policies": _stack("Accept", EVERYWHERE, tier="Baseline", subject=AGENTS),
        "few addresses of the internet": _stack("Deny", FEW, {"networks": ["198.51.100.7"]}),
        "as many as may be, with another cluster's": _and(_stack("Deny", MOST), _stack("Deny", FEW), "another"),
        "as many ports as may be": _stack("Pass", FEW, ports=PORTS[1:]),
        "as many with wider networks": _and(_stack("Pass", FEW, ports=PORTS[2:]), _stack("Pass", WIDE)),
        "a patch of labels alone": StackCase({"policy": Sample(f"{POLICY}Patch", {"metadata": {"name": "x"}})}),
    },
    bad={
        "an Accept before the policies of a team": _stack("Accept", FEW, subject=AGENTS, at="action"),
        "an Accept for all that no policy selects": _stack("Accept", EVERYWHERE, tier="Baseline", at="action"),
        "a Deny for all": _stack("Deny", EVERYWHERE, at="action", tier="Baseline"),
        "calls of all, denied to all": _stack("Deny", EVERYWHERE, at="action", ends=INTO),
        **{name: _stack("Deny", EVERYWHERE, subject=subject, at="action") for name, subject in NO_TEAMS.items()},
        "a name that is known later": _stack("Deny", FEW, subject=_named(UNKNOWN), at="spec.subject.namespaces"),
        "every address": _stack("Deny", {"networks": [ALL]}, at="action"),
        "few, and many": _stack("Deny", FEW, {"networks": ["52.94.0.0/23"]}, at="action"),
        "few, and pods": _stack("Deny", FEW, EVERYWHERE, at="action"),
        "few, and no networks": _stack("Deny", FEW, {"networks": []}, at="action"),
        "no VPC": StackCase({"policy": _stack("Deny", FEW).resources["policy"]}, ("policy", "spec.egress[0].action")),
        "many, each of few": _stack("Deny", MANY, at="action"),
        "many in two policies": _and(_stack("Deny", MOST, at="action"), _stack("Deny", FEW)),
        "a network of two rules": _and(_stack("Pass", FEW, at="to"), _stack("Deny", {"networks": ["203.0.113.9/24"]})),
        "a network twice in a rule": _stack("Pass", FEW, FEW, at="to"),
        "many ports": _stack("Pass", EVERYWHERE, ports=PORTS, at="to"),
        "many ports for those who call": _stack("Pass", EVERYWHERE, ends=INTO, ports=PORTS, at="from"),
        "many with wider networks": _and(_stack("Pass", FEW, ports=PORTS[1:], at="to"), _stack("Pass", WIDE)),
        "what agents read": StackCase({"policy": Sample(ENDPOINTS[0][:-1], WIDER)}, ("policy", "spec")),
        "what agents read of a namespace": StackCase({"policy": Sample(ENDPOINTS[1][:-1], WIDER)}, ("policy", "spec")),
        **{
            f"a part of {wide}": _stack("Deny", {"networks": [f"{wide.partition('/')[0]}/24"]}, at="action")
            for wide in NOT_INTERNET
        },
        "DNS": _stack("Deny", {"networks": ["172.20.0.10/32"]}, at="action"),
        "a part of a VPC of public addresses": _stack("Deny", FEW, at="action", vpc="203.0.0.0/16"),
        "a VPC whose range is known later": _stack("Deny", FEW, at="action", vpc=UNKNOWN),
        "IPv6": _stack("Deny", {"networks": ["2001:db8::/64"]}, at="action"),
        "no network at all": _stack("Pass", {"networks": ["10.0.0.0/8", "010.0.0.0/8"]}, at="to"),
        "a netmask": _stack("Pass", {"networks": ["10.0.0.0/255.0.0.0"]}, at="to"),
        "an address of IPv4 as one of IPv6": _stack("Pass", {"networks": ["::ffff:a00:0/104"]}, at="to"),
        "a network that is known later": _stack("Deny", {"networks": [UNKNOWN]}, at="spec.egress[0].to[0].networks[0]"),
        "a name of a port": _stack("Pass", FEW, at="ports", ports=[{"namedPort": "https"}]),
        "a name that is empty": _stack("Pass", FEW, at="ports", ports=[{"portNumber": {"port": 1}}, {"namedPort": ""}]),
        "no action": _stack("", FEW, subject=AGENTS, at="action"),
        "a patch of the subject alone": StackCase({"policy": Sample(f"{POLICY}Patch", WIDER)}, ("policy", "spec")),
    },
)
