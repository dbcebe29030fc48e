"""Dangers between pods of the mesh: who may call a Server, whatever object says it."""

import pytest

from common.values import UNKNOWN_TEXT
from components.mesh.policies import policies
from report.dangers.danger import GRAVE, SERIOUS
from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings
from tests.report.test_dangers import found, of, openings

API = "kubernetes:policy.linkerd.io"
SELECTS = {"podSelector": {"matchLabels": {"app": "chat"}}, "port": 8000}
DENY = {**SELECTS, "accessPolicy": "deny"}


def named(kind, before, after, name="chat", namespace="inference", version="v1alpha1"):
    """The step of an object of Linkerd; before and after: its spec."""
    metadata = {"name": name, "namespace": namespace}
    given = [None if each is None else {"metadata": metadata, "spec": each} for each in (before, after)]
    op = "same" if before == after else "update"
    return of(f"{API}/{version}:{kind}", *given, f"{kind}-{name}", op=op)


def server(before=DENY, after=DENY, name="chat"):
    return named("Server", before, after, name, version="v1beta3")


def policy(before, after, kind="Server", name="chat"):
    """The step of a policy; before and after: the kinds of what it asks, each named `chat`."""

    def spec(refs):
        asked = [{"kind": each, "name": "chat"} for each in refs or ()]
        return (
            None if refs is None else {"targetRef": {"kind": kind, "name": name}, "requiredAuthenticationRefs": asked}
        )

    return named("AuthorizationPolicy", spec(before), spec(after))


def accounts(*names):
    return {"identityRefs": [{"kind": "ServiceAccount", "name": each, "namespace": "agents"} for each in names]}


def networks(*cidrs):
    return {"networks": [{"cidr": each} for each in cidrs]}


TLS, NETWORK = ["MeshTLSAuthentication"], ["NetworkAuthentication"]


def called(before, after, kind="MeshTLSAuthentication"):
    """The steps of a Server whose authentication changes."""
    return server(), policy([kind], [kind]), named(kind, before, after)


def test_callers_that_stay_are_no_danger():
    assert found(*called(accounts("gateway"), accounts("gateway"))) == []


def test_a_caller_that_is_added_is_let_in_and_one_that_goes_is_refused():
    (danger,) = found(*called(accounts("gateway"), accounts("gateway", "batch")))
    assert (danger.opening, danger.severity) == ("agents/batch may call inference/chat", SERIOUS)
    assert openings(*called(accounts("gateway", "batch"), accounts("gateway"))) == [
        "agents/batch may no longer call inference/chat"
    ]


@pytest.mark.parametrize(
    ("before", "after", "who", "severity"),
    [
        (networks("10.0.1.0/24"), networks("10.0.1.0/24", "10.0.2.0/24"), "10.0.2.0/24", SERIOUS),
        (networks("10.0.1.0/24"), networks("0.0.0.0/0"), "0.0.0.0/0", GRAVE),
        (networks("10.0.0.0/16"), networks("10.0.0.0/17"), "", None),
    ],
)
def test_a_network_that_is_widened_is_told_by_what_is_new(before, after, who, severity):
    told = [each for each in found(*called(before, after, "NetworkAuthentication")) if "no longer" not in each.opening]
    assert [(each.opening, each.severity) for each in told] == (
        [(f"{who} may call inference/chat", severity)] if who else []
    )


def test_a_policy_that_asks_nothing_lets_everybody_in():
    (danger,) = found(server(), policy(None, []))
    assert (danger.opening, danger.severity) == ("everybody may call inference/chat", GRAVE)


def test_a_policy_that_asks_one_thing_less_lets_more_in():
    both = [*TLS, *NETWORK]
    rest = named("MeshTLSAuthentication", accounts("gateway"), accounts("gateway"))
    net = named("NetworkAuthentication", networks("10.0.1.0/24"), networks("10.0.1.0/24"))
    told = openings(server(), policy(both, NETWORK), rest, net)
    assert "10.0.1.0/24 may call inference/chat" in told


def test_a_new_server_with_its_callers_opens_nothing():
    new = server(None, DENY), policy(None, TLS), named("MeshTLSAuthentication", None, accounts("gateway"))
    assert found(*new) == []
    anywhere = server(None, DENY), policy(None, NETWORK), named("NetworkAuthentication", None, networks("0.0.0.0/0"))
    assert openings(*anywhere) == ["0.0.0.0/0 may call inference/chat"]


