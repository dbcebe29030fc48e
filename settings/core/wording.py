"""What the models' validation finds, in the project's own words: where, what, why, and what to write instead."""

import json
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from common.spelling import nearest
from settings.core.problems import Mistake, Path, PathPart, has, listed, nearest_or_all

WANTED = {  # pydantic's error type -> what the model wants there
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
# What is also found at a list when something is wrong inside it: the wrong branch of "a number or a list", and a list
# that has no right item left. The item's own mistake tells it.
ECHOES = frozenset({*WANTED, "too_short"})


def mistakes(model: type[BaseModel], data: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> list[Mistake]:
    """Every error as (path, sentence), in the order they were found, one for each thing to mend."""
    own = [error for error in errors if error["type"] != "default_factory_not_called"]  # follows from another mistake
    placed = [(_place(model, data, error), error) for error in own]
    deep = [path for path, _ in placed]
    unknown_presets = [path[:-1] for path in deep if path and path[-1] == "preset"]
    placed = [(path, error) for path, error in placed if error["type"] != "missing" or path[:-1] not in unknown_presets]
    meant = [_meant(model, path) for path, error in placed if error["type"] == "extra_forbidden"]
    placed = [(path, error) for path, error in placed if error["type"] != "missing" or path not in meant]
    found: dict[Path, list[str]] = {}
    for path, error in placed:
        if error["type"] in ECHOES and any(len(other) > len(path) and other[: len(path)] == path for other in deep):
            continue
        if error["type"] in WANTED:
            wanted = {
                WANTED[other["type"]]: None for place, other in placed if place == path and other["type"] in WANTED
            }
            sentences = [_wrong_kind(error["input"], list(wanted), path)]
        else:
            sentences = list(_sentences(model, path, error))
        known = found.setdefault(path, [])
        known += [sentence for sentence in sentences if sentence not in known]
    return [(path, sentence) for path, sentences in found.items() for sentence in sentences]


def _meant(model: type[BaseModel], path: Path) -> Path:
    """The key that somebody meant who wrote one that is no setting."""
    key = nearest(str(path[-1]), keys_at(model, path[:-1]))
    return path if key is None else (*path[:-1], key)


def _place(model: type[BaseModel], data: Any, error: ErrorDetails) -> Path:
    """Where an error is in the file: pydantic's location without the names of union branches.

    A key that the file does not have stays in when the model has it: it is missing, or its default does not fit.
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
    if kind == "value_error":
        yield from str(ctx["error"]).split("\n")
        return
    field = field_at(model, path)
    wording = WORDING.get(kind)
    yield wording(error["input"], ctx, field, model, path) if wording else f"{error['msg']}.{_about(field)}"


def _wrong_kind(value: Any, wanted: Sequence[str], path: Path) -> str:
    advice = (
        "Write its keys under it, or drop it." if "a map of keys and values" in wanted else "Correct it, or drop it."
    )
    if value is None:
        advice = "Give it a value, or drop the key."
    elif "text" in wanted and isinstance(value, int | float):
        advice = f'Write it in quotes: "{json.dumps(value)}".'
        if path[-1] == "version":
            advice = f'Write it in quotes, "{value}": YAML takes 1.30 for the number 1.3.'
    elif "a whole number" in wanted and isinstance(value, str) and value.strip().isdigit():
        advice = f"Write {value.strip()}, without quotes."
    elif "a whole number" in wanted or "a number" in wanted:
        advice = f"Write a number, for example {path[-1]}: 2."
    elif "true or false" in wanted:
        advice = "Write true or false, without quotes."
    elif "a list" in wanted and not isinstance(value, Mapping | list):
        advice = f"Write [{value}]."
    return f"is {_shown(value)}, but {' or '.join(wanted)} is wanted here. {advice}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a map of keys and values"
    if isinstance(value, list):
        return "a list"
    return f"the text {value!r}" if isinstance(value, str) else f"the number {value}"


def _missing(_value: Any, _ctx: Mapping[str, Any], field: FieldInfo | None, _model: type[BaseModel], path: Path) -> str:
    example = field.examples[0] if field and field.examples else None
    if example is None:
        return f"is missing.{_about(field)} Add it."
    written = yaml.safe_dump({path[-1]: example}, default_flow_style=True, width=200, sort_keys=False)
    line = written.strip()[1:-1].replace("'", '"')  # the quotes of the rest of the file
    return f"is missing.{_about(field)} Write for example `{line}`."


def _unknown(_value: Any, _ctx: Mapping[str, Any], _field: FieldInfo | None, model: type[BaseModel], path: Path) -> str:
    known = keys_at(model, path[:-1])
    return f"is no setting, so it would do nothing.{nearest_or_all(str(path[-1]), known)}"


def _not_listed(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    allowed = re.findall(r"'([^']*)'|(\d+)", str(ctx["expected"]))
    words = [text or number for text, number in allowed]
    return f"is {_shown(value)}, and one of {listed(words)} is wanted.{_about(field)}"


def _too_small(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    return f"is {value}, and the least is {ctx['ge']}.{_about(field)} Write {ctx['ge']} or more."


def _too_large(value: Any, ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    return f"is {value}, and the most is {ctx['le']}.{_about(field)} Write {ctx['le']} or less."


def _misfit(value: Any, _ctx: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    example = f" Write for example {field.examples[0]}." if field and field.examples else ""
    return f"is {_shown(value)}, which does not fit.{_about(field)}{example}"


def _too_few(_value: Any, context: Mapping[str, Any], field: FieldInfo | None, *_: Any) -> str:
    least, given = context["min_length"], context["actual_length"]
    if not given:
        return f"is empty, and at least one is needed.{_about(field)} Add one."
    return f"has {given} of at least {least}.{_about(field)} Add {'one' if least - given == 1 else least - given}."


def _about(field: FieldInfo | None) -> str:
    """What a setting is, as its own description says it."""
    return f" {field.description}" if field and field.description else ""


WORDING: Mapping[str, Callable[..., str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _not_listed,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "string_pattern_mismatch": _misfit,
    "too_short": _too_few,
    "datetime_parsing": _misfit,
    "datetime_from_date_parsing": _misfit,
}


def keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that a map at this place may have; none where any key is allowed."""
    kind = _kind_at(model, path)
    return tuple(kind.model_fields) if _is_model(kind) else ()


def field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """The declaration of the setting at this place, or of the list that it is an item of."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    parent = _kind_at(model, path[:-1]) if path else None
    return parent.model_fields.get(str(path[-1])) if _is_model(parent) else None


def _kind_at(kind: Any, path: Path) -> Any:
    for part in path:
        kind = _without_none(kind)
        if _is_model(kind):
            field = kind.model_fields.get(str(part))
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


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
