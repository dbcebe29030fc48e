"""Checks values of policy options, wherever somebody writes them: rule -> option -> value."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from common.spelling import did_you_mean

Known = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Rule -> option -> JSON Schema of its value."""

LEVELS = ("advisory", "mandatory", "disabled")
_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "boolean": ((bool,), "true or false"),
    "number": ((int, float), "a number that is not negative"),
    "string": ((str,), "text"),
    "array": ((list, tuple), 'a list of texts, such as ["a", "b"]'),
}


def mistakes(given: Mapping[str, Any], known: Known) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields what is wrong with values of options: rule and option, and a sentence that follows them."""
    for rule, options in given.items():
        if rule not in known:
            yield (rule,), f"is no rule of the policy pack.{did_you_mean(rule, known)}"
        elif options in LEVELS:
            yield (rule,), _level(str(options))
        elif not isinstance(options, Mapping):
            yield (rule,), f"is no map of options. {_options(rule, known)}"
        else:
            for name, value in options.items():
                if name in known[rule]:
                    yield from (((rule, name), sentence) for sentence in _wrong(value, known[rule][name]))
                elif name in ("enforcementLevel", "level"):
                    yield (rule, name), _level(str(value))
                else:
                    yield (
                        (rule, name),
                        f"is no option of {rule}.{did_you_mean(name, known[rule])} {_options(rule, known)}",
                    )


def _level(level: str) -> str:
    return (
        f"sets the level {level}. Drop it: levels are set by enforcementLevel in the pack's configuration, and "
        "exceptions in policies/waivers.yaml, with owner, reason and last day."
    )


def _options(rule: str, known: Known) -> str:
    return f"Its options: {', '.join(known[rule])}." if known[rule] else "It has no options: drop it."


def _wrong(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    types, expected = _TYPES[schema["type"]]
    fits = isinstance(value, types) and isinstance(value, bool) == (bool in types)
    if fits and isinstance(value, int | float):
        fits = value >= schema.get("minimum", value)
    if fits and isinstance(value, list | tuple):
        fits = all(isinstance(each, str) and each for each in value)
    if not fits:
        yield f"is {json.dumps(value)}, but the rule takes {expected}. Correct it, or drop it for its default."
    elif value not in schema.get("enum", (value,)):
        yield f"is {json.dumps(value)}, which the rule does not know. Write {' or '.join(schema['enum'])}, or drop it."
