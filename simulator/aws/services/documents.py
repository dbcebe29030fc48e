"""What a policy document says, as far as a refusal depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from simulator.values import Props


@lru_cache(maxsize=1024)
def _statements(text: str) -> tuple[dict[str, Any], ...]:
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return tuple(found) if isinstance(found, list) else (found,)


def listed(value: Any) -> list[Any]:
    """One value or several, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def allowed(text: Any) -> Iterator[dict[str, Any]]:
    """The statements of a document that allow something."""
    if isinstance(text, str):
        yield from (each for each in _statements(text) if each.get("Effect") == "Allow")


def allows_service(text: Any, service: str, *actions: str) -> bool:
    """Whether a resource policy lets a service do all of the actions; no action given, anything at all."""
    missing = set(actions)
    found = False
    for statement in allowed(text):
        principal = statement.get("Principal")
        named = listed(principal.get("Service")) if isinstance(principal, dict) else listed(principal)
        if service in named or "*" in named:
            found = True
            given = listed(statement.get("Action"))
            missing = set() if "*" in given else missing - set(given)
    return found and not missing


def trusts(role: Props, service: str, *actions: str) -> bool:
    """Whether a role lets a service take it."""
    return allows_service(role.get("assumeRolePolicy"), service, *actions)
