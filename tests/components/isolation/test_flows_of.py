"""Which flows stay open, from the settings alone: those of teams, and both sides of each call."""

from typing import Any

import pytest

from components.core.flows import Direction, Flow, Pods, Range
from components.isolation.flows_of import flows_of
from components.isolation.policies import network_policies
from settings.isolation.isolation import IsolationSettings
from settings.stack.stack import StackSettings
from tests.components.isolation.test_policies import NETWORKS
from tests.components.stacks import stack
from tests.components.whole_stacks import STACKS

SERVING: dict[str, Any] = {"name": "serving", "namespaces": ["inference"]}
AGENTS: dict[str, Any] = {"name": "agents", "namespaces": ["agents"]}
LAB: dict[str, Any] = {"name": "lab", "namespaces": ["lab", "annex"]}
CHAT = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}, "pod_port": 8080}
ALWAYS = [
    ("out", "dns", (53,)),
    ("out", "pod-identity", (80,)),
    ("out", "aws", (443,)),
    ("out", "api-server", (443,)),
    ("out", "own-namespace", ()),
    ("in", "own-namespace", ()),
]


def isolated(*teams: dict[str, Any], **more: Any) -> StackSettings:
    return stack(isolation={}, teams=teams or [SERVING, AGENTS, LAB], **more)


def known(flows: tuple[Flow, ...]) -> list[tuple[Direction, object, tuple[int, ...]]]:
    return [(flow.direction, flow.peer, flow.ports) for flow in flows if isinstance(flow.peer, str)]


def calls(flows: tuple[Flow, ...]) -> list[tuple[Direction, str, tuple[int, ...], dict[str, str], dict[str, str]]]:
    """Direction, namespace of the peer, ports, labels of the peer and of the namespace's own pods."""
    return [
        (flow.direction, flow.peer.namespace, flow.ports, dict(flow.peer.labels), dict(flow.pods))
        for flow in flows
        if isinstance(flow.peer, Pods)
    ]


def test_a_team_reaches_itself_dns_aws_and_nobody_else() -> None:
    found = flows_of(isolated(), "main")
    assert {"inference", "agents", "lab", "annex"} <= found.keys()
    assert known(found["inference"]) == ALWAYS
    assert calls(found["inference"]) == []
    assert {"kube-node-lease", "kube-public", "default"}.isdisjoint(found)


def test_only_pods_that_say_so_reach_the_api_server() -> None:
    (flow,) = [each for each in flows_of(isolated(), "main")["lab"] if each.peer == "api-server"]
    assert flow.pods == {"ml-platform/calls-api": "true"}


def test_namespaces_of_one_team_reach_each_other() -> None:
    found = flows_of(isolated(), "main")
    assert sorted(calls(found["lab"])) == [("in", "annex", (), {}, {}), ("out", "annex", (), {}, {})]
    assert sorted(calls(found["annex"])) == [("in", "lab", (), {}, {}), ("out", "lab", (), {}, {})]


def test_an_open_port_has_both_of_its_sides() -> None:
    entry = {"namespace": "inference", "pods": {"app": "chat"}, "ports": [8000], "callers": ["agents", "cert-manager"]}
    cluster = {
        "version": "1.35",
        "pools": stack().clusters["main"].model_dump()["pools"],
        "addons": {"cert-manager": {}},
    }
    before = flows_of(isolated(SERVING, AGENTS, LAB, clusters={"main": cluster}), "main")
    found = flows_of(
        isolated({**SERVING, "network": {"open": [entry]}}, AGENTS, LAB, clusters={"main": cluster}), "main"
    )
    assert calls(found["agents"]) == [("out", "inference", (8000,), {"app": "chat"}, {})], "as the Service selects them"
    assert calls(found["inference"]) == [
        ("in", "agents", (8000,), {}, {"app": "chat"}),
        ("in", "cert-manager", (8000,), {}, {"app": "chat"}),
    ]
    new = [flow for flow in found["cert-manager"] if flow not in before["cert-manager"]]
    assert calls(tuple(new)) == [("out", "inference", (8000,), {"app": "chat"}, {})]
    assert found["lab"] == before["lab"], "a team that is no caller is left alone"


