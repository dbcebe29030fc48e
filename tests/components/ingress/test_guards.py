"""The policies that keep users from opening a door, as a real API server judges them."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any

import pytest

from catalog.crds import made_by_us
from simulator.control_plane.client import ApiServer, Refused
from simulator.control_plane.planes import ControlPlanes
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.simulator.control_planes import VERSION, is_built

pytestmark = is_built
Object = dict[str, Any]
HOST = "chat.ml.example.com"
ROUTE = {"host": HOST, "namespace": "team", "service": "chat", "port": 80, "pods": {"app": "chat"}}
TEAM = {"name": "team", "namespaces": ["team"]}
CLASS, SCHEME = "service.k8s.aws/nlb", "service.beta.kubernetes.io/aws-load-balancer-scheme"


def doors_namespace() -> Object:
    """The namespace of the doors, with the hosts that the policy of routes reads."""
    (made,) = [each for each in built(with_doors=True).all("core/v1:Namespace") if each.name == "main-doors-namespace"]
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": made.inputs["metadata"]}


def guards(with_doors: bool) -> list[Object]:
    """The policies and their bindings, as the platform registers them."""
    return [
        each.inputs
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
        for each in built(with_doors).all(f"admissionregistration.k8s.io/v1:{kind}")
    ]


@cache
def built(with_doors: bool) -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(
        stack(
            **(
                {
                    "ingress": {"routes": {"chat": ROUTE, "wild": {**ROUTE, "host": "*.wild.example.com"}}},
                    "teams": [TEAM],
                    "mesh": {},
                }
                if with_doors
                else {}
            )
        )
    )
    return cloud


def plain(value: Any) -> Any:
    return (
        {key: plain(each) for key, each in value.items() if each is not None} if isinstance(value, Mapping) else value
    )


def started(planes: ControlPlanes, name: str, with_doors: bool) -> ApiServer:
    server = planes.server(name, VERSION)
    for group in ("gateway-api", "gateway.k8s.aws", "elbv2.k8s.aws") if with_doors else ():
        for definition in made_by_us(group).values():
            server.create(definition, "")
    for each in guards(with_doors):
        server.create(plain(each), "")
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}, "")
    if with_doors:
        server.create(plain(doors_namespace()), "")
    return server


@pytest.fixture(scope="module")
def planes() -> Iterator[ControlPlanes]:
    with closing(ControlPlanes()) as made:
        yield made


@pytest.fixture(scope="module")
def with_doors(planes: ControlPlanes) -> ApiServer:
    server = started(planes, "with-doors", with_doors=True)
    wait_until_guarded(server, service())
    return server


@pytest.fixture(scope="module")
def without_doors(planes: ControlPlanes) -> ApiServer:
    server = started(planes, "without-doors", with_doors=False)
    wait_until_guarded(server, service())
    return server


def wait_until_guarded(server: ApiServer, wrong: Object) -> None:
    """The API server reads policies and definitions some moments after they are made."""
    end = time.monotonic() + 30
    while not refusal(server, wrong) and time.monotonic() < end:
        time.sleep(0.2)


def refusal(server: ApiServer, wanted: Object, namespace: str = "team") -> str:
    """Returns why the API server refuses an object; "" when it takes it."""
    try:
        server.create(wanted, namespace, dry_run=True)
    except Refused as error:
        return str(error)
    return ""


def service(*, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "annotations": annotations or {}},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}], **spec},
    }


def of_aws(kind: str, version: str, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "own"}, "spec": spec}


def gateway(class_: str) -> Object:
    listener = {"name": "http", "protocol": "HTTP", "port": 80}
    spec = {"gatewayClassName": class_, "listeners": [listener]}
    return of_aws("Gateway", "gateway.networking.k8s.io/v1", spec)


def ingress(scheme: str | None) -> Object:
    made = of_aws(
        "Ingress", "networking.k8s.io/v1", {"defaultBackend": {"service": {"name": "a", "port": {"number": 1}}}}
    )
    if scheme:
        made["metadata"]["annotations"] = {"alb.ingress.kubernetes.io/scheme": scheme}
    return made


INTERNAL, PUBLIC = {SCHEME: "internal"}, {SCHEME: "internet-facing"}


@pytest.mark.parametrize(
    "open_service",
    [
        service(),
        service(loadBalancerClass=CLASS),
        service(annotations=INTERNAL),
        service(annotations=PUBLIC, loadBalancerClass=CLASS),
        service(annotations=INTERNAL, loadBalancerClass="example.com/other"),
    ],
    ids=["nothing said", "class alone", "scheme alone", "public", "class of another"],
)
def test_a_service_that_could_be_open_is_refused(with_doors: ApiServer, open_service: Object) -> None:
    said = refusal(with_doors, open_service)
    assert "a Service of type LoadBalancer could be open to the internet" in said
    assert said.endswith("or expose it by a route of a door")


def test_other_services_are_taken(with_doors: ApiServer, without_doors: ApiServer) -> None:
    assert not refusal(with_doors, service(annotations=INTERNAL, loadBalancerClass=CLASS))
    for server in (with_doors, without_doors):
        for kind in ("ClusterIP", "NodePort"):
            assert not refusal(server, service(type=kind)), kind


def test_without_a_controller_an_open_service_is_refused_with_another_way(without_doors: ApiServer) -> None:
    assert refusal(without_doors, service()).endswith("this cluster has no `ingress`; use type ClusterIP")
    closed = service(annotations=INTERNAL, loadBalancerClass=CLASS)
    assert not refusal(without_doors, closed), "nobody serves it"


def test_a_service_does_not_become_open_and_one_that_is_can_be_mended(planes: ControlPlanes) -> None:
    server = planes.server("update", VERSION)
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}, "")
    server.create(service(), "team")  # from a time before the policy
    for each in guards(with_doors=True):
        if each["metadata"]["name"] == "ml-platform-closed-services":
            server.create(plain(each), "")
    other = {**service(), "metadata": {"name": "other"}}
    wait_until_guarded(server, other)
    server.merge(service(), "team", {"metadata": {"labels": {"owner": "a"}}})
    closed = {**other, "spec": {**other["spec"], "type": "ClusterIP"}}
    server.create(closed, "team")
    with pytest.raises(Refused, match="could be open to the internet"):
        server.merge(closed, "team", {"spec": {"type": "LoadBalancer"}})


def test_a_gateway_of_the_public_class_is_the_platforms_alone(with_doors: ApiServer) -> None:
    assert "only the platform has Gateways of the class public" in refusal(with_doors, gateway("public"))
    assert not refusal(with_doors, gateway("internal"))
    assert not refusal(with_doors, gateway("public"), "ingress")


@pytest.mark.parametrize(
    ("kind", "version"),
    [("LoadBalancerConfiguration", "gateway.k8s.aws/v1"), ("LoadBalancerConfiguration", "gateway.k8s.aws/v1beta1")],
)
def test_a_team_does_not_flip_the_scheme(with_doors: ApiServer, kind: str, version: str) -> None:
    public = of_aws(kind, version, {"scheme": "internet-facing"})
    assert "only the platform has load balancers that are internet-facing" in refusal(with_doors, public)
    assert not refusal(with_doors, public, "ingress")
    for spec in ({"scheme": "internal"}, {}):
        assert not refusal(with_doors, of_aws(kind, version, spec))


def test_parameters_of_ingress_classes_are_internal(with_doors: ApiServer) -> None:
    version = "elbv2.k8s.aws/v1beta1"
    public = of_aws("IngressClassParams", version, {"scheme": "internet-facing"})
    assert "internet-facing" in refusal(with_doors, public, "")
    assert not refusal(with_doors, of_aws("IngressClassParams", version, {"scheme": "internal"}), "")


def test_no_ingress_is_public(with_doors: ApiServer) -> None:
    assert "no Ingress is internet-facing" in refusal(with_doors, ingress("internet-facing"))
    before_it = ingress("internal")
    before_it["metadata"]["annotations"]["alb.ingress.kubernetes.io/frontend-nlb-scheme"] = "internet-facing"
    assert "no Ingress is internet-facing" in refusal(with_doors, before_it)
    for scheme in ("internal", None):
        assert not refusal(with_doors, ingress(scheme))


def test_no_other_class_has_the_configuration_of_a_door(with_doors: ApiServer) -> None:
    def class_(name: str, namespace: str) -> Object:
        reference = {"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": "public"}
        spec = {"controllerName": "gateway.k8s.aws/alb", "parametersRef": {**reference, "namespace": namespace}}
        made = of_aws("GatewayClass", "gateway.networking.k8s.io/v1", spec)
        return {**made, "metadata": {"name": name}}

    assert "only the platform's own classes" in refusal(with_doors, class_("own", "ingress"), "")
    assert not refusal(with_doors, class_("own", "team"), "")
    assert not refusal(with_doors, class_("public", "ingress"), "")


def test_the_controller_alone_binds_pods_to_a_target_group(with_doors: ApiServer) -> None:
    spec = {"targetGroupARN": "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/k8s/0123456789abcdef"}
    backend = {"serviceRef": {"name": "web", "port": 80}, "targetType": "ip"}
    binding = of_aws("TargetGroupBinding", "elbv2.k8s.aws/v1beta1", {**spec, **backend})
    assert "the controller alone makes it" in refusal(with_doors, binding)


REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
WILD_PREFIX = {
    "type": "RequestRedirect",
    "requestRedirect": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x*"}},
}
WILD = {"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x*"}}}
HEADERS = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"add": [{"name": "a", "value": "b"}]}}
BACKEND: dict[str, Any] = {"name": "web", "port": 80}


def own_route(kind: str = "HTTPRoute", gateway: str = "ingress", **changes: Any) -> Object:
    rules = changes.pop("rules", [{"backendRefs": [BACKEND]}])
    spec = {"hostnames": ["own.ml.example.com"], "parentRefs": [{"name": "internal", "namespace": gateway}], **changes}
    return of_aws(kind, "gateway.networking.k8s.io/v1", {**spec, "rules": rules})


def matching(path: str, kind: str = "PathPrefix") -> list[Object]:
    return [{"matches": [{"path": {"type": kind, "value": path}}], "backendRefs": [BACKEND]}]


def matching_with(filter_: Object) -> list[Object]:
    return [{"matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}], "filters": [filter_]}]


@pytest.mark.parametrize(
    ("route", "says"),
    [
        (own_route(hostnames=[HOST]), "names its hosts"),
        (own_route(hostnames=["own.ml.example.com", HOST]), "names its hosts"),
        (own_route(hostnames=[]), "names its hosts"),
        (own_route("GRPCRoute", hostnames=[HOST]), "names its hosts"),
        (own_route(rules=[{"filters": [HEADERS], "backendRefs": [BACKEND]}]), "no such filter"),
        (own_route("GRPCRoute", rules=[{"filters": [HEADERS], "backendRefs": [BACKEND]}]), "no such filter"),
        (own_route(rules=[{"filters": [WILD]}]), "no such filter"),
        (own_route(rules=matching_with(WILD_PREFIX)), "no such filter"),
        (own_route(rules=[{"backendRefs": [{**BACKEND, "filters": [HEADERS]}]}]), "without filters"),
        (own_route(rules=[{"backendRefs": [{**BACKEND, "weight": 1000}]}]), "weights up to 999"),
        (own_route(rules=[{"backendRefs": [BACKEND] * 6}]), "five Services at most"),
        (
            own_route(rules=[{"backendRefs": [{"group": "gateway.k8s.aws", "kind": "TargetGroupName", "name": "a"}]}]),
            "five Ser",
        ),
        (own_route(hostnames=["own.wild.example.com"]), "names its hosts"),
        (own_route(hostnames=["a" * 60 + "." + "b" * 60 + ".ml.example.com"]), "names its hosts"),
        (own_route(rules=matching("/" + "v" * 130)), "more than 126 characters"),
        (own_route(rules=matching("/v1/*")), r"a path with \* or \?"),
    ],
)
def test_a_route_that_would_take_or_stop_those_of_others_is_refused(
    with_doors: ApiServer, route: Object, says: str
) -> None:
    assert re.search(says, refusal(with_doors, route))


@pytest.mark.parametrize(
    "route",
    [
        own_route(),
        own_route("GRPCRoute"),
        own_route(rules=[{"filters": [REDIRECT]}]),
        own_route(rules=matching("/v[0-9]?", "RegularExpression")),
        own_route(rules=matching("/v1/*", "Exact")),
        own_route(gateway="team", hostnames=[HOST], rules=[{"filters": [HEADERS], "backendRefs": [BACKEND]}]),
    ],
    ids=["its own host", "of gRPC", "a redirect", "an expression", "a pattern", "at a Gateway of the team"],
)
def test_routes_that_hurt_nobody_are_taken(with_doors: ApiServer, route: Object) -> None:
    assert not refusal(with_doors, route)


def test_the_platforms_own_routes_are_taken(with_doors: ApiServer) -> None:
    assert not refusal(with_doors, own_route(hostnames=[HOST]), "ingress")


@pytest.mark.parametrize("parent", ["Service", "EgressNetwork", "Gateway"])
def test_a_route_that_the_mesh_does_not_read_is_refused(with_doors: ApiServer, parent: str) -> None:
    group = {"Service": "", "EgressNetwork": "policy.linkerd.io", "Gateway": "gateway.networking.k8s.io"}[parent]
    spec = {
        "hostnames": ["example.com"],
        "parentRefs": [{"group": group, "kind": parent, "name": "out", "port": 443}],
        "rules": [{"backendRefs": [BACKEND]}],
    }
    said = refusal(with_doors, of_aws("TLSRoute", "gateway.networking.k8s.io/v1", spec))
    assert ("the mesh reads no such route" in said) is (parent != "Gateway"), said


def test_a_route_more_changes_no_rule_and_replaces_nothing_that_rules_read() -> None:
    """A change of a rule is told as a danger, and a route is the most usual change. Namespaces are updated in place."""
    specs = []
    for routes in ({"chat": ROUTE}, {"chat": ROUTE, "other": {**ROUTE, "host": "other.ml.example.com"}}):
        cloud = PlatformCloud()
        cloud.up(stack(ingress={"routes": routes}, teams=[TEAM]))
        specs.append([each.inputs for each in cloud.all("admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy")])
        read = {each["spec"]["paramKind"]["kind"] for each in specs[-1] if each["spec"].get("paramKind")}
        assert read == {"Namespace"}
    assert specs[0] == specs[1]
