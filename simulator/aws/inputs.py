"""The inputs of each resource type: their names and forms, nested ones as well, as the SDK declares them.

They are read from `inputs.json`, which `python -m simulator.aws.sdk_inputs` writes: importing the SDK itself would take
too long for a preview. A form is one of

- `string`, `integer`, `number`, `boolean`: one value. The provider converts numbers and booleans to texts, and a text
  to the number or boolean that it spells, but no number to a boolean.
  Source: pulumi/pulumi-terraform-bridge, the input validator of pkg/tfbridge; read 2026-11
- `any`: a JSON document, as a text or as the object itself
- `[form]`: a list
- `{"*": form}`: an object with arbitrary keys
- any other word: an object type; the file lists its fields under that name
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from simulator.aws import paths
from simulator.difference import join
from simulator.values import UNKNOWN, Props

BOOLEAN_TEXTS = {"true": True, "1": True, "false": False, "0": False}
DATA = Path(__file__).with_name("inputs.json")
Form: TypeAlias = str | list[Any] | dict[str, Any]
TYPES: dict[str, dict[str, Form]] = json.loads(DATA.read_text(encoding="utf-8"))["types"] if DATA.exists() else {}


def fields(form: Form) -> Mapping[str, Form] | None:
    """Returns the fields of an object type or the inputs of a resource type; None for other forms and unknown types."""
    if isinstance(form, str):
        return TYPES.get(form)
    return form if isinstance(form, dict) else None


def form_at(type_: str, path: str) -> Form | None:
    """Returns the form of the input at a path such as `taints[*].effect`; None when there is no such input."""
    form: Form | None = type_
    for key, each in paths.steps(path):
        form = (fields(form) or {}).get(key) if form else None
        if each:
            form = form[0] if isinstance(form, list) else None
    return form


class InputError(NamedTuple):
    """An input that a type does not accept.

    known: the accepted names, when the name is wrong. expected, got: the forms, when the form of the value is wrong.
    """

    path: str
    known: Collection[str] = ()
    expected: str = ""
    got: str = ""


def input_errors(type_: str, inputs: Props) -> list[InputError]:
    """Returns every input whose name or form the type does not accept. Unknown values are accepted everywhere."""
    errors: list[InputError] = []
    _collect_errors(converted(inputs, type_), type_, "", errors)
    return errors


def _collect_errors(value: Any, form: Form, path: str, errors: list[InputError]) -> None:
    if value is None or value is UNKNOWN:
        return
    if isinstance(form, list):
        if not isinstance(value, list):
            errors.append(_wrong_form(path, "array", value))
            return
        for index, item in enumerate(value):
            _collect_errors(item, form[0], f"{path}[{index}]", errors)
        return
    names = fields(form)
    if names is None:
        if form != "any" and not _accepts(value, str(form)):
            errors.append(_wrong_form(path, str(form), value))
        return
    if not isinstance(value, dict):
        errors.append(_wrong_form(path, "object", value))
        return
    free = names.get("*")
    for key, item in value.items():
        inner = free or names.get(key)
        if inner is not None:
            if inner != "string" or isinstance(item, dict | list):  # most inputs are texts, and need no further check
                _collect_errors(item, inner, join(path, key), errors)
        elif item is not None and not key.startswith("__"):  # such keys are the provider's own
            errors.append(InputError(join(path, key), names))


def _accepts(value: Any, form: str) -> bool:
    """Returns whether the provider takes the value for one of this form. Texts are converted already."""
    if isinstance(value, dict | list):
        return False
    if form == "boolean":
        return isinstance(value, bool)
    if form in ("integer", "number"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return True


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def converted(value: Any, form: Form) -> Any:
    """Returns the value with the numbers and booleans that its texts spell, so that rules can compute with them."""
    if isinstance(form, list):
        return [converted(item, form[0]) for item in value] if isinstance(value, list) else value
    names = fields(form)
    if isinstance(value, dict):
        free = (names or {}).get("*")
        return {key: converted(item, free or (names or {}).get(key, "any")) for key, item in value.items()}
    if form in ("integer", "number") and isinstance(value, str):
        number = _number(value)
        return value if number is None else number
    return BOOLEAN_TEXTS.get(value, value) if form == "boolean" and isinstance(value, str) else value


def _wrong_form(path: str, expected: str, value: Any) -> InputError:
    got = {dict: "object", list: "array", str: "string", bool: "boolean"}.get(type(value), "number")
    return InputError(path, expected=expected, got=got)
