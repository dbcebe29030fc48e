"""Each mistake that `ingress` can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

ZONE = "Z0123456789ABCDEFGHIJ"
ISSUED = {"names": ["*.ml.example.com"], "zone_id": ZONE}
ARN = "arn:aws:acm:{}:{}:certificate/12345678-1234-1234-1234-123456789012"
CHAT = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}, "host": "a.ml.example.com"}
TEAMS = (("teams",), [{"name": "serving", "namespaces": ["inference"]}])
SYSTEM = "aws-load-balancer-controller"


def route(**changes: Any) -> dict[str, Any]:
    return {"routes": {"chat": {**CHAT, **changes}}}


def public(**changes: Any) -> dict[str, Any]:
    return {"public": {"certificate": ISSUED, **changes}}


def internal(**changes: Any) -> dict[str, Any]:
    return {"internal": {"certificate": ISSUED, **changes}}


def dns(**changes: Any) -> dict[str, Any]:
    return {"dns": {"zones": {ZONE: "ml.example.com"}, **changes}}


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (the doors, the path of the problem, the end of the message)
    "cluster that is not there": ({**internal(), "clusters": ["mian"]}, "ingress.clusters[0]", "Did you mean main?"),
    "public door without a certificate": (
        {"public": {}},
        "ingress.public.certificate",
        'Write for example `certificate: {names: ["*.ml.example.com"], zone_id: Z0123456789ABCDEFGHIJ}`.',
    ),
    "certificate that is none": (
        internal(certificate={"names": ["a.example.com"]}),
        "ingress.internal.certificate",
        "Write arn, or names and the zone_id that they are in.",
    ),
    "more names than a certificate has": (
        internal(certificate={**ISSUED, "names": [f"{number}.ml.example.com" for number in range(11)]}),
        "ingress.internal.certificate",
        "Join them under a `*.`.",
    ),
    "long first name": (
        internal(certificate={**ISSUED, "names": ["a" * 55 + ".ml.example.com"]}),
        "ingress.internal.certificate",
        "Begin with a shorter one.",
    ),
    "certificate that is two": (
        internal(certificate={**ISSUED, "arn": ARN.format("us-west-2", "1" * 12)}),
        "ingress.internal.certificate",
        "Keep arn, or keep the two others.",
    ),
    "internal door without a certificate in production": (
        {"internal": {}},
        "ingress.internal.certificate",
        "or the arn of a certificate of AWS Private CA.",
    ),
    "certificate of another region": (
        internal(certificate={"arn": ARN.format("us-east-1", "123456789012")}),
        "ingress.internal.certificate.arn",
        "take those of their own, us-west-2. Import or issue it there.",
    ),
    "certificate of another account": (
        internal(certificate={"arn": ARN.format("us-west-2", "210987654321")}),
        "ingress.internal.certificate.arn",
        "take those of their own, 123456789012. Import or issue it there.",
    ),
    "certificate of another service": (
        internal(certificate={"arn": "arn:aws:iam::123456789012:server-certificate/old"}),
        "ingress.internal.certificate.arn",
        "Write arn:aws:acm:REGION:ACCOUNT:certificate/ID.",
    ),
    "name of a certificate outside of its zone": (
        {**internal(certificate={"names": ["ml.example.org"], "zone_id": ZONE}), **dns()},
        "ingress.internal.certificate.names[0]",
        "Name the zone that it is in.",
    ),
    "old TLS": (
        internal(tls_policy="ELBSecurityPolicy-2016-08"),
        "ingress.internal.tls_policy",
        "Did you mean ELBSecurityPolicy-TLS13-1-3-2021-06?",
    ),
    "policy of TLS that there is not": (
        internal(tls_policy="ELBSecurityPolicy-TLS13-1-2-Ras-2021-06"),
        "ingress.internal.tls_policy",
        "Did you mean ELBSecurityPolicy-TLS13-1-2-Res-2021-06?",
    ),
    "one address for a range": (
        public(source_ranges=["203.0.113.7"]),
        "ingress.public.source_ranges[0]",
        "Write 203.0.113.7/32.",
    ),
    "path with a wildcard": (
        {**internal(), **route(paths=["/v1/*"])},
        "ingress.routes.chat.paths",
        "that follows counts.",
    ),
    "path with a query": (
        {**internal(), **route(paths=["/v1?x"])},
        "ingress.routes.chat.paths",
        "that follows counts.",
    ),
    "path with an empty part": ({**internal(), **route(paths=["/v1//x"])}, "ingress.routes.chat.paths", "Drop it."),
    "path that goes up": ({**internal(), **route(paths=["/v1/../x"])}, "ingress.routes.chat.paths", "Drop it."),
    "long path": ({**internal(), **route(paths=["/" + "v" * 126])}, "ingress.routes.chat.paths", "Shorten it."),
    "host outside of the zones": (
        {
            "internal": {"certificate": {"arn": ARN.format("us-west-2", "123456789012")}},
            **dns(),
            **route(host="a.other.org"),
        },
        "ingress.routes.chat.host",
        "Add its zone to ingress.dns.zones, or take another host.",
    ),
    "namespace of a route that nobody makes": (
        {**internal(), **route(namespace="inferense")},
        "ingress.routes.chat.namespace",
        "Did you mean inference? Add it to the namespaces of a team, or drop it here.",
    ),
    "namespace of a door that nobody makes": (
        internal(namespaces=["other"]),
        "ingress.internal.namespaces[0]",
        "Add it to the namespaces of a team, or drop it here.",
    ),
    "route into the doors' namespace": (
        {**internal(), **route(namespace="ingress")},
        "ingress.routes.chat.namespace",
        "ingress belongs to the doors, and nobody exposes a Service of it. Name another one.",
    ),
    "system namespace behind a door": (
        internal(namespaces=["kube-system"]),
        "ingress.internal.namespaces[0]",
        "kube-system belongs to Kubernetes, and nobody exposes a Service of it. Name another one.",
    ),
    "route of a door that is not there": (
        {**internal(), **route(door="public")},
        "ingress.routes",
        "there is none. Write public, or drop door.",
    ),
    "host outside of the certificate": (
        {**internal(), **route(host="chat.example.com")},
        "ingress",
        "clients would refuse it. Add the host to its names.",
    ),
    "two routes of one place": (
        {**internal(), "routes": {"one": CHAT, "two": CHAT}},
        "ingress.routes",
        "two and one both take a.ml.example.com/. Give one of them another host or path.",
    ),
    "two checks of one Service": (
        {**internal(), "routes": {"one": CHAT, "two": {**CHAT, "paths": ["/v1"], "health_path": "/healthy"}}},
        "ingress.routes",
        "which has one protocol and one health_path. Give both the same.",
    ),
    "paths of grpc": (
        {**internal(), **route(protocol="grpc", paths=["/v1"])},
        "ingress.routes.chat",
        "a route of grpc takes all methods of its host. Drop paths.",
    ),
    "owner of a cluster that is not there": (
        {**internal(), **dns(owners={"mian": "x"})},
        "ingress.dns.owners.mian",
        "Did you mean main?",
    ),
    "zone that is none": (
        {**internal(), "dns": {"zones": {"example.com": "example.com"}}},
        'ingress.dns.zones["example.com"]',
        "",
    ),
    "more ranges than a security group takes": (
        internal(source_ranges=[f"10.0.{number}.0/24" for number in range(31)]),
        "ingress",
        "takes 30 for 2 ports. Join ranges.",
    ),
    "more paths than a load balancer takes": (
        {**internal(), **route(paths=[f"/v{number}" for number in range(100)])},
        "ingress",
        "takes 100. Join paths by what they begin with.",
    ),
    "host that ends in a digit": (
        {**internal(), **route(host="a.zone1")},
        "ingress.routes.chat.host",
        "ends in other than letters, which no rule of a load balancer takes. Change its end.",
    ),
    "long host": (
        {**internal(), **route(host="a" * 120 + ".ml.example.com")},
        "ingress.routes.chat.host",
        "Shorten it.",
    ),
    "route of a cluster that is not there": (
        {**internal(), **route(cluster="mian")},
        "ingress.routes.chat.cluster",
        "Did you mean main?",
    ),
    "host at both doors": (
        {**internal(), **public(), **dns(), "routes": {"chat": CHAT, "api": {**CHAT, "door": "public"}}},
        "ingress.routes.api.host",
        "Take another host, or name the cluster of the route.",
    ),
    "source range that is none": (
        public(source_ranges=["10.0.0.1/8"]) | internal(),
        "ingress.public.source_ranges[0]",
        "Write for example 10.0.0.0/8.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    ingress, path, advice = MISTAKES[name]
    (problem,) = problems(stack(TEAMS, (("account_id",), "123456789012"), (("ingress",), ingress)))
    assert problem.path == path
    assert problem.message.endswith(advice)


def test_sound_doors_are_taken() -> None:
    whole = {**internal(namespaces=["inference"]), **public(), **dns(owners={"main": "earlier"}), **route()}
    assert not problems(stack(TEAMS, (("ingress",), whole)))
    assert not problems(stack((("environment",), "dev"), (("ingress",), {}))), "in dev a door may speak HTTP"


def test_two_clusters_with_one_owner_delete_each_others_records() -> None:
    other = ("clusters", "other"), stack()["clusters"]["main"]
    sound = {**internal(), **dns()}
    assert not problems(stack(other, (("ingress",), sound))), "each has its own name"
    for owners in ({"main": "both", "other": "both"}, {"main": "ml-platform-prod-other"}):
        (problem,) = problems(stack(other, (("ingress",), {**sound, **dns(owners=owners)})))
        assert problem.path == "ingress.dns.owners"
        assert problem.message.endswith("and delete each other's records. Give each another name.")


def test_a_route_leads_into_each_cluster_that_has_the_doors() -> None:
    clusters = {key: stack()["clusters"]["main"] for key in ("main", "other")}
    team = {"name": "serving", "namespaces": ["inference"], "cluster": "main"}
    changes = ((("clusters",), clusters), (("teams",), [team]))
    (problem,) = problems(stack(*changes, (("ingress",), {**internal(), **route()})))
    assert "makes the namespace inference in other" in problem.message
    assert not problems(stack(*changes, (("ingress",), {**internal(), **route(), "clusters": ["main"]})))
    assert not problems(stack(*changes, (("ingress",), {**internal(), **route(cluster="main")})))


def test_a_host_has_one_load_balancer_where_records_are_made() -> None:
    clusters = {key: stack()["clusters"]["main"] for key in ("main", "other")}
    teams = [{"name": key, "namespaces": ["inference"], "cluster": key} for key in clusters]
    changes = ((("clusters",), clusters), (("teams",), teams))
    (problem,) = problems(stack(*changes, (("ingress",), {**internal(), **dns(), **route()})))
    assert problem.path == "ingress.routes.chat.host"
    assert "is also at the door internal of main" in problem.message
    assert not problems(stack(*changes, (("ingress",), {**internal(), **route()}))), "people make the records"


def test_routes_of_two_clusters_do_not_meet() -> None:
    clusters = {key: stack()["clusters"]["main"] for key in ("main", "other")}
    teams = [{"name": key, "namespaces": ["inference"], "cluster": key} for key in clusters]
    many = [f"/v{number}" for number in range(60)]
    one, two = {**CHAT, "cluster": "main", "paths": many}, {**CHAT, "cluster": "other", "paths": many}
    apart = {"one": one, "two": {**two, "health_path": "/healthy", "pods": {"app": "other"}}}
    changes = ((("clusters",), clusters), (("teams",), teams), (("mesh",), {"namespaces": ["inference"]}))
    assert not problems(stack(*changes, (("ingress",), {**internal(), "routes": apart})))
    (problem,) = problems(
        stack(*changes, (("ingress",), {**internal(), "routes": {**apart, "all": CHAT | {"paths": ["/v1"]}}}))
    )[:1]
    assert "all and one both take a.ml.example.com/v1" in problem.message


def test_the_door_has_rules_for_every_connected_network() -> None:
    gateway = {"id": "tgw-0123456789abcdef0", "cidrs": [f"10.{number}.0.0/16" for number in range(100, 140)]}
    network = (("network", "transit_gateway"), gateway)
    (problem,) = problems(stack(network, (("ingress",), internal())))
    assert problem.path == "ingress.internal.source_ranges"
    assert problem.message.endswith("takes 30 for 2 ports. Write the ranges of the clients, joined.")
    assert not problems(stack(network, (("ingress",), internal(source_ranges=["10.0.0.0/8"]))))


def test_nobody_else_has_the_namespace_of_the_doors() -> None:
    teams = (("teams",), [{"name": "serving", "namespaces": ["ingress"]}])
    (problem,) = problems(stack(teams, (("ingress",), internal())))
    assert problem.path == "ingress"
    assert problem.message.endswith("could open a door. Rename theirs.")


@pytest.mark.parametrize(("key", "doors"), [("dns", dns()), ("public", public())])
def test_without_a_way_out_nobody_asks_route_53_and_waf(key: str, doors: dict[str, Any]) -> None:
    found = problems(stack((("network", "nat"), "none"), (("ingress",), {**internal(), **doors})))
    assert any(each.path == f"ingress.{key}" and each.message.endswith("single, or drop it.") for each in found)


@pytest.mark.parametrize(
    ("addon", "values"),
    [
        (SYSTEM, {"vpcId": "vpc-0123456789abcdef0"}),
        (SYSTEM, {"clusterName": "other"}),
        (SYSTEM, {"region": "us-east-1"}),
        (SYSTEM, {"keepTLSSecret": False}),
        (SYSTEM, {"enableServiceMutatorWebhook": True}),
        (SYSTEM, {"defaultTargetType": "instance"}),
        (SYSTEM, {"defaultLoadBalancerScheme": "internet-facing"}),
        ("external-dns", {"txtOwnerId": "default"}),
        ("external-dns", {"sources": ["service", "gateway-tlsroute"]}),
        ("external-dns", {"extraArgs": ["--txt-owner-id=default"]}),
        ("external-dns", {"domainFilters": []}),
    ],
)
def test_values_that_the_doors_rely_on_stay(addon: str, values: dict[str, Any]) -> None:
    addons = (("clusters", "main", "addons"), {addon: {"values": values}})
    (problem,) = problems(stack(addons, (("ingress",), {**internal(), **dns()})))
    assert problem.path.startswith(f"clusters.main.addons.{addon}.values.{next(iter(values))}")
    assert problem.message.endswith("Drop it.")


def test_the_controller_is_neither_turned_on_nor_off_by_itself() -> None:
    addons = ("clusters", "main", "addons")
    (off,) = problems(stack((("ingress",), internal()), (addons, {SYSTEM: {"enabled": False}})))
    assert "ingress" in off.message
    (on,) = problems(stack((addons, {SYSTEM: {}})))
    assert on.path == f"clusters.main.addons.{SYSTEM}"
