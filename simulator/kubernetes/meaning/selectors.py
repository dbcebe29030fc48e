"""Label selectors, and sets of labels.

Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation 0.35.4, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.values import UNKNOWN

_IN, _EXISTS = ("In", "NotIn"), ("Exists", "DoesNotExist")


def label_findings(labels: Node) -> Findings:
    """Yields the mistakes in keys and values of labels. The API server gives the path of the whole map."""
    for key, value in labels.entries:
        for why in formats.qualified_name(key):
            yield labels.invalid(why, key)
        if isinstance(value.value, str):
            for why in formats.label_value(value.value):
                yield labels.invalid(why, value.value)


def selector_findings(selector: Node) -> Findings:
    """Yields the mistakes in a label selector."""
    yield from label_findings(selector["matchLabels"])
    for each in selector["matchExpressions"].items:
        operator, values = each["operator"], each["values"]
        if operator.text in _IN:
            yield from values.must_be_set("must be specified when `operator` is 'In' or 'NotIn'")
        elif operator.text in _EXISTS:
            if not values.is_empty and not values.is_unknown:
                yield values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        elif not operator.is_unknown:
            yield operator.invalid("not a valid selector operator")
        yield from each["key"].must_match(formats.qualified_name)
        for value in values.items:
            yield from value.must_match(formats.label_value)


def matches(selector: Node, labels: Mapping[str, Any]) -> bool:
    """Returns whether a selector matches labels; True when that depends on unknown values or wrong operators."""
    for key, value in selector["matchLabels"].entries:
        if UNKNOWN not in (labels.get(key), value.value) and labels.get(key) != value.value:
            return False
    return all(_expression_matches(each, labels) for each in selector["matchExpressions"].items)


def _expression_matches(expression: Node, labels: Mapping[str, Any]) -> bool:
    key, operator, values = expression["key"].text, expression["operator"].text, expression["values"].texts()
    label = labels.get(key) if key else UNKNOWN
    if label is UNKNOWN or values is None:
        return True
    if operator == "In":
        return label in values
    if operator == "NotIn":
        return label not in values
    return label is not None if operator == "Exists" else label is None if operator == "DoesNotExist" else True
