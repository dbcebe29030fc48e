"""Dangers at the doors: Gateways with their load balancers, and what stands before and behind them."""

from dataclasses import replace

import pytest

from common.values import UNKNOWN_TEXT
from components.ingress.doors import (
    ALB,
    ATTRIBUTES_OFF,
    DoorPlan,
    class_configuration,
    gateway_class,
    gateway_configuration,
    redirect,
)
from components.ingress.doors import gateway as shared
from report.dangers.danger import GRAVE, LOST, SERIOUS
from settings.ingress.ingress import CertificateSettings, PublicDoorSettings
from tests.report.logs import step
from tests.report.test_dangers import CLUSTER, EKS, found, of, openings

API = "kubernetes:gateway.networking.k8s.io/v1"
ARN = "arn:aws:acm:us-west-2:111111111111:certificate"
ACL = "arn:aws:wafv2:us-west-2:111111111111:regional/webacl/door/1"
SECURE = {
    "protocolPort": "HTTPS:443",
    "defaultCertificate": f"{ARN}/old",
    "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
}
ATTRIBUTES = {
    "access_logs.s3.enabled": "true",
    "deletion_protection.enabled": "true",
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "idle_timeout.timeout_seconds": "600",
}


def attributes(**changed):
    values = {**ATTRIBUTES, **{key.replace("__", "."): value for key, value in changed.items()}}
    return [{"key": key, "value": value} for key, value in values.items() if value is not None]


INTERNAL = {
    "scheme": "internal",
    "sourceRanges": ["10.0.0.0/16"],
    "listenerConfigurations": [SECURE],
    "loadBalancerAttributes": attributes(),
}
PUBLIC = {**INTERNAL, "scheme": "internet-facing", "sourceRanges": ["203.0.113.0/24"], "wafV2": {"webACL": ACL}}


def listeners(*namespaces):
    named = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)}
    allowed = {"namespaces": {"from": "Selector", "selector": {"matchExpressions": [named]}}}
    return [{"name": "https", "protocol": "HTTPS", "allowedRoutes": allowed}]


LISTENERS = listeners("inference")


def gateway(before, after, op="update"):
    """The step of the Gateway `door`; before and after: its listeners."""

    def inputs(listeners):
        spec = {"gatewayClassName": "shared", "listeners": listeners}
        return None if listeners is None else {"metadata": {"name": "door", "namespace": "ingress"}, "spec": spec}

    return of(f"{API}:Gateway", inputs(before), inputs(after), "door", op="same" if before == after else op)


def behind(before, after, **more):
    """The steps of its class, and of the configuration of its load balancer."""
    inputs = {
        "metadata": {"name": "shared"},
        "spec": {"controllerName": "gateway.k8s.aws/alb", "parametersRef": {"name": "door"}},
    }
    given = [None if each is None else {"metadata": {"name": "door"}, "spec": each} for each in (before, after)]
    classes = [None if each is None else inputs for each in given]
    return (
        of(f"{API}:GatewayClass", *classes, "class", op="same", **more),
        of("kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration", *given, "door-load-balancer", **more),
    )


def door(before, after, listeners=(LISTENERS, LISTENERS)):
    """A door whose load balancer changes."""
    return (gateway(*listeners), *behind(before, after))


def route(before, after, name="chat", parent="door", new_parent="door"):
    """The step of a route; before and after: its hosts and the paths under them."""

    def inputs(given, of_parent):
        if given is None:
            return None
        hosts, paths = given
        matches = [{"path": {"type": "PathPrefix", "value": each}} for each in paths]
        spec = {
            "hostnames": hosts,
            "parentRefs": [{"name": of_parent, "namespace": "ingress"}],
            "rules": [{"matches": matches, "backendRefs": [{"name": "chat", "port": 80}]}],
        }
        return {"metadata": {"name": name, "namespace": "inference"}, "spec": spec}

    return of(f"{API}:HTTPRoute", inputs(before, parent), inputs(after, new_parent), name)


CHAT = (["chat.example.com"], ["/"])


def test_a_door_that_stays_as_it_is_is_no_danger():
    assert found(*door(INTERNAL, INTERNAL), route(CHAT, CHAT)) == []
    assert found(*door(PUBLIC, PUBLIC), route(CHAT, CHAT)) == []


