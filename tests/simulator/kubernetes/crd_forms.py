"""Reduces a CRD's schema to what decides whether an object is accepted, and what the API server adds to it.

Descriptions and CEL rules are left out; simulator/kubernetes/karpenter.py implements the rules that matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEPT = (
    *("additionalProperties", "default", "enum", "items", "maxItems", "maxLength", "maxProperties", "maximum"),
    *("minItems", "minLength", "minimum", "nullable", "pattern", "properties", "required", "type"),
    *("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"),
)


def own_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parts of the schema that the simulated API server reads. Raises ValueError when it has a `$ref`."""
    if "$ref" in schema:
        raise ValueError(f"the schema refers to {schema['$ref']}. Replace the reference by its target.")
    kept = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in kept:
        kept["properties"] = {name: own_form(field) for name, field in schema["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(kept.get(key), Mapping):
            kept[key] = own_form(schema[key])
    return kept
