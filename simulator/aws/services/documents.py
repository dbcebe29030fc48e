"""Reads IAM policy documents, as far as AWS's refusals depend on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from simulator.values import Props
from simulator.values import listed as listed


@lru_cache(maxsize=1024)
def _statements(text: str) -> tuple[dict[str, Any], ...]:
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    return tuple(statements) if isinstance(statements, list) else (statements,)


def allowed(text: Any) -> Iterator[dict[str, Any]]:
    """Yields the statements of a document whose effect is Allow."""
    if isinstance(text, str):
        yield from (each for each in _statements(text) if each.get("Effect") == "Allow")


def allows_service(text: Any, service: str, *actions: str) -> bool:
    """Returns whether a resource policy allows a service all of the actions; without actions, whether it allows any."""
    missing = set(actions)
    allowed_at_all = False
    for statement in allowed(text):
        principal = statement.get("Principal")
        named = listed(principal.get("Service")) if isinstance(principal, dict) else listed(principal)
        if service in named or "*" in named:
            allowed_at_all = True
            actions_ = listed(statement.get("Action"))
            missing = set() if "*" in actions_ else missing - set(actions_)
    return allowed_at_all and not missing


def trusts(role: Props, service: str, *actions: str) -> bool:
    """Returns whether a role allows a service to assume it."""
    return allows_service(role.get("assumeRolePolicy"), service, *actions)
