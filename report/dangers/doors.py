"""Doors: Gateways with their load balancers. Who is let in, at which hosts, and what stands before them.

A Gateway, its class and their configurations count as one thing, as they do for the load balancer; what its class says
comes before what the Gateway says. Another scheme makes another load balancer. Source: AWS Load Balancer Controller
v3.5.0, docs/guide/gateway/loadbalancerconfig.md and pkg/deploy/elbv2/load_balancer_synthesizer.go; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costs.resource import Resource
from report.dangers.access import ANYWHERE, is_going, new_ranges
from report.dangers.danger import ALONE, GRAVE, LATER, LOST, SERIOUS, Danger, Plan, at, every, of_change
from report.tables import some

_API, _OURS = "kubernetes:gateway.networking.k8s.io/v1", "gateway.k8s.aws/"
GATEWAY, GATEWAY_CLASS = f"{_API}:Gateway", f"{_API}:GatewayClass"
CONFIGURATION = "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration"
ROUTES = (f"{_API}:HTTPRoute", f"{_API}:GRPCRoute")
CHARTS = CONTROLLER, RECORDS = "aws-load-balancer-controller", "external-dns"
RELEASE, WEB_ACL = "kubernetes:helm.sh/v3:Release", "aws:wafv2/webAcl:WebAcl"
EVERY_NAMESPACE = "every namespace"
_NAME = "kubernetes.io/metadata.name"
_TLS = re.compile(r"ELBSecurityPolicy-(?:TLS13|FS|TLS)?-?(?:1-([0-3]))?")
_CIPHERS = ("Ext0", "Ext1", "Ext2", "", "Res")
_UNKNOWN = 9, 9
_COUNT = "let the rules count first, and look whom they would refuse"
ATTRIBUTES = {
    "access_logs.s3.enabled": ("requests to {} are no longer logged", "nobody can look up later who called what"),
    "deletion_protection.enabled": (
        "the load balancer of {} can be deleted",
        "a deletion by mistake takes its address, and all hosts with it",
    ),
    "routing.http.drop_invalid_header_fields.enabled": (
        "the load balancer of {} passes malformed headers on",
        "requests can be smuggled past what it checks",
    ),
}
"""Attributes of a load balancer that are `true` -> what it means when they are no longer."""


@dataclass(frozen=True)
class Door:
    """A Gateway. spec: of its load balancer. namespaces: whose routes it takes. hosts: with paths, of its routes."""

    gateway: Resource
    spec: Mapping[str, Any]
    namespaces: frozenset[str]
    hosts: frozenset[str]

    @property
    def name(self) -> str:
        return self.gateway.name

    @property
    def is_public(self) -> bool:
        return self.spec.get("scheme") == "internet-facing"

    @property
    def ranges(self) -> list[Any]:
        """Who may connect. Without any, the controller lets everybody."""
        return every(self.spec, "sourceRanges") or list(ANYWHERE)

    @property
    def certificates(self) -> list[str]:
        secure = [x for x in every(self.spec, "listenerConfigurations") if _is_secure(str(at(x, "protocolPort")))]
        return [str(each) for x in secure for path in ("defaultCertificate", "certificates") for each in every(x, path)]

    @property
    def is_secure(self) -> bool:
        listeners = every(self.gateway.inputs, "spec.listeners")
        return any(at(each, "protocol") in ("HTTPS", "TLS") for each in listeners)

    @property
    def tls(self) -> list[str]:
        return [str(each) for each in every(self.spec, "listenerConfigurations.sslPolicy")]

    def attribute(self, key: str) -> str:
        given = every(self.spec, "loadBalancerAttributes")
        return next((str(at(each, "value")) for each in given if at(each, "key") == key), "")


def _is_secure(port: str) -> bool:
    return port.startswith(("HTTPS", "TLS"))


def doors(resources: Mapping[str, Resource]) -> dict[str, Door]:
    """Returns the doors by the URN of the Gateway: those whose class is of the controller of AWS."""
    found = {}
    for each in (one for one in resources.values() if one.type == GATEWAY):
        gateway_class = _named(resources, each, GATEWAY_CLASS, at(each.inputs, "spec.gatewayClassName"))
        if gateway_class and str(at(gateway_class.inputs, "spec.controllerName")).startswith(_OURS):
            own = _named(resources, each, CONFIGURATION, at(each.inputs, "spec.infrastructure.parametersRef.name"))
            of_class = _named(resources, each, CONFIGURATION, at(gateway_class.inputs, "spec.parametersRef.name"))
            spec = _merged(*((at(x.inputs, "spec") or {}) if x else {} for x in (own, of_class)))
            namespaces = frozenset(_namespaces(each)) - {at(each.inputs, "metadata.namespace")}
            found[each.urn] = Door(each, spec, namespaces, frozenset(_hosts(resources, each)))
    return found


def _merged(own: Mapping[str, Any], of_class: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns what counts of two configurations. Source: pkg/gateway/lb_config_merger.go at the same tag."""
    attributes = {at(each, "key"): each for x in (own, of_class) for each in every(x, "loadBalancerAttributes")}
    return {**own, **of_class, "loadBalancerAttributes": list(attributes.values())}