def test_a_policy_of_a_namespace_counts_for_all_its_servers():
    opened = policy(None, [], "Namespace", "inference")
    assert openings(opened) == ["everybody may call inference"]


@pytest.mark.parametrize("weaker", ["audit", "all-unauthenticated", "cluster-authenticated", "all-authenticated"])
def test_a_server_that_denies_less_is_told(weaker):
    (danger,) = found(server(DENY, {**SELECTS, "accessPolicy": weaker}))
    assert danger.opening == f"what inference/chat does with others: deny → {weaker}"
    assert danger.kind == "protection"
    (danger,) = found(server({**SELECTS, "accessPolicy": weaker}, SELECTS))
    assert danger.opening.endswith(f"{weaker} → deny"), "without one it denies"


def test_a_server_that_goes_leaves_its_pods_to_the_default_unless_another_has_them():
    assert openings(server(DENY, None)) == ["Server inference/chat goes"]
    assert found(server(DENY, None), server(None, DENY, name="other")) == []
    goes = of("kubernetes:core/v1:Namespace", {"metadata": {"name": "inference"}}, None, "inference")
    assert [each for each in openings(server(DENY, None), goes) if "Server" in each] == []
    kept = of(
        "kubernetes:core/v1:Namespace", {"metadata": {"name": "inference"}}, None, "inference", retainOnDelete=True
    )
    assert openings(server(DENY, None), kept) == ["Server inference/chat goes"], "its pods stay"
    stays = policy(TLS, None), named("MeshTLSAuthentication", accounts("gateway"), None)
    assert [each for each in openings(server(), *stays, goes) if "no longer call" in each] == []
    assert "agents/gateway may no longer call inference/chat" in openings(server(), *stays)


MESHED = {"metadata": {"name": "inference", "annotations": {"linkerd.io/inject": "enabled"}}}


def namespace(after=MESHED, **more):
    return of("kubernetes:core/v1:Namespace", MESHED, after, "inference", op="same", **more)


def control_plane(before, after):
    values = [
        {"chart": "linkerd-control-plane", "values": {"proxy": {"defaultInboundPolicy": x}}} for x in (before, after)
    ]
    return of("kubernetes:helm.sh/v3:Release", *values, "linkerd", op="same" if before == after else "update")


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("audit", "deny", True),
        ("all-unauthenticated", "all-authenticated", True),
        ("cluster-unauthenticated", "deny", True),
        ("all-unauthenticated", "audit", False),  # it refuses nobody
        ("deny", "deny", False),
    ],
)
def test_who_is_refused_anew_is_told_of_a_server_and_of_the_mesh(was, becomes, told):
    servers = server(*({**SELECTS, "accessPolicy": each} for each in (was, becomes)))
    assert openings(servers, kind="access") == [f"what inference/chat does with others: {was} → {becomes}"] * told
    assert (
        openings(control_plane(was, becomes), kind="access")
        == [f"what meshed pods take without a policy, by linkerd: {was} → {becomes}"] * told
    )


def test_a_new_server_before_pods_of_the_mesh_refuses_those_whom_the_mesh_let_in():
    new = server(None, DENY), policy(None, TLS), named("MeshTLSAuthentication", None, accounts("gateway"))
    told = "what inference/chat does with others: audit → deny"
    assert openings(*new, namespace(), control_plane("audit", "audit")) == [told]
    assert openings(*new, namespace(), control_plane("deny", "deny")) == []
    assert openings(*new, control_plane("audit", "audit")) == [], "nobody says that there were pods"
    renamed = server(DENY, None), server(None, DENY, name="other")
    assert openings(*renamed, namespace(), control_plane("audit", "audit")) == []


@pytest.mark.parametrize("callers", [True, False])
@pytest.mark.parametrize("name", ["chat", "talk"])
def test_a_server_that_denies_less_is_told_by_whatever_name_it_goes_on(name, callers):
    old, new = DENY, {**SELECTS, "accessPolicy": "audit"}
    servers = [server(old, new)] if name == "chat" else [server(old, None), server(None, new, name=name)]
    gone = [policy(TLS, None), named("MeshTLSAuthentication", accounts("gateway"), None)] * callers
    found_ = found(*servers, *gone, namespace(), control_plane("deny", "deny"))
    assert [(each.opening, each.severity) for each in found_] == [
        (f"what inference/{name} does with others: deny → audit", GRAVE)
    ], "who is no longer named gets in all the same"
    back = [server(new, None), server(None, old, name=name)] if name == "talk" else [server(new, old)]
    assert "access" in {each.kind for each in found(*back, namespace(), control_plane("deny", "deny"))}


