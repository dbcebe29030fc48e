"""What the page says of network policies, held against the policies that are built, by a judge of its own."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from components.core.flows import Pods, into, out
from report.network_reach import Flows, enters, passes
from report.reach import Reach, as_markdown, cut, reach
from settings.stack.stack import StackSettings
from tests.components.stacks import CLUSTER, stack
from tests.report.network_judge import Judge, Place, Pod, Service
from tests.report.test_reach import CERTIFICATE, CHAT, CRITIC, GATEWAY, INDEX, Objects, built

NEVER = {"protocol": "TCP", "port": 1}
SERVICES = IPv4Network("172.20.0.0/16")
MESHED = ("inference", "agents")
TEAMS = ("inference", "agents", "lab")
RANK = {"app": "rank"}
NOTES: dict[str, Any] = {"namespace": "lab", "service": "notes", "port": 80, "pods": {"app": "n"}, "pod_port": 8000}


@cache
def settings(mode: str = "standard") -> StackSettings:
    """Three teams: two in the mesh, of which one calls the other; the third one may call the second, past the mesh."""
    opened = {"namespace": "agents", "pods": INDEX["pods"], "ports": [9000], "callers": ["lab"]}
    ranks = {"namespace": "inference", "pods": RANK, "ports": [8000], "callers": ["agents"]}
    ranges = [{"cidr": "192.0.2.0/24", "ports": [5432]}]
    return stack(
        isolation={"mode": mode},
        network={"zones": ["us-west-2a", "us-west-2b", "us-west-2c"], "endpoints": {"interface": ["sts"]}},
        clusters={"main": {**CLUSTER, "service_cidr": str(SERVICES)}},
        teams=[
            {"name": "serving", "namespaces": ["inference"], "network": {"open": [ranks]}},
            {"name": "agents", "namespaces": ["agents"], "network": {"open": [opened]}},
            {"name": "lab", "namespaces": ["lab"], "network": {"internet": False, "ranges": ranges}},
        ],
        mesh={
            "namespaces": ["inference", "agents"],
            "inbound": "deny",
            "viz": True,
            "services": {
                "chat": {**CHAT, "callers": [GATEWAY]},
                "index": {**INDEX, "callers": [CRITIC], "inbound": "audit", "timeout_seconds": 60},
            },
        },
        ingress={
            "internal": {"certificate": {"arn": CERTIFICATE}, "namespaces": ["agents"]},
            "public": {"certificate": {"arn": CERTIFICATE}},
            "routes": {
                "chat": {**CHAT, "host": "chat.ml.example.com", "door": "public"},
                "notes": {**NOTES, "host": "notes.ml.example.com"},
            },
        },
    )


@cache
def objects() -> Objects:
    return built(settings())


def policies() -> list[dict[str, Any]]:
    return copy.deepcopy(objects().of("NetworkPolicy"))


def pods() -> list[Pod]:
    """One pod of each sort. Namespaces that nobody closes are among them."""
    charts = [("kube-system", {"k8s-app": "kube-dns"}), ("kube-system", {"app": "aws-node"})]
    charts += [
        ("kube-system", dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), each["chart"]))
        for each in objects().manifests
        if each.get("namespace") == "kube-system" and "chart" in each
    ]
    sorts: list[tuple[str, dict[str, str]]] = [
        *charts,
        *(("monitoring", {}), ("default", {}), ("linkerd", {}), ("linkerd-viz", {}), ("cert-manager", {})),
        *((name, labels) for name in TEAMS for labels in ({}, {"ml-platform/calls-api": "true"})),
        *((each["namespace"], each["pods"]) for each in (CHAT, INDEX, NOTES)),
        ("inference", RANK),
    ]
    (subnet, *_) = (network for tier, network in objects().subnets.values() if tier == "pods")
    return [
        Pod(namespace=namespace, labels=labels, address=subnet[20 + number])
        for number, (namespace, labels) in enumerate(sorts)
    ]


def services() -> list[Service]:
    given: list[tuple[str, str, dict[str, str], dict[int, int], int]] = [
        ("kubernetes", "default", {}, {443: 443}, 1),
        ("dns", "kube-system", {"k8s-app": "kube-dns"}, {53: 53}, 10),
        *((each["service"], each["namespace"], each["pods"], {80: each["pod_port"]}, 20) for each in (CHAT, NOTES)),
        ("index", "agents", INDEX["pods"], {9000: 9000}, 22),
        ("index-by-tier", "agents", {"tier": "data"}, {9000: 9000}, 23),
        ("index-by-more", "agents", {**INDEX["pods"], "version": "2"}, {9000: 9000}, 24),
        ("console", "default", {"app": "console"}, {443: 8443}, 25),
    ]
    return [
        Service(name=name, namespace=namespace, selector=selector, ports=ports, address=SERVICES[number])
        for name, namespace, selector, ports, number in given
    ]


def places() -> dict[str, Place]:
    tiers = dict(reversed(objects().subnets.values()))  # the first subnet of each: EKS has two of the intra ones
    addresses = {
        "EKS control plane": tiers["intra"][9],
        "nodes": tiers["private"][9],
        "load balancer, internal": tiers["private"][10],
        "load balancer, public": tiers["public"][9],
        "an endpoint": tiers["private"][11],
        "internet": IPv4Address("198.51.100.7"),
        "a database": IPv4Address("192.0.2.9"),
        "Pod Identity agent": IPv4Address("169.254.170.23"),
        "metadata": IPv4Address("169.254.169.254"),
    }
    return {name: Place(name, address) for name, address in addresses.items()}


CLIENTS = ("EKS control plane", "nodes", "load balancer, internal", "load balancer, public", "internet")
PORTS = (80, 443, 1234, 4143, 4190, 4191, 8000, 8080, 8081, 8089, 9000, 9443, 10250)


def judge(of: list[dict[str, Any]] | None = None) -> Judge:
    return Judge(policies=policies() if of is None else of, pods=pods(), services=services())


def says(rows: list[Reach], client: Pod | Place, target: Pod, port: int) -> bool:
    """Whether the page has a row by which the call passes the network policies."""
    name = client.namespace if isinstance(client, Pod) else client.name
    return any(
        row.to.partition("/")[0] == target.namespace
        and row.pods.items() <= target.labels.items()
        and (str(port) in str(row.wire).split(", ") or row.wire in ("all", "others"))
        and (
            name in row.network.removeprefix("open from ").split(", ")
            if row.network.startswith("open from ")
            else row.network == "open" and _names(row.source, name)
        )
        for row in rows
        if not row.outward
    )


def _names(source: str, name: str) -> bool:
    return source.partition("/")[0] == name or (source == "meshed pods" and name in MESHED)


def differences(of: Judge) -> Iterator[str]:
    """What the page says otherwise than the policies, of every call to a pod in a closed namespace."""
    rows = reach(settings())
    outside = places()
    clients: list[Pod | Place] = [*pods(), *(outside[each] for each in CLIENTS)]
    closed = [pod for pod in pods() if pod.namespace in (*TEAMS, "linkerd", "linkerd-viz", "cert-manager")]
    for target in closed:
        for client in clients:
            for port in PORTS:
                built, said = of.lets(client, target, port), says(rows, client, target, port)
                if built != said and client != target:
                    yield f"{client} to {target} on {port}: {'open' if built else 'closed'} by the policies"


def test_the_page_says_what_the_policies_do() -> None:
    assert list(differences(judge())) == []


def one(namespace: str, **labels: str) -> Pod:
    (found,) = (each for each in pods() if (each.namespace, each.labels) == (namespace, labels))
    return found


def service(name: str) -> Service:
    (found,) = (each for each in services() if each.name == name)
    return found


@pytest.mark.parametrize(
    ("client", "name", "port", "passes"),
    [
        (("agents", {}), "kubernetes", 443, False),
        (("agents", {"ml-platform/calls-api": "true"}), "kubernetes", 443, True),
        (("cert-manager", {}), "kubernetes", 443, True),
        (("agents", {}), "dns", 53, True),
        (("lab", {}), "index", 9000, True),
        (("lab", {}), "index-by-tier", 9000, False),
        (("lab", {}), "index-by-more", 9000, True),
        (("lab", {}), "notes", 80, True),
        (("agents", {}), "notes", 80, False),
        (("agents", {}), "chat", 80, False),
        (("agents", {}), "console", 443, False),
        (("lab", {}), "console", 443, False),
        (("cert-manager", {}), "console", 443, False),
    ],
)
def test_a_service_is_judged_by_its_own_address(
    client: tuple[str, dict[str, str]], name: str, port: int, passes: bool
) -> None:
    """index-by-tier selects by fewer labels than the flow names, so its address stays closed; proxies call chat by the
    addresses of its pods."""
    namespace, labels = client
    assert judge().lets(one(namespace, **labels), service(name), port) == passes


@pytest.mark.parametrize(
    ("client", "place", "port", "passes"),
    [
        ("agents", "internet", 443, True),
        ("agents", "internet", 80, False),
        ("agents", "an endpoint", 443, True),
        ("agents", "an endpoint", 22, False),
        ("agents", "a database", 5432, False),
        ("agents", "Pod Identity agent", 80, True),
        ("agents", "metadata", 80, False),
        ("agents", "EKS control plane", 443, False),
        ("lab", "internet", 443, False),
        ("lab", "an endpoint", 443, True),
        ("lab", "a database", 5432, True),
        ("lab", "a database", 443, False),
        ("cert-manager", "internet", 443, False),
    ],
)
def test_what_pods_of_a_namespace_reach_outside_of_the_cluster(
    client: str, place: str, port: int, passes: bool
) -> None:
    assert judge().lets(one(client), places()[place], port) == passes
    names = {"internet": "AWS and the internet", "an endpoint": "interface endpoints of the VPC"}
    rows = {(row.source, row.to) for row in reach(settings()) if row.outward}
    if (client, place, port) == ("agents", "internet", 443):
        assert (f"{client}/*", names[place]) in rows
        assert ("lab/*", names["an endpoint"]) in rows
        assert ("lab/*", "192.0.2.0/24") in rows
        assert ("lab/*", names[place]) not in rows


def named(of: list[dict[str, Any]], namespace: str, **labels: str) -> dict[str, Any]:
    """The policy of the pods with these labels in a namespace."""
    (found,) = (
        each
        for each in of
        if each["metadata"]["namespace"] == namespace and each["spec"]["podSelector"].get("matchLabels", {}) == labels
    )
    return found


def open_to_every_namespace(of: list[dict[str, Any]]) -> None:
    named(of, "inference")["spec"]["ingress"].append({"from": [{"namespaceSelector": {}}]})


def open_to_every_address(of: list[dict[str, Any]]) -> None:
    named(of, "lab")["spec"]["ingress"].append({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})


def not_closed(of: list[dict[str, Any]]) -> None:
    for each in [each for each in of if each["metadata"]["namespace"] == "inference"]:
        of.remove(each)


def of_the_wrong_port(of: list[dict[str, Any]]) -> None:
    for rule in named(of, "agents", app="index", tier="data")["spec"]["ingress"]:
        for port in rule.get("ports", ()):
            port["port"] = 8081 if port["port"] == 9000 else port["port"]


def of_misspelt_pods(of: list[dict[str, Any]]) -> None:
    named(of, "lab", app="n")["spec"]["podSelector"] = {"matchLabels": {"app": "notes"}}


def in_the_wrong_namespace(of: list[dict[str, Any]]) -> None:
    named(of, "lab", app="n")["metadata"]["namespace"] = "inference"


@pytest.mark.parametrize(
    ("hole", "found"),
    [
        (open_to_every_namespace, "default/* to inference/* on 1234: open by the policies"),
        (open_to_every_address, "internet to lab/* on 8000: open by the policies"),
        (not_closed, "internet to inference/app=chat on 1234: open by the policies"),
        (of_the_wrong_port, "lab/* to agents/app=index,tier=data on 9000: closed by the policies"),
        (of_misspelt_pods, "load balancer, internal to lab/app=n on 8000: closed by the policies"),
        (in_the_wrong_namespace, "load balancer, internal to lab/app=n on 8000: closed by the policies"),
    ],
)
def test_a_hole_in_the_policies_is_a_difference_to_the_page(
    hole: Callable[[list[dict[str, Any]]], None], found: str
) -> None:
    changed = policies()
    hole(changed)
    assert found in set(differences(judge(changed)))


def test_egress_to_every_address_opens_every_service() -> None:
    changed = policies()
    named(changed, "agents")["spec"]["egress"].append(
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    )
    client = one("agents")
    assert not judge().lets(client, service("console"), 443)
    assert not judge(changed).lets(client, service("console"), 443), "what another rule excepts stays refused"
    for rule in named(changed, "agents")["spec"]["egress"]:
        for peer in rule["to"]:
            peer.get("ipBlock", {}).pop("except", None)
    assert judge(changed).lets(client, service("console"), 443)


def test_without_port_4143_the_policies_cut_calls_between_meshed_pods_and_the_page_says_which() -> None:
    changed = policies()
    for policy in changed:
        for direction in ("ingress", "egress"):
            for rule in policy["spec"].get(direction, ()):
                if rule.get("ports"):
                    rule["ports"] = [each for each in rule["ports"] if each["port"] != 4143] or [{**NEVER}]
    cut_off = {each for each in differences(judge(changed)) if "linkerd" not in each}
    assert cut_off == {
        f"agents/{client} to inference/{target} on 4143: closed by the policies"
        for client in ("*", "ml-platform/calls-api=true", "app=index,tier=data")
        for target in ("app=chat", "app=rank")
    }


def test_a_caller_of_the_mesh_that_the_network_does_not_let_pass_is_told() -> None:
    rows = reach(settings())
    assert not cut(rows)
    (row,) = [each for each in rows if (each.source, each.to) == ("agents/gateway", "inference/chat-8080")]
    assert (row.verdict, row.network) == ("allowed", "open")
    assert cut([replace(row, network="closed")]) == [replace(row, network="closed")]


@pytest.mark.parametrize("mode", ["standard", "strict"])
def test_the_page_says_what_the_cni_does_not_enforce(mode: str) -> None:
    page = as_markdown(settings(mode), "prod")
    said = page.partition("## What the CNI does not enforce in main")[2].partition("##")[0]
    for each in ("hostNetwork", "no controller", "nb-alice", "own node", "ClusterNetworkPolicy", "kube-system"):
        assert each in said
    for each in ("reaches everybody until then", "the stack file does not name"):
        assert (each in said) == (mode == "standard"), "with strict a pod without a policy reaches nobody"
    assert "EFA" not in said
    of = settings(mode)
    (pool,) = of.clusters["main"].pools
    cluster = of.clusters["main"].model_copy(update={"pools": (pool.model_copy(update={"name": "h100", "efa": True}),)})
    with_efa = of.model_copy(update={"clusters": {"main": cluster}})
    assert "EFA traffic on h100" in as_markdown(with_efa, "prod")


def test_a_call_between_meshed_namespaces_has_a_row_for_each_of_its_ways() -> None:
    rows = [row for row in reach(settings()) if row.to == "inference/app=rank"]
    assert [(row.source, row.port, row.wire, row.verdict, row.network) for row in rows] == [
        ("agents/*", 8000, 4143, "refused", "open"),
        ("agents/*", 8000, 8000, "refused", "open"),
    ], "the mesh refuses what mesh.services does not name"


def test_proxies_and_their_control_plane_have_one_row_for_all_namespaces() -> None:
    rows = {(row.source, row.to) for row in reach(settings())}
    assert ("meshed pods", "linkerd/linkerd-dst") in rows
    assert ("agents/*", "linkerd/*") not in rows


def test_a_vpc_without_interface_endpoints_has_no_row_of_them() -> None:
    without = settings().model_copy(update={"network": stack().network})
    assert {row.to for row in reach(settings()) if row.source == "lab/*"} >= {"interface endpoints of the VPC"}
    assert "interface endpoints of the VPC" not in {row.to for row in reach(without)}


def test_a_stack_without_isolation_says_so() -> None:
    page = as_markdown(settings().model_copy(update={"isolation": None}), "prod")
    assert "Without `isolation` no network policy closes a namespace." in page
    assert "does not enforce" not in page
    assert {row.network for row in reach(stack())} <= {""}


CHAT_PODS, TO_CHAT = {"app": "chat"}, Pods(namespace="inference", labels={"app": "chat"})
CALLS = out(TO_CHAT, "it asks", 8000)
TAKES = into(Pods(namespace="agents"), "it answers", 8000, pods=CHAT_PODS)


@pytest.mark.parametrize(
    ("flows", "labels", "port", "expected"),
    [
        ({"agents": (CALLS,), "inference": (TAKES,)}, CHAT_PODS, 8000, True),
        ({"agents": (), "inference": (TAKES,)}, CHAT_PODS, 8000, False),
        ({"agents": (CALLS,), "inference": ()}, CHAT_PODS, 8000, False),
        ({"agents": (CALLS,), "inference": (TAKES,)}, {"app": "other"}, 8000, False),
        ({"agents": (CALLS,), "inference": (replace(TAKES, pods={}),)}, {}, 8000, False),
        ({"agents": (replace(CALLS, peer=Pods(namespace="inference")),), "inference": (TAKES,)}, {}, 8000, False),
        ({"agents": (replace(CALLS, pods={"app": "one"}),), "inference": (TAKES,)}, CHAT_PODS, 8000, False),
        ({"agents": (CALLS,), "inference": (TAKES,)}, CHAT_PODS, 8001, False),
        ({"agents": (CALLS,), "inference": (TAKES,)}, CHAT_PODS, None, False),
        ({"agents": (replace(CALLS, ports=()),), "inference": (replace(TAKES, ports=()),)}, CHAT_PODS, None, True),
        ({"agents": (replace(CALLS, ports=(), udp=(53,)),), "inference": (TAKES,)}, CHAT_PODS, 8000, False),
        ({"inference": (TAKES,)}, CHAT_PODS, 8000, True),
        ({"agents": (CALLS,)}, CHAT_PODS, 8000, True),
        ({"agents": (CALLS,)}, {}, 8000, False),
        ({}, {}, None, True),
    ],
)
def test_a_call_passes_where_both_namespaces_let_it(
    flows: Flows, labels: dict[str, str], port: int | None, expected: bool
) -> None:
    assert passes(flows, "agents", "inference", labels, port) == expected


def test_in_kube_system_only_the_pods_of_charts_are_closed() -> None:
    flows = {"kube-system": (into("control-plane", "webhooks", 9443, pods={"app": "controller"}),)}
    assert enters(flows, "door-internal", "kube-system", {"k8s-app": "kube-dns"}, 53)
    assert not enters(flows, "door-internal", "kube-system", {"app": "controller"}, 9443)
    assert enters(flows, "control-plane", "kube-system", {"app": "controller"}, 9443)
    assert passes(flows, "kube-system", "inference", {}, 1), "who is not closed may call"


def test_a_call_that_one_namespace_alone_opens_is_a_row_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    one_sided = {"agents": (CALLS,), "inference": (into(Pods(namespace="lab"), "it answers", 9000),), "lab": ()}
    monkeypatch.setattr("report.reach.flows_of", lambda of, cluster: one_sided)
    told = {(row.source, row.to, row.port, row.network) for row in reach(stack(isolation={}))}
    assert ("agents/*", "inference/app=chat", "8000", "closed") in told
    assert ("lab/*", "inference/*", "9000", "closed") in told
