"""Routes of the Gateway API: which listener takes one, and whether the Services are there that it leads to.

Source: kubernetes-sigs/aws-load-balancer-controller v3.5.0, pkg/gateway/routeutils (not simulated: ListenerSets, and
backends that are not Services); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.gateway_configurations import every, find, group_of, namespace_of
from simulator.kubernetes.load_balancer_controller import GATEWAY_API, ROUTES
from simulator.values import Props

_KINDS = {  # protocol of a listener that names no kinds -> the kinds that it takes
    "HTTP": ("HTTPRoute",),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
_REFUSES = "Listener does not allow route attachment"


def is_route(state: Props) -> bool:
    """Returns whether the object is a route of a kind that the controller reads."""
    return group_of(state) == GATEWAY_API and any(state["kind"] in kinds for kinds in ROUTES.values())


def routes_for(cluster: Cluster, controller: str) -> list[Props]:
    """Returns the routes of the kinds that Gateways with this controllerName take."""
    return [each for kind in ROUTES[controller] for each in every(cluster, kind)]


def gateways_of(route: Props) -> Iterator[tuple[str, str, Props]]:
    """Yields namespace and name of each Gateway that the route wants to be attached to, with the reference."""
    for reference in route["spec"].get("parentRefs") or ():
        if reference.get("kind", "Gateway") == "Gateway":
            yield reference.get("namespace") or namespace_of(route), reference["name"], reference


def listeners_for(gateway: Props, reference: Props) -> list[Props]:
    """Returns the listeners that a reference of a route means."""
    return [
        each
        for each in gateway["spec"].get("listeners") or ()
        if reference.get("sectionName") in (None, each["name"]) and reference.get("port") in (None, each["port"])
    ]


def why_not_attached(cluster: Cluster, gateway: Props, route: Props, reference: Props) -> str:
    """Returns why no listener takes the route by this reference; "" when one does."""
    reasons = [why_refused(cluster, gateway, each, route) for each in listeners_for(gateway, reference)]
    if not reasons:
        return "Accepted is False, NoMatchingParent: Route parentRef does not match listener"
    return "" if "" in reasons else f"Accepted is False, {reasons[0]}"


def why_refused(cluster: Cluster, gateway: Props, listener: Props, route: Props) -> str:
    """Returns why a listener does not take a route that wants it; "" when it does."""
    allowed = listener.get("allowedRoutes") or {}
    kinds = [each["kind"] for each in allowed.get("kinds") or ()] or _KINDS.get(listener["protocol"], ())
    if not _admits(cluster, gateway, allowed.get("namespaces") or {}, namespace_of(route)):
        return f"NotAllowedByListeners: {_REFUSES}, namespace does not match between listener and route"
    if route["kind"] not in kinds:
        return f"NotAllowedByListeners: {_REFUSES}, kind does not match between listener and route"
    if listener.get("hostname") and not hostnames(listener, route):
        return f"NoMatchingListenerHostname: {_REFUSES}, no matching hostname"
    return ""


def hostnames(listener: Props, route: Props) -> list[str]:
    """Returns the names that the listener and the route have in common, of two the one that says more."""
    wanted, own = listener.get("hostname"), route["spec"].get("hostnames") or []
    if not wanted or not own:
        return [wanted] if wanted else own
    return [
        one if _is_within(one, wanted) else wanted for one in own if _is_within(one, wanted) or _is_within(wanted, one)
    ]


def backends(route: Props) -> Iterator[tuple[str, str, Props]]:
    """Yields namespace and name of each Service that the route leads to, with the reference."""
    for rule in route["spec"].get("rules") or ():
        for each in rule.get("backendRefs") or ():
            if each.get("kind", "Service") == "Service":
                yield each.get("namespace") or namespace_of(route), each["name"], each


def why_unresolved(cluster: Cluster, route: Props) -> str:
    """Returns why the route leads nowhere: clients get an error. "" when each of its Services is there."""
    for namespace, name, reference in backends(route):
        if namespace != namespace_of(route) and not _is_granted(cluster, route, namespace, name):
            return f"ResolvedRefs is False, RefNotPermitted: no ReferenceGrant in namespace {namespace} allows it"
        service = find(cluster, "Service", namespace, name)
        if service is None:
            return f"ResolvedRefs is False, BackendNotFound: Service ({namespace}:{name}) not found)"
        port = reference.get("port")
        if port not in {each.get("port") for each in service["spec"].get("ports") or ()}:
            return f"ResolvedRefs is False, BackendNotFound: Unable to find service port for port {port}"
    return ""


def _admits(cluster: Cluster, gateway: Props, namespaces: Props, name: str) -> bool:
    from_ = namespaces.get("from", "Same")
    if from_ == "Selector":
        found = find(cluster, "Namespace", "", name)
        return found is not None and _selects(namespaces.get("selector"), found["metadata"].get("labels") or {})
    return from_ == "All" or (from_ == "Same" and name == namespace_of(gateway))


def _is_granted(cluster: Cluster, route: Props, namespace: str, service: str) -> bool:
    wanted = (GATEWAY_API, route["kind"], namespace_of(route))
    for grant in every(cluster, "ReferenceGrant"):
        froms = [(each["group"], each["kind"], each["namespace"]) for each in grant["spec"].get("from") or ()]
        tos = [(each.get("group"), each["kind"], each.get("name") or service) for each in grant["spec"].get("to") or ()]
        if namespace_of(grant) == namespace and wanted in froms and ("", "Service", service) in tos:
            return True
    return False


def _is_within(name: str, other: str) -> bool:
    return name == other or (other.startswith("*.") and name.endswith(other[1:]))


def _selects(selector: Props | None, labels: Mapping[str, Any]) -> bool:
    """Returns whether a label selector fits. A listener without one takes no namespace."""
    if selector is None or not (selector.get("matchLabels") or {}).items() <= labels.items():
        return False
    return all(_fits(each, labels) for each in selector.get("matchExpressions") or ())


def _fits(expression: Props, labels: Mapping[str, Any]) -> bool:
    value, operator = labels.get(expression["key"]), expression["operator"]
    if operator in ("In", "NotIn"):
        return (value in (expression.get("values") or ())) is (operator == "In")
    return (value is not None) is (operator == "Exists")
