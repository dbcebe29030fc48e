"""The words in which packages speak of property values. Only `simulator/server.py` knows how they travel."""

from typing import Any, TypeAlias

from common.values import UNKNOWN, has_unknown

__all__ = ["UNKNOWN", "Props", "has_unknown"]

Props: TypeAlias = dict[str, Any]
"""Properties of a resource: JSON values, and UNKNOWN where the engine does not know the value yet."""