def _named(resources: Mapping[str, Resource], beside: Resource, type_: str, name: Any) -> Resource | None:
    """Returns an object of the same cluster."""
    same = (each for each in resources.values() if (each.type, each.provider) == (type_, beside.provider))
    return next((each for each in same if at(each.inputs, "metadata.name") == name), None)


def _namespaces(gateway: Resource) -> Iterator[str]:
    """Yields the namespaces whose routes a Gateway takes, beside its own.

    Source: Gateway API v1.6.1, AllowedRoutes; read 2026-11.
    """
    for listener in every(gateway.inputs, "spec.listeners"):
        allowed = at(listener, "allowedRoutes.namespaces") or {}
        if at(allowed, "from") == "All":
            yield EVERY_NAMESPACE
        elif at(allowed, "from") == "Selector":
            labels = dict(at(allowed, "selector.matchLabels") or {})
            named = [labels.pop(_NAME)] if _NAME in labels else []
            for each in every(allowed, "selector.matchExpressions"):
                known = at(each, "key") == _NAME and at(each, "operator") == "In"
                named += every(each, "values") if known else [f"namespaces that fit {at(each, 'key')}"]
            yield from map(str, named)
            yield from (f"namespaces with {key}={value}" for key, value in labels.items())


def _hosts(resources: Mapping[str, Resource], gateway: Resource) -> Iterator[str]:
    """Yields the hosts, and the paths under them, that routes bring to a Gateway."""
    name, namespace = (at(gateway.inputs, f"metadata.{each}") for each in ("name", "namespace"))
    for route in resources.values():
        if route.type not in ROUTES or route.provider != gateway.provider:
            continue
        own = at(route.inputs, "metadata.namespace")
        parents = [x for x in every(route.inputs, "spec.parentRefs") if at(x, "kind") in (None, "Gateway")]
        leads_on = every(route.inputs, "spec.rules.backendRefs")  # others send clients to another address
        if leads_on and any((at(x, "name"), at(x, "namespace") or own) == (name, namespace) for x in parents):
            paths = every(route.inputs, "spec.rules.matches.path.value") or [""]
            for host in every(route.inputs, "spec.hostnames") or ["every host"]:
                yield from (f"{host}{str(path).rstrip('/')}" for path in paths)


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what changes at the doors of clusters that stay, and at what stands before and behind them."""
    before, after = doors(plan.before), doors(plan.after)
    stays = {urn: each for urn, each in before.items() if not is_going(plan, each.gateway)}
    was_public = {host for each in before.values() if each.is_public for host in each.hosts}
    was_there = {host for each in before.values() for host in each.hosts}
    still = {host for each in after.values() for host in each.hosts}
    for urn, door in sorted(after.items()):
        old = before.get(urn)
        if door.is_public and not (old and old.is_public):
            yield _opened(door, old)
        elif door.is_public and (new := door.hosts - was_public):
            moved = bool(new & was_there)
            says = "{} [answers|answer] in the internet"
            severity = GRAVE if moved else SERIOUS
            yield _danger(door, says, f"whom {door.name} lets in can call it", "", severity, names=new)
        if old and urn in stays:
            yield from _changed(door, old)
            if lost := old.hosts - still:
                says = f"{{}} [answers|answer] no more at {door.name}"
                yield _danger(door, says, "who calls them gets an error", "tell those who call them", names=lost)
    for urn, door in stays.items():
        if urn not in after:
            hosts = some(sorted(door.hosts - still), 5)
            yield _danger(
                door,
                "door {} is closed",
                f"{f'{hosts}: nothing answers there any more' if hosts else 'what used it finds nothing'}",
                "let callers and records move to another door first",
                GRAVE,
            )
    yield from _controller(plan, after)
    yield from _web_acls(plan)
    yield from _records(plan)


def _danger(
    door: Door,
    says: str,
    consequence: str,
    gently: str = ALONE,
    severity: int = SERIOUS,
    *,
    kind: str = "access",
    names: frozenset[str] = frozenset(),
) -> Danger:
    urn = door.gateway.urn
    return Danger(
        kind=kind,
        severity=severity,
        says=says,
        names=tuple(sorted(names)) or (door.name,),
        consequence=consequence,
        gently=gently,
        urns=(urn,),
    )


def _opened(door: Door, old: Door | None) -> Danger:
    who = "everybody" if set(door.ranges) & set(ANYWHERE) else some(sorted(map(str, door.ranges)))
    hosts = (
        f"{some(sorted(door.hosts), 5)} can be called from there" if door.hosts else "what it leads to can be called"
    )
    moved = "; its load balancer is replaced and has another address" if old else ""
    return _danger(
        door,
        f"door {{}} opens to {who}, in the internet",
        f"{hosts}{moved}",
        ALONE,
        LOST if who == "everybody" else GRAVE,
    )


def _changed(door: Door, old: Door) -> Iterator[Danger]:
    if old.is_public and not door.is_public:
        yield _danger(
            door,
            "door {} leaves the internet",
            "its load balancer is replaced and has another address: who comes from the internet gets no answer",
            "open an internal door beside it, and move the hosts first",
            GRAVE,
        )
    if door.is_public == old.is_public:
        if new := new_ranges(old.ranges, door.ranges):
            severity = LOST if door.is_public and set(new) & set(ANYWHERE) else SERIOUS
            says, consequence = f"door {{}} lets in {some(new)}", "these addresses can call what is behind it"
            yield _danger(door, says, consequence, "name fewer addresses", severity)
        if lost := new_ranges(door.ranges, old.ranges):
            yield _danger(door, f"door {{}} lets in {some(lost)} no longer", "who comes from there gets no answer", "")
    if fewer := _not_in(door.namespaces, old.namespaces):
        says = f"door {{}} takes routes of {some(sorted(fewer))} no longer"
        yield _danger(
            door, says, "hosts that people have put on it from there get no answer", "move their routes first"
        )
    if more := _not_in(old.namespaces, door.namespaces):
        says = f"{some(sorted(more))} may put hosts on door {{}}"
        severity = GRAVE if EVERY_NAMESPACE in more else SERIOUS
        yield _danger(door, says, "who may make routes there exposes what is in there", ALONE, severity)
    yield from _weaker(door, old)
    yield from _stricter(door, old)


def _not_in(some_of: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Returns the namespaces that are not among some, which may be all."""
    return frozenset() if EVERY_NAMESPACE in some_of else others - some_of


