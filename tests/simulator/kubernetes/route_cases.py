"""Routes at a door: what an Application Load Balancer can have, and what stops it with the routes of everybody.

One table for the policy that refuses routes, and for the simulated controller that makes rules of them.
"""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
HOST = "own.ml.example.com"
BACKEND: Object = {"name": "web", "port": 80}
HEADERS: Object = {
    "type": "RequestHeaderModifier",
    "requestHeaderModifier": {"add": [{"name": "a", "value": "b"}]},
}
V1: Object = {"type": "PathPrefix", "value": "/v1"}


@dataclass(frozen=True)
class Case:
    """A route. says: what the message of the policy contains; "": it takes the route. The load balancer agrees."""

    name: str
    route: Object
    says: str = ""


def route_at(gateway: str = "ingress", kind: str = "HTTPRoute", **spec: Any) -> Object:
    """Returns a route of the namespace team. gateway: namespace of the Gateway that it is attached to."""
    spec = {
        "hostnames": [HOST],
        "parentRefs": [{"name": "internal", "namespace": gateway}],
        "rules": [{"backendRefs": [BACKEND]}],
        **spec,
    }
    metadata = {"name": "own", "namespace": "team"}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def ruled(*, kind: str = "HTTPRoute", **rule: Any) -> Object:
    return route_at(kind=kind, rules=[rule])


def matching(path: str, type_: str = "PathPrefix") -> list[Object]:
    return [{"matches": [{"path": {"type": type_, "value": path}}], "backendRefs": [BACKEND]}]


def on(path: str, type_: str = "PathPrefix") -> Object:
    return route_at(rules=matching(path, type_))


def matched(kind: str = "HTTPRoute", **match: Any) -> Object:
    return ruled(kind=kind, matches=[match], backendRefs=[BACKEND])


def named(kind: str, *values: str, **more: str) -> Any:
    return {kind: [{"name": f"n{at}", "value": value, **more} for at, value in enumerate(values)]}


def to_path(path: str, key: str = "replaceFullPath") -> Object:
    return {"path": {"type": key[0].upper() + key[1:], key: path}}


def redirected(**to: Any) -> Object:
    return ruled(matches=[{"path": V1}], filters=[{"type": "RequestRedirect", "requestRedirect": to}])


def rewritten(to: Object, path: str = "/v1") -> Object:
    return ruled(
        matches=[{"path": {**V1, "value": path}}],
        filters=[{"type": "URLRewrite", "urlRewrite": to}],
        backendRefs=[BACKEND],
    )


def header(name: str) -> Object:
    return matched(path=V1, headers=[{"name": name, "value": "a"}])


