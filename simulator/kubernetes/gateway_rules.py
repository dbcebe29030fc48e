"""Rules of an Application Load Balancer, as the controller makes them of routes, and what stops a whole Gateway there.

Sources: kubernetes-sigs/aws-load-balancer-controller v3.5.0: pkg/gateway/routeutils/route_rule_condition.go,
route_rule_action.go, route_rule_transform.go, backend.go, pkg/gateway/model/model_build_security_group.go,
model_build_target_group.go, docs/guide/gateway/l7gateway.md; Elastic Load Balancing, CreateRule, RewriteConfig, "Quotas
for your Application Load Balancers" (for most of what it refuses no words are published); read 2026-11. Not simulated:
what a ListenerRuleConfiguration adds, prefix lists of a security group. Unverified: that a redirect to the host or the
path of its own rule is a loop, too, that one target group twice is refused, and that a rewrite to a path that does not
begin with / is: it may be made, and each request answered with 500.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from catalog.expressions import EXPRESSION_PATTERN
from catalog.known_quotas import RULES_OF_A_GROUP
from catalog.load_balancers import (
    HEADER_NAME_LENGTH,
    HEADER_PATTERN,
    HEAVIEST_TARGET,
    HOST_PATTERN,
    PARAMETER_PATTERN,
    PATH_CHARACTERS,
    REDIRECT_CODES,
    REDIRECT_PATTERN,
    REWRITE_LENGTH,
    REWRITE_PATTERN,
    TARGETS_PER_RULE,
    VALUE_LENGTH,
    VALUES_PER_RULE,
    WILDCARDS_PER_RULE,
)
from simulator.aws.operation_context import account_limit
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

_PORTS = {"http": 80, "https": 443}
_PROTOCOLS = {  # of the target groups of a kind of load balancer, in the words of the controller
    True: ("HTTP", "HTTPS"),
    False: ("TCP", "UDP", "TCP_UDP", "TLS", "QUIC", "TCP_QUIC"),
}
_KINDS = {  # kind of a route -> the filters that the controller knows, and what it says of another one
    "HTTPRoute": (("ExtensionRef", "URLRewrite"), "Only request redirect is supported. "),
    "GRPCRoute": (("ExtensionRef",), ""),
}


def why_not_loaded(route: Props) -> str:
    """Returns why the controller does not even begin with the Gateways of a route; "" when it does."""
    for rule in _rules(route):
        for backend in rule.get("backendRefs") or ():
            if (weight := backend.get("weight", 1)) > HEAVIEST_TARGET:
                return f"Weight [{weight}] must be less than or equal to {HEAVIEST_TARGET}"
    return ""


def why_not_built(route: Props) -> str:
    """Returns why a route has no rules, and the others of its Gateways none either; "" when it has."""
    for rule in _rules(route) if route["kind"] in _KINDS else ():
        for match in _matches(rule) if route["kind"] == "HTTPRoute" else ():
            type_, value = _path(match)
            if type_ == "PathPrefix" and re.search(r"[*?]", value):
                return f"prefix path shouldn't contain wildcards: {value}"
        if why := _wrong_filter(route["kind"], rule.get("filters") or ()):
            return why
    return ""


def why_wrong_protocol(protocol: str | None, *, application: bool) -> str:
    """Returns why the controller builds no target group with a protocol that people gave; "" when it does."""
    allowed = _PROTOCOLS[application]
    if protocol is None or protocol in allowed:
        return ""
    return f"backend protocol must be within [{', '.join(allowed)}]: {protocol}"


def why_not_made(listener: Props, route: Props, hosts: Collection[str]) -> str:
    """Returns why Elastic Load Balancing refuses a rule of a route that serves these hosts; "" when it does not."""
    for rule in _rules(route) if route["kind"] in _KINDS else ():
        if why := _wrong_targets(route, rule):
            return why
        for match in _matches(rule):
            if why := _wrong_names(route["kind"], match) or _wrong_rewrite(match, rule.get("filters") or ()):
                return why
            wild = _wildcards(route["kind"], match) + any("*" in host for host in hosts)
            if wild > WILDCARDS_PER_RULE:
                return f"ValidationError: A rule can only have '{WILDCARDS_PER_RULE}' condition wildcards"
            for host in hosts or ("",):
                values = [*filter(None, [host]), *_values(route["kind"], match)]
                where = [host, *_values(route["kind"], {"path": match.get("path") or {}})]
                if why := _wrong_redirect(listener, where, rule.get("filters") or ()):
                    return why
                if len(values) > VALUES_PER_RULE:
                    return f"ValidationError: A rule can only have '{VALUES_PER_RULE}' condition values"
                if host and not re.fullmatch(HOST_PATTERN, host):
                    return (
                        f"ValidationError: Condition value '{host}' must contain a dot, and only letters after the last"
                    )
                if long := next((each for each in values if len(each) > VALUE_LENGTH), None):
                    return f"ValidationError: condition value '{long}' has more than {VALUE_LENGTH} characters"
    return ""


def _wrong_targets(route: Props, rule: Props) -> str:
    backends = rule.get("backendRefs") or ()
    if len(backends) > TARGETS_PER_RULE:
        return f"ValidationError: An action can only have '{TARGETS_PER_RULE}' target groups"
    own = route["metadata"].get("namespace")
    services = [(each.get("namespace") or own, each["name"], each.get("port")) for each in backends]
    return (
        "InvalidLoadBalancerAction: a target group can be in an action only once"
        if len({*services}) < len(services)
        else ""
    )


def _wrong_names(kind: str, match: Props) -> str:
    """Returns why a match becomes no condition: its path, and the names of its headers and parameters."""
    type_, path = _path(match) if kind == "HTTPRoute" else ("Exact", _method_path(match))
    if not path:
        return "ValidationError: A condition value cannot be empty"
    if type_ == "RegularExpression":
        if why := _wrong_expression(path):
            return why
    elif not re.fullmatch(f"[*?{PATH_CHARACTERS}]*", path):
        return f"ValidationError: Condition value '{path}' contains a character that is not valid"
    for header in match.get("headers") or ():
        if header["name"].lower() == "host":
            return "ValidationError: An HTTP header condition cannot name the host header"
        if len(header["name"]) > HEADER_NAME_LENGTH:
            return f"ValidationError: Header name '{header['name']}' has more than {HEADER_NAME_LENGTH} characters"
        if _is_expression(kind, header) and (why := _wrong_expression(header["value"])):
            return why
        for value in () if _is_expression(kind, header) else _cut(header["value"]):
            if not re.fullmatch(HEADER_PATTERN, value):
                return f"ValidationError: Condition value '{value}' is empty or contains a character that is not valid"
    for each in match.get("queryParams") or ():
        if len(each["name"]) > VALUE_LENGTH:
            return f"ValidationError: condition key '{each['name']}' has more than {VALUE_LENGTH} characters"
        if each.get("type") == "RegularExpression":
            return f"ValidationError: '{each['value']}' is no expression: query strings are compared as they are"
        for text in (each["name"], each["value"]):
            if not re.fullmatch(PARAMETER_PATTERN, text):
                return f"ValidationError: Condition value '{text}' contains a character that is not valid"
    return ""


def _wildcards(kind: str, match: Props) -> int:
    """Returns the number of wildcards in the conditions of a match. In expressions * and ? are none."""
    type_, path = _path(match) if kind == "HTTPRoute" else ("Exact", _method_path(match))
    texts = ["*" if type_ == "PathPrefix" else path] if type_ != "RegularExpression" else []
    for each in match.get("queryParams") or ():
        texts += [each["name"], each["value"]]
    texts += [each["value"] for each in match.get("headers") or () if not _is_expression(kind, each)]
    return sum(text.count("*") + text.count("?") for text in texts)


def _wrong_rewrite(match: Props, filters: Sequence[Props]) -> str:
    """Returns why no path is rewritten so. The beginning that is replaced becomes an expression as it is.

    The controller replaces it with /, not with nothing, and adds the slash after it to what does not end with one.
    """
    for each in filters:
        of = "urlRewrite" if each["type"] == "URLRewrite" else "requestRedirect"
        new, added = Node(each).at("urlRewrite", "path", "replaceFullPath").value, ""
        if (prefix := Node(each).at(of, "path", "replacePrefixMatch").value) is not None:
            new = prefix or "/"
            added = "" if new.endswith("/") else "$2"
            if re.search(r"[$+]", old := _path(match)[1]):
                return f"ValidationError: Regular expression '(^{old}(/)?)' is not valid"
        if new is not None and (not re.fullmatch(REWRITE_PATTERN, new) or len(new + added) > REWRITE_LENGTH):
            return f"ValidationError: Replacement '{new}{added}' is not valid"
    return ""


def why_no_group(cluster: Cluster, spec: Props, ports: int, *, application: bool) -> str:
    """Returns why EC2 refuses the security group that the controller makes for a load balancer; "" when it does not.

    It has a rule for each source and port. EC2 counts those of IPv4 and of IPv6 apart.
    """
    if spec.get("securityGroups") or (spec.get("disableSecurityGroup") and not application):
        return ""
    has_both = str(spec.get("ipAddressType") or "").startswith("dualstack")
    sources = spec["sourceRanges"] if spec.get("sourceRanges") is not None else ["0.0.0.0/0", "::/0"]
    of_version6 = [each for each in sources if ":" in each]
    most = max(len(sources) - len(of_version6), len(of_version6) * has_both)
    code, default = RULES_OF_A_GROUP.limit
    limit = account_limit(cluster.cloud, cluster.cloud.quotas, code, cluster.region)
    if most * (ports + bool(spec.get("enableICMP"))) <= (default if limit is None else limit):
        return ""
    return "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached."


def _rules(route: Props) -> Sequence[Props]:
    return route["spec"].get("rules") or ()


def _matches(rule: Props) -> Sequence[Props]:
    return rule.get("matches") or ({},)


def _path(match: Props) -> tuple[str, str]:
    path = match.get("path") or {}
    return path.get("type") or "PathPrefix", path.get("value", "/")


def _wrong_filter(kind: str, filters: Sequence[Props]) -> str:
    known, supported = _KINDS[kind]
    for each in filters:
        if kind == "HTTPRoute" and each["type"] == "RequestRedirect":  # the controller looks no further
            path = Node(each)["requestRedirect"]["path"]
            for key in ("replaceFullPath", "replacePrefixMatch"):
                if re.search(r"[*?]", value := path[key].text or ""):
                    return f"{key[0].upper()}{key[1:]} shouldn't contain wildcards: {value}"
            return ""
        if each["type"] not in known:
            return (
                f"Unsupported filter type: {each['type']}. {supported}To specify header modification, please configure "
                "it through LoadBalancerConfiguration."
            )
    return ""


def _wrong_redirect(listener: Props, values: Collection[str], filters: Sequence[Props]) -> str:
    """Returns why no rule redirects so. values: of the host and the path, of which a new beginning changes nothing."""
    for each in (Node(one)["requestRedirect"] for one in filters if one["type"] == "RequestRedirect"):
        code, scheme = each["statusCode"].value or REDIRECT_CODES[-1], each["scheme"].text
        if code not in REDIRECT_CODES:
            return f"ValidationError: Redirect status code 'HTTP_{code}' must be one of HTTP_301, HTTP_302"
        if (scheme, listener["protocol"]) == ("http", "HTTPS"):
            return "InvalidLoadBalancerAction: HTTPS cannot be redirected to HTTP"
        host, path = each["hostname"].text or "", each["path"]["replaceFullPath"].value
        if len(host) > VALUE_LENGTH:
            return f"ValidationError: Redirect host '{host}' has more than {VALUE_LENGTH} characters"
        path = "/" if path is None else path
        if len(path) > VALUE_LENGTH or not re.fullmatch(REDIRECT_PATTERN, path):
            return f"ValidationError: Redirect path '{path}' is not valid"
        port = each["port"].value or (_PORTS[scheme] if scheme else listener["port"])
        named = {each["hostname"].text, each["path"]["replaceFullPath"].text} - {None, "/#{path}", *values}
        if not named and (scheme or listener["protocol"].lower(), port) == (
            listener["protocol"].lower(),
            listener["port"],
        ):
            return "InvalidLoadBalancerAction: The redirect configuration is not valid because it creates a loop."
    return ""


def _values(kind: str, match: Props) -> Iterator[str]:
    """Yields the values of the conditions that a match becomes, without that of the host."""
    if kind == "GRPCRoute":
        yield _method_path(match)
    else:
        type_, value = _path(match)
        if type_ == "PathPrefix":
            start = value.removesuffix("/")
            yield from (start, f"{start}/*") if start else ("/*",)
        else:
            yield value
        yield from filter(None, [match.get("method")])
        yield from (each["value"] for each in match.get("queryParams") or ())
    for header in match.get("headers") or ():
        yield from [header["value"]] if _is_expression(kind, header) else _cut(header["value"])


def _is_expression(kind: str, header: Props) -> bool:
    return bool(kind == "HTTPRoute" and header.get("type") == "RegularExpression")


def _wrong_expression(text: str) -> str:
    """Returns why a regular expression is refused. Narrower than AWS, of whose dialect not all is published."""
    try:
        re.compile(text)
    except re.error as error:
        return f"ValidationError: Regular expression '{text}' is not valid: {error}"
    known = re.fullmatch(EXPRESSION_PATTERN, text)
    return "" if known else f"ValidationError: Regular expression '{text}' has a part that is not supported"


def _method_path(match: Props) -> str:
    method = match.get("method") or {}
    return f"/{method.get('service', '*')}/{method.get('method', '*')}" if method else "/*"


def _cut(value: str) -> list[str]:
    """Returns the values that the controller cuts the value of a header into. After a backslash a comma is a comma.

    Before anything else a backslash stays here: none is needed, and the policy of routes refuses it.
    """
    return [each.replace("\0", ",") for each in value.replace("\\,", "\0").split(",")]
