"""What the API server adds to the resources of pods, and what the LimitRanges of a namespace refuse.

Source: plugin/pkg/admission/limitranger/admission.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from common.quantities import parsed
from simulator.kubernetes.meaning.containers import container_resources_findings
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.quantities import decimal, shown
from simulator.kubernetes.pod_security import Pod
from simulator.kubernetes.schema import Finding
from simulator.values import UNKNOWN

Amounts = Mapping[str, Decimal]
_KINDS = ("containers", "initContainers")


def with_defaults(limit: Any) -> Any:
    """Returns a limit of a LimitRange as the API server stores it.

    Of containers, the maximum is the default where none is given, and the default, or else the minimum, the request.
    Source: SetDefaults_LimitRangeItem, pkg/apis/core/v1/defaults.go of Kubernetes 1.35.4.
    """
    if Node(limit)["type"].text != "Container" or UNKNOWN in limit.values():
        return limit
    least, most, default, request = (limit.get(name) or {} for name in ("min", "max", "default", "defaultRequest"))
    default = {**most, **default}
    return {**limit, "default": default, "defaultRequest": {**least, **default, **request}}


def defaulted(pod: Pod, ranges: list[Node]) -> Pod:
    """Returns the pod with requests from its limits, then with the defaults of the LimitRanges."""
    made: dict[str, Any] = {**pod, "spec": dict(pod["spec"])}
    for kind in _KINDS:
        containers = made["spec"].get(kind)
        if isinstance(containers, list):
            made["spec"][kind] = [_with_resources(each, ranges) for each in containers]
    return made


def _with_resources(container: Any, ranges: list[Node]) -> Any:
    resources = container.get("resources") if isinstance(container, Mapping) else UNKNOWN
    resources = {} if resources is None else resources
    if not isinstance(resources, Mapping):
        return container
    limits, requests = (
        resources.get(section) or {} if resources.get(section) is not UNKNOWN else UNKNOWN
        for section in ("limits", "requests")
    )
    if not isinstance(limits, Mapping) or not isinstance(requests, Mapping):
        return container
    requests = {**limits, **requests}
    for each in ranges:
        if each["type"].text == "Container":
            default, request = (each[name].value or {} for name in ("default", "defaultRequest"))
            if UNKNOWN in (default, request, each.value):
                return {**container, "resources": UNKNOWN}
            limits, requests = {**default, **limits}, {**request, **requests}
    return {**copy.copy(container), "resources": {**resources, "limits": limits, "requests": requests}}


def resource_mistakes(pod: Pod, path: str) -> Iterator[Finding]:
    """Yields the mistakes in the resources of a pod that has its defaults."""
    spec = Node(pod["spec"], path)
    for kind in _KINDS:
        for container in spec[kind].items:
            yield from container_resources_findings(container["resources"], spec)


def totals(pod: Pod, section: str) -> dict[str, Decimal]:
    """Returns the requests or limits of a whole pod: of all containers at once, or of the largest init container."""
    spec = Node(pod["spec"])
    used: dict[str, Decimal] = {}
    sidecars: dict[str, Decimal] = {}
    largest: dict[str, Decimal] = {}
    for container in spec["containers"].items:
        _add(used, _amounts(container["resources"][section]))
    for container in spec["initContainers"].items:
        amounts = _amounts(container["resources"][section])
        if container["restartPolicy"].value == "Always":
            _add(sidecars, amounts)
            amounts = sidecars
        else:
            amounts = {name: amount + sidecars.get(name, Decimal(0)) for name, amount in amounts.items()}
        for name, amount in amounts.items():
            largest[name] = max(amount, largest.get(name, amount))
    _add(used, sidecars)
    for name, amount in largest.items():
        used[name] = max(amount, used.get(name, amount))
    used |= _amounts(spec["resources"][section])
    _add(used, _amounts(spec["overhead"]) if section == "requests" or used else {})
    return used


def _amounts(section: Node) -> dict[str, Decimal]:
    named = {name: parsed(each.value) for name, each in section.entries}
    return {name: amount for name, amount in named.items() if amount is not None}


def _add(used: dict[str, Decimal], more: Amounts) -> None:
    for name, amount in more.items():
        used[name] = used.get(name, Decimal(0)) + amount


def refusal(pod: Pod, ranges: list[Node]) -> str | None:
    """Returns why the LimitRanges refuse a pod that has its defaults, or None."""
    spec = Node(pod["spec"])
    errors: list[str] = []
    for limit in ranges:
        if limit["type"].text == "Container":
            for kind in _KINDS:
                for container in spec[kind].items:
                    resources = container["resources"]
                    if resources.is_unknown or resources["requests"].is_unknown or resources["limits"].is_unknown:
                        continue
                    errors += _breaches(limit, _written(resources["requests"]), _written(resources["limits"]))
        elif limit["type"].text == "Pod" and not _has_unknown_resources(spec):
            requests, limits = (
                {name: (amount, decimal_text(amount, name)) for name, amount in totals(pod, section).items()}
                for section in ("requests", "limits")
            )
            errors += _breaches(limit, requests, limits)
    return _aggregated(errors)


def claim_refusal(claim: Mapping[str, Any], ranges: list[Node]) -> str | None:
    """Returns why the LimitRanges refuse a claim, or None."""
    requests = _written(Node(claim)["spec"]["resources"]["requests"])
    limits = [each for each in ranges if each["type"].text == "PersistentVolumeClaim"]
    errors: list[str] = []
    for limit in limits if "storage" in requests else ():
        amount, text = requests["storage"]
        for end, word, breaks in (("min", "minimum", Decimal.__lt__), ("max", "maximum", Decimal.__gt__)):
            bound = parsed(limit[end]["storage"].value)
            if amount is not None and bound is not None and breaks(amount, bound):
                errors.append(
                    f"{word} storage usage per PersistentVolumeClaim is {shown(limit[end]['storage'].value)}, "
                    f"but request is {text}"
                )
    return _aggregated(errors)


_Written = Mapping[str, tuple[Decimal | None, str]]


def _written(section: Node) -> dict[str, tuple[Decimal | None, str]]:
    return {name: (parsed(each.value), shown(each.value)) for name, each in section.entries}


def _breaches(limit: Node, requests: _Written, limits: _Written) -> Iterator[str]:
    kind = limit["type"].text
    for end, word, needed, missing, breaks in _BOUNDS:
        for name, bound in limit[end].entries:
            enforced, start = parsed(bound.value), f"{word} {name} usage per {kind} is {shown(bound.value)}"
            first, second = (requests, limits) if needed == "request" else (limits, requests)
            if enforced is None:
                continue
            if name not in first:
                yield f"{start}.  No {needed} is specified"
                continue
            for section, noun in ((first, needed), (second, missing)):
                amount, text = section.get(name, (None, ""))
                if amount is not None and breaks(amount, enforced):
                    yield f"{start}, but {noun} is {text}"
                    break
    for name, bound in limit["maxLimitRequestRatio"].entries:
        ratio, start = parsed(bound.value), f"{name} max limit to request ratio per {kind} is {shown(bound.value)}"
        request, most = requests.get(name, (Decimal(0), ""))[0], limits.get(name, (Decimal(0), ""))[0]
        if ratio is None or request is None or most is None:
            continue
        if not request:
            yield f"{start}, but no request is specified or request is 0"
        elif not most:
            yield f"{start}, but no limit is specified or limit is 0"
        elif most / request > ratio:
            yield f"{start}, but provided ratio is {float(most / request):f}"


_Breaks = Callable[[Decimal, Decimal], bool]
_BOUNDS: tuple[tuple[str, str, str, str, _Breaks], ...] = (
    ("min", "minimum", "request", "limit", Decimal.__lt__),
    ("max", "maximum", "limit", "request", Decimal.__gt__),
)


def _has_unknown_resources(spec: Node) -> bool:
    containers = [each for kind in _KINDS for each in spec[kind].items]
    sections = [each["resources"][name] for each in containers for name in ("requests", "limits")]
    return any(each.is_unknown or any(value.is_unknown for _, value in each.entries) for each in sections)


def _aggregated(errors: list[str]) -> str | None:
    unique = list(dict.fromkeys(errors))
    return None if not unique else unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"


def decimal_text(amount: Decimal, name: str) -> str:
    """Returns an amount as people write it: memory and storage with binary units."""
    in_bytes = name.endswith(("memory", "storage")) or "hugepages-" in name
    for unit, power in (("Ei", 6), ("Pi", 5), ("Ti", 4), ("Gi", 3), ("Mi", 2), ("Ki", 1)) if in_bytes else ():
        if amount and amount % 1024**power == 0:
            return f"{int(amount / 1024**power)}{unit}"
    return decimal(amount)
