"""The mesh's policies: who may call which pods, and what a call may take."""

from dataclasses import replace
from typing import Any

import pytest

from components.core.metrics import Scrape
from components.mesh.addons import linkerd_control_plane
from components.mesh.policies import policies
from settings.ingress.ingress import Door, IngressSettings
from settings.mesh.mesh import MeshSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack

TEAMS = [{"name": "serving", "namespaces": ["inference", "agents", "other"]}]
AGENT, CRITIC = ({"namespace": "agents", "service_account": name} for name in ("agent", "critic"))
CHAT: dict[str, Any] = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}}
ROUTE = {**CHAT, "host": "chat.ml.example.com"}
DOORS: dict[Door, list[str]] = {"internal": ["10.0.128.0/20"], "public": ["10.0.0.0/24"]}
MESHED = ("inference", "agents")


def built(*services: dict[str, Any], routes: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    """The specs of a cluster's objects by kind and name."""
    mesh = MeshSettings.model_validate(
        {
            "namespaces": MESHED,
            "inbound": "deny",
            "services": {f"s{i}": each for i, each in enumerate(services)},
            **more,
        }
    )
    public = {"certificate": {"names": ["*.ml.example.com"], "zone_id": "Z0123456789ABCDEFGHIJ"}}
    ingress = IngressSettings.model_validate(
        {"public": public, "routes": {f"r{i}": {**each, "paths": [f"/{i}"]} for i, each in enumerate(routes)}}
    )
    found = policies(mesh, ingress, ["inference", "agents", "other"], DOORS)
    assert len(found) == len({(each["kind"], *each["metadata"].values()) for each in map(plain, found.values())})
    return {f"{each['kind']} {each['metadata']['name']}": each for each in found.values()}


def plain(manifest: Any) -> Any:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
    return {**manifest, "metadata": metadata}


def test_only_the_callers_that_are_named_may_call() -> None:
    found = built({**CHAT, "pod_port": 8080, "callers": [CRITIC, AGENT]})
    assert set(found) == {
        "Server chat-8080",
        "MeshTLSAuthentication chat-8080-callers",
        "AuthorizationPolicy chat-8080-callers",
    }
    server = found["Server chat-8080"]
    assert server["apiVersion"] == "policy.linkerd.io/v1beta3", "older versions drop accessPolicy without a message"
    assert server["spec"] == {
        "podSelector": {"matchLabels": {"app": "chat"}},
        "port": 8080,
        "proxyProtocol": "HTTP/1",
        "accessPolicy": "deny",
    }
    assert [
        (each["kind"], each["namespace"], each["name"])
        for each in found["MeshTLSAuthentication chat-8080-callers"]["spec"]["identityRefs"]
    ] == [("ServiceAccount", "agents", "agent"), ("ServiceAccount", "agents", "critic")]


def test_a_load_balancer_is_known_by_the_subnets_that_it_is_in() -> None:
    found = built(routes=(ROUTE, {**ROUTE, "door": "public"}))
    for door, networks in DOORS.items():
        assert found[f"NetworkAuthentication load-balancer-{door}"]["spec"]["networks"] == [{"cidr": networks[0]}]
        (reference,) = found[f"AuthorizationPolicy chat-80-{door}"]["spec"]["requiredAuthenticationRefs"]
        assert reference["name"] == f"load-balancer-{door}"
    assert not [name for name in found if name.startswith("MeshTLS")], "it has no identity"


def test_nothing_is_made_where_no_proxy_would_read_it() -> None:
    assert not built({**CHAT, "namespace": "other", "callers": [AGENT], "retries": 1})
    assert not built(routes=({**ROUTE, "namespace": "other"},))


def test_entries_about_the_same_pods_share_one_server() -> None:
    other = {**CHAT, "service": "archive", "callers": [CRITIC], "inbound": "audit"}
    found = built({**CHAT, "callers": [AGENT]}, other, routes=(ROUTE,))
    (name,) = [each for each in found if each.startswith("Server")]
    assert name == "Server archive-80", "its name does not depend on the order in the file"
    assert found[name]["spec"]["accessPolicy"] == "deny", "one of them says deny"
    assert len(found["MeshTLSAuthentication archive-80-callers"]["spec"]["identityRefs"]) == 2
    assert "AuthorizationPolicy archive-80-internal" in found


@pytest.mark.parametrize(
    ("inbound", "said", "of_a_service", "of_a_route"),
    [
        ("audit", None, "audit", "audit"),
        ("audit", "deny", "deny", "audit"),
        ("all-authenticated", None, "deny", "all-authenticated"),
        ("deny", None, "deny", "deny"),
        ("deny", "audit", "audit", "deny"),
    ],
)
def test_a_route_opens_pods_to_its_door_and_changes_nothing_for_others(
    inbound: str, said: str | None, of_a_service: str, of_a_route: str
) -> None:
    service = built({**CHAT, "callers": [AGENT], "inbound": said}, inbound=inbound)
    assert service["Server chat-80"]["spec"]["accessPolicy"] == of_a_service
    assert built(routes=(ROUTE,), inbound=inbound)["Server chat-80"]["spec"]["accessPolicy"] == of_a_route


@pytest.mark.parametrize(
    ("protocol", "kind", "retried"), [("http", "HTTPRoute", "5xx"), ("grpc", "GRPCRoute", "internal,unavailable")]
)
def test_clients_in_the_mesh_wait_and_try_again_as_it_is_said(protocol: str, kind: str, retried: str) -> None:
    found = built({**CHAT, "callers": [AGENT], "protocol": protocol, "timeout_seconds": 600, "retries": 2})
    route = found[f"{kind} chat-80-in-mesh"]
    assert route["metadata"]["annotations"] == {
        "timeout.linkerd.io/request": "600s",
        f"retry.linkerd.io/{protocol}": retried,
        "retry.linkerd.io/limit": "2",
    }
    (parent,) = route["spec"]["parentRefs"]
    assert parent == {"group": "", "kind": "Service", "name": "chat", "port": 80}, (
        "a route of a Server would end the exemption of probes"
    )
    assert route["spec"]["rules"] == [{"backendRefs": [parent]}], "without one the Gateway API answers 500"


def test_the_prometheus_of_viz_reads_proxies_that_refuse_everybody() -> None:
    found = built(viz=True)
    assert found["Server proxy-admin"]["spec"]["port"] == 4191
    (reference,) = found["AuthorizationPolicy proxy-admin-prometheus"]["spec"]["requiredAuthenticationRefs"]
    assert (reference["namespace"], reference["name"]) == ("linkerd-viz", "prometheus")
    assert not built(viz=True, inbound="all-authenticated"), "it is meshed itself"


@pytest.mark.parametrize("inbound", ["all-authenticated", "deny"])
def test_the_platforms_prometheus_which_has_no_identity_reads_proxies_by_the_range_of_pods(inbound: str) -> None:
    mesh = MeshSettings.model_validate({"namespaces": ["inference"], "inbound": inbound})
    found = policies(mesh, None, ["inference"], {}, ["100.64.0.0/16"])
    assert found["inference-proxy-admin-server"]["spec"]["accessPolicy"] == inbound, "for others as before"
    (networks,) = found["inference-pods-networkauthentication"]["spec"]["networks"]
    assert networks == {"cidr": "100.64.0.0/16"}
    (allowed,) = found["inference-proxy-admin-monitoring-authorizationpolicy"]["spec"]["requiredAuthenticationRefs"]
    assert allowed == {"group": "policy.linkerd.io", "kind": "NetworkAuthentication", "name": "pods"}


def reading(inbound: str, *services: dict[str, Any], pods: str = "chat") -> dict[str, Any]:
    """The policies where Prometheus reads port 8080 of a program of a team."""
    scrape = Scrape(job="serving/chat", pods={"app": pods}, port=8080, namespace="inference", team="serving")
    mesh = MeshSettings.model_validate(
        {
            "namespaces": ["inference"],
            "inbound": inbound,
            "services": {f"s{i}": each for i, each in enumerate(services)},
        }
    )
    found = policies(
        mesh, None, ["inference", "other"], {}, ["100.64.0.0/16"], [scrape, replace(scrape, namespace="other")]
    )
    return {f"{each['kind']} {each['metadata']['name']}": each["spec"] for each in found.values()}


@pytest.mark.parametrize("inbound", ["all-authenticated", "deny"])
def test_prometheus_reads_the_port_of_a_program_that_others_reach_as_before(inbound: str) -> None:
    found = reading(inbound)
    assert found["Server metrics.chat"] == {
        "podSelector": {"matchLabels": {"app": "chat"}},
        "port": 8080,
        "proxyProtocol": "unknown",  # the program may speak anything there besides
        "accessPolicy": inbound,
    }
    (allowed,) = found["AuthorizationPolicy metrics.chat-monitoring"]["requiredAuthenticationRefs"]
    assert f"{allowed['kind']} {allowed['name']}" in found
    assert found["NetworkAuthentication pods"]["networks"] == [{"cidr": "100.64.0.0/16"}]
    assert len([name for name in found if name.startswith("Server metrics.")]) == 1, "the other one is not meshed"


def test_a_program_gets_no_second_server_where_an_entry_is_about_its_port() -> None:
    audits = {**CHAT, "pod_port": 8080, "inbound": "audit"}
    assert "Server metrics.chat" not in reading("deny", audits), "the older one would decide alone"
    assert "Server metrics.chat" in reading("deny", audits, pods="index")
    assert "Server metrics.chat" not in reading("audit"), "it takes everybody"


def test_proxies_that_take_all_need_no_policy_for_prometheus() -> None:
    mesh = MeshSettings.model_validate({"namespaces": ["inference"], "inbound": "audit"})
    assert policies(mesh, None, ["inference"], {}, ["100.64.0.0/16"]) == {}


def test_a_server_is_there_when_it_knows_whom_it_lets_in(cloud: PlatformCloud) -> None:
    services = {"chat": {**CHAT, "callers": [AGENT]}}
    mesh = {"namespaces": ["inference", "agents"], "services": services}
    cloud.up(stack(teams=TEAMS, mesh=mesh, ingress={"routes": {"chat": ROUTE}}))
    server = cloud.one("policy.linkerd.io/v1beta3:Server")
    allowed = cloud.all("policy.linkerd.io/v1alpha1:AuthorizationPolicy")
    assert len(allowed) == 2
    assert all(server.stands_on(each) for each in allowed), "it would refuse everybody for a moment"
    for each in allowed:  # and so the Server
        assert each.stands_on(cloud.one("helm.sh/v3:Release", "main-linkerd-control-plane"))
        assert each.stands_on(cloud.one("core/v1:Namespace", "main-namespace-inference"))
    networks = cloud.one("policy.linkerd.io/v1alpha1:NetworkAuthentication").inputs["spec"]["networks"]
    private = [each.inputs["cidrBlock"] for each in cloud.all("ec2/subnet:Subnet") if "-private-" in each.name]
    assert sorted(each["cidr"] for each in networks) == sorted(private)
    assert not server.inputs["metadata"].get("annotations"), "no controller says that it is ready"


def test_opaque_ports_are_added_to_those_of_the_chart() -> None:
    values = linkerd_control_plane.opaque_ports(MeshSettings(opaque_ports=(27017, 25)))
    assert values == {"opaquePorts": "25,587,3306,4444,5432,6379,9300,11211,27017"}
    assert linkerd_control_plane.opaque_ports(MeshSettings()) == {}


def test_spans_go_to_the_identity_that_is_named() -> None:
    spans = {"collector": "spans.agents:4317", "namespace": "agents", "service_account": "spans"}
    mesh = MeshSettings.model_validate({"tracing": spans})
    assert linkerd_control_plane.tracing(mesh.tracing) == {
        "tracing": {
            "enabled": True,
            "collector": {
                "endpoint": "spans.agents:4317",
                "meshIdentity": {"serviceAccountName": "spans", "namespace": "agents"},
            },
        }
    }
