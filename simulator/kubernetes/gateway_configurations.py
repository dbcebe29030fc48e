"""The objects of gateway.k8s.aws that Gateways and their classes name: what two of them say together, and what lacks.

Sources: kubernetes-sigs/aws-load-balancer-controller v3.5.0: pkg/gateway/lb_config_merger.go,
pkg/gateway/tg_config_constructor.go, controllers/gateway/config_resolver.go; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.kubernetes import load_balancer_controller as controller
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.load_balancer_controller import GATEWAY_API, OF_AWS, ROUTES
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

LOAD_BALANCERS, TARGETS = "LoadBalancerConfiguration", "TargetGroupConfiguration"
RULES = "ListenerRuleConfiguration"
_VERSIONS = {
    **dict.fromkeys(("Namespace", "Service", "Secret"), ("v1",)),
    **dict.fromkeys(
        ("GatewayClass", "Gateway", "ReferenceGrant", *(kind for kinds in ROUTES.values() for kind in kinds)),
        (f"{GATEWAY_API}/v1", f"{GATEWAY_API}/v1beta1"),
    ),
    **dict.fromkeys((LOAD_BALANCERS, TARGETS, RULES), (f"{OF_AWS}/v1", f"{OF_AWS}/v1beta1")),
}
_Place = tuple[str, str]
"""Namespace and name of a LoadBalancerConfiguration."""


def find(cluster: Cluster, kind: str, namespace: str, name: str) -> Props | None:
    """Returns an object of the Gateway API, of gateway.k8s.aws or of the core group, in whichever version it is."""
    for version in _VERSIONS[kind]:
        if (row := cluster.get(version, kind, namespace, name)) is not None:
            return row.state
    return None


def every(cluster: Cluster, kind: str) -> list[Props]:
    """Returns all objects of one of these kinds."""
    return [row.state for version in _VERSIONS[kind] for row in cluster.of_kind(version, kind)]


def group_of(state: Props) -> str:
    """Returns the API group of an object."""
    return str(state["apiVersion"]).rpartition("/")[0]


def namespace_of(state: Props) -> str:
    """Returns the namespace of a stored object; "" for one of the cluster."""
    return str(state["metadata"].get("namespace") or "")


def merged(of_class: Props, of_gateway: Props) -> Props:
    """Returns the spec that holds, of two specs of LoadBalancerConfigurations: the class says which is preferred.

    By default that is its own, so no Gateway changes the scheme that its class names. The controller forgets
    minimumLoadBalancerCapacity when it merges.
    """
    pair = (of_class, of_gateway)
    high, low = pair if of_class.get("mergingMode") != "prefer-gateway" else pair[::-1]
    both = {key: value for spec in (low, high) for key, value in spec.items() if value is not None}
    for key, name in (("loadBalancerAttributes", "key"), ("listenerConfigurations", "protocolPort")):
        if key in both:
            items = {each[name]: each for spec in (low, high) for each in spec.get(key) or ()}
            both[key] = [items[each] for each in sorted(items)]
    if "tags" in both:
        both["tags"] = {**(low.get("tags") or {}), **(high.get("tags") or {})}
    return {key: value for key, value in both.items() if key not in ("mergingMode", "minimumLoadBalancerCapacity")}


def class_of(cluster: Cluster, gateway: Props) -> Props | None:
    """Returns the class of a Gateway."""
    return find(cluster, "GatewayClass", "", gateway["spec"]["gatewayClassName"])


def named_by_class(class_: Props) -> _Place | None:
    """Returns the LoadBalancerConfiguration that a class names. Without a namespace it names none."""
    reference = Node(class_)["spec"]["parametersRef"]
    namespace, name = reference["namespace"].text, reference["name"].text
    return (namespace, name) if namespace and name else None


def named_by_gateway(gateway: Props) -> _Place | None:
    """Returns the LoadBalancerConfiguration that a Gateway names, in its own namespace."""
    name = Node(gateway).at("spec", "infrastructure", "parametersRef", "name").text
    return (namespace_of(gateway), name) if name else None


def configuration_of(cluster: Cluster, gateway: Props) -> Props:
    """Returns the spec that holds for a Gateway, of its configuration and that of its class."""
    of_class = _spec(cluster, named_by_class(class_of(cluster, gateway) or {}))
    own = _spec(cluster, named_by_gateway(gateway))
    return merged(of_class, own) if of_class is not None and own is not None else of_class or own or {}


def why_missing(cluster: Cluster, where: _Place | None) -> str:
    """Returns what is missing of a configuration that a class or a Gateway names."""
    if where is None:
        return ""
    namespace, name = where
    spec = _spec(cluster, where)
    if spec is None:
        return f"{LOAD_BALANCERS} ({name},{namespace}) not found"
    default = _name_of_default(spec)
    targets = find(cluster, TARGETS, namespace, default) if default else None
    if default and targets is None:
        return f'failed to resolve default {TARGETS}: "{default}" not found in namespace "{namespace}"'
    if targets and (targets.get("spec") or {}).get("targetReference"):
        return (
            f'{TARGETS} "{default}" in namespace "{namespace}" has targetReference set and cannot be used as a '
            "defaultTargetGroupConfiguration"
        )
    return ""


def uses_targets(configuration: Props, targets: Props) -> bool:
    """Returns whether a LoadBalancerConfiguration has these targets as its default."""
    return (namespace_of(configuration), _name_of_default(configuration.get("spec"))) == (
        namespace_of(targets),
        targets["metadata"]["name"],
    )


def target_groups(cluster: Cluster, gateway: Props, route: Props, service: Props) -> Iterator[tuple[str, str | None]]:
    """Yields target type and protocol of a Service's target group: as is said about it, else by default.

    Of several configurations about one Service the controller takes the first that it finds, so each may hold.
    """
    about = [
        each
        for each in every(cluster, TARGETS)
        if namespace_of(each) == namespace_of(service)
        and Node(each)["spec"]["targetReference"]["name"].value == service["metadata"]["name"]
    ]
    class_ = class_of(cluster, gateway) or {}
    defaults = []
    for where in (named_by_class(class_), named_by_gateway(gateway)):
        name = _name_of_default(_spec(cluster, where)) if where else None
        defaults.append(find(cluster, TARGETS, where[0], name) if where and name else None)
    if (_spec(cluster, named_by_class(class_)) or {}).get("mergingMode") == "prefer-gateway":
        defaults.reverse()
    by_default = controller.values_of(cluster).get("defaultTargetType") or "instance"
    said_of_it: list[Props | None] = [*about] or [None]
    for one in said_of_it:
        said = [each for each in (one, *defaults) if each]
        type_, protocol = (
            next(filter(None, (_property(each, route, key) for each in said)), None)
            for key in ("targetType", "protocol")
        )
        yield type_ or str(by_default), protocol


def _property(targets: Props, route: Props, key: str) -> str | None:
    """Returns a property of the target group for a route: of the entry that names it most closely, else the default."""
    spec = targets.get("spec") or {}
    mine = (route["kind"], namespace_of(route), route["metadata"]["name"])
    closest: tuple[int, Props] = (0, {})
    for each in spec.get("routeConfigurations") or ():
        identifier = each.get("routeIdentifier") or {}
        named = [identifier.get(key) for key in ("kind", "namespace", "name")]
        fits = named[0] == mine[0] and all(not one or one == own for one, own in zip(named, mine, strict=True))
        if fits and (rank := sum(map(bool, named))) > closest[0]:
            closest = rank, each.get("targetGroupProps") or {}
    return closest[1].get(key) or (spec.get("defaultConfiguration") or {}).get(key)


def _spec(cluster: Cluster, where: _Place | None) -> Props | None:
    found = find(cluster, LOAD_BALANCERS, *where) if where else None
    return None if found is None else found.get("spec") or {}


def _name_of_default(spec: Props | None) -> str | None:
    return Node(spec)["defaultTargetGroupConfiguration"]["name"].text