@pytest.mark.parametrize(("default", "refused"), [("audit", False), ("deny", True), ("all-authenticated", True)])
def test_a_namespace_that_joins_a_mesh_that_refuses_is_told(default, refused):
    joins = of("kubernetes:core/v1:Namespace", {"metadata": {"name": "inference"}}, MESHED, "inference")
    told = "pods of inference refuse callers that no policy names, from their next start"
    assert openings(joins, control_plane(default, default)) == [told] * refused
    assert openings(joins, control_plane(default, default), server(None, DENY)) == [
        *[told] * refused,
        "what inference/chat does with others: all-unauthenticated → deny",
    ]


def test_a_namespace_that_leaves_the_stack_with_its_proxies_is_told():
    assert openings(namespace(None, retainOnDelete=True)) == [
        "namespace inference leaves the stack, and stays in the mesh"
    ]
    assert "mesh" not in str(openings(namespace(None))), "its pods go with it"


CHAT = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}, "pod_port": 8000}
GATEWAY = {"namespace": "agents", "service_account": "gateway"}
BATCH = {"namespace": "agents", "service_account": "batch"}
ROUTED = {"chat": {**CHAT, "host": "chat.example.com"}}


def made(callers=(GATEWAY,), inbound="deny", routes=None, services=True):
    """Returns the objects of a meshed Service as the platform makes them."""
    service = {**CHAT, "callers": callers, "inbound": inbound}
    mesh = MeshSettings.model_validate({"namespaces": ["inference"], "services": {"chat": service} if services else {}})
    ingress = IngressSettings.model_validate({"routes": routes or {}})
    return policies(mesh, ingress, ["inference"], {"internal": ["10.0.0.0/20"], "public": ["10.0.128.0/24"]})


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, []),
        ({}, {"callers": [GATEWAY, BATCH]}, ["agents/batch may call inference/chat-8000"]),
        ({"callers": [GATEWAY, BATCH]}, {}, ["agents/batch may no longer call inference/chat-8000"]),
        ({}, {"inbound": "audit"}, ["what inference/chat-8000 does with others: deny → audit"]),
        ({}, {"routes": ROUTED}, ["10.0.0.0/20 may call inference/chat-8000"]),
        ({"routes": ROUTED}, {}, []),  # the host that answers no more says it
        ({}, {"services": False}, ["Server inference/chat-8000 goes"]),
        ({"services": False}, {}, []),
    ],
)
def test_the_policies_of_the_platform_are_read_as_it_makes_them(before, after, told):
    old, new = made(**before), made(**after)
    steps = [
        of(f"kubernetes:{each['apiVersion']}:{each['kind']}", old.get(name), new.get(name), name)
        for name, each in {**old, **new}.items()
    ]
    assert openings(*steps) == told


@pytest.mark.parametrize(("default", "told"), [("deny", True), ("all-authenticated", True), ("audit", False)])
def test_a_new_server_for_metrics_opens_a_port_that_the_mesh_refused(default, told):
    inside = {"metadata": {"name": "inference", "annotations": {"linkerd.io/inject": "enabled"}}}
    mesh = control_plane(default, default)
    space = of("kubernetes:core/v1:Namespace", inside, inside, "inference", op="same")
    asks = {"targetRef": {"kind": "Server", "name": "metrics.chat"}}
    refs = {"requiredAuthenticationRefs": [{"kind": "NetworkAuthentication", "name": "chat"}]}
    new = (
        server(None, DENY, name="metrics.chat"),
        named("AuthorizationPolicy", None, {**asks, **refs}),
        named("NetworkAuthentication", None, networks("10.0.0.0/16")),
    )
    assert ("10.0.0.0/16 may call inference/metrics.chat" in openings(mesh, space, *new)) is told


RULE = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"


