"""Writes `inputs.json` from the SDK, for every type of `services/`: `python -m simulator.aws.sdk_inputs [--check]`.

The names and forms are those that the SDK itself sends, as `pulumi._types` reads them off its argument classes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from enum import Enum
from importlib import import_module, metadata
from typing import Any, Union, get_args, get_origin

from pulumi import Output
from pulumi._types import input_type_types, is_input_type

from simulator.aws.inputs import DATA, TYPES, Form
from simulator.aws.registry import kinds

_VALUES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def text(tokens: Iterable[str]) -> str:
    """The file, one type a line. Raises LookupError for a type that the SDK does not have."""
    types: dict[str, dict[str, Form]] = {}
    for token in tokens:
        types[token] = _fields(_arguments(token), types)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(types[name])}" for name in sorted(types))
    return f'{{"sdk": "pulumi_aws {metadata.version("pulumi_aws")}", "types": {{\n{lines}\n}}}}\n'


def _arguments(token: str) -> type:
    """The class of a resource type's arguments: RoleArgs, or RoleInitArgs where an object type has that name."""
    _, module, name = token.split(":")
    module = f"pulumi_aws.{module.split('/')[0]}"
    resource = getattr(import_module(module), name, None)
    if resource is None:
        raise LookupError(f"{token}: {module} has no {name}. Is it misspelt in simulator/aws/services?")
    there = vars(import_module(resource.__module__))
    found: type = there.get(f"{name}InitArgs") or there[f"{name}Args"]
    return found


def _fields(arguments: type, types: dict[str, dict[str, Form]]) -> dict[str, Form]:
    return {name: _form(type_, types) for name, type_ in sorted(input_type_types(arguments).items())}


def _form(type_: Any, types: dict[str, dict[str, Form]]) -> Form:
    """The form of an annotation. Object types on the way are added to `types`."""
    origin, inner = get_origin(type_), get_args(type_)
    if origin is Union:  # Input[T] is T, an awaitable of it or an output of it
        known = [each for each in inner if get_origin(each) not in (Awaitable, Output) and each is not type(None)]
        known = [each for each in known if not (isinstance(each, type) and issubclass(each, Enum))] or known
        return _form(known[0], types) if len(known) == 1 else "any"
    if origin is Sequence:
        return [_form(inner[0], types)]
    if origin is Mapping:
        return {"*": _form(inner[1], types)}
    if is_input_type(type_):
        name = f"{type_.__module__.split('.')[1]}/{type_.__name__.removesuffix('Args')}"
        if name not in types:
            types[name] = {}  # some types hold themselves
            types[name] = _fields(type_, types)
        return name
    return _VALUES.get(type_, "any")


def main() -> int:
    """Write the file, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m simulator.aws.sdk_inputs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file is out of date")
    check = parser.parse_args().check
    TYPES.clear()  # an entry may name an input that the file does not have yet
    made = text(kinds())
    if not check:
        DATA.write_text(made, encoding="utf-8")
    elif not DATA.exists() or DATA.read_text(encoding="utf-8") != made:
        print("simulator/aws/inputs.json is out of date: run make generate", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
