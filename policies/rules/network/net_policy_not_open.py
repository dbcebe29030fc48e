"""No network policy opens pods to everybody: policies only add, so one of them undoes all others of the same pods.

A rule without peers means everybody. Labels of pods are given by who makes them, so pods with a label in every
namespace are everybody as well. Of a collector OpenTelemetry's operator makes a policy without peers, unless told not
to. Sources: Kubernetes 1.35, "Network Policies"; opentelemetry-operator v0.158.0, internal/webhook; read 2026-11.
"""

from collections.abc import Iterator
from dataclasses import replace

from policies.network_policies import (
    APPLICATION_POLICIES,
    DIRECTIONS,
    NETWORK_POLICIES,
    block,
    is_of_the_cluster,
    policies_in,
    selects_everybody,
)
from policies.rule import Case, Resource, Rule, View, at, each, number, present

COLLECTORS, OPENS = "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector*", "spec.networkPolicy.enabled"
MANY = 32_768
"""Ports of a range that are as good as all."""


def _every_port(rule: View) -> bool:
    ports = [*each(rule, "ports")]
    return not ports or any(not present(port, "port") for port in ports) or sum(map(_size, ports)) >= MANY


def _size(port: View) -> float:
    last = number(port, "endPort")
    return 1 if last is None else last - (number(port, "port") or 0) + 1


def _everybody(peer: View, direction: str) -> bool:
    if (range_ := block(peer)) is not None:  # not 0, or two halves would pass; what egress excepts has its own rule
        return range_.prefixlen < 8 and (direction == "ingress" or not present(peer, "ipBlock.except"))
    return at(peer, "namespaceSelector") is not None and selects_everybody(peer, ("namespaceSelector",))


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type.startswith(COLLECTORS.removesuffix("*")):
        if at(resource, OPENS) is not False:
            yield OPENS, "is not false, so the operator lets everybody reach its ports"
        return
    for policy in policies_in(resource):
        if is_of_the_cluster(policy):
            continue
        for direction, end in DIRECTIONS:
            for rule in each(policy, f"spec.{direction}"):
                if not _every_port(rule):
                    continue
                if not present(rule, end):
                    yield rule.under(end), "is empty, which means everybody, on every port"
                for peer in each(rule, end):
                    if _everybody(peer, direction):
                        yield peer.path, "means everybody, on every port"


POLICY = NETWORK_POLICIES.removesuffix("*")
ALL_NAMESPACES: dict[str, object] = {"namespaceSelector": {}}
ALL_ADDRESSES = {"ipBlock": {"cidr": "0.0.0.0/0"}}
OWN: dict[str, object] = {"podSelector": {}}
AGENTS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "agents"}}}


def _case(*peers: object, at: str = "", form: str = "", direction: str = "ingress", **more: object) -> Case:
    """Returns a policy with one rule. more: other parts of the rule."""
    end = dict(DIRECTIONS)[direction]
    rule = {**({end: [*peers]} if peers else {}), **more}
    policy = {"metadata": {"namespace": "inference"}, "spec": {"podSelector": {}, direction: [rule]}}
    path = f"spec.{direction}[0].{at}" if at else ""
    return Case(
        {"items": [policy]} if form == "List" else policy,
        type=f"{POLICY}{form}",
        at=f"items[0].{path}" if form == "List" else path,
    )


def _in_kube_system(at: str = "", **selector: object) -> Case:
    spec = {"podSelector": selector, "ingress": [{}], "egress": [{}]}
    return Case({"metadata": {"namespace": "kube-system"}, "spec": spec}, type=POLICY, at=at)


