"""The policy by which a route of people stops no door.

All routes of a door are rules of one load balancer, and the controller makes them all or none. So this takes what is
known to become a rule, and nothing else.
Sources: aws-load-balancer-controller 3.5.0, pkg/gateway/routeutils/route_rule_condition.go, route_rule_action.go,
route_rule_transform.go, backend.go, pkg/gateway/model/model_build_target_group.go, docs/guide/gateway/l7gateway.md
("RequestRedirect Path Modification"); limits of Elastic Load Balancing; read 2026-11.
"""

from dataclasses import dataclass
from typing import Literal

import pulumi

from catalog.expressions import EXPRESSION_PATTERN
from catalog.load_balancers import (
    HEADER_NAME_LENGTH,
    HEADER_PATTERN,
    HEAVIEST_TARGET,
    HOST_PATTERN,
    PARAMETER_PATTERN,
    PATH_CHARACTERS,
    PREFIX_LENGTH,
    REDIRECT_CODES,
    REDIRECT_PATTERN,
    REWRITE_LENGTH,
    REWRITE_PATTERN,
    TARGETS_PER_RULE,
    VALUE_LENGTH,
    VALUES_PER_RULE,
    WILDCARDS_PER_RULE,
)
from components.core.admission import admission_policy
from settings.ingress.ingress import NAMESPACE

_STOPS = "stops all routes of the door"
_TYPE = "(variables.grpc ? 'Exact' : match.?path.?type.orValue('PathPrefix'))"
_PATH = (
    "(!variables.grpc ? match.?path.?value.orValue('/') : has(match.method) ? "
    "'/' + match.?method.?service.orValue('*') + '/' + match.?method.?method.orValue('*') : '/*')"
)
_IS_PREFIX = f"{_TYPE} == 'PathPrefix'"
_IS_PATTERN = f"{_TYPE} == 'RegularExpression'"
# The controller cuts the value of a header at commas, but not at one after a backslash, and no pattern of an HTTPRoute.
_IS_EXPRESSION = "(!variables.grpc && each.?type.orValue('Exact') == 'RegularExpression')"
_WITHOUT_COMMAS = r"each.value.replace('\\,', 'x')"
_PIECES = f"{_WITHOUT_COMMAS}.split(',')"
_VALUES = (  # of the host, the path, the method, parameters and headers
    f"1 + ({_IS_PREFIX} && {_PATH} != '/' ? 2 : 1) + (!variables.grpc && has(match.method) ? 1 : 0) + "
    "size(match.?queryParams.orValue([])) + "
    f"match.?headers.orValue([]).map(each, {_IS_EXPRESSION} ? 1 : {_PIECES}.size()).sum()"
)


def _wild(text: str) -> str:
    """Returns CEL of the number of wildcards in a text."""
    return f"size({text}) - size({text}.replace('*', '').replace('?', ''))"


_WILDCARDS = (
    f"(variables.hosts.exists(host, host.contains('*')) ? 1 : 0) + ({_IS_PREFIX} ? 1 : {_IS_PATTERN} ? 0 : "
    f"{_wild(_PATH)}) + match.?queryParams.orValue([]).map(each, {_wild('(each.name + each.value)')}).sum() + "
    f"match.?headers.orValue([]).map(each, {_IS_EXPRESSION} ? 0 : {_wild('each.value')}).sum()"
)
_REWRITTEN = [f"filter.?{of}.?path.?replacePrefixMatch" for of in ("urlRewrite", "requestRedirect")]
_OR_SLASH = ".orValue('/')"
# The controller adds $2 to a beginning without a slash at its end. The definition of HTTPRoutes bounds other paths.
_REWRITTEN_LENGTH = REWRITE_LENGTH - len("$2")
_FILTERS = "(variables.grpc ? ['ExtensionRef'] : ['RequestRedirect', 'URLRewrite', 'ExtensionRef'])"
_TO_PATH = "filter.?requestRedirect.?path.?replaceFullPath"
_LEADS_AWAY = (  # to another host, another port, or a path that does not lead back
    "(has(filter.requestRedirect.hostname) && !(filter.requestRedirect.hostname in variables.hosts)) || "
    "!(filter.requestRedirect.?port.orValue(443) in [80, 443]) || "
    f"({_TO_PATH}.orValue('/#{{path}}') != '/#{{path}}' && !rule.?matches.orValue([]).exists(match, "
    f"{_PATH} == {_TO_PATH}.value() || {_PATH} == {_TO_PATH}.value() + '/'))"
)
_CODES = " and ".join(map(str, REDIRECT_CODES))


def _like(text: str, pattern: str) -> str:
    return f"""{text}.matches("{pattern.replace(chr(92), chr(92) * 2)}")"""