@pytest.mark.parametrize(
    ("issuer", "stood", "told"),
    [
        ("linkerd-identity-issuer", False, True),
        ("linkerd-identity-issuer", True, False),
        ("self-signed", False, False),
    ],
)
def test_an_issuer_that_signed_for_everybody_is_told_once(issuer, stood, told):
    """With a new mesh the rule is there before the issuer."""
    there, rule = ({"metadata": {"name": name}, "spec": {}} for name in (issuer, "ml-platform-mesh-issuer"))
    dangers = found(
        of("kubernetes:cert-manager.io/v1:ClusterIssuer", there, there, "issuer", op="same"),
        of(RULE, rule if stood else None, rule, "guard", op="same"),
    )
    assert [(each.kind, each.severity) for each in dangers] == [("access", SERIOUS)] * told
    assert all(each.gently.endswith("docs/guides/mesh/rotate-the-anchor.md") for each in dangers)


def read_by(name, present):
    """The objects by which Prometheus reads `chat`, as (before, after) of a mesh that refuses by default."""

    def made(spec):
        return [spec if there else None for there in present]

    refs = {"requiredAuthenticationRefs": [{"kind": "NetworkAuthentication", "name": "chat"}]}
    policy_of = {"targetRef": {"kind": "Server", "name": name}, **refs}
    return (
        server(*made(DENY), name=name),
        named("AuthorizationPolicy", *made(policy_of), name),
    )


RANGE = named("NetworkAuthentication", networks("10.0.0.0/16"), networks("10.0.0.0/16"))


def test_a_program_whose_metrics_are_read_under_another_name_is_no_danger():
    renamed = (*read_by("metrics.chat", (True, False)), *read_by("metrics.talk", (False, True)), RANGE)
    assert openings(namespace(), control_plane("deny", "deny"), *renamed) == []


@pytest.mark.parametrize(("default", "told"), [("deny", False), ("all-authenticated", True), ("audit", True)])
def test_a_server_that_goes_takes_protection_with_it_only_where_the_mesh_refuses_less(default, told):
    dropped = openings(namespace(), control_plane(default, default), *read_by("metrics.chat", (True, False)), RANGE)
    assert dropped == ["Server inference/metrics.chat goes"] * told


@pytest.mark.parametrize(("default", "told"), [("deny", True), ("audit", False)])
def test_callers_of_a_server_that_goes_are_refused_where_the_mesh_refuses_them(default, told):
    gone = server(DENY, None), policy(TLS, None), named("MeshTLSAuthentication", accounts("gateway"), None)
    refused = "agents/gateway may no longer call inference/chat"
    assert (refused in openings(namespace(), control_plane(default, default), *gone)) is told


def test_a_server_of_another_name_keeps_its_callers_and_tells_of_those_that_change():
    old = server(DENY, None), policy(TLS, None), named("MeshTLSAuthentication", accounts("gateway", "batch"), None)
    asks = {"targetRef": {"kind": "Server", "name": "talk"}}
    refs = {"requiredAuthenticationRefs": [{"kind": "MeshTLSAuthentication", "name": "talk"}]}
    new = (
        server(None, DENY, name="talk"),
        named("AuthorizationPolicy", None, {**asks, **refs}, "talk"),
        named("MeshTLSAuthentication", None, accounts("gateway", "eval"), "talk"),
    )
    told = openings(namespace(), control_plane("deny", "deny"), *old, *new)
    assert sorted(told) == ["agents/batch may no longer call inference/talk", "agents/eval may call inference/talk"]


AUDIT = {**SELECTS, "accessPolicy": "audit"}
LAXER = "what inference/{} does with others: deny → audit"


def selecting(policy_, port=8000, expressions=(), **labels):
    """The spec of a Server. expressions: key, operator and values of each."""
    selector = {
        "matchLabels": labels,
        "matchExpressions": [
            {"key": key, "operator": how, "values": list(values)} for key, how, *values in expressions
        ],
    }
    return {"podSelector": selector, "port": port, "accessPolicy": policy_}


def laxer(*servers, default="deny"):
    """What is told of Servers in a mesh with this default: gravely, or not at all."""
    told = found(*servers, namespace(), control_plane(default, default), kind="protection")
    assert {each.severity for each in told} <= {GRAVE}
    return [each.opening for each in told]


@pytest.mark.parametrize("lax", ["audit", "all-unauthenticated"])
def test_a_new_server_that_lets_in_more_than_the_mesh_did_is_told(lax):
    new = server(None, {**SELECTS, "accessPolicy": lax})
    assert laxer(new) == [f"what inference/chat does with others: deny → {lax}"]
    assert laxer(new, default=lax) == []
    space = of("kubernetes:core/v1:Namespace", None, MESHED, "inference")
    assert found(new, space, control_plane("deny", "deny")) == [], "nobody was there before"