RULE = Rule(
    id="net-policy-not-open",
    applies_to=(NETWORK_POLICIES, APPLICATION_POLICIES, COLLECTORS),
    severity="high",
    standards=("EKS best practices: network security",),
    why="One policy that lets everybody in undoes all others of the same pods, since policies only add.",
    fix="Name the namespaces and the ports: teams[].network.open in the stack file.",
    mend={"enabled": False},
    check=check,
    good={
        "nothing set, so nobody gets in": Case({"spec": {}}, type=POLICY),
        "the own namespace": _case(OWN),
        "a namespace by its name": _case(AGENTS),
        "every namespace, on one port": _case(ALL_NAMESPACES, ports=[{"protocol": "TCP", "port": 8000}]),
        "a range of ports": _case(ALL_NAMESPACES, ports=[{"port": 8000, "endPort": 8010}]),
        "many ports, but not all": _case(ALL_NAMESPACES, ports=[{"port": 1, "endPort": MANY - 1}]),
        "many ports, with one alone": _case(ALL_NAMESPACES, ports=[{"port": 1, "endPort": MANY - 2}, {"port": 65535}]),
        "a port by its name": _case(ALL_NAMESPACES, ports=[{"port": "http"}]),
        "namespaces of a list": _case(
            {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["agents"]}]}}
        ),
        "a network": _case({"ipBlock": {"cidr": "10.0.0.0/8"}}),
        "the internet, without what is private": _case(
            {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, direction="egress"
        ),
        "what comes with the cluster": _in_kube_system(),
        "a collector without one": Case({"spec": {"networkPolicy": {"enabled": False}}}, type=COLLECTORS[:-1]),
        "all there but the pods of a chart": _in_kube_system(
            matchExpressions=[{"key": "app", "operator": "NotIn", "values": ["controller"]}]
        ),
    },
    bad={
        "a rule without peers": _case(at="from"),
        "a list of ports that is empty": _case(at="from", ports=[]),
        "every namespace": _case(ALL_NAMESPACES, at="from[0]"),
        "every namespace, beside a good peer": _case(OWN, ALL_NAMESPACES, at="from[1]"),
        "every namespace, in other words": _case(
            {"namespaceSelector": {"matchLabels": {}, "matchExpressions": []}}, at="from[0]"
        ),
        "every namespace that has a name": _case(
            {"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}},
            at="from[0]",
        ),
        "pods of every namespace with a label": _case(
            {**ALL_NAMESPACES, "podSelector": {"matchLabels": {"app": "chat"}}}, at="from[0]"
        ),
        "every address": _case(ALL_ADDRESSES, at="to[0]", direction="egress"),
        "every address, by one of them": _case({"ipBlock": {"cidr": "203.0.113.7/0"}}, at="from[0]"),
        "half of them": _case({"ipBlock": {"cidr": "128.0.0.0/1"}}, at="from[0]"),
        "a port without a number": _case(ALL_NAMESPACES, at="from[0]", ports=[{"protocol": "TCP"}]),
        "every address but one": _case({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["203.0.113.7/32"]}}, at="from[0]"),
        "all ports in two ranges": _case(
            ALL_NAMESPACES, at="from[0]", ports=[{"port": 1, "endPort": 20000}, {"port": 20001, "endPort": 65535}]
        ),
        "half of the ports": _case(ALL_NAMESPACES, at="from[0]", ports=[{"port": 1, "endPort": MANY}]),
        "half of the ports, with one alone": _case(
            ALL_NAMESPACES, at="from[0]", ports=[{"port": 1, "endPort": MANY - 1}, {"port": 65535}]
        ),
        "a range of all ports": _case(ALL_NAMESPACES, at="from[0]", ports=[{"port": 1, "endPort": 65535}]),
        "a collector that says nothing": Case({"spec": {"mode": "daemonset"}}, type=COLLECTORS[:-1], at=OPENS),
        "a collector with one": Case({"spec": {"networkPolicy": {"enabled": True}}}, type=COLLECTORS[:-1], at=OPENS),
        "a list": _case(ALL_NAMESPACES, at="from[0]", form="List"),
        "a patch": _case(ALL_NAMESPACES, at="from[0]", form="Patch"),
        "a policy for applications": replace(_case(at="from"), type=APPLICATION_POLICIES.removesuffix("*")),
        "pods of a chart in kube-system, in other words": _in_kube_system(
            "spec.ingress[0].from", matchExpressions=[{"key": "app", "operator": "In", "values": ["controller"]}]
        ),
        "pods of a chart in kube-system": _in_kube_system("spec.ingress[0].from", matchLabels={"app": "controller"}),
    },
)