def test_a_new_public_door_says_to_whom_it_opens_and_which_hosts():
    (danger,) = found(*door(None, PUBLIC, (None, LISTENERS)), route(None, CHAT))
    assert danger.opening == "door door opens to 203.0.113.0/24, in the internet"
    assert danger.consequence == "chat.example.com can be called from there"
    assert (danger.kind, danger.severity) == ("access", GRAVE)


@pytest.mark.parametrize("ranges", [["0.0.0.0/0"], []])
def test_a_public_door_without_ranges_opens_to_everybody(ranges):
    (danger,) = found(*door(None, {**PUBLIC, "sourceRanges": ranges}, (None, LISTENERS)))
    assert danger.opening == "door door opens to everybody, in the internet"
    assert danger.severity == LOST


def test_a_new_internal_door_is_no_danger():
    assert found(*door(None, INTERNAL, (None, LISTENERS)), route(None, CHAT)) == []


def test_a_scheme_that_changes_replaces_the_load_balancer_and_is_told_once():
    (danger,) = found(*door(INTERNAL, PUBLIC))
    assert danger.opening == "door door opens to 203.0.113.0/24, in the internet"
    assert danger.consequence.endswith("its load balancer is replaced and has another address")
    back = found(*door({**PUBLIC, "sourceRanges": ["10.0.0.0/16"]}, {**INTERNAL, "wafV2": {"webACL": ACL}}))
    assert [each.opening for each in back] == ["door door leaves the internet"]


def test_a_gateway_that_takes_another_class_is_compared_by_what_it_gets():
    other = of(
        f"{API}:GatewayClass",
        None,
        {
            "metadata": {"name": "other"},
            "spec": {"controllerName": "gateway.k8s.aws/alb", "parametersRef": {"name": "out"}},
        },
        "other",
    )
    config = of(
        "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration",
        None,
        {"metadata": {"name": "out"}, "spec": PUBLIC},
        "out",
    )
    metadata = {"name": "door", "namespace": "ingress"}
    specs = [{"gatewayClassName": name, "listeners": LISTENERS} for name in ("shared", "other")]
    moved = of(f"{API}:Gateway", *({"metadata": metadata, "spec": each} for each in specs), "door")
    assert openings(moved, *behind(INTERNAL, INTERNAL), other, config) == [
        "door door opens to 203.0.113.0/24, in the internet"
    ]


@pytest.mark.parametrize(
    ("base", "ranges", "severity"),
    [
        (INTERNAL, ["10.0.0.0/16", "10.8.0.0/16"], SERIOUS),
        (INTERNAL, ["0.0.0.0/0"], SERIOUS),
        (PUBLIC, ["203.0.113.0/24", "198.51.100.0/24"], SERIOUS),
        (PUBLIC, ["0.0.0.0/0"], LOST),
        (PUBLIC, [], LOST),
    ],
)
def test_ranges_that_are_widened_are_a_danger_at_each_door(base, ranges, severity):
    (danger,) = found(*door(base, {**base, "sourceRanges": ranges}))
    assert danger.opening.startswith("door door lets in ")
    assert danger.severity == severity


def test_ranges_that_are_narrowed_shut_somebody_out():
    wide = {**INTERNAL, "sourceRanges": ["10.0.0.0/16", "10.8.0.0/16"]}
    assert openings(*door(wide, INTERNAL)) == ["door door lets in 10.8.0.0/16 no longer"]


def test_a_door_that_is_closed_names_the_hosts_that_are_gone():
    (danger,) = found(*door(PUBLIC, None, (LISTENERS, None)), route(CHAT, None))
    assert danger.opening == "door door is closed"
    assert danger.consequence == "chat.example.com: nothing answers there any more"


def of_cluster(provider):
    """The steps of a door that is closed, in a cluster of its own."""
    inputs = {
        "metadata": {"name": "door", "namespace": "ingress"},
        "spec": {"gatewayClassName": "shared", "listeners": LISTENERS},
    }
    closed = of(f"{API}:Gateway", inputs, None, "door", provider=f"{provider}::id")
    return closed, *behind(PUBLIC, None, provider=f"{provider}::id")


def test_a_door_that_goes_with_its_cluster_is_told_with_it():
    provider = "urn:pulumi:dev::ml-platform::mlplatform:cluster:Cluster$pulumi:providers:kubernetes::main-provider"
    child = step("delete", provider, CLUSTER)
    assert "door door is closed" in openings(*of_cluster(provider), child)
    assert "door door is closed" not in openings(*of_cluster(provider), child, step("delete", EKS, CLUSTER))


