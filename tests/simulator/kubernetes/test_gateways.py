"""What the AWS Load Balancer Controller says of classes, Gateways and routes, as a program waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.aws import tokens
from simulator.kubernetes import gateway_rules
from simulator.kubernetes.clusters import cluster_of
from simulator.kubernetes.gateway_configurations import merged
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench
from tests.simulator.kubernetes.load_balancer_cluster import (
    ALB,
    ARN,
    AWS,
    INTERNAL,
    NLB,
    configuration,
    definitions,
    empty,
    gateway,
    gateway_class,
    install,
    listener,
    object_of,
    own,
    route,
    service,
    targets,
)
from tests.simulator.kubernetes.route_cases import CASES, Case
from tests.simulator.kubernetes.test_readiness import chart, waiting


@pytest.fixture
def bare(tmp_path: Path) -> Bench:
    """A cluster with the definitions and the controller, and nothing that uses them."""
    made = empty(tmp_path)
    definitions(made, "gateway-api", "gateway.k8s.aws", "elbv2.k8s.aws")
    install(made)
    return made


@pytest.fixture
def cluster(bare: Bench) -> Bench:
    """The same cluster with an internal class, whose load balancers reach pods, and a Service."""
    bare.make(targets(), "targets")
    bare.make(configuration(**INTERNAL), "configuration")
    bare.make(gateway_class(), "class")
    bare.make(service(), "service")
    return bare


def refusal(cluster: Bench, inputs: Props) -> str:
    with pytest.raises(Refusal) as refused:
        cluster.make(inputs, "refused")
    return str(refused.value)


def balancers(cluster: Bench) -> list[Props]:
    return [row.state for row in cluster.cloud.of_type(tokens.LOAD_BALANCER)]


def test_a_gateway_with_everything_it_needs_has_an_address(cluster: Bench) -> None:
    _, _, state = cluster.make(gateway(), "gateway")
    cluster.make(route(), "route")
    assert [each["type"] for each in state["status"]["conditions"]] == ["Accepted", "Programmed"]
    (balancer,) = balancers(cluster)
    assert state["status"]["addresses"] == [{"type": "Hostname", "value": balancer["DNSName"]}]
    assert (balancer["Type"], balancer["Scheme"]) == ("application", "internal")


@pytest.mark.parametrize("late", ["gateway-api", "gateway.k8s.aws"])
def test_definitions_that_come_after_the_controller_are_not_seen_until_it_starts_again(
    tmp_path: Path, late: str
) -> None:
    made = empty(tmp_path)
    first = "gateway.k8s.aws" if late == "gateway-api" else "gateway-api"
    definitions(made, first)
    release = install(made)
    definitions(made, late)
    made.make(targets(), "targets")
    made.make(configuration(**INTERNAL), "configuration")
    text = refusal(made, gateway_class())
    assert "it looks for definitions only at its start" in text
    assert "Let its release depend on the definitions" in text
    again = chart("aws-load-balancer-controller", clusterName="main", vpcId="vpc-1", replicaCount=2)
    made.update(release, made.checked(again | {"skipCrds": True}, "controller"), "controller")
    made.make(gateway_class(), "class")


def test_nothing_is_accepted_without_the_controller(tmp_path: Path) -> None:
    made = empty(tmp_path)
    definitions(made, "gateway-api", "gateway.k8s.aws")
    made.make(configuration(**INTERNAL), "configuration")
    assert "no release of chart aws-load-balancer-controller runs in the cluster" in refusal(made, gateway_class())
    made.make(gateway_class("example.com/other"), "of-another")
    made.make(gateway(), "gateway")
    assert balancers(made) == [], "a class of another controller is none of its business"


def test_a_class_needs_its_configuration_with_the_namespace_and_the_default_targets(bare: Bench) -> None:
    assert "LoadBalancerConfiguration (internal,ingress) not found" in refusal(bare, gateway_class())
    nowhere = {"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": "internal"}
    assert "Namespace must be specified in ParametersRef" in refusal(bare, gateway_class(parametersRef=nowhere))
    bare.make(configuration(**INTERNAL), "configuration")
    assert 'TargetGroupConfiguration: "ip" not found in namespace "ingress"' in refusal(bare, gateway_class())
    bare.make(targets(targetReference={"name": "app"}), "targets")
    assert "has targetReference set and cannot be used" in refusal(bare, gateway_class())


def test_a_gateway_of_a_class_that_is_not_accepted_is_not_either(bare: Bench) -> None:
    assert "there is no GatewayClass alb" in refusal(bare, gateway())
    class_ = gateway_class()
    class_["metadata"].pop("annotations")
    bare.make(class_, "class")
    assert "when gateway class [alb] is not accepted" in refusal(bare, gateway())


def test_a_configuration_has_no_condition_and_a_gateway_has_two(cluster: Bench) -> None:
    text = refusal(cluster, waiting(configuration("other"), "condition=Accepted"))
    assert "no controller gives a LoadBalancerConfiguration this: condition=Accepted. It has none of its own" in text
    text = refusal(cluster, waiting(gateway(), "condition=Ready"))
    assert "no controller gives a Gateway this: condition=Ready. It has Accepted, Programmed" in text
    text = refusal(cluster, waiting(route(), "condition=Accepted"))
    assert "no controller gives a HTTPRoute this: condition=Accepted. It has none of its own" in text


def of_parent(condition: str) -> str:
    return f'jsonpath={{.status.parents[0].conditions[?(@.type=="{condition}")].status}}=True'


def test_a_route_says_by_parent_that_it_is_accepted(cluster: Bench) -> None:
    cluster.make(gateway(), "gateway")
    assert "no controller gives a HTTPRoute this" in refusal(cluster, waiting(route(), of_parent("Ready")))
    _, _, state = cluster.make(waiting(route(), of_parent("Accepted")), "route")
    assert state["status"]["parents"][0]["controllerName"] == ALB


def test_rules_of_a_listener_need_their_secret(cluster: Bench) -> None:
    config = {
        "secret": {"name": "login"},
        "issuer": "https://example.com",
        "authorizationEndpoint": "https://example.com/a",
    }
    config |= {"tokenEndpoint": "https://example.com/t", "userInfoEndpoint": "https://example.com/u"}
    spec = {"actions": [{"type": "authenticate-oidc", "authenticateOIDCConfig": config}]}
    rules = waiting(
        object_of(AWS, "ListenerRuleConfiguration", "login", "apps", spec), "jsonpath={.status.accepted}=true"
    )
    assert "secret [apps/login] not found" in refusal(cluster, rules)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "apps"}}
    cluster.make(secret, "secret")
    cluster.make(rules, "rules")


@pytest.mark.parametrize(
    ("listeners", "text"),
    [
        ([listener("TCP", 80)], "Unsupported protocol TCP for listener tcp"),
        ([listener(), listener("HTTPS", 80)], "Protocol conflict for port 80"),
    ],
)
def test_listeners_that_an_application_load_balancer_cannot_have(
    cluster: Bench, listeners: list[Props], text: str
) -> None:
    assert f"ListenersNotValid: {text}" in refusal(cluster, gateway(*listeners))


HTTPS = listener("HTTPS", 443)


def with_certificate(port: int = 443) -> Props:
    return {"listenerConfigurations": [{"protocolPort": f"HTTPS:{port}", "defaultCertificate": ARN}]}


def test_the_missing_certificate_shows_with_the_first_route_because_the_listener_only_appears_then(
    cluster: Bench,
) -> None:
    cluster.make(gateway(HTTPS), "gateway")
    text = refusal(cluster, route())
    assert "nothing comes through HTTPRoute app" in text
    assert (
        "No hostnames found for TLS cert discovery for listener on gateway ingress/web with protocol:port HTTPS:443"
        in text
    )
    text = refusal(cluster, route(hostnames=["app.example.com"]))
    assert "no certificate found for host: app.example.com" in text
    cluster.cloud.put("aws:acm/certificate:Certificate", ARN, {"domainName": "*.example.com"})
    assert "no certificate found for host: a.b.example.com" in refusal(cluster, route(hostnames=["a.b.example.com"]))
    cluster.make(route(hostnames=["app.example.com"]), "route")


def test_a_certificate_by_arn_is_that_of_one_protocol_and_port(bare: Bench) -> None:
    bare.make(targets(), "targets")
    bare.make(configuration(**INTERNAL, **with_certificate()), "configuration")
    bare.make(gateway_class(), "class")
    bare.make(service(), "service")
    bare.make(gateway(HTTPS), "gateway")
    bare.make(route(), "route")
    bare.make(gateway(listener("HTTPS", 8443), name="other"), "other")
    assert "HTTPS:8443" in refusal(
        bare, route(parent={"name": "other"}) | {"metadata": {"name": "b", "namespace": "apps"}}
    )


@pytest.mark.parametrize("type_", ["ClusterIP", "NodePort"])
def test_target_type_instance_needs_node_ports(bare: Bench, type_: str) -> None:
    bare.make(configuration(scheme="internal"), "configuration")
    bare.make(gateway_class(), "class")
    bare.make(service(type_=type_), "service")
    bare.make(gateway(), "gateway")
    if type_ == "ClusterIP":
        text = "When using Instance targets, your service must be of type 'NodePort' or 'LoadBalancer'"
        assert text in refusal(bare, route())
        bare.make(targets("of-app", "apps", targetReference={"name": "app"}), "targets")
    bare.make(route(), "route")


def test_the_value_of_the_chart_is_the_target_type_where_no_configuration_names_one(tmp_path: Path) -> None:
    made = empty(tmp_path)
    definitions(made, "gateway-api", "gateway.k8s.aws")
    install(made, defaultTargetType="ip")
    made.make(configuration(scheme="internal"), "configuration")
    made.make(gateway_class(), "class")
    made.make(service(), "service")
    made.make(gateway(), "gateway")
    made.make(route(), "route")


def about(name: str, **properties: Any) -> Props:
    """Returns what a team says about the target group of its Service."""
    return targets(name, "apps", targetReference={"name": "app"}, defaultConfiguration=properties)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([about("a", targetType="instance")], "When using Instance targets, your service must be of type 'NodePort'"),
        ([about("a", targetType="ip", protocol="TCP")], "backend protocol must be within [HTTP, HTTPS]: TCP"),
        ([about("a", targetType="ip"), about("b", targetType="instance")], "When using Instance targets"),
        ([about("a", targetType="ip", protocol="HTTPS"), about("b")], ""),
    ],
)
def test_a_target_group_that_a_load_balancer_cannot_have_stops_the_whole_gateway(
    cluster: Bench, said: list[Props], text: str
) -> None:
    for each in said:
        _stored(cluster, each)
    _stored(cluster, route())
    if text:
        assert text in refusal(cluster, gateway())
    else:
        cluster.make(gateway(), "gateway")


NEVER = "Listener does not allow route attachment"


@pytest.mark.parametrize(
    ("of_gateway", "inputs", "text"),
    [
        (listener(from_="Same"), route(), f"{NEVER}, namespace does not match"),
        (listener(hostname="other.example.com"), route(hostnames=["a.example.com"]), f"{NEVER}, no matching hostname"),
        (listener(), route(parent={"sectionName": "https"}), "Route parentRef does not match listener"),
        (listener(), route(parent={"name": "none"}), "there is no Gateway ingress/none"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_route_that_leads_nowhere_is_told(cluster: Bench, of_gateway: Props, inputs: Props, text: str) -> None:
    cluster.make(gateway(of_gateway), "gateway")
    assert text in refusal(cluster, inputs)


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        (route(backend={"name": "none"}), "Service (apps:none) not found"),
        (route(backend={"port": 81}), "Unable to find service port for port 81"),
        (route("ingress", backend={"namespace": "apps"}), "no ReferenceGrant in namespace apps allows it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_route_without_its_service_is_a_warning_because_a_team_may_bring_it_later(
    cluster: Bench, inputs: Props, text: str
) -> None:
    cluster.make(gateway(), "gateway")
    cluster.make(waiting(inputs, of_parent("Accepted")), "accepted")
    assert cluster.warnings == []
    resolved = waiting(inputs, of_parent("ResolvedRefs"))
    resolved["metadata"]["name"] = "resolved"
    assert text in refusal(cluster, resolved)
    unawaited = {**inputs, "metadata": {**inputs["metadata"], "name": "unawaited"}}
    cluster.make(unawaited, "unawaited")
    (warning,) = cluster.warnings
    assert text in warning


BUILD, DEPLOY = "Failed build model due to", "Failed deploy model due to"
HEADER = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x"]}}
REWRITE = {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/v2"}}}
GRPC = {"kind": "GRPCRoute"}


def redirect(**path: str) -> Props:
    return {"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath", **path}}}


def ruled(backend: Props | None = None, hosts: tuple[str, ...] = (), **rule: Any) -> Props:
    """Returns a route with one rule. backend: of it; {}: none."""
    backends = [] if backend == {} else [{"name": "app", "port": 80, **(backend or {})}]
    inputs = route(rules=[{"backendRefs": backends, **rule}])
    return {**inputs, "spec": {**inputs["spec"], **({"hostnames": list(hosts)} if hosts else {})}}


def on_path(value: str, type_: str = "PathPrefix", **more: Any) -> list[Props]:
    return [{"path": {"type": type_, "value": value}, **more}]


QUERY: dict[str, Any] = {"queryParams": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}
HEADERS: dict[str, Any] = {"headers": [{"name": "x-model", "value": "a,b"}]}
HOST = ("a.example.com",)
LOOP = f"{DEPLOY} InvalidLoadBalancerAction: The redirect configuration is not valid because it creates a loop."


def redirecting(**to: Any) -> Props:
    filters = [{"type": "RequestRedirect", "requestRedirect": to}]
    return ruled({}, matches=on_path("/v1"), filters=filters, hosts=HOST)


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        (ruled(matches=on_path("/v1/*")), f"{BUILD} prefix path shouldn't contain wildcards: /v1/*"),
        (ruled(matches=on_path("/v1?")), f"{BUILD} prefix path shouldn't contain wildcards: /v1?"),
        (ruled(filters=[HEADER]), f"{BUILD} Unsupported filter type: RequestHeaderModifier. Only request redirect is"),
        (ruled(filters=[REWRITE, HEADER]), f"{BUILD} Unsupported filter type: RequestHeaderModifier"),
        (ruled({}, filters=[redirect(replaceFullPath="/*")]), f"{BUILD} ReplaceFullPath shouldn't contain wildcards"),
        (ruled(filters=[HEADER]) | GRPC, f"{BUILD} Unsupported filter type: RequestHeaderModifier. To specify header"),
        (ruled(filters=[REWRITE]) | GRPC, f"{BUILD} Unsupported filter type: URLRewrite. To specify header"),
        (ruled({"weight": 1000}), "Weight [1000] must be less than or equal to 999"),
        (ruled(matches=on_path("/" + "a" * 126)), f"{DEPLOY} ValidationError: condition value '/aaa"),
        (
            ruled(matches=on_path("/v1", **QUERY, method="GET"), hosts=HOST),
            f"{DEPLOY} ValidationError: A rule can only",
        ),
        (
            ruled(matches=on_path("/v1", **HEADERS, method="GET"), hosts=HOST),
            "A rule can only have '5' condition values",
        ),
        (ruled(matches=on_path("/v1;a")), "Condition value '/v1;a' contains a character that is not valid"),
        (route(rules=[{"backendRefs": [{"name": "app", "port": 80}] * 6}]), "only have '5' target groups"),
        (redirecting(path={"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}), LOOP),
        (redirecting(), LOOP),
        (redirecting(scheme="http"), LOOP),
        (redirecting(scheme="http", port=80), LOOP),
        (redirecting(hostname=HOST[0]), LOOP),
        (redirecting(hostname="b.example.com", statusCode=308), "Redirect status code 'HTTP_308' must be one of"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_route_that_no_load_balancer_can_have_stops_its_whole_gateway(
    cluster: Bench, inputs: Props, text: str
) -> None:
    _stored(cluster, inputs)
    assert text in refusal(cluster, gateway(with_grpc()))


@pytest.mark.parametrize(
    "inputs",
    [
        ruled(matches=on_path("/v1/*", "Exact")),
        ruled(matches=on_path("/v1/.*", "RegularExpression")),
        ruled(filters=[REWRITE]),
        ruled({}, filters=[redirect(replaceFullPath="/"), HEADER]),
        ruled({"weight": 999}),
        redirecting(hostname="b.example.com"),
        redirecting(scheme="https"),
        redirecting(port=8080),
        redirecting(path={"type": "ReplaceFullPath", "replaceFullPath": "/v2"}, statusCode=301),
        redirecting(scheme="https", path={"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}),
        ruled(matches=on_path("/" + "a" * 125)),
        ruled(matches=on_path("/v1", **QUERY), hosts=HOST),
        ruled(matches=on_path("/", **HEADERS, method="GET"), hosts=HOST),
        ruled() | GRPC,
    ],
    ids=lambda _: "",
)
def test_what_a_load_balancer_can_have_comes_through(cluster: Bench, inputs: Props) -> None:
    _stored(cluster, inputs)
    cluster.make(gateway(with_grpc()), "gateway")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_controller_and_the_policy_of_routes_agree(case: Case) -> None:
    """The same cases are put to the API server with the policy."""
    door = {"name": "https", "protocol": "HTTPS", "port": 443}
    why = (
        gateway_rules.why_not_loaded(case.route)
        or gateway_rules.why_not_built(case.route)
        or gateway_rules.why_not_made(door, case.route, case.route["spec"]["hostnames"])
    )
    assert bool(why) is bool(case.says), why


def with_grpc() -> Props:
    more = {"kinds": [{"kind": "HTTPRoute"}, {"kind": "GRPCRoute"}]}
    return listener(allowedRoutes={"namespaces": {"from": "All"}, **more})


def _stored(cluster: Bench, inputs: Props) -> None:
    """Puts a route of a user into the cluster, whom nobody tells what it stops."""
    (row,) = cluster.cloud.of_type("aws:eks/cluster:Cluster")
    cluster_of(cluster.cloud, row).put(inputs, "apps")


RANGES = [f"10.{number}.0.0/16" for number in range(61)]


@pytest.mark.parametrize(
    ("spec", "listeners", "fits"),
    [
        ({"sourceRanges": RANGES[:60]}, 1, True),
        ({"sourceRanges": RANGES}, 1, False),
        ({"sourceRanges": RANGES[:31]}, 2, False),
        ({"sourceRanges": RANGES[:31], "enableICMP": True}, 1, False),
        ({"sourceRanges": RANGES, "securityGroups": ["sg-1"]}, 1, True),
        ({"sourceRanges": [*RANGES[:59], "fd00::/8", "fd01::/16"], "ipAddressType": "dualstack"}, 1, True),
    ],
)
def test_a_security_group_has_a_rule_for_each_source_and_listener(
    cluster: Bench, spec: Props, listeners: int, fits: bool
) -> None:
    cluster.make(configuration("many", **spec), "many")
    ports = [listener(port=port, name=f"p{port}") for port in (80, 81)[:listeners]]
    _stored(cluster, route())
    wanted = gateway(*ports, **own("many"))
    if not fits:
        assert f"{DEPLOY} RulesPerSecurityGroupLimitExceeded" in refusal(cluster, wanted)
        cluster.cloud.quotas = {"L-0EA8095F": 62}
    cluster.make(wanted, "gateway")


def test_a_listener_takes_routes_of_the_namespaces_that_it_selects(cluster: Bench) -> None:
    def selecting(team: str) -> Props:
        namespaces = {"from": "Selector", "selector": {"matchLabels": {"team": team}}}
        return listener() | {"allowedRoutes": {"namespaces": namespaces}}

    made = cluster.make(gateway(selecting("ops")), "gateway")
    assert f"{NEVER}, namespace does not match" in refusal(cluster, route())
    cluster.update(made, cluster.checked(gateway(selecting("apps")), "gateway"), "gateway")
    cluster.make(route(), "route")


def test_a_grant_lets_a_route_reach_into_another_namespace(cluster: Bench) -> None:
    cluster.make(gateway(), "gateway")
    froms = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "ingress"}]
    spec = {"from": froms, "to": [{"group": "", "kind": "Service"}]}
    cluster.make(object_of("gateway.networking.k8s.io/v1", "ReferenceGrant", "r", "apps", spec), "grant")
    cluster.make(route("ingress", backend={"namespace": "apps"}), "route")


def test_a_route_of_the_mesh_has_a_service_as_its_parent(cluster: Bench) -> None:
    cluster.make(route(parent={"group": "", "kind": "Service", "name": "app"}), "route")


def test_an_application_load_balancer_needs_subnets_in_two_zones_and_a_network_one_does_not(cluster: Bench) -> None:
    cluster.cloud.delete(tokens.SUBNET, "subnet-private-us-west-2b")
    assert "subnets count less than minimal required count: 1 < 2" in refusal(cluster, gateway())
    nlb = gateway_class(NLB)
    nlb["metadata"]["name"] = "nlb"
    cluster.make(nlb, "nlb")
    cluster.make(gateway(listener("TCP", 80), gatewayClassName="nlb"), "gateway")
    assert [each["Type"] for each in balancers(cluster)] == ["network"]


def test_subnets_of_other_clusters_are_not_taken_and_named_ones_have_to_be_there(cluster: Bench) -> None:
    for row in cluster.cloud.of_type(tokens.SUBNET):
        tags = {**row.state["tags"], "kubernetes.io/cluster/other": "shared"}
        cluster.cloud.put(row.type, row.id, row.state | {"tags": tags}, region=row.region)
    assert "Evaluated 2 subnets: 2 are tagged for other clusters" in refusal(cluster, gateway())
    cluster.make(configuration("named", loadBalancerSubnets=[{"identifier": "subnet-none"}]), "named")
    assert "couldn't find all subnets, missing: subnet-none" in refusal(cluster, gateway(**own("named")))


def test_a_team_that_flips_the_scheme_stays_internal(cluster: Bench) -> None:
    """The class says internal, and by default it is preferred."""
    cluster.make(configuration("open", "apps", scheme="internet-facing"), "open")
    cluster.make(gateway(in_namespace="apps", **own("open")), "gateway")
    assert [each["Scheme"] for each in balancers(cluster)] == ["internal"]
    assert not any("Association" in row.state for row in cluster.cloud.of_type(tokens.NETWORK_INTERFACE))


ATTRIBUTES, LISTENERS = "loadBalancerAttributes", "listenerConfigurations"


@pytest.mark.parametrize(
    ("of_class", "of_gateway", "both"),
    [
        ({"scheme": "internal"}, {"scheme": "internet-facing"}, {"scheme": "internal"}),
        ({"mergingMode": "prefer-gateway-class", "scheme": "internal"}, {"scheme": "b"}, {"scheme": "internal"}),
        ({"mergingMode": "prefer-gateway", "scheme": "internal"}, {"scheme": "b"}, {"scheme": "b"}),
        ({"scheme": "internal"}, {"mergingMode": "prefer-gateway", "scheme": "b"}, {"scheme": "internal"}),
        ({}, {"scheme": "internet-facing"}, {"scheme": "internet-facing"}),
        ({"tags": {"a": "1", "b": "1"}}, {"tags": {"b": "2", "c": "2"}}, {"tags": {"a": "1", "b": "1", "c": "2"}}),
        ({"minimumLoadBalancerCapacity": {"capacityUnits": 1}}, {}, {}),
        (
            {ATTRIBUTES: [{"key": "a", "value": "1"}]},
            {ATTRIBUTES: [{"key": "a", "value": "2"}, {"key": "b", "value": "2"}]},
            {ATTRIBUTES: [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]},
        ),
        (
            {LISTENERS: [{"protocolPort": "HTTPS:443", "sslPolicy": "new"}]},
            {LISTENERS: [{"protocolPort": "HTTPS:443", "sslPolicy": "old", "defaultCertificate": ARN}]},
            {LISTENERS: [{"protocolPort": "HTTPS:443", "sslPolicy": "new"}]},
        ),
    ],
)
def test_of_two_configurations_the_class_says_which_is_preferred(
    of_class: dict[str, Any], of_gateway: dict[str, Any], both: dict[str, Any]
) -> None:
    assert merged(of_class, of_gateway) == both
