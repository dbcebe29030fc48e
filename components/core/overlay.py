"""Overrides one tree of values with another."""

from collections.abc import Mapping
from typing import Any


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `base` with the values of `over`. Mappings are merged key by key; all else is replaced, also lists.

    A null in `over` stays null, which tells Helm to remove the chart's default.
    """
    merged = dict(base)
    for key, value in over.items():
        base_value = merged.get(key)
        merged[key] = (
            overlay(base_value, value) if isinstance(base_value, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
