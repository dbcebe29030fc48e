"""The page that says who may talk to whom, held against the objects that are built, by rules that are written anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from catalog.mesh_network import MESHED_POD, OpenPort
from report.reach import Reach, as_markdown, cut, reach
from settings.stack.stack import StackSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack

CHAT: dict[str, Any] = {
    "namespace": "inference",
    "service": "chat",
    "port": 80,
    "pod_port": 8080,  # a port of the mesh's control plane, too
    "pods": {"app": "chat"},
}
INDEX: dict[str, Any] = {
    "namespace": "agents",
    "service": "index",
    "port": 9000,
    "pods": {"app": "index", "tier": "data"},
}
GATEWAY, CRITIC = ({"namespace": "agents", "service_account": name} for name in ("gateway", "critic"))
CERTIFICATE = "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
DOORS: dict[str, Any] = {
    "internal": {"certificate": {"arn": CERTIFICATE}, "namespaces": ["agents"]},
    "public": {"certificate": {"arn": CERTIFICATE}},
    "routes": {
        "chat": {**CHAT, "host": "chat.ml.example.com", "door": "public"},
        "notes": {"namespace": "lab", "service": "notes", "port": 80, "pods": {"app": "n"}, "host": "n.example.com"},
        "search": {**INDEX, "host": "search.ml.example.com"},
    },
}


@cache
def settings(inbound: str = "deny", *, viz: bool = True) -> StackSettings:
    return stack(
        teams=[{"name": "serving", "namespaces": ["inference", "agents", "lab"]}],
        mesh={
            "namespaces": ["inference", "agents"],
            "inbound": inbound,
            "viz": viz,
            "services": {
                "chat": {**CHAT, "callers": [GATEWAY]},
                "index": {**INDEX, "callers": [CRITIC], "inbound": "audit", "timeout_seconds": 60},
            },
        },
        ingress=DOORS,
    )


@dataclass(frozen=True)
class Client:
    """Who calls: the name of its row, its service account if it has a proxy, and the addresses that it may have."""

    row: str
    addresses: tuple[IPv4Address, ...]
    identity: tuple[str, str] | None = None


@dataclass
class Objects:
    """What is built in the cluster, as the policy controller and the AWS Load Balancer Controller read it."""

    manifests: list[dict[str, Any]] = field(default_factory=list)
    subnets: dict[str, tuple[str, IPv4Network]] = field(default_factory=dict)

    def of(self, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
        found = [each for each in self.manifests if each.get("kind") == kind]
        return [each for each in found if namespace is None or each["metadata"].get("namespace") == namespace]

    def one(self, kind: str, name: str) -> dict[str, Any]:
        (found,) = (each for each in self.of(kind) if each["metadata"]["name"] == name)
        return found

    def but(self, kind: str, name: str, **changes: dict[str, Any]) -> "Objects":
        """The same objects, with one of them changed."""
        old = self.one(kind, name)
        new = {**old, **{part: {**old[part], **change} for part, change in changes.items()}}
        return Objects([new if each is old else each for each in self.manifests], self.subnets)

    @property
    def proxies(self) -> dict[str, Any]:
        """The values of all proxies."""
        (chart,) = (each for each in self.manifests if each.get("chart") == "linkerd-control-plane")
        values: dict[str, Any] = chart["values"]["proxy"]
        return values

    def is_meshed(self, namespace: str) -> bool:
        annotations = self.one("Namespace", namespace)["metadata"].get("annotations") or {}
        return annotations.get("linkerd.io/inject") == "enabled"

    def in_tier(self, tier: str) -> tuple[IPv4Address, ...]:
        return tuple(network[9] for name, network in self.subnets.values() if name == tier)

    def clients(self) -> Iterator[Client]:
        pods = self.in_tier("pods")
        accounts = {
            (each["namespace"], each["name"])
            for authentication in self.of("MeshTLSAuthentication")
            for each in authentication["spec"]["identityRefs"]
        }
        for account in sorted({*accounts, ("linkerd-viz", "prometheus")}):
            yield Client("/".join(account), pods, account)
        yield Client("other meshed pods", pods, ("agents", "somebody"))
        yield Client("pods without the mesh", pods)
        yield Client("nodes", self.in_tier("private"))
        for gateway in self.of("Gateway"):
            parameters = self.one("GatewayClass", gateway["spec"]["gatewayClassName"])["spec"]["parametersRef"]
            configuration = self.one(parameters["kind"], parameters["name"])["spec"]
            assert configuration["mergingMode"] == "prefer-gateway-class", "a Gateway would say where it is"
            within = [self.subnets[each["identifier"]][1] for each in configuration["loadBalancerSubnets"]]
            yield Client(f"load balancer, {gateway['metadata']['name']}", tuple(each[9] for each in within))

    def verdict(self, client: Client, namespace: str, labels: Mapping[str, str], port: int) -> str:
        """What the proxy of a pod does with a call, of which a person would say the worst."""
        if not self.is_meshed(namespace):
            return "allowed"
        server = next((each for each in self.of("Server", namespace) if self.selects(each, labels, port)), None)
        default = server["spec"]["accessPolicy"] if server else self.proxies["defaultInboundPolicy"]
        if server and any(
            all(self.proves(client, each, namespace) for each in policy["spec"]["requiredAuthenticationRefs"])
            for policy in self.of("AuthorizationPolicy", namespace)
            if self.is_about(policy, server)
        ):
            return "allowed"
        known = client.identity is not None
        return {
            "audit": "audited",
            "deny": "refused",
            "all-authenticated": "allowed" if known else "refused",
            "cluster-authenticated": "allowed" if known else "refused",
        }.get(default, "allowed")

    @staticmethod
    def selects(server: dict[str, Any], labels: Mapping[str, str], port: int) -> bool:
        selector = server["spec"]["podSelector"]
        assert all(each["operator"] == "Exists" for each in selector.get("matchExpressions", ()))
        return (
            server["spec"]["port"] == port
            and selector.get("matchLabels", {}).items() <= labels.items()
            and all(each["key"] in labels for each in selector.get("matchExpressions", ()))
        )

    @staticmethod
    def is_about(policy: dict[str, Any], server: dict[str, Any]) -> bool:
        target = policy["spec"]["targetRef"]
        return target["kind"] == "Namespace" or (target["kind"], target["name"]) == (
            "Server",
            server["metadata"]["name"],
        )

    def proves(self, client: Client, reference: dict[str, Any], namespace: str) -> bool:
        if reference["kind"] == "ServiceAccount":
            return client.identity == (reference.get("namespace", namespace), reference["name"])
        (found,) = (
            each
            for each in self.of(reference["kind"], reference.get("namespace", namespace))
            if each["metadata"]["name"] == reference["name"]
        )
        if reference["kind"] == "MeshTLSAuthentication":
            return client.identity in {(each["namespace"], each["name"]) for each in found["spec"]["identityRefs"]}
        networks = [IPv4Network(each["cidr"]) for each in found["spec"]["networks"]]
        return all(any(address in each for each in networks) for address in client.addresses)


def built(of: StackSettings) -> Objects:
    """Builds a stack, and returns its objects."""
    cloud = PlatformCloud()
    cloud.up(of)
    kubernetes = [each.inputs for each in cloud.registered.values() if each.type.startswith("kubernetes:")]
    subnets = {
        each.id: (
            next(tier for tier in ("public", "private", "intra", "pods") if f"-{tier}-" in each.name),
            each.inputs,
        )
        for each in cloud.all("ec2/subnet:Subnet")
    }
    return Objects(kubernetes, {key: (tier, IPv4Network(own["cidrBlock"])) for key, (tier, own) in subnets.items()})


def differences(objects: Objects, rows: list[Reach]) -> list[str]:
    """What the page says otherwise than the objects; it must name each target, and each client by a row of its own."""
    said = {(row.source, row.to): row for row in rows}
    ports: list[tuple[str, str, Mapping[str, str], int]] = [
        (f"{each['metadata']['namespace']}/{each['metadata']['name']}", *pods_of(each))
        for each in objects.of("Server")
        if each["metadata"]["name"] != "proxy-admin"
    ]
    ports += [(f"{name}/*", name, {"app": "any"}, 1234) for name in ("inference", "agents")]
    found = []
    for to, namespace, labels, port in ports:
        for client in objects.clients():
            other = "pods without the mesh" if client.identity is None else "other meshed pods"
            row = said.get((client.row, to)) or said.get((other, to))
            if row is None or row.port == 4191:
                row = said.get((other, to))
            verdict = objects.verdict(client, namespace, labels, port)
            if row is None or row.verdict != verdict:
                found.append(f"{client.row} to {to}: {row and row.verdict} on the page, {verdict} by the objects")
            elif row.wire not in ("others", wire(objects, client, namespace, port)):
                found.append(f"{client.row} to {to}: port {row.wire} on the page")
    return found


def pods_of(server: dict[str, Any]) -> tuple[str, Mapping[str, str], int]:
    return server["metadata"]["namespace"], server["spec"]["podSelector"]["matchLabels"], server["spec"]["port"]


def wire(objects: Objects, client: Client, namespace: str, port: int) -> int:
    """The port of the packets: two proxies speak to each other on 4143, unless their transport is transparent."""
    both = client.identity is not None and objects.is_meshed(namespace)
    return 4143 if both and objects.proxies.get("outboundTransportMode") != "transparent" else port


@cache
def deny() -> tuple[Objects, list[Reach]]:
    return built(settings()), reach(settings())


@pytest.mark.parametrize(("inbound", "viz"), [("audit", False), ("all-authenticated", False), ("deny", True)])
def test_the_page_says_what_the_objects_do(inbound: str, viz: bool) -> None:
    of = settings(inbound, viz=viz)
    objects, rows = built(of), reach(of)
    assert differences(objects, rows) == []
    servers = {f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in objects.of("Server")}
    assert servers - {"inference/proxy-admin", "agents/proxy-admin"} == {"inference/chat-8080", "agents/index-9000"}
    assert {"load balancer, internal", "load balancer, public"} <= {each.row for each in objects.clients()}
    assert "| agents/gateway | inference/chat-8080 | 8080 | 4143 | allowed |" in as_markdown(of, "prod")


def test_prometheus_is_let_in_where_the_page_says_so() -> None:
    objects, rows = deny()
    label = {"linkerd.io/control-plane-ns": "linkerd"}
    prometheus = next(each for each in objects.clients() if each.row == "linkerd-viz/prometheus")
    scrapes = [row for row in rows if row.port == 4191]
    assert {row.to for row in scrapes} == {"inference/*", "agents/*"}
    for row in scrapes:
        assert row.verdict == objects.verdict(prometheus, row.to.removesuffix("/*"), label, 4191) == "allowed"


def reading(inbound: str, **more: Any) -> StackSettings:
    program = {"namespace": "inference", "pods": {"app": "chat"}, "port": 8000}
    return stack(
        teams=[{"name": "serving", "namespaces": ["inference", "agents"], "metrics": {"chat": program}}],
        mesh={"namespaces": ["inference", "agents"], "inbound": inbound},
        observability={},
        **more,
    )


@pytest.mark.parametrize("inbound", ["audit", "deny"])
def test_what_prometheus_reads_of_a_program_is_on_the_page_with_whom_else_that_lets_in(inbound: str) -> None:
    objects, rows = built(reading(inbound)), reach(reading(inbound))
    assert differences(objects, rows) == []
    said = {row.source.partition("/")[0]: row.verdict for row in rows if row.to == "inference/metrics.chat"}
    # By the range of pods, so without isolation each pod may.
    assert (
        said == {}
        if inbound == "audit"
        else {
            **dict.fromkeys(("monitoring", "other meshed pods", "pods without the mesh", "httpGet probes"), "allowed"),
            "nodes": "refused",
        }
    )


def test_with_isolation_prometheus_reads_the_program_and_no_pod_of_others_does() -> None:
    rows = [row for row in reach(reading("deny", isolation={})) if row.to == "inference/metrics.chat"]
    network = {row.source.partition("/")[0]: row.network for row in rows}
    assert network["monitoring"] == "open"
    assert "every" not in network["pods without the mesh"]
    assert not [row for row in reach(reading("audit", isolation={})) if row.port == 8000 and row.network == "closed"]


def test_without_a_scraper_the_page_asks_for_no_port_of_one() -> None:
    page = as_markdown(settings("audit", viz=False), "prod")
    assert "4191" not in page, "nobody calls it, and no policy opens it"
    assert "| in | 4191 | monitoring |" in " ".join(as_markdown(settings(), "prod").split())


def test_a_namespace_without_the_mesh_is_open_to_every_pod() -> None:
    objects, rows = deny()
    assert {row.source for row in rows if row.to == "lab/notes"} == {"every pod", "load balancer, internal"}
    assert not objects.is_meshed("lab")


ALLOWED_TO_ALL = [
    {
        "kind": "NetworkAuthentication",
        "metadata": {"name": "all", "namespace": "inference"},
        "spec": {"networks": [{"cidr": "0.0.0.0/0"}]},
    },
    {
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "all", "namespace": "inference"},
        "spec": {
            "targetRef": {"kind": "Server", "name": "chat-8080"},
            "requiredAuthenticationRefs": [{"kind": "NetworkAuthentication", "name": "all"}],
        },
    },
]


def test_an_authorization_of_all_addresses_is_a_hole() -> None:
    objects, rows = deny()
    found = differences(Objects([*objects.manifests, *ALLOWED_TO_ALL], objects.subnets), rows)
    assert "pods without the mesh to inference/chat-8080: refused on the page, allowed by the objects" in found
    assert {each.split(" to ")[1].split(":")[0] for each in found} == {"inference/chat-8080"}


def test_a_server_that_lets_all_in_is_a_hole() -> None:
    objects, rows = deny()
    found = differences(objects.but("Server", "index-9000", spec={"accessPolicy": "all-unauthenticated"}), rows)
    assert "pods without the mesh to agents/index-9000: audited on the page, allowed by the objects" in found


def test_a_namespace_whose_pods_get_no_proxy_is_a_hole() -> None:
    objects, rows = deny()
    found = differences(objects.but("Namespace", "inference", metadata={"annotations": {}}), rows)
    assert "pods without the mesh to inference/*: refused on the page, allowed by the objects" in found


def test_a_load_balancer_in_other_subnets_is_refused_by_the_objects() -> None:
    objects, rows = deny()
    intra = [{"identifier": name} for name, (tier, _) in objects.subnets.items() if tier == "intra"]
    moved = objects.but("LoadBalancerConfiguration", "public", spec={"loadBalancerSubnets": intra})
    assert differences(moved, rows) == [
        "load balancer, public to inference/chat-8080: allowed on the page, refused by the objects"
    ]


def test_every_way_that_the_mesh_allows_is_open_in_the_network_model() -> None:
    assert not cut(deny()[1])


@pytest.mark.parametrize("direction", ["in", "out"])
def test_without_port_4143_calls_between_meshed_pods_are_cut(direction: Any) -> None:
    model = [each for each in MESHED_POD if each != OpenPort(direction, 4143, "meshed pods")]
    assert len(model) == len(MESHED_POD) - 1
    found = {(row.source, row.to) for row in cut(deny()[1], model)}
    assert found == {
        ("agents/gateway", "inference/chat-8080"),
        ("agents/critic", "agents/index-9000"),
        ("other meshed pods", "agents/index-9000"),
    }, "the rows say which paths"


@pytest.mark.parametrize("left_out", MESHED_POD, ids=str)
def test_no_port_of_the_network_model_is_there_for_nothing(left_out: OpenPort) -> None:
    assert cut(deny()[1], [each for each in MESHED_POD if each != left_out])


def test_a_stack_without_a_mesh_says_so() -> None:
    assert "The stack has no mesh: every pod may call every other one" in as_markdown(stack(), "prod")
