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
from simulator.values import UNKNOWN, has_unknown

Schema = Mapping[str, Any]
_NEWEST = "999"  # newer than any, so that it stands for the newest version that is known

_FORMATS = {  # of strings, as far as the kinds of the catalog use them; the API server checks no format of numbers
    "byte": re.compile(r"(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)"),
    "duration": re.compile(r"0|[+-]?(?:(?:\d+\.?\d*|\.\d+)\s*(?:ns|us|µs|μs|ms|s|m|h|d|w)\s*)+"),
}


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
    names = (each.name for each in folder.iterdir())
    known = sorted(version_numbers(name) for name in names if name.endswith("-strict"))
    fitting = [each for each in known if each[:2] <= version_numbers(version)[:2]] or known[:1]
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


def builtin_kind(inputs: Mapping[str, Any]) -> str:
    """Returns the kind of an object, for a lookup by kind alone; "" for a custom kind, which may have the same name."""
    kind, group = inputs.get("kind"), _group(str(inputs.get("apiVersion", "")))
    return kind if isinstance(kind, str) and group in groups(_NEWEST) else ""


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def findings(value: Any, schema: Schema, version: str = "", path: str = "") -> Iterator[Finding]:
    """Yields everything in the value that the schema does not allow. Unknown values and None are always allowed.

    Without a version, it is the schema of a custom kind, whose objects have declared fields only.
    """
    if value is UNKNOWN or value is None:
        return
    schema = _resolved(schema, version)
    if not version:
        yield from _combined_findings(value, schema, path)
    elif "oneOf" in schema and not any(_fits(value, choice) for choice in schema["oneOf"]):
        yield _wrong_type(value, schema["oneOf"], path)
        return
    if schema.get("x-kubernetes-int-or-string"):
        schema = {**schema, "type": ["integer", "string"]}
    if "type" in schema and not _fits(value, schema):
        yield _wrong_type(value, [schema], path)
    elif isinstance(value, Mapping):
        yield from _object_findings(value, schema, version, path)
    elif isinstance(value, list):
        yield from _list_findings(value, schema, version, path)
    else:
        # The bytes of a built-in kind may be empty, those of a custom kind may not.
        is_empty_of_builtin = version and value == ""
        yield from _scalar_findings(value, {**schema, "format": ""} if is_empty_of_builtin else schema, path)


def _wrong_type(value: Any, choices: Any, path: str) -> Finding:
    actual = _json_type(value)
    return _invalid(path, actual, f"must be of type {_allowed(choices)}: {json.dumps(actual)}")


def _invalid(path: str, value: Any, text: str) -> Finding:
    return Finding(path, f"Invalid value: {json.dumps(value)}: {path} in body {text}")


def _too_many(path: str, number: int, most: int) -> Finding:
    return Finding(path, f"Too many: {number}: must have at most {most} item{'' if most == 1 else 's'}")


def _combined_findings(value: Any, schema: Schema, path: str) -> Iterator[Finding]:
    """Yields what allOf, anyOf, oneOf and not forbid. A value that is partly unknown may still fit any choice."""

    def mistakes(choice: Schema) -> list[Finding]:
        return [each for each in findings(value, choice, path=path) if not each.unknown_field]

    for choice in schema.get("allOf", ()):
        yield from mistakes(choice)
    if "anyOf" in schema and all(map(mistakes, schema["anyOf"])):
        yield Finding(path, f'Invalid value: "": "{path}" must validate at least one schema (anyOf)')
    if "oneOf" in schema:
        fitting = sum(not mistakes(choice) for choice in schema["oneOf"])
        if not fitting or (fitting > 1 and not has_unknown(value)):
            found = f"Found {fitting} valid alternatives" if fitting else "Found none valid"
            yield Finding(path, f'Invalid value: "": "{path}" must validate one and only one schema (oneOf). {found}')
    if "not" in schema and not has_unknown(value) and not mistakes(schema["not"]):
        yield Finding(path, f'Invalid value: "": "{path}" must not validate the schema (not)')


def _object_findings(value: Mapping[str, Any], schema: Schema, version: str, path: str) -> Iterator[Finding]:
    fields = schema.get("properties", {})
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield Finding(join(path, name), "Required value")
    if len(value) < schema.get("minProperties", 0):
        yield _invalid(path, len(value), f"should have at least {schema['minProperties']} properties")
    if len(value) > schema.get("maxProperties", len(value)):
        yield _too_many(path, len(value), schema["maxProperties"])
    rest = schema.get("additionalProperties", bool(version))
    for name, item in value.items():
        if name in fields:
            yield from findings(item, fields[name], version, join(path, name))
        elif isinstance(rest, Mapping):
            yield from findings(item, rest, version, join(path, name))
        elif item is not None and not _allows_unknown_fields(schema, rest, version):
            near = nearest(name, fields)
            hint = f"; did you mean {near}?" if near else ""
            yield Finding(join(path, name), f"unknown field{hint}", unknown_field=True)