def _stricter(door: Door, old: Door) -> Iterator[Danger]:
    """Yields what refuses clients anew that come through a door."""
    if old.is_secure and door.is_secure and _strength(old.tls) < _strength(door.tls) < _UNKNOWN:
        says = f"TLS of door {{}}: {_policies(old)} → {_policies(door)}"
        yield _danger(door, says, "clients that know older versions or other ciphers only get no connection", "")
    if door.is_public == old.is_public and at(door.spec, "wafV2.webACL") and not at(old.spec, "wafV2.webACL"):
        yield _danger(door, "a web ACL stands before door {}", "requests that its rules name are refused", _COUNT)


def _weaker(door: Door, old: Door) -> Iterator[Danger]:
    """Yields what no longer protects those who come through a door."""
    if old.is_secure and not door.is_secure:
        consequence = (
            "what clients send, tokens too, can be read on the way, and clients that ask for HTTPS get nothing"
        )
        yield _danger(door, "door {} speaks HTTP only", consequence, ALONE, GRAVE, kind="protection")
    elif old.certificates and old.certificates != door.certificates:
        named = [", ".join(each.rpartition("/")[2] for each in x.certificates) or "none" for x in (old, door)]
        yield _danger(
            door,
            f"certificate of door {{}}: {' → '.join(named)}",
            "clients that do not trust the new one, or whose host it does not name, end the connection",
            "look first at its names and its authority",
        )
    if old.is_secure and door.is_secure and _strength(door.tls) < _strength(old.tls):
        yield _danger(
            door,
            f"TLS of door {{}}: {_policies(old)} → {_policies(door)}",
            "clients may take older versions or weaker ciphers",
            ALONE,
            GRAVE,
            kind="protection",
        )
    if at(old.spec, "wafV2.webACL") and not at(door.spec, "wafV2.webACL"):
        consequence = "nothing refuses known attacks and floods before it"
        yield _danger(door, "no web ACL stands before door {}", consequence, ALONE, GRAVE, kind="protection")
    for key, (says, consequence) in ATTRIBUTES.items():
        if old.attribute(key) == "true" != door.attribute(key):
            yield _danger(door, says, consequence, ALONE, GRAVE, kind="protection")
    idle = [each.attribute("idle_timeout.timeout_seconds") for each in (old, door)]
    if all(each.isdigit() for each in idle) and int(idle[1]) < int(idle[0]):
        says, consequence = (
            f"idle timeout of door {{}}: {idle[0]} → {idle[1]} s",
            "streams that are silent for longer are cut",
        )
        yield _danger(door, says, consequence, "")


