"""API schemas: the kinds that a Kubernetes version serves, and the allowed fields of their objects.

The schemas come from the kubernetes-validate package. This module checks them itself, because JSON Schema libraries do
not accept unknown values, and need several milliseconds for a Deployment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from common.spelling import nearest
from simulator.values import UNKNOWN

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One mistake in an object: its path, a text, and whether it is an unknown field."""

    path: str
    text: str
    unknown_field: bool = False


@cache
def definitions(version: str) -> Mapping[str, Schema]:
    """Returns all API types of a minor version, e.g. "1.35"; for a version that is too new, those of the newest one."""
    folder = resources.files("kubernetes_validate").joinpath("kubernetes-json-schema")
    known = sorted(_numbers(name) for name in (each.name for each in folder.iterdir()) if name.endswith("-strict"))
    fitting = [each for each in known if each[:2] <= _numbers(version)[:2]] or known[:1]
    name = f"v{'.'.join(map(str, fitting[-1]))}-local-strict"
    types: dict[str, Schema] = json.loads(folder.joinpath(name, "_definitions.json").read_text())["$defs"]
    return types


@cache
def kinds(version: str) -> Mapping[tuple[str, str], Schema]:
    """Returns (apiVersion, kind) -> schema for all built-in kinds of that version."""
    served = {}
    for schema in definitions(version).values():
        identities = schema.get("x-kubernetes-group-version-kind", ())
        if len(identities) == 1:  # types such as DeleteOptions belong to every group, and are not kinds of objects
            (identity,) = identities
            group = f"{identity['group']}/" if identity["group"] else ""
            served[f"{group}{identity['version']}", identity["kind"]] = schema
    return served


@cache
def groups(version: str) -> frozenset[str]:
    """Returns the built-in API groups; "" is the core group."""
    return frozenset(_group(api_version) for api_version, _ in kinds(version))


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def findings(value: Any, schema: Schema, version: str = "", path: str = "") -> Iterator[Finding]:
    """Yields everything in the value that the schema does not allow. Unknown values and None are always allowed."""
    if value is UNKNOWN or value is None:
        return
    schema = _resolved(schema, version)
    if "oneOf" in schema and not any(_fits(value, choice) for choice in schema["oneOf"]):
        yield Finding(path, f"{_json_type(value)} is not allowed here, only {_allowed(schema['oneOf'])}")
        return
    if schema.get("x-kubernetes-int-or-string"):
        if isinstance(value, bool) or not isinstance(value, str | int):
            yield Finding(path, f"{_json_type(value)} is not allowed here, only integer or string")
        else:
            yield from _scalar_findings(value, schema, path)
        return
    if "type" in schema and not _fits(value, schema):
        yield Finding(path, f"{_json_type(value)} is not allowed here, only {_allowed([schema])}")
        return
    if isinstance(value, Mapping):
        yield from _object_findings(value, schema, version, path)
    elif isinstance(value, list):
        yield from _list_findings(value, schema, version, path)
    else:
        yield from _scalar_findings(value, schema, path)


def _object_findings(value: Mapping[str, Any], schema: Schema, version: str, path: str) -> Iterator[Finding]:
    fields = schema.get("properties", {})
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield Finding(_join(path, name), "Required value")
    if len(value) > schema.get("maxProperties", len(value)):
        yield Finding(path, f"must have at most {schema['maxProperties']} items")
    rest = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in fields:
            yield from findings(item, fields[name], version, _join(path, name))
        elif isinstance(rest, Mapping):
            yield from findings(item, rest, version, _join(path, name))
        elif item is not None and not _allows_unknown_fields(schema, rest):
            near = nearest(name, fields)
            hint = f"; did you mean {near}?" if near else ""
            yield Finding(_join(path, name), f"unknown field{hint}", unknown_field=True)


def _allows_unknown_fields(schema: Schema, rest: Any) -> bool:
    if rest is False:
        return not schema.get("properties")
    return "properties" not in schema or bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def _list_findings(value: list[Any], schema: Schema, version: str, path: str) -> Iterator[Finding]:
    if len(value) < schema.get("minItems", 0):
        yield Finding(path, f"should have at least {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        yield Finding(path, f"must have at most {schema['maxItems']} items")
    for index, item in enumerate(value):
        yield from findings(item, schema.get("items", {}), version, f"{path}[{index}]")


def _scalar_findings(value: Any, schema: Schema, path: str) -> Iterator[Finding]:
    value_text = json.dumps(value)
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        yield Finding(path, f"Unsupported value: {value_text}: supported values: {', '.join(map(json.dumps, allowed))}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield Finding(path, f"Invalid value: {value_text}: {path} in body should match '{schema['pattern']}'")
        if len(value) < schema.get("minLength", 0):
            yield Finding(path, f"Invalid value: {value_text}: should be at least {schema['minLength']} chars long")
        if len(value) > schema.get("maxLength", len(value)):
            yield Finding(path, f"Too long: may not be more than {schema['maxLength']} bytes")
    elif not isinstance(value, bool):
        if value < schema.get("minimum", value):
            least = f"{path} in body should be greater than or equal to {schema['minimum']}"
            yield Finding(path, f"Invalid value: {value_text}: {least}")
        if value > schema.get("maximum", value):
            most = f"{path} in body should be less than or equal to {schema['maximum']}"
            yield Finding(path, f"Invalid value: {value_text}: {most}")


def _resolved(schema: Schema, version: str) -> Schema:
    while "$ref" in schema:
        schema = definitions(version)[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _fits(value: Any, schema: Schema) -> bool:
    allowed = schema.get("type")
    if allowed is None:
        return True
    actual = _json_type(value)
    names = [allowed] if isinstance(allowed, str) else allowed
    return actual in names or (actual == "integer" and "number" in names)


def _allowed(choices: Any) -> str:
    names = {
        name for choice in choices for name in ([choice["type"]] if isinstance(choice["type"], str) else choice["type"])
    }
    return " or ".join(sorted(names - {"null"}))


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def _join(path: str, name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][\w$-]*", name):
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.removesuffix("-local-strict")))