def _compiles(expression: str) -> str:
    return f"''.matches({expression}) in [true, false]"


# No pattern of patterns finds bounds or ranges in the wrong order, and the API server's word for them is an error: it
# shows the name of the variable, and what it could not read.
_RISING = "bounds_and_ranges_of_expressions_rise"
_RISES = (
    f"variables.rules.all(rule, rule.?matches.orValue([]).all(match, (!({_IS_PATTERN}) || {_compiles(_PATH)}) && "
    f"match.?headers.orValue([]).all(each, !{_IS_EXPRESSION} || {_compiles('each.value')})))"
)


@dataclass(frozen=True, kw_only=True)
class _Needed:
    """What is needed of each part of a route.

    each: the part: a host, a filter, a backend, or a match. is_right: CEL of it. named: CEL of what it is called in the
    message. else_: what stops the door without it, and what to write.
    """

    each: Literal["host", "filter", "backend", "match"]
    is_right: str
    named: str
    else_: str

    def wrong(self) -> str:
        """Returns CEL of the names of the parts that are wrong; of those of one rule, joined."""
        found = f"map({self.each}, !({self.is_right}), {self.named})"
        if self.each == "host":
            return f"variables.hosts.{found}"
        parts = {"match": "matches", "filter": "filters", "backend": "backendRefs"}[self.each]
        return f"variables.rules.map(rule, rule.?{parts}.orValue([]).{found}.join(', ')).filter(one, one != '')"


