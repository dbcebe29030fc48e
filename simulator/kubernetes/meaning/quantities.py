"""Quantities of resources, such as `500m`, `2Gi` and `1e3`.

Source: k8s.io/apimachinery/pkg/api/resource/quantity.go 0.35.4, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Any

from common.quantities import BINARY, DECIMAL, QUANTITY, parsed
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.schema import Finding

_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_FRACTIONS = ("m", "u", "n")


def shown(value: Any) -> str:
    """Returns the quantity in the canonical form, in which the API server writes it."""
    amount = parsed(value)
    if amount is None:
        return str(value)
    match = QUANTITY.fullmatch(str(value))
    if match and (match[2] or "").endswith("i") and amount == amount.to_integral_value():
        for unit, size in reversed(BINARY.items()):
            if amount and amount % size == 0:
                return f"{int(amount / size)}{unit}"
        return str(int(amount))
    return decimal(amount)


def decimal(amount: Decimal) -> str:
    """Returns a number as a canonical quantity with a decimal unit."""
    if amount != amount.to_integral_value():
        for unit in _FRACTIONS:
            scaled = amount / DECIMAL[unit]
            if scaled == scaled.to_integral_value():
                return f"{int(scaled)}{unit}"
        return f"{int((amount / DECIMAL['n']).to_integral_value(ROUND_CEILING))}n"
    for unit in ("E", "P", "T", "G", "M", "k"):
        if amount and amount % DECIMAL[unit] == 0:
            return f"{int(amount / DECIMAL[unit])}{unit}"
    return str(int(amount))


def form_findings(node: Node) -> Findings:
    """Yields a finding when the value is known and no quantity."""
    value = node.value
    if isinstance(value, str | int | float) and not isinstance(value, bool) and parsed(value) is None:
        yield Finding(node.path, _WRONG)


def amounts(node: Node) -> Iterator[tuple[str, Node, Decimal]]:
    """Yields name, node and number of each known quantity of a map."""
    for name, each in node.entries:
        amount = parsed(each.value)
        if amount is not None:
            yield name, each, amount
