"""Ranges of network policies leave out what they would open as a whole: the VPC, the pods, the Services, the metadata.

What goes to a Service is judged by the Service's address, so 443 to 0.0.0.0/0 is 443 of every Service of the cluster. A
range that has the pods in it lets the pods of every team in, and so do its parts in several policies.
Source: aws/amazon-network-policy-controller-k8s 1.1.7, pkg/resolvers/endpoints.go; read 2026-11.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from common.values import UNKNOWN
from policies.network_policies import (
    APPLICATION_POLICIES,
    CLUSTER,
    DIRECTIONS,
    EVERY_PORT,
    EXPRESSIONS,
    LABELS,
    MORE,
    MOST_SETS,
    NETWORK_POLICIES,
    PRIVATE,
    VPC,
    Opening,
    Ports,
    Span,
    completed,
    mostly_in,
    network_policies,
    opened,
    ranges_of,
)
from policies.rule import (
    Resource,
    Sample,
    Stack,
    StackCase,
    StackRule,
    View,
    at_if_known,
    each,
    keys,
    number,
    present,
    text,
    texts,
)

Found = Iterator[tuple[Resource, str, str]]


def _ports(rule: View) -> Iterator[Ports]:
    for port in each(rule, "ports"):
        first = at_if_known(port, "port")  # a name may be any port
        first, last = (first, first) if isinstance(first, int | float) else EVERY_PORT[0][1:]
        yield text(port, "protocol", "TCP"), first, number(port, "endPort", last) or last


def _pods(policy: View) -> list[dict[str, str]]:
    """Returns the sets of labels that a policy selects pods by: one for each value of its lists.

    Without its longest lists where there would be too many: it counts for more pods then.
    """
    equal = [(key, [text(policy, ("spec", "podSelector", "matchLabels", key))]) for key in keys(policy, LABELS)]
    lists = [one for one in each(policy, EXPRESSIONS) if text(one, "operator") == "In"]
    named = [*equal, *((text(one, "key"), texts(one, "values")) for one in lists)]
    pairs = [[(key, value) for value in values] for key, values in named]
    while prod(map(len, pairs)) > MOST_SETS:
        pairs.remove(max(pairs, key=len))
    return [dict(one) for one in product(*pairs) if len(dict(one)) == len({*one})]


def check(stack: Stack) -> Found:
    policies = [*network_policies(stack.resources)]
    earlier: dict[tuple[str, str, str], list[Opening]] = defaultdict(list)
    for direction, end in DIRECTIONS if policies else ():
        ranges = ranges_of(stack, direction)
        for policy in policies:
            alone: set[str] = set()
            joined: set[str] = set()
            others = earlier[direction, policy.resource.provider_urn, text(policy, "metadata.namespace")]
            for rule in each(policy, f"spec.{direction}"):
                if not present(rule, end):
                    yield policy.resource, rule.under(end), "is empty, which means every address"
                spans: list[Span] = []
                for peer in each(rule, end):
                    spans += (own := opened(peer))
                    if whole := mostly_in(own, ranges):
                        alone.update(whole)
                        problem = f"has {', '.join(whole)} in it, and opens what others close"
                        yield policy.resource, peer.under("ipBlock"), problem
                opening = Opening(spans, [*_ports(rule)] or EVERY_PORT, _pods(policy))
                joined |= completed(opening, others, ranges)
                others.append(opening)
            if whole := [one for one in ranges if one in joined - alone]:
                yield (
                    policy.resource,
                    policy.under(f"spec.{direction}"),
                    f"completes {', '.join(whole)} with its ranges",
                )


POLICY = NETWORK_POLICIES.removesuffix("*")
PODS = "100.64.0.0/16"
WHOLE = ["169.254.0.0/16", "10.0.0.0/16", PODS, "172.20.0.0/16"]
INTO, OUT = DIRECTIONS
ROUND_IT = {
    "vpc": Sample(VPC, {"cidrBlock": "10.0.0.0/16"}),
    "pods": Sample(MORE, {"cidrBlock": PODS}),
    "cluster": Sample(CLUSTER, {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"}}),
    "no services yet": Sample(CLUSTER, {}),
}


def _policy(
    *peers: object,
    ends: tuple[str, str] = OUT,
    namespace: str = "inference",
    cluster: str = "",
    app: str = "",
    apps: Sequence[str] = (),
    key: str = "app",
    **rule: object,
) -> Sample:
    direction, end = ends
    listed = [{"key": key, "operator": "In", "values": [*apps]}] if apps else []
    selector = {**({"matchLabels": {"app": app}} if app else {}), "matchExpressions": listed}
    spec = {"podSelector": selector, direction: [{**({end: [*peers]} if peers else {}), **rule}]}
    return Sample(POLICY, {"metadata": {"namespace": namespace}, "spec": spec}, provider=cluster)


def _parts(first: Mapping[str, Any], second: Mapping[str, Any], wrong: bool = False) -> StackCase:
    """Returns two policies, each with a quarter of the pods. first, second: more about each."""
    policies = {"first": _policy(_range(QUARTERS[0]), **first), "policy": _policy(_range(QUARTERS[1]), **second)}
    return StackCase({**policies, **ROUND_IT}, ("policy", "spec.egress") if wrong else None)


def _three(*apps: str) -> StackCase:
    """Returns a policy for each of these pods: the one of `search` and the last have a quarter of the pods."""
    ranges = [QUARTERS[0] if app == "search" else "10.200.0.0/24" for app in apps[:-1]] + [QUARTERS[1]]
    names = [f"policy-{number}" for number, _ in enumerate(apps[:-1])] + ["policy"]
    policies = {name: _policy(_range(cidr), app=app) for name, cidr, app in zip(names, ranges, apps, strict=True)}
    return StackCase({**policies, **ROUND_IT}, ("policy", "spec.egress"))


def _lists(*cidrs: str, at: tuple[str, str] | None = None) -> StackCase:
    """Returns a policy for each range, of pods with one of eight values of a label: another one for each."""
    values = [f"value-{number}" for number in range(8)]
    named = {
        f"policy-{number}": _policy(_range(cidr), apps=values, key=f"k{number}") for number, cidr in enumerate(cidrs)
    }
    return StackCase({**named, **ROUND_IT}, at)


def _on(port: object, **more: object) -> dict[str, Any]:
    return {"ports": [{"port": port, **more}]}


QUARTERS = ("100.64.0.0/18", "100.64.64.0/18")
BESIDE = ["10.200.0.0/24"] * 3


def _stack(
    *peers: object,
    at: str = "",
    ends: tuple[str, str] = OUT,
    vpc: bool = True,
    namespace: str = "inference",
    **rule: Any,
) -> StackCase:
    """Returns a policy with one rule. at: in a bad case, the place of the finding in the rule, or `*` for all rules."""
    path = f"spec.{ends[0]}" if at == "*" else f"spec.{ends[0]}[0].{at}"
    return StackCase(
        {"policy": _policy(*peers, ends=ends, namespace=namespace, **rule), **(ROUND_IT if vpc else {})},
        ("policy", path) if at else None,
    )


def _as(form: str) -> StackCase:
    """Returns egress to every address, in another form than alone."""
    policy = _policy(_range("0.0.0.0/0")).props
    given, path = ({"items": [policy]}, "items[0].") if form.endswith("List") else (policy, "")
    return StackCase({"policy": Sample(form, given), **ROUND_IT}, ("policy", f"{path}spec.egress[0].to[0].ipBlock"))


def _range(cidr: str, *excepted: object) -> dict[str, object]:
    return {"ipBlock": {"cidr": cidr, **({"except": [*excepted]} if excepted else {})}}


RULE = StackRule(
    id="net-policy-ranges",
    applies_to=(NETWORK_POLICIES, APPLICATION_POLICIES, VPC, MORE, CLUSTER),
    severity="high",
    standards=("EKS best practices: network security",),
    why="443 to every address is 443 of every Service and of the metadata; the range of the pods is every team.",
    fix="Except 169.254.0.0/16 and the ranges of VPC, pods and Services, for IPv6 fc00::/7; name pods by their labels.",
    check=check,
    good={
        "nothing set, so nothing is called": StackCase({"policy": Sample(POLICY, {"spec": {}})}),
        "the internet alone": _stack(_range("0.0.0.0/0", *WHOLE), ports=[{"port": 443}]),
        "more left out than there is": _stack(_range("0.0.0.0/0", "169.254.0.0/16", *PRIVATE)),
        "a subnet of the VPC": _stack(_range("10.0.4.0/24")),
        "calls from a subnet of the VPC": _stack(_range("10.0.4.0/24"), ends=INTO),
        "calls from the internet": _stack(_range("0.0.0.0/0", "10.0.0.0/16", PODS), ends=INTO, ports=[{"port": 443}]),
        "the API server": _stack(_range("172.20.0.1/32")),
        "a network that it is connected to": _stack(_range("10.200.0.0/16")),
        "IPv6 of the internet": _stack(_range("::/0", "fc00::/7")),
        "pods": _stack({"podSelector": {}}),
        "a stack without a VPC": _stack(_range("0.0.0.0/0", "169.254.0.0/16", *PRIVATE), vpc=False),
        "Services that are known later": _stack(_range("0.0.0.0/0", "10.0.0.0/16", UNKNOWN)),
        "what comes with the cluster": _stack(namespace="kube-system"),
        "parts in policies of two namespaces": _parts({}, {"namespace": "agents"}),
        "parts in two directions": _parts({}, {"ends": INTO}),
        "parts in two clusters": _parts({}, {"cluster": "urn:pulumi:prod::p::pulumi:providers:kubernetes::other"}),
        "parts for pods that differ": _parts({"app": "chat"}, {"app": "search"}),
        "parts for pods of lists that differ": _parts({"apps": ["chat"]}, {"apps": ["search", "web"]}),
        "parts for pods of which the second names none": _parts({}, {"app": "chat", "apps": ["search"]}),
        "more lists of labels than can be told apart": _lists(QUARTERS[0], *BESIDE, "100.64.0.0/24"),
        "parts on ports that differ": _parts(_on(443), _on(8443)),
        "parts on ranges of ports that differ": _parts(_on(443, endPort=450), _on(451, endPort=460)),
        "parts on protocols that differ": _parts(_on(53), _on(53, protocol="UDP")),
        "a VPC whose range IPAM gives": StackCase({"policy": _policy(_range("10.0.4.0/24")), "vpc": Sample(VPC, {})}),
    },
    bad={
        "every address": _stack(_range("0.0.0.0/0"), at="to[0].ipBlock"),
        "no peers, which means the same": _stack(at="to", ports=[{"port": 443}]),
        "half of the addresses": _stack(_range("0.0.0.0/1"), at="to[0].ipBlock"),
        "without the metadata": _stack(_range("0.0.0.0/0", *WHOLE[1:]), at="to[0].ipBlock"),
        "without the VPC": _stack(_range("0.0.0.0/0", WHOLE[0], *WHOLE[2:]), at="to[0].ipBlock"),
        "without the pods": _stack(_range("0.0.0.0/0", *WHOLE[:2], WHOLE[3]), at="to[0].ipBlock"),
        "without the Services": _stack(_range("0.0.0.0/0", *WHOLE[:3]), at="to[0].ipBlock"),
        "a part of a range alone": _stack(_range("0.0.0.0/0", *WHOLE[:3], "172.20.0.0/17"), at="to[0].ipBlock"),
        "a company's range with the VPC in it": _stack(_range("10.0.0.0/8"), at="to[0].ipBlock"),
        "beside a good one": _stack(_range("10.0.4.0/24"), _range("0.0.0.0/0"), at="to[1].ipBlock"),
        "IPv6": _stack(_range("::/0"), at="to[0].ipBlock"),
        "the pods, all but one": _stack(_range(PODS, "100.64.0.1/32"), at="to[0].ipBlock"),
        "calls from the pods": _stack(_range(PODS), ends=INTO, at="from[0].ipBlock", ports=[{"port": 8000}]),
        "calls from the VPC": _stack(_range("10.0.0.0/16"), ends=INTO, at="from[0].ipBlock"),
        "calls from half of the addresses": _stack(_range("64.0.0.0/2"), ends=INTO, at="from[0].ipBlock"),
        "calls from everywhere": _stack(ends=INTO, at="from", ports=[{"port": 8000}]),
        "calls from private space, without a VPC": _stack(
            _range("10.0.0.0/8"), ends=INTO, at="from[0].ipBlock", vpc=False
        ),
        "halves of the pods": _stack(_range("100.64.0.0/18"), _range("100.64.128.0/18"), at="*"),
        "calls from halves of the pods": _stack(_range("100.64.0.0/18"), _range("100.64.128.0/18"), ends=INTO, at="*"),
        "the second half in another policy": _parts({}, {}, wrong=True),
        "the same for some of the pods": _parts({}, {"app": "chat"}, wrong=True),
        "the same for pods of both lists": _parts({"apps": ["chat", "web"]}, {"apps": ["search", "web"]}, wrong=True),
        "the same for one of a list": _parts({"apps": ["chat", "web"]}, {"app": "web"}, wrong=True),
        "the same for all of the pods": _parts({"app": "chat"}, {}, wrong=True),
        "the same on a port of both": _parts(_on(440, endPort=450), _on(443), wrong=True),
        "the same on a port within a range": _parts(_on(443), _on(440, endPort=450), wrong=True),
        "the same on a port of a name": _parts(_on("https"), _on(443), wrong=True),
        "the same on all ports of a protocol": _parts({}, {"ports": [{"protocol": "UDP"}]}, wrong=True),
        "the same, among more lists of labels than can be told apart": _lists(
            QUARTERS[0], *BESIDE, QUARTERS[1], at=("policy-4", "spec.egress")
        ),
        "the same for some, beside a range that others call": _three("chat", "search", ""),
        "the same, the others last": _three("search", "chat", ""),
        "private space, with a VPC whose range IPAM gives": StackCase(
            {"policy": _policy(_range("10.0.0.0/8")), "vpc": Sample(VPC, {}), "pods": ROUND_IT["pods"]},
            ("policy", "spec.egress[0].to[0].ipBlock"),
        ),
        "a list": _as(f"{POLICY}List"),
        "a patch": _as(f"{POLICY}Patch"),
        "a policy for applications": _as(APPLICATION_POLICIES.removesuffix("*")),
        "private space, without a VPC": _stack(_range("0.0.0.0/0", "169.254.0.0/16"), at="to[0].ipBlock", vpc=False),
    },
)