def test_a_class_of_another_cluster_says_nothing_of_a_gateway():
    elsewhere = behind(INTERNAL, PUBLIC, provider="urn:pulumi:dev::ml-platform::pulumi:providers:kubernetes::b::id")
    assert found(gateway(LISTENERS, LISTENERS), *elsewhere) == []


def test_a_gateway_cannot_change_what_its_class_says():
    def spec(scheme, timeout):
        return {"scheme": scheme, "loadBalancerAttributes": attributes(idle_timeout__timeout_seconds=timeout)}

    changed = [
        {"metadata": {"name": "own"}, "spec": each} for each in (spec("internal", "600"), spec("internet-facing", "9"))
    ]
    own = of("kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration", *changed, "own")
    named = {"gatewayClassName": "shared", "listeners": LISTENERS, "infrastructure": {"parametersRef": {"name": "own"}}}
    same = {"metadata": {"name": "door", "namespace": "ingress"}, "spec": named}
    assert found(of(f"{API}:Gateway", same, same, "door", op="same"), *behind(INTERNAL, INTERNAL), own) == []


def test_a_route_of_the_mesh_is_none_of_a_door():
    spec = {"parentRefs": [{"kind": "Service", "name": "door"}], "rules": [{"backendRefs": [{"name": "door"}]}]}
    in_mesh = of(f"{API}:HTTPRoute", None, {"metadata": {"name": "x", "namespace": "ingress"}, "spec": spec}, "x")
    assert found(*door(PUBLIC, PUBLIC), in_mesh) == []


def test_a_host_that_moves_to_the_internet_is_grave():
    other = {
        "metadata": {"name": "other", "namespace": "ingress"},
        "spec": {"gatewayClassName": "inside", "listeners": LISTENERS},
    }
    named = {"controllerName": "gateway.k8s.aws/alb", "parametersRef": {"name": "inside"}}
    inside = (
        of(f"{API}:Gateway", other, other, "other", op="same"),
        of(f"{API}:GatewayClass", *[{"metadata": {"name": "inside"}, "spec": named}] * 2, "inside", op="same"),
    )
    moved = route(CHAT, CHAT, parent="other")
    (danger,) = found(*door(PUBLIC, PUBLIC), *inside, moved)
    assert (danger.opening, danger.severity) == ("chat.example.com answers in the internet", GRAVE)


def test_what_no_longer_protects_those_who_come_is_told():
    plain = {key: value for key, value in PUBLIC.items() if key not in ("wafV2", "listenerConfigurations")}
    http = [{"name": "http", "protocol": "HTTP", "allowedRoutes": LISTENERS[0]["allowedRoutes"]}]
    assert openings(*door(PUBLIC, plain, (LISTENERS, http)), kind="protection") == [
        "door door speaks HTTP only",
        "no web ACL stands before door door",
    ]


@pytest.mark.parametrize(
    ("policy", "weaker"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", False),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", True),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", True),
        ("ELBSecurityPolicy-2016-08", True),
        ("ELBSecurityPolicy-FS-1-1-2019-08", True),
        (None, True),
        (UNKNOWN_TEXT, False),
    ],
)
def test_a_policy_of_tls_that_takes_older_versions_or_weaker_ciphers_is_told(policy, weaker):
    secure = {key: value for key, value in {**SECURE, "sslPolicy": policy}.items() if value}
    told = found(*door(INTERNAL, {**INTERNAL, "listenerConfigurations": [secure]}))
    assert [each.kind for each in told] == ["protection"] * weaker