def _policies(door: Door) -> str:
    return ", ".join(sorted(set(door.tls))) or "not set"


def _strength(policies: list[str]) -> tuple[int, int]:
    """Returns what the weakest policy asks: the oldest version of TLS, then the ciphers.

    Source: Elastic Load Balancing, "Security policies for your Application Load Balancer"; read 2026-11.
    """
    if LATER in policies:
        return _UNKNOWN
    return min((_strength_of(each) for each in policies), default=(0, 0))


def _strength_of(policy: str) -> tuple[int, int]:
    version = _TLS.match(policy)
    ciphers = next((rank for rank, each in enumerate(_CIPHERS) if each and f"-{each}-" in policy), _CIPHERS.index(""))
    return int(version[1] or 0) if version else 0, ciphers


def chart_of(release: Mapping[str, Any]) -> str:
    """Returns the name of a chart, also of one that is named by its repository."""
    return str(release.get("chart")).rpartition("/")[2]


def _controller(plan: Plan, after: Mapping[str, Door]) -> Iterator[Danger]:
    """Yields the controllers that go from clusters that stay."""
    for change in plan.changes(RELEASE, ops=("delete",)):
        release = plan.before[change.urn]
        if chart_of(release.inputs) == CONTROLLER and not is_going(plan, release):
            left = [each.name for each in after.values() if each.gateway.provider == release.provider]
            yield of_change(
                change,
                "access",
                GRAVE if left else SERIOUS,
                f"{{}} goes, and {some(left)} [stays|stay]" if left else "{} goes",
                "new pods get no requests, and the Gateways, Ingresses and Services that it has worked on "
                "cannot be deleted any more: it alone takes their finalizers off",
                "let the Gateways go first, and those of users too: `make retire` lists them",
            )


def _web_acls(plan: Plan) -> Iterator[Danger]:
    for change in plan.changes(WEB_ACL, ops=("update", "replace")):
        before, after = plan.inputs(change.urn)
        for what in _weaker_rules(before, after):
            yield of_change(
                change, "protection", GRAVE, f"web ACL {{}}: {what}", "requests that are refused today pass", ALONE
            )
        for what in _stricter_rules(before, after):
            yield of_change(
                change, "access", SERIOUS, f"web ACL {{}}: {what}", "requests that pass today are refused", _COUNT
            )


