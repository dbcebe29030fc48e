"""Dynamic resource allocation: device classes, and claims of devices.

Source: pkg/apis/resource/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node


def device_class_findings(device_class: Node) -> Findings:
    """Yields the mistakes in a DeviceClass."""
    spec = device_class["spec"]
    yield from _selector_findings(spec["selectors"])
    yield from _config_findings(spec["config"])


def claim_template_findings(template: Node) -> Findings:
    """Yields the mistakes in a ResourceClaimTemplate."""
    yield from _devices_findings(template["spec"]["spec"]["devices"])


def claim_findings(claim: Node) -> Findings:
    """Yields the mistakes in a ResourceClaim."""
    yield from _devices_findings(claim["spec"]["devices"])


def _devices_findings(devices: Node) -> Findings:
    requests = devices["requests"]
    seen, known = set(), requests.texts("name")
    for each in requests.items:
        name, exactly, first = each["name"], each["exactly"], each["firstAvailable"]
        if name.text and name.text in seen:
            yield each.duplicate(name.text)
        seen.add(name.text)
        yield from name.must_be_set()
        yield from name.must_match(formats.label)
        if not exactly.is_set and first.is_empty:
            yield each.required("exactly one of `exactly` or `firstAvailable` is required")
        elif exactly.is_set and not first.is_empty:
            yield Node(None, each.path).invalid(
                "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"
            )
        for request in (*([exactly] if exactly.is_set else ()), *first.items):
            yield from _request_findings(request)
        if known is not None:
            known |= {f"{name.text}/{other}" for other in first.texts("name") or ()}
    for constraint in devices["constraints"].items:
        for each in constraint["requests"].items:
            if each.text and known is not None and each.text not in known:
                yield each.invalid(
                    "must be the name of a request in the claim or the name of a request and a subrequest separated "
                    "by '/'"
                )
    yield from _config_findings(devices["config"])


def _request_findings(request: Node) -> Findings:
    count, mode = request["count"], request["allocationMode"]
    yield from request["deviceClassName"].must_be_set()
    yield from request["deviceClassName"].must_match(formats.subdomain)
    yield from mode.must_be("All", "ExactCount")
    if (
        count.number is not None
        and mode.value in (None, "ExactCount")
        and count.number < (0 if mode.value is None else 1)
    ):
        yield count.invalid("must be greater than zero")
    if count.number and mode.text == "All":
        yield count.invalid("must not be specified when allocationMode is 'All'")
    yield from _selector_findings(request["selectors"])


def _selector_findings(selectors: Node) -> Findings:
    for each in selectors.items:
        yield from each["cel"].must_be_set()


def _config_findings(config: Node) -> Findings:
    for each in config.items:
        yield from each["opaque"].must_be_set()
        yield from each["opaque"]["driver"].must_match(formats.at_most(63), formats.subdomain)
