"""The objects that flows become, as the agent of the VPC CNI reads them."""

from dataclasses import replace
from typing import Any

import pytest

from components.core.flows import Flow, Peer, Pods, Range, into, out
from components.isolation.policies import Networks, api_server_of, network_policies, others_are_open

NETWORKS = Networks(
    vpc="10.20.0.0/16",
    pods="100.64.0.0/16",
    services="172.20.0.0/16",
    api_server=api_server_of("172.20.0.0/16"),
    connected=["10.200.0.0/16", "10.201.0.0/16"],
    control_plane=["10.20.8.0/26", "10.20.8.64/26"],
    private=["10.20.128.0/20", "10.20.144.0/20"],
    public=["10.20.0.0/24"],
    endpoints=True,
)
NO_ENDPOINTS = replace(NETWORKS, endpoints=False)
CLOSED = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def spec(*flows: Flow, networks: Networks = NETWORKS) -> dict[str, Any]:
    (policy,) = network_policies("lab", flows, networks)
    assert policy["metadata"] == {"name": "ml-platform", "namespace": "lab"}
    found: dict[str, Any] = policy["spec"]
    return found


def blocks(peers: list[dict[str, Any]]) -> list[str]:
    return [peer["ipBlock"]["cidr"] for peer in peers]


def test_a_namespace_without_flows_is_closed_in_both_directions() -> None:
    assert spec() == CLOSED


def test_dns_is_coredns_by_the_label_that_its_service_selects_by() -> None:
    (rule,) = spec(out("dns", "names"))["egress"]
    (peer,) = rule["to"]
    assert peer["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}, "one label more, and its address is closed"
    assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert rule["ports"] == [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": 53}]


def test_the_api_server_is_the_first_address_of_services() -> None:
    (rule,) = spec(out("api-server", "objects"))["egress"]
    assert blocks(rule["to"]) == ["172.20.0.1/32"], "what goes out is judged before it goes to the control plane"


def test_the_internet_has_neither_services_nor_pods_nor_the_company_nor_the_metadata_of_nodes() -> None:
    (rule,) = spec(out("outside", "downloads", 443))["egress"]
    (peer,) = rule["to"]
    assert peer["ipBlock"]["cidr"] == "0.0.0.0/0"
    excepted = {"10.20.0.0/16", "100.64.0.0/16", "172.20.0.0/16", "10.200.0.0/16", "10.201.0.0/16", "169.254.0.0/16"}
    assert set(peer["ipBlock"]["except"]) == excepted


def test_endpoints_are_in_the_subnets_of_nodes_which_are_narrower_than_what_is_excepted() -> None:
    (rule,) = spec(out("aws", "its services"))["egress"]
    assert blocks(rule["to"]) == ["0.0.0.0/0", *NETWORKS.private]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]
    (rule,) = spec(out("aws", "its services"), networks=NO_ENDPOINTS)["egress"]
    assert blocks(rule["to"]) == ["0.0.0.0/0"]


def test_a_flow_to_nobody_makes_no_rule() -> None:
    assert spec(out("endpoints", "its services"), networks=NO_ENDPOINTS) == CLOSED, "a rule without peers opens all"


@pytest.mark.parametrize(
    ("peer", "cidrs"),
    [
        ("control-plane", NETWORKS.control_plane),
        ("nodes", NETWORKS.private),
        ("door-internal", NETWORKS.private),
        ("door-public", NETWORKS.public),
    ],
)
def test_what_has_no_labels_is_known_by_its_subnets(peer: Peer, cidrs: list[str]) -> None:
    (rule,) = spec(into(peer, "calls", 9443))["ingress"]
    assert blocks(rule["from"]) == cidrs
    assert rule["ports"] == [{"protocol": "TCP", "port": 9443}]


def test_pods_of_another_namespace_are_of_that_namespace_alone() -> None:
    (rule,) = spec(out(Pods(namespace="other", labels={"app": "chat"}), "calls", 80))["egress"]
    (peer,) = rule["to"]
    assert peer == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}},
        "podSelector": {"matchLabels": {"app": "chat"}},
    }, "two peers would be all pods there, and the pods of all namespaces"
    (rule,) = spec(into(Pods(namespace="other"), "calls"))["ingress"]
    assert rule == {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}]}


