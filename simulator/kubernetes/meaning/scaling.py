"""PodDisruptionBudgets, HorizontalPodAutoscalers, PriorityClasses and RuntimeClasses.

Source: pkg/apis/{policy,autoscaling,scheduling,node}/validation of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from common.quantities import parsed
from simulator.kubernetes.kinds import SYSTEM_PRIORITIES
from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.quantities import form_findings, shown
from simulator.kubernetes.meaning.scheduling import toleration_findings
from simulator.kubernetes.meaning.selectors import label_findings, selector_findings
from simulator.kubernetes.meaning.workloads import share_findings
from simulator.values import has_unknown

_MOST_WINDOW_SECONDS, _MOST_PERIOD_SECONDS = 3600, 1800
_PARTS = {  # type of a metric -> its part
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
_MOST_PRIORITY = 1_000_000_000


def budget_findings(budget: Node) -> Findings:
    """Yields the mistakes in a PodDisruptionBudget."""
    spec = budget["spec"]
    least, most = spec["minAvailable"], spec["maxUnavailable"]
    if least.is_set and most.is_set and not (least.is_unknown or most.is_unknown):
        selector = None if has_unknown(spec.value) else spec["selector"].value
        shown_ = {"MinAvailable": least.value, "Selector": selector, "MaxUnavailable": most.value}
        yield spec.invalid(
            "minAvailable and maxUnavailable cannot be both set", {**shown_, "UnhealthyPodEvictionPolicy": None}
        )
    for each in (least, most):
        yield from share_findings(each)
    yield from spec["unhealthyPodEvictionPolicy"].must_be("AlwaysAllow", "IfHealthyBudget")
    yield from selector_findings(spec["selector"])


def scaler_findings(scaler: Node) -> Findings:
    """Yields the mistakes in a HorizontalPodAutoscaler."""
    spec = scaler["spec"]
    least, most, target = spec["minReplicas"], spec["maxReplicas"], spec["scaleTargetRef"]
    yield from least.must_be_at_least(1)
    if most.number is not None:
        if most.number < 1:
            yield most.invalid("must be greater than 0")
        if (1 if least.value is None else least.number or 0) > most.number:
            yield most.invalid("must be greater than or equal to `minReplicas`")
    for name in ("kind", "name"):
        yield from target[name].must_be_set()
        yield from target[name].must_match(formats.path_segment)
    for metric in spec["metrics"].items:
        yield from _metric_findings(metric)
    for direction in ("scaleUp", "scaleDown"):
        yield from _behavior_findings(spec["behavior"][direction])


def _metric_findings(metric: Node) -> Findings:
    type_ = metric["type"]
    yield from type_.must_be(*_PARTS)
    part = metric[_PARTS.get(type_.text or "", "type")]
    if type_.text not in _PARTS:
        return
    if not part.is_set:
        yield part.required("must populate information for the given metric source")
        return
    if type_.text in ("Resource", "ContainerResource"):
        yield from part["name"].must_be_set("must specify a resource name")
    target = part["target"]
    if target["type"].text not in (None, "Utilization", "Value", "AverageValue"):
        yield target["type"].invalid("must be either Utilization, Value, or AverageValue")
    share, average, value = target["averageUtilization"], target["averageValue"], target["value"]
    for quantity in (average, value):
        yield from form_findings(quantity)
        number = parsed(quantity.value)
        if number is not None and number <= 0:
            yield quantity.invalid("must be positive", shown(quantity.value))
    if share.number is not None and share.number < 1:
        yield share.invalid("must be greater than 0")
    if target.is_unknown:
        return
    if type_.text in ("Resource", "ContainerResource"):
        if not share.is_set and not average.is_set:
            yield share.required("must set either a target raw value or a target utilization")
        elif share.is_set and average.is_set:
            yield average.forbidden("may not set both a target raw value and a target utilization")
    elif type_.text == "Pods":
        yield from average.must_be_set("must specify a positive target averageValue")
    elif not value.is_set and not average.is_set:
        yield average.required("must set either a target value for metric or a per-pod target")
    elif value.is_set and average.is_set and type_.text == "External":
        yield value.forbidden("may not set both a target value for metric and a per-pod target")


def _behavior_findings(rules: Node) -> Findings:
    window = rules["stabilizationWindowSeconds"]
    yield from window.must_be_at_least(0)
    if window.number is not None and window.number > _MOST_WINDOW_SECONDS:
        yield window.invalid(f"must be less than or equal to {_MOST_WINDOW_SECONDS}")
    yield from rules["selectPolicy"].must_be("Disabled", "Max", "Min")
    if isinstance(rules["policies"].value, list) and not rules["policies"].value:
        yield rules["policies"].required("must specify at least one Policy")
    for policy in rules["policies"].items:
        yield from policy["type"].must_be("Percent", "Pods")
        for name in ("value", "periodSeconds"):
            number = policy[name].number
            if number is not None and number <= 0:
                yield policy[name].invalid("must be greater than zero")
        period = policy["periodSeconds"]
        if period.number is not None and period.number > _MOST_PERIOD_SECONDS:
            yield period.invalid(f"must be less than or equal to {_MOST_PERIOD_SECONDS}")


def priority_class_findings(priority: Node) -> Findings:
    """Yields the mistakes in a PriorityClass."""
    name, value = priority.at("metadata", "name"), priority["value"]
    if (name.text or "").startswith("system-") and name.text not in SYSTEM_PRIORITIES:
        yield name.forbidden(
            "priority class names with 'system-' prefix are reserved for system use only. error: "
            f"{name.text} is not a known system priority class"
        )
    elif value.number is not None and value.number > _MOST_PRIORITY and name.text not in SYSTEM_PRIORITIES:
        yield value.forbidden(f"maximum allowed value of a user defined priority is {_MOST_PRIORITY}")
    yield from priority["preemptionPolicy"].must_be("PreemptLowerPriority", "Never")


def runtime_class_findings(runtime: Node) -> Findings:
    """Yields the mistakes in a RuntimeClass."""
    handler = runtime["handler"]
    if not handler.is_unknown:
        for why in formats.label(handler.text or ""):
            yield handler.invalid(why, handler.value or "")
    yield from label_findings(runtime["scheduling"]["nodeSelector"])
    yield from toleration_findings(runtime["scheduling"]["tolerations"])
    for name, fixed in runtime["overhead"]["podFixed"].entries:
        yield from form_findings(fixed)
        amount = Node(fixed.value, f"overhead.limits[{name}]")  # as the API server writes it
        if (parsed(amount.value) or 0) < 0:
            yield amount.invalid("must be greater than or equal to 0", shown(amount.value))
