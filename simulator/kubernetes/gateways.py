"""Gateways of the AWS Load Balancer Controller: what it says of classes, Gateways and routes, and why.

Sources: kubernetes-sigs/aws-load-balancer-controller v3.5.0: controllers/gateway, pkg/gateway/routeutils,
pkg/gateway/model, pkg/certs (certificates that a configuration names are taken as they are); read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.aws import tokens
from simulator.kubernetes import gateway_configurations as configurations
from simulator.kubernetes import gateway_routes as routes
from simulator.kubernetes import gateway_rules as rules
from simulator.kubernetes import load_balancer_controller as controller
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.gateway_configurations import LOAD_BALANCERS, RULES, TARGETS, every, find, namespace_of
from simulator.kubernetes.load_balancer_controller import ALB, GATEWAY_API, OF_AWS, ROUTES
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

_CONDITIONS = {"GatewayClass": ("Accepted",), "Gateway": ("Accepted", "Programmed")}
_OF_A_ROUTE = ("Accepted", "ResolvedRefs")
_OF_A_PARENT = re.compile(r"""jsonpath=\{\s*\$?\.status\.parents.*@\.type\s*==\s*['"](\w+)['"]""")
_FAILED = "Accepted is False, Invalid: Check Gateway Events for more information. Failed "


def is_ours(state: Props) -> bool:
    """Returns whether the object is of the Gateway API or of gateway.k8s.aws."""
    return configurations.group_of(state) in (GATEWAY_API, OF_AWS)


def conditions_of(state: Props) -> tuple[str, ...]:
    """Returns the conditions that an object of these groups gets. Routes have theirs by parent."""
    return _CONDITIONS.get(state["kind"], ()) if configurations.group_of(state) == GATEWAY_API else ()


def never_met(state: Props, wanted: Sequence[str]) -> list[str]:
    """Returns those of the expressions that no controller makes true."""
    conditions = {f"condition={each}" for each in conditions_of(state)}
    return [
        each
        for each in wanted
        if (each.startswith("condition=") and each.removesuffix("=True") not in conditions)
        or ((parent := _OF_A_PARENT.match(each)) and parent[1] not in _OF_A_ROUTE)
    ]


def status_of(state: Props) -> Props:
    """Returns the status of an object that has everything it needs."""
    if state["kind"] == RULES:
        return {"accepted": True, "message": "Accepted"}
    if not routes.is_route(state):
        return {"conditions": _true(conditions_of(state))}
    name = next(name for name, kinds in ROUTES.items() if state["kind"] in kinds)
    references = state["spec"].get("parentRefs") or ()
    return {
        "parents": [
            {"parentRef": each, "controllerName": name, "conditions": _true(_OF_A_ROUTE)} for each in references
        ]
    }


def why_not_ready(cluster: Cluster, state: Props, wanted: Sequence[str] = ()) -> str:
    """Returns why the controller does not accept an object; "" when it does, and when it belongs to another one.

    wanted: the expressions that a program waits for.
    """
    if state["kind"] == "GatewayClass":
        return _why_class_not_accepted(cluster, state)
    if state["kind"] == "Gateway":
        return why_not_programmed(cluster, state)
    if state["kind"] == RULES:
        return controller.why_blind(cluster, ALB) or _missing_secret(cluster, state)
    parents = [_OF_A_PARENT.match(each) for each in wanted]
    needs_services = any(each and each[1] == "ResolvedRefs" for each in parents)
    return why_no_traffic(cluster, state) or (needs_services and why_unresolved(cluster, state)) or ""


def why_unresolved(cluster: Cluster, route: Props) -> str:
    """Returns which Service of a route is missing, which its clients notice; "" for routes of other controllers."""
    if not routes.is_route(route):
        return ""
    gateways = [find(cluster, "Gateway", *parent) for *parent, _ in routes.gateways_of(route)]
    ours = any(each and _class_with_routes(cluster, each) for each in gateways)
    return routes.why_unresolved(cluster, route) if ours else ""


def why_no_traffic(cluster: Cluster, route: Props) -> str:
    """Returns why nothing comes through a route; "" when something does, and for routes of other controllers.

    A Gateway may fail because of a route, and the program that made the route hears nothing of that.
    """
    if not routes.is_route(route):
        return ""
    for namespace, name, reference in routes.gateways_of(route):
        gateway = find(cluster, "Gateway", namespace, name)
        if gateway is None:
            return f"there is no Gateway {namespace}/{name}, so the route gets no status"
        if (class_ := _class_with_routes(cluster, gateway)) is None:
            continue
        others = [each for each in routes.routes_for(cluster, _name_of(class_)) if not _is_same(each, route)]
        why = routes.why_not_attached(cluster, gateway, route, reference)
        if why := why or _Model(cluster, gateway, class_, [*others, route]).why_not_programmed():
            return why
    return ""


def why_not_programmed(cluster: Cluster, gateway: Props) -> str:
    """Returns why a Gateway gets no load balancer, or not the one that it describes; "" when it does."""
    if configurations.class_of(cluster, gateway) is None:
        return f"there is no GatewayClass {gateway['spec']['gatewayClassName']}, so no controller gives it a status"
    if (class_ := _class_with_routes(cluster, gateway)) is None:
        return ""
    return _Model(cluster, gateway, class_, routes.routes_for(cluster, _name_of(class_))).why_not_programmed()


def why_not_deleted(cluster: Cluster, gateway: Props) -> str:
    """Returns why the controller does not end a Gateway that it has made a load balancer for; "" when it does."""
    place = f"{namespace_of(gateway)}/{gateway['metadata']['name']}"
    if (class_ := configurations.class_of(cluster, gateway)) is None:
        return f"there is no GatewayClass {gateway['spec']['gatewayClassName']}"
    if is_protected(configurations.configuration_of(cluster, gateway)):
        return f"Unable to delete gateway {place} because deletion protection is enabled"
    return _Model(cluster, gateway, class_, ()).why_not_configured()


def is_protected(configuration: Props) -> bool:
    """Returns whether a LoadBalancerConfiguration keeps its load balancers from being deleted."""
    attributes = configuration.get("loadBalancerAttributes") or ()
    return any((each["key"], each["value"]) == ("deletion_protection.enabled", "true") for each in attributes)


def controller_of(cluster: Cluster, state: Props) -> str:
    """Returns the controllerName of a class or of a Gateway's class, while it works; "" for other controllers."""
    class_ = state if state["kind"] == "GatewayClass" else configurations.class_of(cluster, state)
    name = _name_of(class_) if class_ else ""
    return name if name in ROUTES and not controller.why_blind(cluster, name) else ""


def users_of(cluster: Cluster, state: Props) -> Iterator[Props]:
    """Yields the objects that use a class or a configuration: as long as there is one, its finalizer stays."""
    name, place, kind = state["metadata"]["name"], (namespace_of(state), state["metadata"]["name"]), state["kind"]
    if kind == "GatewayClass":
        yield from (each for each in every(cluster, "Gateway") if each["spec"]["gatewayClassName"] == name)
    elif kind == LOAD_BALANCERS:
        classes, gateways = every(cluster, "GatewayClass"), every(cluster, "Gateway")
        yield from (each for each in classes if configurations.named_by_class(each) == place)
        yield from (each for each in gateways if configurations.named_by_gateway(each) == place)
    elif kind == TARGETS and (target := Node(state)["spec"]["targetReference"]["name"].text):
        if find(cluster, "Service", place[0], target):
            yield from (
                each
                for each_controller in ROUTES
                for each in routes.routes_for(cluster, each_controller)
                if any(backend[:2] == (place[0], target) for backend in routes.backends(each))
            )
    elif kind == TARGETS:
        for each in every(cluster, LOAD_BALANCERS):
            if configurations.uses_targets(each, state):
                yield from users_of(cluster, each)
    elif kind == RULES:
        for each in routes.routes_for(cluster, ALB):
            filters = [one for rule in each["spec"].get("rules") or () for one in rule.get("filters") or ()]
            named = [Node(one)["extensionRef"]["name"].value for one in filters]
            if namespace_of(each) == place[0] and name in named:
                yield each


@dataclass(frozen=True)
class _Model:
    """What the controller makes of a Gateway with these routes."""

    cluster: Cluster
    gateway: Props
    class_: Props
    routes: Sequence[Props]

    def why_not_configured(self) -> str:
        """Returns why the controller looks no further, not even when the Gateway is deleted; "" when it does."""
        if why := _why_class_not_accepted(self.cluster, self.class_):
            name = self.class_["metadata"]["name"]
            return f"Unable to materialize gateway when gateway class [{name}] is not accepted: {why}"
        why = configurations.why_missing(self.cluster, configurations.named_by_gateway(self.gateway))
        return why and f"Accepted is False, Invalid: {why}"

    def why_not_programmed(self) -> str:
        """Returns what the condition Accepted or an event of the Gateway says, or nothing."""
        if why := self.why_not_configured():
            return why
        if invalid := list(self._invalid_listeners()):
            return f"ListenersNotValid: {'. '.join(invalid)}"
        attached = list(self._attached())
        if why := next(filter(None, (rules.why_not_loaded(route) for _, route in attached)), ""):
            return f"the Gateway gets no status, and the log of the controller says: {why}"
        spec = configurations.configuration_of(self.cluster, self.gateway)
        try:
            self._build(spec, attached)
        except ValueError as error:
            return f"{_FAILED}build model due to {error}"
        why = self._why_not_deployed(spec, attached)
        return why and f"{_FAILED}deploy model due to {why}"

    def _invalid_listeners(self) -> Iterator[str]:
        name = _name_of(self.class_)
        protocols = ("HTTP", "HTTPS") if name == ALB else ("TCP", "UDP", "TLS")
        of_ports: dict[int, str] = {}
        hosts: set[tuple[int, str]] = set()
        for each in self.gateway["spec"].get("listeners") or ():
            port, protocol, host = each["port"], each["protocol"], each.get("hostname")
            kinds = {kind["kind"] for kind in (each.get("allowedRoutes") or {}).get("kinds") or ()}
            pair = {of_ports.setdefault(port, protocol), protocol}
            if kinds - set(ROUTES[name]):
                yield f"Invalid route kind for listener {each['name']}"
            elif protocol not in protocols:
                yield f"Unsupported protocol {protocol} for listener {each['name']}"
            elif len(pair) > 1 and pair != {"TCP", "UDP"}:
                yield f"Protocol conflict for port {port}"
            elif host and (port, host) in hosts:
                yield f"Hostname conflict for port {port} with hostname {host}"
            elif host:
                hosts.add((port, host))

    def _build(self, spec: Props, attached: Sequence[tuple[Props, Props]]) -> None:
        """Raises ValueError with the words of the event. A listener appears with its first route."""
        scheme = spec.get("scheme") or controller.default_scheme(self.cluster)
        controller.subnets(self.cluster, scheme, application=_name_of(self.class_) == ALB, spec=spec)
        hosts: dict[tuple[str, int], set[str]] = {}
        for listener, route in attached:
            own = routes.hostnames(listener, route) or route["spec"].get("hostnames") or ()
            hosts.setdefault((listener["protocol"], listener["port"]), set()).update(own)
            self._check_targets(route)
            if why := rules.why_not_built(route):
                raise ValueError(why)
        for (protocol, port), names in hosts.items():
            self._check_certificate(spec, protocol, port, names)

    def _why_not_deployed(self, spec: Props, attached: Sequence[tuple[Props, Props]]) -> str:
        ports = len({(listener["port"], listener["protocol"]) for listener, _ in attached})
        if why := rules.why_no_group(self.cluster, spec, ports, application=_name_of(self.class_) == ALB):
            return why
        reasons = (rules.why_not_made(each, route, routes.hostnames(each, route)) for each, route in attached)
        return next(filter(None, reasons), "")

    def _attached(self) -> Iterator[tuple[Props, Props]]:
        place = (namespace_of(self.gateway), self.gateway["metadata"]["name"])
        for route in self.routes:
            for *parent, reference in routes.gateways_of(route):
                for listener in routes.listeners_for(self.gateway, reference) if tuple(parent) == place else ():
                    if not routes.why_refused(self.cluster, self.gateway, listener, route):
                        yield listener, route

    def _check_certificate(self, spec: Props, protocol: str, port: int, hosts: set[str]) -> None:
        listeners = [each for each in self.gateway["spec"]["listeners"] if each["port"] == port]
        passes_through = any(Node(each)["tls"]["mode"].value == "Passthrough" for each in listeners)
        if protocol not in ("HTTPS", "TLS") or (protocol == "TLS" and passes_through):
            return
        for each in spec.get("listenerConfigurations") or ():
            if each["protocolPort"] == f"{protocol}:{port}" and (
                each.get("defaultCertificate") or each.get("certificates")
            ):
                return
        if not hosts:
            name = f"{namespace_of(self.gateway)}/{self.gateway['metadata']['name']}"
            raise ValueError(
                f"No hostnames found for TLS cert discovery for listener on gateway {name} with protocol:port "
                f"{protocol}:{port}"
            )
        for host in sorted(hosts):
            if not any(_covers(domain, host) for domain in self._domains()):
                raise ValueError(f"no certificate found for host: {host}")

    def _domains(self) -> Iterator[str]:
        for row in self.cluster.cloud.of_type(tokens.CERTIFICATE):
            yield from filter(None, [row.state.get("domainName"), *(row.state.get("subjectAlternativeNames") or ())])

    def _check_targets(self, route: Props) -> None:
        for namespace, name, _ in routes.backends(route):
            service = find(self.cluster, "Service", namespace, name)  # of one that is not there, the route speaks
            if service is None:
                continue
            has_ports = service["spec"].get("type") in ("NodePort", "LoadBalancer")
            for type_, protocol in configurations.target_groups(self.cluster, self.gateway, route, service):
                application = _name_of(self.class_) == ALB
                if why := rules.why_wrong_protocol(protocol, application=application):
                    raise ValueError(why)
                if type_ == "instance" and not has_ports:
                    raise ValueError(
                        "TargetGroup port is empty. When using Instance targets, your service must be of type "
                        "'NodePort' or 'LoadBalancer'"
                    )


def _true(conditions: Sequence[str]) -> list[Props]:
    of_each = {"status": "True", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    return [{"type": each, "reason": each, **of_each} for each in conditions]


def _is_same(one: Props, other: Props) -> bool:
    names = [(each["kind"], namespace_of(each), each["metadata"]["name"]) for each in (one, other)]
    return names[0] == names[1]


def _name_of(class_: Props) -> str:
    return str(class_["spec"]["controllerName"])


def _class_with_routes(cluster: Cluster, gateway: Props) -> Props | None:
    """Returns the class of a Gateway, unless it belongs to another controller."""
    class_ = configurations.class_of(cluster, gateway)
    return class_ if class_ and _name_of(class_) in ROUTES else None


def _why_class_not_accepted(cluster: Cluster, class_: Props) -> str:
    if _name_of(class_) not in ROUTES:
        return ""
    if why := controller.why_blind(cluster, _name_of(class_)):
        return why
    where = configurations.named_by_class(class_)
    if class_["spec"].get("parametersRef") and where is None:
        text = "Namespace must be specified in ParametersRef for LoadBalancerConfiguration"
        return f"Accepted is False, InvalidParametersRef: {text}"
    why = configurations.why_missing(cluster, where)
    return why and f"Accepted is not True: {why}"


def _missing_secret(cluster: Cluster, state: Props) -> str:
    for action in (state.get("spec") or {}).get("actions") or ():
        name = Node(action)["authenticateOIDCConfig"]["secret"]["name"].text
        if name and find(cluster, "Secret", namespace_of(state), name) is None:
            return f"accepted is false: secret [{namespace_of(state)}/{name}] not found"
    return ""


def _covers(domain: str, host: str) -> bool:
    """Returns whether a certificate for a domain serves a host: `*` stands for one label."""
    return domain == host or (domain.startswith("*.") and host.partition(".")[2] == domain[2:])
