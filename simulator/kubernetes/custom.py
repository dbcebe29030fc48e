"""Custom kinds with known schemas: the fields of their objects, and the defaults that the API server adds.

crds/<group>_<plural>_<version>.json has a schema that tests/simulator/kubernetes/crd_forms.py derives from the chart.
Sources: charts karpenter-crd 1.14.1, read 2026-08, and snapshot-controller 5.2.0, read 2026-07.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from catalog.charts import CHARTS
from simulator.kubernetes.schema import Schema

FOLDER = Path(__file__).with_name("crds")


@cache
def _files() -> Mapping[tuple[str, str], Path]:
    """Returns (apiVersion, kind) -> schema file, for the kinds of the catalog's charts that have a file."""
    named = {
        (f"{crd.group}/{version}", crd.kind): FOLDER / f"{crd.group}_{crd.plural}_{version}.json"
        for chart in CHARTS.values()
        for crd in chart.crds
        for version in crd.versions
    }
    return {identity: path for identity, path in named.items() if path.exists()}


@cache
def schema_of(api_version: str, kind: str) -> Schema | None:
    """Returns the schema of a custom kind; None when it is not known."""
    path = _files().get((api_version, kind))
    schema: Schema | None = json.loads(path.read_text()) if path else None
    return schema


def with_defaults(value: Any, schema: Schema) -> Any:
    """Returns the value with the schema's defaults filled in, as the API server stores it."""
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    if not isinstance(value, Mapping):
        return value
    fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
    defaults = {name: copy.deepcopy(field["default"]) for name, field in fields.items() if "default" in field}
    other_fields: Schema = rest if isinstance(rest, Mapping) else {}
    return {
        name: with_defaults(item, fields.get(name, other_fields)) for name, item in (defaults | dict(value)).items()
    }
