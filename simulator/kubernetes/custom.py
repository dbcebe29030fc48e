"""Custom kinds of the catalog's charts: their definitions, and the defaults that the API server adds to their objects.

crds/<group>_<Kind>.json has a definition that tests/simulator/kubernetes/crd_forms.py derives from the chart. Sources:
the charts of catalog/data/charts at their versions; read 2026-08. Kinds that the platform makes: catalog/crds.py.
Kinds that EKS installs with each cluster have no chart either, and are known by name alone, but for network policies:
aws/amazon-network-policy-controller-k8s v1.1.7, pkg/crd/crds.yaml; read 2026-11.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from catalog import crds
from catalog.charts import CHARTS
from simulator.kubernetes.rules import rule_findings
from simulator.kubernetes.schema import Finding, Schema, findings

FOLDER = Path(__file__).with_name("crds")
_METADATA = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@cache
def definition(group: str, kind: str) -> Mapping[str, Any] | None:
    """Returns the CustomResourceDefinition of a kind, which callers must not change; None when it is not known."""
    path = files().get(f"{group}_{kind}")
    return None if path is None else crds.read(path)


@cache
def files() -> Mapping[str, Path]:
    """Returns the file of each definition, by <group>_<Kind>."""
    return {path.stem: path for path in (*FOLDER.glob("*.json"), *crds.FOLDER.glob("*/*.json"))}


def definitions_of(chart: str) -> list[Mapping[str, Any]]:
    """Returns the CustomResourceDefinitions that a chart of the catalog installs, without those that are not known."""
    known = (definition(crd.group, crd.kind) for crd in CHARTS[chart].crds)
    return [each for each in known if each is not None]


@cache
def schema_of(api_version: str, kind: str) -> Schema | None:
    """Returns the schema of a custom kind; None when it is not known, or when that version is not served."""
    group, _, name = api_version.rpartition("/")
    known = definition(group, kind)
    for version in known["spec"]["versions"] if known else ():
        if version["name"] == name and version["served"]:
            return _of_objects(version["schema"]["openAPIV3Schema"])
    return None


def _of_objects(schema: Schema) -> Schema:
    """Returns the schema with the fields that every object has; the API server checks them by itself."""
    if "properties" not in schema:
        return schema
    fields = schema["properties"]
    in_every_object = {name: {"type": "string"} for name in ("apiVersion", "kind")}
    return {**schema, "properties": {**fields, **in_every_object, "metadata": fields.get("metadata", {}) | _METADATA}}


def object_findings(
    inputs: Mapping[str, Any], schema: Schema, old: Mapping[str, Any] | None = None
) -> Iterator[Finding]:
    """Yields everything that the schema and its rules do not allow in an object of a custom kind.

    At an update, `old` has the inputs before. Like the API server, it evaluates no rule while the schema is broken.
    """
    schema = _of_objects(schema)
    stored, before = (with_defaults(without_none(each), schema) for each in (inputs, old))
    found = list(findings(stored, schema))
    yield from found
    if all(each.unknown_field for each in found):
        yield from rule_findings(stored, schema, before)


def without_none(value: Any) -> Any:
    """Returns the value without fields that are None: the engine sends them for inputs that nobody set."""
    if isinstance(value, Mapping):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value


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
