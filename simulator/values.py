"""The property values that packages use. Only `simulator/server.py` knows their form on the wire."""

from typing import Any, TypeAlias

from common.values import UNKNOWN, has_unknown

__all__ = ["UNKNOWN", "Props", "has_unknown"]

Props: TypeAlias = dict[str, Any]
"""Properties of a resource: JSON values, and UNKNOWN for values that the engine does not know yet."""


def listed(value: Any) -> list[Any]:
    """Returns one value or several values as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
