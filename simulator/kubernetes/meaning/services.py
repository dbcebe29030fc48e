"""Services and EndpointSlices.

Source: pkg/apis/core/validation and pkg/registry/core/service of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.containers import port_findings
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.selectors import label_findings
from simulator.values import UNKNOWN

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_FAMILIES = ("IPv4", "IPv6")
_NODE_PORTS = range(30000, 32768)
_MOST_AFFINITY_SECONDS = 86400
_ONLY_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def service_findings(service: Node) -> Findings:
    """Yields the mistakes in a Service."""
    spec = service["spec"]
    type_ = "ClusterIP" if spec["type"].value is None else spec["type"].text
    yield from spec["type"].must_be(*_TYPES)
    yield from label_findings(spec["selector"])
    yield from _address_findings(spec, type_)
    yield from _port_findings(spec, type_)
    yield from _balancer_findings(spec, type_)
    yield from _family_findings(spec)
    affinity, seconds = spec["sessionAffinity"], spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds")
    yield from affinity.must_be("ClientIP", "None")
    if affinity.text == "ClientIP" and seconds.number is not None and not 0 < seconds.number <= _MOST_AFFINITY_SECONDS:
        yield seconds.invalid(f"must be greater than 0 and less than {_MOST_AFFINITY_SECONDS}")
    yield from spec["trafficDistribution"].must_be("PreferClose", "PreferSameZone", "PreferSameNode")
    for each in spec["externalIPs"].items:
        yield from each.must_match(formats.address)
        address = formats.address_of(each.text or "")
        if address and address.is_loopback:
            yield each.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)")
        elif address and address.is_unspecified:
            yield each.invalid("may not be unspecified (0.0.0.0 or ::)")
        elif address and address.is_link_local:
            yield each.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)")


def _address_findings(spec: Node, type_: str | None) -> Findings:
    address = spec["clusterIP"]
    listed = Node(address.value, "spec.clusterIPs[0]")
    if type_ == "ExternalName":
        yield from spec["externalName"].must_be_set()
        yield from spec["externalName"].must_match(lambda name: formats.subdomain(name.removesuffix(".")))
        if address.text:
            yield Node(None, "spec.clusterIPs").forbidden("may not be set for ExternalName services")
    elif address.text == "None":
        if type_ in ("LoadBalancer", "NodePort"):
            yield listed.invalid(f"may not be set to 'None' for {type_} services")
    else:
        yield from listed.must_match(formats.address)


def _port_findings(spec: Node, type_: str | None) -> Findings:
    ports = spec["ports"]
    if type_ not in (None, "ExternalName") and spec["clusterIP"].value not in (UNKNOWN, "None"):
        yield from ports.must_be_set()
    yield from ports.must_be_unique("name")
    seen, node_ports = set(), set()
    for each in ports.items:
        name, port, target, outer, protocol = (
            each[field] for field in ("name", "port", "targetPort", "nodePort", "protocol")
        )
        if len(ports.items) > 1:
            yield from name.must_be_set()
        yield from name.must_match(formats.label)
        yield from port.must_be_between(1, 65535)
        if target.value != 0:
            yield from port_findings(target)
        yield from protocol.must_be("SCTP", "TCP", "UDP")
        yield from each["appProtocol"].must_match(formats.qualified_name)
        named = "TCP" if protocol.value is None else protocol.text
        if outer.number:
            if type_ in ("ClusterIP", "ExternalName"):
                yield outer.forbidden(f"may not be used when `type` is '{type_}'")
            elif (named, outer.number) in node_ports:
                yield outer.invalid("provided port is already allocated")
            elif outer.number not in _NODE_PORTS:
                span = f"{_NODE_PORTS.start}-{_NODE_PORTS.stop - 1}"
                yield outer.invalid(f"provided port is not in the valid range. The range of valid ports is {span}")
            node_ports.add((named, outer.number))
        if named and port.number is not None:
            if (named, port.number) in seen:
                whole = {"Name": "", "Protocol": named, "AppProtocol": None, "Port": port.number, "TargetPort": 0}
                yield each.duplicate({**whole, "NodePort": 0})
            seen.add((named, port.number))


def _balancer_findings(spec: Node, type_: str | None) -> Findings:
    ranges = Node(spec["loadBalancerSourceRanges"].value, "spec.LoadBalancerSourceRanges")
    outside, inside = spec["externalTrafficPolicy"], spec["internalTrafficPolicy"]
    if type_ not in (None, "LoadBalancer"):
        for each in (ranges, spec["loadBalancerClass"], spec["allocateLoadBalancerNodePorts"]):
            if not each.is_empty:
                yield each.forbidden(_ONLY_BALANCER)
    elif type_:
        for each in ranges.items:
            yield from each.must_match(formats.cidr)
        yield from spec["loadBalancerClass"].must_match(formats.qualified_name)
    if type_ in ("ClusterIP", "ExternalName") and outside.text and not spec["externalIPs"].is_set:
        yield outside.invalid("may only be set for externally-accessible services")
    else:
        yield from outside.must_be("Cluster", "Local")
    yield from inside.must_be("Cluster", "Local")
    local = type_ == "LoadBalancer" and outside.value in ("Local", UNKNOWN)
    if spec["healthCheckNodePort"].number and type_ and not local:
        yield spec["healthCheckNodePort"].invalid(
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        )


def _family_findings(spec: Node) -> Findings:
    policy, families = spec["ipFamilyPolicy"], spec["ipFamilies"]
    yield from policy.must_be("PreferDualStack", "RequireDualStack", "SingleStack")
    for each in families.items:
        yield from each.must_be(*_FAMILIES)
    yield from families.must_be_unique()
    if len(families.items) > 1 and len({each.text for each in families.items}) > 1 and policy.text == "SingleStack":
        yield policy.invalid("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified")


def endpoint_slice_findings(endpoint_slice: Node) -> Findings:
    """Yields the mistakes in an EndpointSlice."""
    family = endpoint_slice["addressType"]
    yield from family.must_be("FQDN", *_FAMILIES)
    for endpoint in endpoint_slice["endpoints"].items:
        addresses = endpoint["addresses"]
        yield from addresses.must_be_set("must contain at least 1 address")
        for each in addresses.items:
            if family.text in _FAMILIES:
                yield from each.must_match(formats.address)
                address = formats.address_of(each.text or "")
                if address and f"IPv{address.version}" != family.text:
                    yield addresses.invalid(f"must be an {family.text} address", each.value)
            elif family.text == "FQDN":
                yield from each.must_match(formats.subdomain)
    yield from endpoint_slice["ports"].must_be_unique("name")
    for port in endpoint_slice["ports"].items:
        yield from port["name"].must_match(formats.label)
        yield from port["protocol"].must_be("SCTP", "TCP", "UDP")
