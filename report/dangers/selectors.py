"""Which labels a selector asks for. Source: Kubernetes, "Labels and selectors"; read 2026-11."""

from collections.abc import Iterator, Set
from typing import Any

from report.dangers.danger import LATER, at, every

Asked = tuple[str, str, frozenset[str]]
"""Key, operator and values that a selector asks for."""


def asked(selector: Any) -> Set[Asked]:
    """Returns what a selector asks for, in whatever order it is written. None asks for nothing, like {}."""
    return frozenset(_asked(selector))


def narrows(wide: Set[Asked], narrow: Set[Asked]) -> bool:
    """Tells whether a selector takes nothing that another one leaves out. What is not known yet may be anything."""
    return LATER in str((wide, narrow)) or all(any(_within(each, one) for each in narrow) for one in wide)


def _asked(selector: Any) -> Iterator[Asked]:
    if selector == LATER or at(selector, "matchLabels") == LATER or at(selector, "matchExpressions") == LATER:
        yield LATER, "", frozenset()
        return
    for key, value in (at(selector, "matchLabels") or {}).items():
        yield str(key), "In", frozenset([str(value)])
    for each in every(selector, "matchExpressions"):
        yield str(at(each, "key")), str(at(each, "operator")), frozenset(map(str, every(each, "values")))


def _within(narrow: Asked, wide: Asked) -> bool:
    (key, operator, values), (of, asks, allowed) = narrow, wide
    found = {"In": operator == "In" and values <= allowed, "Exists": operator in ("In", "Exists")}
    return key == of and (narrow == wide or found.get(asks, False))
