"""Network policies as the VPC CNI keeps them: each rule of its engine by a case, and what the cluster does then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.aws import tokens
from simulator.kubernetes import pods, webhooks
from simulator.kubernetes.chart_pods import Pod
from simulator.kubernetes.clusters import EKS_CLUSTER
from simulator.kubernetes.network_policies import POLICY, Target, reach_of, why_cut
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.pods import OUTSIDE, OWN_NODE, POD_IDENTITY
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.simulator.aws.account import Account
from tests.simulator.kubernetes.bench import Bench, config_map, namespace
from tests.simulator.kubernetes.policy_cluster import (
    API,
    CONTROL_PLANE,
    DNS,
    block,
    caller,
    cluster,
    cut,
    from_,
    ground,
    listening,
    policy,
    service,
    service_of,
    set_cni,
    those,
    to,
    web,
    workload,
)
from tests.simulator.kubernetes.test_readiness import chart

FAULTY = "v1.21.1-eksbuild.8"
CLOSED: Props = {"ingress": [], "egress": []}


@pytest.fixture
def made(tmp_path: Path) -> Bench:
    return ground(tmp_path)


def closed(made: Bench, *namespaces: str) -> None:
    for name in namespaces:
        made.make(policy("closed", name, **CLOSED), f"closed-{name}")


def allow_out(made: Bench, *rules: Props, name: str = "out", selector: Props | None = None) -> None:
    made.make(policy(name, "a", selector or {}, egress=rules), name)


def test_a_policy_closes_its_directions_for_the_pods_that_it_selects(made: Bench) -> None:
    assert not cut(made, caller(), web(made), 8080)
    closed(made, "a")
    assert "pods of Deployment a/caller may not send TCP 8080" in cut(made, caller(), web(made), 8080)
    assert "may not receive TCP 8080 from pods of Deployment b/web" in cut(made, web(made), caller(), 8080)
    assert not cut(made, caller("monitoring"), web(made), 8080), "the others are open"
    allow_out(made, to(those("b", app="web"), ports=[8080]))
    assert not cut(made, caller(), web(made), 8080)
    assert "no rule has the port" in cut(made, caller(), web(made), 9090)
    assert cut(made, caller(), web(made), 8080, "UDP"), "a port is one of TCP, unless the policy says another protocol"


def test_without_the_switch_of_the_add_on_nothing_is_kept(made: Bench) -> None:
    closed(made, "a", "b")
    assert cut(made, caller(), web(made), 8080)
    set_cni(made, enforced=False)
    assert not cut(made, caller(), web(made), 8080)
    made.cloud.delete(tokens.ADDON, "main:vpc-cni")
    assert not cut(made, caller(), web(made), 8080), "by default it is off"


def test_a_policy_has_the_directions_of_its_rules_and_types(made: Bench) -> None:
    spec: Props = {"podSelector": {}}
    made.make(policy("silent", "a") | {"spec": spec}, "silent")
    assert cut(made, web(made), caller(), 8080), "one that says nothing closes what comes in"
    assert not cut(made, caller(), web(made), 8080)
    made.make(policy("out", "a") | {"spec": {**spec, "policyTypes": ["Ingress"], "egress": [DNS]}}, "out")
    assert cut(made, caller(), web(made), 8080), "the agent keeps rules of a direction that policyTypes leaves out"
    assert not cut(made, caller(), pods.dns(cluster(made)), 53, "UDP")


def test_a_policy_that_names_no_types_has_those_of_its_rules(made: Bench) -> None:
    nowhere = {"podSelector": {}, "egress": [to(those("nowhere"))]}
    made.make(policy("nowhere", "a") | {"spec": nowhere}, "nowhere")
    assert cut(made, caller(), web(made), 8080)
    assert cut(made, web(made), caller(), 8080)


def test_the_own_node_comes_in_and_pods_on_the_network_of_a_node_are_no_pods(made: Bench) -> None:
    closed(made, "a", "b")
    assert not cut(made, OWN_NODE, caller(), 8080), "probes"
    assert not cut(made, caller(), OWN_NODE, 10250)
    agent = Pod(namespace="a", name="agent", kind="DaemonSet", ports=listening(9100), host_network=True)
    assert not cut(made, agent, OUTSIDE, 443), "nothing closes them"
    assert cut(made, agent, web(made), 8080), "they come from another node"
    made.make(policy("nodes", "b", ingress=[from_(*(block(f"10.0.1{zone}.0/24") for zone in (0, 64)))]), "nodes")
    assert not cut(made, agent, web(made), 8080)
    assert not cut(made, pods.nodes(cluster(made)), web(made), 8080)
    assert cut(made, caller(), web(made), 8080)


def test_load_balancers_come_from_the_subnets_of_their_door(made: Bench) -> None:
    nodes = [block(f"10.0.1{zone}.0/24") for zone in (0, 64)]
    made.make(policy("door", "b", ingress=[from_(*nodes, ports=[8080])]), "door")
    assert not cut(made, pods.door(cluster(made), "internal"), web(made), 8080)
    public = {"vpcId": "vpc-1", "cidrBlock": "10.0.3.0/24", "tags": {"kubernetes.io/role/elb": "1"}}
    made.cloud.put(tokens.SUBNET, "subnet-public", public)
    assert "from public load balancers, 10.0.3.4" in cut(made, pods.door(cluster(made), "public"), web(made), 8080)


def test_a_range_that_misses_a_part_of_the_nodes_is_noticed(made: Bench) -> None:
    made.make(policy("nodes", "b", ingress=[from_(block("10.0.10.0/25"), block("10.0.164.0/24"))]), "nodes")
    assert "10.0.10.254" in cut(made, pods.nodes(cluster(made)), web(made), 8080)


def test_what_is_sent_to_a_service_is_judged_by_its_own_selector(made: Bench) -> None:
    allow_out(made, to(those("b", app="web", version="2"), ports=[8080]))
    assert not cut(made, caller(), web(made), 8080)
    reason = cut(made, caller(), service_of(made, "web"), 80)
    assert "to Service b/web, 172.20." in reason, "the Service does not select by version"
    assert reason.endswith("no rule has the address")
    assert not cut(made, caller(), service_of(made, "headless"), 80), "its name is the addresses of its pods"
    allow_out(made, to(those("b", app="web"), ports=[8080]), name="fits")
    assert not cut(made, caller(), service_of(made, "web"), 80)


@pytest.mark.parametrize(
    ("port", "opened"),
    [(8080, {"web", "named"}), (80, {"none"}), (81, {"none"}), ("http", {"web", "named"}), ("metrics", {"none"})],
)
def test_the_port_is_the_one_behind_the_service(made: Bench, port: int | str, opened: set[str]) -> None:
    allow_out(made, to(those("b", app="web"), ports=[port]))
    ports = {"web": 80, "named": 81}
    found = {name for name, number in ports.items() if not cut(made, caller(), service_of(made, name), number)}
    assert (found or {"none"}) == opened


def test_a_protocol_alone_opens_all_ports_of_it(made: Bench) -> None:
    allow_out(made, {**to(those("b", app="web")), "ports": [{"protocol": "TCP"}]})
    assert not cut(made, caller(), service_of(made, "web"), 80)
    assert not cut(made, caller(), web(made), 9090)
    assert cut(made, caller(), web(made), 9090, "UDP")


def test_a_name_that_leads_to_a_port_the_policy_does_not_name_opens_nothing(made: Bench) -> None:
    allow_out(made, to(those("b", app="web"), ports=[8080]))
    for name, labels in (("foreign", {"app": "foreign"}), ("other", {"app": "web"})):
        assert not cut(made, caller(), service_of(made, "named"), 81)
        other = workload()
        other["metadata"]["name"], template = name, other["spec"]["template"]
        template["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 22}]
        template["metadata"]["labels"] = other["spec"]["selector"]["matchLabels"] = labels
        made.make(other, name)
    assert cut(made, caller(), service_of(made, "named"), 81)
    assert not cut(made, caller(), service_of(made, "web"), 80)


def test_the_last_port_of_a_range_is_not_that_of_the_service(made: Bench) -> None:
    ports = {"low": (80, 8000), "https": (443, 9090), "high": (9090, 9090)}
    listed = [{"name": name, "port": port, "targetPort": target} for name, (port, target) in ports.items()]
    made.make(service("wide", ports=listed), "wide")
    made.make(service("inside", ports=[{"port": 80, "targetPort": 8080}]), "inside")
    rule = {**to(those("b", app="web")), "ports": [{"port": 8000, "endPort": 8100}]}
    allow_out(made, rule)
    passing_ports = {port for port in (7999, 8000, 8080, 8100, 8101) if not cut(made, caller(), web(made), port)}
    assert passing_ports == {8000, 8080, 8100}
    assert not cut(made, caller(), service_of(made, "wide"), 80)
    assert not cut(made, caller(), service_of(made, "wide"), 443), "it lies between 80 and 8100, whatever is behind it"
    assert cut(made, caller(), service_of(made, "wide"), 9090)
    assert cut(made, caller(), service_of(made, "inside"), 80), "only the first port of the range is looked for"


def test_a_block_opens_pods_but_no_service_by_them(made: Bench) -> None:
    allow_out(made, to(block("100.64.0.0/10"), ports=[8080]))
    assert not cut(made, caller(), web(made), 8080)
    assert not cut(made, caller(), service_of(made, "headless"), 80)
    assert cut(made, caller(), service_of(made, "web"), 80)


def test_the_api_server_is_an_address_of_services_and_not_of_its_subnets(made: Bench) -> None:
    server = pods.api_server(cluster(made))
    allow_out(made, to(*CONTROL_PLANE, ports=[443]))
    assert "172.20.0.1" in cut(made, caller(), server, 443)
    allow_out(made, API, name="api")
    assert not cut(made, caller(), server, 443)
    assert cut(made, caller(), service_of(made, "web"), 80)


def test_https_to_everywhere_opens_every_service_and_an_except_denies_for_all_policies(made: Bench) -> None:
    made.make(service("https", ports=[{"port": 443, "targetPort": 8080}]), "https")
    allow_out(made, to(block("0.0.0.0/0", "10.0.0.0/16"), ports=[443]))
    assert not cut(made, caller(), service_of(made, "https"), 443), "of another team"
    assert not cut(made, caller(), OUTSIDE, 443)
    allow_out(made, to(block("0.0.0.0/0", "172.20.0.0/16", "100.64.0.0/10"), ports=[443]), name="narrow")
    reason = cut(made, caller(), service_of(made, "https"), 443)
    assert "an except denies 172.20.0.0/16, whatever other policies say" in reason
    assert not cut(made, caller(), OUTSIDE, 443)
    allow_out(made, to(those("b", app="web"), ports=[8080]), name="one")
    assert not cut(made, caller(), service_of(made, "https"), 443), "one address is narrower than the range"
    assert not cut(made, caller(), web(made), 8080)


def test_a_range_that_is_named_is_not_denied_by_an_except_of_the_same(made: Bench) -> None:
    node = pods.Place("a node", (pods.nodes(cluster(made)).addresses[0],))
    allow_out(made, to(block("0.0.0.0/0", "10.0.0.0/16"), ports=[443]))
    allow_out(made, to(block("10.0.0.0/8"), ports=[80]), name="wider")
    assert "an except" in cut(made, caller(), node, 80)
    allow_out(made, to(block("10.0.0.0/16"), ports=[22]), name="same")
    assert not cut(made, caller(), node, 22)
    assert not cut(made, caller(), node, 80), "it has the ports of the wider range as well"
    assert cut(made, caller(), node, 443), "but none of the range that excepts it"


def test_a_range_keeps_24_ports(made: Bench) -> None:
    allow_out(made, to(block("10.0.0.0/8"), ports=range(1000, 1024)))
    node = pods.Place("a node", (pods.nodes(cluster(made)).addresses[0],))
    assert not cut(made, caller(), node, 1000)
    allow_out(made, to(block("0.0.0.0/0"), ports=[443]), name="everywhere")
    assert "10.0.0.0/8 has 25 ports, of which the agent keeps 24" in cut(made, caller(), node, 1000)
    assert not cut(made, caller(), OUTSIDE, 443)


def test_names_of_ports_of_what_comes_in_are_those_of_any_selected_pod(made: Bench) -> None:
    foreign = workload("monitoring")
    foreign["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 22}]
    made.make(foreign, "foreign")
    made.make(policy("in", "b", ingress=[from_(those("a"), ports=["http"])]), "in")
    assert cut(made, caller(), web(made), 22)
    assert not cut(made, caller(), web(made), 8080)
    assert cut(made, caller(), web(made), 9090)
    assert cut(made, caller("monitoring"), web(made), 8080)
    bare = Pod(namespace="b", name="silent", kind="Deployment", labels={"app": "silent"})
    assert not cut(made, caller(), bare, 8080), "the name is 8080 for all of them"


def test_what_is_sent_by_name_goes_by_the_ports_of_each_pod(made: Bench) -> None:
    allow_out(made, to(those("b"), ports=["http"]), to(block("52.94.0.0/16"), ports=["http"]), to(ports=["http"]))
    assert not cut(made, caller(), web(made), 8080)
    bare = Pod(namespace="b", name="silent", kind="Deployment", labels={"app": "silent"})
    assert cut(made, caller(), bare, 8080)
    assert cut(made, caller(), OUTSIDE, 443), "a range has no names of ports"


def test_both_ends_have_to_let_a_call_pass(made: Bench) -> None:
    allow_out(made, to(those("b", app="web"), ports=[8080]))
    made.make(policy("in", "b", {"app": "web"}, ingress=[from_(those("monitoring"), ports=[8080])]), "in")
    assert "may not receive TCP 8080 from pods of Deployment a/caller" in cut(made, caller(), web(made), 8080)
    assert "may not receive TCP 8080" in cut(made, caller(), service_of(made, "web"), 80)
    assert not cut(made, caller("monitoring"), service_of(made, "web"), 80)


def test_a_pod_comes_back_to_itself(made: Bench) -> None:
    closed(made, "b")
    assert not cut(made, web(made), web(made), 8080), "that never leaves the pod"
    assert "may not send" in cut(made, web(made), service_of(made, "web"), 80)
    made.make(policy("out", "b", egress=[to(those("b", app="web"), ports=[8080])]), "out")
    assert not cut(made, web(made), service_of(made, "web"), 80), "it comes in from the node"


def test_a_service_sends_to_the_pods_of_its_namespace_that_it_selects(made: Bench) -> None:
    for name in ("monitoring", "default"):
        made.make(workload(name), f"web-in-{name}")
        made.make(policy("closed", name, ingress=[]), f"closed-{name}")
    assert not cut(made, caller(), service_of(made, "web"), 80), "there are others of these labels elsewhere"
    assert not cut(made, caller(), pods.api_server(cluster(made)), 443), "a Service without a selector has no pods"
    made.make(policy("closed", "kube-system", ingress=[]), "closed-dns")
    assert "coredns may not receive UDP 53" in cut(made, caller(), pods.dns(cluster(made)), 53, "UDP")


def test_services_without_such_a_port_are_cut(made: Bench) -> None:
    assert cut(made, caller(), service_of(made, "web"), 8080) == "Service b/web has no port 8080 of TCP"


def test_strict_lets_pods_that_nothing_selects_reach_nobody(made: Bench) -> None:
    set_cni(made, "strict")
    assert "strict mode, and no NetworkPolicy selects the pod" in cut(made, caller(), web(made), 8080)
    assert cut(made, OWN_NODE, caller(), 8080), "probes fail as well: there is no map with the node in it"
    made.make(policy("in", "a", ingress=[from_(those("b"))]), "in")
    made.make(policy("in", "b", ingress=[from_(those("a"))]), "in-b")
    assert not cut(made, caller(), web(made), 8080), "a policy for what comes in opens what goes out"
    assert not cut(made, OWN_NODE, caller(), 8080)


def test_what_is_not_known_yet_cuts_nothing(made: Bench) -> None:
    planned, here = Planned(), cluster(made)
    for cidr, passes in ((UNKNOWN, True), ("172.20.0.1/32", False)):
        api = {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": 443}]}
        planned.add(here.place, *POLICY, "a", policy("coming", "a", egress=[api]))
        assert (not why_cut(here, caller(), web(made), 8080, planned=planned)) == passes
        assert not cut(made, caller(), web(made), 8080)
    made.make(policy("coming", "a", egress=[{}]), "coming")
    assert not cut(made, caller(), web(made), 8080)
    assert why_cut(here, caller(), web(made), 8080, planned=planned), "the preview changes it"


def test_a_namespace_whose_labels_are_not_known_yet_may_be_any_other(made: Bench) -> None:
    planned, here = Planned(), cluster(made)
    coming = {"apiVersion": "v1", "metadata": {"name": "b", "labels": UNKNOWN}}
    planned.add(here.place, "v1", "Namespace", "", coming)
    allow_out(made, to({"podSelector": {}}))
    assert why_cut(here, caller(), web(made), 8080, planned=planned), "it is not the policy's own"
    allow_out(made, to({"namespaceSelector": {"matchLabels": {"tier": "open"}}}), name="tier")
    assert not why_cut(here, caller(), web(made), 8080, planned=planned)
    assert cut(made, caller(), web(made), 8080)


@pytest.mark.parametrize(("version", "shared"), [("v1.22.3-eksbuild.1", True), ("v1.22.4-eksbuild.3", False)])
def test_before_1_22_4_namespaces_whose_names_make_one_text_share_rules(
    made: Bench, version: str, shared: bool
) -> None:
    set_cni(made, version=version)
    for name in ("me-ns", "ns"):
        made.make(namespace(name), name)
    bare = {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "deny-0", "namespace": "me-ns"}, "spec": bare}
    made.make(pod, "pod")
    made.make(policy("closed", "me-ns", **CLOSED), "closed")
    other = Pod(namespace="ns", name="deny-me-0")
    assert bool(cut(made, other, web(made), 8080)) == shared


def test_pods_of_one_name_without_its_last_part_share_their_rules(made: Bench) -> None:
    spec = {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}
    for name in ("nb-alice", "nb-bob"):
        metadata = {"name": name, "namespace": "a", "labels": {"user": name}}
        made.make({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, name)
    made.make(policy("alice", "a", {"user": "nb-alice"}, **CLOSED), "alice")
    alice, bob = (
        next(each for each in pods.pods_of(cluster(made)) if each.name == name) for name in ("nb-alice", "nb-bob")
    )
    assert cut(made, alice, web(made), 8080)
    assert cut(made, bob, web(made), 8080), "no policy selects it"
    (row,) = reach_of(cluster(made), [bob], [pods.api_server(cluster(made))])
    assert "pod a/nb-bob: it has no controller" in row.unsupported
    set_of = Pod(namespace="a", name="nb", kind="StatefulSet", labels={"app": "nb"})
    (row,) = reach_of(cluster(made), [set_of], [pods.api_server(cluster(made))])
    assert row.unsupported == "pods of StatefulSet a/nb: it shares its rules with pod a/nb-alice, by name"
    assert row.cut


def test_reach_is_a_row_for_each_caller_and_port(made: Bench) -> None:
    closed(made, "a")
    allow_out(made, DNS, API)
    agent = Pod(namespace="monitoring", name="agent", kind="DaemonSet", host_network=True)
    targets: list[Target] = [
        web(made),
        service_of(made, "web"),
        pods.dns(cluster(made)),
        pods.api_server(cluster(made)),
        POD_IDENTITY,
    ]
    rows = reach_of(cluster(made), [caller(), agent], targets)
    passing = {(row.target, row.port, row.protocol) for row in rows if row.source == str(caller()) and not row.cut}
    assert passing == {
        ("Service kube-system/kube-dns", 53, "UDP"),
        ("Service kube-system/kube-dns", 53, "TCP"),
        ("Service default/kubernetes", 443, "TCP"),
    }
    assert len(rows) == 2 * (2 + 1 + 3 + 1 + 1)
    assert {row.unsupported for row in rows if row.source == str(agent)} == {
        "pods of DaemonSet monitoring/agent: hostNetwork, so no policy holds for it"
    }


def install(made: Bench, name: str = "external-secrets") -> tuple[str, Props, Props]:
    return made.make({**chart(name), "namespace": name}, name)


def refusal(made: Bench, inputs: Props, name: str = "refused") -> str:
    with pytest.raises(Refusal) as refused:
        made.make(inputs, name)
    return str(refused.value)


def secrets(made: Bench) -> None:
    made.make(namespace("external-secrets"), "external-secrets-namespace")
    own = [to({"podSelector": {}})]
    made.make(policy("closed", "external-secrets", ingress=[from_({"podSelector": {}})], egress=own), "closed")


STORE: Props = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ClusterSecretStore",
    "metadata": {"name": "team"},
    "spec": {"provider": {"aws": {"service": "SecretsManager", "region": "us-west-2"}}},
}


@pytest.mark.parametrize(("port", "answers"), [(10250, True), (443, False)])
def test_a_webhook_answers_when_the_control_plane_comes_to_the_port_of_its_pods(
    made: Bench, port: int, answers: bool
) -> None:
    secrets(made)
    made.make(policy("calls", "external-secrets", egress=[DNS, API]), "calls")
    install(made)
    made.make(policy("webhook", "external-secrets", ingress=[from_(*CONTROL_PLANE, ports=[port])]), "webhook")
    if answers:
        made.make(STORE, "store")
    else:
        text = refusal(made, STORE)
        url = "https://external-secrets-webhook.external-secrets.svc:443/validate-external-secrets-io-v1-clustersecretstore"
        assert f'Post "{url}?timeout=5s": context deadline exceeded' in text
        assert 'failed calling webhook "validate.clustersecretstore.external-secrets.io"' in text
        assert "may not receive TCP 10250 from the API server, 10.0.0.4" in text
    made.make(config_map(in_namespace="a"), "other")


def test_a_release_whose_pods_reach_no_api_server_never_becomes_ready(made: Bench) -> None:
    secrets(made)
    text = refusal(made, {**chart("external-secrets"), "namespace": "external-secrets"})
    assert text.startswith(
        "context deadline exceeded: pods of Deployment external-secrets/external-secrets may not send"
    )
    assert "UDP 53 to Service kube-system/kube-dns" in text
    made.make(policy("dns", "external-secrets", egress=[DNS]), "dns")
    assert "TCP 443 to Service default/kubernetes" in refusal(
        made, {**chart("external-secrets"), "namespace": "external-secrets"}
    )
    api = policy("api", "external-secrets", {"app.kubernetes.io/name": "external-secrets"}, egress=[API])
    made.make(api, "api")
    assert "external-secrets/external-secrets/webhook may not" in refusal(
        made, {**chart("external-secrets"), "namespace": "external-secrets"}
    ), "each of its pods needs it"
    made.make({**chart("external-secrets"), "namespace": "external-secrets", "skipAwait": True}, "unawaited")


def test_pods_that_ask_the_resolver_of_the_vpc_need_no_coredns(made: Bench) -> None:
    made.cloud.put(tokens.VPC, "vpc-1", {"cidrBlock": "10.0.0.0/16"})
    labels = {"app.kubernetes.io/name": "karpenter"}
    karpenter = {**chart("karpenter", dnsPolicy="Default"), "namespace": "kube-system"}
    made.make(policy("api", "kube-system", labels, egress=[API]), "api")
    assert "may not send UDP 53 to the resolver of the VPC, 10.0.0.2" in refusal(made, karpenter)
    assert "to Service kube-system/kube-dns" in refusal(made, {**chart("karpenter"), "namespace": "kube-system"})
    udp = {**to(block("10.0.0.2/32")), "ports": [{"port": 53, "protocol": "UDP"}]}
    made.make(policy("dns", "kube-system", labels, egress=[udp]), "dns")
    made.make(karpenter, "karpenter")


def test_a_policy_that_parts_a_running_release_is_told(made: Bench) -> None:
    made.make(namespace("external-secrets"), "external-secrets-namespace")
    install(made)
    made.make(policy("calls", "external-secrets", egress=[DNS, API]), "calls")
    closed(made, "a")
    assert not made.warnings
    made.make(policy("closed", "external-secrets", ingress=[]), "closed")
    assert len(made.warnings) == 3, "one for each of its webhooks"
    assert all("with NetworkPolicy external-secrets/closed: Internal error" in text for text in made.warnings)
    opened = made.make(policy("open", "external-secrets", ingress=[from_(*CONTROL_PLANE)]), "open")
    assert len(made.warnings) == 3
    made.update(opened, policy("open", "external-secrets", egress=[]), "open")
    assert len(made.warnings) == 6


def test_pods_of_the_mesh_start_when_their_proxies_come_to_its_control_plane(made: Bench) -> None:
    for name, metadata in {"linkerd": {}, "meshed": {"annotations": {"linkerd.io/inject": "enabled"}}}.items():
        made.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}, name)
    for name in ("linkerd-crds", "linkerd-control-plane"):
        made.make({**chart(name, cniEnabled=True), "namespace": "linkerd"}, name)
    made.make(policy("calls", "meshed", egress=[DNS, API]), "calls")
    text = refusal(made, workload("meshed"))
    assert 'pods of Deployment "web" never get ready: pods of Deployment meshed/web may not send TCP 8080' in text
    assert "waits ten minutes for pods that never start" in text
    assert "may not send TCP 8080" in refusal(made, {**chart("external-secrets"), "namespace": "meshed"})
    made.make(policy("identity", "meshed", egress=[to(those("linkerd"), ports=[8080, 8086])]), "identity")
    assert "TCP 8090 to pods of Deployment linkerd/linkerd-control-plane/destination" in refusal(
        made, workload("meshed")
    )
    left = workload("meshed")
    left["metadata"]["name"] = "left"
    left["spec"]["template"]["metadata"]["annotations"] = {"linkerd.io/inject": "disabled"}
    made.make(left, "left")
    made.make(policy("policy", "meshed", egress=[to(those("linkerd"), ports=[8090])]), "policy")
    made.make(workload("meshed"), "web-in-mesh")
    made.make({**chart("external-secrets"), "namespace": "meshed"}, "release")


@pytest.mark.parametrize("name", webhooks._CHARTS)
def test_every_webhook_has_pods_that_answer(name: str) -> None:
    values = {"certController": {"create": True}}
    found = list(webhooks.webhooks_of([{**chart(name, **values), "namespace": "a"}]))
    assert found
    assert all(each.pods and each.port for each in found), "otherwise policies are not judged"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("aws-load-balancer-controller", {"webhookBindPort": 7443}),
        ("cert-manager", {"webhook": {"securePort": 7443}}),
        ("cert-manager", {"webhook": {"securePort": 1, "config": {"securePort": 7443}}}),
        ("external-secrets", {"webhook": {"port": 7443}}),
        ("trust-manager", {"app": {"webhook": {"port": 7443}}}),
    ],
)
def test_the_port_of_a_webhook_is_that_of_the_values(name: str, values: Props) -> None:
    assert {each.port for each in webhooks.webhooks_of([{**chart(name, **values), "namespace": "a"}])} == {7443}


def test_a_store_is_ready_when_the_operator_comes_to_its_role_and_to_aws(made: Bench) -> None:
    secrets(made)
    made.make(policy("calls", "external-secrets", egress=[DNS, API]), "calls")
    made.make(policy("webhook", "external-secrets", ingress=[from_(*CONTROL_PLANE, ports=[10250])]), "webhook")
    install(made)
    role = "arn:aws:iam::123456789012:role/operator"
    made.cloud.put(tokens.ROLE, "operator", {"name": "operator", "arn": role})
    identity = {"clusterName": "main", "namespace": "external-secrets", "serviceAccount": "external-secrets"}
    association = "arn:aws:eks:us-west-2:123456789012:podidentityassociation/main/a-1"
    made.cloud.put(tokens.POD_IDENTITY, "a-1", {**identity, "roleArn": role, "associationArn": association})
    waiting = {**STORE["metadata"], "annotations": {"pulumi.com/waitFor": "condition=Ready"}}
    store = {**STORE, "metadata": waiting}
    assert "i/o timeout: pods of Deployment external-secrets/external-secrets may not send TCP 80" in refusal(
        made, store
    )
    made.make(policy("role", "external-secrets", egress=[to(block("169.254.170.23/32"), ports=[80])]), "role")
    assert "TCP 443 to outside" in refusal(made, store)
    aws = to(block("0.0.0.0/0", "10.0.0.0/8"), ports=[443])
    made.make(policy("aws", "external-secrets", egress=[aws]), "aws")
    state = {"vpcId": "vpc-1", "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-west-2.secretsmanager"}
    made.cloud.put(tokens.VPC_ENDPOINT, "vpce-1", {**state, "subnetIds": ["subnet-nodes-us-west-2a"]})
    assert "to the endpoint of secretsmanager, 10.0.10.4" in refusal(made, store)
    made.make(policy("endpoints", "external-secrets", egress=[to(block("10.0.10.0/24"), ports=[443])]), "endpoints")
    made.make(store, "store")


def dns_addon(made: Bench) -> str:
    """Installs the add-on CoreDNS, and returns why it does not become active."""
    account = Account(made.cloud)
    made.cloud.delete(tokens.ADDON, "main:coredns")
    try:
        account.make(tokens.ADDON, "coredns", clusterName="main", addonName="coredns")
    except Refusal as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("version", "mode", "fails"),
    [
        (FAULTY, "standard", True),
        ("v1.21.1-eksbuild.3", "standard", False),
        ("v1.22.4-eksbuild.3", "standard", False),
        ("v1.22.4-eksbuild.3", "strict", True),
    ],
)
def test_coredns_becomes_active_where_the_cni_leaves_it_its_network(
    made: Bench, version: str, mode: str, fails: bool
) -> None:
    set_cni(made, mode, version)
    text = dns_addon(made)
    assert bool(text) == fails
    if fails:
        assert (
            "waiting for EKS Add-On (main:coredns) create: timeout while waiting for state to become 'ACTIVE'" in text
        )
        assert "pods of Deployment kube-system/coredns may not send TCP 443 to Service default/kubernetes" in text
        release = {**chart("metrics-server"), "namespace": "kube-system"}
        made.make(release, "no-pods-known")
        assert "may not send UDP 53" in refusal(made, {**chart("karpenter"), "namespace": "kube-system"})
        made.make(policy("open", "kube-system", ingress=[{}], egress=[{}]), "open")
        assert not dns_addon(made), "a policy selects it"
        made.make({**chart("karpenter"), "namespace": "kube-system"}, "karpenter")
    set_cni(made, mode, version, enforced=False)
    assert not dns_addon(made)


@pytest.mark.parametrize(
    "values",
    [
        {"env": {"AWS_VPC_K8S_CNI_VETHPREFIX": "pod"}},
        {"nodeAgent": {"conntrackCacheTableSize": 1024}},
        {"nodeAgent": {"enableIpv6": "true"}},
    ],
    ids=str,
)
def test_no_pod_starts_where_the_agent_does_not_bear_a_value(made: Bench, values: Props) -> None:
    set_cni(made, **values)
    assert "no pod starts: the network policy agent of vpc-cni does not bear its" in dns_addon(made)
    assert "no pod starts" in refusal(made, {**chart("karpenter"), "namespace": "kube-system"})
    set_cni(made, enforced=False, **values)
    assert not dns_addon(made), "the agent does nothing"


def test_a_plugin_that_takes_the_place_of_the_agent_leaves_all_open(made: Bench) -> None:
    closed(made, "a")
    set_cni(made, env={"ENABLE_BANDWIDTH_PLUGIN": "false"}, nodeAgent={"conntrackCacheTableSize": 2**20})
    assert cut(made, caller(), web(made), 8080)
    assert not dns_addon(made)
    set_cni(made, env={"ENABLE_BANDWIDTH_PLUGIN": "true"})
    assert not cut(made, caller(), web(made), 8080)


def test_the_agent_that_can_fail_says_its_version(made: Bench) -> None:
    set_cni(made, version=FAULTY)
    assert FAULTY in cut(made, caller(), web(made), 8080)
    closed(made, "a", "b")
    assert "no rule has the address" in cut(made, caller(), web(made), 8080), "these are selected"


def test_services_have_addresses_of_the_range_of_the_cluster(made: Bench) -> None:
    assert str(service_of(made, "web").address).startswith("172.20.")


PEERS = st.sampled_from(
    [
        those("a"),
        those("b"),
        those("b", app="web"),
        {"namespaceSelector": {}},
        {"podSelector": {}},
        block("0.0.0.0/0"),
        block("0.0.0.0/0", "100.64.0.0/10", "172.20.0.0/16"),
        block("100.64.0.0/10"),
        block("172.20.0.0/16"),
    ]
)
PORTS = st.lists(st.sampled_from([80, 443, 8080, "http"]), max_size=2, unique=True)


def rules(end: str) -> st.SearchStrategy[list[Props]]:
    def rule(peers: list[Props], ports: list[Any]) -> Props:
        return {end: peers, **({"ports": [{"port": each} for each in ports]} if ports else {})}

    return st.lists(st.builds(rule, st.lists(PEERS, max_size=2), PORTS), max_size=2)


@st.composite
def policies(draw: st.DrawFn) -> Props:
    directions: dict[str, Any] = {}
    for direction, end in (("ingress", "from"), ("egress", "to")):
        if draw(st.booleans()):
            directions[direction] = draw(rules(end))
    selector = draw(st.sampled_from([{}, {"app": "web"}, {"app": "caller"}]))
    return policy("drawn", draw(st.sampled_from(["a", "b"])), selector, **directions)


def passing(made: Bench) -> set[tuple[str, str, int]]:
    here = cluster(made)
    targets: list[Target] = [*(service_of(made, name) for name in ("web", "named", "headless")), web(made), OUTSIDE]
    rows = reach_of(here, [caller(), caller("b"), caller("monitoring"), OWN_NODE], [*targets, pods.api_server(here)])
    assert len(rows) == 4 * (3 + 2 + 1 + 1)
    return {(row.source, row.target, row.port) for row in rows if not row.cut}


def put(made: Bench, drawn: list[Props]) -> None:
    (row,) = made.cloud.of_type(EKS_CLUSTER)
    assert row.id == "main"
    for old in cluster(made).of_kind(*POLICY):
        made.cloud.delete(old.type, old.id)
    for number, each in enumerate(drawn):
        state = {**each, "metadata": {**each["metadata"], "name": f"p{number}"}}
        cluster(made).put(json.loads(json.dumps(state)), each["metadata"]["namespace"])


ONE_CLUSTER = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ONE_CLUSTER
@given(drawn=st.lists(policies(), max_size=3))
def test_a_policy_without_rules_opens_nothing_and_one_that_selects_nothing_changes_nothing(
    made: Bench, drawn: list[Props]
) -> None:
    put(made, drawn)
    before = passing(made)
    put(made, [*drawn, policy("nobody", "a", {"app": "nobody"}, **CLOSED)])
    assert passing(made) == before
    put(made, [*drawn, policy("closed", "a", **CLOSED)])
    assert passing(made) <= before


@ONE_CLUSTER
@given(drawn=st.lists(policies(), max_size=3))
def test_strict_lets_pass_a_part_of_what_standard_does(made: Bench, drawn: list[Props]) -> None:
    put(made, drawn)
    set_cni(made, "strict")
    strict = passing(made)
    set_cni(made, "standard")
    assert strict <= passing(made)
