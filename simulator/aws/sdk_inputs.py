"""Writes `inputs.json` from the SDK, for every type of `services/`: `python -m simulator.aws.sdk_inputs [--check]`.

The source of the SDK's argument classes is parsed: the decorator of a property has the name of the input, and its
annotation has the form. `@pulumi.getter(name="minSize") def min_size(self) -> pulumi.Input[_builtins.int]` means that
`minSize` is an `integer`. The SDK has a class for each place of an object; types with equal fields are written once,
under the shortest of their names.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import import_module, metadata
from keyword import iskeyword
from pathlib import Path
from typing import Any

from simulator.aws.inputs import DATA, TYPES, Form
from simulator.aws.registry import kinds

_VALUES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def text(tokens: Collection[str]) -> str:
    """Returns the content of the file, one type a line. Raises LookupError for a type that the SDK does not have."""
    types: dict[str, dict[str, Form]] = {}
    for token in tokens:
        file, arguments = _arguments(token)
        types[token] = _fields(file, arguments, types)
    types = _merged(types, set(tokens))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(types[name])}" for name in sorted(types))
    return f'{{"sdk": "pulumi_aws {metadata.version("pulumi_aws")}", "types": {{\n{lines}\n}}}}\n'


def _merged(types: dict[str, dict[str, Form]], kept: Collection[str]) -> dict[str, dict[str, Form]]:
    """Returns the types without those that have the fields of another one. `kept` stay, as they are looked up by name.

    All types count as equal at first. Each round parts those whose fields refer to types that are parted already, so
    that types which contain themselves can be equal as well.
    """
    names = {name: name if name in kept else "" for name in types}
    while True:
        groups: dict[str, list[str]] = {}
        for name, fields in types.items():
            groups.setdefault(name if name in kept else json.dumps(_renamed(fields, names)), []).append(name)
        shortest = {name: min(group, key=lambda each: (len(each), each)) for group in groups.values() for name in group}
        if len(set(names.values())) == len(groups):
            return {name: _renamed(types[name], shortest) for name in set(shortest.values())}
        names = shortest


def _renamed(form: Any, names: Mapping[str, str]) -> Any:
    """Returns the form, or the fields, with other names for the object types."""
    if isinstance(form, dict):
        return {key: _renamed(each, names) for key, each in form.items()}
    return [_renamed(form[0], names)] if isinstance(form, list) else names.get(form, form)


def _arguments(token: str) -> tuple[Path, str]:
    """Returns file and name of a type's argument class: RoleArgs, or RoleInitArgs if an object type has that name."""
    _, module, name = token.split(":")
    module = module.split("/")[0]
    package = f"pulumi_aws.{module}_" if iskeyword(module) else f"pulumi_aws.{module}"
    resource = getattr(import_module(package), name, None)
    if resource is None:
        raise LookupError(f"{token}: {package} has no {name}. Is it misspelt in simulator/aws/services?")
    file = Path(inspect.getfile(resource))
    return file, next(each for each in (f"{name}InitArgs", f"{name}Args") if each in _classes(file))


@cache
def _classes(file: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(file: Path, arguments: str, types: dict[str, dict[str, Form]]) -> dict[str, Form]:
    return {name: _form(file, form, types) for name, form in sorted(_properties(_classes(file)[arguments]))}


def _properties(arguments: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Yields the input name and the annotation of every property."""
    for node in arguments.body:
        if not isinstance(node, ast.FunctionDef) or node.returns is None:
            continue
        for decorator in node.decorator_list:
            if ast.unparse(decorator) == "pulumi.getter":
                yield node.name, node.returns
            elif isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pulumi.getter":
                yield ast.literal_eval(decorator.keywords[0].value), node.returns


def _form(file: Path, form: ast.expr, types: dict[str, dict[str, Form]]) -> Form:
    """Returns the form of an annotation. Adds the object types that it contains to `types`."""
    if isinstance(form, ast.Subscript):
        head = ast.unparse(form.value).rsplit(".", 1)[-1]
        inner = form.slice.elts if isinstance(form.slice, ast.Tuple) else [form.slice]
        if head == "Sequence":
            return [_form(file, inner[0], types)]
        if head == "Mapping":
            return {"*": _form(file, inner[1], types)}
        if len(inner) > 1 and any(map(_names_an_object, inner)):  # a Union of text and object: a JSON document
            return "any"
        return _form(file, inner[0], types)  # Input, Optional, or a Union of text and an enumeration
    if _names_an_object(form):
        return _object(file, ast.literal_eval(form), types)
    return _VALUES.get(ast.unparse(form).rsplit(".", 1)[-1], "any")


def _names_an_object(form: ast.expr) -> bool:
    """Returns whether the annotation is an object type: the SDK writes the names of such classes as texts."""
    return isinstance(form, ast.Constant) and isinstance(form.value, str) and form.value.endswith("Args")


def _object(file: Path, arguments: str, types: dict[str, dict[str, Form]]) -> str:
    """Returns the name of an object type, from the name of its class: `PlanRuleArgs`, or `_iam.PolicyStatementArgs`."""
    module, _, arguments = arguments.rpartition(".")
    file = file.parent.parent / (module.removeprefix("_") or file.parent.name) / "_inputs.py"
    name = f"{file.parent.name}/{arguments.removesuffix('Args')}"
    if name not in types:
        types[name] = {}  # set before the recursion, since some types contain themselves
        types[name] = _fields(file, arguments, types)
    return name


def main() -> int:
    """Writes the file; with --check, returns 1 when the file is out of date. Returns 1 too when an entry is wrong."""
    parser = argparse.ArgumentParser(prog="python -m simulator.aws.sdk_inputs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file is out of date")
    check = parser.parse_args().check
    TYPES.clear()  # an entry may name an input that the old file does not have
    generated = text(kinds())
    if not check:
        DATA.write_text(generated, encoding="utf-8")
    elif not DATA.exists() or DATA.read_text(encoding="utf-8") != generated:
        print("simulator/aws/inputs.json is out of date: run make generate", file=sys.stderr)
        return 1
    TYPES.update(json.loads(generated)["types"])
    for kind in kinds().values():  # when they were imported, no inputs were there to compare them with
        try:
            kind.check_names()
        except ValueError as mistake:
            print(mistake, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