GRPC = "GRPCRoute"
METHOD = {"service": "a.B", "method": "C"}
LONG, LONGEST = "a" * 129, "a" * 128
LONG_HOST = f"{'a' * 60}.{'b' * 55}.example.com"
WRONG = {
    "no such filter": {
        "filter": ruled(filters=[HEADERS], backendRefs=[BACKEND]),
        "filter of gRPC": ruled(kind=GRPC, filters=[HEADERS], backendRefs=[BACKEND]),
        "redirect to a wild prefix": redirected(**to_path("/x*", "replacePrefixMatch")),
        "rewritten to a group": rewritten(to_path("/$9", "replacePrefixMatch")),
        "redirect to a group": redirected(hostname="new.example.com", **to_path("/$9", "replacePrefixMatch")),
        "redirect to a long prefix": redirected(
            hostname="new.example.com", **to_path("/" + "a" * 1022, "replacePrefixMatch")
        ),
        "redirect to a beginning without a slash": redirected(
            hostname="new.example.com", **to_path("v2", "replacePrefixMatch")
        ),
        "whole path rewritten to a group": rewritten(to_path("/$9")),
        "whole path rewritten to nothing": rewritten(to_path("")),
        "whole path rewritten to one without a slash": rewritten(to_path("v2/a")),
        "rewritten to a beginning without a slash": rewritten(to_path("v2/", "replacePrefixMatch")),
        "rewritten to a long path": rewritten(to_path("/" + "a" * 1022, "replacePrefixMatch")),
        **{f"rewritten to {sign}": rewritten(to_path(f"/a{sign}")) for sign in r"*?%;#,=!\("},
    },
    "Too long": {  # says the definition of routes itself
        "whole path rewritten to a long one": rewritten(to_path("/" + "a" * 1024)),
        "rewritten to a long path that ends with a slash": rewritten(
            to_path("/" + "a" * 1023 + "/", "replacePrefixMatch")
        ),
    },
    "a redirect that leads back": {
        "redirect to a wild path": redirected(**to_path("/x*")),
        "redirect to another prefix": redirected(**to_path("/v2", "replacePrefixMatch")),
        "redirect to https": redirected(scheme="https"),
        "redirect to http": redirected(scheme="http", hostname="new.example.com"),
        "redirect to its port": redirected(port=443),
        "redirect to nothing": redirected(),
        "redirect to its host": redirected(hostname=HOST),
        "redirect to its path": redirected(**to_path("/v1")),
        "redirect to the path that it has": redirected(**to_path("/#{path}")),
        "redirect without the slash": ruled(
            matches=[{"path": {**V1, "value": "/v1/"}}],
            filters=[{"type": "RequestRedirect", "requestRedirect": to_path("/v1")}],
        ),
        "redirect with another code": redirected(hostname="new.ml.example.com", statusCode=308),
        "redirect to an odd path": redirected(**to_path("/v1;a")),
        "redirect to an encoded path": redirected(**to_path("/v%201")),
        "redirect to an unknown keyword": redirected(**to_path("/#{method}")),
        "redirect to a long path": redirected(**to_path(f"/{LONGEST}")),
        "redirect to no path": redirected(hostname="new.example.com", **to_path("")),
        "redirect to a long host": redirected(hostname=f"{LONG_HOST}x"),
    },
    "5 Services at most": {
        "too heavy": ruled(backendRefs=[{**BACKEND, "weight": 1000}]),
        "too many": ruled(backendRefs=[{**BACKEND, "name": f"web-{number}"} for number in range(6)]),
        "twice by the namespace": ruled(backendRefs=[BACKEND, {**BACKEND, "namespace": "team"}]),
        "twice": ruled(backendRefs=[BACKEND, {**BACKEND, "weight": 2}]),
    },
    "a host without a dot": {
        "long host": route_at(hostnames=["a" * 60 + "." + "b" * 60 + ".ml.example.com"]),
        "one label": route_at(hostnames=["chat"]),
        "a number at the end": route_at(hostnames=["chat.zone1"]),
    },
    "more than 5 values": {
        "parameters": matched(path=V1, method="GET", **named("queryParams", "a", "b")),
        "headers": matched(path=V1, **named("headers", "a", "b", "c")),
        "headers of gRPC": matched(GRPC, **named("headers", "a", "b", "c", "d")),
        "many commas": matched(path=V1, **named("headers", "a,b,c")),
        "a pattern of gRPC": matched(GRPC, **named("headers", "a,b,c,d,e", type="RegularExpression")),
    },
    "more than 5 wildcards": {
        "path": on("/*/*/*/*/*/*", "Exact"),
        "headers": matched(path=V1, **named("headers", "*a*b*c*,*")),
        "parameters": matched(path=V1, **named("queryParams", "*?*?*")),
        "name of a parameter": matched(path=V1, queryParams=[{"name": "*****", "value": "a"}]),
        "with the host": route_at(hostnames=["*.team.example.com"], rules=matching("/*/*/*/*/*", "Exact")),
        "method of gRPC": matched(GRPC, method={"type": "RegularExpression", "service": "*a*b*", "method": "*?*"}),
        "any method of gRPC": matched(GRPC, method={"type": "RegularExpression", "service": "*a*b*?*"}),
        "any service of gRPC": matched(GRPC, method={"type": "RegularExpression", "method": "*a*b*?*"}),
    },
    "a path with . or ., whose beginning is replaced": {
        "repeated twice": rewritten(to_path("/v2", "replacePrefixMatch"), "/a++"),
        "repeated, and replaced by nothing": rewritten(to_path("", "replacePrefixMatch"), "/a++"),
        "repeated, and redirected": ruled(
            matches=[{"path": {**V1, "value": "/a+"}}],
            filters=[
                {
                    "type": "RequestRedirect",
                    "requestRedirect": {"hostname": "new.example.com", **to_path("/v2", "replacePrefixMatch")},
                }
            ],
        ),
        "an end": rewritten(to_path("/v2", "replacePrefixMatch"), "/$a"),
    },
    "a header Host": {
        "long header": matched(path=V1, **named("headers", LONG)),
        "long parameter": matched(path=V1, **named("queryParams", LONG)),
        "long name of a parameter": matched(path=V1, queryParams=[{"name": LONG, "value": "a"}]),
        "long name of a header": header("x-" + "a" * 39),
        "header Host": header("hOSt"),
        "expression of a header that is none": matched(path=V1, **named("headers", "(", type="RegularExpression")),
        "nothing after a comma": matched(path=V1, **named("headers", "a,")),
        "long piece": matched(path=V1, **named("headers", f"a,{LONG}")),
        "a backslash": matched(path=V1, **named("headers", r"a\\,b,c")),
        "a backslash alone": matched(path=V1, **named("headers", r"\\")),
        "a backslash before a letter": matched(path=V1, **named("headers", r"\a")),
        "a backslash at the end": matched(path=V1, **named("headers", "a\\")),
        "letter outside of ASCII": matched(path=V1, **named("headers", "é")),
        "tab": matched(GRPC, **named("headers", "a\tb")),
        "expression of a parameter": matched(path=V1, **named("queryParams", "a", type="RegularExpression")),
        "brackets of a parameter": matched(path=V1, **named("queryParams", "[0-9]")),
        "blank of a parameter": matched(path=V1, **named("queryParams", "a b")),
        "percent of a parameter": matched(path=V1, **named("queryParams", "a%20b")),
        "odd name of a parameter": matched(path=V1, queryParams=[{"name": "a|b", "value": "a"}]),
        "zeros in the bounds of a header": matched(path=V1, **named("headers", "a{02,1}", type="RegularExpression")),
    },
    r"a path with \*, \?, %": {
        "no expression": on("", "RegularExpression"),
        "bounds with zeros before them": on("/a{02,1}", "RegularExpression"),
        "zeros in the second bound": on("/a{2,03}", "RegularExpression"),
        "a bound of four digits": on("/a{1001,}", "RegularExpression"),
        "end of a word": on(r"/a\b", "RegularExpression"),
        "beginning inside": on("/a^b", "RegularExpression"),
        "odd path": on("/v1;a", "Exact"),
        "encoded path": on("/v%201"),
        "wild prefix": on("/v1/*"),
        "long prefix": on("/" + "v" * 126),
        "long path": on(f"/{LONGEST}", "Exact"),
        "long pattern": on(f"/{LONGEST}", "RegularExpression"),
        "long method": matched(GRPC, method={"service": "a" * 64, "method": "b" * 63}),
        "class of Unicode": on(r"/\p{L}", "RegularExpression"),
        "look-around": on("/(?=a)", "RegularExpression"),
        "possessive": on("/a++", "RegularExpression"),
        "pattern that is none": on("/v[", "RegularExpression"),
        "odd pattern of a method": matched(GRPC, method={"type": "RegularExpression", "service": "(a|b)"}),
    },
}
WRONG["bounds_and_ranges_of_expressions_rise.*error parsing regexp"] = {
    "bounds in the wrong order": on("/a{5,2}", "RegularExpression"),
    "range in the wrong order": on("/[z-a]", "RegularExpression"),
    "range of a header in the wrong order": matched(path=V1, **named("headers", "[z-a]", type="RegularExpression")),
}
RIGHT = {
    "a comma alone": matched(path=V1, **named("headers", r"\,")),
    "plain": route_at(),
    "of gRPC": route_at(kind=GRPC),
    "redirect": redirected(hostname="new.ml.example.com"),
    "redirect with a code": redirected(**to_path("/v2"), statusCode=301),
    "redirect to a host by https": redirected(scheme="https", hostname="new.ml.example.com"),
    "redirect to a port": redirected(port=8443),
    "redirect to a path made of the old one": redirected(**to_path("/new/#{path}")),
    "pattern": on("/v[0-9]?", "RegularExpression"),
    "longest pattern": on(f"/{LONGEST[1:]}", "RegularExpression"),
    "pattern of one part of a path": on(r"^/v1/[^/]+\/x$", "RegularExpression"),
    "pattern with bounds": on("/a{0}b{3,}c{10,20}d{1}", "RegularExpression"),
    "pattern with a dash": on("/[^-]|b", "RegularExpression"),
    "pattern with groups": on(r"^/v\d+/(a|b[0-9]{1,3})*\.json$", "RegularExpression"),
    "pattern of a header": matched(path=V1, **named("headers", "(gold|silver)-[a-z]+", type="RegularExpression")),
    "wild path": on("/v1/*", "Exact"),
    "longest path": on(f"/{LONGEST[1:]}", "Exact"),
    "longest prefix": on("/" + "v" * 125),
    "odd characters": on("/v1_.~$&'+:@-", "Exact"),
    "headers": matched(path=V1, **named("headers", "a", "b")),
    "two pieces": matched(path=V1, **named("headers", "a,b")),
    "two long pieces": matched(path=V1, **named("headers", f"{LONGEST},{LONGEST}")),
    "all characters of a header": matched(path=V1, **named("headers", "a \"!#$%&'()+./:;<=>@[]^_`{|}~-")),
    "longest piece with a comma": matched(path=V1, **named("headers", LONGEST[1:] + r"\,")),
    "five wildcards": on("/*/*/*/*/*", "Exact"),
    "stars of expressions": matched(
        path={"type": "RegularExpression", "value": "/a*b*c*d*e*f*"},
        **named("headers", "a*b*c*d*e*f*", type="RegularExpression"),
    ),
    "rewritten": rewritten(to_path("/v2", "replacePrefixMatch"), "/a.b"),
    "rewritten to a longest path": rewritten(to_path("/" + "a" * 1021, "replacePrefixMatch")),
    "rewritten to a longest path that ends with a slash": rewritten(
        to_path("/" + "a" * 1022 + "/", "replacePrefixMatch")
    ),
    "rewritten to all characters": rewritten(to_path("/amzAMZ059/_.~&'+:@-", "replacePrefixMatch")),
    "rewritten to nothing": rewritten(to_path("", "replacePrefixMatch")),
    "redirect to another host without a beginning": redirected(
        hostname="new.example.com", **to_path("", "replacePrefixMatch")
    ),
    "whole path rewritten": rewritten(to_path("/v2"), "/a+$"),
    "whole path rewritten to /": rewritten(to_path("/")),
    "whole path rewritten to a longest one": rewritten(to_path("/" + "a" * 1023)),
    "redirect to all characters": redirected(**to_path("/amzAMZ059_.~$&'+:@-#{host}#{path}#{port}")),
    "redirect to a longest host": redirected(hostname=LONG_HOST),
    "comma after a backslash": matched(path=V1, **named("headers", r"a\,b", "c")),
    "comma in a pattern": matched(path=V1, **named("headers", "a{1,2}", "c", type="RegularExpression")),
    "longest header": header("x" * 40),
    "all characters of a parameter": matched(**named("queryParams", "aZ0_.~$'@:+&()!,;=/-*?")),
    "parameters": matched(method="GET", **named("queryParams", "a", "b")),
    "method of gRPC": matched(GRPC, method=METHOD, **named("headers", "a", "b", "c")),
    "wildcards of a header of gRPC": matched(GRPC, **named("headers", "*?*?")),
    "pattern of a method": matched(GRPC, method={"type": "RegularExpression", "service": "a.*"}),
    "no service of gRPC": matched(GRPC, method={"type": "RegularExpression", "service": "", "method": "*****"}),
    "no method of gRPC": matched(GRPC, method={"type": "RegularExpression", "service": "*****", "method": ""}),
    "five backends": ruled(backendRefs=[{**BACKEND, "name": f"web-{number}", "weight": 999} for number in range(5)]),
    "one name in two namespaces": ruled(backendRefs=[BACKEND, {**BACKEND, "namespace": "other"}]),
    "header like the host of a redirect": ruled(
        matches=[{"path": V1, **named("headers", "new.example.com")}],
        filters=[{"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example.com"}}],
    ),
    "two ports": ruled(backendRefs=[BACKEND, {**BACKEND, "port": 81}]),
}
CASES = [
    *(Case(f"wrong: {name}", route, says) for says, routes in WRONG.items() for name, route in routes.items()),
    *(Case(f"right: {name}", route) for name, route in RIGHT.items()),
]
