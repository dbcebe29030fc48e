"""Policies by which only the platform opens a door to the internet: what users write in the cluster cannot.

Sources: aws-load-balancer-controller 3.5.0, docs/guide/ingress/annotations.md, ingress_class.md,
pkg/ingress/model_build_frontend_nlb.go, pkg/targetgroupbinding/resource_manager.go; read 2026-11.
"""

from collections.abc import Iterable

import pulumi

from components.core.admission import admission_policy
from components.ingress.route_guards import routes_of_users
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
        f"object.metadata.namespace == '{NAMESPACE}' || object.?spec.?gatewayClassName.orValue('') != 'public'",
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


# As external-dns writes them: without blanks, in lower case, and without the dot at the end.
_HOSTS = (
    "(object.?spec.?hostnames.orValue([]) + object.?spec.?rules.orValue([]).map(rule, rule.?host.orValue('')) + "
    "(object.kind == 'Ingress' ? object.?spec.?tls.orValue([]) : []).map(each, each.?hosts.orValue([]).join(',')) + "
    "object.?spec.?listeners.orValue([]).map(each, each.?hostname.orValue('')) + "
    f"{[*_RECORDS]}.map(each, object.metadata.?annotations[?each].orValue(''))).join(',')"
    ".lowerAscii().replace(' ', '').split(',').map(host, host.endsWith('.') ? host.substring(0, size(host) - 1) : host)"
)
_LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_WELL_FORMED = f"^([*][.])?({_LABEL}[.])*{_LABEL}$"
_IS_TAKEN = (  # a headless Service has a record for each pod: its name, and this host
    "variables.taken.exists(taken, host == taken || (taken.startsWith('*.') && host.endsWith(taken.substring(1))) || "
    "(variables.headless && taken.endsWith('.' + host)))"
)


def hosts_of_users(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers that nobody else names a host of the platform, at a door or for a record.

    The first object with a host keeps its record, so one that was there before a route would keep the platform's.
    Source: external-dns 0.21.0, plan/conflict.go, source/service.go, endpoint/endpoint.go; read 2026-11.
    """
    message = "a host of `ingress.routes` is the platform's: name another one"
    strange = (
        "a host that is no name of DNS could be that of another one, written anew: use letters of ASCII, digits, -"
    )
    admission_policy(
        name,
        "ml-platform-hosts",
        {
            "v1": ["services"],
            "networking.k8s.io/v1": ["ingresses"],
            "gateway.networking.k8s.io/v1": ["gateways", "httproutes", "grpcroutes"],
        },
        f"object.metadata.namespace == '{NAMESPACE}' || variables.named.all(host, !{_IS_TAKEN})",
        message,
        opts,
        namespace_of_parameters=NAMESPACE,
        variables={
            "taken": f"params.metadata.annotations['{HOSTS}'].split(',')",
            "headless": "object.kind == 'Service' && object.?spec.?clusterIP.orValue('') == 'None'",
            "named": f"{_HOSTS}.filter(host, host != '')",
        },
        shows={
            message: f"""variables.named.filter(host, {_IS_TAKEN}).join(', ') + ": {message}\"""",
            strange: f"""variables.named.filter(host, !host.matches('{_WELL_FORMED}')).join(', ') + ": {strange}\"""",
        },
        more={
            f"variables.named.all(host, host.matches('{_WELL_FORMED}'))": strange,
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
        f"object.metadata.namespace == '{NAMESPACE}' || ([object.?spec.?defaultConfiguration.orValue({{}})] + "
        "object.?spec.?routeConfigurations.orValue([]).map(each, each.targetGroupProps)).all(each, "
        "each.?targetType.orValue('ip') == 'ip' && each.?protocol.orValue('HTTP') in ['HTTP', 'HTTPS'] && "
        "!has(each.targetGroupName))",
        "one target group that a load balancer cannot have stops all routes of its door: write targetType: ip, "
        "protocol HTTP or HTTPS, and no targetGroupName; behind a Gateway of the class internal-nlb drop protocol",
        opts,
        namespace_of_parameters=NAMESPACE,
        more={
            f"!(object.metadata.namespace + '/' + object.?spec.?targetReference.?name.orValue('') in "
            f"params.metadata.annotations['{SERVICES}'].split(',')) || "
            "object.metadata.name == object.?spec.?targetReference.?name.orValue('')": (
                "a Service of `ingress.routes` has its configuration already: write protocol and health_path there"
            ),
        },
    )
