"""Cluster and application network policies, which EKS adds: what they open and close beside NetworkPolicies."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.kubernetes import pods
from simulator.kubernetes.aws_policies import CLUSTER
from simulator.kubernetes.chart_pods import Pod
from simulator.kubernetes.network_policies import reach_of, why_cut
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.pods import OUTSIDE, OWN_NODE
from simulator.values import UNKNOWN, Props
from tests.simulator.kubernetes.bench import Bench
from tests.simulator.kubernetes.policy_cluster import (
    application_policy,
    block,
    caller,
    cluster,
    cluster_policy,
    cut,
    from_,
    ground,
    policy,
    service_of,
    set_cni,
    those,
    to,
    web,
)
from tests.simulator.kubernetes.test_network_policies import install

EVERYWHERE: Props = {"namespaces": {}}


def named(name: str) -> Props:
    return {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def rule(action: str, end: str, *peers: Props, **more: object) -> list[Props]:
    return [{"action": action, end: [*peers], **more}]


@pytest.fixture
def made(tmp_path: Path) -> Bench:
    return ground(tmp_path)


def add(made: Bench, state: Props) -> None:
    made.make(state, state["metadata"]["name"])


def test_the_tier_admin_decides_before_policies_of_namespaces(made: Bench) -> None:
    add(made, policy("closed", "b", ingress=[]))
    assert cut(made, caller(), web(made), 8080)
    add(made, cluster_policy("open", named("b"), ingress=rule("Accept", "from", named("a"))))
    assert not cut(made, caller(), web(made), 8080), "it opens what the namespace closes"
    assert cut(made, caller("monitoring"), web(made), 8080)
    add(made, policy("for-all", "b", ingress=[from_({"namespaceSelector": {}})]))
    assert not cut(made, caller("monitoring"), web(made), 8080)
    add(made, cluster_policy("shut", EVERYWHERE, ingress=rule("Deny", "from", named("monitoring"))))
    assert "a cluster network policy denies it" in cut(made, caller("monitoring"), web(made), 8080)


def test_the_lowest_priority_decides_and_of_equal_ones_a_denial(made: Bench) -> None:
    calls = named("a")
    add(made, cluster_policy("deny", named("b"), priority=5, ingress=rule("Deny", "from", calls)))
    add(made, cluster_policy("accept", named("b"), priority=6, ingress=rule("Accept", "from", calls)))
    assert cut(made, caller(), web(made), 8080)
    add(made, cluster_policy("first", named("b"), priority=4, ingress=rule("Pass", "from", calls)))
    assert not cut(made, caller(), web(made), 8080), "the policies of the namespace decide, and there are none"
    add(made, policy("closed", "b", ingress=[]))
    assert cut(made, caller(), web(made), 8080)
    add(made, cluster_policy("beside", named("b"), priority=4, ingress=rule("Accept", "from", calls)))
    assert not cut(made, caller(), web(made), 8080), "of Pass and Accept, the second"
    add(made, cluster_policy("too", named("b"), priority=4, ingress=rule("Deny", "from", calls)))
    assert cut(made, caller(), web(made), 8080)


@pytest.mark.parametrize("action", ["Deny", "Accept"])
def test_a_rule_whose_first_caller_has_no_namespace_does_nothing(made: Bench, action: str) -> None:
    if action == "Accept":
        add(made, policy("closed", "b", ingress=[]))
    before = cut(made, caller(), web(made), 8080)
    gone = {"pods": {"namespaceSelector": named("gone")["namespaces"], "podSelector": {}}}
    add(made, cluster_policy("one", named("b"), ingress=rule(action, "from", named("gone"), named("a"))))
    add(made, cluster_policy("two", named("b"), ingress=rule(action, "from", gone, named("a"))))
    assert cut(made, caller(), web(made), 8080) == before, "the controller reads namespaces of the first alone"
    add(made, cluster_policy("three", named("b"), ingress=rule(action, "from", named("a"), named("gone"))))
    assert bool(cut(made, caller(), web(made), 8080)) != bool(before)


def test_what_is_called_needs_no_first_namespace(made: Bench) -> None:
    add(made, cluster_policy("deny", named("a"), egress=rule("Deny", "to", named("gone"), named("b"))))
    assert cut(made, caller(), web(made), 8080)


def test_callers_without_pods_in_a_namespace_that_is_there_leave_the_others(made: Bench) -> None:
    add(made, cluster_policy("deny", named("b"), ingress=rule("Deny", "from", named("kube-public"), named("a"))))
    assert cut(made, caller(), web(made), 8080)


def test_the_tier_baseline_holds_for_pods_without_a_policy(made: Bench) -> None:
    add(made, cluster_policy("deny", EVERYWHERE, "Baseline", ingress=rule("Deny", "from", EVERYWHERE)))
    assert cut(made, caller(), web(made), 8080)
    assert cut(made, caller(), pods.dns(cluster(made)), 53, "UDP"), "CoreDNS has no policy"
    add(made, policy("open", "b", ingress=[from_(those("a"))]))
    assert not cut(made, caller(), web(made), 8080)


def test_a_denial_of_every_namespace_takes_the_api_server_too(made: Bench) -> None:
    dns = {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}}
    add(made, cluster_policy("dns", EVERYWHERE, "Baseline", 9, egress=rule("Accept", "to", dns)))
    add(made, cluster_policy("deny", EVERYWHERE, "Baseline", egress=rule("Deny", "to", EVERYWHERE)))
    assert not cut(made, caller(), pods.dns(cluster(made)), 53, "UDP")
    assert cut(made, caller(), pods.api_server(cluster(made)), 443), "its Service is in `default`, without a selector"
    api = {"networks": ["172.20.0.1/32"]}
    add(made, cluster_policy("api", EVERYWHERE, "Baseline", 9, egress=rule("Accept", "to", api)))
    assert not cut(made, caller(), pods.api_server(cluster(made)), 443)


def test_with_strict_the_tier_baseline_lets_pass_what_it_accepts(made: Bench) -> None:
    set_cni(made, "strict")
    assert cut(made, caller(), OUTSIDE, 443)
    accepted = rule("Accept", "to", {"networks": ["0.0.0.0/0"]}, ports=[{"portNumber": {"port": 443}}])
    add(made, cluster_policy("open", EVERYWHERE, "Baseline", egress=accepted))
    assert not cut(made, caller(), OUTSIDE, 443)
    assert cut(made, caller(), OUTSIDE, 80)
    assert cut(made, OWN_NODE, web(made), 8080), "probes of pods that only a cluster network policy selects, issue 635"


def test_what_is_sent_to_a_service_is_judged_by_the_address_of_the_service(made: Bench) -> None:
    add(made, policy("closed", "a", egress=[]))
    pods_of_web = {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}}
    ports = [{"portRange": {"start": 8000, "end": 8080}}]
    add(made, cluster_policy("open", named("a"), egress=rule("Accept", "to", pods_of_web, ports=ports)))
    assert not cut(made, caller(), web(made), 8080)
    assert cut(made, caller(), web(made), 9090)
    assert cut(made, caller(), service_of(made, "web"), 80), "the first port of the range is not that of the Service"
    add(made, cluster_policy("port", named("a"), egress=rule("Accept", "to", pods_of_web)))
    assert not cut(made, caller(), service_of(made, "web"), 80)


def test_subjects_may_be_some_pods_and_peers_may_be_ranges(made: Bench) -> None:
    some = {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}}
    add(made, cluster_policy("deny", some, egress=rule("Deny", "to", {"networks": ["52.0.0.0/8", "53.0.0.0/8"]})))
    assert cut(made, caller(app="x"), OUTSIDE, 443)
    assert not cut(made, caller(app="y"), OUTSIDE, 443)
    assert not cut(made, caller(app="x"), web(made), 8080)


def test_what_is_not_known_yet_and_names_of_hosts_cut_nothing(made: Bench) -> None:
    names = rule("Accept", "to", {"domainNames": ["example.com"]})
    add(made, cluster_policy("names", EVERYWHERE, egress=names))
    assert not cut(made, caller(), OUTSIDE, 443)
    add(made, policy("closed", "b", egress=[]))
    assert cut(made, web(made), caller("default"), 443), "nor do they open pods"
    planned, here = Planned(), cluster(made)
    for cidr, passes in ((UNKNOWN, True), ("52.0.0.0/8", False)):
        coming = cluster_policy("coming", EVERYWHERE, egress=rule("Deny", "to", {"networks": [cidr]}))
        planned.add(here.place, *CLUSTER, "", coming)
        assert (not why_cut(here, caller(), OUTSIDE, 443, planned=planned)) == passes


def test_an_older_cni_stores_cluster_policies_and_keeps_none(made: Bench) -> None:
    add(made, cluster_policy("deny", EVERYWHERE, ingress=rule("Deny", "from", EVERYWHERE)))
    assert cut(made, caller(), web(made), 8080)
    set_cni(made, version="v1.21.0-eksbuild.1")
    assert not cut(made, caller(), web(made), 8080)
    set_cni(made, enforced=False)
    assert not cut(made, caller(), web(made), 8080)


def test_a_policy_for_applications_adds_to_those_of_its_namespace(made: Bench) -> None:
    add(made, policy("closed", "a", ingress=[], egress=[]))
    add(made, application_policy("some", "a", egress=[to(block("52.0.0.0/8"), ports=[443])]))
    assert not cut(made, caller(), OUTSIDE, 443)
    assert cut(made, caller(), web(made), 8080)
    assert cut(made, web(made), caller(), 8080), "it has no types, so it leaves what comes in to the others"


def test_names_of_hosts_open_nothing_outside_of_auto_mode(made: Bench) -> None:
    names = [{"to": [{"domainNames": ["example.com"]}], "ports": [{"port": 443}]}]
    add(made, application_policy("names", "a", egress=names))
    assert not cut(made, caller(), OUTSIDE, 443), "without types it closes nothing"
    add(made, application_policy("typed", "a", policyTypes=["Egress"], egress=[*names, {"ports": [{"port": 443}]}]))
    assert cut(made, caller(), OUTSIDE, 443), "nor does a rule without peers"
    assert cut(made, caller(), Pod(namespace="a", name="other", kind="Job"), 443)


def test_a_policy_for_applications_without_types_leaves_the_other_direction_open(made: Bench) -> None:
    add(made, application_policy("some", "a", egress=[to(block("52.0.0.0/8"))]))
    assert cut(made, caller(), web(made), 8080)
    assert not cut(made, web(made), caller(), 8080), "a NetworkPolicy would have the type Ingress"


def test_the_api_server_refuses_what_the_definitions_do(made: Bench) -> None:
    wrong = {
        "tier": cluster_policy("x", EVERYWHERE, "Platform"),
        "action": cluster_policy("x", EVERYWHERE, ingress=rule("Allow", "from", EVERYWHERE)),
        "subject": cluster_policy("x", {**EVERYWHERE, "pods": {"namespaceSelector": {}, "podSelector": {}}}),
        "domainNames": cluster_policy("x", EVERYWHERE, egress=rule("Deny", "to", {"domainNames": ["example.com"]})),
        "networks": cluster_policy("x", EVERYWHERE, ingress=rule("Deny", "from", {"networks": ["10.0.0.0/8"]})),
        "ipBlock": application_policy(
            "x", "a", egress=[{"to": [{"domainNames": ["example.com"], **block("10.0.0.0/8")}]}]
        ),
    }
    for word, state in wrong.items():
        assert word in str(made.check(state, "x").failures)


def test_a_cluster_policy_that_parts_running_releases_is_told(made: Bench) -> None:
    made.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "external-secrets"}}, "namespace")
    install(made)
    assert not made.warnings
    add(made, cluster_policy("deny", EVERYWHERE, egress=rule("Deny", "to", {"networks": ["172.20.0.0/16"]})))
    assert made.warnings
    assert all("with ClusterNetworkPolicy deny: " in text for text in made.warnings)
    assert reach_of(cluster(made), [caller()], [service_of(made, "web")])[0].cut
