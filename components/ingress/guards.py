"""Policies by which only the platform opens a door to the internet: what users write in the cluster cannot.

Sources: aws-load-balancer-controller 3.5.0, docs/guide/ingress/annotations.md, ingress_class.md,
pkg/ingress/model_build_frontend_nlb.go, pkg/targetgroupbinding/resource_manager.go; read 2026-11.
"""

from collections.abc import Iterable

import pulumi

from catalog.load_balancers import (
    HEAVIEST_TARGET,
    HOST_LENGTH,
    PATH_CHARACTERS,
    PATH_LENGTH,
    REDIRECT_CODES,
    TARGETS_PER_RULE,
    VALUES_PER_RULE,
)
from components.core.admission import admission_policy
from settings.ingress.ingress import NAMESPACE, RouteSettings

SCHEMES = tuple(f"alb.ingress.kubernetes.io/{name}" for name in ("scheme", "frontend-nlb-scheme"))
CONTROLLER = "system:serviceaccount:kube-system:aws-load-balancer-controller"
_OTHER_SOURCES = (
    tuple(  # with security groups or prefix lists of its own, an Ingress has no inbound ranges of its class
        f"alb.ingress.kubernetes.io/{name}"
        for name in ("security-groups", "frontend-nlb-security-groups", "security-group-prefix-lists")
    )
)
_RECORDS = tuple(f"external-dns.alpha.kubernetes.io/{name}" for name in ("hostname", "internal-hostname"))
_PUBLIC = "internet-facing"
HOSTS, SERVICES = "ml-platform/hosts-of-doors", "ml-platform/services-of-doors"
_CLASSES = ("internal", "internal-nlb", "public")
_ANNOTATIONS = "object.metadata.annotations"
_ADVICE = "expose a Service to the internet by `ingress.routes` with door: public"


def taken(routes: Iterable[RouteSettings]) -> dict[str, str]:
    """Returns the annotations of the doors' namespace: hosts of the platform's own routes, and Services behind them."""
    pairs = [(route.host, f"{route.namespace}/{route.service}") for route in routes]
    return {key: ",".join(sorted({pair[at] for pair in pairs})) for at, key in enumerate((HOSTS, SERVICES))}