def _weaker_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yields in words what a web ACL refuses no longer."""
    if "block" in (at(before, "defaultAction") or {}) and "allow" in (at(after, "defaultAction") or {}):
        yield "what no rule speaks of is allowed"
    if LATER in every(after, "rules"):
        return
    old, new = _rules(before), _rules(after)
    if gone := sorted(old.keys() - new.keys()):
        yield f"{some(gone)} goes"
    for name in old.keys() & new.keys():
        was, becomes = (set(_counted(each[name])) for each in (old, new))
        if more := sorted(becomes - was):
            yield f"{some(more)} of {name} only counts" if more != [name] else f"{name} only counts"
        if (limits := _limits(old[name], new[name])) and limits[1] > limits[0]:
            yield f"{name} allows {limits[0]:,.0f} → {limits[1]:,.0f} requests"


def _stricter_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yields in words what a web ACL refuses anew."""
    if "allow" in (at(before, "defaultAction") or {}) and "block" in (at(after, "defaultAction") or {}):
        yield "what no rule speaks of is refused"
    if LATER in every(after, "rules"):
        return
    old, new = _rules(before), _rules(after)
    if more := sorted(name for name in new.keys() - old.keys() if name not in _counted(new[name])):
        yield f"new rules refuse: {some(more)}"
    for name in sorted(old.keys() & new.keys()):
        if refused := sorted(set(_counted(old[name])) - set(_counted(new[name]))):
            what = f"{some(refused)} of {name}" if refused != [name] else name
            yield f"what matches {what} is refused, and no longer only counted"
        if (limits := _limits(old[name], new[name])) and limits[1] < limits[0]:
            yield f"{name} allows {limits[0]:,.0f} → {limits[1]:,.0f} requests"


def _rules(web_acl: Mapping[str, Any]) -> Mapping[str, Any]:
    return {str(at(each, "name")): each for each in every(web_acl, "rules")}


def _limits(before: Any, after: Any) -> list[float]:
    """Returns how many requests a rule allowed and allows; nothing where one of them is not known, or no limit."""
    limits = [at(each, "statement.rateBasedStatement.limit") for each in (before, after)]
    return limits if all(isinstance(each, int | float) for each in limits) else []


def _counted(rule: Mapping[str, Any]) -> Iterator[str]:
    """Yields what does not refuse in a rule: itself, or rules of its group."""
    weak = any(at(rule, path) is not None for path in ("overrideAction.count", "action.count", "action.allow"))
    if weak:
        yield str(at(rule, "name"))
    for each in every(rule, "statement.managedRuleGroupStatement.ruleActionOverrides"):
        if any(at(each, f"actionToUse.{action}") is not None for action in ("count", "allow")):
            yield str(at(each, "name"))
    yield from map(str, every(rule, "statement.managedRuleGroupStatement.excludedRules.name"))


def _records(plan: Plan) -> Iterator[Danger]:
    """Yields the records that nobody keeps up any longer. external-dns deletes those of its own owner and zones only.

    Source: external-dns v0.21.0, docs/registry/registry.md and docs/sources/about.md; read 2026-11.
    """
    for change in plan.changes(RELEASE, ops=("update", "replace", "delete")):
        before, after = plan.inputs(change.urn)
        if chart_of(before) != RECORDS or is_going(plan, plan.before[change.urn]):
            continue
        zones = [
            each for each in every(before, "values.domainFilters") if each not in every(after, "values.domainFilters")
        ]
        owner = [at(each, "values.txtOwnerId") for each in (before, after)]
        lost = some(list(map(str, zones)))
        if change.op == "delete":
            says = f"records of {lost or 'all zones'} are no longer kept up: {{}} goes"
        elif owner[0] != owner[1] and LATER not in owner:
            says = f"the records of {{}} get another owner: {owner[0]} → {owner[1]}"
        elif zones:
            says = f"records of {lost} are no longer kept up by {{}}"
        else:
            if at(before, "values.policy") != "sync" == at(after, "values.policy"):
                yield of_change(
                    change,
                    "access",
                    SERIOUS,
                    "{} deletes records from then on",
                    "those of its owner go whose Gateway, Ingress or Service is gone",
                    "look first which records have its owner, and nothing else",
                )
            continue
        yield of_change(
            change,
            "access",
            GRAVE,
            says,
            "records that are there stay as they are, also when their load balancer has another address or "
            "is gone, and nothing replaces them",
            "let the hosts go first, so that it deletes their records; then delete what is left by hand",
        )
