"""Writes the facts of a chart from its folder: the keys of its values with their types, and its schema, in our own
form.

    helm pull REPOSITORY --version VERSION --untar                  # oci://…
    helm pull CHART --repo REPOSITORY --version VERSION --untar     # https://…
    python -m tests.facts.chart_values CHART VERSION "owner/repository/path at tag" 2026-11

writes tests/facts/charts/NAME.json, by the name in Chart.yaml. The folder needs Chart.yaml and values.yaml, and
values.schema.json if there is one; its dependencies have files of their own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from catalog.rows import laid_out

FOLDER = Path(__file__).with_name("charts")
LEAF_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", type(None): "null"}
KEPT = {"const", "enum", "items", "maximum", "minimum", "oneOf", "anyOf", "allOf", "pattern", "type", "$ref", "not"}


def row_of(chart: Path, version: str, source: str, read: str) -> dict[str, Any]:
    """Returns the facts of the chart in this folder."""
    described = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8")) or {}
    row = {
        "about": f"What the chart {described['name']} reads: its values with their types, tolerations as they are.",
        "source": source,
        "read": read,
        "version": version,
        "brings": [part["name"] for part in described.get("dependencies", ())],
    }
    if (chart / "values.schema.json").exists():
        row["schema"] = own_schema(json.loads((chart / "values.schema.json").read_text(encoding="utf-8")))
    return {**row, "values": {str(key): kinds(value, str(key)) for key, value in values.items()}}


def kinds(value: Any, key: str) -> Any:
    """Returns the value with its leaves replaced by their types. Tolerations stay as they are."""
    if isinstance(value, dict):
        return {str(name): kinds(inner, str(name)) for name, inner in value.items()}
    return value if key.endswith("olerations") or key == "tolerateAllTaints" else LEAF_TYPES[type(value)]


def own_schema(schema: Any, in_list: bool = False) -> Any:
    """Returns the schema without descriptions and defaults. Keeps `required` only in lists: the chart sets the rest."""
    if not isinstance(schema, Mapping):
        return schema
    own = {key: _inner(schema[key], in_list or key == "items") for key in sorted(KEPT & schema.keys())}
    for named in ("properties", "$defs", "definitions"):
        if named in schema:
            own[named] = {name: own_schema(field, in_list) for name, field in schema[named].items()}
    if "additionalProperties" in schema:
        own["additionalProperties"] = own_schema(schema["additionalProperties"], in_list)
    return own | ({"required": schema["required"]} if in_list and "required" in schema else {})


def _inner(value: Any, in_list: bool) -> Any:
    return [own_schema(each, in_list) for each in value] if isinstance(value, list) else own_schema(value, in_list)


def write(chart: Path, *arguments: str) -> Path:
    """Writes the facts of the chart in this folder, and returns the file. The folder may have any name."""
    described = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    target = FOLDER / f"{described['name']}.json"
    target.write_text(laid_out(row_of(chart, *arguments)), encoding="utf-8")
    return target


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), *sys.argv[2:]))
