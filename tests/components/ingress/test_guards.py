"""The policies that keep users from opening a door, as a real API server judges them."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any

import pytest

from catalog.crds import made_by_us
from components.ingress.guards import HOSTS, SERVICES
from simulator.control_plane.build import module_of
from simulator.control_plane.client import ApiServer, Refused
from simulator.control_plane.planes import ControlPlanes
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.simulator.control_planes import VERSION, differences
from tests.simulator.kubernetes.route_cases import BACKEND, CASES, HEADERS, Case, matching, named, route_at

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


def started(planes: ControlPlanes, name: str, with_doors: bool, older: Iterable[Object] = ()) -> ApiServer:
    """Starts an API server with the guards. older: objects of the namespace team that were there before."""
    server = planes.server(name, VERSION)
    groups = ("gateway-api", "gateway.k8s.aws", "elbv2.k8s.aws") if with_doors else ()
    definitions = [each for group in groups for each in made_by_us(group).values()]
    for each in definitions:
        server.create(each, "")
    for each in definitions:
        server.wait_until_served(each)
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}, "")
    if with_doors:
        server.create(plain(doors_namespace()), "")
    for each in older:
        server.create(each, "team")
    for each in guards(with_doors):
        assert not differences(plain(each), server.create(plain(each), "")), "a refresh would find a change"
    wait_until_guarded(server, service(name="late"))
    return server


@pytest.fixture(scope="module")
def planes() -> Iterator[ControlPlanes]:
    if not module_of(VERSION).is_built():
        pytest.skip(f"Kubernetes {VERSION} is not built here: make conformance builds it")
    with closing(ControlPlanes()) as made:
        yield made


@pytest.fixture(scope="module")
def with_doors(planes: ControlPlanes) -> ApiServer:
    return started(planes, "with-doors", with_doors=True)


@pytest.fixture(scope="module")
def without_doors(planes: ControlPlanes) -> ApiServer:
    return started(planes, "without-doors", with_doors=False)


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


def service(*, name: str = "web", annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "annotations": annotations or {}},
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


WEB: Object = {"backend": {"service": {"name": "a", "port": {"number": 1}}}}


def own_ingress(**spec: Any) -> Object:
    return {**ingress(None), "spec": {"defaultBackend": WEB["backend"], **spec}}


def gateway_of(host: str) -> Object:
    made = gateway("internal")
    made["spec"]["listeners"][0]["hostname"] = host
    return made


def with_tls(made: Object) -> Object:
    """Checks certificates of its clients: the `tls` of a Gateway is not that of an Ingress."""
    roots = [{"group": "", "kind": "ConfigMap", "name": "roots"}]
    frontend = {"default": {"validation": {"caCertificateRefs": roots}}}
    return {**made, "spec": {**made["spec"], "tls": {"frontend": frontend}}}


def of_records(hosts: str, **spec: Any) -> Object:
    """A Service whose hosts external-dns makes records of."""
    return service(annotations={"external-dns.alpha.kubernetes.io/hostname": hosts}, type="ClusterIP", **spec)


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
    assert "expose it by a route of a door" in said


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


@pytest.mark.parametrize("name", ["security-groups", "frontend-nlb-security-groups", "security-group-prefix-lists"])
def test_no_ingress_leaves_the_ranges_of_its_class(with_doors: ApiServer, name: str) -> None:
    made = ingress("internal")
    made["metadata"]["annotations"][f"alb.ingress.kubernetes.io/{name}"] = "sg-1"
    assert "would let in whom its class does not" in refusal(with_doors, made)


def test_nobody_makes_a_record_of_a_host_of_the_platform(with_doors: ApiServer) -> None:
    def recorded(made: Object, hosts: str, key: str = "hostname") -> Object:
        annotations = {**made["metadata"].get("annotations", {}), f"external-dns.alpha.kubernetes.io/{key}": hosts}
        return {**made, "metadata": {**made["metadata"], "annotations": annotations}}

    closed = service(annotations=INTERNAL, loadBalancerClass=CLASS)
    for made in (closed, gateway("internal"), own_route(gateway="team"), ingress("internal")):
        assert "is the platform's: name another one" in refusal(with_doors, recorded(made, f"own.example.com, {HOST}"))
        assert not refusal(with_doors, recorded(made, "own.example.com"))
    by_rule = ingress("internal")
    by_rule["spec"]["rules"] = [{"host": HOST}]
    assert "is the platform's: name another one" in refusal(with_doors, by_rule)
    assert "is the platform's: name another one" in refusal(
        with_doors, recorded(closed, "a.wild.example.com", "internal-hostname")
    )


NAMED = "ml-platform-hosts"
FULL_WIDTH = "\N{FULLWIDTH LATIN SMALL LETTER C}hat.ml.example.com"


@pytest.mark.parametrize(
    "made",
    [
        own_ingress(rules=[{"host": HOST}]),
        own_ingress(tls=[{"hosts": ["own.example.com", HOST]}]),
        {**gateway_of(HOST)},
        of_records("Chat.ML.example.com"),
        of_records(f" {HOST}. "),
        of_records(f"own.example.com,{HOST}."),
        of_records("ml.example.com", clusterIP="None"),
        of_records("wild.example.com", clusterIP="None"),
        of_records(FULL_WIDTH),
        of_records(f"{HOST}.."),
        of_records("xn--chat-.ml.example.com"),
        of_records("ml.example.com..", clusterIP="None"),
    ],
    ids=[
        "a rule",
        "a certificate",
        "a listener",
        "upper case",
        "blanks and a dot",
        "a dot after another",
        "names of pods below it",
        "names of pods as wild",
        "letters that are made others",
        "two dots",
        "an empty name in another alphabet",
        "two dots above",
    ],
)
def test_each_way_to_a_record_of_the_platforms_hosts_is_closed(with_doors: ApiServer, made: Object) -> None:
    assert NAMED in refusal(with_doors, made)


@pytest.mark.parametrize(
    "made",
    [
        own_ingress(rules=[{"host": "own.example.com"}], tls=[{"hosts": ["own.example.com"]}]),
        own_ingress(rules=[{"http": {"paths": [{**WEB, "path": "/", "pathType": "Prefix"}]}}]),
        gateway_of("own.example.com"),
        with_tls(gateway_of("own.example.com")),
        of_records("ml.example.com"),
        of_records("own.example.com", clusterIP="None"),
        of_records("xn--bcher-kva.example.com"),
    ],
    ids=[
        "its own",
        "no host",
        "a listener",
        "certificates of clients",
        "a parent",
        "names of pods",
        "a name that is written in ASCII",
    ],
)
def test_other_hosts_are_free(with_doors: ApiServer, made: Object) -> None:
    assert not refusal(with_doors, made)


def test_a_door_without_routes_takes_no_host(planes: ControlPlanes) -> None:
    """An Ingress without a host is for all, and the list of hosts is empty, not one empty host."""
    server = planes.server("no-routes", VERSION)
    of_doors = plain(doors_namespace())
    of_doors["metadata"]["annotations"] = {HOSTS: "", SERVICES: ""}
    for each in (of_doors, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}):
        server.create(each, "")
    policy, binding = (plain(each) for each in guards(with_doors=True) if each["metadata"]["name"] == NAMED)
    constraints = {"resourceRules": policy["spec"]["matchConstraints"]["resourceRules"][:2]}  # without the Gateway API
    server.create({**policy, "spec": {**policy["spec"], "matchConstraints": constraints}}, "")
    server.create(binding, "")
    wait_until_guarded(server, of_records(FULL_WIDTH))
    assert NAMED in refusal(server, of_records(FULL_WIDTH))
    assert not refusal(server, own_ingress(rules=[{"http": {"paths": [{**WEB, "path": "/", "pathType": "Prefix"}]}}]))
    assert not refusal(server, of_records("", clusterIP="None"))


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


def own_route(gateway: str = "ingress", **spec: Any) -> Object:
    return {**route_at(gateway, **spec), "metadata": {"name": "own"}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_policy_of_routes_and_the_load_balancer_agree(with_doors: ApiServer, case: Case) -> None:
    """The same cases are put to the simulated controller."""
    said = refusal(with_doors, case.route)
    assert re.search(case.says, said) if case.says else not said, said


def test_a_sound_route_of_many_matches_is_within_what_a_policy_may_cost(with_doors: ApiServer) -> None:
    """A rule has 8 matches at most, each of 5 values, at their longest, and Kubernetes counts what each part costs."""
    expression = f"^/{'(a|b{1,20})*' * 9}$"
    headers = named("headers", expression, "x" * 128, type="RegularExpression")
    matches = [{"path": {"type": "RegularExpression", "value": expression}, **headers} for _ in range(8)]
    rules = [{"matches": matches, "backendRefs": [BACKEND]} for _ in range(4)]
    assert not refusal(with_doors, own_route(rules=rules))


def test_a_refusal_names_what_is_wrong(with_doors: ApiServer) -> None:
    said = refusal(with_doors, own_route(rules=[*matching("/v1"), *matching("/v2/*"), *matching("/v3;a")]))
    assert "denied request: /v2/*, /v3;a: a path with" in said
    said = refusal(with_doors, own_route(hostnames=["own.example.com", HOST]))
    assert f"denied request: {HOST}: a host of `ingress.routes`" in said


@pytest.mark.parametrize(
    ("route", "says"),
    [
        (own_route(hostnames=[HOST]), "the platform's"),
        (own_route(hostnames=["own.ml.example.com", HOST]), "the platform's"),
        (own_route(hostnames=[]), "names its hosts"),
        (own_route(kind="GRPCRoute", hostnames=[HOST]), "the platform's"),
        (own_route(hostnames=["own.wild.example.com"]), "the platform's"),
        (own_route("team", hostnames=[HOST]), "the platform's"),
        (own_route(rules=[{"backendRefs": [{**BACKEND, "filters": [HEADERS]}]}]), "without filters"),
        (
            own_route(rules=[{"backendRefs": [{"group": "gateway.k8s.aws", "kind": "TargetGroupName", "name": "a"}]}]),
            "5 Services",
        ),
    ],
)
def test_a_route_that_would_take_those_of_others_is_refused(with_doors: ApiServer, route: Object, says: str) -> None:
    assert re.search(says, refusal(with_doors, route))


def test_at_a_gateway_of_its_own_a_team_may_break_what_it_wants(with_doors: ApiServer) -> None:
    broken = own_route("team", hostnames=[], rules=[{"filters": [HEADERS], "backendRefs": [BACKEND]}])
    assert not refusal(with_doors, broken)


def test_the_platforms_own_routes_are_taken(with_doors: ApiServer) -> None:
    assert not refusal(with_doors, own_route(hostnames=[HOST]), "ingress")


def target_group(name: str = "own", service: str = "web", **spec: Any) -> Object:
    spec = {"targetReference": {"name": service}, "defaultConfiguration": {"targetType": "ip"}, **spec}
    made = of_aws("TargetGroupConfiguration", "gateway.k8s.aws/v1", spec)
    return {**made, "metadata": {"name": name}}


def of_a_route(**properties: Any) -> Object:
    identifier = {"kind": "HTTPRoute", "namespace": "team", "name": "own"}
    return {"routeConfigurations": [{"routeIdentifier": identifier, "targetGroupProps": properties}]}


@pytest.mark.parametrize(
    "wrong",
    [
        target_group(defaultConfiguration={"targetType": "instance"}),
        target_group(defaultConfiguration={"targetType": "ip", "protocol": "TCP"}),
        target_group(defaultConfiguration={"targetGroupName": "of-another"}),
        target_group(**of_a_route(targetType="instance")),
        target_group(**of_a_route(protocol="TLS")),
    ],
)
def test_a_target_group_that_would_stop_a_door_is_refused(with_doors: ApiServer, wrong: Object) -> None:
    assert "stops all routes of its door" in refusal(with_doors, wrong)
    assert not refusal(with_doors, wrong, "ingress")


def test_a_service_of_the_platforms_routes_has_one_configuration(with_doors: ApiServer) -> None:
    assert "has its configuration already" in refusal(with_doors, target_group("second", "chat"))
    assert not refusal(with_doors, target_group("chat", "chat")), "the platform's own is named like its Service"
    grpc = {"targetType": "ip", "protocol": "HTTP", "protocolVersion": "GRPC"}
    assert not refusal(with_doors, target_group(defaultConfiguration=grpc, **of_a_route(protocol="HTTPS")))


TLS_ROUTE = of_aws(
    "TLSRoute",
    "gateway.networking.k8s.io/v1",
    {
        "hostnames": ["example.com"],
        "parentRefs": [{"group": "", "kind": "Service", "name": "out", "port": 443}],
        "rules": [{"backendRefs": [BACKEND]}],
    },
)


def saying_nothing(kind: str) -> Object:
    return {"apiVersion": "gateway.k8s.aws/v1", "kind": kind, "metadata": {"name": "empty"}}


OLDER: dict[str, Object] = {
    "a route": own_route(hostnames=[HOST]),
    "a Gateway": gateway("public"),
    "targets": target_group("second", "chat"),
    "a configuration": of_aws("LoadBalancerConfiguration", "gateway.k8s.aws/v1", {"scheme": "internet-facing"}),
    "an Ingress": ingress("internet-facing"),
    "a route of the mesh": TLS_ROUTE,
    "a configuration that says nothing": saying_nothing("LoadBalancerConfiguration"),
    "targets that say nothing": saying_nothing("TargetGroupConfiguration"),
}


@pytest.fixture(scope="module")
def older(planes: ControlPlanes) -> ApiServer:
    held = {"finalizers": ["example.com/hold"]}
    objects = [{**each, "metadata": {**each["metadata"], **held}} for each in OLDER.values()]
    server = started(planes, "older", with_doors=True, older=objects)
    for each in OLDER.values():
        if "spec" in each:
            wait_until_guarded(server, {**each, "metadata": {**each["metadata"], "name": "late"}})
    return server


@pytest.mark.parametrize("before", OLDER)
def test_what_is_older_than_a_policy_can_be_deleted_and_not_changed(older: ApiServer, before: str) -> None:
    """A controller takes its finalizer off an object that is deleted: an update of it as it is."""
    if "spec" in OLDER[before]:
        for changed in ("annotations", "labels"):
            with pytest.raises(Refused, match="ml-platform-"):
                older.merge(OLDER[before], "team", {"metadata": {changed: {"changed": "yes"}}})
    with pytest.raises(Refused) as refused:
        older.merge(OLDER[before], "team", {"spec": NEW[before]})
    assert "denied request" in str(refused.value)
    assert "expression" not in str(refused.value), "a rule that cannot be evaluated helps nobody"
    older.merge(OLDER[before], "team", {"metadata": {"finalizers": []}})


NEW: dict[str, Object] = {
    "a route": {"hostnames": [HOST, "more.ml.example.com"]},
    "a Gateway": {"listeners": [{"name": "http", "protocol": "HTTP", "port": 8080}]},
    "targets": {"defaultConfiguration": {"targetType": "ip", "protocol": "HTTP"}},
    "a configuration": {"ipAddressType": "ipv4"},
    "an Ingress": {"defaultBackend": {"service": {"name": "b", "port": {"number": 1}}}},
    "a route of the mesh": {"hostnames": ["more.example.com"]},
    "a configuration that says nothing": {"scheme": "internet-facing"},
    "targets that say nothing": {"targetReference": {"name": "chat"}},
}


@pytest.mark.parametrize("parent", ["Service", "EgressNetwork", "Gateway"])
def test_a_route_that_the_mesh_does_not_read_is_refused(with_doors: ApiServer, parent: str) -> None:
    group = {"Service": "", "EgressNetwork": "policy.linkerd.io", "Gateway": "gateway.networking.k8s.io"}[parent]
    parents = [{"group": group, "kind": parent, "name": "out", "port": 443}]
    said = refusal(with_doors, {**TLS_ROUTE, "spec": {**TLS_ROUTE["spec"], "parentRefs": parents}})
    assert ("the mesh reads no such route" in said) is (parent != "Gateway"), said


def test_nothing_is_sent_that_the_server_drops() -> None:
    """A refresh would find it gone, and the next preview would want it back."""
    sent = [each for each in built(with_doors=True).registered.values() if "metadata" in each.inputs]
    assert sent
    assert not [each.name for each in sent if {} in (each.inputs["metadata"] or {}).values()]


def test_a_route_more_changes_no_rule_and_replaces_nothing_that_rules_read() -> None:
    """A change of a rule is told as a danger, and a route is the most usual change. Namespaces are updated in place."""
    specs = []
    for routes in ({"chat": ROUTE}, {"chat": ROUTE, "other": {**ROUTE, "host": "other.ml.example.com"}}):
        cloud = PlatformCloud()
        cloud.up(stack(ingress={"routes": routes}, teams=[TEAM]))
        rules = cloud.all("admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy")
        specs.append({each.name: each.inputs for each in rules})
        read = {each["spec"]["paramKind"]["kind"] for each in specs[-1].values() if each["spec"].get("paramKind")}
        assert read == {"Namespace"}
    assert specs[0] == specs[1]
