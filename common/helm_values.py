"""Compares values of a Helm release with what the chart reads: the tree of its values, and its schema.

A tree is a map of keys, or a word: boolean, number, string, list, map, scalar, any or unread. catalog/chart_facts.py
says what the words mean. A null passes: Helm takes the chart's own value away.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from common.spelling import did_you_mean

if TYPE_CHECKING:
    from jsonschema import ValidationError

Path = tuple[str | int, ...]
Finding = tuple[Path, str]
Tree = Mapping[str, Any]

MANY_KEYS = 12
WORDS = {
    "boolean": ("true or false", "Write true or false, without quotes"),
    "number": ("a number", "Write a number, without quotes"),
    "string": ("a text", "Write it in quotes"),
    "scalar": ("a text or a number", "Write one value"),
    "list": ("a list", "Write a list"),
    "map": ("a map", "Write keys with values"),
}
KINDS_OF_SCHEMAS = {
    "boolean": "boolean",
    "integer": "number",
    "number": "number",
    "string": "string",
    "array": "list",
    "object": "map",
}
WHOLE = ("a whole number", "Write a whole number, without quotes")
NO_REASON = "does not take this value here. Look at the values of the chart."
ONE_VALUE = ("boolean", "number", "string")


def idle(values: Mapping[str, Any], tree: Tree, chart: str, templates_read: bool) -> Iterator[Finding]:
    """Yields each value that nothing in the chart reads. chart: its name and version, for the message."""
    for key, value in values.items():
        if key not in tree:
            reads = f"the chart {chart} reads" if templates_read else f"values.yaml of the chart {chart} has"
            known = f" Here it has: {', '.join(tree)}." if len(tree) <= MANY_KEYS else ""
            yield (key,), f"{reads} no {key} here, so it would change nothing.{did_you_mean(key, tree) or known}"
        elif tree[key] == "unread":
            yield (key,), f"values.yaml of the chart {chart} has it, but no template reads it. Drop it."
        elif isinstance(value, Mapping) and isinstance(tree[key], Mapping):
            for path, sentence in idle(value, tree[key], chart, templates_read):
                yield (key, *path), sentence


def wrong_kinds(values: Mapping[str, Any], tree: Tree, chart: str) -> Iterator[Finding]:
    """Yields each value that is of another kind than the chart's own."""
    for key, value in values.items():
        kind, wanted = kind_of(value), kind_of_tree(tree.get(key, "any"))
        if kind == wanted == "map" and isinstance(tree[key], Mapping):
            for path, sentence in wrong_kinds(value, tree[key], chart):
                yield (key, *path), sentence
        elif not _fits(kind, wanted):
            has, instead = WORDS[wanted]
            yield (key,), f"is {WORDS[kind][0]}, but the chart {chart} has {has} here. {instead}."


def part_of(values: Mapping[str, Any], at: Iterable[str]) -> Mapping[str, Any]:
    """Returns the values at a path, for a chart that another one brings; none where there is no map."""
    for key in at:
        below = values.get(key)
        values = below if isinstance(below, Mapping) else {}
    return values


def kind_of(value: Any) -> str:
    """Returns the word for a value; any for a null, and for a value that is not known yet."""
    if isinstance(value, bool):
        return "boolean"
    for kind, types in (("number", int | float), ("string", str), ("list", list | tuple), ("map", Mapping)):
        if isinstance(value, types):
            return kind
    return "any"


def kind_of_tree(tree: Any) -> str:
    """Returns the word for a part of a tree. One that has the chart's own value stands for its kind."""
    return tree if isinstance(tree, str) else kind_of(tree)


def _fits(kind: str, wanted: str) -> bool:
    return "any" in (kind, wanted) or wanted in (kind, "unread") or (wanted == "scalar" and kind in ONE_VALUE)


def refused(values: Mapping[str, Any], schema: Mapping[str, Any], chart: str) -> Iterator[Finding]:
    """Yields each value that the chart's schema refuses."""
    for path, error in _errors(values, schema):
        if error.validator == "additionalProperties" and error.validator_value is False:
            known = error.schema.get("properties", {})
            for key in error.instance:
                if key not in known and not any(
                    re.search(each, key) for each in error.schema.get("patternProperties", ())
                ):
                    yield (*path, key), f"the schema of the chart {chart} has no {key} here.{did_you_mean(key, known)}"
        else:
            yield path, f"the schema of the chart {chart} {_rule(error)}"


def helm_lines(values: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Returns what the schema refuses, one line each, as Helm writes it."""
    return [f"- at '/{'/'.join(map(str, path))}': {_in_helm(error)}" for path, error in _errors(values, schema)]


def _errors(values: Mapping[str, Any], schema: Mapping[str, Any]) -> "list[tuple[Path, ValidationError]]":
    from jsonschema import Draft202012Validator  # only a stack file with values needs it

    errors = Draft202012Validator(schema).iter_errors(without_nulls(values))
    known = (each for each in errors if each.instance is None or kind_of(each.instance) != "any")
    return sorted(((tuple(error.absolute_path), error) for error in known), key=lambda each: [*map(str, each[0])])


def without_nulls(value: Any) -> Any:
    """Returns the value without keys that are null, or not known yet."""
    if isinstance(value, Mapping):
        return {key: without_nulls(inner) for key, inner in value.items() if kind_of(inner) != "any"}
    return [without_nulls(inner) for inner in value] if isinstance(value, list | tuple) else value


def _rule(error: "ValidationError") -> str:
    wanted = error.validator_value
    if error.validator == "anyOf":
        return _rule_of_branches(error)
    if error.validator == "type":
        return _rule_of_types(_types(error), error.instance)
    if error.validator == "enum":
        return f"takes one of {', '.join(map(json.dumps, wanted))} here."
    if error.validator == "pattern":
        return f"takes only a text that matches {wanted} here."
    if error.validator in ("minimum", "maximum"):
        return f"has the {error.validator} {wanted} here."
    if error.validator == "required":
        return f"requires {', '.join(key for key in wanted if key not in error.instance)} here."
    return NO_REASON


def _rule_of_branches(error: "ValidationError") -> str:
    """Returns what the branch says whose type the value has; the types of all branches when it has none of them."""
    by_type = [each for each in error.context if each.validator == "type" and not each.path]
    other_types = {each.schema_path[0] for each in by_type}
    rest = [each for each in error.context if each.schema_path[0] not in other_types]
    if not rest:
        return _rule_of_types([type_ for each in by_type for type_ in _types(each)], error.instance)
    return _rule(rest[0]) if len(rest) == 1 and not rest[0].path else NO_REASON


def _types(error: "ValidationError") -> list[str]:
    return [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value


def _rule_of_types(types: list[str], value: Any) -> str:
    kind = kind_of(value)
    words = dict(
        WHOLE if (kind, each) == ("number", "integer") else WORDS[KINDS_OF_SCHEMAS[each]]
        for each in types
        if each in KINDS_OF_SCHEMAS
    )
    wanted, instead = " or ".join(words) or "no value", next(iter(words.values()), "Drop it")
    return f"wants {wanted} here, and this is {'null' if value is None else WORDS[kind][0]}. {instead}."


def _in_helm(error: "ValidationError") -> str:
    """Returns the text of the JSON schema library that Helm 3.20 uses."""
    if error.validator != "type":
        return str(error.message)
    own = {"any": "null"} | {name: schema for schema, name in KINDS_OF_SCHEMAS.items() if schema != "integer"}
    return f"got {own[kind_of(error.instance)]}, want {' or '.join(_types(error))}"
