"""NetworkPolicies, Ingresses and their classes, and Leases.

Source: pkg/apis/networking/validation and pkg/apis/coordination/validation of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.containers import port_findings
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.selectors import selector_findings

_FORBIDDEN_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
_FORBIDDEN_AT_ENDS = ("/..", "/.")


def network_policy_findings(policy: Node) -> Findings:
    """Yields the mistakes in a NetworkPolicy."""
    spec = policy["spec"]
    yield from selector_findings(spec["podSelector"])
    types = spec["policyTypes"]
    if len(types.items) > 2:
        yield types.invalid("may not specify more than two policyTypes")
    else:
        for each in types.items:
            yield from each.must_be("Ingress", "Egress")
    for direction, end in (("ingress", "from"), ("egress", "to")):
        for rule in spec[direction].items:
            for port in rule["ports"].items:
                yield from _policy_port_findings(port)
            for peer in rule[end].items:
                yield from _peer_findings(peer)


def _policy_port_findings(policy_port: Node) -> Findings:
    port, last = policy_port["port"], policy_port["endPort"]
    yield from policy_port["protocol"].must_be("TCP", "UDP", "SCTP")
    yield from port_findings(port)
    if last.number is None:
        return
    if not port.is_set:
        yield last.invalid("may not be specified when `port` is not specified")
    elif isinstance(port.value, str):
        yield last.invalid("may not be specified when `port` is non-numeric")
    else:
        if port.number is not None and last.number < port.number:
            yield last.invalid("must be greater than or equal to `port`", port.value)
        yield from last.must_be_between(1, 65535)


def _peer_findings(peer: Node) -> Findings:
    block = peer["ipBlock"]
    others = peer.has("podSelector", "namespaceSelector")
    for selector in others:
        yield from selector_findings(selector)
    if not others and not block.is_set:
        yield peer.required("must specify a peer")
    if block.is_set and others:
        yield peer.forbidden("may not specify both ipBlock and another peer")
    cidr = block["cidr"]
    yield from cidr.must_be_set() if block.is_set else ()
    yield from cidr.must_match(formats.cidr)
    whole = formats.network_of(cidr.text or "")
    for each in block["except"].items:
        yield from each.must_match(formats.cidr)
        part = formats.network_of(each.text or "")
        if whole and part:
            inside = part.version == whole.version and part.subnet_of(whole)  # type: ignore[arg-type]
            if not inside or part.prefixlen == whole.prefixlen:
                yield each.invalid("must be a strict subset of `cidr`")


def ingress_findings(ingress: Node) -> Findings:
    """Yields the mistakes in an Ingress."""
    spec = ingress["spec"]
    default = spec["defaultBackend"]
    if not isinstance(spec.value, dict):
        return
    if not default.is_set and spec["rules"].is_empty:
        yield Node(None, spec.path).invalid("either `defaultBackend` or `rules` must be specified")
    if default.is_set:
        yield from _backend_findings(default)
    yield from spec["ingressClassName"].must_match(formats.subdomain)
    for tls in spec["tls"].items:
        for host in tls["hosts"].items:
            yield from _host_findings(host)
    for rule in spec["rules"].items:
        host, http = rule["host"], rule["http"]
        if formats.address_of(host.text or ""):
            yield host.invalid("must be a DNS name, not an IP address")
        else:
            yield from _host_findings(host)
        if http.is_set:
            yield from http["paths"].must_be_set()
        for path in http["paths"].items:
            yield from _path_findings(path)
            yield from _backend_findings(path["backend"])


def _host_findings(host: Node) -> Findings:
    yield from host.must_match(formats.wildcard_subdomain if "*" in (host.text or "") else formats.subdomain)


def _path_findings(entry: Node) -> Findings:
    path, type_ = entry["path"], entry["pathType"]
    yield from type_.must_be("Exact", "ImplementationSpecific", "Prefix")
    if type_.text in ("Exact", "Prefix"):
        if not path.is_unknown:
            yield from Node(path.value or "", path.path).must_match(formats.absolute_path)
        for each in _FORBIDDEN_IN_PATHS:
            if each in (path.text or ""):
                yield path.invalid(f"must not contain '{each}'")
        for each in _FORBIDDEN_AT_ENDS:
            if (path.text or "").endswith(each):
                yield path.invalid(f"cannot end with '{each}'")
    elif path.text:
        yield from path.must_match(formats.absolute_path)


def _backend_findings(backend: Node) -> Findings:
    service, resource = backend["service"], backend["resource"]
    if backend.is_unknown:
        return
    if service.is_set and resource.is_set:
        yield backend.invalid("cannot set both resource and service backends", "")
    elif not service.is_set and not resource.is_set:
        yield backend.invalid("resource or service backend is required", "")
    elif service.is_set:
        yield from service["name"].must_be_set()
        yield from service["name"].must_match(formats.label_1035)
        number, name = service["port"]["number"], service["port"]["name"]
        if name.text and number.number:
            yield backend.invalid("cannot set both port name & port number", "")
        elif name.is_empty and number.value in (None, 0) and not (service.is_unknown or service["port"].is_unknown):
            yield backend.required("port name or number is required")
        yield from port_findings(number)
        yield from port_findings(name)


def ingress_class_findings(ingress_class: Node) -> Findings:
    """Yields the mistakes in an IngressClass."""
    spec = ingress_class["spec"]
    yield from spec["controller"].must_be_set()
    yield from spec["controller"].must_match(formats.domain_path)
    parameters = spec["parameters"]
    yield from parameters["scope"].must_be("Cluster", "Namespace")
    if parameters["scope"].text == "Namespace":
        yield from parameters["namespace"].must_be_set("`parameters.scope` is set to 'Namespace'")
    elif parameters["namespace"].text and not parameters["scope"].is_unknown:
        yield parameters["namespace"].forbidden("`parameters.scope` is set to 'Cluster'")


def lease_findings(lease: Node) -> Findings:
    """Yields the mistakes in a Lease."""
    seconds = lease["spec"]["leaseDurationSeconds"]
    if seconds.number is not None and seconds.number <= 0:
        yield seconds.invalid("must be greater than 0")
    yield from lease["spec"]["leaseTransitions"].must_be_at_least(0)
