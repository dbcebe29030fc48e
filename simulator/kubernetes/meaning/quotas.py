"""ResourceQuotas and LimitRanges by themselves; what they refuse is in simulator/kubernetes/limits.py and quota.py.

Source: pkg/apis/core/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

import re
from typing import Any

from common.quantities import parsed
from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.quantities import amounts, form_findings, shown

_COUNTED = frozenset(
    {
        *("pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps"),
        *("persistentvolumeclaims", "services.nodeports", "services.loadbalancers"),
    }
)
_COMPUTE = frozenset({"cpu", "memory", "ephemeral-storage"})
_STANDARD = frozenset(
    {
        *_COUNTED,
        *_COMPUTE,
        *(f"{kind}.{name}" for kind in ("requests", "limits") for name in _COMPUTE),
        "requests.storage",
    }
)
_CONTRARY = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_OF_PODS = frozenset({"pods", *(name for name in _STANDARD if name.rpartition(".")[2] in ("cpu", "memory"))})
_ONLY_EXIST = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity")
_SCOPES = {  # scope -> those of the standard resources that it can limit
    **dict.fromkeys((*_ONLY_EXIST, "PriorityClass"), _OF_PODS),
    "BestEffort": frozenset({"pods"}),
    "VolumeAttributesClass": frozenset({"persistentvolumeclaims", "requests.storage"}),
}


def resource_quota_findings(quota: Node) -> Findings:
    """Yields the mistakes in a ResourceQuota."""
    spec = quota["spec"]
    for name, each in spec["hard"].entries:
        yield from form_findings(each)
        amount = parsed(each.value)
        named = Node(name, each.path)
        if "/" not in name and not _is_standard(name):
            yield named.invalid("must be a standard resource type or fully qualified")
            yield named.invalid("must be a standard resource for quota")
        elif "/" in name:
            yield from named.must_match(formats.qualified_name)
        if amount is not None and amount < 0:
            yield each.invalid("must be greater than or equal to 0", shown(each.value))
        if amount is not None and (name in _COUNTED or name.startswith("count/")) and amount % 1:
            yield each.invalid("must be an integer", shown(each.value))
    scopes = spec["scopes"]
    names = scopes.texts() or set()
    if names - _SCOPES.keys():
        yield scopes.invalid("unsupported scope")
    if any(_is_apart(scope, spec) for scope in names):
        yield scopes.invalid("unsupported scope applied to resource")
    if any(pair <= names for pair in _CONTRARY):
        yield scopes.invalid("conflicting scopes")
    yield from _selector_findings(spec)


def _is_standard(name: str) -> bool:
    return name in _STANDARD or re.match(r"(requests\.)?hugepages-", name) is not None


def _is_apart(scope: str, spec: Node) -> bool:
    """Whether a standard resource of the quota has nothing to do with the scope."""
    return any(_is_standard(name) and name not in _SCOPES.get(scope, (name,)) for name, _ in spec["hard"].entries)


def _selector_findings(spec: Node) -> Findings:
    expressions = spec["scopeSelector"]["matchExpressions"]
    for each in expressions.items:
        short = Node(each.value, expressions.path)
        scope, operator, values = short["scopeName"], short["operator"], short["values"]
        if scope.text and scope.text not in _SCOPES:
            yield scope.invalid("unsupported scope")
        if scope.text and _is_apart(scope.text, spec):
            yield expressions.invalid("unsupported scope applied to resource", _as_in_go(expressions))
        if scope.text in _ONLY_EXIST and operator.text not in (None, "Exists"):
            yield operator.invalid(
                "must be 'Exists' when scope is any of "
                "ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
            )
        if operator.text in ("In", "NotIn"):
            yield from values.must_be_set(
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            )
        elif operator.text in ("Exists", "DoesNotExist"):
            if values.items:
                yield values.invalid("must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")
        elif not operator.is_unknown:
            yield operator.invalid("not a valid selector operator")
    names = expressions.texts("scopeName") or set()
    if any(pair <= names for pair in _CONTRARY):
        yield expressions.invalid("conflicting scopes", spec["scopes"].value)


def _as_in_go(expressions: Node) -> dict[str, list[dict[str, Any]]]:
    keys = ("scopeName", "operator", "values")
    return {
        "MatchExpressions": [{key[0].upper() + key[1:]: each[key].value for key in keys} for each in expressions.items]
    }


def limit_range_findings(limit_range: Node) -> Findings:
    """Yields the mistakes in a LimitRange."""
    limits = limit_range["spec"]["limits"]
    yield from limits.must_be_unique("type")
    for each in limits.items:
        type_ = each["type"]
        if type_.text and type_.text not in ("Pod", "Container", "PersistentVolumeClaim") and "/" not in type_.text:
            yield type_.invalid("must be a standard limit type or fully qualified")
        if type_.text == "Pod":
            for name in each.has("default", "defaultRequest"):
                yield name.forbidden("may not be specified when `type` is 'Pod'")
        if type_.text == "PersistentVolumeClaim" and not any(each[end]["storage"].is_set for end in ("min", "max")):
            yield each["limits"].required(
                "either minimum or maximum storage value is required, but neither was provided"
            )
        for section in ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio"):
            for _, amount in each[section].entries:
                yield from form_findings(amount)
        yield from _order_findings(each)


_ORDER = (  # the first may not be above the second
    ("min", "max", "min", "min value {0} is greater than max value {1}"),
    ("min", "defaultRequest", "defaultRequest", "min value {0} is greater than default request value {1}"),
    ("defaultRequest", "max", "defaultRequest", "default request value {0} is greater than max value {1}"),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "default request value {0} is greater than default limit value {1}",
    ),
    ("min", "default", "default", "min value {0} is greater than default value {1}"),
    ("default", "max", "default", "default value {0} is greater than max value {1}"),
)


def _order_findings(limit: Node) -> Findings:
    for low, high, blamed, text in _ORDER:
        highs = {name: (each, amount) for name, each, amount in amounts(limit[high])}
        for name, each, amount in amounts(limit[low]):
            if name in highs and amount > highs[name][1]:
                # The API server shows the maximum where a default is above it.
                value = highs[name][0] if blamed == high or (high == "max" and low == "default") else each
                why = text.format(shown(each.value), shown(highs[name][0].value))
                yield Node(shown(value.value), limit[blamed].entry(name).path).invalid(why)