def test_a_policy_of_tls_that_takes_newer_versions_only_shuts_clients_out():
    newer = {**INTERNAL, "listenerConfigurations": [{**SECURE, "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}]}
    assert openings(*door(INTERNAL, newer)) == [
        "TLS of door door: ELBSecurityPolicy-TLS13-1-2-Res-2021-06 → ELBSecurityPolicy-TLS13-1-3-2021-06"
    ]


def test_a_web_acl_that_comes_before_a_door_is_told():
    assert openings(*door({key: each for key, each in PUBLIC.items() if key != "wafV2"}, PUBLIC)) == [
        "a web ACL stands before door door"
    ]


@pytest.mark.parametrize(("arn", "shown"), [(f"{ARN}/new", "new"), (UNKNOWN_TEXT, "known after up")])
def test_another_certificate_is_told(arn, shown):
    listeners = [{**SECURE, "defaultCertificate": arn}]
    (danger,) = found(*door(PUBLIC, {**PUBLIC, "listenerConfigurations": listeners}))
    assert danger.opening == f"certificate of door door: old → {shown}"


@pytest.mark.parametrize(
    ("changed", "opening"),
    [
        ({"access_logs__s3__enabled": "false"}, "requests to door are no longer logged"),
        ({"access_logs__s3__enabled": None}, "requests to door are no longer logged"),
        ({"deletion_protection__enabled": "false"}, "the load balancer of door can be deleted"),
        (
            {"routing__http__drop_invalid_header_fields__enabled": "false"},
            "the load balancer of door passes malformed headers on",
        ),
        ({"idle_timeout__timeout_seconds": "60"}, "idle timeout of door door: 600 → 60 s"),
    ],
)
def test_an_attribute_of_the_load_balancer_that_is_turned_off_is_told(changed, opening):
    assert openings(*door(PUBLIC, {**PUBLIC, "loadBalancerAttributes": attributes(**changed)})) == [opening]


def test_a_namespace_that_gets_a_door_is_told_and_every_namespace_is_grave():
    (danger,) = found(*door(PUBLIC, PUBLIC, (LISTENERS, listeners("inference", "agents"))))
    assert (danger.opening, danger.severity) == ("agents may put hosts on door door", SERIOUS)
    everyone = [{**LISTENERS[0], "allowedRoutes": {"namespaces": {"from": "All"}}}]
    (danger,) = found(*door(PUBLIC, PUBLIC, (LISTENERS, everyone)))
    assert (danger.opening, danger.severity) == ("every namespace may put hosts on door door", GRAVE)


def test_a_namespace_that_loses_a_door_is_told():
    both, everyone = listeners("inference", "agents"), [{"allowedRoutes": {"namespaces": {"from": "All"}}}]
    (danger,) = found(gateway(both, LISTENERS), *behind(INTERNAL, INTERNAL))
    assert danger.opening == "door door takes routes of agents no longer"
    assert danger.consequence == "hosts that people have put on it from there get no answer"
    plain = {key: each for key, each in INTERNAL.items() if key != "listenerConfigurations"}
    http = [[{**each, "protocol": "HTTP"} for each in given] for given in (both, everyone)]
    assert openings(gateway(*http), *behind(plain, plain)) == ["every namespace may put hosts on door door"]
    assert openings(gateway(*reversed(http)), *behind(plain, plain)) == [
        "door door takes routes of every namespace no longer"
    ]


def test_a_door_that_gets_a_certificate_and_sends_clients_there_is_no_danger():
    plain = {key: value for key, value in INTERNAL.items() if key != "listenerConfigurations"}
    http = {"name": "http", "protocol": "HTTP", "allowedRoutes": LISTENERS[0]["allowedRoutes"]}
    redirecting = [*LISTENERS, {**http, "allowedRoutes": {"namespaces": {"from": "Same"}}}]
    spec = {"parentRefs": [{"name": "door"}], "rules": [{"filters": [{"type": "RequestRedirect"}]}]}
    metadata = {"name": "door-to-https", "namespace": "ingress"}
    to_https = of(f"{API}:HTTPRoute", None, {"metadata": metadata, "spec": spec}, "door-to-https")
    assert found(*door(plain, INTERNAL, ([http], redirecting)), to_https, route(CHAT, CHAT)) == []


def test_what_the_gateway_says_itself_counts_where_its_class_says_nothing():
    specs = [
        {"loadBalancerAttributes": [{"key": "deletion_protection.enabled", "value": x}]} for x in ("true", "false")
    ]
    own = of(
        "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration",
        *({"metadata": {"name": "own"}, "spec": each} for each in specs),
        "own",
    )
    spec = {
        "gatewayClassName": "shared",
        "listeners": LISTENERS,
        "infrastructure": {"parametersRef": {"name": "own"}},
    }
    same = {"metadata": {"name": "door", "namespace": "ingress"}, "spec": spec}
    of_class = {**INTERNAL, "loadBalancerAttributes": attributes(deletion_protection__enabled=None)}
    steps = (of(f"{API}:Gateway", same, same, "door", op="same"), *behind(of_class, of_class))
    assert openings(*steps, own) == ["the load balancer of door can be deleted"]


def test_hosts_and_paths_that_are_gone_answer_no_more():
    assert openings(*door(INTERNAL, INTERNAL), route(CHAT, None)) == ["chat.example.com answers no more at door"]
    fewer = route((["a.example.com"], ["/v1", "/v2"]), (["a.example.com"], ["/v2"]))
    assert openings(*door(INTERNAL, INTERNAL), fewer) == ["a.example.com/v1 answers no more at door"]
    renamed = (route(CHAT, None), route(None, CHAT, name="talk"))
    assert openings(*door(INTERNAL, INTERNAL), *renamed) == [], "another route has the same host"


def test_a_host_that_comes_to_a_public_door_is_told():
    (danger,) = found(*door(PUBLIC, PUBLIC), route(None, CHAT))
    assert (danger.opening, danger.severity) == ("chat.example.com answers in the internet", SERIOUS)
    assert found(*door(INTERNAL, INTERNAL), route(None, CHAT)) == []


LIMIT = {"name": "limit", "action": {"block": {}}, "statement": {"rateBasedStatement": {"limit": 2000}}}


def common(action="none", **group):
    managed = {"managedRuleGroupStatement": {"name": "AWSManagedRulesCommonRuleSet", **group}}
    return {"name": "common", "overrideAction": {action: {}}, "statement": managed}


RULES = {"defaultAction": {"allow": {}}, "rules": [common(), LIMIT]}
LARGE = {"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}


@pytest.mark.parametrize(
    ("rules", "what", "back"),
    [
        ([LIMIT], "common goes", "new rules refuse: common"),
        ([common("count"), LIMIT], "common only counts", "what matches common is refused, and no longer only counted"),
        (
            [common(ruleActionOverrides=[LARGE]), LIMIT],
            "SizeRestrictions_BODY of common only counts",
            "what matches SizeRestrictions_BODY of common is refused, and no longer only counted",
        ),
        (
            [common(), {**LIMIT, "action": {"count": {}}}],
            "limit only counts",
            "what matches limit is refused, and no longer only counted",
        ),
        (
            [common(), {**LIMIT, "statement": {"rateBasedStatement": {"limit": 9000}}}],
            "limit allows 2,000 → 9,000 requests",
            "limit allows 9,000 → 2,000 requests",
        ),
    ],
)
def test_a_web_acl_that_refuses_less_or_anew_is_told(rules, what, back):
    (danger,) = found(of("aws:wafv2/webAcl:WebAcl", RULES, {**RULES, "rules": rules}, "door"))
    assert (danger.opening, danger.kind) == (f"web ACL door: {what}", "protection")
    (danger,) = found(of("aws:wafv2/webAcl:WebAcl", {**RULES, "rules": rules}, RULES, "door"))
    assert (danger.opening, danger.kind) == (f"web ACL door: {back}", "access")


def test_a_rule_that_only_counts_refuses_nobody():
    more = {**RULES, "rules": [*RULES["rules"], {**LIMIT, "name": "more", "action": {"count": {}}}]}
    assert found(of("aws:wafv2/webAcl:WebAcl", RULES, more, "door")) == []


def test_another_health_check_is_told():
    def targets(**asks):
        return {"spec": {"defaultConfiguration": {"targetType": "ip", "healthCheckConfig": asks}}}

    type_ = "kubernetes:gateway.k8s.aws/v1:TargetGroupConfiguration"
    old, new = targets(healthCheckPath="/"), targets(healthCheckPath="/ready", matcher={"httpCode": "200"})
    (danger,) = found(of(type_, old, new, "chat"))
    how = "path / → /ready, http codes not set → 200"
    assert danger.opening == f"load balancers ask pods behind chat for their health elsewhere: {how}"
    assert found(of(type_, old, targets(healthCheckPath="/", healthCheckInterval=9), "chat")) == []


def test_a_web_acl_that_allows_what_no_rule_speaks_of_is_told():
    closed = {**RULES, "defaultAction": {"block": {}}}
    assert openings(of("aws:wafv2/webAcl:WebAcl", closed, RULES, "door")) == [
        "web ACL door: what no rule speaks of is allowed"
    ]
    assert openings(of("aws:wafv2/webAcl:WebAcl", RULES, closed, "door")) == [
        "web ACL door: what no rule speaks of is refused"
    ]


def release(chart, before, after, name):
    given = [None if each is None else {"chart": chart, "values": each} for each in (before, after)]
    return of("kubernetes:helm.sh/v3:Release", *given, name)


def test_a_controller_that_goes_while_gateways_stay_is_grave():
    gone = release("aws-load-balancer-controller", {}, None, "controller")
    (danger,) = found(*door(INTERNAL, INTERNAL), gone)
    assert (danger.opening, danger.severity) == ("controller goes, and door stays", GRAVE)
    (danger,) = found(gone)
    assert (danger.opening, danger.severity) == ("controller goes", SERIOUS), "users may have Gateways of their own"


ZONES = {"domainFilters": ["a.example.com", "b.example.com"], "txtOwnerId": "main", "policy": "sync"}


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        ({**ZONES, "domainFilters": ["a.example.com"]}, "records of b.example.com are no longer kept up by dns"),
        ({**ZONES, "txtOwnerId": "other"}, "the records of dns get another owner: main → other"),
        (None, "records of a.example.com, b.example.com are no longer kept up: dns goes"),
    ],
)
def test_records_that_nobody_keeps_up_are_told(after, opening):
    (danger,) = found(release("external-dns", ZONES, after, "dns"))
    assert danger.opening == opening


def test_a_wider_zone_is_none_and_records_that_are_deleted_from_then_on_are():
    fewer = {**ZONES, "domainFilters": ["a.example.com"]}
    assert found(release("external-dns", fewer, ZONES, "dns")) == []
    kept = {**ZONES, "policy": "upsert-only"}
    assert openings(release("external-dns", kept, ZONES, "dns")) == ["dns deletes records from then on"]


PLAN = DoorPlan(
    door="public",
    settings=PublicDoorSettings(certificate=CertificateSettings(arn=f"{ARN}/12345678-1234-1234-1234-123456789012")),
    sources=["203.0.113.0/24"],
    subnet_ids=["subnet-a", "subnet-b"],
    certificate=f"{ARN}/old",
    web_acl=ACL,
    log_attributes={"access_logs.s3.enabled": "true"},
    namespaces=["inference"],
    protect=True,
)


def made(plan):
    """Returns the objects of a door as the platform makes them."""
    objects = [class_configuration(plan), gateway_class(plan.door, ALB), gateway_configuration(plan), shared(plan)]
    objects += [redirect(plan.door)] if plan.certificate else []
    return {f"{each['kind']}-{each['metadata']['name']}": each for each in objects}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"sources": ["203.0.113.0/24", "0.0.0.0/0"]}, ["door Gateway-public lets in 0.0.0.0/0"]),
        (
            {"certificate": None, "sources": []},
            ["door Gateway-public lets in 0.0.0.0/0, ::/0", "door Gateway-public speaks HTTP only"],
        ),
        ({"certificate": f"{ARN}/new"}, ["certificate of door Gateway-public: old → new"]),
        ({"web_acl": None}, ["no web ACL stands before door Gateway-public"]),
        ({"log_attributes": ATTRIBUTES_OFF}, ["requests to Gateway-public are no longer logged"]),
        ({"namespaces": ["agents", "inference"]}, ["agents may put hosts on door Gateway-public"]),
        ({"namespaces": []}, ["door Gateway-public takes routes of inference no longer"]),
        ({"protect": False}, ["the load balancer of Gateway-public can be deleted"]),
    ],
)
def test_the_doors_of_the_platform_are_read_as_it_makes_them(changes, told):
    before, after = made(PLAN), made(replace(PLAN, **changes))
    steps = [
        of(f"kubernetes:{each['apiVersion']}:{each['kind']}", before.get(name), after.get(name), name)
        for name, each in {**before, **after}.items()
    ]
    assert sorted(openings(*steps)) == told


GUARD = {"failurePolicy": "Fail", "validations": [{"expression": "object.spec.type != 'LoadBalancer'"}]}
BINDING = {"policyName": "services", "validationActions": ["Deny"]}
ADMISSION = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        (ADMISSION, GUARD, None),
        (ADMISSION, GUARD, {**GUARD, "failurePolicy": "Ignore"}),
        (ADMISSION, GUARD, {**GUARD, "validations": []}),
        (f"{ADMISSION}Binding", BINDING, None),
        (f"{ADMISSION}Binding", BINDING, {**BINDING, "validationActions": ["Audit"]}),
    ],
)
def test_the_guard_of_services_that_is_weakened_is_told_once(type_, before, after):
    inputs = [None if each is None else {"spec": each} for each in (before, after)]
    (danger,) = found(of(type_, *inputs, "services"))
    assert (danger.kind, danger.severity) == ("protection", GRAVE)
