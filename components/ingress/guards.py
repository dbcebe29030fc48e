"""Policies by which only the platform opens a door to the internet: what users write in the cluster cannot.

Sources: aws-load-balancer-controller 3.5.0, docs/guide/ingress/annotations.md, ingress_class.md,
pkg/ingress/model_build_frontend_nlb.go, pkg/targetgroupbinding/resource_manager.go; read 2026-11.
"""

from collections.abc import Iterable

import pulumi

from catalog.load_balancers import HOST_LENGTH, PATH_LENGTH
from components.core.admission import admission_policy
from settings.ingress.ingress import NAMESPACE

SCHEMES = tuple(f"alb.ingress.kubernetes.io/{name}" for name in ("scheme", "frontend-nlb-scheme"))
CONTROLLER = "system:serviceaccount:kube-system:aws-load-balancer-controller"
_PUBLIC = "internet-facing"
HOSTS = "ml-platform/hosts-of-doors"
_CLASSES = ("internal", "internal-nlb", "public")
_ANNOTATIONS = "object.metadata.annotations"
_ADVICE = "expose a Service to the internet by `ingress.routes` with door: public"


def taken(hosts: Iterable[str]) -> dict[str, str]:
    """Returns the annotation of the doors' namespace that says which hosts the platform's own routes have."""
    return {HOSTS: ",".join(sorted(set(hosts)))}


def guards(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policies of one cluster, after the namespace of the doors."""
    routes_of_users(f"{name}-routes", opts)
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
    )


# Sources: aws-load-balancer-controller 3.5.0, pkg/gateway/routeutils/route_rule_condition.go, route_rule_action.go;
# limits of Elastic Load Balancing; read 2026-11.
_RULES = "object.spec.?rules.orValue([])"
_FILTERS = "(object.kind == 'HTTPRoute' ? ['RequestRedirect', 'URLRewrite', 'ExtensionRef'] : ['ExtensionRef'])"


def routes_of_users(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers what a route of people needs to be at a shared Gateway.

    One route that the controller cannot build stops the whole Gateway: no route of anybody is changed any more.
    """
    elsewhere = "!variables.atDoor"
    admission_policy(
        name,
        "ml-platform-routes",
        {"gateway.networking.k8s.io/v1": ["httproutes", "grpcroutes"]},
        f"{elsewhere} || (object.spec.?hostnames.orValue([]).size() > 0 && "
        f"object.spec.hostnames.all(host, size(host) <= {HOST_LENGTH} && "
        f"!params.metadata.annotations['{HOSTS}'].split(',').exists(taken, "
        "taken.startsWith('*.') ? host.endsWith(taken.substring(1)) : host == taken)))",
        "a route at a door of the platform names its hosts, and none that `ingress.routes` has",
        opts,
        namespace_of_parameters=NAMESPACE,
        variables={
            "atDoor": f"object.metadata.namespace != '{NAMESPACE}' && object.spec.?parentRefs.orValue([])"
            f".exists(parent, parent.?namespace.orValue(object.metadata.namespace) == '{NAMESPACE}')"
        },
        more={
            f"{elsewhere} || {_RULES}.all(rule, rule.?filters.orValue([]).all(each, each.type in {_FILTERS} && "
            "!each.?requestRedirect.?path.?replaceFullPath.orValue('/').matches('[*?]') && "
            "!each.?requestRedirect.?path.?replacePrefixMatch.orValue('/').matches('[*?]')))": (
                "a load balancer has no such filter, and one such route stops all routes of the door: use "
                "RequestRedirect or URLRewrite without wildcards, and the mesh for the rest"
            ),
            f"{elsewhere} || {_RULES}.all(rule, rule.?backendRefs.orValue([]).size() <= 5 && "
            "rule.?backendRefs.orValue([]).all(each, each.?kind.orValue('Service') == 'Service' && "
            "each.?filters.orValue([]).size() == 0 && each.?weight.orValue(1) <= 999))": (
                "a rule of a door leads to five Services at most, with weights up to 999, and without filters of "
                "their own: another one stops all routes of the door"
            ),
            f"{elsewhere} || {_RULES}.all(rule, rule.?matches.orValue([]).all(match, "
            f"size(match.?path.?value.orValue('/')) <= {PATH_LENGTH} && "
            "(match.?path.?type.orValue('PathPrefix') != 'PathPrefix' || "
            "!match.?path.?value.orValue('/').matches('[*?]'))))": (
                f"a path with * or ?, or of more than {PATH_LENGTH} characters, stops all routes of the door: write "
                "its beginning, and type PathPrefix"
            ),
        },
    )
