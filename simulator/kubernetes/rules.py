"""CEL rules of custom kinds (`x-kubernetes-validations`), evaluated as the API server does.

Sources: Kubernetes 1.35, apiextensions-apiserver, pkg/apiserver/schema/cel; answers of a kube-apiserver; read 2026-11.
"""

from __future__ import annotations

import ipaddress
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

from simulator.kubernetes.schema import Finding, Schema, expression, join
from simulator.values import UNKNOWN, has_unknown

SKIPPED: Counter[str] = Counter()  # rules that could not be evaluated, which therefore refuse nothing
_REASONS = {"FieldValueForbidden": "Forbidden", "FieldValueRequired": "Required value"}
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"),
        *("namespace", "null", "package", "return", "true", "var", "void", "while"),
    }
)
_OF_THE_LIBRARY = frozenset(
    {
        *("bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "int", "matches", "size", "startsWith"),
        *("string", "timestamp", "type", "uint"),
    }
)
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


_LOADING = threading.Lock()


class _ReadsUnknownError(Exception):
    pass


def rule_findings(value: Any, schema: Schema, old: Any = None, path: str = "") -> Iterator[Finding]:
    """Yields the rules that the value breaks. `old` is the stored value, at an update; None when there is none.

    A rule that may read an unknown value is not evaluated.
    """
    if value is UNKNOWN or value is None:
        return
    for rule in schema.get("x-kubernetes-validations", ()):
        yield from _broken(rule, value, schema, old, path)
    if isinstance(value, Mapping):
        fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
        before = old if isinstance(old, Mapping) else {}
        for name, item in value.items():
            of_item = fields.get(name, rest)
            if isinstance(of_item, Mapping):
                yield from rule_findings(item, of_item, before.get(name), join(path, name))
    elif isinstance(value, list):
        keys = schema.get("x-kubernetes-list-map-keys", ())
        # Items of other lists have no identity, so the API server evaluates none of their transition rules.
        before = {_key(item, keys): item for item in old} if keys and isinstance(old, list) else {}
        for index, item in enumerate(value):
            was = before.get(_key(item, keys)) if before else None
            yield from rule_findings(item, schema.get("items", {}), was, f"{path}[{index}]")


def _key(item: Any, keys: Any) -> str:
    return json.dumps([item.get(key) for key in keys] if isinstance(item, Mapping) else item, default=str)


def _broken(rule: Mapping[str, Any], value: Any, schema: Schema, old: Any, path: str) -> Iterator[Finding]:
    text = rule["rule"]
    program = compiled(text)
    if program is None:
        SKIPPED[text] += 1
        return
    transition = "oldSelf" in program.variables()
    if transition and old is None and not rule.get("optionalOldSelf"):
        return
    message = rule.get("message", "").strip() or f"failed rule: {text.strip()}"
    try:
        variables = {"self": _plain(value, schema, _words(text))}
        if transition:
            variables["oldSelf"] = _old(value, old, schema, optional=rule.get("optionalOldSelf", False))
        holds = program.execute(_cel().Context(variables, _FUNCTIONS))
    except _ReadsUnknownError:
        return
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        if (text_of_error := _refusal(error, text)) is None:
            SKIPPED[text] += 1
        else:
            yield Finding(
                path, f'Invalid value: "{schema.get("type", "")}": {text_of_error} evaluating rule: {message}'
            )
        return
    if holds is False:
        reason = _REASONS.get(rule.get("reason", ""))
        value_text = "" if isinstance(value, Mapping | list) else f"{json.dumps(value)}: "
        place = f"{path}{rule.get('fieldPath', '')}".removeprefix(".")
        yield Finding(place, f"{reason}: {message}" if reason else f"Invalid value: {value_text}{message}")


def _refusal(error: Exception, rule: str) -> str | None:
    """Returns the API server's text for an error that refuses the object; None for an error of this library alone.

    Inside `exists`, a later item may make up for an error, which this library does not see.
    """
    missing = error.args[0] if isinstance(error, KeyError) else ""
    if ".exists(" in rule and f"self.{missing}.exists(" not in rule:
        return None
    if isinstance(error, LookupError):
        return f"no such key: {missing}" if missing else str(error)
    return "type conversion error from 'string' to 'int'" if "Function 'int' error" in str(error) else None


def _old(value: Any, old: Any, schema: Schema, *, optional: bool) -> Any:
    if has_unknown(value):
        raise _ReadsUnknownError  # the rule may compare the two as a whole
    known = None if old is None else _plain(old, schema, frozenset())
    if not optional:
        return known
    return _cel().OptionalValue.none() if old is None else _cel().OptionalValue.of(known)


def _plain(value: Any, schema: Schema, words: frozenset[str]) -> Any:
    """Returns the value as CEL sees it: with declared fields only, and escaped names.

    A field with an unknown value is left out when none of the rule's words is its name. Raises _ReadsUnknownError for
    others.
    """
    if value is UNKNOWN:
        raise _ReadsUnknownError
    if isinstance(value, list):
        return [_plain(item, schema.get("items", {}), words) for item in value]
    if not isinstance(value, Mapping):
        return float(value) if schema.get("type") == "number" else value
    fields, rest = schema.get("properties"), schema.get("additionalProperties")
    if fields is None:
        return {key: _plain(item, rest if isinstance(rest, Mapping) else {}, words) for key, item in value.items()}
    return {
        _escaped(name): _plain(item, fields[name], words)
        for name, item in value.items()
        if name in fields and item is not None and (_escaped(name) in words or not has_unknown(item))
    }


@cache
def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    return re.sub(r"__|[./-]", lambda found: _ESCAPES[found[0]], name)


@cache
def _words(rule: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", rule))


@cache
def compiled(rule: str) -> Any:
    """Returns the rule as a program; None when it cannot be compiled, or needs a function that is not known here."""
    try:
        program = _cel().compile(rule)
    except ValueError:
        return None
    functions = set(filter(str.isidentifier, program.functions()))  # the others are operators
    return program if functions <= _OF_THE_LIBRARY | _FUNCTIONS.keys() else None


def _cel() -> Any:
    """Returns the extension module; the first call loads it, one thread at a time, since it may be loaded only once."""
    with _LOADING:
        return _load_cel()


@cache
def _load_cel() -> Any:
    """Loads the extension module alone: its package imports a command line, which takes 0.2 s."""
    package = find_spec("cel")
    spec = PathFinder.find_spec("cel", package.submodule_search_locations if package else None)
    if spec is None or spec.loader is None:
        raise ImportError("the package common-expression-language is not installed. Run `make setup`.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _find(text: str, pattern: str) -> str:
    found = expression(pattern).search(text)
    return found[0] if found else ""


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # Kubernetes takes no zones


# What Kubernetes and cel-go add to the language, as far as the rules of the catalog use it.
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "find": _find,
    "isIP": _is_ip,
    "split": lambda text, separator: text.split(separator) if separator else list(text),
    "substring": lambda text, start, end=None: text[start:end],
}