def test_a_meshed_service_that_audits_where_the_mesh_refuses_is_told():
    new = made(inbound="audit")
    steps = [of(f"kubernetes:{each['apiVersion']}:{each['kind']}", None, each, name) for name, each in new.items()]
    assert laxer(*steps) == [LAXER.format("chat-8000")]


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (AUDIT, True),
        (selecting("audit", app="chat", version="2"), True),
        (selecting("audit"), True),  # all pods
        (selecting("audit", expressions=[("app", "In", "chat")]), True),
        (selecting("audit", expressions=[("app", "In", "chat", "talk")]), True),
        (selecting("audit", expressions=[("app", "Exists")]), True),
        (selecting("audit", "http", app="chat"), True),  # it may be 8000
        (selecting("audit", 9000, app="chat"), False),
        (selecting("audit", app="talk"), False),
        ({**AUDIT, "podSelector": UNKNOWN_TEXT}, True),
        ({"externalWorkloadSelector": {"matchLabels": {"app": "chat"}}, "port": 8000, "accessPolicy": "audit"}, False),
    ],
)
def test_a_second_server_is_judged_by_the_one_that_has_some_of_its_pods(new, told):
    """The older one decides while it stands. The default audits, so that nothing but the other Server is stricter."""
    assert laxer(server(), server(None, new, name="talk"), default="audit") == [LAXER.format("talk")] * told


@pytest.mark.parametrize("default", ["deny", "audit"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (selecting("deny", a="1", b="2"), selecting("audit", b="2", a="1")),
        (selecting("deny", app="chat"), selecting("audit", "http", app="chat")),
        (selecting("deny", app="chat", version="1"), selecting("audit", app="chat")),
    ],
)
def test_the_same_pods_are_known_however_they_are_written(old, new, default):
    assert laxer(server(old, None), server(None, new, name="talk"), default=default) == [LAXER.format("talk")]
    assert laxer(server(old, new), default=default) == [LAXER.format("chat")]


def test_pods_in_another_order_of_labels_are_the_same():
    one, other = selecting("deny", a="1", b="2"), selecting("deny", b="2", a="1")
    assert laxer(server(one, None), server(None, other, name="talk"), default="audit") == []
    assert openings(server(one, None), server(None, other, name="talk"), namespace()) == []


def test_all_servers_that_take_the_place_of_one_count():
    for names in (("a", "b"), ("b", "a")):
        lax, strict = server(None, AUDIT, name=names[0]), server(None, DENY, name=names[1])
        assert laxer(server(DENY, None), lax, strict) == [LAXER.format(names[0])]
    stays = server(AUDIT, AUDIT, name="talk")
    assert laxer(server(DENY, None), stays) == [LAXER.format("talk")], "the one that stays decides now"
    assert laxer(server(), stays) == [], "nothing changes"
    assert laxer(server(), server(AUDIT, {**AUDIT, "proxyProtocol": "gRPC"}, name="talk")) == [], "of what it asks"


def test_a_server_for_more_pods_is_judged_by_the_default_too():
    one = selecting("audit", app="chat", version="1")
    assert laxer(server(one, AUDIT)) == [LAXER.format("chat")], "version 2 was refused by default"
    assert laxer(server(AUDIT, one)) == []
    named_port = selecting("audit", "metrics", app="chat")
    assert laxer(server(named_port, named_port), server(None, AUDIT, name="talk")) == [LAXER.format("talk")]
    assert laxer(server(AUDIT, AUDIT), server(None, one, name="talk")) == []


def test_a_server_that_leaves_some_of_its_pods_is_told():
    less = selecting("deny", app="chat", version="1")
    says = "Server inference/chat no longer speaks of all of its pods"
    assert laxer(server(DENY, less), default="audit") == [says]
    assert laxer(server(DENY, less)) == [], "the mesh refuses the others all the same"
    assert laxer(server(less, DENY), default="audit") == []


def test_a_server_that_refuses_more_than_one_that_had_its_pods_is_told():
    new = selecting("deny", app="chat", version="1")
    mesh = namespace(), control_plane("deny", "deny")
    told = "what inference/talk does with others: audit → deny"
    assert openings(server(AUDIT, AUDIT), server(None, new, name="talk"), *mesh, kind="access") == [told]
    assert openings(server(), server(None, new, name="talk"), *mesh, kind="access") == []