def test_a_range_around_the_pods_has_not_these() -> None:
    (rule,) = spec(out(Range(cidr="100.0.0.0/8"), "a company", 5432))["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "100.0.0.0/8", "except": ["100.64.0.0/16"]}}]


def test_a_wide_range_has_not_what_is_ours_and_has_what_is_excepted_elsewhere() -> None:
    (rule,) = spec(out(Range(cidr="10.0.0.0/8"), "databases", 5432), out("outside", "internet", 443))["egress"][:1]
    assert rule["to"][0] == {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.20.0.0/16"]}}
    assert blocks(rule["to"]) == ["10.0.0.0/8", *NETWORKS.connected]
    (rule,) = spec(out(Range(cidr="10.200.0.0/16"), "databases", 5432))["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.200.0.0/16"}}], "Kubernetes refuses an except that is the range"


def test_a_connected_range_around_the_vpc_has_not_what_is_ours_either() -> None:
    wide = replace(NETWORKS, connected=["10.0.0.0/8", "10.0.0.0/9"])
    (rule,) = spec(out(Range(cidr="10.0.0.0/8"), "databases", 5432), networks=wide)["egress"]
    assert rule["to"] == [
        {"ipBlock": {"cidr": cidr, "except": ["10.20.0.0/16"]}} for cidr in ("10.0.0.0/8", "10.0.0.0/9")
    ]


def test_pods_with_flows_of_their_own_have_a_policy_of_their_own() -> None:
    labels = {"ml-platform/calls-api": "true"}
    every, some = network_policies("lab", [out("dns", "names"), out("api-server", "objects", pods=labels)], NETWORKS)
    assert every["spec"]["podSelector"] == {}
    assert [len(rule["to"]) for rule in every["spec"]["egress"]] == [1], "dns alone"
    assert some["spec"]["podSelector"] == {"matchLabels": labels}
    assert some["metadata"]["name"].startswith("ml-platform-calls-api-true-")


def test_labels_that_differ_in_what_no_name_has_make_two_policies() -> None:
    flows = [out("dns", "names", pods={"app": value}) for value in ("a_b", "a-b", "A-b", "")]
    names = {policy["metadata"]["name"] for policy in network_policies("lab", flows, NETWORKS)}
    assert len(names) == 5
    again = {policy["metadata"]["name"] for policy in network_policies("lab", flows[::-1], NETWORKS)}
    assert names == again, "a name that depends on others would be another object"


def test_kube_system_is_never_closed_as_a_whole() -> None:
    labels = {"app.kubernetes.io/name": "karpenter"}
    assert network_policies("kube-system", [], NETWORKS) == []
    (policy,) = network_policies("kube-system", [out("dns", "names", pods=labels)], NETWORKS)
    assert policy["spec"]["podSelector"] == {"matchLabels": labels}
    with pytest.raises(ValueError, match="Give it the labels of its pods"):
        network_policies("kube-system", [out("dns", "names")], NETWORKS)


def test_all_pods_of_kube_system_but_those_of_our_charts_can_be_opened() -> None:
    flows = [out("dns", "names", pods={"app.kubernetes.io/name": name}) for name in ("karpenter", "efa", "karpenter")]
    opened = others_are_open("kube-system", [*flows, out("dns", "names", pods={"k8s-app": "neuron"})])["spec"]
    assert (opened["ingress"], opened["egress"]) == ([{}], [{}])
    assert opened["podSelector"] == {
        "matchExpressions": [
            {"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["efa", "karpenter"]},
            {"key": "k8s-app", "operator": "NotIn", "values": ["neuron"]},
        ]
    }, "pods without the label are meant as well"
    assert others_are_open("kube-system", [])["spec"]["podSelector"] == {}