def _allows_unknown_fields(schema: Schema, rest: Any, version: str) -> bool:
    if "properties" not in schema and (version or rest is True or "type" not in schema):
        return True
    return bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def _list_findings(value: list[Any], schema: Schema, version: str, path: str) -> Iterator[Finding]:
    if len(value) < schema.get("minItems", 0):
        yield _invalid(path, len(value), f"should have at least {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        yield _too_many(path, len(value), schema["maxItems"])
    for index, item in enumerate(value):
        yield from findings(item, schema.get("items", {}), version, f"{path}[{index}]")
    if not version:
        yield from _duplicates(value, schema, path)


def _duplicates(value: list[Any], schema: Schema, path: str) -> Iterator[Finding]:
    keys, of_type = schema.get("x-kubernetes-list-map-keys"), schema.get("x-kubernetes-list-type")
    if of_type != "set" and not keys and not schema.get("uniqueItems"):
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        identity = {key: item.get(key) for key in keys} if keys and isinstance(item, Mapping) else item
        if has_unknown(identity):
            continue
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        if text in seen:
            yield Finding(f"{path}[{index}]", f"Duplicate value: {text}")
        seen.add(text)


def _scalar_findings(value: Any, schema: Schema, path: str) -> Iterator[Finding]:
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        supported = ", ".join(map(json.dumps, allowed))
        yield Finding(path, f"Unsupported value: {json.dumps(value)}: supported values: {supported}")
    if isinstance(value, str):
        yield from _string_findings(value, schema, path)
    elif not isinstance(value, bool):
        yield from _number_findings(value, schema, path)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """Returns a regular expression of Go, whose flags may stand behind its beginning and whose classes are ASCII."""
    flags = "".join(re.findall(r"\(\?([ims]+)\)", pattern))
    rest = re.sub(r"\(\?[ims]+\)", "", pattern)
    return re.compile(f"(?{flags}){rest}" if flags else rest, re.ASCII)


def _string_findings(value: str, schema: Schema, path: str) -> Iterator[Finding]:
    if len(value) > schema.get("maxLength", len(value)):
        yield Finding(path, f"Too long: may not be more than {schema['maxLength']} bytes")
    elif len(value) < schema.get("minLength", 0):
        yield _invalid(path, value, f"should be at least {schema['minLength']} chars long")
    elif "pattern" in schema and not expression(schema["pattern"]).search(value):
        yield _invalid(path, value, f"should match '{schema['pattern']}'")
    if (format_ := _FORMATS.get(schema.get("format", ""))) and not format_.fullmatch(value):
        yield _invalid(path, value, f"must be of type {schema['format']}: {json.dumps(value)}")


def _number_findings(value: float, schema: Schema, path: str) -> Iterator[Finding]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        yield _invalid(path, value, f"should be greater than {_or_equal(schema, 'exclusiveMinimum')}{least}")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        yield _invalid(path, value, f"should be less than {_or_equal(schema, 'exclusiveMaximum')}{most}")
    if "multipleOf" in schema and value % schema["multipleOf"]:
        yield _invalid(path, value, f"should be a multiple of {schema['multipleOf']}")


def _or_equal(schema: Schema, exclusive: str) -> str:
    return "" if schema.get(exclusive) else "or equal to "


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
    if actual == "number" and value.is_integer() and "integer" in names:
        return True
    return actual in names or (actual == "integer" and "number" in names)


def _allowed(choices: Any) -> str:
    names = {
        name for choice in choices for name in ([choice["type"]] if isinstance(choice["type"], str) else choice["type"])
    }
    return ",".join(sorted(names - {"null"}))


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


def join(path: str, name: str) -> str:
    """Returns the path of a field in the engine's notation."""
    if not re.fullmatch(r"[A-Za-z_$][\w$-]*", name):
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def version_numbers(text: str) -> tuple[int, ...]:
    """Returns the numbers of a version, such as 1.35 or v1.35.4; none of `latest`."""
    return tuple(int(number) for number in re.findall(r"\d+", text.removesuffix("-local-strict")))
