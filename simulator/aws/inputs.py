"""What each resource type takes: the names and the forms of its inputs, nested ones too, as the SDK declares them.

They are read from `inputs.json`, which `python -m simulator.aws.sdk_inputs` makes: the SDK itself is too large to be
imported for a preview. A form is one of

- `string`, `integer`, `number`, `boolean`: one value; the provider turns text into numbers and booleans, and back
- `any`: a JSON document, as text or as the object itself
- `[form]`: a list
- `{"*": form}`: an object with free keys
- any other word: an object type, whose own fields stand under that name
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from simulator.aws import paths
from simulator.difference import join
from simulator.values import UNKNOWN, Props

DATA = Path(__file__).with_name("inputs.json")
Form: TypeAlias = str | list[Any] | dict[str, Any]
TYPES: dict[str, dict[str, Form]] = json.loads(DATA.read_text(encoding="utf-8"))["types"] if DATA.exists() else {}


def fields(form: Form) -> Mapping[str, Form] | None:
    """The fields of an object, and the inputs of a resource type; None for other forms, and types not in the file."""
    if isinstance(form, str):
        return TYPES.get(form)
    return form if isinstance(form, dict) else None


def form_at(type_: str, path: str) -> Form | None:
    """The form of the input at a path such as `taints[*].effect`; None where there is no such input."""
    form: Form | None = type_
    for key, each in paths.steps(path):
        form = (fields(form) or {}).get(key) if form else None
        if each:
            form = form[0] if isinstance(form, list) else None
    return form


class Misfit(NamedTuple):
    """An input that a type does not take.

    known: the names that it takes there, for a name that is none of them. expected, got: the forms, for a value of
    another form.
    """

    path: str
    known: Collection[str] = ()
    expected: str = ""
    got: str = ""


def misfits(type_: str, inputs: Props) -> list[Misfit]:
    """Everything that is given under a name, or in a form, that the type does not take. Unknown values fit anywhere."""
    found: list[Misfit] = []
    _look(inputs, type_, "", found)
    return found


def _look(value: Any, form: Form, path: str, found: list[Misfit]) -> None:
    if value is None or value is UNKNOWN:
        return
    if isinstance(form, list):
        if not isinstance(value, list):
            found.append(_misformed(path, "array", value))
            return
        for index, item in enumerate(value):
            _look(item, form[0], f"{path}[{index}]", found)
        return
    names = fields(form)
    if names is None:
        if form != "any" and isinstance(value, dict | list):
            found.append(_misformed(path, str(form), value))
        return
    if not isinstance(value, dict):
        found.append(_misformed(path, "object", value))
        return
    free = names.get("*")
    for key, item in value.items():
        inner = free or names.get(key)
        if inner is not None:
            if inner != "string" or isinstance(item, dict | list):  # most are texts, and fit
                _look(item, inner, join(path, key), found)
        elif item is not None and not key.startswith("__"):  # the provider's own notes
            found.append(Misfit(join(path, key), names))


def _misformed(path: str, expected: str, value: Any) -> Misfit:
    got = {dict: "object", list: "array", str: "string", bool: "boolean"}.get(type(value), "number")
    return Misfit(path, expected=expected, got=got)