_NEEDED = (
    _Needed(
        each="host",
        is_right=f"size(host) <= {VALUE_LENGTH} && host.matches('{HOST_PATTERN}')",
        named="host",
        else_=f"a host without a dot, with other than letters after its last dot, or of more than {VALUE_LENGTH} "
        f"characters {_STOPS}: write another one",
    ),
    _Needed(
        each="filter",
        is_right=f"filter.type in {_FILTERS} && "
        + _like(f"filter.?urlRewrite.?path.?replaceFullPath{_OR_SLASH}", REWRITE_PATTERN)
        + "".join(
            f" && {_like(new + _OR_SLASH, f'^$|{REWRITE_PATTERN}')} && "
            f"({new}{_OR_SLASH}.endsWith('/') || size({new}.value()) <= {_REWRITTEN_LENGTH})"
            for new in _REWRITTEN
        ),
        named="filter.type",
        else_=f"a load balancer has no such filter, and one such route {_STOPS}: use RequestRedirect or URLRewrite "
        f"with plain paths that begin with /, of {_REWRITTEN_LENGTH} characters at most, and the mesh for the rest",
    ),
    _Needed(
        each="filter",
        is_right="filter.type != 'RequestRedirect' || "
        f"(filter.?requestRedirect.?statusCode.orValue({REDIRECT_CODES[-1]}) in {[*REDIRECT_CODES]} && "
        "filter.?requestRedirect.?scheme.orValue('https') == 'https' && "
        f"size(filter.?requestRedirect.?hostname.orValue('')) <= {VALUE_LENGTH} && "
        f"size({_TO_PATH}.orValue('/')) <= {VALUE_LENGTH} && "
        + _like(f"{_TO_PATH}.orValue('/')", REDIRECT_PATTERN)
        + f" && ({_LEADS_AWAY}))",
        named="'redirect to ' + filter.requestRedirect.?hostname.orValue('the same host') + "
        f"' ' + {_TO_PATH}.orValue('with the same path')",
        else_=f"a redirect that leads back to where it came from, to http, to a path or host of more than "
        f"{VALUE_LENGTH} characters or to a path with odd ones, or with a status code other than {_CODES}, {_STOPS}: "
        "write another hostname, or replaceFullPath with another path",
    ),
    _Needed(
        each="backend",
        is_right=f"rule.backendRefs.size() <= {TARGETS_PER_RULE} && backend.?kind.orValue('Service') == 'Service' && "
        f"backend.?filters.orValue([]).size() == 0 && backend.?weight.orValue(1) <= {HEAVIEST_TARGET} && "
        "rule.backendRefs.exists_one(other, other.name == backend.name && other.?port == backend.?port && "
        "other.?namespace.orValue(variables.own) == backend.?namespace.orValue(variables.own))",
        named="backend.name",
        else_=f"a rule of a door leads to {TARGETS_PER_RULE} Services at most, to each once, with weights up to "
        f"{HEAVIEST_TARGET}, and without filters of their own: another one {_STOPS}",
    ),
    _Needed(
        each="match",
        is_right=f"size({_PATH}) > 0 && size({_PATH}) <= ({_IS_PREFIX} ? {PREFIX_LENGTH} : {VALUE_LENGTH}) && "
        f"(!({_IS_PREFIX}) || !{_PATH}.matches('[*?]')) && ({_IS_PATTERN} ? {_like(_PATH, EXPRESSION_PATTERN)} : "
        f"{_like(_PATH, f'^[*?{PATH_CHARACTERS}]*$')})",
        named=f"{_PATH} == '' ? 'no path' : {_PATH}",
        else_=f"a path with *, ?, %, brackets or one of ! , ; =, of more than {VALUE_LENGTH} characters "
        f"({PREFIX_LENGTH} of type PathPrefix), a rare part of an expression, or none {_STOPS}: write its beginning, "
        "and type PathPrefix",
    ),
    _Needed(
        each="match",
        is_right=f"{_VALUES} <= {VALUES_PER_RULE}",
        named=_PATH,
        else_=f"a match of more than {VALUES_PER_RULE} values {_STOPS}: its host is one, a path of type PathPrefix "
        "two, each other part one, and each piece of a header's value between commas. Write fewer",
    ),
    _Needed(
        each="match",
        is_right=f"{_WILDCARDS} <= {WILDCARDS_PER_RULE}",
        named=_PATH,
        else_=f"a match of more than {WILDCARDS_PER_RULE} wildcards {_STOPS}: those of its host, of its path, of "
        "parameters and headers count, and a path of type PathPrefix is one. Write fewer",
    ),
    _Needed(
        each="match",
        is_right=f"!rule.?filters.orValue([]).exists(filter, {' || '.join(f'{new}.hasValue()' for new in _REWRITTEN)})"
        f" || !{_PATH}.matches('[$+]')",
        named=_PATH,
        else_=f"a path with $ or +, whose beginning is replaced, {_STOPS}, since it becomes an expression: write "
        "another one, or no replacePrefixMatch",
    ),
    _Needed(
        each="match",
        is_right="match.?queryParams.orValue([]).all(each, each.?type.orValue('Exact') == 'Exact' && "
        f"size(each.name) <= {VALUE_LENGTH} && size(each.value) <= {VALUE_LENGTH} && "
        f"{_like('each.name', PARAMETER_PATTERN)} && {_like('each.value', PARAMETER_PATTERN)}) && "
        f"match.?headers.orValue([]).all(each, size(each.name) <= {HEADER_NAME_LENGTH} && "
        f"each.name.lowerAscii() != 'host' && ({_IS_EXPRESSION} ? size(each.value) <= {VALUE_LENGTH} && "
        f"{_like('each.value', EXPRESSION_PATTERN)} : {_like(_WITHOUT_COMMAS, HEADER_PATTERN)} && "
        f"{_PIECES}.all(piece, piece != '' && size(piece) <= {VALUE_LENGTH})))",
        named=_PATH,
        else_=f"a header Host, a header name of more than {HEADER_NAME_LENGTH} characters, a value or parameter of "
        f"more than {VALUE_LENGTH}, nothing between commas, a parameter of type RegularExpression or with other than "
        "letters, digits and _.~$'@:+&()!,;=/*?-, a header's value with a backslash or with other than visible ASCII, "
        f"or a rare part of an expression {_STOPS}: write plainer ones, and a host in hostnames",
    ),
)


def routes_of_users(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers what a route of people needs to be at a shared Gateway."""
    admission_policy(
        name,
        "ml-platform-routes",
        {"gateway.networking.k8s.io/v1": ["httproutes", "grpcroutes"]},
        "!variables.atDoor || size(variables.hosts) > 0",
        "a route at a door of the platform names its hosts: write hostnames",
        opts,
        variables={
            "atDoor": f"object.metadata.namespace != '{NAMESPACE}' && object.?spec.?parentRefs.orValue([])"
            f".exists(parent, parent.?namespace.orValue(object.metadata.namespace) == '{NAMESPACE}')",
            "own": "object.metadata.namespace",
            "grpc": "object.kind == 'GRPCRoute'",
            "hosts": "object.?spec.?hostnames.orValue([])",
            "rules": "object.?spec.?rules.orValue([])",
            **{f"wrong{at}": each.wrong() for at, each in enumerate(_NEEDED)},
            _RISING: _RISES,
        },
        more={
            **{f"!variables.atDoor || variables.wrong{at}.size() == 0": each.else_ for at, each in enumerate(_NEEDED)},
            f"!variables.atDoor || variables.{_RISING}": f"an expression that no dialect reads {_STOPS}",
        },
        shows={
            each.else_: f"""variables.wrong{at}.join(', ') + ": {each.else_}\"""" for at, each in enumerate(_NEEDED)
        },
    )
