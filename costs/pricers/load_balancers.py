"""Load balancers that a controller makes for objects of Kubernetes, and what stands before them.

Pulumi sees the Gateway, and AWS bills a load balancer. What says which one, and where, is in the GatewayClass and the
LoadBalancerConfiguration that it names. Source: AWS Load Balancer Controller v3.5.0, docs/guide/gateway; read 2026-11.
"""

from collections.abc import Iterable, Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read, read_list, read_text

GATEWAY_CLASS = "kubernetes:gateway.networking.k8s.io/v1:GatewayClass"
CONFIGURATION = "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration"
KINDS = {"gateway.k8s.aws/alb": ("application", "alb"), "gateway.k8s.aws/nlb": ("network", "nlb")}


def gateway(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """One load balancer; facing the internet, it also has a public address in each of its subnets."""
    name = read_text(resource.inputs, "spec.gatewayClassName")
    gateway_class = named(resource, context, GATEWAY_CLASS, name)
    if gateway_class is None:
        raise NoPriceError(f"its class {name} is not in the stack, and says which load balancer it gets")
    controller = read_text(gateway_class.inputs, "spec.controllerName")
    if controller not in KINDS:
        raise NoPriceError(f"what {controller} makes is not known here")
    kind, short = KINDS[controller]
    yield from balancer(resource, context, kind, short)
    configuration = _configuration(resource, gateway_class, context)
    if configuration and read_text(configuration.inputs, "spec.scheme", "internal") == "internet-facing":
        subnets = len(read_list(configuration.inputs, "spec.loadBalancerSubnets"))
        if not subnets:
            raise NoPriceError("its public addresses are as many as the subnets that the controller finds")
        note = ("an application load balancer takes more of them as it grows",) if short == "alb" else ()
        yield line(resource, context, "public IPv4 addresses", "vpc.public_ipv4_hour", "address", subnets, notes=note)


def balancer(resource: Resource, context: Context, kind: str, short: str) -> Iterator[LineItem | Unpriced]:
    """Yields the hours of a load balancer, and its capacity units."""
    units = context.usage.load_balancer_units
    usage = assumed(units, "capacity units for each load balancer")
    yield line(resource, context, f"{kind} load balancer", f"load_balancer.{short}_hour", "balancer", 1)
    yield line(resource, context, "load balancer capacity", f"load_balancer.{short}_lcu_hour", "unit", units, usage)


def _configuration(resource: Resource, gateway_class: Resource, context: Context) -> Resource | None:
    """Returns the configuration that decides: that of the class comes before that of the Gateway."""
    own = read_text(resource.inputs, "spec.infrastructure.parametersRef.name")
    for name in (read_text(gateway_class.inputs, "spec.parametersRef.name"), own):
        if name and (found := named(resource, context, CONFIGURATION, name)):
            return found
    return None


def named(owner: Resource, context: Context, type_: str, name: str) -> Resource | None:
    """Returns an object of the owner's cluster."""
    return next(
        (
            each
            for each in context.resources.values()
            if each.type == type_ and each.provider == owner.provider and read(each.inputs, "metadata.name") == name
        ),
        None,
    )


def web_acl(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A month of the ACL and of each rule, in which a group of managed rules counts as one; and its requests."""
    requests = context.usage.web_acl_requests_1m
    usage = assumed(requests, "million requests to each web ACL")
    rules = read_list(resource.inputs, "rules")
    yield line(resource, context, "web ACL", "waf.web_acl_month", "web ACL", 1)
    yield line(resource, context, "rules of the web ACL", "waf.rule_month", "rule", len(rules))
    yield line(resource, context, "requests to the web ACL", "waf.requests_1m", "x 1m", requests, usage)
    for rule in rules:
        name = read_text(rule, "statement.managedRuleGroupStatement.name") if isinstance(rule, Mapping) else ""
        if name.startswith(_EXTRA):
            yield Unpriced(resource.urn, resource.type, f"{name} has a fee of its own, without a price in the catalog")


# Source: aws.amazon.com/waf/pricing, Intelligent Threat Mitigation; read 2026-11.
_EXTRA = tuple(f"AWSManagedRules{each}" for each in ("BotControl", "ATP", "ACFP", "AntiDDoS"))


def certificate(resource: Resource, context: Context) -> Iterable[LineItem | Unpriced]:
    """Public certificates are free. Source: aws.amazon.com/certificate-manager/pricing, read 2026-11."""
    if read(resource.inputs, "certificateAuthorityArn") or read_text(resource.inputs, "options.export") == "ENABLED":
        raise NoPriceError("certificates of a private authority, and those to export, have no price in the catalog")
    return ()


def zone(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Queries for aliases of load balancers are free. Source: aws.amazon.com/route53/pricing, read 2026-11."""
    yield line(resource, context, "hosted zone", "other.route53_hosted_zone", "zone", 1)


PRICERS: Mapping[str, Pricer] = {
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": gateway,
    "aws:wafv2/webAcl:WebAcl": web_acl,
    "aws:acm/certificate:Certificate": certificate,
    "aws:route53/zone:Zone": zone,
}