def guards(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policies of one cluster, after the namespace of the doors."""
    hosts_of_users(f"{name}-hosts", opts)
    routes_of_users(f"{name}-routes", opts)
    targets_of_users(f"{name}-targets", opts)
    admission_policy(
        f"{name}-gateways",
        "ml-platform-public-gateways",
        {"gateway.networking.k8s.io/v1": ["gateways"]},
        f"object.metadata.namespace == '{NAMESPACE}' || object.spec.gatewayClassName != 'public'",
        f"only the platform has Gateways of the class public: {_ADVICE}",
        opts,
    )
    admission_policy(
        f"{name}-classes",
        "ml-platform-classes",
        {"gateway.networking.k8s.io/v1": ["gatewayclasses"]},
        f"object.metadata.name in {[*_CLASSES]} || object.spec.?parametersRef.?namespace.orValue('') != '{NAMESPACE}'",
        f"only the platform's own classes have the configurations of its doors: {_ADVICE}",
        opts,
    )
    admission_policy(
        f"{name}-bindings",
        "ml-platform-target-group-bindings",
        {"elbv2.k8s.aws/v1beta1": ["targetgroupbindings"]},
        f"request.userInfo.username == '{CONTROLLER}'",
        "a binding opens the nodes to whom it names, so the controller alone makes it: use a route or a Service",
        opts,
    )
    admission_policy(
        f"{name}-configurations",
        "ml-platform-public-configurations",
        {
            "gateway.k8s.aws/v1": ["loadbalancerconfigurations"],
            "elbv2.k8s.aws/v1beta1": ["ingressclassparams"],
        },
        f"(has(object.metadata.namespace) && object.metadata.namespace == '{NAMESPACE}') || !has(object.spec) || "
        f"!has(object.spec.scheme) || object.spec.scheme != '{_PUBLIC}'",
        f"only the platform has load balancers that are {_PUBLIC}: {_ADVICE}",
        opts,
    )
    admission_policy(
        f"{name}-ingresses",
        "ml-platform-public-ingresses",
        {"networking.k8s.io/v1": ["ingresses"]},
        f"!has({_ANNOTATIONS}) || "
        f"{list(SCHEMES)}.all(each, !(each in {_ANNOTATIONS}) || {_ANNOTATIONS}[each] != '{_PUBLIC}')",
        f"no Ingress is {_PUBLIC}: {_ADVICE}",
        opts,
        more={
            f"!has({_ANNOTATIONS}) || {list(_OTHER_SOURCES)}.all(each, !(each in {_ANNOTATIONS}))": (
                "with security groups or prefix lists of its own an Ingress would let in whom its class does not: drop "
                "the annotation"
            )
        },
    )


def hosts_of_users(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers that nobody else names a host of the platform, at a door or for a record.

    The first object with a host keeps its record, but an address goes before the name of a load balancer.
    Source: external-dns 0.21.0, plan/conflict.go; read 2026-11.
    """
    admission_policy(
        name,
        "ml-platform-hosts",
        {
            "v1": ["services"],
            "networking.k8s.io/v1": ["ingresses"],
            "gateway.networking.k8s.io/v1": ["gateways", "httproutes", "grpcroutes"],
        },
        f"object.metadata.namespace == '{NAMESPACE}' || variables.hosts.all(host, "
        f"!params.metadata.annotations['{HOSTS}'].split(',').exists(taken, taken.startsWith('*.') ? "
        "host.trim().endsWith(taken.substring(1)) : host.trim() == taken && taken != ''))",
        "a host of `ingress.routes` is the platform's: name another one",
        opts,
        namespace_of_parameters=NAMESPACE,
        variables={
            "hosts": "object.spec.?hostnames.orValue([]) + "
            "object.spec.?rules.orValue([]).map(rule, rule.?host.orValue('')) + "
            f"{[*_RECORDS]}.map(each, object.metadata.?annotations[?each].orValue('')).join(',').split(',')"
        },
    )


# Sources: aws-load-balancer-controller 3.5.0, pkg/gateway/routeutils/route_rule_condition.go, route_rule_action.go,
# backend.go, pkg/gateway/model/model_build_target_group.go, docs/guide/gateway/l7gateway.md ("RequestRedirect Path
# Modification"); limits of Elastic Load Balancing; read 2026-11.
_FILTERS = "(object.kind == 'HTTPRoute' ? ['RequestRedirect', 'URLRewrite', 'ExtensionRef'] : ['ExtensionRef'])"
_PATH = "match.?path.?value.orValue('/')"
_IS_PREFIX = "match.?path.?type.orValue('PathPrefix') == 'PathPrefix'"
_IS_PATTERN = "match.?path.?type.orValue('PathPrefix') == 'RegularExpression'"
_VALUES = (  # of the host, the path, the method, parameters and headers
    f"1 + ({_IS_PREFIX} && {_PATH} != '/' ? 2 : 1) + (object.kind == 'HTTPRoute' && has(match.method) ? 1 : 0) + "
    "size(match.?queryParams.orValue([])) + size(match.?headers.orValue([]))"
)
_REDIRECTS = (  # to another host, or to a path that does not lead back; all else stays within the door
    f"each.?requestRedirect.?statusCode.orValue(302) in {[*REDIRECT_CODES]} && "
    "((has(each.requestRedirect.hostname) && !(each.requestRedirect.hostname in variables.hosts)) || "
    "(each.requestRedirect.?path.?replaceFullPath.hasValue() && !rule.?matches.orValue([]).exists(match, "
    f"{_PATH} == each.requestRedirect.path.replaceFullPath)))"
)


def _of_matches(is_right: str) -> str:
    return f"!variables.atDoor || variables.rules.all(rule, rule.?matches.orValue([]).all(match, {is_right}))"


def _of_filters(is_right: str) -> str:
    return f"!variables.atDoor || variables.rules.all(rule, rule.?filters.orValue([]).all(each, {is_right}))"


def routes_of_users(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers what a route of people needs to be at a shared Gateway.

    One route that the controller cannot build stops the whole Gateway: no route of anybody is changed any more.
    """
    admission_policy(
        name,
        "ml-platform-routes",
        {"gateway.networking.k8s.io/v1": ["httproutes", "grpcroutes"]},
        "!variables.atDoor || size(variables.hosts) > 0",
        "a route at a door of the platform names its hosts",
        opts,
        variables={
            "atDoor": f"object.metadata.namespace != '{NAMESPACE}' && object.spec.?parentRefs.orValue([])"
            f".exists(parent, parent.?namespace.orValue(object.metadata.namespace) == '{NAMESPACE}')",
            "hosts": "object.spec.?hostnames.orValue([])",
            "rules": "object.spec.?rules.orValue([])",
        },
        more={
            f"!variables.atDoor || variables.hosts.all(host, size(host) <= {HOST_LENGTH})": (
                f"a host of more than {HOST_LENGTH} characters stops all routes of the door: shorten it"
            ),
            _of_filters(
                f"each.type in {_FILTERS} && "
                "!each.?requestRedirect.?path.?replaceFullPath.orValue('/').matches('[*?]') && "
                "!each.?requestRedirect.?path.?replacePrefixMatch.orValue('/').matches('[*?]')"
            ): (
                "a load balancer has no such filter, and one such route stops all routes of the door: use "
                "RequestRedirect or URLRewrite without wildcards, and the mesh for the rest"
            ),
            _of_filters(f"each.type != 'RequestRedirect' || ({_REDIRECTS})"): (
                "a redirect that leads back to where it came from, or has a status code other than 301 and 302, stops "
                "all routes of the door: write another hostname, or replaceFullPath with another path"
            ),
            f"!variables.atDoor || variables.rules.all(rule, "
            f"rule.?backendRefs.orValue([]).size() <= {TARGETS_PER_RULE} && "
            "rule.?backendRefs.orValue([]).all(each, each.?kind.orValue('Service') == 'Service' && "
            f"each.?filters.orValue([]).size() == 0 && each.?weight.orValue(1) <= {HEAVIEST_TARGET}))": (
                "a rule of a door leads to five Services at most, with weights up to 999, and without filters of "
                "their own: another one stops all routes of the door"
            ),
            _of_matches(
                f"size({_PATH}) <= {PATH_LENGTH} && (!({_IS_PREFIX}) || !{_PATH}.matches('[*?]')) && "
                f"""({_IS_PATTERN} || {_PATH}.matches("^[*?{PATH_CHARACTERS}]*$"))"""
            ): (
                f"a path with *, ?, %, or one of ! ( ) , ; =, or of more than {PATH_LENGTH} characters, stops all "
                "routes of the door: write its beginning, and type PathPrefix"
            ),
            _of_matches(
                f"{_VALUES} <= {VALUES_PER_RULE} && match.?queryParams.orValue([]).all(each, "
                f"size(each.value) <= {HOST_LENGTH}) && match.?headers.orValue([]).all(each, "
                f"size(each.value) <= {HOST_LENGTH} && "
                "(each.?type.orValue('Exact') == 'RegularExpression' || !each.value.contains(',')))"
            ): (
                f"a match of more than {VALUES_PER_RULE} values (its host is one, a path of type PathPrefix two, each "
                f"other part one), with a comma in a header, or with a value of more than {HOST_LENGTH} characters "
                "stops all routes of the door: write fewer or shorter ones"
            ),
        },
    )


def targets_of_users(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers what people may say about the target group of a Service: what a door can have.

    Of two configurations for one Service the controller takes any. The platform's own has the name of its Service.
    """
    admission_policy(
        name,
        "ml-platform-targets",
        {"gateway.k8s.aws/v1": ["targetgroupconfigurations"]},
        f"object.metadata.namespace == '{NAMESPACE}' || ([object.spec.?defaultConfiguration.orValue({{}})] + "
        "object.spec.?routeConfigurations.orValue([]).map(each, each.targetGroupProps)).all(each, "
        "each.?targetType.orValue('ip') == 'ip' && each.?protocol.orValue('HTTP') in ['HTTP', 'HTTPS'] && "
        "!has(each.targetGroupName))",
        "one target group that a load balancer cannot have stops all routes of its door: write targetType: ip, "
        "protocol HTTP or HTTPS, and no targetGroupName; for TCP and UDP use a Service of type LoadBalancer",
        opts,
        namespace_of_parameters=NAMESPACE,
        more={
            f"!(object.metadata.namespace + '/' + object.spec.?targetReference.?name.orValue('') in "
            f"params.metadata.annotations['{SERVICES}'].split(',')) || "
            "object.metadata.name == object.spec.targetReference.name": (
                "a Service of `ingress.routes` has its configuration already: write protocol and health_path there"
            ),
        },
    )