def test_callers_in_kube_system_are_let_in_and_not_closed() -> None:
    entry = {"namespace": "inference", "ports": [8000], "callers": ["kube-system"]}
    settings = isolated({**SERVING, "network": {"open": [entry]}}, ingress={}, mesh={})
    found, before = flows_of(settings, "main"), flows_of(isolated(SERVING, ingress={}, mesh={}), "main")
    assert ("in", "kube-system", (8000,), {}, {}) in calls(found["inference"])
    assert found["kube-system"] == before["kube-system"], "a flow of all pods there would close CoreDNS"


def covers(some: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return not some or (bool(others) and set(others) <= set(some))


@pytest.mark.parametrize("stack_file", ["dev", "prod"])
def test_a_call_between_two_closed_namespaces_is_open_on_both_sides(stack_file: str) -> None:
    found = flows_of(STACKS[stack_file](), "main")
    checked = 0
    for namespace, flows in found.items():
        for flow in flows:
            # In kube-system only some pods are closed.
            if isinstance(flow.peer, Pods) and flow.peer.namespace in found.keys() - {"kube-system", namespace}:
                others = [each for each in found[flow.peer.namespace] if each.direction != flow.direction]
                assert any(
                    isinstance(each.peer, Pods) and each.peer.namespace == namespace and covers(each.ports, flow.ports)
                    for each in others
                ), f"{namespace}: {flow} has no other side in {flow.peer.namespace}"
                checked += 1
    assert checked


def test_without_the_internet_a_team_has_the_endpoints_of_the_vpc() -> None:
    team = {**LAB, "network": {"internet": False, "ranges": [{"cidr": "10.200.0.0/16", "ports": [5432]}]}}
    flows = flows_of(isolated(team), "main")["lab"]
    peers = [flow.peer for flow in flows]
    assert "endpoints" in peers
    assert not {"aws", "outside"} & {peer for peer in peers if isinstance(peer, str)}
    assert [(flow.peer, flow.ports) for flow in flows if isinstance(flow.peer, Range)] == [
        (Range(cidr="10.200.0.0/16"), (5432,))
    ]


def test_load_balancers_reach_the_pods_of_routes_and_all_pods_where_teams_make_routes() -> None:
    route = {**CHAT, "host": "chat.example.com", "door": "internal"}
    ingress = {"internal": {"namespaces": ["agents"]}, "routes": {"chat": route}}
    found = flows_of(isolated(ingress=ingress), "main")
    (of_route,) = [flow for flow in found["inference"] if flow.peer == "door-internal"]
    assert (of_route.ports, of_route.pods) == ((8080,), {"app": "chat"}), "the ports of pods, not of the Service"
    (of_namespace,) = [flow for flow in found["agents"] if flow.peer == "door-internal"]
    assert (of_namespace.ports, of_namespace.pods) == ((), {})
    assert not any(str(flow.peer).startswith("door") for flow in found["lab"])


def test_the_mesh_has_the_ports_of_its_proxies_between_those_who_may_call() -> None:
    services = {"chat": {**CHAT, "callers": [{"namespace": "agents", "service_account": "gateway"}]}}
    mesh = {"namespaces": ["inference", "agents"], "services": services, "viz": True}
    found = flows_of(isolated(mesh=mesh), "main")
    assert ("in", "agents", (4143,), {}, {"app": "chat"}) in calls(found["inference"])
    assert ("out", "inference", (4143,), {"app": "chat"}, {}) in calls(found["agents"])
    for namespace in ("inference", "agents"):
        assert ("out", "linkerd", (8080, 8086, 8090), {}, {}) in calls(found[namespace])
        assert ("in", namespace, (8080, 8086, 8090), {}, {}) in calls(found["linkerd"])
        assert ("in", "linkerd-viz", (4190, 4191), {}, {}) in calls(found[namespace])
        assert ("out", namespace, (4190, 4191), {}, {}) in calls(found["linkerd-viz"])
    assert not any(to.startswith("linkerd") for _, to, *_ in calls(found["lab"])), "it is not meshed"


def test_the_mesh_lets_in_namespaces_that_are_not_closed() -> None:
    storage = {"file_systems": {"home": {"purpose": "shared", "used_by": [{"namespace": "visitors"}]}}}
    found = flows_of(isolated(mesh={"namespaces": ["visitors"]}, storage=storage), "main")
    assert ("in", "visitors", (8080, 8086, 8090), {}, {}) in calls(found["linkerd"])
    assert "visitors" not in found, "it has no team"


def test_a_call_of_one_meshed_namespace_to_another_comes_by_its_proxy() -> None:
    entry = {"namespace": "inference", "ports": [8000], "callers": ["agents", "lab"]}
    mesh = {"namespaces": ["inference", "agents"]}
    found = flows_of(isolated({**SERVING, "network": {"open": [entry]}}, AGENTS, LAB, mesh=mesh), "main")
    assert ("out", "inference", (8000, 4143), {}, {}) in calls(found["agents"])
    assert ("out", "inference", (8000,), {}, {}) in calls(found["lab"])
    assert not any(to == "linkerd-viz" for _, to, *_ in calls(found["inference"])), "there is no dashboard"


def test_proxies_reach_the_collector_of_spans_in_another_namespace() -> None:
    spans = {"collector": "spans.agents:4317", "namespace": "agents", "service_account": "spans"}
    found = flows_of(isolated(mesh={"namespaces": ["inference", "agents"], "tracing": spans}), "main")
    assert ("out", "agents", (4317,), {}, {}) in calls(found["inference"])
    assert ("in", "inference", (4317,), {}, {}) in calls(found["agents"])


def test_a_cluster_without_isolation_closes_nothing() -> None:
    assert flows_of(stack(teams=[LAB]), "main") == {}


def test_only_the_teams_of_a_cluster_are_closed_in_it() -> None:
    both = {key: stack().clusters["main"].model_dump() for key in ("main", "other")}
    teams = [{**LAB, "cluster": "main"}, {**AGENTS, "cluster": "other"}]
    settings = isolated(*teams, clusters=both)
    assert "agents" not in flows_of(settings, "main")
    assert "lab" not in flows_of(settings, "other")
    assert flows_of(settings.model_copy(update={"isolation": settings.isolation_of("main")}), "main").keys() >= {"lab"}


@pytest.mark.parametrize("stack_file", ["dev", "prod"])
def test_nobody_reaches_the_engine_of_dcgm_that_asks_nobody_who_they_are(stack_file: str) -> None:
    settings = STACKS[stack_file]()
    settings = settings.model_copy(update={"isolation": settings.isolation or IsolationSettings()})
    found = flows_of(settings, "main")
    to_nodes = [flow for flows in found.values() for flow in flows if flow.direction == "out" and flow.peer == "nodes"]
    assert all(flow.ports and 5555 not in flow.ports for flow in to_nodes)
    (own,) = [flow for flow in found["kube-system"] if flow.pods == {"k8s-app": "dcgm-server"}]
    assert (own.direction, own.peer, own.ports) == ("in", "own-node", (5555,))
    (policy,) = [
        each["spec"]
        for each in network_policies("kube-system", [own], NETWORKS)
        if each["spec"]["podSelector"].get("matchLabels") == {"k8s-app": "dcgm-server"}
    ]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy, "the agent on its own node gets through any policy, and nobody else"
    assert "egress" not in policy


def test_a_cluster_without_gpus_has_no_such_engine() -> None:
    assert not [
        flow for flow in flows_of(isolated(), "main").get("kube-system", ()) if flow.pods == {"k8s-app": "dcgm-server"}
    ]
