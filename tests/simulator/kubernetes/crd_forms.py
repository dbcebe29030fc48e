"""Our own form of a CRD's schema: what decides whether an object is taken, and what the server adds to it.

Descriptions and CEL rules stay behind; the rules that matter are our own, in simulator/kubernetes/karpenter.py.
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
    """The schema with only what the simulated API server reads. Raises ValueError for one that refers elsewhere."""
    if "$ref" in schema:
        raise ValueError(f"the schema refers to {schema['$ref']}. Put in place what it refers to.")
    kept = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in kept:
        kept["properties"] = {name: own_form(field) for name, field in schema["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(kept.get(key), Mapping):
            kept[key] = own_form(schema[key])
    return kept
