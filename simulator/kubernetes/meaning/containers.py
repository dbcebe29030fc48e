"""Containers: resources, ports, environment, mounts, probes, hooks and security contexts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from common.quantities import parsed
from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.quantities import amounts, decimal, form_findings, shown
from simulator.kubernetes.meaning.security import context_findings
from simulator.kubernetes.meaning.volumes import (
    FIELDS_IN_ENVIRONMENT,
    field_findings,
    mount_findings,
    resource_findings,
)
from simulator.values import UNKNOWN

_STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
_OF_QUOTAS = r"requests\..*|limits\..*"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_GRACE_SECONDS = 30


def container_findings(spec: Node) -> Findings:
    """Yields the mistakes in all containers of a pod."""
    seen: set[str] = set()
    host_ports: set[str] = set()
    for kind in ("containers", "initContainers"):
        for each in spec[kind].items:
            yield from _name_findings(each["name"], seen)
            yield from _one_findings(each, spec, kind, host_ports)


def _name_findings(name: Node, seen: set[str]) -> Findings:
    yield from name.must_be_set()
    yield from name.must_match(formats.label)
    if name.text and name.text in seen:
        yield name.duplicate()
    seen.add(name.text or "")


def _one_findings(container: Node, spec: Node, kind: str, host_ports: set[str]) -> Findings:
    image = container["image"]
    yield from image.must_be_set()
    if image.text and image.text != image.text.strip():
        yield image.invalid("must not have leading or trailing whitespace")
    yield from container["imagePullPolicy"].must_be("Always", "IfNotPresent", "Never")
    yield from container["terminationMessagePolicy"].must_be("File", "FallbackToLogsOnError")
    yield from container["restartPolicy"].must_be("Always", "Never", "OnFailure")
    if container["restartPolicyRules"].items and container["restartPolicy"].value is None:
        yield container["restartPolicy"].required("must specify restartPolicy when restart rules are used")
    yield from _port_findings(container["ports"], spec, host_ports if kind == "containers" else set())
    yield from _environment_findings(container)
    yield from container_resources_findings(container["resources"], spec)
    for each in container["resizePolicy"].items:
        for name, supported in (
            ("resourceName", ("cpu", "memory")),
            ("restartPolicy", ("NotRequired", "RestartContainer")),
        ):
            yield from Node(each[name].value, container["resizePolicy"].path).must_be(*supported)
    yield from mount_findings(container, spec)
    sidecar = kind == "initContainers" and container["restartPolicy"].value == "Always"
    if kind == "initContainers" and not sidecar and not container["restartPolicy"].is_unknown:
        for probe in container.has(*_PROBES, "lifecycle"):
            yield probe.forbidden("may not be set for init containers without restartPolicy=Always")
    else:
        yield from _probe_findings(container)
        for hook in container["lifecycle"].has("postStart", "preStop"):
            yield from _handler_findings(hook, ("exec", "httpGet", "tcpSocket", "sleep"))
            yield from _sleep_findings(hook["sleep"]["seconds"], spec)
    yield from context_findings(container["securityContext"], spec)


def _port_findings(ports: Node, spec: Node, host_ports: set[str]) -> Findings:
    yield from ports.must_be_unique("name")
    for each in ports.items:
        yield from each["name"].must_match(formats.port_name)
        inner, outer = each["containerPort"], each["hostPort"]
        if inner.value == 0:
            yield inner.required()
        else:
            yield from inner.must_be_between(1, 65535)
        if outer.number:
            yield from outer.must_be_between(1, 65535)
            if spec["hostNetwork"].value is True and inner.number not in (None, outer.number):
                yield outer.invalid("must match `containerPort` when `hostNetwork` is true")
        yield from each["protocol"].must_be("SCTP", "TCP", "UDP")
        if outer.number and UNKNOWN not in (each["protocol"].value, each["hostIP"].value):
            used = f"{each['protocol'].value or 'TCP'}/{each['hostIP'].value or ''}/{outer.number}"
            if used in host_ports:
                yield outer.duplicate(used)
            host_ports.add(used)


def _environment_findings(container: Node) -> Findings:
    for each in container["env"].items:
        name, source = each["name"], each["valueFrom"]
        yield from name.must_be_set()
        yield from name.must_match(formats.environment_name)
        if not source.is_set or source.is_unknown:
            continue
        set_ = source.has("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
        if not set_:
            yield source.invalid(
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
                "`fileKeyRef`",
                "",
            )
        elif each["value"].text:
            yield source.invalid("may not be specified when `value` is not empty", "")
        elif len(set_) > 1:
            yield source.invalid("may not have more than one field specified at a time", "")
        yield from field_findings(source["fieldRef"], FIELDS_IN_ENVIRONMENT)
        yield from resource_findings(source["resourceFieldRef"], in_volume=False)
        for reference in source.has("configMapKeyRef", "secretKeyRef"):
            yield from reference["key"].must_be_set()
            yield from reference["key"].must_match(formats.config_key)
            yield from reference["name"].must_match(formats.subdomain)
    for each in container["envFrom"].items:
        sources = Node(None, container["envFrom"].path)
        set_ = each.has("configMapRef", "secretRef")
        if not set_:
            yield sources.invalid("must specify one of: `configMapRef` or `secretRef`", "")
        elif len(set_) > 1:
            yield sources.invalid("may not have more than one field specified at a time", "")
        yield from each["prefix"].must_match(formats.environment_name)
        for reference in set_:
            yield from reference["name"].must_be_set()
            yield from reference["name"].must_match(formats.subdomain)


def _probe_findings(container: Node) -> Findings:
    for name in _PROBES:
        probe = container[name]
        if not isinstance(probe.value, dict):
            continue
        yield from _handler_findings(probe, ("exec", "httpGet", "tcpSocket", "grpc"))
        for seconds in (
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ):
            yield from probe[seconds].must_be_at_least(0)
        successes, grace = probe["successThreshold"], probe["terminationGracePeriodSeconds"]
        if name != "readinessProbe" and successes.number is not None and successes.number > 1:
            yield successes.invalid("must be 1")
        if grace.number is not None:
            if name == "readinessProbe":
                yield grace.invalid("must not be set for readinessProbes")
            elif grace.number <= 0:
                yield grace.invalid("must be greater than 0")


def _handler_findings(handler: Node, kinds: tuple[str, ...]) -> Findings:
    if handler.is_unknown:
        return
    set_ = handler.has(*kinds)
    if not set_:
        yield handler.required("must specify a handler type")
    ordered = [handler[name] for name in ("exec", "httpGet", "tcpSocket", "grpc", "sleep") if handler[name] in set_]
    for each in ordered[1:]:
        yield each.forbidden("may not specify more than 1 handler type")
    yield from handler["exec"]["command"].must_be_set() if handler["exec"].is_set else ()
    http = handler["httpGet"]
    yield from http["scheme"].must_be("HTTP", "HTTPS")
    for header in http["httpHeaders"].items:
        if header["name"].text:
            for why in formats.header_name(header["name"].text):
                yield http["httpHeaders"].invalid(why, header["name"].text)
    for target in (http, handler["tcpSocket"], handler["grpc"]):
        yield from port_findings(target["port"])


def port_findings(port: Node) -> Findings:
    """Yields the mistakes in the number or name of a port."""
    yield from port.must_be_between(1, 65535)
    yield from port.must_match(formats.port_name)


def _sleep_findings(seconds: Node, spec: Node) -> Findings:
    grace = spec["terminationGracePeriodSeconds"]
    most = _GRACE_SECONDS if grace.value is None else grace.number
    if seconds.number is not None and most is not None and not 0 <= seconds.number <= most:
        yield Node(seconds.value, seconds.path.removesuffix(".seconds")).invalid(
            f"must be non-negative and less than terminationGracePeriodSeconds ({most})"
        )


def container_resources_findings(resources: Node, spec: Node) -> Findings:
    """Yields the mistakes in the requests and limits of a container."""
    limits, requests = resources["limits"], resources["requests"]
    for section in (limits, requests):
        for name, each in section.entries:
            yield from form_findings(each)
            yield from _resource_name_findings(name, each)
            yield from _amount_findings(name, each)
    yield from _request_findings(resources)
    names = {name for name, _ in (*limits.entries, *requests.entries)}
    huge = [name for name in names if name.startswith("hugepages-")]
    if huge and not names & {"cpu", "memory"} and not (limits.is_unknown or requests.is_unknown):
        yield resources.forbidden("HugePages require cpu or memory")
    claims = spec["resourceClaims"].texts("name")
    for each in resources["claims"].items:
        claim = each["name"].text
        if claim and claims is not None and claim not in claims:
            empty = "which is empty" if not claims else f"which are: {', '.join(sorted(claims))}"
            yield Node(claim, each.path).not_found(f"must be one of the names in pod.spec.resourceClaims {empty}")


def _resource_name_findings(name: str, amount: Node) -> Findings:
    named = Node(name, amount.path)
    if "/" in name:
        yield from named.must_match(formats.qualified_name)
    elif name not in _STANDARD and not name.startswith("hugepages-"):
        if not re.fullmatch(f"storage|pods|services|{_OF_QUOTAS}", name):
            yield named.invalid("must be a standard resource type or fully qualified")
        yield named.invalid("must be a standard resource for containers")


def _amount_findings(name: str, each: Node) -> Findings:
    amount = parsed(each.value)
    if amount is None:
        return
    if amount < 0:
        yield each.invalid("must be greater than or equal to 0", shown(each.value))
    if is_extended(name) and amount != amount.to_integral_value():
        yield each.invalid("must be an integer", shown(each.value))
    page = parsed(name.removeprefix("hugepages-")) if name.startswith("hugepages-") else None
    if page and (amount % page or amount < 0):
        text = shown(each.value)
        yield each.invalid(f"{text} is not positive integer multiple of {name}", text)


def is_extended(name: str) -> bool:
    """Returns whether a resource belongs to a device plugin: it cannot be overcommitted, and has no fractions."""
    return "/" in name and not name.startswith("requests.") and "kubernetes.io/" not in name


def _request_findings(resources: Node) -> Findings:
    limits, requests = resources["limits"], resources["requests"]
    known = {name: (each, amount) for name, each, amount in amounts(limits)}
    for name, each, amount in amounts(requests):
        exact = is_extended(name) or name.startswith("hugepages-")
        if limits.entry(name).is_unknown:
            continue
        if name not in known:
            if exact and not limits.entry(name).is_set:
                yield limits.required("Limit must be set for non overcommitable resources")
            continue
        limit, most = known[name]
        if exact and amount != most:
            yield requests.invalid(f"must be equal to {name} limit of {shown(limit.value)}", shown(each.value))
        elif amount > most:
            yield requests.invalid(
                f"must be less than or equal to {name} limit of {shown(limit.value)}", shown(each.value)
            )


def pod_resources_findings(spec: Node) -> Findings:
    """Yields the mistakes in the resources of the whole pod, and in its resource claims."""
    resources = spec["resources"]
    for section in ("limits", "requests"):
        for name, each in resources[section].entries:
            yield from form_findings(each)
            if name not in ("cpu", "memory") and not name.startswith("hugepages-"):
                yield each.unsupported(("cpu", "hugepages-", "memory"), name)
            yield from _amount_findings(name, each)
    if isinstance(resources["claims"].value, list):
        yield resources["claims"].forbidden("claims may not be set for Resources at pod-level")
    yield from _request_findings(resources)
    yield from _aggregate_findings(resources, spec)
    for name, limit, most in amounts(resources["limits"]):
        for container, used in _limits_of(spec, name):
            if used > most:
                path = f"{resources.path}.{container.path.removeprefix(spec.path + '.')}[{name}].limits"
                yield Node(decimal(used), path).invalid(
                    f"must be less than or equal to pod limits of {shown(limit.value)}"
                )
    for each in spec["resourceClaims"].items:
        names = ("resourceClaimName", "resourceClaimTemplateName")
        if each.is_unknown:
            continue
        value: dict[str, Any] = {"Name": each["name"].value}
        value |= {name[0].upper() + name[1:]: each[name].value for name in names}
        if len(each.has(*names)) > 1:
            yield each.invalid(
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified", value
            )
        elif not each.has(*names):
            yield each.invalid("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`", value)
    yield from spec["resourceClaims"].must_be_unique("name")


def _aggregate_findings(resources: Node, spec: Node) -> Findings:
    limits, requests = resources["limits"], resources["requests"]
    for section, of_section, prefix in (("requests", requests, ""), ("limits", limits, "hugepages-")):
        for name, each, amount in amounts(of_section):
            used, text = _aggregate(spec, section, name)
            if name.startswith(prefix) and used > amount:
                why = f"must be greater than or equal to aggregate container {section} of {text}"
                yield each.invalid(why, shown(each.value))
    for name, limit, most in amounts(limits) if spec.path == "spec" else ():
        # A Pod that gives only its limit requests what its containers request.
        used, text = _aggregate(spec, "requests", name)
        if not name.startswith("hugepages-") and not requests.entry(name).is_set and used > most:
            yield requests.invalid(f"must be less than or equal to {name} limit of {shown(limit.value)}", text)


def _aggregate(spec: Node, section: str, name: str) -> tuple[Decimal, str]:
    """Returns what the containers take at most at one time, and that in text; an unknown amount counts as nothing."""
    sidecars = largest = total = Decimal(0)
    is_binary = False
    for kind in ("initContainers", "containers"):
        for each in spec[kind].items:
            amount = each["resources"][section].entry(name)
            if not amount.is_set and spec.path == "spec":  # only a Pod, and no template, requests its limits by default
                amount = each["resources"]["limits"].entry(name)
            used = parsed(amount.value) or Decimal(0)
            is_binary |= str(amount.value).endswith("i")
            if kind == "containers":
                total += used
            elif each["restartPolicy"].value == "Always":
                sidecars += used
            else:
                largest = max(largest, sidecars + used)
    most = max(largest, sidecars + total)
    return most, shown(f"{most / 1024:f}Ki") if is_binary else decimal(most)


def _limits_of(spec: Node, name: str) -> Iterator[tuple[Node, Decimal]]:
    for each in spec["containers"].items:
        used = parsed(each["resources"]["limits"].entry(name).value)
        if used is not None:
            yield each, used
