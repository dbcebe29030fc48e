"""Turns validation errors of the models into messages: where, what, why, and what to write instead."""

import json
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Literal, TypeGuard, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from common.spelling import did_you_mean, nearest
from settings.core.base import fields_by_key
from settings.core.naming import name_from
from settings.core.problems import Mistake, Path, PathPart, has, listed
from settings.core.secret_values import HIDDEN, is_hidden

EXPECTED = {  # pydantic's error type -> what the model expects
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "mapping_type": "a map of keys and values",
    "dict_type": "a map of keys and values",
    "model_type": "a map of keys and values",
    "model_attributes_type": "a map of keys and values",
    "datetime_type": "a day and time in quotes",
}
# Pydantic also reports these at a list when something inside it is wrong: the wrong branch of "a number or a list", or
# a list without a valid item. The mistake of the item itself is enough.
FOLLOW_UP_ERRORS = frozenset({*EXPECTED, "too_short"})
MOST = 1e12  # no setting is as large
_NUMBER_AND_UNIT = re.compile(
    r"[^\w.-]*([0-9]{1,3}(?:[, ][0-9]{3})+|[0-9][0-9_]*)(\.[0-9]+)?([eE][0-9]{1,2})? ?([A-Za-z]*)[^\w.,]*"
)


def mistakes(model: type[BaseModel], data: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> list[Mistake]:
    """Returns every error as (path, sentence), in the order found, one for each thing to correct."""
    own = [error for error in errors if error["type"] != "default_factory_not_called"]  # follows from another mistake
    located = [(_path_in_file(model, data, error), error) for error in own]
    paths = [path for path, _ in located]
    unknown_presets = [path[:-1] for path in paths if path and path[-1] == "preset"]
    located = [
        (path, error) for path, error in located if error["type"] != "missing" or path[:-1] not in unknown_presets
    ]
    sentences_at: dict[Path, list[str]] = {}
    for path, error in located:
        if error["type"] in FOLLOW_UP_ERRORS and any(
            len(other) > len(path) and other[: len(path)] == path for other in paths
        ):
            continue
        if error["type"] in EXPECTED:
            expected = {
                EXPECTED[other["type"]]: None
                for other_path, other in located
                if other_path == path and other["type"] in EXPECTED
            }
            sentences = [_wrong_type(error["input"], list(expected), model, path)]
        else:
            sentences = list(_sentences(model, path, error))
        earlier = sentences_at.setdefault(path, [])
        earlier += [sentence for sentence in sentences if sentence not in earlier]
    return [(path, sentence) for path, sentences in sentences_at.items() for sentence in sentences]


def bare_keys(model: type[BaseModel], paths: Iterable[Path]) -> Iterator[Mistake]:
    """Yields settings with nothing after their colon: none and the defaults would both be a guess."""
    for path in paths:
        if (field := field_at(model, path)) is None or isinstance(path[-1], int):
            continue  # of a map of somebody's own, such as values of a chart
        yield path, f"has nothing after its colon, so what it means is a guess. {_all_or_none(field)}"


def _all_or_none(field: FieldInfo) -> str:
    """Returns how to write something that may be null."""
    kind, ways = _without_none(field.annotation), "Write a value"
    if _is_model(kind):
        needed = any(inner.is_required() for inner in fields_by_key(kind).values())
        ways = "Write its keys under it" if needed else "Write {} for its defaults"
    return f"{ways}, null for none, or drop it."


def meant_names(model: type[BaseModel], data: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> dict[Path, str]:
    """Returns the path of each misspelt key -> the name of the setting that it probably stands for."""
    unknown = [_path_in_file(model, data, error) for error in errors if error["type"] == "extra_forbidden"]
    names = {path: _meant_name(str(path[-1]), keys_at(model, path[:-1])) for path in unknown}
    return {path: name for path, name in names.items() if name is not None}


def _meant_name(key: str, known: Sequence[str]) -> str | None:
    """Returns the setting that somebody probably meant: the nearest, or the same with or without a unit or kind."""
    longer = (each for each in known if each.startswith(f"{key}_") or key.startswith(f"{each}_"))
    return nearest(key, known) or next(longer, None)


def _path_in_file(model: type[BaseModel], data: Any, error: ErrorDetails) -> Path:
    """Returns the path of an error in the file: pydantic's location without the names of union branches.

    A key that only the model has stays in the path: it is missing in the file, or its default is wrong.
    """
    path: list[PathPart] = []
    for part in error["loc"]:
        if has(data, part):
            data = data[part]
        elif part not in keys_at(model, tuple(path)):
            continue
        path.append(part)
    return tuple(path)


def _sentences(model: type[BaseModel], path: Path, error: ErrorDetails) -> Iterator[str]:
    kind, ctx = error["type"], error.get("ctx", {})
    field = field_at(model, path)
    if kind == "value_error":
        yield from str(ctx["error"]).split("\n")
        return
    wording = WORDING.get(kind)
    yield wording(error["input"], ctx, field, model, path) if wording else f"{error['msg']}.{_about(field)}"


def _wrong_type(value: Any, expected: Sequence[str], model: type[BaseModel], path: Path) -> str:
    field = None if isinstance(path[-1], int) else field_at(model, path)
    example = _example(_kind_at(model, path), field)
    for_example = f", for example `{_line(path, example)}`" if isinstance(example, Mapping | list) else ""
    or_drop = "" if field and field.is_required() else ", or drop it"
    advice = f"Correct it{or_drop}."
    if field is None and path[-1] in keys_at(model, path):
        advice = f"It belongs under a name: `{path[-2]}: {{<name>: {{{path[-1]}: ...}}}}`."
    elif value in (None, ""):
        advice = f"Give it a value{for_example}{or_drop}."
    elif is_hidden(value):
        advice = _instead_of_a_secret(model, path)
    elif isinstance(value, bool) and field and _is_a_model_or_none(field):
        advice = _all_or_none(field)
    elif "a map of keys and values" in expected and (isinstance(value, list) or "a whole number" not in expected):
        keys = "entries under it by name, without dashes" if isinstance(value, list) else "keys under it"
        advice = f"Write its {keys}{for_example}{or_drop}."
    elif "text" in expected and isinstance(value, int | float):
        advice = f'Write it in quotes: "{json.dumps(value)}".'
        if path[-1] == "version":
            advice = f'Write it in quotes, "{value}": YAML reads 1.30 as the number 1.3.'
    elif "a whole number" in expected and isinstance(value, str) and re.fullmatch("[0-9]+", value.strip()):
        advice = f"Write {int(value)}, without quotes."
    elif "a list" in expected and isinstance(value, str) and "," in value:
        advice = f"Write [{listed(part.strip() for part in value.split(','))}]."
    elif "a whole number" in expected or "a number" in expected:
        meant = _meant_number(value, next(part for part in reversed(path) if isinstance(part, str)))
        example = str(meant) if isinstance(path[-1], int) else f"{path[-1]}: {meant}"
        advice = f"Write a number, for example {example}." if meant else "Write digits alone, without a unit."
    elif "true or false" in expected:
        advice = "Write true or false, without quotes."
        if isinstance(value, Mapping | list):
            advice = f"It has no keys. Write {path[-1]}: true, or {path[-1]}: false."
    elif "a list" in expected and (isinstance(value, Mapping) or _is_map(example)):
        advice = f"Write a list, with a dash before each entry{for_example}{or_drop}."
    elif "a list" in expected:
        number = isinstance(value, float) and "percent" in str(path[-1])
        advice = f"Write [{(number and _meant_number(value, str(path[-1]))) or value}]."
    return f"is {_shown(value)}, but {' or '.join(expected)} is expected here. {advice}"


def _instead_of_a_secret(model: type[BaseModel], path: Path) -> str:
    """Returns advice on what belongs in the place of a text that is not shown."""
    field = field_at(model, path)
    example = _example(_kind_at(model, path), field)
    if isinstance(path[-1], int) and isinstance(example, list):
        example = example[0]
    if example is None and field:
        example = field.default
    shown = (*path[:-1], "<name>") if path[-1] == HIDDEN else path
    return f"Write for example `{_line(shown, example)}`." if example else "Correct it."


def _meant_number(value: Any, key: str) -> float | None:
    """Returns the number that somebody probably meant: 3000 of `$3,000`, 80 of 0.8 percent, 0.05 of a ratio of 5%.

    None where a unit follows that is not the setting's own (30d for days), or more, and where it is too large.
    """
    found = _NUMBER_AND_UNIT.fullmatch(str(value))
    if isinstance(value, bool) or not re.search("[0-9]", str(value)):
        return 2
    if found is None or not (key.rpartition("_")[2].startswith(found[4].lower()) or (key, found[4]) == ("cpu", "m")):
        return None
    number = float(re.sub(r"[,_ ]", "", found[1]) + (found[2] or "") + (found[3] or ""))
    if number >= MOST:
        return None
    if key.endswith("ratio"):
        return number / 100 if "%" in str(value) or number > 1 else number
    if "percent" in key and (number < 1 or value == 1.0):
        number *= 100
    elif (key, found[4]) == ("cpu", "m"):
        number /= 1000
    return ceil(round(number, 6)) or 1


def _shown(value: Any) -> str:
    if value in (None, ""):
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a map of keys and values"
    if isinstance(value, list):
        return "a list"
    if is_hidden(value):
        return f"a {'text' if value == HIDDEN else 'number'} that is not shown, since it could be a secret"
    return f"the text {value!r}" if isinstance(value, str) else f"the number {value}"


def _number(value: Any) -> str:
    return _shown(value) if is_hidden(value) else str(value)


def _missing(_value: Any, _ctx: Mapping[str, Any], field: FieldInfo | None, _model: type[BaseModel], path: Path) -> str:
    example = _example(field.annotation, field) if field else None
    if example is None:
        return f"is missing.{_about(field)} Add it."
    return f"is missing.{_about(field)} Write for example `{_line(path, example)}`."


def _line(path: Path, value: Any) -> str:
    """Returns a setting or an item as a line of YAML, with the quotes of the rest of the file."""
    if isinstance(path[-1], int):
        return f"- {_line(('item',), value).removeprefix('item: ')}"
    written = yaml.safe_dump({path[-1]: value}, default_flow_style=True, width=1000, sort_keys=False)
    return written.strip()[1:-1].replace("'", '"')


def _example(kind: Any, field: FieldInfo | None = None) -> Any:
    """Returns an example of a setting: its own, or one of what it holds. None: there is none."""
    if field and field.examples:
        return field.examples[0]
    kind = _without_none(kind)
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inside[0]
    if origin in (tuple, Mapping):
        item = _example(inside[-1] if origin is Mapping else inside[0])
        return item and ({"<name>": item} if origin is Mapping else [item])
    if not _is_model(kind):
        return None
    required = {k: _example(inner.annotation, inner) for k, inner in fields_by_key(kind).items() if inner.is_required()}
    if required:
        return None if None in required.values() else required
    plain = {key: inner.default for key, inner in fields_by_key(kind).items() if isinstance(inner.default, str | int)}
    return dict(list(plain.items())[:1]) or None


def _unknown(_value: Any, _ctx: Mapping[str, Any], _field: FieldInfo | None, model: type[BaseModel], path: Path) -> str:
    key, known = str(path[-1]), keys_at(model, path[:-1])
    advice = f" Known: {listed(known)}."
    if number := [each for each in (f"{key}s", key.removesuffix("s")) if each in known]:  # singular or plural
        advice = f" Did you mean {number[0]}?"
    elif holders := [each for each in known if key in keys_at(model, (*path[:-1], each))]:
        advice = f" Write it under {' or '.join(holders)}."
    elif near := _meant_name(key, known):
        advice = f" Did you mean {near}?"
    return f"is not a setting, so it would do nothing.{advice}"


def _not_allowed(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    allowed = re.findall(r"'([^']*)'|(\d+)", str(ctx["expected"]))
    values = [text or number for text, number in allowed]
    suggestion = did_you_mean(value, values) if isinstance(value, str) else ""
    return f"is {_shown(value)}, but one of {listed(values)} is expected.{_about(field)}{suggestion}"


def _too_small(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    return f"is {_number(value)}, and the minimum is {ctx['ge']}.{_about(field)} Write {ctx['ge']} or more."


def _too_large(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    return f"is {_number(value)}, and the maximum is {ctx['le']}.{_about(field)} Write {ctx['le']} or less."


def _wrong_format(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    example = field.examples[0] if field and field.examples else None
    pattern = ctx.get("pattern", "(?!)")
    lower = "" if re.search(pattern, "A") else name_from(str(value), 21)  # where capitals count, it is another name
    if not is_hidden(value):
        example = next((each for each in (str(value).strip(), lower) if re.search(pattern, each)), example)
    for_example = f" Write for example {example}." if example else ""
    return f"is {_shown(value)}, which has the wrong format.{_about(field)}{for_example}"


def _too_few(_value: Any, context: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    minimum, actual = context["min_length"], context["actual_length"]
    if not actual:
        or_drop = ", or drop it" if field and not field.is_required() and field.default is None else ""
        return f"is empty, and at least one is needed.{_about(field)} Add one{or_drop}."
    return (
        f"has {actual}, and at least {minimum} are needed.{_about(field)} Add "
        f"{'one' if minimum - actual == 1 else minimum - actual}."
    )


def _too_many(_value: Any, context: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    most, actual = context["max_length"], context["actual_length"]
    return f"has {actual}, and at most {most} are allowed.{_about(field)} Drop {actual - most}."


def _about(field: FieldInfo | None) -> str:
    """Returns the description of a setting."""
    return f" {field.description}" if field and field.description else ""


WORDING: Mapping[str, Callable[..., str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _not_allowed,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "string_pattern_mismatch": _wrong_format,
    "too_short": _too_few,
    "too_long": _too_many,
    "datetime_parsing": _wrong_format,
    "datetime_from_date_parsing": _wrong_format,
}


def keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Returns the keys that a map at this path may have; none where any key is allowed."""
    kind = _kind_at(model, path)
    return tuple(fields_by_key(kind)) if _is_model(kind) else ()


def wants_number(model: type[BaseModel], path: Path) -> bool:
    """Returns whether the setting at this path is a number."""
    return _kind_at(model, path) in (int, float)


def field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """Returns the declaration of the setting at this path, or of the list that it is an item of."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    parent = _kind_at(model, path[:-1]) if path else None
    return fields_by_key(parent).get(str(path[-1])) if _is_model(parent) else None


def _kind_at(kind: Any, path: Path) -> Any:
    for part in path:
        kind = _without_none(kind)
        if _is_model(kind):
            field = fields_by_key(kind).get(str(part))
            kind = field.annotation if field else None
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        else:
            kind = get_args(kind)[1] if len(get_args(kind)) > 1 else None
    return _without_none(kind)


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return next(arm for arm in get_args(kind) if arm is not type(None))
    return kind


def _is_map(example: Any) -> bool:
    """Returns whether an example of a list has maps as its items."""
    return isinstance(example, list) and isinstance(example[0], Mapping)


def _is_a_model_or_none(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation) and _is_model(_without_none(field.annotation))


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
